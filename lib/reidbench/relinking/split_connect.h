// Splitting and connecting tracklets by appearance alone, as a baseline, after the description in
// Sun et al., "GTA: Global Tracklet Association for Multi-Object Tracking in Sports", 2024: long
// tracks are clustered by DBSCAN without regard to time, then tracklets are joined greedily by the
// mean cosine distance of all their crops.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reidbench/relinking/relink.h"

namespace reidbench {

struct SplitConnectOptions {
  bool split = true;
  bool connect = true;
  double eps = 0.6;      // DBSCAN radius, cosine distance of standardised embeddings, 0..2
  int min_samples = 10;  // DBSCAN: boxes within eps that make a core box, itself included, >= 1
  int min_length = 100;  // boxes from which a track is split, >= 1
  int max_clusters = 3;  // the nearest are merged down to so many, >= 1
  double connect_below = 0.4;  // mean cosine distance below which tracklets are joined, 0..2

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// A split track is logged as a cut wherever the cluster changes and links between the stretches of
// one cluster. Boxes without embedding go with the box before them. Throws Error(kUsage) for wrong
// options, Error(kInput) for an id twice in a frame.
RelinkResult RelinkBySplitConnect(const RelinkInput& input, const SplitConnectOptions& options);

}  // namespace reidbench
