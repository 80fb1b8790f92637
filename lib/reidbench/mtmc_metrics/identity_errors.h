// Where identities of a site go wrong: inside the cameras or between them. The score of a site
// mixes both, and what helps differs: a better tracker for one, a better association for the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/bootstrap.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {

// Boxes of one side that IDF1 counts as wrong (IDFN of the ground truth, IDFP of the results); the
// parts add up to it.
struct IdentityErrors {
  int64_t undetected = 0;  // no box of the other side on it (IoU >= 0.5): nobody there, or missed
  int64_t inside = 0;      // wrong in its own camera already
  // Right in its own camera, under the best match of that camera alone, and wrong in the site.
  int64_t between = 0;

  int64_t total() const { return undetected + inside + between; }
};

struct CameraErrors {
  std::string camera;
  int64_t truth_boxes = 0, result_boxes = 0;
  IdentityErrors truth, results;
};

// AssA of HOTA with the boxes that a match is compared with restricted to its own camera, or to the
// others. Means over the alphas; between is over matches of people or results that another camera
// has at all, nullopt without one.
struct AssociationSplit {
  double whole = 0, inside = 0;
  std::optional<double> between;
};

// Two cameras alone, as if they were the site.
struct CameraPair {
  std::string first, second;
  int64_t people = 0;  // that both see
  double idf1 = 0;
  double idf1_apart = 0;  // each camera matched for itself: the ceiling of associating them
};

struct SiteIdentity {
  std::vector<CameraErrors> cameras;
  AssociationSplit association;
  std::vector<CameraPair> pairs;
  std::vector<MotInterval> intervals;  // over people, of the concatenated cameras

  CameraErrors Sum() const;
};

// Nullopt where the results suit no sequence. Without resampling there are no intervals.
std::optional<SiteIdentity> AnalyseIdentity(const SiteSequences& site,
                                            const MotBootstrapOptions& bootstrap);

}  // namespace reidbench
