#include "datasets/mot_layout.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "datasets/mot_files.h"

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

}  // namespace

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
  if (!seqmap.empty()) {
    if (!IsFile(seqmap)) {
      ThrowIo(
          "{}: expected the list of sequences (seqmaps/{}.txt), found no such file\n"
          "  hint: a folder of sequences given directly needs none",
          seqmap.string(), set);
    }
    names = ReadSeqmap(seqmap, ListFolderNames(folder));
  }
  if (names.empty()) {
    ThrowIo(
        "{}: expected sequence folders (SEQ/gt/gt.txt and SEQ/seqinfo.ini), found none\n"
        "  hint: --gt takes a folder of sequences, one sequence folder, or one ground truth file",
        (folder / "*" / "gt" / "gt.txt").string());
  }
  std::vector<MotSequenceFiles> sequences;
  for (const std::string& name : names) sequences.push_back(SequenceOfFolder(folder / name));
  return sequences;
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

}  // namespace reidbench
