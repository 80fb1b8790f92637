#include "reidbench/formats/box_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/file_kind.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/formats/format_parts.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<BoxFormatInfo, 9> kFormats = {{
    {BoxFormat::kMot, "mot", "MOT text", ".txt", false},
    {BoxFormat::kMotHeader, "mot-header", "MOT rows below a line of names", ".csv", false},
    {BoxFormat::kSupervision, "supervision", "CSV of supervision's sink", ".csv", false},
    {BoxFormat::kKitti, "kitti", "KITTI tracking labels", ".txt", false},
    {BoxFormat::kYolo, "yolo", "YOLO labels, one file a frame", ".txt", false},
    {BoxFormat::kCoco, "coco", "COCO or COCO-VID annotations", ".json", true},
    {BoxFormat::kCvat, "cvat", "CVAT's XML for video or images", ".xml", false},
    {BoxFormat::kVisDrone, "visdrone", "VisDrone's multi-object annotations", ".txt", false},
    {BoxFormat::kNumpy, "numpy", "numpy arrays of MOT rows", ".npy", false},
}};

struct SequenceFile {
  std::string name;
  fs::path file;
  fs::path sequence_info;
};

// Files of a folder with one of the endings, by name, that are not about the set as a whole.
std::vector<std::string> DataFiles(const fs::path& folder, std::span<const std::string> endings) {
  static const std::set<std::string> kAboutTheSet = {
      "classes.txt", "README.txt", "labels.txt", "obj.names", "train.txt", "val.txt", "test.txt"};
  std::vector<std::string> names;
  for (std::string& name : ListFileNames(folder)) {
    const std::string extension = ToLower(fs::path(name).extension().string());
    if (name[0] != '.' && !kAboutTheSet.contains(name) &&
        std::find(endings.begin(), endings.end(), extension) != endings.end())
      names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> EndingsOf(BoxFormat format) {
  switch (format) {
    case BoxFormat::kMotHeader:
    case BoxFormat::kSupervision:
      return {".csv", ".txt", ".tsv", ".json"};
    case BoxFormat::kNumpy:
      return {".npy", ".npz"};
    default:
      return {InfoOf(format).extension};
  }
}

// SEQ of SEQ/gt/gt.txt and the like is the folder's name; of others it is the file's.
std::string SequenceNameOf(const fs::path& file) { return file.stem().string(); }

std::vector<SequenceFile> FilesOfFolder(const fs::path& folder, BoxFormat format) {
  const std::vector<std::string> endings = EndingsOf(format);
  std::vector<SequenceFile> files;
  for (const std::string& name : DataFiles(folder, endings))
    files.push_back({SequenceNameOf(name), folder / name, {}});
  if (files.empty()) {
    // KITTI's and VisDrone's sets keep their labels in a folder of this name.
    for (const char* inner : {"label_02", "annotations", "labels"}) {
      if (IsFolder(folder / inner)) return FilesOfFolder(folder / inner, format);
    }
    ThrowIo("{}: expected files of {} ({}), found none", folder.string(), InfoOf(format).title,
            JoinText(endings, ", "));
  }
  return files;
}

bool HasGroundTruth(const fs::path& folder) {
  if (IsFile(folder / "gt" / "gt.txt")) return true;
  for (const char* split : {"", "train"}) {
    if (!IsFolder(folder / split)) continue;
    for (const std::string& name : ListFolderNames(folder / split)) {
      if (IsFile(folder / split / name / "gt" / "gt.txt")) return true;
    }
  }
  return false;
}

bool HasDetections(const fs::path& folder) {
  if (IsFolder(folder / "det")) return true;
  const std::vector<std::string> names = ListFolderNames(folder);
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return IsFolder(folder / name / "det"); });
}

// The files of MOT text below a path, and what their rows are where the layout says it.
std::vector<SequenceFile> FindMotFiles(const fs::path& path, MotRows* rows) {
  const bool folder = IsFolder(path);
  if (*rows == MotRows::kAuto) {
    if (folder ? HasGroundTruth(path) : path.filename() == "gt.txt") {
      *rows = MotRows::kGroundTruth;
    } else if (folder ? HasDetections(path) : path.filename() == "det.txt") {
      *rows = MotRows::kDetections;
    }
  }
  std::vector<SequenceFile> files;
  if (*rows == MotRows::kGroundTruth) {
    MotGroundTruthOptions options;
    options.path = path;
    for (MotSequenceFiles& found : FindMotSequences(options))
      files.push_back({found.name, found.ground_truth, found.sequence_info});
  } else {
    for (MotBoxFiles& found :
         *rows == MotRows::kDetections ? FindMotDetections(path) : FindMotResults(path)) {
      const std::string name =
          found.detector.empty() ? found.name : found.name + "-" + found.detector;
      files.push_back({name, found.boxes, found.sequence_info});
    }
  }
  return files;
}

class BoxReader {
 public:
  BoxReader(const fs::path& path, BoxFormat format, const BoxReadOptions& options)
      : path_(path), format_(format), options_(options) {}

  BoxTable Run() {
    if (!IsFolder(path_) && !fs::exists(path_))
      ThrowIo("{}: expected a file or folder of boxes, found nothing there", path_.string());
    switch (format_) {
      case BoxFormat::kCoco:
        ReadCocoFiles();
        break;
      case BoxFormat::kYolo:
        ReadYoloFolders();
        break;
      default:
        ReadSequences();
    }
    Adjust();
    return std::move(table_);
  }

 private:
  void ReadSequences() {
    MotRows rows = options_.rows;
    std::vector<SequenceFile> files;
    if (format_ == BoxFormat::kMot) {
      files = FindMotFiles(path_, &rows);
    } else if (IsFolder(path_)) {
      files = FilesOfFolder(path_, format_);
    } else {
      files.push_back({SequenceNameOf(path_), path_, {}});
    }
    const std::vector<fs::path> infos = SequenceInfos(files);
    for (size_t i = 0; i < files.size(); ++i) {
      const std::string source = files[i].file.string();
      const std::string text = ReadFileText(files[i].file);
      if (format_ == BoxFormat::kCvat) {
        ParseCvat(text, source, &table_);
        FillInfo(infos[i], &table_.sequences.back());
        continue;
      }
      if (format_ == BoxFormat::kNumpy) {
        ParseNumpy(text, source, options_, &table_);
        continue;
      }
      const auto sequence = static_cast<int32_t>(table_.sequences.size());
      table_.sequences.emplace_back().name = files[i].name;
      FillInfo(infos[i], &table_.sequences.back());
      switch (format_) {
        case BoxFormat::kKitti:
          ParseKitti(text, source, sequence, &table_);
          break;
        case BoxFormat::kVisDrone:
          ParseVisDrone(text, source, sequence, &table_);
          break;
        case BoxFormat::kMotHeader:
        case BoxFormat::kSupervision:
          ParseNamedRows(text, source, options_, sequence, &table_);
          break;
        default:
          ParseMotBoxes(text, source, options_,
                        rows != MotRows::kAuto ? rows : GuessMotRows(text, files[i].file), sequence,
                        &table_);
      }
    }
  }

  // Where the seqinfo.ini of each file is; empty where there is none.
  std::vector<fs::path> SequenceInfos(const std::vector<SequenceFile>& files) const {
    std::vector<fs::path> infos;
    std::vector<std::string> names;
    for (const SequenceFile& file : files) {
      infos.push_back(file.sequence_info);
      names.push_back(file.name);
    }
    if (options_.sequences.empty()) return infos;
    return FindSequenceInfos(options_.sequences, names);
  }

  void FillInfo(const fs::path& file, BoxSequence* sequence) const {
    if (!file.empty()) {
      const SequenceInfo info = ReadSequenceInfo(file);
      sequence->frame_count = info.frame_count;
      sequence->frame_rate = info.frame_rate;
      sequence->size = {info.image_width.value_or(0), info.image_height.value_or(0)};
    }
    if (options_.image_size.width > 0) sequence->size = options_.image_size;
    if (options_.known == nullptr) return;
    for (const BoxSequence& known : *options_.known) {
      if (known.name != sequence->name && options_.known->size() > 1) continue;
      sequence->size = known.size;
      sequence->frame_sizes = known.frame_sizes;
    }
  }

  void ReadCocoFiles() {
    if (!IsFolder(path_)) return ReadCoco(path_, &table_);
    const std::vector<std::string> endings = {".json"};
    const std::vector<std::string> names = DataFiles(path_, endings);
    if (names.empty()) ThrowIo("{}: expected files of COCO (.json), found none", path_.string());
    for (const std::string& name : names) ReadCoco(path_ / name, &table_);
  }

  void ReadYoloFolders() {
    if (!IsFolder(path_)) {
      ThrowInput(
          "{}: expected the folder of the labels, one file a frame, found a file\n  hint: "
          "give {}",
          path_.string(), fs::absolute(path_).parent_path().string());
    }
    const std::vector<std::string> endings = {".txt"};
    std::vector<std::pair<std::string, fs::path>> folders;  // name of the sequence
    const auto add = [&](const fs::path& folder, const std::string& name) {
      if (!DataFiles(folder, endings).empty()) {
        folders.emplace_back(name, folder);
      } else if (IsFolder(folder / "labels") && !DataFiles(folder / "labels", endings).empty()) {
        folders.emplace_back(name, folder / "labels");
      }
    };
    std::string own = FolderName(path_);
    if (own == "labels") own = FolderName(fs::absolute(path_).lexically_normal() / "..");
    add(path_, own);
    if (folders.empty()) {
      for (const std::string& name : ListFolderNames(path_)) add(path_ / name, name);
    }
    if (folders.empty()) {
      ThrowIo(
          "{}: expected label files (.txt), one a frame, here or in a folder a sequence, found "
          "none",
          path_.string());
    }
    for (const auto& [name, folder] : folders) ReadYoloFolder(name, folder);
    FinishYolo(&table_);
    NameYoloClasses(folders.front().second);
  }

  void ReadYoloFolder(const std::string& name, const fs::path& folder) {
    const std::vector<std::string> endings = {".txt"};
    std::vector<std::string> stems;
    for (const std::string& file : DataFiles(folder, endings)) stems.emplace_back(StemOf(file));
    std::sort(stems.begin(), stems.end());
    const std::vector<YoloFrame> frames = PlaceYoloFiles(name, stems);
    bool named = false;
    for (size_t i = 0; i < stems.size(); ++i) {
      const size_t known = table_.sequences.size();
      const int32_t sequence = table_.Sequence(frames[i].sequence);
      BoxSequence& info = table_.sequences[static_cast<size_t>(sequence)];
      if (table_.sequences.size() > known) {
        const SequenceFile file{info.name, folder, {}};
        FillInfo(SequenceInfos({file}).front(), &info);
      }
      if (info.size.width == 0) {
        ThrowUsage(
            "{}: YOLO's labels are shares of the picture, whose size is not known: "
            "--image-size WIDTHxHEIGHT, or --sequences with its seqinfo.ini",
            folder.string());
      }
      info.frame_count = std::max(info.frame_count, frames[i].frame);
      if (stems[i] != DefaultStem(frames[i].frame)) {
        info.frame_names[frames[i].frame] = stems[i];
        named = named || SplitStem(stems[i]).frame.value_or(-1) != frames[i].frame;
      }
      const fs::path file = folder / (stems[i] + ".txt");
      ParseYoloFrame(ReadFileText(file), file.string(), sequence,
                     static_cast<int32_t>(frames[i].frame), &table_);
    }
    if (named) {
      table_.notes.push_back(
          fmt::format("{}: frames are not the numbers in names: their order, or one higher, as "
                      "they count from 0",
                      folder.string()));
    }
  }

  void NameYoloClasses(const fs::path& folder) {
    for (const fs::path& file :
         {folder / "classes.txt", path_ / "classes.txt", folder.parent_path() / "classes.txt"}) {
      if (!IsFile(file)) continue;
      const std::string text = ReadFileText(file);
      std::vector<std::string> names;
      for (const std::string_view line : SplitText(Trim(text), '\n'))
        names.emplace_back(Trim(line));
      for (BoxClass& box_class : table_.classes) {
        if (box_class.number >= static_cast<int32_t>(names.size())) {
          ThrowInput("{}: expected a line for each class, found {} for class {}", file.string(),
                     names.size(), box_class.number);
        }
        box_class.name = names[static_cast<size_t>(box_class.number)];
      }
      return;
    }
  }

  // What the options say of all formats.
  void Adjust() {
    if (options_.image_size.width > 0) {
      for (BoxSequence& sequence : table_.sequences) {
        sequence.size = options_.image_size;
        sequence.frame_sizes.clear();
      }
    }
    for (BoxRow& row : table_.rows) {
      if (options_.scale != 1) {
        row.box = {row.box.left * options_.scale, row.box.top * options_.scale,
                   row.box.width * options_.scale, row.box.height * options_.scale};
      }
      const int64_t frame = row.frame + options_.frame_offset;
      if (frame < 1 || frame > kMostFrames) {
        ThrowInput("{}: expected frames from 1 on with --frame-offset {}, found {}", path_.string(),
                   options_.frame_offset, frame);
      }
      row.frame = static_cast<int32_t>(frame);
    }
    if (options_.frame_offset != 0) {
      for (BoxSequence& sequence : table_.sequences) {
        if (sequence.frame_count > 0)
          sequence.frame_count = std::max<int64_t>(0, sequence.frame_count + options_.frame_offset);
      }
    }
    const std::vector<int64_t> last = LastFrames(table_);
    for (size_t s = 0; s < last.size(); ++s) {
      const BoxSequence& sequence = table_.sequences[s];
      if (sequence.frame_count > 0 && last[s] > sequence.frame_count) {
        ThrowInput("{}: sequence {}: expected frames 1..{}, found frame {}", path_.string(),
                   sequence.name, sequence.frame_count, last[s]);
      }
    }
    NumbersOfWords();
  }

  // Texts of a column are numbers where every one of them is written as we write that number.
  void NumbersOfWords() {
    for (ExtraColumn& extra : table_.extras) {
      if (extra.words.empty()) continue;
      std::vector<double> numbers;
      for (const std::string& word : extra.words) {
        const auto number = ParseDouble(word);
        if (!number || fmt::format("{}", *number) != word) break;
        numbers.push_back(*number);
      }
      if (numbers.size() != extra.words.size()) continue;
      for (double& value : extra.values) {
        if (HasValue(value)) value = numbers[static_cast<size_t>(value)];
      }
      extra.words.clear();
    }
  }

  const fs::path& path_;
  const BoxFormat format_;
  const BoxReadOptions& options_;
  BoxTable table_;
};

// The first file of a folder that may hold boxes, for a look at its content.
fs::path FirstDataFile(const fs::path& folder) {
  const std::vector<std::string> endings = {".txt", ".csv", ".json", ".xml",
                                            ".npy", ".npz", ".tsv"};
  const std::vector<std::string> names = DataFiles(folder, endings);
  for (const std::string& name : names) {
    std::error_code ignored;
    if (fs::file_size(folder / name, ignored) > 0) return folder / name;  // YOLO's may be empty
  }
  if (!names.empty()) return folder / names.front();
  for (const std::string& name : ListFolderNames(folder)) {
    if (name == "img1" || name == "images") continue;
    fs::path found = FirstDataFile(folder / name);
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace

std::span<const BoxFormatInfo> BoxFormats() { return kFormats; }

const BoxFormatInfo& InfoOf(BoxFormat format) { return kFormats[static_cast<size_t>(format)]; }

BoxFormat BoxFormatOf(std::string_view name) {
  std::vector<std::string> names;
  for (const BoxFormatInfo& info : kFormats) {
    if (name == info.name) return info.format;
    names.emplace_back(info.name);
  }
  ThrowUsage("expected a format, found '{}'{}", name, SuggestName(name, names));
}

std::string DefaultStem(int64_t frame) { return fmt::format("{:06d}", frame); }

BoxFormat DetectBoxFormat(const fs::path& path) {
  fs::path file = path;
  if (IsFolder(path)) {
    if (HasGroundTruth(path) || HasDetections(path)) return BoxFormat::kMot;
    file = FirstDataFile(path);
    if (file.empty()) {
      ThrowIo("{}: expected files of boxes (.txt, .csv, .json, .xml, .npy), found none",
              path.string());
    }
  }
  const FileDescription found = DescribeFile(file);
  if (!found.format.empty()) return BoxFormatOf(found.format);
  switch (found.kind) {
    case FileKind::kMotText:
    case FileKind::kEmpty:
      return BoxFormat::kMot;
    case FileKind::kMotHeader:
      return BoxFormat::kMotHeader;
    case FileKind::kNumpy:
    case FileKind::kNumpyArchive:
      return BoxFormat::kNumpy;
    default:
      ThrowForeignFile(file.string(), "boxes in one of the formats of --from", found);
  }
}

BoxTable ReadBoxes(const fs::path& path, BoxFormat format, const BoxReadOptions& options) {
  return BoxReader(path, format, options).Run();
}

}  // namespace reidbench
