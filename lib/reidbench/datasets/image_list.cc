#include "reidbench/datasets/image_list.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "reidbench/config/utf8.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

using nlohmann::json;

constexpr int kMaxJsonDepth = 8;

std::string Show(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string shown;
  for (const char c : text.substr(0, kLongest)) shown += c >= 0x20 && c < 0x7F ? c : '?';
  return text.size() > kLongest ? shown + "..." : shown;
}

// Goes on after a wrong row, so that the message can tell one slip from a wrong file.
class RowErrors {
 public:
  RowErrors(std::string_view source, std::string_view unit) : source_(source), unit_(unit) {}

  void Add(int64_t row, const std::string& message) {
    if (count_++ == 0) first_ = fmt::format("{} {}: {}", unit_, row, message);
  }
  void ThrowIfAny(size_t rows) const {
    if (count_ == 0) return;
    if (count_ == 1) ThrowInput("{}: {}", source_, first_);
    ThrowInput("{}: {} (first of {} wrong entries of {})", source_, first_, count_, rows);
  }

 private:
  std::string source_;
  std::string unit_;
  std::string first_;
  size_t count_ = 0;
};

std::string SplitAdvice(std::string_view name) {
  return fmt::format("split '{}': expected train, val, query, gallery or none{}", Show(name),
                     ToLower(name) == "test" ? " (test images are query or gallery)" : "");
}

// Labels that fit every later use; -1 is junk and 0 a distractor.
bool IsPersonLabel(int64_t person) { return person >= -1 && person <= 1'000'000'000'000; }
bool IsCameraLabel(int64_t camera) { return camera >= 0 && camera <= 1'000'000'000; }

// Lists are written on Windows too; there is no file whose name holds a backslash.
std::string WithSlashes(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  return path;
}

std::string CheckPathText(std::string_view path) {
  if (path.empty()) return "empty path";
  if (!IsPrintableUtf8(path)) return fmt::format("path '{}' is not plain UTF-8 text", Show(path));
  return "";
}

struct CsvRow {
  int64_t line = 0;
  std::vector<std::string> fields;
};

// Splits RFC 4180 text row by row.
class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view source) : text_(text), source_(source) {
    const std::string_view header = text_.substr(0, text_.find_first_of("\r\n"));
    const size_t at = header.find_first_of(",;\t");
    if (at != std::string_view::npos) delimiter_ = header[at];
  }

  // False at the end. Blank lines are skipped.
  bool Next(CsvRow* row) {
    while (position_ < text_.size()) {
      row->line = line_;
      row->fields.clear();
      ReadRow(row);
      if (row->fields.size() > 1 || !Trim(row->fields[0]).empty()) return true;
    }
    return false;
  }

 private:
  void ReadRow(CsvRow* row) {
    for (;;) {
      row->fields.push_back(ReadField());
      if (position_ < text_.size() && text_[position_] == delimiter_) {
        ++position_;
        continue;
      }
      EndLine();
      return;
    }
  }

  void EndLine() {
    if (position_ < text_.size() && text_[position_] == '\r') ++position_;
    if (position_ < text_.size() && text_[position_] == '\n') ++position_;
    ++line_;
  }

  std::string ReadField() {
    size_t begin = position_;
    while (begin < text_.size() && text_[begin] == ' ') ++begin;
    if (begin < text_.size() && text_[begin] == '"') {
      position_ = begin + 1;
      return ReadQuoted();
    }
    const char stops[] = {delimiter_, '\r', '\n'};
    const size_t end =
        std::min(text_.find_first_of(std::string_view(stops, 3), position_), text_.size());
    const std::string_view field = text_.substr(position_, end - position_);
    position_ = end;
    return std::string(Trim(field));
  }

  std::string ReadQuoted() {
    const int64_t opened = line_;
    std::string field;
    for (;;) {
      if (position_ >= text_.size())
        ThrowInput("{}: line {}: a quote is opened and never closed", source_, opened);
      const char c = text_[position_++];
      if (c == '\n') ++line_;
      if (c != '"') {
        field += c;
      } else if (position_ < text_.size() && text_[position_] == '"') {
        field += '"';
        ++position_;
      } else {
        break;
      }
    }
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
    if (position_ < text_.size() && text_[position_] != delimiter_ && text_[position_] != '\r' &&
        text_[position_] != '\n') {
      ThrowInput(
          "{}: line {}: text after a closing quote; write \"\" for a quote inside a quoted field",
          source_, line_);
    }
    return field;
  }

  std::string_view text_;
  std::string source_;
  char delimiter_ = ',';
  size_t position_ = 0;
  int64_t line_ = 1;
};

struct Columns {
  size_t path = std::string::npos;
  size_t person = std::string::npos;
  size_t camera = std::string::npos;
  size_t split = std::string::npos;
};

Columns ReadHeader(const CsvRow& row, std::string_view source) {
  Columns columns;
  const std::array<std::pair<std::string_view, size_t*>, 4> wanted = {{{"path", &columns.path},
                                                                       {"person", &columns.person},
                                                                       {"camera", &columns.camera},
                                                                       {"split", &columns.split}}};
  std::vector<std::string> names;
  for (size_t i = 0; i < row.fields.size(); ++i) {
    names.push_back(Show(ToLower(Trim(row.fields[i]))));
    for (const auto& [name, column] : wanted) {
      if (names.back() != name) continue;
      if (*column != std::string::npos)
        ThrowInput("{}: line {}: column '{}' is given twice", source, row.line, name);
      *column = i;
    }
  }
  if (columns.path == std::string::npos || columns.person == std::string::npos) {
    ThrowInput(
        "{}: line {}: expected a header with the columns path and person (and, if known, camera "
        "and split), found: {}",
        source, row.line, Show(JoinText(names, ", ")));
  }
  return columns;
}

// "" when the row is right.
std::string FillFromCsv(const CsvRow& row, const Columns& columns, size_t header_fields,
                        ListedImage* image) {
  if (row.fields.size() != header_fields) {
    return fmt::format(
        "{} fields, the header has {}; put a path that holds the separator in quotes",
        row.fields.size(), header_fields);
  }
  image->line = row.line;
  image->path = WithSlashes(row.fields[columns.path]);
  if (std::string error = CheckPathText(image->path); !error.empty()) return error;
  const std::string& person = row.fields[columns.person];
  const auto person_number = ParseInt(person);
  if (!person_number || !IsPersonLabel(*person_number)) {
    return fmt::format("person '{}': expected a whole number, -1 for junk or 0 for a distractor",
                       Show(person));
  }
  image->person = *person_number;
  if (columns.camera != std::string::npos && !row.fields[columns.camera].empty()) {
    image->camera = ParseInt(row.fields[columns.camera]);
    if (!image->camera || !IsCameraLabel(*image->camera)) {
      return fmt::format("camera '{}': expected a whole number that is not negative",
                         Show(row.fields[columns.camera]));
    }
  }
  if (columns.split != std::string::npos && !row.fields[columns.split].empty()) {
    const auto split = ParseSplit(row.fields[columns.split]);
    if (!split) return SplitAdvice(row.fields[columns.split]);
    image->split = *split;
  }
  return "";
}

std::vector<ListedImage> ParseCsv(std::string_view text, std::string_view source) {
  CsvReader reader(text, source);
  CsvRow row;
  if (!reader.Next(&row))
    ThrowInput("{}: is empty; expected a header 'path,person,camera,split' and one image a line",
               source);
  const Columns columns = ReadHeader(row, source);
  const size_t header_fields = row.fields.size();
  std::vector<ListedImage> images;
  RowErrors errors(source, "line");
  while (reader.Next(&row)) {
    const std::string error = FillFromCsv(row, columns, header_fields, &images.emplace_back());
    if (!error.empty()) errors.Add(row.line, error);
  }
  errors.ThrowIfAny(images.size());
  return images;
}

// Bounds the depth, refuses duplicate keys (the library keeps the last without a word), and
// translates its errors.
json ParseListJson(std::string_view text, std::string_view source) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMaxJsonDepth)
      ThrowInput("{}: nested deeper than {} levels; is this an image list?", source, kMaxJsonDepth);
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      ThrowInput("{}: key \"{}\" is given twice in one object", source,
                 Show(parsed.get<std::string>()));
    }
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::exception& error) {
    ThrowInput("{}: not valid JSON: {}", source, error.what());
  }
}

std::optional<int64_t> WholeNumber(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  return std::nullopt;
}

std::string FillFromJson(const json& entry, ListedImage* image) {
  if (!entry.is_object())
    return "expected an object such as {\"path\": \"a.jpg\", \"person\": 1, \"camera\": 2}";
  const auto path = entry.find("path");
  if (path == entry.end() || !path->is_string()) return "key \"path\": expected a text";
  image->path = WithSlashes(path->get<std::string>());
  if (std::string error = CheckPathText(image->path); !error.empty()) return error;
  const auto person = entry.find("person");
  const auto person_number = person == entry.end() ? std::nullopt : WholeNumber(*person);
  if (!person_number || !IsPersonLabel(*person_number)) {
    return "key \"person\": expected a whole number, -1 for junk or 0 for a distractor";
  }
  image->person = *person_number;
  if (const auto camera = entry.find("camera"); camera != entry.end() && !camera->is_null()) {
    image->camera = WholeNumber(*camera);
    if (!image->camera || !IsCameraLabel(*image->camera))
      return "key \"camera\": expected a whole number that is not negative";
  }
  if (const auto split = entry.find("split"); split != entry.end() && !split->is_null()) {
    if (!split->is_string()) return "key \"split\": expected a text";
    const auto name = split->get<std::string>();
    const auto parsed = ParseSplit(name);
    if (!parsed) return SplitAdvice(name);
    image->split = *parsed;
  }
  return "";
}

std::vector<ListedImage> ParseJsonList(std::string_view text, std::string_view source) {
  const json list = ParseListJson(text, source);
  if (!list.is_array()) ThrowInput("{}: expected a JSON array of objects, one an image", source);
  std::vector<ListedImage> images;
  images.reserve(list.size());
  RowErrors errors(source, "entry");
  for (const json& entry : list) {
    ListedImage& image = images.emplace_back();
    image.line = static_cast<int64_t>(images.size());
    const std::string error = FillFromJson(entry, &image);
    if (!error.empty()) errors.Add(image.line, error);
  }
  errors.ThrowIfAny(images.size());
  return images;
}

void AppendSplit(const json& entries, std::string_view name, Split split, std::string_view source,
                 std::vector<ListedImage>* images) {
  const auto found = entries.find(std::string(name));
  if (found == entries.end() || !found->is_array()) {
    ThrowInput(
        "{}: a split has no array \"{}\"; expected torchreid's layout: [{{\"train\": [[path, "
        "person, camera], ...], "
        "\"query\": ..., \"gallery\": ...}}, ...]",
        source, name);
  }
  RowErrors errors(source, fmt::format("{} entry", name));
  int64_t row = 0;
  for (const json& entry : *found) {
    ListedImage image;
    image.line = ++row;
    image.split = split;
    // A fourth element (torchreid's data set number) is harmless.
    if (!entry.is_array() || entry.size() < 3 || !entry[0].is_string()) {
      errors.Add(row, "expected [path, person, camera]");
      continue;
    }
    image.path = WithSlashes(entry[0].get<std::string>());
    const auto person = WholeNumber(entry[1]);
    image.camera = WholeNumber(entry[2]);
    if (std::string error = CheckPathText(image.path); !error.empty()) {
      errors.Add(row, error);
    } else if (!person || !IsPersonLabel(*person) || !image.camera ||
               !IsCameraLabel(*image.camera)) {
      errors.Add(row, "person and camera must be whole numbers");
    } else {
      image.person = *person;
      images->push_back(std::move(image));
    }
  }
  errors.ThrowIfAny(found->size());
}

}  // namespace

std::vector<ListedImage> ParseImageList(std::string_view text, std::string_view source) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view start = Trim(text.substr(0, 4096));
  if (start.starts_with('[') || start.starts_with('{')) return ParseJsonList(text, source);
  return ParseCsv(text, source);
}

std::vector<ListedImage> ParsePathPersonLines(std::string_view text, std::string_view source) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<ListedImage> images;
  RowErrors errors(source, "line");
  int64_t line_number = 0;
  for (std::string_view line : SplitText(text, '\n')) {
    ++line_number;
    line = Trim(line);
    if (line.empty()) continue;
    ListedImage image;
    image.line = line_number;
    const size_t space = line.find_last_of(" \t");
    const auto person =
        space == std::string_view::npos ? std::nullopt : ParseInt(line.substr(space + 1));
    if (!person || *person < 0 || !IsPersonLabel(*person)) {
      errors.Add(line_number, fmt::format("expected 'path person', found '{}'", Show(line)));
    } else {
      image.path = std::string(Trim(line.substr(0, space)));
      image.person = *person;
      if (std::string error = CheckPathText(image.path); !error.empty())
        errors.Add(line_number, error);
    }
    images.push_back(std::move(image));
  }
  errors.ThrowIfAny(images.size());
  if (images.empty()) ThrowInput("{}: is empty; expected one 'path person' a line", source);
  return images;
}

std::vector<ListedImage> ParseTorchreidSplits(std::string_view text, std::string_view source,
                                              int index) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const json splits = ParseListJson(text, source);
  if (!splits.is_array() || splits.empty())
    ThrowInput("{}: expected a JSON array of splits", source);
  if (index < 0 || static_cast<size_t>(index) >= splits.size()) {
    ThrowUsage("split {}: {} holds {} splits, numbered from 0", index, source, splits.size());
  }
  const json& split = splits[static_cast<size_t>(index)];
  if (!split.is_object())
    ThrowInput("{}: split {} is not an object with \"train\", \"query\" and \"gallery\"", source,
               index);
  std::vector<ListedImage> images;
  AppendSplit(split, "train", Split::kTrain, source, &images);
  AppendSplit(split, "query", Split::kQuery, source, &images);
  AppendSplit(split, "gallery", Split::kGallery, source, &images);
  return images;
}

std::optional<std::string> NormalizeListedPath(std::string_view path, std::string_view root) {
  namespace fs = std::filesystem;
  fs::path normal = fs::path(path).lexically_normal();
  if (normal.is_absolute()) {
    std::error_code error;
    const fs::path absolute_root = fs::absolute(fs::path(root), error).lexically_normal();
    if (error) return std::nullopt;
    normal = normal.lexically_relative(absolute_root);
  }
  const std::string text = normal.generic_string();
  if (text.empty() || text == "." || text == ".." || text.starts_with("../") || text.ends_with('/'))
    return std::nullopt;
  return text;
}

}  // namespace reidbench
