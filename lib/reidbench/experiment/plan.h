// From an experiment to its stages: synth -> extract -> rank, and for every detector x tracker x
// options: track -> score -> extract of the tracked boxes -> relink -> score -> compare.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/datasets/mot_layout.h"
#include "reidbench/experiment/spec.h"
#include "reidbench/experiment/stage.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

struct ExperimentPlan {
  std::vector<ExperimentStage> stages;  // each after those it depends on
  // What only looks at the user's files, before anything is computed: the ground truth.
  std::vector<ExperimentStage> checks;
  std::vector<std::string> sequences;  // names; of a world that is not made yet: one stand-in
  bool sequences_known = true;
};

// `world` is the folder of the finished world's artifact; nullopt while it is not made: then the
// plan holds a stand-in for its sequences, good for showing what would be done. Throws Error(kIo,
// kInput) for sequences, ground truth, detections or weights that are missing.
ExperimentPlan MakePlan(const ExperimentSpec& spec,
                        const std::optional<std::filesystem::path>& world);

// The skeleton that the stages' slots point into: names and options of every configuration, null
// where a stage's result will stand.
Json MakeResults(const ExperimentSpec& spec);

}  // namespace reidbench
