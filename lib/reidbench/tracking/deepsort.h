// DeepSORT: SORT with appearance. Detections are matched with what a track looked like, within
// reach of its motion, younger tracks first; then by IoU (Wojke et al., "Simple online and realtime
// tracking with a deep association metric", ICIP 2017). Embeddings come with the detections.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct DeepSortOptions {
  // Largest cosine distance (1 - cosine, 0..2) to the nearest embedding of the track. 0.2 in the
  // authors' program; depends on the network.
  double max_cosine_distance = 0.2;
  // Embeddings a track remembers, 1..10000. 100 in the paper (L_k).
  int nn_budget = 100;
  // Largest cost 1 - IoU in the matching without appearance, 0..1. 0.7 in the program.
  double max_iou_distance = 0.7;
  // Frames a confirmed track survives without a detection, >= 1. 30 in the paper (A_max).
  int max_age = 30;
  // Detections in a row before a track is confirmed and reported, >= 1. 3 in the paper.
  int n_init = 3;
  // Frames after its last detection in which a track's predicted box is still reported, >= 0. 1 in
  // the program.
  int report_misses = 1;
  // Detections below this score are not looked at; 0.3 in the paper's experiments on MOT16.
  std::optional<double> min_score;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Throws Error(kConfig) when the options do not validate.
std::unique_ptr<Tracker> MakeDeepSort(const DeepSortOptions& options);

}  // namespace reidbench
