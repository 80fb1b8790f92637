// What the ground truth of a site says about the links of its tracklets. The person of a box is the
// one that it is matched to in its camera's frame (IoU >= 0.5, largest sum of IoU), that of a
// tracklet the one of most of its boxes, and nobody when most of its boxes match nobody.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/linking/tracklets.h"
#include "reidbench/results/link.h"
#include "reidbench/sites/site_tracks.h"

namespace reidbench {

// A camera's results with their identities before and after, by box.
struct JudgedCamera {
  std::vector<int64_t> tracks;  // as they came
  std::vector<int64_t> people;  // as linked
};

// Fills `truth` and the verdicts of the decisions. `site` has the boxes of `cameras` as results, in
// their order; `tracklets` name their cameras by index into both.
LinkTruthScores JudgeLinks(SiteTracks site, std::span<const JudgedCamera> cameras,
                           std::span<const SiteTracklet> tracklets,
                           std::vector<NamedLink>* decisions);

}  // namespace reidbench
