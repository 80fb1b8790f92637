// `reidbench score --site`: ground truth and results of several cameras -> their scores by the
// rules of every dialect.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/results/site_score.h"

namespace reidbench {

struct SiteScoreOptions {
  std::filesystem::path site;    // sites/site.h says which layouts; or a folder of such folders
  std::filesystem::path tracks;  // CAMERA/pred.txt or CAMERA.txt; of several sites in SITE/
  std::vector<std::string> dialects;  // names of mtmc_metrics/dialects.h; empty = all
  MotBootstrapOptions bootstrap;      // over people; .resamples = 0: no intervals
  bool explain = false;               // apply every rule alone, too
};

// Throws Error(kInput) for malformed files and cameras that do not fit, and when none of the
// dialects can score; Error(kUsage) for unknown dialects. With `check_only` everything is read and
// nothing scored.
SiteScoreResult RunSiteScore(const SiteScoreOptions& options, bool check_only = false);

}  // namespace reidbench
