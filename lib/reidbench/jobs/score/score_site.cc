#include "reidbench/jobs/score/score_site.h"

#include <fmt/format.h>

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/mtmc_metrics/site_faults.h"
#include "reidbench/sites/site.h"

namespace reidbench {
namespace {

// Dialects of which nobody asks for more than one by naming none.
bool IsOnRequestOnly(const std::string& name, const SiteTracks& site) {
  if (name == "mcta_reversed") return true;
  if (name != "duke_unfiltered") return false;
  return !site.interval &&
         std::all_of(site.cameras.begin(), site.cameras.end(),
                     [](const CameraTracks& camera) { return camera.polygon.empty(); });
}

}  // namespace

SiteScoreResult RunSiteScore(const SiteScoreOptions& options, bool check_only) {
  if (const auto violations = options.bootstrap.Validate(); !violations.empty())
    ThrowUsage("--bootstrap: {}", fmt::join(violations, "; "));
  const bool named = !options.dialects.empty();
  std::vector<std::string> names = ResolveDialects(options.dialects);
  SiteReading reading = ReadSiteTracks(LoadSite(options.site), options.tracks);
  SiteScoreResult result;
  result.site.name = reading.tracks.name;
  for (const CameraTracks& camera : reading.tracks.cameras) {
    if (camera.has_truth) result.site.cameras.push_back(camera.name);
  }
  result.warnings = std::move(reading.warnings);
  for (const SiteFault& fault : FindSiteFaults(reading.tracks))
    result.warnings.push_back(fault.text);
  if (check_only) return result;
  if (!named) {
    const std::string all[] = {"all"};
    names = ResolveDialects(all);
    std::erase_if(names,
                  [&](const std::string& name) { return IsOnRequestOnly(name, reading.tracks); });
  }
  const SiteSequences sequences = PrepareSite(reading.tracks);
  result.site.dialects = ScoreDialects(reading.tracks, sequences, names);
  // Who names dialects wants their numbers.
  if (!named || options.explain || options.bootstrap.resamples > 0)
    result.site.identity = AnalyseIdentity(sequences, options.bootstrap);
  if (options.explain) result.site.explanation = ExplainSite(reading.tracks);
  bool any = false;
  for (const DialectScore& dialect : result.site.dialects) {
    any = any || dialect.status == DialectStatus::kOk;
    if (dialect.status == DialectStatus::kError)
      result.warnings.push_back(fmt::format("{}: {}", dialect.name, dialect.reason));
    for (const std::string& note : dialect.notes)
      result.warnings.push_back(fmt::format("{}: {}", dialect.name, note));
  }
  if (!any) {
    const DialectScore& first = result.site.dialects.front();
    ThrowInput("{}: {}{}", first.name, first.reason,
               result.site.dialects.size() > 1 ? " (and no other dialect can score this)" : "");
  }
  return result;
}

}  // namespace reidbench
