#include "reidbench/datasets/mot_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/file_kind.h"
#include "reidbench/datasets/mot_header.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/datasets/quoted.h"

namespace reidbench {
namespace {

constexpr int64_t kMaxLength = std::numeric_limits<int32_t>::max();  // of a sequence, in frames
constexpr double kMaxExactInteger = 9007199254740992.0;              // 2^53
constexpr double kMaxCoordinate = 1e100;  // areas of larger boxes overflow
constexpr size_t kListedRows = 4;         // further bad rows named in a message
constexpr int kStoredColumns = kMotColumns;
// Four days at 25 frames a second: larger frame numbers are times.
constexpr double kLastPlausibleFrame = 10'000'000;

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// A number as Python's float() reads it, or nullopt.
std::optional<double> ParseAnyDouble(std::string_view text) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range)
    return std::strtod(std::string(text).c_str(), nullptr);  // 0 or infinity
  if (error != std::errc{}) return std::nullopt;
  return value;
}

// The common shapes (digits, a point, digits) without a library call; exact, because a mantissa
// below 2^53 and a power of ten up to 1e22 are exact doubles and IEEE division rounds once. Moves
// *p behind the number; false = not such a shape.
bool ParsePlainDecimal(const char** p, const char* end, double* value) {
  const char* at = *p;
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  uint64_t mantissa = 0;
  int digits = 0;
  int fraction_digits = 0;
  for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at, ++digits)
    mantissa = mantissa * 10 + (*at - '0');
  if (at != end && *at == '.') {
    ++at;
    const char* const point = at;
    for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at, ++digits)
      mantissa = mantissa * 10 + (*at - '0');
    fraction_digits = static_cast<int>(at - point);
  }
  if (digits == 0 || digits > 18 || mantissa > (uint64_t{1} << 53)) return false;
  double result = static_cast<double>(mantissa);
  if (fraction_digits > 0) result /= kPowersOfTen[fraction_digits];
  *value = negative ? -result : result;
  *p = at;
  return true;
}

bool IsBlankChar(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

// Rows that cannot be used: counts all, keeps the first few by line.
class BadRows {
 public:
  void Add(int64_t line, std::string expected, std::string found) {
    ++count_;
    const auto at = std::upper_bound(rows_.begin(), rows_.end(), line,
                                     [](int64_t l, const Row& row) { return l < row.line; });
    if (rows_.size() > kListedRows && at == rows_.end()) return;
    rows_.insert(at, {line, std::move(expected), std::move(found)});
    if (rows_.size() > kListedRows + 1) rows_.pop_back();
  }
  bool empty() const { return count_ == 0; }
  int64_t count() const { return count_; }
  int64_t first_line() const { return rows_.front().line; }
  // Whether building the texts of a further bad row is worth it.
  bool Wants(int64_t line) const { return rows_.size() <= kListedRows || line < rows_.back().line; }
  void CountOnly() { ++count_; }
  const std::string& first_expected() const { return rows_.front().expected; }

  std::string Message(std::string_view source, std::string_view mend) const {
    std::string text =
        fmt::format("{}:{}: expected {}, found {} ({} bad row{})", source, rows_[0].line,
                    rows_[0].expected, rows_[0].found, count_, count_ == 1 ? "" : "s");
    for (size_t k = 1; k < rows_.size(); ++k) {
      text += fmt::format("\n  also line {}: expected {}, found {}", rows_[k].line,
                          rows_[k].expected, rows_[k].found);
    }
    if (count_ > static_cast<int64_t>(rows_.size())) {
      text += fmt::format("\n  and {} more", count_ - static_cast<int64_t>(rows_.size()));
    }
    if (!mend.empty()) text += fmt::format("\n  hint: {}", mend);
    return text;
  }

 private:
  struct Row {
    int64_t line;
    std::string expected;
    std::string found;
  };
  int64_t count_ = 0;
  std::vector<Row> rows_;
};

struct FirstAndCount {
  int64_t line = 0;
  int64_t count = 0;
  std::string text;

  template <typename MakeText>
  void Note(int64_t at_line, MakeText&& make_text) {
    if (count++ == 0) {
      line = at_line;
      text = make_text();
    }
  }
};

class MotParser {
 public:
  MotParser(std::string_view source, const MotReadOptions& options)
      : source_(source), options_(options) {
    min_columns_ = options.kind == MotFileKind::kGroundTruth ? 8 : 7;
    if (options.frame_count > 0) last_frame_ = static_cast<double>(options.frame_count);
  }

  MotFile Parse(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    text_ = text;
    file_.tracks.frame_count = options_.frame_count;
    const size_t guess = std::count(text.begin(), text.end(), '\n') + 1;
    if (text.size() / guess >= 12) {  // not for files of empty lines
      file_.tracks.boxes.reserve(guess);
      file_.line.reserve(guess);
      columns_.reserve(guess);
    }
    int64_t line = 0;
    int64_t pending_blank = 0;  // blank lines are an oddity only if rows follow
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (at != end) {
      const char* newline = static_cast<const char*>(std::memchr(at, '\n', end - at));
      const char* line_end = newline == nullptr ? end : newline;
      ++line;
      const char* begin = at;
      at = newline == nullptr ? end : newline + 1;
      while (line_end != begin && IsBlankChar(line_end[-1])) --line_end;
      while (begin != line_end && (*begin == ' ' || *begin == '\v' || *begin == '\f')) ++begin;
      if (begin == line_end || std::all_of(begin, line_end, IsBlankChar)) {
        if (pending_blank == 0) pending_blank = line;
        ++pending_blank_count_;
        continue;
      }
      if (pending_blank != 0) {
        blank_.Note(pending_blank, [&] { return fmt::format("line {} is blank", pending_blank); });
        blank_.count += pending_blank_count_ - 1;
        pending_blank = 0;
      }
      pending_blank_count_ = 0;
      ParseLine(begin, line_end, line);
    }
    file_.delimiter = delimiter_ == 0 ? ',' : delimiter_;
    if (named_) file_.id_field = header_->field[kIdColumn];
    CountFromOne();
    CheckFrames();
    Finish();
    return std::move(file_);
  }

 private:
  // Splits into numbers: values_ (the first kStoredColumns), column count, and the first field that
  // is no number.
  int SplitLine(const char* at, const char* end) {
    bad_column_ = 0;
    int columns = 0;
    for (;;) {
      while (at != end && IsBlankChar(*at) && *at != delimiter_) ++at;
      const char* const field = at;
      double value = 0;
      bool good = ParsePlainDecimal(&at, end, &value);
      if (good) {
        while (at != end && IsBlankChar(*at) && *at != delimiter_) ++at;
        good = at == end || *at == delimiter_ || (delimiter_ == ' ' && IsBlankChar(*at));
      }
      if (!good) {  // an exponent, more digits, or no number
        at = field;
        while (at != end && *at != delimiter_ && !(delimiter_ == ' ' && IsBlankChar(*at))) ++at;
        std::string_view token(field, at - field);
        while (!token.empty() && IsBlankChar(token.back())) token.remove_suffix(1);
        const std::optional<double> parsed = ParseAnyDouble(token);
        if (parsed) {
          value = *parsed;
        } else if (bad_column_ == 0) {
          bad_column_ = columns + 1;
          bad_text_ = token;
        }
        if (columns < kStoredColumns) token_[columns] = token;
      } else if (columns < kStoredColumns) {
        token_[columns] = std::string_view(field, at - field);
      }
      if (columns < kStoredColumns) values_[columns] = value;
      ++columns;
      if (delimiter_ == ' ') {
        while (at != end && IsBlankChar(*at)) ++at;
        if (at == end) return columns;
      } else {
        if (at == end) return columns;
        ++at;
        while (at != end && IsBlankChar(*at) && *at != delimiter_) ++at;
        if (at == end) return columns;  // one trailing delimiter is no column
      }
    }
  }

  // Whether the first line holds no row: a row with a broken first number is an error, but a header
  // has no numbers where boxes have them.
  [[gnu::cold]] bool IsNoRow(std::string_view line) const {
    if (bad_column_ != 1) return false;
    std::string_view rest = line;
    for (int column = 0; column < 6 && !rest.empty(); ++column) {
      const size_t cut = delimiter_ == ' ' ? rest.find_first_of(" \t") : rest.find(delimiter_);
      if (ParseAnyDouble(Trim(rest.substr(0, cut)))) return false;
      rest = cut == std::string_view::npos ? std::string_view() : rest.substr(cut + 1);
    }
    return true;
  }

  // What stands above the rows: remarks, then perhaps the names of the columns.
  [[gnu::cold]] void ReadTop(std::string_view text, int64_t line) {
    delimiter_ = 0;  // rows may be written differently
    const FileDescription found = DescribeFile(text_, source_);
    if (!IsLinesOfText(found.kind)) RefuseForeign(found);
    std::optional<MotHeader> header = ReadMotHeader(text, options_.kind, source_, line);
    if (!header) {
      if (IsRemark(text)) {
        seen_line_ = false;
        remark_.Note(line,
                     [&] { return fmt::format("line {} is a remark and was skipped", line); });
        return;
      }
      if (found.kind != FileKind::kMotHeader) RefuseForeign(found);
      ThrowInput(
          "{}:{}: expected the names of columns or numbers, found {}\n  hint: name the columns "
          "frame, id, left, top, width, height, score, or delete the line if the columns are in "
          "this order",
          source_, line, Quoted(text));
    }
    header_line_ = line;
    header_text_ = text;
    first_frame_ = 0;  // tables often count from 0
    // Rows in the usual order are read fast, but quotes and left out columns are not known there.
    named_ = !header->in_mot_order || text.find('"') != std::string_view::npos ||
             static_cast<int>(header->names.size()) < min_columns_;
    header_ = std::move(header);
  }

  [[noreturn]] void RefuseForeign(const FileDescription& found, int64_t line = 0) const {
    ThrowForeignFile(line == 0 ? std::string(source_) : fmt::format("{}:{}", source_, line),
                     "boxes as text (frame,id,left,top,width,height,...)", found);
  }

  [[gnu::cold]] void Bad(int64_t line, std::string expected, std::string found) {
    bad_.Add(line, std::move(expected), std::move(found));
  }

  std::string Token(int column) const {
    std::string_view token = token_[column - 1];
    while (!token.empty() && IsBlankChar(token.back())) token.remove_suffix(1);
    return Quoted(token);
  }

  static bool IsIntegral(double value) {
    return std::floor(value) == value && std::abs(value) <= kMaxExactInteger;
  }

  // Of one column. Out of line, as all that is rare: rows are read in place.
  [[gnu::cold]] void BadField(int64_t line, std::string_view expected, int column) {
    Bad(line, fmt::format("{} in {}", expected, ColumnName(column)), Token(column));
  }

  void ParseLine(const char* begin, const char* end, int64_t line) {
    const std::string_view text(begin, end - begin);
    if (delimiter_ == 0) delimiter_ = DelimiterOf(text);
    const int columns = named_ ? SplitNamedLine(text) : SplitLine(begin, end);
    if (!seen_line_) {
      seen_line_ = true;
      if (IsNoRow(text)) return ReadTop(text, line);
    }
    ++rows_;
    if (first_row_line_ == 0) {
      first_row_line_ = line;
      first_row_columns_ = columns;
    }
    if (columns < min_columns_ || bad_column_ != 0) return BadShape(columns, text, line);

    const double frame = values_[0] + static_cast<double>(options_.frame_offset);
    if (!IsIntegral(frame)) {
      fractional_frame_ = fractional_frame_ || std::isfinite(frame);
      return Bad(line, "an integral frame number", Token(1));
    }
    min_frame_ = std::min(min_frame_, frame);
    max_frame_ = std::max(max_frame_, frame);
    if (frame < first_frame_ || frame > last_frame_) return BadFrame(frame, line);
    const double id = values_[1];
    if (options_.kind != MotFileKind::kDetections) {
      if (!IsIntegral(id)) return Bad(line, "an integral id", Token(2));
      if (id < 0) {
        ++negative_ids_;
        return Bad(line, "id >= 0", fmt::format("{:.0f}", id));
      }
    } else if (!IsIntegral(id)) {
      return Bad(line, "an integral id (-1 in detections)", Token(2));
    }
    for (int column = 3; column <= 6; ++column) {
      if (!(std::abs(values_[column - 1]) <= kMaxCoordinate)) {
        return BadField(line, "a finite number", column);
      }
    }
    TrackBox box;
    box.frame = FrameIndex(static_cast<int64_t>(frame));
    box.id = TrackId(static_cast<int64_t>(id));
    box.box = {values_[2], values_[3], values_[4], values_[5]};
    box.confidence = values_[6];
    if (options_.kind == MotFileKind::kGroundTruth) {
      if (!IsIntegral(values_[6])) {
        fractional_mark_ = true;
        return BadField(line, "0 or 1", 7);
      }
    } else if (!std::isfinite(values_[6])) {
      return BadField(line, "a finite score", 7);
    }
    if (options_.has_classes && columns >= 8 && options_.kind != MotFileKind::kDetections) {
      const double class_id = values_[7];
      const bool integral =
          IsIntegral(class_id) && std::abs(class_id) <= std::numeric_limits<int32_t>::max();
      if (options_.kind == MotFileKind::kGroundTruth) {
        if (!integral || !IsKnownClass(static_cast<int32_t>(class_id))) {
          unknown_class_ = unknown_class_ || class_id < 0;
          ignored_class_ = ignored_class_ || (class_id == 0 && values_[6] == 0);
          return Bad(line, "class " + DescribeClasses(options_.known_classes), Token(8));
        }
      } else if (!integral || (class_id > 0 && !Contains(options_.result_classes,
                                                         static_cast<int32_t>(class_id)))) {
        result_class_ = true;
        return BadField(
            line, fmt::format("class {}, 0 or -1", DescribeClasses(options_.result_classes)), 8);
      }
      box.class_id = static_cast<int32_t>(class_id);
      if (columns >= 9 && options_.kind == MotFileKind::kGroundTruth)
        box.visibility = static_cast<float>(values_[8]);
    }
    if (!(box.box.width > 0) || !(box.box.height > 0)) {
      empty_box_.Note(line, [&] {
        const bool wide = box.box.width > 0;
        return fmt::format("{} {}: such a box never matches{}", wide ? "height" : "width",
                           wide ? box.box.height : box.box.width,
                           options_.kind == MotFileKind::kGroundTruth ? " and counts as missed"
                           : options_.kind == MotFileKind::kResult
                               ? " and counts as a false positive"
                               : "");
      });
    }
    file_.tracks.boxes.push_back(box);
    file_.line.push_back(static_cast<int32_t>(line));
    columns_.push_back(static_cast<uint16_t>(std::min(columns, 65535)));
  }

  [[gnu::cold]] void BadShape(int columns, std::string_view text, int64_t line) {
    if (header_line_ != 0 && text == header_text_) {
      // Files that were put together keep the headers of their parts.
      header_again_.Note(
          line, [&] { return fmt::format("line {} repeats the header and was skipped", line); });
      --rows_;
      return;
    }
    if (text.find_first_not_of(std::string{delimiter_, ' ', '\t'}) == std::string_view::npos) {
      // Spreadsheets write empty rows so.
      blank_.Note(line, [&] { return fmt::format("line {} is blank", line); });
      --rows_;
      return;
    }
    const size_t found = named_ ? fields_.size() : static_cast<size_t>(columns);
    const std::string columns_found = fmt::format("{} column{}", found, found == 1 ? "" : "s");
    if (named_ && found != header_->names.size()) {
      return Bad(line,
                 fmt::format("{} columns, as line {} names", header_->names.size(), header_line_),
                 columns_found);
    }
    if (columns < min_columns_)
      return Bad(line, fmt::format("at least {} columns", min_columns_), columns_found);
    Bad(line, fmt::format("a number in {}", ColumnName(bad_column_)), Quoted(bad_text_));
  }

  // As SplitLine where columns have names: puts the fields of a row where MOT text has them.
  [[gnu::noinline]] int SplitNamedLine(std::string_view text) {
    SplitFields(text, delimiter_, &fields_);
    const size_t wanted = header_->names.size();
    if (fields_.size() < wanted && delimiter_ != ' ' &&
        (delimiter_ == '\t' || text.ends_with(delimiter_)))
      fields_.resize(delimiter_ == '\t' ? wanted : fields_.size() + 1);  // empty cells at the end
    bad_column_ = 0;
    if (fields_.size() != wanted) return 0;
    for (int column = 0; column < kMotColumns; ++column) ReadField(static_cast<MotColumn>(column));
    if (header_->horizontal == MotHeader::Box::kCorners) {
      values_[kWidthColumn] -= values_[kLeftColumn];
      values_[kHeightColumn] -= values_[kTopColumn];
    } else if (header_->horizontal == MotHeader::Box::kCentre) {
      values_[kLeftColumn] -= values_[kWidthColumn] / 2;
      values_[kTopColumn] -= values_[kHeightColumn] / 2;
    }
    return kMotColumns;
  }

  void ReadField(MotColumn column) {
    const int field = header_->field[column];
    token_[column] = {};
    values_[column] = column == kIdColumn || column == kClassColumn ? -1 : 1;
    if (column == kVisibilityColumn) values_[column] = std::numeric_limits<double>::quiet_NaN();
    const bool truth = options_.kind == MotFileKind::kGroundTruth;
    if (field < 0) {
      if (column == kClassColumn && truth) values_[column] = FirstClass();
      return;
    }
    const std::string_view token = UnquoteField(fields_[static_cast<size_t>(field)]);
    token_[column] = token;
    if (const std::optional<double> value = ParseAnyDouble(token)) {
      values_[column] = *value;
      if (column == kClassColumn) {
        class_zero_ = class_zero_ || *value == 0;
        class_positive_ = class_positive_ || *value > 0;
      }
      return;
    }
    if (column == kFrameColumn && header_->frame_is_file) {
      if (const std::optional<int64_t> number = FrameNumberOfName(token)) {
        values_[column] = static_cast<double>(*number);
        return;
      }
    }
    const std::string lower = ToLower(token);
    const bool not_stated = token.empty() || lower == "none" || lower == "null" || lower == "na";
    if (not_stated && (column == kVisibilityColumn || (column == kClassColumn && !truth) ||
                       (column == kIdColumn && options_.kind == MotFileKind::kDetections)))
      return;
    if (column == kClassColumn &&
        (lower == "person" || lower == "pedestrian" || lower == "people")) {
      values_[column] = FirstClass();
      return;
    }
    if (column == kScoreColumn && truth && (lower == "true" || lower == "false")) {
      values_[column] = lower == "true" ? 1 : 0;
      return;
    }
    if (bad_column_ != 0) return;
    bad_column_ = column + 1;
    bad_text_ = token;
  }

  double FirstClass() const {
    return options_.result_classes.empty() ? 1 : options_.result_classes.front();
  }

  // "column 7", or how the header names it.
  std::string ColumnName(int column) const {
    if (!named_ || header_->field[static_cast<size_t>(column - 1)] < 0)
      return fmt::format("column {}", column);
    return fmt::format("column '{}'", Quoted(header_->NameOf(static_cast<MotColumn>(column - 1))));
  }

  // An empty list allows every class.
  static bool Contains(const std::vector<int32_t>& classes, int32_t class_id) {
    return classes.empty() || std::find(classes.begin(), classes.end(), class_id) != classes.end();
  }
  bool IsKnownClass(int32_t class_id) const { return Contains(options_.known_classes, class_id); }

  static std::string DescribeClasses(const std::vector<int32_t>& classes) {
    if (classes.empty()) return "(an integer)";
    std::vector<int32_t> sorted = classes;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.size() > 2 &&
        sorted.back() - sorted.front() == static_cast<int32_t>(sorted.size()) - 1) {
      return fmt::format("{}..{}", sorted.front(), sorted.back());
    }
    return fmt::format("{}", fmt::join(sorted, ", "));
  }

  [[gnu::cold]] void BadFrame(double frame, int64_t line) {
    frame_out_of_range_ = true;
    Bad(line,
        options_.frame_count > 0 ? fmt::format("frame 1..{}", options_.frame_count)
                                 : std::string("frame 1 or later"),
        fmt::format("frame {:.0f}", frame));
  }

  // Tables often count frames from 0, which their first frame shows.
  void CountFromOne() {
    if (header_line_ == 0 || min_frame_ != 0) return;
    file_.added_to_frames = 1;
    max_frame_ += 1;
    for (size_t k = 0; k < file_.tracks.boxes.size(); ++k) {
      TrackBox& box = file_.tracks.boxes[k];
      ++box.frame.value;
      if (options_.frame_count > 0 && box.frame.value > options_.frame_count)
        BadFrame(static_cast<double>(box.frame.value), file_.line[k]);
    }
  }

  // Whether a row of ground truth is scored.
  bool Counts(const TrackBox& box) const {
    if (options_.kind != MotFileKind::kGroundTruth) return true;
    return box.confidence != 0 &&
           (!options_.has_classes || Contains(options_.counted_classes, box.class_id));
  }

  bool IsRegion(const TrackBox& box) const {
    return options_.kind == MotFileKind::kGroundTruth && options_.has_classes &&
           std::find(options_.region_classes.begin(), options_.region_classes.end(),
                     box.class_id) != options_.region_classes.end();
  }

  // What only whole frames show: ids used twice, and column counts that change.
  void CheckFrames() {
    const std::vector<TrackBox>& boxes = file_.tracks.boxes;
    if (boxes.empty()) return;
    const bool one_width = std::all_of(columns_.begin(), columns_.end(),
                                       [&](uint16_t c) { return c == columns_.front(); }) &&
                           columns_.front() == first_row_columns_;
    const bool check_ids = options_.kind != MotFileKind::kDetections;
    if (one_width && !check_ids) return;
    bool by_frame = true;         // frames do not descend: what trackers write
    bool by_frame_and_id = true;  // strictly, so no id can repeat
    bool by_id_and_frame = true;  // the same: what ground truth looks like
    for (size_t i = 1; i < boxes.size(); ++i) {
      const TrackBox &a = boxes[i - 1], &b = boxes[i];
      by_frame = by_frame && a.frame <= b.frame;
      by_frame_and_id = by_frame_and_id && Key(a) < Key(b);
      by_id_and_frame = by_id_and_frame && (a.id != b.id ? a.id < b.id : a.frame < b.frame);
    }
    if (one_width && (by_frame_and_id || by_id_and_frame)) return;
    // Boxes by frame, then by id, then in file order.
    std::vector<uint32_t> order(boxes.size());
    std::iota(order.begin(), order.end(), 0);
    const auto before = [&](uint32_t a, uint32_t b) {
      const auto key_a = Key(boxes[a]), key_b = Key(boxes[b]);
      return key_a != key_b ? key_a < key_b : a < b;
    };
    if (by_frame) {
      for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        while (end < order.size() && boxes[end].frame == boxes[begin].frame) ++end;
        std::sort(order.begin() + begin, order.begin() + end, before);
      }
    } else {
      std::sort(order.begin(), order.end(), before);
    }
    std::vector<bool> is_bad(one_width ? 0 : boxes.size(), false);
    if (!one_width) CheckWidths(order, &is_bad);
    if (!check_ids) return;
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      while (end < order.size() && Key(boxes[order[end]]) == Key(boxes[order[begin]])) ++end;
      if (end - begin > 1) CheckIdOnce(std::span(order).subspan(begin, end - begin), is_bad);
    }
  }

  // `rows` of one id in one frame.
  void CheckIdOnce(std::span<const uint32_t> rows, const std::vector<bool>& is_bad) {
    const std::vector<TrackBox>& boxes = file_.tracks.boxes;
    if (std::none_of(rows.begin(), rows.end(), [&](uint32_t row) { return Counts(boxes[row]); }))
      return;
    std::optional<uint32_t> first;
    for (const uint32_t row : rows) {
      const TrackBox& box = boxes[row];
      if (IsRegion(box)) continue;
      if (!first) {
        first = row;
        continue;
      }
      duplicate_ = true;
      if (!is_bad.empty() && is_bad[row]) continue;
      if (!bad_.Wants(file_.line[row])) {
        bad_.CountOnly();
        continue;
      }
      Bad(file_.line[row], "each id once per frame",
          fmt::format("id {} twice in frame {} (first on line {})", box.id.value, box.frame.value,
                      file_.line[*first]));
    }
  }

  static std::pair<int64_t, int64_t> Key(const TrackBox& box) {
    return {box.frame.value, box.id.value};
  }

  void CheckWidths(const std::vector<uint32_t>& order, std::vector<bool>* is_bad) {
    const std::vector<TrackBox>& boxes = file_.tracks.boxes;
    for (size_t begin = 0; begin < order.size();) {
      size_t end = begin;
      bool mixed = false;
      for (; end < order.size() && boxes[order[end]].frame == boxes[order[begin]].frame; ++end) {
        mixed = mixed || columns_[order[end]] != columns_[order[begin]];
      }
      for (size_t k = begin; k < end; ++k) {
        const uint32_t row = order[k];
        if (columns_[row] == first_row_columns_) continue;
        if (mixed) {
          (*is_bad)[row] = true;
          ragged_ = true;
          Bad(file_.line[row],
              fmt::format("{} columns as on line {}", first_row_columns_, first_row_line_),
              fmt::format("{} columns", columns_[row]));
        } else {
          const bool earlier = width_change_.count == 0 || file_.line[row] < width_change_.line;
          if (earlier) {
            width_change_.line = file_.line[row];
            width_change_.text = fmt::format("the column count changes from {} to {}",
                                             first_row_columns_, columns_[row]);
          }
          ++width_change_.count;
        }
      }
      begin = end;
    }
  }

  std::string Mend() const {
    std::vector<std::string> hints;
    if (fractional_frame_) {
      hints.push_back(
          "these look like times, not frames: number the frames 1, 2, 3, ... (the time in seconds "
          "times the frame rate, rounded, plus 1)");
    }
    if (frame_out_of_range_) {
      const double n = static_cast<double>(options_.frame_count);
      if (max_frame_ > kLastPlausibleFrame) {
        hints.push_back(
            "these look like times, not frames: number the frames 1, 2, 3, ... in the ground truth "
            "and in the results alike");
      } else if (min_frame_ == 0 && (options_.frame_count == 0 || max_frame_ <= n - 1)) {
        hints.push_back("frames are 1-based; these start at 0: add 1 to all of them");
      } else if (min_frame_ < 1) {
        hints.push_back("frames are 1-based");
      } else if (min_frame_ == 2 && max_frame_ == n + 1) {
        hints.push_back("all frames are one too high: subtract 1");
      } else {
        hints.push_back(
            "is this file of another sequence, or of the whole video while the benchmark is a part "
            "of it?");
      }
    }
    if (negative_ids_ > 0) {
      hints.push_back(
          negative_ids_ == rows_
              ? "this looks like a detection file (all ids are negative): run a tracker on it first"
              : "number the tracks from 0 or 1");
    }
    if (fractional_mark_)
      hints.push_back("TrackEval would cut this to 0 and ignore the rows; write 0 (ignore) or 1");
    if (ignored_class_) {
      hints.push_back(
          "class 0 with mark 0 looks like an ignored region of VisDrone: describe its classes in a "
          "file (known_classes, ignored_classes) and give that with --benchmark FILE.yaml");
    }
    if (unknown_class_)
      hints.push_back("MOT15 files have no class: choose the MOT15 benchmark for them");
    if (result_class_) {
      hints.push_back(
          fmt::format("{} is read as a class; write -1 when it is something else, or keep only the "
                      "evaluated class",
                      ColumnName(8)));
    }
    if (duplicate_ && max_frame_ > kLastPlausibleFrame) {
      hints.push_back(
          "the frames look like times of too few digits, which fall together: number the frames 1, "
          "2, 3, ...");
    } else if (duplicate_) {
      hints.push_back("give every box of a frame its own id, or delete the repeated row");
      if (options_.kind == MotFileKind::kGroundTruth) {
        hints.push_back(
            "areas that were not annotated may share an id when none of them counts (mark 0), or "
            "when --benchmark FILE.yaml names their class in ignored_classes");
      }
    }
    if (ragged_) hints.push_back("rows of one frame must have the same number of columns");
    return hints.empty() ? "correct or remove the listed rows" : JoinText(hints, "; ");
  }

  void Warn(const FirstAndCount& oddity) {
    if (oddity.count == 0) return;
    std::string text = fmt::format("{}:{}: {}", source_, oddity.line, oddity.text);
    if (oddity.count > 1) text += fmt::format(" ({} such lines)", oddity.count);
    file_.warnings.push_back(std::move(text));
  }

  // Bad rows may be the sign of another kind of file, or of something that was appended.
  void RefuseForeignRows() const {
    const FileDescription whole = DescribeFile(text_, source_);
    // Told from the first rows alone: other ones may be right.
    const bool by_rows = whole.kind == FileKind::kKitti || whole.kind == FileKind::kYolo ||
                         whole.kind == FileKind::kMotsText || whole.kind == FileKind::kTraceback ||
                         whole.kind == FileKind::kMessage || whole.kind == FileKind::kBinary;
    if (!IsLinesOfText(whole.kind) && (!by_rows || bad_.count() == rows_)) RefuseForeign(whole);
    size_t begin = 0;
    for (int64_t line = 1; line < bad_.first_line(); ++line) begin = text_.find('\n', begin) + 1;
    const FileDescription rest = DescribeFile(text_.substr(begin), source_);
    switch (rest.kind) {
      case FileKind::kTraceback:
      case FileKind::kMessage:
      case FileKind::kHtml:
      case FileKind::kNulBytes:
      case FileKind::kDecimalCommas:
        RefuseForeign(rest, bad_.first_line());
      case FileKind::kVisDrone: {
        std::string mend = Mend();
        if (!ignored_class_) {
          mend +=
              "; this looks like VisDrone's annotations: give a file that describes their "
              "classes with --benchmark FILE.yaml, or " +
              rest.mend;
        }
        ThrowInput("{}", bad_.Message(source_, mend));
      }
      default:
        return;
    }
  }

  void WarnOfHeader() {
    if (header_line_ == 0) return;
    const std::string place = fmt::format("{}:{}", source_, header_line_);
    if (!named_) {
      file_.warnings.push_back(
          fmt::format("{}: line {} is a header and was skipped", place, header_line_));
    } else {
      std::string columns = "frame=" + header_->NameOf(kFrameColumn);
      const auto add = [&](MotColumn column, std::string_view what) {
        if (header_->field[column] >= 0)
          columns += fmt::format(", {}={}", what, header_->NameOf(column));
      };
      add(kIdColumn, "id");
      columns += ", " + header_->DescribeBox();
      add(kScoreColumn, options_.kind == MotFileKind::kGroundTruth ? "mark" : "score");
      add(kClassColumn, "class");
      add(kVisibilityColumn, "visibility");
      file_.warnings.push_back(
          fmt::format("{}: line {} is a header: columns are read by their names: {}", place,
                      header_line_, columns));
      if (!header_->ignored.empty()) {
        file_.warnings.push_back(fmt::format("{}: columns that are not read: {}", place,
                                             JoinText(header_->ignored, ", ")));
      }
      if (header_->field[kClassColumn] < 0 && options_.has_classes &&
          options_.kind == MotFileKind::kGroundTruth) {
        file_.warnings.push_back(
            fmt::format("{}: no column says the class: every row is taken as "
                        "class {:.0f}",
                        place, FirstClass()));
      }
      if (class_zero_ && class_positive_ && options_.has_classes &&
          options_.kind == MotFileKind::kResult) {
        file_.warnings.push_back(
            fmt::format("{}: {} has 0, which is read as \"not stated\", and others; where 0 means "
                        "person (YOLO, supervision), keep only those rows",
                        place, ColumnName(8)));
      }
    }
    if (file_.added_to_frames != 0) {
      file_.warnings.push_back(
          fmt::format("{}: frames start at 0, so 1 is added to all of them", place));
    } else if (header_->counts_from_zero && !file_.tracks.boxes.empty() &&
               static_cast<double>(options_.frame_count) != max_frame_) {
      file_.warnings.push_back(fmt::format(
          "{}: column '{}' starts at {:.0f}, so it is taken as counted from 1; if it is "
          "counted from 0, add 1",
          place, Quoted(header_->NameOf(kFrameColumn)), min_frame_));
    }
  }

  void WarnOfTimes() {
    if (options_.frame_count > 0 || max_frame_ <= kLastPlausibleFrame) return;
    std::string_view unit = "";
    for (const auto& [low, high, name] :
         {std::tuple(1e9, 4e9, "seconds"), std::tuple(1e12, 4e12, "milliseconds"),
          std::tuple(1e15, 4e15, "microseconds")}) {
      if (max_frame_ >= low && max_frame_ <= high) unit = name;
    }
    file_.warnings.push_back(fmt::format(
        "{}: frames up to {} look like times{}: each is taken as a frame number, so gaps, speeds "
        "and blocks count {}; number the frames 1, 2, 3, ... for those to be right",
        source_, WithThousands(static_cast<int64_t>(max_frame_)),
        unit.empty() ? std::string() : fmt::format(" ({})", unit), unit.empty() ? "ticks" : unit));
  }

  // Ground truth of which nothing is scored gives numbers that look like a bad tracker's.
  void WarnOfNothingCounted() {
    const std::vector<TrackBox>& boxes = file_.tracks.boxes;
    if (options_.kind != MotFileKind::kGroundTruth || boxes.empty()) return;
    int64_t unmarked = 0;
    std::set<int32_t> others;
    for (const TrackBox& box : boxes) {
      if (Counts(box)) return;
      if (box.confidence == 0) {
        ++unmarked;
      } else {
        others.insert(box.class_id);
      }
    }
    const auto other = static_cast<int64_t>(boxes.size()) - unmarked;
    std::vector<std::string> rules;
    if (unmarked > 0)
      rules.push_back(fmt::format("{} by mark 0 in {}", WithThousands(unmarked), ColumnName(7)));
    if (other > 0) {
      rules.push_back(fmt::format("{} by class {} in {}, where {} counts", WithThousands(other),
                                  DescribeClasses({others.begin(), others.end()}), ColumnName(8),
                                  DescribeClasses(options_.counted_classes)));
    }
    file_.warnings.push_back(fmt::format("{}: no row counts: of {} rows the rules leave out {}",
                                         source_, WithThousands(static_cast<int64_t>(boxes.size())),
                                         JoinText(rules, ", ")));
  }

  void Finish() {
    if (!bad_.empty()) {
      RefuseForeignRows();
      ThrowInput("{}", bad_.Message(source_, Mend()));
    }
    WarnOfHeader();
    WarnOfTimes();
    WarnOfNothingCounted();
    Warn(remark_);
    Warn(header_again_);
    Warn(blank_);
    Warn(width_change_);
    Warn(empty_box_);
    if (file_.tracks.boxes.empty()) {
      file_.warnings.push_back(
          fmt::format("{}: {} has no boxes", source_,
                      options_.kind == MotFileKind::kGroundTruth ? "ground truth"
                      : options_.kind == MotFileKind::kResult    ? "tracker output"
                                                                 : "detection file"));
    }
    if (options_.frame_count == 0 && !file_.tracks.boxes.empty()) {
      file_.tracks.frame_count = static_cast<int64_t>(max_frame_);
    }
  }

  std::string_view source_;
  const MotReadOptions& options_;
  int min_columns_ = 7;
  std::string_view text_;
  char delimiter_ = 0;
  bool seen_line_ = false;
  // What the first line says of the columns, and whether rows must be read by it.
  int64_t header_line_ = 0;
  std::string_view header_text_;
  std::optional<MotHeader> header_;
  bool named_ = false;
  int64_t rows_ = 0;
  int64_t first_row_line_ = 0;
  int first_row_columns_ = 0;
  int64_t pending_blank_count_ = 0;
  // The current line.
  std::array<double, kStoredColumns> values_{};
  std::array<std::string_view, kStoredColumns> token_{};
  int bad_column_ = 0;
  std::string_view bad_text_;
  std::vector<std::string_view> fields_;  // of a row below named columns
  // The whole file.
  MotFile file_;
  std::vector<uint16_t> columns_;  // of each box
  BadRows bad_;
  FirstAndCount remark_, header_again_, blank_, width_change_, empty_box_;
  double first_frame_ = 1, last_frame_ = kMaxExactInteger;  // what may be
  double min_frame_ = std::numeric_limits<double>::infinity();
  double max_frame_ = 0;
  int64_t negative_ids_ = 0;
  bool frame_out_of_range_ = false, fractional_mark_ = false, unknown_class_ = false,
       result_class_ = false, fractional_frame_ = false, ignored_class_ = false;
  bool class_zero_ = false, class_positive_ = false;  // occur
  bool duplicate_ = false, ragged_ = false;
};

// For small files that are read whole.
void RequireLines(std::string_view text, std::string_view source, std::string_view expected) {
  const FileDescription found = DescribeFile(text, source);
  if (!IsLinesOfText(found.kind) && found.kind != FileKind::kMessage)
    ThrowForeignFile(source, expected, found);
}

// Calls body(line text without its end, line number) for each line.
template <typename Body>
void ForEachLine(std::string_view text, Body&& body) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (int64_t line = 1; !text.empty(); ++line) {
    const size_t newline = text.find('\n');
    body(Trim(text.substr(0, newline)), line);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
}

// The id in the row that begins at `begin`: a part of `text`.
std::string_view FindId(std::string_view text, size_t begin, const MotFile& file,
                        std::vector<std::string_view>* fields) {
  if (file.id_field < 0) {
    constexpr std::string_view kBetween = ",;| \t\v\f";  // of numbers, whatever the delimiter
    const size_t frame = text.find_first_not_of(kBetween, begin);
    const size_t frame_end = text.find_first_of(kBetween, frame);
    const size_t token = text.find_first_not_of(kBetween, frame_end);
    const size_t token_end = text.find_first_of(kBetween, token);
    REIDBENCH_CHECK(token_end != std::string_view::npos);
    return text.substr(token, token_end - token);
  }
  std::string_view line = text.substr(begin);
  SplitFields(line.substr(0, line.find('\n')), file.delimiter, fields);
  REIDBENCH_CHECK(static_cast<size_t>(file.id_field) < fields->size());
  return UnquoteField((*fields)[static_cast<size_t>(file.id_field)]);
}

void AppendNumber(std::string* out, double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out->append(buffer, end);
}

}  // namespace

MotFile ParseMotText(std::string_view text, std::string_view source,
                     const MotReadOptions& options) {
  // What is certainly no text is named before anything is read.
  if (!text.empty() && (text.front() <= '\x08' || text.front() == '\x1f') &&
      !text.starts_with(kByteOrderMark)) {
    const FileDescription found = DescribeFile(text, source);
    if (!IsLinesOfText(found.kind))
      ThrowForeignFile(source, "boxes as text (frame,id,left,top,width,height,...)", found);
  }
  return MotParser(source, options).Parse(text);
}

MotFile ReadMotFile(const std::filesystem::path& path, const MotReadOptions& options) {
  const std::string text = ReadFileText(path);
  const std::string source = path.string();
  return ParseMotText(text, source, options);
}

std::string FormatMotResult(const TrackSet& tracks) {
  std::string out;
  out.reserve(tracks.boxes.size() * 56);
  for (const TrackBox& row : tracks.boxes) {
    out += fmt::format("{},{},", row.frame.value, row.id.value);
    for (const double value :
         {row.box.left, row.box.top, row.box.width, row.box.height, row.confidence}) {
      AppendNumber(&out, value);
      out += ',';
    }
    out += "-1,-1,-1\n";
  }
  return out;
}

SequenceInfo ParseSequenceInfo(std::string_view text, std::string_view source) {
  RequireLines(text, source, "a [Sequence] section with seqLength=<number of frames>");
  SequenceInfo info;
  bool in_section = false;
  bool has_section = false;
  ForEachLine(text, [&](std::string_view line, int64_t number) {
    if (line.empty() || line.front() == '#' || line.front() == ';') return;
    if (line.front() == '[') {
      in_section = ToLower(line) == "[sequence]";
      has_section = has_section || in_section;
      return;
    }
    if (!in_section) return;
    const size_t equals = line.find_first_of("=:");
    if (equals == std::string_view::npos) {
      ThrowInput("{}:{}: expected key=value, found {}", source, number, Quoted(line));
    }
    const std::string key = ToLower(Trim(line.substr(0, equals)));
    const std::string_view value = Trim(line.substr(equals + 1));
    const auto integer = [&](int64_t most) {
      std::optional<int64_t> parsed = ParseInt(value);
      // Written by Python from a float: "1920.0".
      if (const auto real = ParseDouble(value);
          !parsed && real && *real == std::floor(*real) && std::abs(*real) <= kMaxExactInteger)
        parsed = static_cast<int64_t>(*real);
      if (!parsed || *parsed < 1 || *parsed > most) {
        ThrowInput("{}:{}: expected {} = a whole number 1..{}, found {}", source, number,
                   Trim(line.substr(0, equals)), most, Quoted(value));
      }
      return *parsed;
    };
    if (key == "name") info.name = value;
    if (key == "imdir") info.image_dir = value;
    if (key == "imext") info.image_extension = value;
    if (key == "seqlength") info.frame_count = integer(kMaxLength);
    if (key == "imwidth") info.image_width = integer(1 << 20);
    if (key == "imheight") info.image_height = integer(1 << 20);
    if (key == "framerate") {
      info.frame_rate = ParseDouble(value);
      if (!info.frame_rate || !(*info.frame_rate > 0) || !std::isfinite(*info.frame_rate)) {
        ThrowInput("{}:{}: expected frameRate = a positive number, found {}", source, number,
                   Quoted(value));
      }
    }
  });
  if (!has_section || info.frame_count == 0) {
    ThrowInput("{}: expected a [Sequence] section with seqLength=<number of frames>, found {}",
               source, has_section ? "no seqLength" : "no such section");
  }
  return info;
}

std::string ReplaceMotIds(std::string_view text, const MotFile& file, std::span<const TrackId> id) {
  const std::vector<int32_t>& line = file.line;
  REIDBENCH_CHECK(line.size() == id.size());
  std::vector<std::string_view> fields;
  std::string out;
  out.reserve(text.size() + line.size());
  size_t copied = 0;
  size_t begin = 0;
  int64_t number = 1;
  for (size_t k = 0; k < line.size(); ++k) {
    for (; number < line[k]; ++number) {
      begin = text.find('\n', begin);
      REIDBENCH_CHECK(begin != std::string_view::npos);
      ++begin;
    }
    const std::string_view written = FindId(text, begin, file, &fields);
    const std::optional<double> value = ParseAnyDouble(written);
    if (value && *value == static_cast<double>(id[k].value)) continue;
    const auto token = static_cast<size_t>(written.data() - text.data());
    out += text.substr(copied, token - copied);
    out += std::to_string(id[k].value);
    copied = token + written.size();
  }
  out += text.substr(copied);
  return out;
}

SequenceInfo ReadSequenceInfo(const std::filesystem::path& path) {
  return ParseSequenceInfo(ReadFileText(path), path.string());
}

std::vector<std::string> ParseSeqmap(std::string_view text, std::string_view source,
                                     const std::vector<std::string>& sequence_folders) {
  RequireLines(text, source, "a header line, then one sequence per line");
  std::vector<std::string> names;
  std::unordered_map<std::string, int64_t> line_of;
  bool header = true;
  ForEachLine(text, [&](std::string_view line, int64_t number) {
    const std::string name(Trim(line.substr(0, line.find(','))));
    if (name.empty()) return;
    const bool known =
        std::find(sequence_folders.begin(), sequence_folders.end(), name) != sequence_folders.end();
    if (header) {
      header = false;
      if (known) {
        ThrowInput(
            "{}:{}: expected a header line, then one sequence per line; found the sequence folder "
            "{} there\n"
            "  hint: put a line 'name' above it (TrackEval drops the first line unseen)",
            source, number, Quoted(name));
      }
      return;
    }
    if (!known) {
      ThrowInput("{}:{}: expected the name of a sequence folder, found {}{}", source, number,
                 Quoted(name), SuggestName(name, sequence_folders));
    }
    const auto [at, fresh] = line_of.emplace(name, number);
    if (!fresh)
      ThrowInput("{}:{}: expected each sequence once, found {} again (first on line {})", source,
                 number, name, at->second);
    names.push_back(name);
  });
  if (names.empty())
    ThrowInput("{}: expected a header line, then one sequence per line; found no sequence", source);
  return names;
}

std::vector<std::string> ReadSeqmap(const std::filesystem::path& path,
                                    const std::vector<std::string>& sequence_folders) {
  return ParseSeqmap(ReadFileText(path), path.string(), sequence_folders);
}

}  // namespace reidbench
