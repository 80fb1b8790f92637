#include "reidbench/jobs/score/score_site.h"

#include <fmt/format.h>

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
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

// What one site gives.
struct SiteOutcome {
  SiteScore score;
  std::vector<std::string> warnings;
};

void RequireAnyScore(const std::vector<DialectScore>& dialects) {
  for (const DialectScore& dialect : dialects) {
    if (dialect.status == DialectStatus::kOk) return;
  }
  ThrowInput("{}: {}{}", dialects.front().name, dialects.front().reason,
             dialects.size() > 1 ? " (and no other dialect can score this)" : "");
}

SiteOutcome ScoreOneSite(const SiteScoreOptions& options, const std::vector<std::string>& named,
                         const std::filesystem::path& site, const std::filesystem::path& tracks,
                         bool check_only) {
  SiteReading reading = ReadSiteTracks(LoadSite(site), tracks);
  SiteOutcome out;
  out.score.name = reading.tracks.name;
  for (const CameraTracks& camera : reading.tracks.cameras) {
    if (camera.has_truth) out.score.cameras.push_back(camera.name);
  }
  out.warnings = std::move(reading.warnings);
  std::vector<SiteFault> faults;
  SiteSequences sequences;
  ParallelFor(2, [&](int64_t part) {
    if (part == 0) faults = FindSiteFaults(reading.tracks);
    if (part == 1 && !check_only) sequences = PrepareSite(reading.tracks);
  });
  for (const SiteFault& fault : faults) out.warnings.push_back(fault.text);
  if (check_only) return out;
  std::vector<std::string> names = named;
  if (names.empty()) {
    const std::string all[] = {"all"};
    names = ResolveDialects(all);
    std::erase_if(names,
                  [&](const std::string& name) { return IsOnRequestOnly(name, reading.tracks); });
  }
  // Who names dialects wants their numbers alone.
  const bool identity = named.empty() || options.explain || options.bootstrap.resamples > 0;
  ParallelFor(2, [&](int64_t part) {
    if (part == 0) out.score.dialects = ScoreDialects(reading.tracks, sequences, names);
    if (part == 1 && identity) out.score.identity = AnalyseIdentity(sequences, options.bootstrap);
  });
  RequireAnyScore(out.score.dialects);
  if (options.explain) out.score.explanation = ExplainSite(reading.tracks);
  for (const DialectScore& dialect : out.score.dialects) {
    if (dialect.status == DialectStatus::kError)
      out.warnings.push_back(fmt::format("{}: {}", dialect.name, dialect.reason));
    for (const std::string& note : dialect.notes)
      out.warnings.push_back(fmt::format("{}: {}", dialect.name, note));
  }
  return out;
}

}  // namespace

SiteScoreResult RunSiteScore(const SiteScoreOptions& options, bool check_only) {
  if (const auto violations = options.bootstrap.Validate(); !violations.empty())
    ThrowUsage("--bootstrap: {}", fmt::join(violations, "; "));
  const std::vector<std::string> named = ResolveDialects(options.dialects);
  const std::vector<std::string> sites = FindSites(options.site);
  SiteScoreResult result;
  result.several = !sites.empty();
  if (sites.empty()) {
    SiteOutcome only = ScoreOneSite(options, named, options.site, options.tracks, check_only);
    result.sites.push_back(std::move(only.score));
    result.warnings = std::move(only.warnings);
    return result;
  }
  for (const std::string& name : sites) {
    SiteOutcome outcome =
        ScoreOneSite(options, named, options.site / name, options.tracks / name, check_only);
    result.sites.push_back(std::move(outcome.score));
    for (const std::string& warning : outcome.warnings)
      result.warnings.push_back(fmt::format("site {}: {}", name, warning));
  }
  return result;
}

}  // namespace reidbench
