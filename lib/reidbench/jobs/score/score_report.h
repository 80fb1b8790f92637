// Renders what `reidbench score` found: tables like TrackEval's, JSON (schema "reidbench.score/1"),
// CSV, and the two files that TrackEval's users' scripts read.
#pragma once

#include <filesystem>
#include <string>

#include "reidbench/jobs/score/score.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// A ranked table when there are several trackers, then each tracker's sequences by family (percent,
// 5 digits).
std::string RenderScoreTables(const ScoreStageResult& result, TableFormat format);
// One row per tracker, class, sequence and metric: fractions, empty where undefined; alpha fields
// as their mean.
std::string RenderScoreCsv(const ScoreStageResult& result);
// Fractions, TrackEval's field names, null where undefined; the 19 values of an alpha field as
// "<name>_alpha".
std::string RenderScoreJson(const ScoreStageResult& result);

// TrackEval's pedestrian_summary.txt and pedestrian_detailed.csv (metrics HOTA, CLEAR, Identity,
// Count).
std::string RenderTrackEvalSummary(const ClassScore& score);
std::string RenderTrackEvalDetailed(const ClassScore& score,
                                    const std::vector<std::string>& sequences);

// The paths WriteTrackEvalFiles would write: DIR/<class>_{summary.txt,detailed.csv}, in
// DIR/<tracker>/ with several trackers.
std::vector<std::filesystem::path> TrackEvalPaths(const ScoreStageResult& result,
                                                  const std::filesystem::path& folder);
// Creates the folders. Throws Error(kUsage) when a file exists and `force` is false, Error(kIo).
void WriteTrackEvalFiles(const ScoreStageResult& result, const std::filesystem::path& folder,
                         bool force);

}  // namespace reidbench
