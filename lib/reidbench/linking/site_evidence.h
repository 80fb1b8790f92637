// What a site says about two tracklets: log-likelihood ratios, one person against two, from how
// people look, from where they are on the ground, and from how long they take between cameras. All
// of it calibrates itself on the site, without ground truth.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/linking/ground_agreement.h"
#include "reidbench/linking/tracklets.h"

namespace reidbench {

// Two tracklets that are seen at the same time.
struct Together {
  int32_t other = 0;
  bool apart = false;   // one camera's frame has both, or the ground between them is too wide
  double ground = 0;    // log-likelihood ratio of their places
  double shared_s = 0;  // time for which both are placed
};

struct SiteAppearance {
  bool usable = false;
  std::string note;   // why not
  RowMatrix vectors;  // [tracklets x d]: without what a camera's crops have in common, of length
                      // one; zero without embeddings
  double slope = 0;   // per unit of cosine distance
  double midpoint = 0;
  double separation = 0;  // AUC of the two fitted distributions
  double same_mean = 0, other_mean = 0;
  int64_t pairs = 0;  // compared
  int64_t known = 0;  // of them of one person, by the ground

  // `clean_s`: of the side with fewer clean crops.
  double LogRatio(double distance, double clean_s) const;
};

// Next sightings: from which camera to which, how long after. Densities a second; what was not seen
// has that of anybody anywhere.
class TransitionTimes {
 public:
  // `arrivals_hz`: tracklets that begin in each camera, a second.
  TransitionTimes(int32_t cameras, std::vector<double> arrivals_hz);

  static std::span<const double> Edges_s();  // of the bins, ascending, from 0; the last is endless
  void Count(int32_t from, int32_t to, double gap_s);
  // Log odds of a tracklet that begins so long after one that ended: its next sighting, against
  // anybody's arrival.
  double LogOdds(int32_t from, int32_t to, double gap_s) const;

  int32_t cameras() const { return cameras_; }
  int64_t Seen(int32_t from, int32_t to) const;  // transitions counted
  const std::vector<double>& counts(int32_t from, int32_t to) const;
  void SetCounts(int32_t from, int32_t to, std::vector<double> counts);
  // Seconds; -1 without any.
  double Median_s(int32_t from, int32_t to) const;

 private:
  size_t Index(int32_t from, int32_t to) const {
    return static_cast<size_t>(from) * static_cast<size_t>(cameras_) + static_cast<size_t>(to);
  }
  int32_t cameras_;
  std::vector<double> arrivals_hz_;
  std::vector<std::vector<double>> counts_;
  std::vector<double> leaving_;  // of each camera
};

struct SiteGround {
  std::vector<GroundAgreement> pairs;
  std::vector<bool> trusted;       // cameras whose places others confirm, or nobody can
  double area_m2 = 100;            // where people are
  std::vector<std::string> notes;  // clocks and calibrations that are not as told

  const GroundAgreement& Pair(int32_t a, int32_t b) const;  // a != b
};

// Moves the tracklets by the clock corrections that it finds.
SiteGround CalibrateGround(std::span<SiteTracklet> tracklets, std::span<const std::string> cameras,
                           double most_shift_s);

// By tracklet, ascending `other`. Runs in parallel.
std::vector<std::vector<Together>> FindTogether(std::span<const SiteTracklet> tracklets,
                                                const SiteGround& ground);

// `sums` [tracklets x d]. `known_unusable`: what cameras alone say when embeddings tell nobody
// apart; empty otherwise.
SiteAppearance CalibrateSiteAppearance(std::span<const SiteTracklet> tracklets,
                                       const RowMatrix& sums,
                                       const std::vector<std::vector<Together>>& together,
                                       int32_t cameras, const std::string& known_unusable);

// Where a person who was last seen walking there is expected: log-likelihood ratio, 0 where nothing
// is known; false where nobody walks so fast.
bool GroundPassage(const SiteTracklet& earlier, const SiteTracklet& later, const SiteGround& ground,
                   double* log_ratio);

}  // namespace reidbench
