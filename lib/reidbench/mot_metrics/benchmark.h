// The rules of a tracking benchmark as data: which ground truth counts, which tracker boxes are
// forgiven, which frames are scored. configs/protocols/mot15, mot16, mot17, mot20 and
// dancetrack.yaml hold TrackEval's rules (commit 12c8791b, mot_challenge_2d_box); a file of one's
// own makes a new benchmark.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"

namespace reidbench {

struct MotClass {
  std::string name;  // "pedestrian": part of output file names
  int32_t id = 1;    // column 8
};

// Which frames of a video are scored. With n frames counted from 0, the halves are those of
// ByteTrack and its descendants: 0..n/2 (integer division) and n/2+1..n-1.
enum class FramePart { kAll, kFirstHalf, kSecondHalf, kRange };

struct MotBenchmark {
  std::string name = "MOT17";
  bool has_classes = true;  // column 8 is a class; false: MOT15, every row is a pedestrian
  std::vector<MotClass> classes{{"pedestrian", 1}};  // scored one by one
  std::vector<int32_t> known_classes;                // valid in ground truth; empty = any
  // Tracker boxes matched to ground truth of these classes are removed before scoring, not counted
  // as false positives.
  std::vector<int32_t> distractor_classes;
  double distractor_threshold = 0.5;  // least IoU of that match
  // Ground truth rows of these classes are areas where nobody was annotated, as VisDrone's ignored
  // regions: a tracker box with at least this share of its area inside one of them is removed,
  // unless it is matched (IoU 0.5) with a row that counts.
  std::vector<int32_t> ignored_classes;
  double ignored_threshold = 0.5;
  // Of detections (detection_metrics): ground truth of less visibility does not count, and a
  // detection on it is forgiven. 0: visibility does not matter. Tracks are scored without this.
  double detection_visibility = 0;
  // TrackEval's DO_PREPROC. Off: no removal, and every ground truth row with a mark counts,
  // whatever its class.
  bool preprocess = true;
  FramePart frames = FramePart::kAll;
  int64_t first_frame = 1;  // of kRange, from 1
  int64_t last_frame = 0;   // of kRange, included; 0 = the last
  // For parts: whether frame 1 of a result file is the part's first frame (ByteTrack's habit) or
  // the video's.
  bool results_renumbered = true;

  std::vector<std::string> Validate() const;  // all violations
};

// `name` is a name of configs/protocols without .yaml, in any case ("MOT17"), or a path of a YAML
// file. Throws Error(kConfig), for an unknown name with the nearest known one.
MotBenchmark LoadMotBenchmark(const std::string& name);

// First and last frame (from 1, included) that count in a video of `frame_count` frames; last <
// first when none does.
struct FrameRange {
  int64_t first = 1;
  int64_t last = 0;

  int64_t size() const { return last < first ? 0 : last - first + 1; }
};
FrameRange ScoredFrames(const MotBenchmark& benchmark, int64_t frame_count);

// Keeps the boxes of `range` and numbers their frames from 1.
void KeepFrames(const FrameRange& range, TrackSet* tracks);

}  // namespace reidbench
