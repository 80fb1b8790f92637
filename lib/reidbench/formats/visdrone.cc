// VisDrone's multi-object annotations (VisDrone-MOT toolkit): frame, id, left, top, width, height,
// score, category, truncation, occlusion. The score of ground truth is 0 where a box does not
// count, and 1; in results it is a confidence, and truncation and occlusion are -1.
#include <fmt/format.h>

#include <array>
#include <iterator>

#include "reidbench/core/error.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

constexpr std::array<std::string_view, 12> kVisDroneClasses = {
    "ignored regions", "pedestrian", "people",          "bicycle", "car",   "van",
    "truck",           "tricycle",   "awning-tricycle", "bus",     "motor", "others"};

}  // namespace

std::span<const std::string_view> VisDroneClassNames() { return kVisDroneClasses; }

void ParseVisDrone(std::string_view text, const std::string& source, int32_t sequence,
                   BoxTable* table) {
  TextRows rows(text, source, ',');
  const size_t first = table->rows.size();
  bool ground_truth = false;
  bool marks = true;  // the score column holds 0 and 1 alone
  while (rows.Next()) {
    const size_t columns = rows.size();
    if (columns != 10 && columns != 8) {
      rows.Fail(
          "10 columns (frame, id, left, top, width, height, score, category, truncation, "
          "occlusion), or 8 of detections",
          fmt::format("{}", columns));
    }
    BoxRow row;
    row.sequence = sequence;
    row.frame = rows.Frame(0, 1);
    row.track_id = rows.Integer(1, "id", -1, int64_t{1} << 53);
    row.box = {rows.Number(2, "left"), rows.Number(3, "top"), rows.Number(4, "width"),
               rows.Number(5, "height")};
    CheckBox(row.box, rows.Place());
    row.score = rows.Number(6, "score");
    marks = marks && (row.score == 0 || row.score == 1);
    const int64_t category = rows.Integer(7, "category", -1, 1 << 20);
    if (category >= 0) {
      row.box_class = table->Class(static_cast<int32_t>(category),
                                   category < static_cast<int64_t>(kVisDroneClasses.size())
                                       ? kVisDroneClasses[static_cast<size_t>(category)]
                                       : std::string_view());
    }
    if (columns == 10) {
      if (const double value = rows.Number(8, "truncation"); value >= 0) row.truncated = value;
      if (const double value = rows.Number(9, "occlusion"); value >= 0) row.occluded = value;
      ground_truth = ground_truth || HasValue(row.truncated) || HasValue(row.occluded);
    }
    table->rows.push_back(row);
  }
  if (!ground_truth || !marks) return;
  for (size_t i = first; i < table->rows.size(); ++i) {
    table->rows[i].mark = static_cast<int8_t>(table->rows[i].score);
    table->rows[i].score = kNoValue;
  }
}

void WriteVisDrone(const SequenceRows& rows, TextSink* sink) {
  for (size_t i = rows.begin; i < rows.end; ++i) {
    const BoxRow& row = rows.row(i);
    std::string& out = sink->text();
    const auto value = [&](double number, double none) {
      out += ',';
      AppendShortest(HasValue(number) ? number : none, &out);
    };
    fmt::format_to(std::back_inserter(out), "{},{}", row.frame, row.track_id);
    for (const double number : {row.box.left, row.box.top, row.box.width, row.box.height})
      value(number, 0);
    value(row.mark >= 0 ? row.mark : row.score, 1);
    fmt::format_to(std::back_inserter(out), ",{}", rows.class_of(i).number);
    value(row.truncated, -1);
    value(row.occluded, -1);
    out += '\n';
    sink->Pour();
  }
}

}  // namespace reidbench
