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
  // Score above which a detection takes part in the first association, 0..1. 0.6.
  double track_thresh = 0.6;
  // Score above which the rest takes part in the second, 0..1. 0.1.
  double low_thresh = 0.1;
  // Least score of a detection that starts a track, 0..1. 0.7 (the program: track_thresh + 0.1).
  double new_track_thresh = 0.7;
  // Largest cost 1 - IoU (x score, with fuse_score) of the first association, 0..1. 0.8.
  double match_thresh = 0.8;
  // Largest cost 1 - IoU of the second association, 0..1. 0.5.
  double second_match_thresh = 0.5;
  // Largest cost for tracks seen only once, 0..1. 0.7.
  double unconfirmed_match_thresh = 0.7;
  // Frames a lost track is kept, >= 0. 30 (at 30 frames/s; the program scales it with the rate).
  int track_buffer = 30;
  // Whether IoU is multiplied by the detection's score; the program does so except for MOT20.
  bool fuse_score = true;
  // Of two tracks that overlap by more IoU than this, the younger ends, 0..1. 0.85.
  double duplicate_iou = 0.85;
  // compat: reference (default) equals the authors' program box for box: its IoU counts a pixel
  // more on each side ("+1"), and lost tracks can be found for one frame after their removal.
  // compat: none leaves out both.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeByteTrack(const ByteTrackOptions& options);

}  // namespace reidbench
