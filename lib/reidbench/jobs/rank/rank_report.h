// Renders what `reidbench rank` found: as tables for people, as JSON (schema "reidbench.rank/1")
// and as tidy CSV.
#pragma once

#include <string>

#include "reidbench/jobs/rank/rank.h"
#include "reidbench/reporting/figure.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// Text, Markdown or LaTeX tables: the main one and those that were asked for.
std::string RenderRankTables(const RankStageResult& result, TableFormat format,
                             bool with_camera_pairs);
// One row a metric: metric,value,ci95_low,ci95_high; fractions, empty where undefined.
std::string RenderRankCsv(const RankStageResult& result);
// Fractions in [0, 1], null where undefined; keys in a fixed order.
std::string RenderRankJson(const RankStageResult& result);
// Every query: its AP, first match and nearest gallery images. CSV, or JSON when `json`.
std::string RenderPerQuery(const RankStageResult& result, bool json);
// CMC in percent up to rank 20, or to the longest that was computed.
Figure CmcFigure(const RankStageResult& result);

}  // namespace reidbench
