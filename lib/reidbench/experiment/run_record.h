// What the record of a run (results/run.h) says about how it was made.
#pragma once

#include "reidbench/experiment/spec.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

// Program, machine and settings.
Json MakeProvenance(const ExperimentSpec& spec, int threads);

// Every value of the resolved experiment: {"key": "trackers.0.name", "value": "sort", "origin":
// "experiments/x.yaml:5:11"}; the origin is a file's line, "--set ...", or "default".
Json OptionsWithOrigin(const ConfigNode& root);

}  // namespace reidbench
