// The doctor of sites: what clocks, calibrations and units are, as people on common ground show,
// against what is told.
#pragma once

#include <filesystem>

#include "reidbench/results/check.h"

namespace reidbench {

struct SiteCheckOptions {
  std::filesystem::path site;    // sites/site.h says which layouts; empty: none
  std::filesystem::path tracks;  // results; empty: the ground truth alone
  double clock_search_s = 10;    // how far clocks are looked for from what is told
};

// Looks at the ground truth where there is any, else at the results. Throws what LoadSite,
// ReadSiteTruth and ReadSiteTracks throw, and Error(kUsage) where a site has neither.
SiteCheckResult CheckSite(const SiteCheckOptions& options);

}  // namespace reidbench
