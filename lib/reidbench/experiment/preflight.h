// What can be known to be wrong before anything is computed: missing programs, options that a
// command does not know, trackers' options, weights and data sets that cannot be read. The commands
// themselves are asked, so that there is one set of rules.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "reidbench/experiment/plan.h"

namespace reidbench {

struct PreflightContext {
  std::filesystem::path programs;
  std::filesystem::path scratch;                          // an existing folder for small files
  std::function<bool(const std::string& key)> is_cached;  // such stages were right before
};

// Throws Error(kUsage) naming every command that is not installed.
void RequirePrograms(const ExperimentPlan& plan, const std::filesystem::path& programs);

// Throws one Error with every message: kConfig when a command refused its options, else kInput.
void Preflight(const ExperimentPlan& plan, const std::vector<StageKey>& keys,
               const PreflightContext& context);

}  // namespace reidbench
