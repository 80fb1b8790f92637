#include "rows.h"

#include <fmt/format.h>

#include <iterator>

#include "reidbench/core/error.h"

namespace reidbench::python {

RowView ViewOfRows(const Doubles& rows) {
  REIDBENCH_CHECK(rows.ndim() == 2 && rows.shape(1) >= kLeastColumns);
  return {rows.data(), rows.shape(0), rows.shape(1)};
}

MotFile ParseRows(const RowView& rows, const std::string& source, const MotReadOptions& options) {
  std::string text;
  text.reserve(static_cast<size_t>(rows.rows * rows.cols) * 8);
  for (int64_t row = 0; row < rows.rows; ++row) {
    const double* values = rows.data + row * rows.cols;
    for (int64_t column = 0; column < rows.cols; ++column) {
      if (column > 0) text += ',';
      fmt::format_to(std::back_inserter(text), "{}", values[column]);
    }
    text += rows.cols == kLeastColumns ? ",1\n" : "\n";
  }
  return ParseMotText(text, source, options);
}

Doubles ArrayOfBoxes(const std::vector<TrackBox>& boxes) {
  Doubles rows({static_cast<py::ssize_t>(boxes.size()), kMotColumns});
  double* out = rows.mutable_data();
  for (const TrackBox& box : boxes) {
    *out++ = static_cast<double>(box.frame.value);
    *out++ = static_cast<double>(box.id.value);
    *out++ = box.box.left;
    *out++ = box.box.top;
    *out++ = box.box.width;
    *out++ = box.box.height;
    *out++ = box.confidence;
    *out++ = box.class_id;
    *out++ = static_cast<double>(box.visibility);
  }
  return rows;
}

}  // namespace reidbench::python
