// Renders what `reidbench relink` did: a summary as tables, CSV and JSON (schema
// "reidbench.relink/1"), and the log of decisions as CSV and JSON (schema
// "reidbench.relink.decisions/1").
#pragma once

#include <string>

#include "reidbench/jobs/relink/relink.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// A row per sequence and their total; below it, in text, what the calibrations noted.
std::string RenderRelinkTables(const RelinkStageResult& result, TableFormat format);
std::string RenderRelinkCsv(const RelinkStageResult& result);
std::string RenderRelinkJson(const RelinkStageResult& result);

// A row per decision, taken or refused, of all sequences. Columns of what is not known are empty.
std::string RenderDecisionsCsv(const RelinkStageResult& result);
std::string RenderDecisionsJson(const RelinkStageResult& result);
// A row per filled gap.
std::string RenderInterpolationCsv(const RelinkStageResult& result);

}  // namespace reidbench
