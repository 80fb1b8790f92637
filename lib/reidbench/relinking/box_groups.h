// What the plain correctors share: sets of boxes that are one person as far as decided, with the
// mean of their embeddings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

// A stretch of an input track.
struct TrackStretch {
  TrackId track{-1};
  int64_t first_frame = 0;
  int64_t last_frame = 0;
};

struct BoxGroup {
  std::vector<int64_t> frames;          // ascending, each once
  std::vector<TrackStretch> stretches;  // by first frame
  Eigen::VectorXf sum;                  // of the normalised embeddings
  int64_t embeddings = 0;               // summands

  // Mean embedding, [d]; of length one when `unit`, zero without embeddings.
  Eigen::VectorXf Mean(bool unit) const;
};

// `boxes`: indices of boxes of one track, ascending by frame.
BoxGroup MakeBoxGroup(const RelinkInput& input, TrackId track, std::span<const int32_t> boxes);

// The first frame in which both have a box.
std::optional<int64_t> CommonFrame(const BoxGroup& a, const BoxGroup& b);

void MergeInto(BoxGroup* group, const BoxGroup& other);

// "`later` continues `earlier`": from the stretch of `earlier` that ends last before `later`
// begins. Accepted; what decided is for the caller to fill in. `frame_rate` 0 = 25.
RelinkDecision LinkGroups(const BoxGroup& earlier, const BoxGroup& later, double frame_rate);

}  // namespace reidbench
