#include "reidbench/datasets/mot_layout.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

MotSequenceFiles SequenceOfFolder(const fs::path& folder) {
  MotSequenceFiles files;
  files.name = FolderName(folder);
  files.ground_truth = folder / "gt" / "gt.txt";
  files.sequence_info = folder / "seqinfo.ini";
  if (!IsFile(files.ground_truth)) {
    ThrowIo("{}: expected the ground truth of sequence {}, found no such file",
            files.ground_truth.string(), files.name);
  }
  if (!IsFile(files.sequence_info)) {
    ThrowIo(
        "{}: expected {}/seqinfo.ini with [Sequence] seqLength, found no such file\n"
        "  hint: one gt file and one result file given directly need no seqinfo.ini",
        files.sequence_info.string(), files.name);
  }
  files.frame_count = ReadSequenceInfo(files.sequence_info).frame_count;
  return files;
}

bool LooksLikeSequence(const fs::path& folder) {
  return IsFile(folder / "gt" / "gt.txt") || IsFile(folder / "seqinfo.ini");
}

std::vector<std::string> SequenceFolders(const fs::path& folder) {
  std::vector<std::string> names;
  for (std::string& name : ListFolderNames(folder)) {
    if (LooksLikeSequence(folder / name)) names.push_back(std::move(name));
  }
  return names;
}

MotSequenceFiles PlainSequence(const fs::path& file) {
  MotSequenceFiles files;
  files.ground_truth = file;
  files.name = file.stem().string();
  const fs::path parent = fs::absolute(file).parent_path();
  if (parent.filename() == "gt" && !parent.parent_path().filename().empty()) {
    files.name = parent.parent_path().filename().string();
    const fs::path info = parent.parent_path() / "seqinfo.ini";
    if (IsFile(info)) {
      files.sequence_info = info;
      files.frame_count = ReadSequenceInfo(info).frame_count;
    }
  }
  return files;
}

fs::path ResultOf(const fs::path& folder, const std::string& sequence) {
  const fs::path in_data = folder / "data" / (sequence + ".txt");
  if (IsFile(in_data)) return in_data;
  return folder / (sequence + ".txt");
}

bool HasAnyResult(const fs::path& folder, std::span<const MotSequenceFiles> sequences) {
  return std::any_of(sequences.begin(), sequences.end(),
                     [&](const MotSequenceFiles& s) { return IsFile(ResultOf(folder, s.name)); });
}

MotTrackerFiles TrackerOfFolder(const fs::path& folder,
                                std::span<const MotSequenceFiles> sequences) {
  MotTrackerFiles tracker;
  tracker.name = FolderName(folder);
  if (tracker.name == "data")
    tracker.name = FolderName(fs::absolute(folder).lexically_normal() / "..");
  const fs::path where = IsFolder(folder / "data") ? folder / "data" : folder;
  std::vector<std::string> missing;
  for (const MotSequenceFiles& sequence : sequences) {
    fs::path result = ResultOf(folder, sequence.name);
    if (!IsFile(result)) {
      missing.push_back((where / (sequence.name + ".txt")).string());
    } else {
      tracker.results.push_back(std::move(result));
    }
  }
  if (!missing.empty()) {
    ThrowIo(
        "{}: expected the result of tracker {}, found no such file ({} of {} sequences missing)\n"
        "  hint: every sequence needs a file, empty if nothing was tracked; a seqmap selects fewer "
        "sequences",
        missing.front(), tracker.name, missing.size(), sequences.size());
  }
  return tracker;
}

MotBoxFiles BoxesOfSequence(const fs::path& folder, const fs::path& file,
                            const std::string& detector) {
  MotBoxFiles files;
  files.name = FolderName(folder);
  files.detector = detector;
  files.boxes = file;
  if (IsFile(folder / "seqinfo.ini")) files.sequence_info = folder / "seqinfo.ini";
  return files;
}

MotBoxFiles BoxesOfFile(const fs::path& file) {
  MotBoxFiles files;
  files.name = file.stem().string();
  files.boxes = file;
  return files;
}

MotBoxFiles DetectionsOfFile(const fs::path& file) {
  const fs::path parent = fs::absolute(file).lexically_normal().parent_path();
  if (file.filename() == "det.txt") {
    if (parent.filename() == "det") return BoxesOfSequence(parent.parent_path(), file, "");
    if (parent.parent_path().filename() == "det")
      return BoxesOfSequence(parent.parent_path().parent_path(), file, FolderName(parent));
  }
  return BoxesOfFile(file);
}

bool HoldsDetections(const fs::path& folder) {
  return IsFolder(folder / "det") || IsFile(folder / "det.txt") || IsFile(folder / "seqinfo.ini");
}

std::vector<MotBoxFiles> DetectionsOfSequence(const fs::path& folder) {
  const fs::path file = folder / "det" / "det.txt";
  for (const fs::path& place : {file, folder / "det.txt"}) {
    if (IsFile(place)) return {BoxesOfSequence(folder, place, "")};
  }
  std::vector<MotBoxFiles> variants;
  if (IsFolder(folder / "det")) {
    for (const std::string& name : ListFolderNames(folder / "det")) {
      const fs::path inside = folder / "det" / name / "det.txt";
      if (IsFile(inside)) variants.push_back(BoxesOfSequence(folder, inside, name));
    }
  }
  if (variants.empty()) {
    ThrowIo("{}: expected the detections of sequence {}, found no such file", file.string(),
            FolderName(folder));
  }
  return variants;
}

std::vector<MotBoxFiles> TextFilesOf(const fs::path& folder) {
  std::vector<MotBoxFiles> files;
  for (const std::string& name : ListFileNames(folder)) {
    if (EndsWith(name, ".txt") && !EndsWith(name, "_summary.txt"))
      files.push_back(BoxesOfFile(folder / name));
  }
  return files;
}

// Where the folder of a sequence may be in the folder that a user named.
std::vector<fs::path> PlacesOf(const fs::path& path, const std::string& name, bool alone) {
  std::vector<fs::path> places = {path / name, path / "train" / name, path / "test" / name,
                                  path / "val" / name};
  if (FolderName(path) == name) {
    places.insert(places.begin(), path);
  } else if (alone) {
    places.push_back(path);
  }
  return places;
}

bool IsFrameFile(const fs::path& name) {
  const std::string extension = ToLower(name.extension().string());
  for (const char* known : {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}) {
    if (extension == known) return true;
  }
  return false;
}

}  // namespace

std::optional<int64_t> FrameNumberOfName(const fs::path& name) {
  const std::string stem = name.stem().string();
  const size_t digits = stem.find_last_not_of("0123456789") + 1;  // npos + 1 = 0
  return ParseInt(std::string_view(stem).substr(digits));
}

std::vector<MotSequenceFiles> FindMotSequences(const MotGroundTruthOptions& options) {
  const fs::path& path = options.path;
  if (IsFile(path)) return {PlainSequence(path)};
  if (!IsFolder(path))
    ThrowIo("{}: expected a ground truth file or folder, found nothing there", path.string());

  fs::path folder = path;
  fs::path seqmap = options.seqmap;
  const std::string set = options.benchmark + "-" + options.split;
  if (LooksLikeSequence(path)) {
    return {SequenceOfFolder(path)};
  }
  if (IsFolder(path /
               set)) {  // TrackEval's gt/mot_challenge: its seqmap says which sequences count
    folder = path / set;
    if (seqmap.empty()) seqmap = path / "seqmaps" / (set + ".txt");
  } else if (IsFolder(path / options.split) &&
             SequenceFolders(path).empty()) {  // MOT17/ or dancetrack/ itself
    folder = path / options.split;
    const fs::path beside = path / (options.split + "_seqmap.txt");
    if (seqmap.empty() && IsFile(beside)) seqmap = beside;
  }
  std::vector<std::string> names = SequenceFolders(folder);
  std::map<std::string, fs::path> flat;  // SEQ.txt without folders
  if (names.empty() && ListFolderNames(folder).empty()) {
    for (const MotBoxFiles& files : TextFilesOf(folder)) flat[files.name] = files.boxes;
    for (const auto& [name, file] : flat) names.push_back(name);
  }
  if (!seqmap.empty()) {
    if (!IsFile(seqmap)) {
      ThrowIo(
          "{}: expected the list of sequences (seqmaps/{}.txt), found no such file\n"
          "  hint: a folder of sequences given directly needs none",
          seqmap.string(), set);
    }
    names = ReadSeqmap(seqmap, flat.empty() ? ListFolderNames(folder) : names);
  }
  if (names.empty()) {
    ThrowIo(
        "{}: expected sequence folders (SEQ/gt/gt.txt and SEQ/seqinfo.ini), found none\n"
        "  hint: --gt takes a folder of sequences, one sequence folder, one ground truth file, or "
        "a "
        "folder of SEQ.txt",
        (folder / "*" / "gt" / "gt.txt").string());
  }
  std::vector<MotSequenceFiles> sequences;
  for (const std::string& name : names) {
    sequences.push_back(flat.empty() ? SequenceOfFolder(folder / name)
                                     : MotSequenceFiles{name, flat.at(name), {}, 0});
  }
  return sequences;
}

std::vector<MotSequenceFiles> MatchMotSequences(const MotGroundTruthOptions& options,
                                                std::span<const std::string> names,
                                                const std::string& what) {
  const std::vector<MotSequenceFiles> all = FindMotSequences(options);
  if (all.size() == 1 && names.size() == 1) return all;
  std::vector<MotSequenceFiles> matched;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const MotSequenceFiles& files) { return files.name == name; });
    if (found == all.end()) {
      missing.push_back(name);
    } else {
      matched.push_back(*found);
    }
  }
  if (!missing.empty()) {
    ThrowIo("{}: expected ground truth for every sequence with {}, found none for {}",
            options.path.string(), what, JoinText(missing, ", "));
  }
  return matched;
}

std::vector<MotTrackerFiles> FindMotTrackers(const fs::path& path,
                                             std::span<const MotSequenceFiles> sequences,
                                             const std::string& benchmark_split) {
  if (IsFile(path)) {
    if (sequences.size() != 1) {
      ThrowIo(
          "{}: expected a folder with one result file per sequence, found one file for {} "
          "sequences",
          path.string(), sequences.size());
    }
    return {{path.stem().string(), {path}}};
  }
  if (!IsFolder(path))
    ThrowIo("{}: expected a result file or folder, found nothing there", path.string());
  if (HasAnyResult(path, sequences)) return {TrackerOfFolder(path, sequences)};

  const fs::path folder = IsFolder(path / benchmark_split) ? path / benchmark_split : path;
  std::vector<MotTrackerFiles> trackers;
  for (const std::string& name : ListFolderNames(folder)) {
    if (HasAnyResult(folder / name, sequences))
      trackers.push_back(TrackerOfFolder(folder / name, sequences));
  }
  if (trackers.empty()) {
    // A folder of one tracker without any of its files, or of several: name what the first
    // sequence's file would be.
    const std::vector<std::string> names = ListFolderNames(folder);
    const bool one_inside = names.size() == 1 && names.front() != "data";
    return {TrackerOfFolder(one_inside ? folder / names.front() : folder, sequences)};
  }
  return trackers;
}

std::vector<MotBoxFiles> FindMotDetections(const fs::path& path, std::vector<Error>* missing) {
  if (IsFile(path)) return {DetectionsOfFile(path)};
  if (!IsFolder(path))
    ThrowIo("{}: expected a detection file or folder, found nothing there", path.string());
  std::vector<fs::path> folders;
  if (HoldsDetections(path)) {
    folders.push_back(path);
  } else {
    for (const std::string& name : ListFolderNames(path)) {
      if (HoldsDetections(path / name)) folders.push_back(path / name);
    }
  }
  std::vector<MotBoxFiles> found;
  for (const fs::path& folder : folders) {
    try {
      for (MotBoxFiles& files : DetectionsOfSequence(folder)) found.push_back(std::move(files));
    } catch (const Error& error) {
      if (missing == nullptr) throw;
      missing->push_back(error);
    }
  }
  if (folders.empty()) found = TextFilesOf(path);
  if (folders.empty() && found.empty()) {
    ThrowIo(
        "{}: expected sequence folders with det/det.txt, or SEQ.txt files, found none\n"
        "  hint: give a folder of sequences (MOT17/train), one sequence folder, a folder of "
        "SEQ.txt, or one file",
        path.string());
  }
  return found;
}

std::vector<MotBoxFiles> FindMotResults(const fs::path& path) {
  if (IsFile(path)) return {BoxesOfFile(path)};
  if (!IsFolder(path))
    ThrowIo("{}: expected a result file or folder, found nothing there", path.string());
  std::vector<MotBoxFiles> found = TextFilesOf(IsFolder(path / "data") ? path / "data" : path);
  if (found.empty()) {
    ThrowIo(
        "{}: expected result files SEQ.txt or data/SEQ.txt, found none\n"
        "  hint: give one tracker's folder, or result files",
        path.string());
  }
  return found;
}

std::vector<MotBoxFiles> FindMotBoxes(MotFileKind kind, std::span<const fs::path> paths) {
  const bool detections = kind == MotFileKind::kDetections;
  std::vector<MotBoxFiles> all;
  for (const fs::path& path : paths) {
    std::vector<MotBoxFiles> found = detections ? FindMotDetections(path) : FindMotResults(path);
    const auto variant = std::find_if(found.begin(), found.end(), [](const MotBoxFiles& files) {
      return !files.detector.empty();
    });
    if (IsFolder(path) && variant != found.end()) {
      std::vector<std::string> variants;
      for (const MotBoxFiles& files : found) {
        if (files.name == variant->name) variants.push_back(files.boxes.string());
      }
      ThrowIo(
          "{}: expected the detections of sequence {}, found no such file\n  hint: give one of {}",
          (variant->boxes.parent_path().parent_path() / "det.txt").string(), variant->name,
          JoinText(variants, ", "));
    }
    for (MotBoxFiles& files : found) {
      if (std::any_of(all.begin(), all.end(),
                      [&](const MotBoxFiles& other) { return other.name == files.name; })) {
        ThrowUsage("{}: sequence {} is given more than once",
                   detections ? "--detections" : "--tracks", files.name);
      }
      all.push_back(std::move(files));
    }
  }
  return all;
}

std::vector<fs::path> FindSequenceInfos(const fs::path& path, std::span<const std::string> names) {
  if (!IsFolder(path))
    ThrowIo("{}: expected a folder of sequences with seqinfo.ini, found none", path.string());
  std::vector<fs::path> infos;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    const std::vector<fs::path> places = PlacesOf(path, name, names.size() == 1);
    const auto found = std::find_if(places.begin(), places.end(), [](const fs::path& place) {
      return IsFile(place / "seqinfo.ini");
    });
    if (found == places.end()) {
      missing.push_back((path / name / "seqinfo.ini").string());
    } else {
      infos.push_back(*found / "seqinfo.ini");
    }
  }
  if (!missing.empty()) {
    ThrowIo("{}: expected the seqinfo.ini of every sequence, found no such file ({} of {} missing)",
            missing.front(), missing.size(), names.size());
  }
  return infos;
}

std::map<int64_t, fs::path> FindFrameImages(const fs::path& folder) {
  std::map<int64_t, fs::path> files;
  for (const std::string& name : ListFileNames(folder)) {
    if (name.front() == '.' || !IsFrameFile(name)) continue;
    const std::optional<int64_t> number = FrameNumberOfName(name);
    if (!number) continue;
    const auto [at, is_new] = files.emplace(*number, folder / name);
    if (!is_new) {
      ThrowInput("{}: expected one image a frame, found {} and {} for frame {}", folder.string(),
                 at->second.filename().string(), name, *number);
    }
  }
  if (files.empty()) {
    ThrowIo("{}: expected images named by their frame (000001.jpg), found none", folder.string());
  }
  if (files.begin()->first == 0) {
    ThrowInput(
        "{}: expected frames counted from 1, as the boxes count them, found {}\n  hint: rename the "
        "frames to start at 1 (ffmpeg: -start_number 1)",
        folder.string(), files.begin()->second.filename().string());
  }
  return files;
}

MotFrameFolder FindFrameFolder(const fs::path& folder) {
  MotFrameFolder found{FolderName(folder), folder, std::nullopt};
  if (IsFile(folder / "seqinfo.ini")) {
    found.info = ReadSequenceInfo(folder / "seqinfo.ini");
    found.images /= found.info->image_dir.empty() ? "img1" : found.info->image_dir;
  } else if (IsFolder(folder / "img1")) {
    found.images /= "img1";
  }
  return found;
}

std::optional<fs::path> FindSequenceFrames(const fs::path& path, const std::string& name,
                                           bool alone) {
  for (const fs::path& place : PlacesOf(path, name, alone)) {
    if (!IsFolder(place)) continue;
    try {
      FindFrameImages(FindFrameFolder(place).images);
      return place;
    } catch (const Error&) {
      // No frames, or not frames alone; perhaps the next folder.
    }
  }
  return std::nullopt;
}

}  // namespace reidbench
