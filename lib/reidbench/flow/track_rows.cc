#include "reidbench/flow/track_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"

namespace reidbench {
namespace {

// What a row's fields mean.
struct RowForm {
  int frame = 0;
  int id = 1;
  int left = 2;  // -1: no box
  int x = -1;    // of a place in named columns
  int y = -1;
  bool named = false;
  char delimiter = ',';
};

constexpr size_t kMostFields = 64;
using Fields = std::array<std::string_view, kMostFields>;

size_t SplitRow(std::string_view line, char delimiter, Fields* fields) {
  size_t count = 0;
  const char* at = line.data();
  const char* const end = at + line.size();
  while (at <= end && count < kMostFields) {
    if (delimiter == ' ') {
      while (at < end && (*at == ' ' || *at == '\t')) ++at;
      if (at == end) break;
    }
    const char* stop = at;
    while (stop < end && *stop != delimiter && !(delimiter == ' ' && *stop == '\t')) ++stop;
    (*fields)[count++] = std::string_view(at, static_cast<size_t>(stop - at));
    at = stop + 1;
  }
  while (count > 0 && Trim((*fields)[count - 1]).empty()) --count;
  return count;
}

std::optional<double> NumberOf(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '+')) text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

bool HasLetters(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) {
    return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && c != 'e' && c != 'E';
  });
}

std::string_view WithoutReturn(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

char RowDelimiter(std::string_view line) {
  for (const char c : {',', ';', '\t', '|'}) {
    if (line.find(c) != std::string_view::npos) return c == '\t' ? ' ' : c;
  }
  return ' ';
}

// The columns of a table of places; nullopt when these are not named.
std::optional<RowForm> NamedForm(std::string_view header) {
  RowForm form;
  form.named = true;
  form.delimiter = RowDelimiter(header);
  form.frame = form.id = form.left = -1;
  Fields fields;
  const size_t count = SplitRow(header, form.delimiter, &fields);
  for (size_t i = 0; i < count; ++i) {
    const std::string name = ToLower(Trim(fields[i]));
    const int column = static_cast<int>(i);
    if (name == "frame" || name == "frame_id") form.frame = column;
    if (name == "id" || name == "identity" || name == "track_id" || name == "person_id")
      form.id = column;
    if (name == "x_m" || name == "ground_x") form.x = column;
    if (name == "y_m" || name == "ground_y") form.y = column;
  }
  if (form.frame < 0 || form.id < 0 || form.x < 0 || form.y < 0) return std::nullopt;
  return form;
}

// Lines of a file, however large: calls body(line, number) until it returns false.
template <typename Body>
void ForEachLine(const std::filesystem::path& path, const Body& body) {
  FileChunks chunks(path);
  std::string rest;
  int64_t number = 0;
  bool first = true;
  while (true) {
    std::string_view chunk = chunks.Next();
    if (chunk.empty()) break;
    if (first && StartsWith(chunk, kByteOrderMark)) chunk.remove_prefix(kByteOrderMark.size());
    first = false;
    while (!chunk.empty()) {
      const auto* end = static_cast<const char*>(std::memchr(chunk.data(), '\n', chunk.size()));
      if (end == nullptr) {
        rest.append(chunk);
        break;
      }
      std::string_view line(chunk.data(), static_cast<size_t>(end - chunk.data()));
      chunk.remove_prefix(line.size() + 1);
      if (!rest.empty()) {
        rest.append(line);
        line = rest;
      }
      const bool more = body(WithoutReturn(line), ++number);
      rest.clear();
      if (!more) return;
    }
  }
  if (!rest.empty()) body(WithoutReturn(rest), ++number);
}

[[noreturn]] void ThrowRow(const std::filesystem::path& path, int64_t line,
                           const std::string& expected, std::string_view found) {
  ThrowInput("{}:{}: expected {}, found {}\n  hint: correct or remove the row", path.string(), line,
             expected, found.empty() ? "nothing" : fmt::format("'{}'", found));
}

struct PlacedRow {
  int64_t frame = 0;
  FlowRow row;
};

class RowParser {
 public:
  RowParser(const std::filesystem::path& path, RowForm form, const FlowRowOptions& options,
            FlowRowSummary* summary)
      : path_(path), form_(form), options_(options), summary_(summary) {}

  // Nullopt for a row that does not count.
  std::optional<PlacedRow> Parse(std::string_view line, int64_t number) {
    number_ = number;
    Fields fields;
    const size_t count = SplitRow(line, form_.delimiter, &fields);
    PlacedRow out;
    if (form_.named) {
      out.frame = Whole(fields, count, form_.frame, "a frame from 0", 0);
      out.row.id = Whole(fields, count, form_.id, "an id", std::numeric_limits<int64_t>::min());
      out.row.ground = {Real(fields, count, form_.x), Real(fields, count, form_.y)};
      out.row.has_ground = true;
      out.row.has_box = false;
      return Counted(out);
    }
    if (count != 4 && count < 6) {
      ThrowRow(path_, number,
               "4 columns (frame, id, x, y) or at least 6 (frame, id, left, top, width, height)",
               std::to_string(count) + " columns");
    }
    out.frame = Whole(fields, count, 0, "a frame from 0", 0);
    out.row.id = Whole(fields, count, 1, "an id", std::numeric_limits<int64_t>::min());
    if (count == 4) {
      out.row.ground = {Real(fields, count, 2), Real(fields, count, 3)};
      out.row.has_ground = true;
      out.row.has_box = false;
      return Counted(out);
    }
    out.row.box = {Real(fields, count, 2), Real(fields, count, 3), Real(fields, count, 4),
                   Real(fields, count, 5)};
    if (out.row.box.width < 0 || out.row.box.height < 0)
      ThrowRow(path_, number, "a width and a height from 0",
               out.row.box.width < 0 ? fields[4] : fields[5]);
    const double mark = count > 6 ? Real(fields, count, 6) : 1;
    if (count >= 10) {
      const double x = Real(fields, count, 7), y = Real(fields, count, 8);
      out.row.has_ground = !(x == -1 && y == -1 && Real(fields, count, 9) == -1);
      out.row.ground = {x, y};
    }
    // Columns 8 and 9 of nine: class and visibility.
    const double kind = count == 8 || count == 9 ? Real(fields, count, 7) : -1;
    const bool person = kind == 1 || kind == -1 || (kind == 0 && !options_.truth);
    if (!person || (options_.truth && mark == 0)) {
      ++summary_->left_out;
      return std::nullopt;
    }
    return Counted(out);
  }

 private:
  std::optional<PlacedRow> Counted(const PlacedRow& row) {
    ++summary_->rows;
    if (row.row.id < 0) ++summary_->nameless;
    return row;
  }
  double Real(const Fields& fields, size_t count, int column) const {
    const std::string_view text =
        static_cast<size_t>(column) < count ? fields[static_cast<size_t>(column)] : "";
    const auto value = NumberOf(text);
    if (!value)
      ThrowRow(path_, number_, fmt::format("a finite number in column {}", column + 1), text);
    return *value;
  }
  int64_t Whole(const Fields& fields, size_t count, int column, const std::string& what,
                int64_t least) const {
    const double value = Real(fields, count, column);
    if (value != std::floor(value) || std::abs(value) > 9e15 || value < static_cast<double>(least))
      ThrowRow(path_, number_, fmt::format("{} in column {}", what, column + 1),
               fields[static_cast<size_t>(column)]);
    return static_cast<int64_t>(value);
  }

  const std::filesystem::path& path_;
  const RowForm form_;
  const FlowRowOptions options_;
  FlowRowSummary* const summary_;
  int64_t number_ = 0;
};

// Gathers the rows of a frame and hands them on.
class FrameGatherer {
 public:
  FrameGatherer(const FlowFrameBody& body, FlowRowSummary* summary)
      : body_(body), summary_(summary) {}
  void Add(const PlacedRow& placed) {
    if (!rows_.empty() && placed.frame != frame_) Flush();
    frame_ = placed.frame;
    rows_.push_back(placed.row);
  }
  void Flush() {
    if (rows_.empty()) return;
    if (frames_ == 0) summary_->first_frame = frame_;
    if (frames_ > 0) {
      const int64_t step = frame_ - summary_->last_frame;
      summary_->step = frames_ == 1 ? step : std::min(summary_->step, step);
    }
    summary_->last_frame = frame_;
    ++frames_;
    body_(frame_, rows_);
    rows_.clear();
  }

 private:
  const FlowFrameBody& body_;
  FlowRowSummary* const summary_;
  int64_t frame_ = 0;
  int64_t frames_ = 0;
  std::vector<FlowRow> rows_;
};

void HandSorted(std::vector<PlacedRow> rows, FrameGatherer* gatherer) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const PlacedRow& a, const PlacedRow& b) { return a.frame < b.frame; });
  for (const PlacedRow& row : rows) gatherer->Add(row);
  gatherer->Flush();
}

// Names that are those of MOT text in another order, or other columns: as the other commands read
// them.
void ReadNamedBoxes(const std::filesystem::path& path, const FlowRowOptions& options,
                    FrameGatherer* gatherer, FlowRowSummary* summary) {
  MotReadOptions read;
  read.kind = options.truth ? MotFileKind::kGroundTruth : MotFileKind::kResult;
  read.result_classes.clear();
  const MotFile file = ReadMotFile(path, read);
  summary->warnings = file.warnings;
  std::vector<PlacedRow> rows;
  for (const TrackBox& box : file.tracks.boxes) {
    if (options.truth && (box.confidence == 0 || (box.class_id > 1))) {
      ++summary->left_out;
      continue;
    }
    ++summary->rows;
    PlacedRow& row = rows.emplace_back();
    row.frame = box.frame.value;
    row.row.id = box.id.value;
    row.row.box = box.box;
  }
  HandSorted(std::move(rows), gatherer);
}

struct FirstLook {
  std::string header;  // empty: none
  RowForm form;
  bool sorted = true;
  bool other = false;  // named columns that are not a table of places
};

FirstLook FirstLookAt(const std::filesystem::path& path) {
  FirstLook look;
  double last = -1;
  bool begun = false;
  ForEachLine(path, [&](std::string_view line, int64_t) {
    if (!begun) {
      if (Trim(line).empty()) return true;
      begun = true;
      if (HasLetters(line)) {
        look.header = line;
        const auto named = NamedForm(line);
        look.other = !named;
        if (named) look.form = *named;
        return !look.other;
      }
      look.form.delimiter = RowDelimiter(line);
    }
    Fields fields;
    std::string_view text = line;
    if (look.form.frame == 0 && look.form.delimiter != ' ') {
      text = line.substr(0, line.find(look.form.delimiter));
    } else {
      const size_t count = SplitRow(line, look.form.delimiter, &fields);
      if (static_cast<size_t>(look.form.frame) >= count) return true;  // said when it is read
      text = fields[static_cast<size_t>(look.form.frame)];
    }
    const double frame = NumberOf(text).value_or(last);
    look.sorted = frame >= last;
    last = frame;
    return look.sorted;
  });
  return look;
}

}  // namespace

FlowRowSummary ReadFlowRows(const std::filesystem::path& path, const FlowRowOptions& options,
                            const FlowFrameBody& body) {
  FlowRowSummary summary;
  FrameGatherer gatherer(body, &summary);
  const FirstLook look = FirstLookAt(path);
  if (look.other) {
    ReadNamedBoxes(path, options, &gatherer, &summary);
    return summary;
  }
  RowParser parser(path, look.form, options, &summary);
  std::vector<PlacedRow> rows;
  bool header = !look.header.empty();
  ForEachLine(path, [&](std::string_view line, int64_t number) {
    if (Trim(line).empty()) return true;
    if (header) {
      header = false;
      return true;
    }
    if (const auto row = parser.Parse(line, number)) {
      if (look.sorted) {
        gatherer.Add(*row);
      } else {
        rows.push_back(*row);
      }
    }
    return true;
  });
  if (look.sorted) {
    gatherer.Flush();
  } else {
    HandSorted(std::move(rows), &gatherer);
  }
  return summary;
}

}  // namespace reidbench
