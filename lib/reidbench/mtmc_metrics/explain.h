// Which rule moves the number, and how much: every rule in which dialects differ, applied alone to
// the plain score (cameras one after the other, all boxes, IoU 0.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct SiteRuleEffect {
  std::string rule;      // one line
  std::string dialects;  // that have it
  int64_t removed = 0;   // results that it takes away
  std::optional<double> idf1, mota;
};

struct Explanation {
  double idf1 = 0, mota = 0;            // plain
  std::vector<SiteRuleEffect> effects;  // of rules that the site gives something to do
};

Explanation ExplainSite(const SiteTracks& site);

}  // namespace reidbench
