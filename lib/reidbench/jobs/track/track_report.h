// Renders what `reidbench track` did: tables, JSON (schema "reidbench.track/1") and CSV.
#pragma once

#include <string>

#include "reidbench/jobs/track/track.h"
#include "reidbench/reporting/figure.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// One run: a row per sequence and their total. A sweep: a row per combination, best first, and
// beside the best the result of choosing without the sequence that is scored.
std::string RenderTrackTables(const TrackStageResult& result, TableFormat format);
// A row per combination and sequence.
std::string RenderTrackCsv(const TrackStageResult& result);
// Fractions under TrackEval's names; null where undefined or not scored.
std::string RenderTrackJson(const TrackStageResult& result);
// Of a scored sweep: frames per second of the tracker alone against TrackStageResult::select, and
// the combinations that no other one beats in both.
Figure ParetoFigure(const TrackStageResult& result);

}  // namespace reidbench
