// Rows below a line of names: MOT rows whose columns are named, and the CSV of supervision's sink
// (roboflow/supervision, CSVSink).
#include <fmt/format.h>

#include <iterator>

#include "reidbench/core/error.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"

namespace reidbench {
namespace {

void AppendCell(std::string_view text, std::string* out) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    *out += text;
    return;
  }
  *out += '"';
  for (const char c : text) {
    *out += c;
    if (c == '"') *out += c;
  }
  *out += '"';
}

void AppendExtras(const SequenceRows& rows, size_t i, std::string* out) {
  for (const ExtraColumn& extra : rows.table.extras) {
    *out += ',';
    const double value = extra.values[i];
    if (!HasValue(value)) continue;
    if (extra.words.empty()) {
      AppendShortest(value, out);
    } else {
      AppendCell(extra.words[static_cast<size_t>(value)], out);
    }
  }
}

void AppendValue(double value, std::string* out) {
  *out += ',';
  if (HasValue(value)) AppendShortest(value, out);
}

struct StatedColumns {
  explicit StatedColumns(const SequenceRows& rows) {
    for (size_t i = rows.begin; i < rows.end; ++i) {
      const BoxRow& row = rows.row(i);
      const BoxClass& box_class = rows.class_of(i);
      id = id || row.track_id != kNoTrack;
      score = score || HasValue(row.score);
      mark = mark || row.mark >= 0;
      number = number || box_class.number >= 0;
      name = name || !box_class.name.empty();
      visibility = visibility || HasValue(row.visibility);
    }
  }
  bool id = false, score = false, mark = false, number = false, name = false, visibility = false;
};

}  // namespace

void WriteMotHeader(const SequenceRows& rows, TextSink* sink) {
  const StatedColumns has(rows);
  std::string& out = sink->text();
  out += "frame,id,bb_left,bb_top,bb_width,bb_height,conf";
  if (has.number) out += ",class";
  if (has.visibility) out += ",visibility";
  out += '\n';
  for (size_t i = rows.begin; i < rows.end; ++i) {
    const BoxRow& row = rows.row(i);
    fmt::format_to(std::back_inserter(out), "{},{}", row.frame, row.track_id);
    for (const double value : {row.box.left, row.box.top, row.box.width, row.box.height})
      AppendValue(value, &out);
    AppendValue(row.mark >= 0 ? row.mark : row.score, &out);
    if (has.number) fmt::format_to(std::back_inserter(out), ",{}", rows.class_of(i).number);
    if (has.visibility) AppendValue(HasValue(row.visibility) ? row.visibility : -1, &out);
    out += '\n';
    sink->Pour();
  }
}

void WriteSupervision(const SequenceRows& rows, TextSink* sink) {
  const StatedColumns has(rows);
  std::string& out = sink->text();
  out += "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id";
  if (has.name) out += ",class_name";
  out += ",frame_index";
  for (const ExtraColumn& extra : rows.table.extras) {
    out += ',';
    AppendCell(extra.name, &out);
  }
  out += '\n';
  for (size_t i = rows.begin; i < rows.end; ++i) {
    const BoxRow& row = rows.row(i);
    AppendShortest(row.box.left, &out);
    out += ',';
    AppendShortest(row.box.top, &out);
    out += ',';
    AppendDecimalSum(row.box.left, row.box.width, &out);
    out += ',';
    AppendDecimalSum(row.box.top, row.box.height, &out);
    out += ',';
    if (rows.class_of(i).number >= 0)
      fmt::format_to(std::back_inserter(out), "{}", rows.class_of(i).number);
    AppendValue(row.score, &out);
    out += ',';
    if (row.track_id != kNoTrack) fmt::format_to(std::back_inserter(out), "{}", row.track_id);
    if (has.name) {
      out += ',';
      AppendCell(rows.class_of(i).name, &out);
    }
    fmt::format_to(std::back_inserter(out), ",{}", row.frame);
    AppendExtras(rows, i, &out);
    out += '\n';
    sink->Pour();
  }
}

}  // namespace reidbench
