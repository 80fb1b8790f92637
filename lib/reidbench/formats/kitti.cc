// KITTI's tracking labels (devkit_tracking/readme.txt): frame, track id, type, truncated, occluded,
// alpha, left, top, right, bottom, height, width, length, x, y, z, rotation_y[, score], between
// spaces. Frames count from 0; what is not known is -1, -10 (angles) or -1000 (places).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "reidbench/core/error.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

struct KittiColumn {
  std::string_view name;
  size_t column;
  double none;
};
constexpr std::array<KittiColumn, 8> kKittiColumns = {{{"alpha", 5, -10},
                                                       {"height_3d", 10, -1},
                                                       {"width_3d", 11, -1},
                                                       {"length_3d", 12, -1},
                                                       {"x_3d", 13, -1000},
                                                       {"y_3d", 14, -1000},
                                                       {"z_3d", 15, -1000},
                                                       {"rotation_y", 16, -10}}};
constexpr size_t kKittiLabels = 17;  // columns; one more with a score

}  // namespace

bool IsKittiColumn(std::string_view extra) {
  return std::any_of(kKittiColumns.begin(), kKittiColumns.end(),
                     [&](const KittiColumn& column) { return column.name == extra; });
}

void ParseKitti(std::string_view text, const std::string& source, int32_t sequence,
                BoxTable* table) {
  TextRows rows(text, source, ' ');
  size_t columns = 0;
  while (rows.Next()) {
    if (rows.size() != kKittiLabels && rows.size() != kKittiLabels + 1) {
      rows.Fail(
          "17 columns of KITTI tracking labels (frame, track id, type, ...), or 18 with a "
          "score",
          fmt::format("{}", rows.size()));
    }
    if (columns == 0) columns = rows.size();
    if (columns != rows.size()) {
      rows.Fail(fmt::format("{} columns as in the first row", columns),
                fmt::format("{}", rows.size()));
    }
    BoxRow row;
    row.sequence = sequence;
    row.frame = rows.Frame(0, 0);
    row.track_id = rows.Integer(1, "track id", -1, int64_t{1} << 53);
    const std::string_view type = rows.fields()[2];
    row.box_class = table->Class(-1, type);
    if (const double value = rows.Number(3, "truncated"); value >= 0) row.truncated = value;
    if (const double value = rows.Number(4, "occluded"); value >= 0) row.occluded = value;
    const double left = rows.Number(6, "left"), top = rows.Number(7, "top");
    const double right = rows.Number(8, "right"), bottom = rows.Number(9, "bottom");
    if (right < left || bottom < top) {
      rows.Fail("left <= right and top <= bottom in columns 7 to 10",
                fmt::format("{} {} {} {}", left, top, right, bottom));
    }
    const auto& fields = rows.fields();
    row.box = {left, top, DecimalDifference(fields[8], fields[6], right, left),
               DecimalDifference(fields[9], fields[7], bottom, top)};
    CheckBox(row.box, rows.Place());
    if (rows.size() > kKittiLabels) row.score = rows.Number(kKittiLabels, "score");
    table->rows.push_back(row);
    for (const KittiColumn& column : kKittiColumns) {
      const double value = rows.Number(column.column, column.name);
      // DontCare rows fill these columns with other numbers that mean nothing either.
      const bool none =
          type == "DontCare" || value == column.none || (column.none == -1 && value < 0);
      if (!none) table->SetExtra(column.name, value);
    }
  }
}

void WriteKitti(const SequenceRows& rows, TextSink* sink) {
  std::array<const ExtraColumn*, kKittiColumns.size()> extras{};
  for (const ExtraColumn& extra : rows.table.extras) {
    for (size_t k = 0; k < kKittiColumns.size(); ++k) {
      if (kKittiColumns[k].name == extra.name) extras[k] = &extra;
    }
  }
  for (size_t i = rows.begin; i < rows.end; ++i) {
    const BoxRow& row = rows.row(i);
    std::string& out = sink->text();
    const auto value = [&](double number, double none) {
      out += ' ';
      AppendShortest(HasValue(number) ? number : none, &out);
    };
    const auto extra = [&](size_t k) {
      value(extras[k] == nullptr ? kNoValue : extras[k]->values[i], kKittiColumns[k].none);
    };
    fmt::format_to(std::back_inserter(out), "{} {} {}", row.frame - 1, row.track_id,
                   rows.class_of(i).name);
    value(row.truncated, -1);
    value(row.occluded, -1);
    extra(0);
    value(row.box.left, 0);
    value(row.box.top, 0);
    out += ' ';
    AppendDecimalSum(row.box.left, row.box.width, &out);
    out += ' ';
    AppendDecimalSum(row.box.top, row.box.height, &out);
    for (size_t k = 1; k < kKittiColumns.size(); ++k) extra(k);
    if (HasValue(row.score)) value(row.score, 0);
    out += '\n';
    sink->Pour();
  }
}

}  // namespace reidbench
