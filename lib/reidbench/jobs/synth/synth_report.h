// Renders what `reidbench synth` made: tables, JSON (schema "reidbench.synth/1") and CSV.
#pragma once

#include <string>

#include "reidbench/jobs/synth/synth.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

std::string RenderSynthTables(const SynthStageResult& result, TableFormat format);
// A row per camera.
std::string RenderSynthCsv(const SynthStageResult& result);
std::string RenderSynthJson(const SynthStageResult& result);

}  // namespace reidbench
