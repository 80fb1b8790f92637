// Where the files of a tracking benchmark are. Understood without options: a MOTChallenge or
// DanceTrack folder of sequences (SEQ/gt/gt.txt, SEQ/seqinfo.ini), one sequence folder, TrackEval's
// layout (gt/mot_challenge/{BENCH-SPLIT,seqmaps}, trackers/mot_challenge/BENCH-SPLIT/TRACKER/data),
// and the plain cases: one ground truth file and one result file, or a folder of SEQ.txt of each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/datasets/mot_files.h"

namespace reidbench {

struct MotSequenceFiles {
  std::string name;
  std::filesystem::path ground_truth;
  std::filesystem::path sequence_info;  // empty only in the plain cases
  int64_t frame_count = 0;              // seqLength; 0 in the plain cases without a seqinfo.ini
};

struct MotGroundTruthOptions {
  std::filesystem::path path;    // --gt
  std::string benchmark;         // "MOT17": used with TrackEval's layout
  std::string split = "train";   // the same
  std::filesystem::path seqmap;  // empty = all sequences of the folder, or the layout's own seqmap
};

// Sequences in the order of the seqmap, else by name. Throws Error(kIo) naming the path looked for
// when something is missing, Error(kInput) when a seqinfo.ini or seqmap is malformed.
std::vector<MotSequenceFiles> FindMotSequences(const MotGroundTruthOptions& options);

// The same for sequences that something else names, entry by entry of `names`: by name, or the only
// one for a single name. `what` are the boxes that need it ("detections"). Throws Error(kIo) for
// sequences without ground truth.
std::vector<MotSequenceFiles> MatchMotSequences(const MotGroundTruthOptions& options,
                                                std::span<const std::string> names,
                                                const std::string& what);

struct MotTrackerFiles {
  std::string name;
  std::vector<std::filesystem::path> results;  // one for each sequence asked for, in that order
};

// `path` is a result file (for one sequence), a folder with SEQ.txt or data/SEQ.txt, or a folder of
// such folders (then all of them, by name). A tracker that lacks one of the sequences is an
// Error(kIo) naming the path looked for.
std::vector<MotTrackerFiles> FindMotTrackers(const std::filesystem::path& path,
                                             std::span<const MotSequenceFiles> sequences,
                                             const std::string& benchmark_split);

// The boxes of one sequence where no ground truth says which sequences there are.
struct MotBoxFiles {
  std::string name;      // of the sequence
  std::string detector;  // of SEQ/det/DETECTOR/det.txt; empty otherwise
  std::filesystem::path boxes;
  std::filesystem::path sequence_info;  // empty where there is none
};

// `path` is one file (SEQ/det/det.txt and SEQ/det/DETECTOR/det.txt belong to SEQ, any other file is
// its own sequence), a sequence folder with det/det.txt, det.txt or det/DETECTOR/det.txt, a folder
// of sequence folders, or a folder of SEQ.txt. Within a folder by name. Throws Error(kIo) naming
// the path looked for; sequence folders without detections are noted in `missing` instead where
// that is given.
std::vector<MotBoxFiles> FindMotDetections(const std::filesystem::path& path,
                                           std::vector<Error>* missing = nullptr);

// `path` is one result file, or a folder with SEQ.txt or data/SEQ.txt (TrackEval's summaries beside
// them are left out). By name. Throws Error(kIo) when there are none.
std::vector<MotBoxFiles> FindMotResults(const std::filesystem::path& path);

// One file a sequence, detections or results, of all `paths` in their order. Throws besides
// Error(kIo) where a folder has several detectors and somebody must choose, Error(kUsage) when two
// sequences have one name.
std::vector<MotBoxFiles> FindMotBoxes(MotFileKind kind,
                                      std::span<const std::filesystem::path> paths);

// SEQ/seqinfo.ini of the sequences in `path`: one sequence folder, or a folder of such, also with
// the split (MOT17 with train/ in it). A single one serves a single sequence whatever its name;
// otherwise names must agree. Entry by entry of `names`; throws Error(kIo) for those without one.
std::vector<std::filesystem::path> FindSequenceInfos(const std::filesystem::path& path,
                                                     std::span<const std::string> names);

// The frame whose picture has this name: the digits that end it, 12 of 000012.jpg and
// frame_012.png.
std::optional<int64_t> FrameNumberOfName(const std::filesystem::path& name);

// The images of a folder of frames by frame number. Throws Error(kIo) when there are none,
// Error(kInput) when a frame has two or frames count from 0.
std::map<int64_t, std::filesystem::path> FindFrameImages(const std::filesystem::path& folder);

// Where the frames of a sequence are: imDir of its seqinfo.ini (img1 where that says nothing), else
// img1, else the folder itself, which then is a plain folder of frames.
struct MotFrameFolder {
  std::string name;  // of the sequence
  std::filesystem::path images;
  std::optional<SequenceInfo> info;  // of seqinfo.ini
};
MotFrameFolder FindFrameFolder(const std::filesystem::path& folder);

// The folder of sequence `name` that has frames, to be given to FindFrameFolder, in the folder that
// a user named: NAME in it, also with the split between (MOT17 with train/ in it), or the folder
// itself, if it has that name or the sequence is `alone`: of several its frames could be anybody's.
std::optional<std::filesystem::path> FindSequenceFrames(const std::filesystem::path& path,
                                                        const std::string& name, bool alone);

}  // namespace reidbench
