// Renders what `reidbench compare` found: tables, JSON (schema "reidbench.compare/1") and tidy CSV.
#pragma once

#include <string>

#include "reidbench/jobs/compare/compare.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// All metrics of COMBINED with intervals and ceilings; with several sequences a table of them;
// switches by cause; ablation rows; and the headline as the last line (a comment in LaTeX).
std::string RenderCompareTables(const CompareStageResult& result, TableFormat format);
// One row per sequence, run and metric: fractions, empty where undefined. Runs are plain,
// corrected, ceiling_link, ceiling_split_link, those of the ablation and interpolated; switches by
// cause are metrics of plain and corrected ("switches_occluded"), and of corrected
// "switches_fixed", "switches_remaining" and "switches_introduced".
std::string RenderCompareCsv(const CompareStageResult& result);
// Fractions under TrackEval's names, null where undefined. For COMBINED and each of "sequences":
// plain, corrected, delta, ci95, p, ceiling_link, ceiling_split_link, share_link,
// share_split_link, switches; of a sequence also the list of its switches, and with timelines who
// had which id when.
std::string RenderCompareJson(const CompareStageResult& result);

// One row per switch of each run, with its status: fixed or remaining in the plain one, remaining
// or introduced in the corrected one.
std::string RenderComparedSwitches(const CompareStageResult& result);

}  // namespace reidbench
