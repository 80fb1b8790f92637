// What `reidbench score --site` found: the tracks of one site by the rules of every dialect. As
// tables, JSON (kScoreSchema, under "site", or
// "sites" and "over_sites") and CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reidbench/mtmc_metrics/dialects.h"
#include "reidbench/mtmc_metrics/explain.h"
#include "reidbench/mtmc_metrics/identity_errors.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

struct SiteScore {
  std::string name;
  std::vector<std::string> cameras;  // of the ground truth, by name
  std::vector<DialectScore> dialects;
  std::optional<SiteIdentity> identity;
  std::optional<Explanation> explanation;  // where it was asked for
};

struct SiteScoreResult {
  std::vector<SiteScore> sites;
  bool several = false;  // a folder of sites was given, if with one in it
  std::vector<std::string> warnings;
};

// {"status": "ok", ...} with the names that the dialect's own program has. Fractions, except that
// what stands beside MODA is percent; null where undefined.
Json DialectJson(const DialectScore& score);

std::string RenderSiteScoreTables(const SiteScoreResult& result, TableFormat format);
// One row a site, dialect and number; a field below others has their names in front, with dots.
std::string RenderSiteScoreCsv(const SiteScoreResult& result);
std::string RenderSiteScoreJson(const SiteScoreResult& result);

}  // namespace reidbench
