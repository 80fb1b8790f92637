// Where the files of a tracking benchmark are. Understood without options: a MOTChallenge or
// DanceTrack folder of sequences (SEQ/gt/gt.txt, SEQ/seqinfo.ini), one sequence folder, TrackEval's
// layout (gt/mot_challenge/{BENCH-SPLIT,seqmaps}, trackers/mot_challenge/BENCH-SPLIT/TRACKER/data),
// and the plain case of one ground truth file and one result file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace reidbench {

struct MotSequenceFiles {
  std::string name;
  std::filesystem::path ground_truth;
  std::filesystem::path sequence_info;  // empty only in the plain case
  int64_t frame_count = 0;              // seqLength; 0 in the plain case without a seqinfo.ini
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

}  // namespace reidbench
