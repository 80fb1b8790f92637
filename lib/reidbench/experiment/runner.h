// Runs an experiment: checks all of it first, then every stage as a child process, several at once
// where they do not depend on each other, and reuses what an earlier run finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "reidbench/experiment/plan.h"
#include "reidbench/experiment/spec.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

struct RunnerOptions {
  std::filesystem::path output = "reports/out";  // runs go to OUTPUT/EXPERIMENT/UTC-HASH
  std::filesystem::path cache;                   // finished stages; empty: OUTPUT/.cache
  std::filesystem::path programs;                // folder of reidbench-COMMAND
  int threads = 0;                               // 0 = all processors
  bool reuse = true;
  bool keep_going = false;  // a failed stage stops only those that need it
  bool dry_run = false;     // check and show the plan
  // Called with a line for the user now and then; may be empty.
  std::function<void(const std::string&)> log;
};

struct RunOutcome {
  Json record;                   // kRunSchema (results/run.h), or of a dry run kRunPlanSchema
  std::filesystem::path folder;  // with run.json and report.md; empty for a dry run
  int exit_code = 0;             // 1: a gate of a stage failed; else that of the first failed stage
};

// Throws Error(kConfig, kUsage, kInput, kIo) before anything is computed for what a check finds;
// Interrupted when InterruptRequested() (finished stages stay finished). A failed stage throws
// nothing: its message stands in the record, which says "failed" or, with keep_going, "partial".
RunOutcome RunExperiment(const ExperimentSpec& spec, const RunnerOptions& options);

}  // namespace reidbench
