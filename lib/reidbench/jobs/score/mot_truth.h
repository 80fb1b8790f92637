// The ground truth of sequences that something else (detections, tracks) names.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/mot_metrics/benchmark.h"

namespace reidbench {

// Entry by entry of `names`: by name, or the only one for a single name. `what` are the boxes that
// need it ("detections"). Throws Error(kIo) for sequences without ground truth.
std::vector<MotSequenceFiles> MatchGroundTruth(const MotGroundTruthOptions& options,
                                               std::span<const std::string> names,
                                               const std::string& what);

// All frames, not only the scored ones. Throws Error(kInput) with file:line for malformed rows, and
// when the video is too short for the part that is scored.
TrackSet ReadGroundTruth(const MotSequenceFiles& files, const MotBenchmark& benchmark);

}  // namespace reidbench
