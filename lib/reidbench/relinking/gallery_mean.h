// The plain correction of the article that this toolkit began with, as a baseline: crops of every
// identity are kept, a new track is compared with the mean embedding of each, and takes the nearest
// identity that is near enough and nowhere in the picture at the same time.
#pragma once

#include <string>
#include <vector>

#include "reidbench/relinking/relink.h"

namespace reidbench {

struct GalleryMeanOptions {
  // Cosine distance of the mean embeddings below which a track is a known person, 0..2. The best
  // fixed value measured on one street; no value suits every video.
  double threshold = 0.20;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Tracks in the order in which they begin. Refused decisions are those of nearest identities that
// are out of the threshold by less than half of it, or are in the same frame. Throws Error(kUsage)
// for wrong options, Error(kInput) for an id twice in a frame.
RelinkResult RelinkByGalleryMean(const RelinkInput& input, const GalleryMeanOptions& options);

}  // namespace reidbench
