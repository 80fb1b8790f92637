// Ground truth and detections of a video by the rules of a tracking benchmark, as pictures. The
// rules of MOT16, MOT17 and MOT20 are those of the MOTChallenge devkit for detectors
// (antonmil/motchallenge-devkit@fb8b935, evaluateDetection.m and preprocessResult.m): who is of
// another class or hidden does not count, and detections on them are removed first.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/detection_metrics/picture.h"
#include "reidbench/mot_metrics/benchmark.h"

namespace reidbench {

struct MotPictures {
  std::vector<DetectionPicture> pictures;  // of all frames that are scored, also empty ones
  int64_t removed = 0;                     // detections matched with who does not count
  int64_t hidden = 0;                      // ground truth of the class that is hidden too much
};

// Frames must already be restricted (KeepFrames) and valid. The frame count is the larger of the
// two. Per frame: all ground truth rows of
// every class are matched with the detections, one-to-one pairs of IoU 0.5 or more
// (benchmark.distractor_threshold) with the largest sum; detections matched with
// `distractor_classes`, or with anybody below `detection_visibility`, are removed. What counts is
// the class `scored` with a mark, of enough visibility; ignored_classes are regions.
MotPictures MakeMotPictures(const TrackSet& ground_truth, const TrackSet& detections,
                            const MotBenchmark& benchmark, const MotClass& scored);

}  // namespace reidbench
