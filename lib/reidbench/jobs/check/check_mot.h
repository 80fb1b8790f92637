// The tracking half of `reidbench check`: reads ground truth, tracker results and detections as
// `score` and `track` would, and describes what is in them: frames, boxes, identities, crowding,
// occlusion.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/reporting/table.h"

namespace reidbench {

struct MotCheckOptions {
  std::filesystem::path ground_truth;             // --gt, as in `score`; empty: none
  std::vector<std::filesystem::path> tracks;      // files, trackers' folders, folders of those
  std::vector<std::filesystem::path> detections;  // as in `track`
  std::string benchmark = "MOT17";                // whose classes and frames are valid
  std::string split = "train";                    // of TrackEval's layout
  std::filesystem::path seqmap;

  bool empty() const { return ground_truth.empty() && tracks.empty() && detections.empty(); }
};

// What the boxes of one file, or of several added up, look like. In ground truth only those count
// that the benchmark scores: a mark other than 0 and a scored class. Published figures (boxes,
// tracks, density) mean these.
struct MotBoxStatistics {
  int64_t frames = 0;
  int64_t frames_with_boxes = 0;
  int64_t boxes = 0;
  int64_t boxes_not_scored = 0;  // ground truth: marked 0 or of another class
  int64_t most_boxes_in_a_frame = 0;
  int64_t overlapped_boxes = 0;        // IoU > 0.3 with another of these boxes in the same frame
  bool has_identities = false;         // ground truth and results
  std::vector<int64_t> track_lengths;  // frames with a box, one per identity, ascending
  int64_t boxes_with_visibility = 0;   // ground truth that states it
  int64_t boxes_half_hidden = 0;       // of these, visibility < 0.5
  double visibility_sum = 0;
  std::optional<double> lowest_score;  // results and detections
  std::optional<double> highest_score;

  // Shares are 0..1; nothing where there is nothing to divide by.
  std::optional<int64_t> ids() const;  // not of detections
  std::optional<double> median_track_length() const;
  std::optional<double> boxes_per_frame() const;
  std::optional<double> overlapped() const;
  std::optional<double> mean_visibility() const;
  std::optional<double> half_hidden() const;

  MotBoxStatistics& operator+=(const MotBoxStatistics& other);
};

struct MotFileSummary {
  std::string tracker;   // of results; empty otherwise
  std::string sequence;  // the file's name where no folder tells
  std::filesystem::path path;
  MotBoxStatistics boxes;
};

struct MotCheckResult {
  std::string benchmark;
  std::vector<MotFileSummary> ground_truth;
  std::vector<MotFileSummary> tracks;  // tracker by tracker
  std::vector<MotFileSummary> detections;
  std::vector<std::string> warnings;
};

// With ground truth, results must be there for each of its sequences and end with its last frame;
// without, every SEQ.txt is read. Does not depend on the number of threads. Throws one Error with a
// message for every bad or missing file: kInput or kIo, after the first of them; kUsage and kConfig
// for the options.
MotCheckResult CheckMotFiles(const MotCheckOptions& options);

// One table each of ground truth, tracks and detections, with a sum below several files.
std::vector<Table> MotCheckTables(const MotCheckResult& result);

}  // namespace reidbench
