// One person, one identity, across all cameras of a site: a partition of the cameras' tracklets
// into people. Greedy contraction as in relinking/partition.h, on groups re-scored as wholes, then
// single tracklets move and links that do not hold are undone. Ristani and Tomasi, "Features for
// Multi-Target Multi-Camera Tracking and Re-Identification" (CVPR 2018), is the closest published
// method; README.md of this folder says what differs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/config/option_table.h"
#include "reidbench/linking/site_evidence.h"

namespace reidbench {

struct LinkOptions {
  bool appearance = true;
  bool ground = true;
  bool transitions = true;
  // Log-likelihood ratio, one person against two, from which two groups become one.
  double margin = 2.5;
  // By which a link must be better than the best that excludes it.
  double lead = 1.5;
  // Clocks are looked for so far from what is told, s; 0 = as told.
  double clock_search_s = 5;
  // People are looked for so long after they were last seen, s; 0 = for ever.
  double horizon_s = 0;

  OptionTable Table();
  std::vector<std::string> Validate() const { return OptionViolations(*this); }
};

// Two tracklets that follow each other in a person, or nearly did.
struct LinkDecision {
  bool accepted = false;
  int32_t before = 0, after = 0;  // tracklets
  double gap_s = 0;               // below 0: seen at the same time
  // Of the person up to `before` against the person from `after` on, in favour of one.
  double log_likelihood_ratio = 0;
  std::optional<double> distance;                  // cosine, of the galleries
  double appearance = 0, ground = 0, passage = 0;  // its parts
  std::optional<double> runner_up;                 // of the best other person for `after`
  int32_t runner_up_tracklet = -1;
  std::string reason;  // of what is refused
};

struct SiteLinkInput {
  std::vector<std::string> cameras;
  std::vector<SiteTracklet> tracklets;  // `before` counts in them
  RowMatrix sums;
  std::string appearance_unusable;             // what the cameras alone say; empty = usable
  std::optional<TransitionTimes> transitions;  // known from elsewhere
};

struct SiteLinkResult {
  std::vector<int32_t> person;  // of each tracklet, 0..n-1 by first sighting
  std::vector<LinkDecision> decisions;
  SiteAppearance appearance;  // without its vectors
  SiteGround ground;
  TransitionTimes transitions{0, {}};
  std::vector<std::string> notes;  // for the reader: what does not fit, and what was done
};

// The result does not depend on the number of threads. Times of the tracklets are those told.
SiteLinkResult LinkSite(const SiteLinkInput& told, const LinkOptions& options);

}  // namespace reidbench
