// Boxes and embeddings of people who walk through a Full HD picture and are nearly always detected:
// what trackers and correction are timed on. The same seed gives the same scene.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/tracks.h"

namespace reidbench {

struct WalkerOptions {
  int people = 20;     // in the picture at a time, >= 1
  int frames = 400;    // >= 1
  int dim = 0;         // of an embedding; 0: none are made
  double seen = 0.95;  // probability of being detected in a frame
  uint64_t seed = 7;
};

struct WalkerScene {
  std::vector<std::vector<TrackBox>> frames;  // detections of each; the id says who it is, from 0
  std::vector<FeatureMatrix> embeddings;      // of each frame [detections x dim]
};

WalkerScene MakeWalkers(const WalkerOptions& options);

}  // namespace reidbench
