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
#include <span>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr int64_t kMaxFrame = std::numeric_limits<int32_t>::max();
constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53
constexpr double kMaxCoordinate = 1e100;                 // areas of larger boxes overflow
constexpr size_t kListedRows = 4;                        // further bad rows named in a message
constexpr int kStoredColumns = 9;

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

// Text of a file in a message: short, and printable whatever the bytes are.
std::string Quoted(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 40)) {
    out += c >= 0x20 && c < 0x7f ? std::string(1, c)
                                 : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  if (text.size() > 40) out += "...";
  return text.empty() ? "nothing" : out;
}

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
  }

  MotFile Parse(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
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
    CheckFrames();
    Finish();
    return std::move(file_);
  }

 private:
  void ChooseDelimiter(std::string_view line) {
    for (const char delimiter : {',', ';', '\t'}) {
      if (line.find(delimiter) != std::string_view::npos) {
        delimiter_ = delimiter;
        return;
      }
    }
    delimiter_ = ' ';
  }

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

  bool IsHeader(std::string_view line) const {
    if (bad_column_ != 1) return false;
    // A row with a broken first number is an error, not a header: a header has no numbers where
    // boxes have them.
    std::string_view rest = line;
    for (int column = 0; column < 6 && !rest.empty(); ++column) {
      const size_t cut = delimiter_ == ' ' ? rest.find_first_of(" \t") : rest.find(delimiter_);
      if (ParseAnyDouble(Trim(rest.substr(0, cut)))) return false;
      rest = cut == std::string_view::npos ? std::string_view() : rest.substr(cut + 1);
    }
    return true;
  }

  void Bad(int64_t line, std::string expected, std::string found) {
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

  void ParseLine(const char* begin, const char* end, int64_t line) {
    const std::string_view text(begin, end - begin);
    if (delimiter_ == 0) ChooseDelimiter(text);
    const int columns = SplitLine(begin, end);
    if (!seen_line_) {
      seen_line_ = true;
      if (IsHeader(text)) {
        header_line_ = line;
        delimiter_ = 0;  // the header may be written differently
        return;
      }
    }
    ++rows_;
    if (first_row_line_ == 0) {
      first_row_line_ = line;
      first_row_columns_ = columns;
    }
    if (columns < min_columns_) {
      return Bad(line, fmt::format("at least {} columns", min_columns_),
                 fmt::format("{} column{}", columns, columns == 1 ? "" : "s"));
    }
    if (bad_column_ != 0)
      return Bad(line, fmt::format("a number in column {}", bad_column_), Quoted(bad_text_));

    const double frame = values_[0];
    if (!IsIntegral(frame)) return Bad(line, "an integral frame number", Token(1));
    min_frame_ = std::min(min_frame_, frame);
    max_frame_ = std::max(max_frame_, frame);
    const int64_t last = options_.frame_count > 0 ? options_.frame_count : kMaxFrame;
    if (frame < 1 || frame > static_cast<double>(last)) {
      frame_out_of_range_ = true;
      return Bad(line,
                 options_.frame_count > 0 ? fmt::format("frame 1..{}", last)
                                          : std::string("frame 1 or later"),
                 fmt::format("frame {:.0f}", frame));
    }
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
        return Bad(line, fmt::format("a finite number in column {}", column), Token(column));
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
        return Bad(line, "0 or 1 in column 7", Token(7));
      }
    } else if (!std::isfinite(values_[6])) {
      return Bad(line, "a finite score in column 7", Token(7));
    }
    if (options_.has_classes && columns >= 8 && options_.kind != MotFileKind::kDetections) {
      const double class_id = values_[7];
      const bool integral =
          IsIntegral(class_id) && std::abs(class_id) <= std::numeric_limits<int32_t>::max();
      if (options_.kind == MotFileKind::kGroundTruth) {
        if (!integral || !IsKnownClass(static_cast<int32_t>(class_id))) {
          unknown_class_ = unknown_class_ || class_id < 0;
          return Bad(line, "class " + DescribeClasses(options_.known_classes), Token(8));
        }
      } else if (!integral || (class_id > 0 && !Contains(options_.result_classes,
                                                         static_cast<int32_t>(class_id)))) {
        result_class_ = true;
        return Bad(
            line,
            fmt::format("class {}, 0 or -1 in column 8", DescribeClasses(options_.result_classes)),
            Token(8));
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
    for (size_t k = 1; k < order.size(); ++k) {
      size_t first = k - 1;
      if (Key(boxes[order[k]]) != Key(boxes[order[first]])) continue;
      for (; k < order.size() && Key(boxes[order[k]]) == Key(boxes[order[first]]); ++k) {
        duplicate_ = true;
        if (!is_bad.empty() && is_bad[order[k]]) continue;
        const TrackBox& box = boxes[order[k]];
        const int64_t line = file_.line[order[k]];
        if (!bad_.Wants(line)) {
          bad_.CountOnly();
          continue;
        }
        Bad(line, "each id once per frame",
            fmt::format("id {} twice in frame {} (first on line {})", box.id.value, box.frame.value,
                        file_.line[order[first]]));
      }
      --k;
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
    if (frame_out_of_range_) {
      const double n = static_cast<double>(options_.frame_count);
      if (min_frame_ == 0 && (options_.frame_count == 0 || max_frame_ <= n - 1)) {
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
    if (unknown_class_)
      hints.push_back("MOT15 files have no class: choose the MOT15 benchmark for them");
    if (result_class_) {
      hints.push_back(
          "column 8 is read as a class; write -1 when it is something else, or keep only the "
          "evaluated class");
    }
    if (duplicate_)
      hints.push_back("give every box of a frame its own id, or delete the repeated row");
    if (ragged_) hints.push_back("rows of one frame must have the same number of columns");
    return hints.empty() ? "correct or remove the listed rows" : JoinText(hints, "; ");
  }

  void Warn(const FirstAndCount& oddity) {
    if (oddity.count == 0) return;
    std::string text = fmt::format("{}:{}: {}", source_, oddity.line, oddity.text);
    if (oddity.count > 1) text += fmt::format(" ({} such lines)", oddity.count);
    file_.warnings.push_back(std::move(text));
  }

  void Finish() {
    if (!bad_.empty()) ThrowInput("{}", bad_.Message(source_, Mend()));
    if (header_line_ != 0) {
      file_.warnings.push_back(fmt::format("{}:{}: line {} is a header and was skipped", source_,
                                           header_line_, header_line_));
    }
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
  char delimiter_ = 0;
  bool seen_line_ = false;
  int64_t header_line_ = 0;
  int64_t rows_ = 0;
  int64_t first_row_line_ = 0;
  int first_row_columns_ = 0;
  int64_t pending_blank_count_ = 0;
  // The current line.
  std::array<double, kStoredColumns> values_{};
  std::array<std::string_view, kStoredColumns> token_{};
  int bad_column_ = 0;
  std::string_view bad_text_;
  // The whole file.
  MotFile file_;
  std::vector<uint16_t> columns_;  // of each box
  BadRows bad_;
  FirstAndCount blank_, width_change_, empty_box_;
  double min_frame_ = std::numeric_limits<double>::infinity();
  double max_frame_ = 0;
  int64_t negative_ids_ = 0;
  bool frame_out_of_range_ = false, fractional_mark_ = false, unknown_class_ = false,
       result_class_ = false;
  bool duplicate_ = false, ragged_ = false;
};

// What Windows' shells write with > and Out-File.
void RefuseUtf16(std::string_view text, std::string_view source) {
  if (!text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF")) return;
  ThrowInput(
      "{}: expected UTF-8 text, found UTF-16\n  hint: save it as UTF-8 (iconv -f utf-16 -t utf-8)",
      source);
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

void AppendNumber(std::string* out, double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out->append(buffer, end);
}

}  // namespace

MotFile ParseMotText(std::string_view text, std::string_view source,
                     const MotReadOptions& options) {
  RefuseUtf16(text, source);
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
  RefuseUtf16(text, source);
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
    if (key == "seqlength") info.frame_count = integer(kMaxFrame);
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

std::string ReplaceMotIds(std::string_view text, std::span<const int32_t> line,
                          std::span<const TrackId> id) {
  REIDBENCH_CHECK(line.size() == id.size());
  constexpr std::string_view kBetween = ",; \t\v\f";  // of a row's numbers, whatever the delimiter
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
    const size_t frame = text.find_first_not_of(kBetween, begin);
    const size_t frame_end = text.find_first_of(kBetween, frame);
    const size_t token = text.find_first_not_of(kBetween, frame_end);
    const size_t token_end = text.find_first_of(kBetween, token);
    REIDBENCH_CHECK(token_end != std::string_view::npos);
    const std::optional<double> written = ParseAnyDouble(text.substr(token, token_end - token));
    if (written && *written == static_cast<double>(id[k].value)) continue;
    out += text.substr(copied, token - copied);
    out += std::to_string(id[k].value);
    copied = token_end;
  }
  out += text.substr(copied);
  return out;
}

SequenceInfo ReadSequenceInfo(const std::filesystem::path& path) {
  return ParseSequenceInfo(ReadFileText(path), path.string());
}

std::vector<std::string> ParseSeqmap(std::string_view text, std::string_view source,
                                     const std::vector<std::string>& sequence_folders) {
  RefuseUtf16(text, source);
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
