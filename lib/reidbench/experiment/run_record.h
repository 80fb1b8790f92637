// run.json: what an experiment was, on what it ran, and what came out. It is written whole after
// every stage, and every report is made from it alone. Schema "reidbench.run/1".
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/experiment/plan.h"
#include "reidbench/experiment/spec.h"

namespace reidbench {

using RunJson = nlohmann::ordered_json;

// Program, machine and settings.
RunJson MakeProvenance(const ExperimentSpec& spec, int threads);

// Every value of the resolved experiment: {"key": "trackers.0.name", "value": "sort", "origin":
// "experiments/x.yaml:5:11"}; the origin is a file's line, "--set ...", or "default".
RunJson OptionsWithOrigin(const ConfigNode& root);

// What run.json keeps of a command's JSON: all but the curves per sequence, which would make the
// record of a large sweep unwieldy. `score` loses its list of trackers, which here is always one.
RunJson Condense(const std::string& command, RunJson result);

// Never throws for bytes that are no UTF-8: they become U+FFFD.
std::string DumpRunJson(const RunJson& json);

}  // namespace reidbench
