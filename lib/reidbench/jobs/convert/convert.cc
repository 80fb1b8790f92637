#include "reidbench/jobs/convert/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <unordered_set>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// A wider difference than rounding makes is a fault.
constexpr double kRounding = 1e-6;

constexpr int64_t kLargestSide = 1 << 20;  // of a picture, in pixels

BoxReadOptions BoxReadOptionsOf(const ConvertStageOptions& options) {
  BoxReadOptions read;
  const auto rows = std::find(MotRowNames().begin(), MotRowNames().end(), options.rows);
  REIDBENCH_CHECK(rows != MotRowNames().end());
  read.rows = static_cast<MotRows>(rows - MotRowNames().begin());
  read.relative = StartsWith(options.boxes, "relative");
  if (EndsWith(options.boxes, "corners")) read.columns = BoxColumns::kCorners;
  if (EndsWith(options.boxes, "centre")) read.columns = BoxColumns::kCentre;
  if (!(options.scale > 0) || !(options.scale <= 1e6))
    ThrowUsage("--scale {}: expected a factor above 0 and up to 1000000", options.scale);
  read.scale = options.scale;
  read.frame_offset = options.frame_offset;
  if (options.frame_offset < -kMostFrames || options.frame_offset > kMostFrames) {
    ThrowUsage("--frame-offset {}: expected at most {} frames", options.frame_offset, kMostFrames);
  }
  if (!options.image_size.empty()) {
    const std::vector<std::string_view> sides = SplitText(options.image_size, 'x');
    const auto width = ParseInt(sides.front()), height = ParseInt(sides.back());
    if (sides.size() != 2 || !width || !height || *width < 1 || *height < 1 ||
        *width > kLargestSide || *height > kLargestSide) {
      ThrowUsage("--image-size {}: expected WIDTHxHEIGHT in pixels, such as 1920x1080",
                 options.image_size);
    }
    read.image_size = {*width, *height};
  }
  read.sequences = options.sequences;
  return read;
}

bool IsMotShaped(BoxFormat format) {
  return format == BoxFormat::kMot || format == BoxFormat::kMotHeader ||
         format == BoxFormat::kNumpy;
}

// Whether --output is one file: it ends as the format's files do, or is a device or pipe.
bool NamesFolder(const fs::path& output, BoxFormat format) {
  if (format == BoxFormat::kYolo) return true;
  std::error_code ignored;
  if (fs::exists(output, ignored)) return fs::is_directory(output, ignored);
  const std::string ending = ToLower(output.extension().string());
  static const std::set<std::string> kTexts = {".txt", ".csv", ".tsv"};
  const std::string own = InfoOf(format).extension;
  return !output.has_filename() ||
         (ending != own && !(kTexts.contains(own) && kTexts.contains(ending)));
}

// Refuses what is there before anything is read.
void CheckOutput(const ConvertStageOptions& options, const BoxTarget& target) {
  if (options.output.empty()) return;
  if (!target.is_folder) return RequireWritable(options.output, options.force);
  std::error_code failed;
  if (!fs::exists(options.output, failed)) return;
  if (!fs::is_directory(options.output, failed)) {
    ThrowUsage("--output {}: expected a folder for one file a frame, found a file",
               options.output.string());
  }
  if (!options.force &&
      fs::directory_iterator(options.output, failed) != fs::directory_iterator()) {
    ThrowUsage(
        "--output {}: the folder is not empty; --force writes into it, over files of the "
        "same names",
        options.output.string());
  }
}

class ClassChoice {
 public:
  ClassChoice(const std::vector<std::string>& words, BoxTable* table)
      : words_(words), table_(*table) {}

  // Gives boxes the classes asked for and leaves the others out; returns how many.
  int64_t Apply() {
    if (words_.empty()) return 0;
    bool rest = false;
    std::vector<int32_t> target(table_.classes.size() + 1, kLeftOut);  // the last: no class
    const size_t read = table_.classes.size();
    for (const std::string& word : words_) {
      if (word == "*") {
        rest = true;
        continue;
      }
      const size_t equals = word.find('=');
      const std::string_view from = std::string_view(word).substr(0, equals);
      bool any = false;
      for (size_t c = 0; c <= read; ++c) {
        if (!Matches(from, c, read)) continue;
        any = true;
        target[c] = equals == std::string::npos
                        ? (c == read ? kNoClass : static_cast<int32_t>(c))
                        : NewClass(std::string_view(word).substr(equals + 1), word);
      }
      if (!any) Unknown(word, from, read);
    }
    std::vector<bool> keep(table_.rows.size());
    int64_t left_out = 0;
    for (size_t i = 0; i < keep.size(); ++i) {
      BoxRow& row = table_.rows[i];
      const int32_t to =
          target[row.box_class == kNoClass ? read : static_cast<size_t>(row.box_class)];
      keep[i] = rest || to != kLeftOut;
      if (to != kLeftOut) row.box_class = to;
      left_out += keep[i] ? 0 : 1;
    }
    if (left_out > 0) table_.Keep(keep);
    return left_out;
  }

 private:
  static constexpr int32_t kLeftOut = -2;

  bool Matches(std::string_view from, size_t c, size_t read) const {
    if (c == read) return from == "none";
    const BoxClass& box_class = table_.classes[c];
    const auto number = ParseInt(from);
    return box_class.name == from || ToLower(box_class.name) == ToLower(from) ||
           (number && box_class.number >= 0 && *number == box_class.number);
  }

  int32_t NewClass(std::string_view text, const std::string& word) {
    const size_t colon = text.find(':');
    const auto number = ParseInt(text.substr(0, colon));
    if (text.empty() || (number && (*number < 0 || *number > (1 << 20)))) {
      ThrowUsage(
          "--classes {}: expected WHICH=NAME, WHICH=NUMBER or WHICH=NUMBER:NAME, numbers "
          "from 0",
          word);
    }
    if (!number) return table_.Class(-1, text);
    return table_.Class(static_cast<int32_t>(*number),
                        colon == std::string_view::npos ? "" : text.substr(colon + 1));
  }

  [[noreturn]] void Unknown(const std::string& word, std::string_view from, size_t read) const {
    std::vector<std::string> known = {"none"};
    for (size_t c = 0; c < read; ++c) {
      const BoxClass& box_class = table_.classes[c];
      known.push_back(box_class.name.empty() ? fmt::format("{}", box_class.number)
                                             : box_class.name);
    }
    ThrowUsage("--classes {}: no box has the class '{}'{}", word, from, SuggestName(from, known));
  }

  const std::vector<std::string>& words_;
  BoxTable& table_;
};

std::vector<ConvertedSequence> SummarizeSequences(const BoxTable& table) {
  std::vector<ConvertedSequence> summary;
  const std::vector<size_t> begins = SequenceBegins(table);
  const std::vector<int64_t> last = LastFrames(table);
  for (size_t s = 0; s < table.sequences.size(); ++s) {
    ConvertedSequence& sequence = summary.emplace_back();
    sequence.name = table.sequences[s].name;
    sequence.frames = std::max(table.sequences[s].frame_count, last[s]);
    sequence.boxes = static_cast<int64_t>(begins[s + 1] - begins[s]);
    std::unordered_set<int64_t> ids;
    for (size_t i = begins[s]; i < begins[s + 1]; ++i) {
      if (table.rows[i].track_id != kNoTrack) ids.insert(table.rows[i].track_id);
    }
    sequence.tracks = static_cast<int64_t>(ids.size());
  }
  return summary;
}

// Labels of other frames would be read as if they belonged to these.
void CheckNoOtherLabels(const fs::path& folder, const std::vector<std::string>& files) {
  if (!IsFolder(folder)) return;
  for (const std::string& name : ListFileNames(folder)) {
    if (EndsWith(name, ".txt") && std::find(files.begin(), files.end(), name) == files.end()) {
      ThrowUsage(
          "--output {}: holds {}, which is not of these labels but would be read with them; "
          "choose another folder",
          folder.string(), name);
    }
  }
}

class Conversion {
 public:
  Conversion(const ConvertStageOptions& options, const BoxTarget& target, const BoxTable& table,
             ConvertStageResult* result)
      : options_(options), target_(target), table_(table), result_(*result) {}

  void Write() {
    if (!target_.is_folder) {
      AtomicFile file(options_.output);
      WriteBoxes(table_, target_, file.temporary_path());
      CheckRoundTrip(file.temporary_path());
      file.Commit();
      result_.files = {options_.output.string()};
      return;
    }
    AtomicFolder folder(options_.output);
    result_.files = WriteBoxes(table_, target_, folder.path());
    CheckRoundTrip(folder.path());
    if (target_.format == BoxFormat::kYolo) CheckNoOtherLabels(options_.output, result_.files);
    folder.CommitAmong();
  }

 private:
  void CheckRoundTrip(const fs::path& written) {
    if (table_.sequences.empty()) return;
    BoxReadOptions read;
    read.rows = target_.rows;
    read.known = &table_.sequences;
    BoxTable found = ReadBoxes(written, target_.format, read);
    if (found.sequences.size() == 1 && table_.sequences.size() == 1 &&
        !InfoOf(target_.format).many_sequences)
      found.sequences[0].name = table_.sequences[0].name;  // of the file, which has another yet
    const TableDifference difference = CompareTables(table_, found);
    result_.largest_px = difference.largest_px;
    result_.largest_value = difference.largest_value;
    result_.where = difference.where;
    if (difference.mismatch.empty() && difference.largest_px <= kRounding &&
        difference.largest_value <= kRounding)
      return;
    throw Error(
        ErrorKind::kInternal,
        fmt::format(
            "{}: what was written reads back as something else: {}", options_.output.string(),
            difference.mismatch.empty()
                ? fmt::format("a difference of {} px, {} otherwise in {}", difference.largest_px,
                              difference.largest_value, difference.where)
                : difference.mismatch));
  }

  const ConvertStageOptions& options_;
  const BoxTarget& target_;
  const BoxTable& table_;
  ConvertStageResult& result_;
};

}  // namespace

const std::vector<std::string>& BoxColumnNames() {
  static const std::vector<std::string> names = {"size",     "corners",          "centre",
                                                 "relative", "relative-corners", "relative-centre"};
  return names;
}

const std::vector<std::string>& MotRowNames() {
  static const std::vector<std::string> names = {"auto", "gt", "results", "detections"};
  return names;
}

std::vector<std::string> FormatChoices(bool with_auto) {
  std::vector<std::string> names;
  if (with_auto) names.emplace_back("auto");
  for (const BoxFormatInfo& info : BoxFormats()) names.emplace_back(info.name);
  return names;
}

ConvertStageResult RunConvert(const ConvertStageOptions& options, bool dry_run) {
  BoxReadOptions read = BoxReadOptionsOf(options);
  BoxTarget target;
  target.format = BoxFormatOf(options.to);
  target.rows = read.rows;
  target.is_folder = NamesFolder(options.output, target.format);
  CheckOutput(options, target);

  const BoxFormat from =
      options.from == "auto" ? DetectBoxFormat(options.input) : BoxFormatOf(options.from);
  if (!IsMotShaped(from) && options.boxes != "size") {
    ThrowUsage("--boxes {}: {} says what its columns are; --boxes is about rows of MOT text",
               options.boxes, InfoOf(from).title);
  }
  BoxTable table = ReadBoxes(options.input, from, read);

  ConvertStageResult result;
  result.input = options.input.string();
  result.output = options.output.string();
  result.from = InfoOf(from).name;
  result.to = InfoOf(target.format).name;
  result.left_out = ClassChoice(options.classes, &table).Apply();
  result.losses = std::move(table.losses);
  result.notes = std::move(table.notes);
  result.warnings = std::move(table.warnings);
  if (table.rows.empty()) result.warnings.push_back(result.input + ": there are no boxes");

  FittedBoxes fitted = FitToFormat(target, &table);
  target.rows = fitted.rows;
  if (target.format == BoxFormat::kMot)
    result.rows = MotRowNames()[static_cast<size_t>(fitted.rows)];
  result.sequences = SummarizeSequences(table);
  result.classes = std::move(fitted.classes);
  for (BoxLoss& loss : fitted.losses) result.losses.push_back(std::move(loss));
  for (std::string& note : fitted.notes) result.notes.push_back(std::move(note));
  if (result.left_out > 0) {
    result.notes.push_back(
        fmt::format("{} boxes left out by --classes", WithThousands(result.left_out)));
  }
  if (options.strict && !result.losses.empty()) {
    std::string text = fmt::format("{}: --strict, and {} cannot hold everything", result.input,
                                   InfoOf(target.format).title);
    for (const BoxLoss& loss : result.losses) text += "\n  " + DescribeLoss(loss);
    throw Error(ErrorKind::kInput, text);
  }
  for (const BoxLoss& loss : result.losses) result.warnings.push_back(DescribeLoss(loss));
  if (!dry_run) Conversion(options, target, table, &result).Write();
  return result;
}

}  // namespace reidbench
