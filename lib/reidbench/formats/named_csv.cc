// Rows below a line of names: MOT rows whose columns are named, and the CSV of supervision's sink
// (roboflow/supervision, CSVSink).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_header.h"
#include "reidbench/datasets/quoted.h"
#include "reidbench/formats/decimal.h"
#include "reidbench/formats/format_parts.h"
#include "reidbench/formats/json_records.h"
#include "reidbench/formats/text_rows.h"

namespace reidbench {
namespace {

void AppendCell(std::string_view text, std::string* out) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos && !StartsWith(text, "'")) {
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

// What a row's fields are, by the names above them.
class NamedRows {
 public:
  NamedRows(MotHeader header, const BoxReadOptions& options, int32_t sequence, BoxTable* table)
      : header_(std::move(header)), options_(options), sequence_(sequence), table_(*table) {
    for (size_t k = 0; k < header_.names.size(); ++k) {
      const bool read = std::find(header_.field.begin(), header_.field.end(),
                                  static_cast<int>(k)) != header_.field.end();
      if (read) continue;
      if (header_.names[k] == "class_name" || header_.names[k] == "label") {
        name_field_ = static_cast<int>(k);
      } else if (!IsRowNumber(header_.names[k], k)) {
        extra_fields_.push_back(k);
      }
    }
  }

  const MotHeader& header() const { return header_; }

  // `fields` as they stand in the file, without quotes; `place` is "file:line".
  void Take(const std::vector<std::string>& fields, const std::string& place) {
    if (fields.size() != header_.names.size()) {
      ThrowField(place, fmt::format("{} columns, as there are names", header_.names.size()),
                 fmt::format("{}", fields.size()));
    }
    BoxRow row;
    row.sequence = sequence_;
    row.frame =
        static_cast<int32_t>(Whole(kFrameColumn, fields, place,
                                   std::min<int64_t>(0, 1 - options_.frame_offset), kMostFrames)
                                 .value_or(-1));
    lowest_frame_ = std::min(lowest_frame_, row.frame);
    if (const auto id = Whole(kIdColumn, fields, place, -1, int64_t{1} << 53, true))
      row.track_id = *id;
    row.box = Box(fields, place);
    CheckBox(row.box, place);
    row.score = Number(kScoreColumn, fields, place, true);
    if (const double visibility = Number(kVisibilityColumn, fields, place, true); visibility >= 0)
      row.visibility = visibility;
    row.box_class = Class(fields, place);
    table_.rows.push_back(row);
    for (const size_t k : extra_fields_) {
      if (!fields[k].empty()) table_.SetExtra(header_.names[k], fields[k]);
    }
  }

  // Once all rows are there: tables often count frames from 0, which their first frame shows.
  void Finish(const std::string& source, size_t first_row) {
    if (lowest_frame_ != 0 || options_.frame_offset != 0) return;
    for (size_t i = first_row; i < table_.rows.size(); ++i) ++table_.rows[i].frame;
    table_.notes.push_back(fmt::format("{}: frames count from 0: 1 was added", source));
  }

 private:
  // What pandas and spreadsheets put before each row.
  static bool IsRowNumber(const std::string& name, size_t field) {
    const std::string lower = ToLower(name);
    return lower.empty() || StartsWith(lower, "unnamed") ||
           (field == 0 && (lower == "index" || lower == "row"));
  }

  const std::string* Field(MotColumn column, const std::vector<std::string>& fields) const {
    const int field = header_.field[static_cast<size_t>(column)];
    return field < 0 ? nullptr : &fields[static_cast<size_t>(field)];
  }

  std::string ColumnName(MotColumn column) const {
    return fmt::format("column '{}'", Quoted(header_.NameOf(column)));
  }

  // kNoValue where there is no such column or, if that may be, nothing in it.
  double Number(MotColumn column, const std::vector<std::string>& fields, const std::string& place,
                bool may_be_empty) const {
    const std::string* field = Field(column, fields);
    if (field == nullptr || (may_be_empty && (field->empty() || *field == "None"))) return kNoValue;
    const auto value = ParseDouble(*field);
    if (!value || !std::isfinite(*value))
      ThrowField(place, "a number in " + ColumnName(column), Quoted(*field));
    return *value;
  }

  std::optional<int64_t> Whole(MotColumn column, const std::vector<std::string>& fields,
                               const std::string& place, int64_t least, int64_t most,
                               bool may_be_empty = false) const {
    const double value = Number(column, fields, place, may_be_empty);
    if (!HasValue(value)) return std::nullopt;
    if (value != std::floor(value) || value < static_cast<double>(least) ||
        value > static_cast<double>(most)) {
      ThrowField(place, fmt::format("a whole number {}..{} in {}", least, most, ColumnName(column)),
                 Quoted(*Field(column, fields)));
    }
    return static_cast<int64_t>(value);
  }

  BoxLtwh Box(const std::vector<std::string>& fields, const std::string& place) const {
    BoxLtwh box = {
        Number(kLeftColumn, fields, place, false), Number(kTopColumn, fields, place, false),
        Number(kWidthColumn, fields, place, false), Number(kHeightColumn, fields, place, false)};
    const auto side = [&](MotHeader::Box form, MotColumn start, MotColumn size, double* from,
                          double* length) {
      if (form == MotHeader::Box::kCorners)
        *length = DecimalDifference(*Field(size, fields), *Field(start, fields), *length, *from);
      if (form == MotHeader::Box::kCentre) *from -= *length / 2;
    };
    side(header_.horizontal, kLeftColumn, kWidthColumn, &box.left, &box.width);
    side(header_.vertical, kTopColumn, kHeightColumn, &box.top, &box.height);
    return ReadColumns(box, options_, table_.sequences[static_cast<size_t>(sequence_)]);
  }

  int32_t Class(const std::vector<std::string>& fields, const std::string& place) {
    std::string_view name;
    if (name_field_ >= 0) name = fields[static_cast<size_t>(name_field_)];
    const std::string* field = Field(kClassColumn, fields);
    if (field == nullptr || field->empty() || *field == "None") return table_.Class(-1, name);
    const auto number = ParseDouble(*field);
    if (!number) return table_.Class(-1, name.empty() ? std::string_view(*field) : name);
    if (*number != std::floor(*number) || *number < -1 || *number > (1 << 20)) {
      ThrowField(place, "a class number in " + ColumnName(kClassColumn), Quoted(*field));
    }
    return table_.Class(static_cast<int32_t>(*number), name);
  }

  const MotHeader header_;
  const BoxReadOptions& options_;
  const int32_t sequence_;
  BoxTable& table_;
  int name_field_ = -1;
  std::vector<size_t> extra_fields_;
  int32_t lowest_frame_ = std::numeric_limits<int32_t>::max();
};

std::string Unescaped(std::string_view field) {
  const std::string_view trimmed = Trim(field);
  std::string text(UnquoteField(trimmed));
  if (text.size() + 2 > trimmed.size()) return text;  // was not quoted
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') ++i;
  }
  return out;
}

void ParseNamedJson(std::string_view text, const std::string& source, const BoxReadOptions& options,
                    int32_t sequence, BoxTable* table) {
  std::optional<NamedRows> rows;
  const size_t first_row = table->rows.size();
  std::vector<std::string> names, fields;
  JsonRecords records(source, [&](const std::string&, const JsonRecord& record) {
    std::vector<std::string> own_names;
    fields.clear();
    for (size_t i = 0; i < record.size(); ++i) {
      const JsonRecord::Field& field = record.field(i);
      own_names.push_back(field.key);
      std::string& value = fields.emplace_back();
      if (field.kind == JsonRecord::Kind::kText) value = field.text;
      if (field.kind == JsonRecord::Kind::kInteger) value = fmt::format("{}", field.integer);
      if (field.kind == JsonRecord::Kind::kNumber || field.kind == JsonRecord::Kind::kFlag)
        value = fmt::format("{}", field.number);
    }
    if (!rows) {
      names = own_names;
      std::string line;
      for (const std::string& name : names) {
        if (!line.empty()) line += ',';
        AppendCell(name, &line);
      }
      const auto header = ReadMotHeader(line, MotFileKind::kDetections, source, 1);
      if (!header) ThrowField(record.place(), "keys such as frame_index, x_min, y_min", line);
      rows.emplace(*header, options, sequence, table);
    }
    if (own_names != names)
      ThrowField(record.place(), "the keys of the first row in their order", "others");
    rows->Take(fields, record.place());
  });
  StreamJson(text, source, &records);
  if (rows) rows->Finish(source, first_row);
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

void ParseNamedRows(std::string_view text, const std::string& source, const BoxReadOptions& options,
                    int32_t sequence, BoxTable* table) {
  const std::string_view start = Trim(text.substr(0, 4096));
  if (StartsWith(start, "[") || StartsWith(start, "{"))
    return ParseNamedJson(text, source, options, sequence, table);
  TextRows lines(text, source, ',');
  if (!lines.Next()) return;
  const auto header = ReadMotHeader(lines.text(), MotFileKind::kDetections, source, lines.line());
  if (!header) {
    ThrowField(lines.Place(), "names of columns such as frame,id,left,top,width,height,score",
               Quoted(lines.text()));
  }
  lines.SetDelimiter(DelimiterOf(lines.text()));
  NamedRows rows(*header, options, sequence, table);
  const size_t first_row = table->rows.size();
  std::vector<std::string> fields;
  while (lines.Next()) {
    fields.clear();
    for (const std::string_view field : lines.fields()) fields.push_back(Unescaped(field));
    // A comma at the end of a line begins no field, unless there is a name for it.
    if (fields.size() + 1 == header->names.size() && EndsWith(lines.text(), ","))
      fields.emplace_back();
    rows.Take(fields, lines.Place());
  }
  rows.Finish(source, first_row);
}

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
