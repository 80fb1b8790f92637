// ByteTrack: high-scoring detections first, low-scoring ones to keep tracks alive (Zhang et al.,
// "ByteTrack: Multi-object tracking by associating every detection box", ECCV 2022, algorithm 1).
// Defaults are those of the authors' program for MOT17.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct ByteTrackOptions {
  double track_thresh = 0.6;
  double low_thresh = 0.1;
  double new_track_thresh = 0.7;  // the program: track_thresh + 0.1
  double match_thresh = 0.8;      // of 1 - IoU, times the score with fuse_score
  double second_match_thresh = 0.5;
  double unconfirmed_match_thresh = 0.7;
  int track_buffer =
      30;  // frames, whatever the rate, as in the program's evaluation; 30 a second there
  bool fuse_score = true;  // in the program, except for MOT20
  double duplicate_iou = 0.85;
  // Equal to the authors' program box for box: its IoU counts a pixel more on each side ("+1"), and
  // lost tracks can be found for one frame after their removal. False leaves out both.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeByteTrack(const ByteTrackOptions& options);

}  // namespace reidbench
