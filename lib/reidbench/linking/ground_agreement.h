// Whether two cameras that show the same ground agree about where and when people are: without
// knowing who is who. People of one camera who have somebody near them in the other for as long as
// both see them are one person, if that happens far more often than with the clocks moved apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/linking/tracklets.h"

namespace reidbench {

struct GroundAgreement {
  int32_t first = 0, second = 0;  // cameras
  bool shared = false;            // both place people on the same ground at the same time
  bool usable = false;            // and agree about them
  // Of the second camera's clock against what is told: to be added to its times.
  double clock_shift_s = 0;
  double clock_certainty = 0;  // agreement at that shift, against the usual one of other shifts
  double agreement = 0;        // mutual neighbours, weighted by how near they are
  double agreement_told = 0;   // the same with the clocks as told
  double by_chance = 0;        // the same at other shifts
  // Of places of one person, of each coordinate, as a factor of what their trails say.
  double spread = 1;
  double median_m = 0;  // between places of one person
  // The second camera's places are these many times as far apart as the first one's; 1 = as told.
  double scale = 1;
  double scale_error = 0;  // standard error
  int64_t pairs = 0;       // places compared for it
};

// For every pair of `cameras` cameras; `tracklets` of all of them. With `most_shift_s` 0 clocks are
// taken as told. Runs in parallel; does not depend on the number of threads.
std::vector<GroundAgreement> CompareGround(std::span<const SiteTracklet> tracklets, int32_t cameras,
                                           double most_shift_s);

// What has to be added to each camera's times so that those who agree agree best; 0 for the first
// of each set of cameras that are connected.
std::vector<double> ClockCorrections(std::span<const GroundAgreement> pairs, int32_t cameras);

}  // namespace reidbench
