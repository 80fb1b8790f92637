// BoT-SORT: ByteTrack with a filter of width and height, camera motion, and appearance beside IoU
// (Aharon et al., "BoT-SORT: Robust associations multi-pedestrian tracking", arXiv 2206.14651).
// Defaults are those of the authors' program for MOT17. Embeddings and camera motion are optional.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reidbench/tracking/size_limits.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct BotSortOptions {
  double track_high_thresh = 0.6;
  double track_low_thresh = 0.1;
  double new_track_thresh = 0.7;
  double match_thresh = 0.8;  // of 1 - IoU times the score, or half the cosine distance
  double second_match_thresh = 0.5;
  double unconfirmed_match_thresh = 0.7;
  int track_buffer = 30;  // at 30 frames/s
  bool fuse_score = true;
  double duplicate_iou = 0.85;
  double proximity_thresh = 0.5;    // theta_iou of the paper
  double appearance_thresh = 0.25;  // theta_emb of the paper
  double ema_keep = 0.9;            // alpha of the paper
  SizeLimits report;
  // Equal to the authors' program box for box: its IoU counts a pixel more on each side ("+1"),
  // lost tracks can be found for one frame after their removal, and tracks seen only once are
  // reported. False leaves out all three.
  bool compat_reference = true;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeBotSort(const BotSortOptions& options);

}  // namespace reidbench
