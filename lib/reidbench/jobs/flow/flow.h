// `reidbench flow`: tracks and zones -> how many people, how long, which way; with ground truth how
// wrong each answer is, and why.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/statistics.h"
#include "reidbench/results/flow.h"

namespace reidbench {

struct FlowStageOptions {
  std::vector<std::filesystem::path> tracks;  // each a file, or a folder with SEQ.txt
  std::vector<std::filesystem::path> corrected;
  std::filesystem::path ground_truth;  // empty: none
  std::filesystem::path zones;
  std::filesystem::path sequences;   // whose seqinfo.ini say frame rate and picture size
  std::optional<double> frame_rate;  // frames a second, over everything else
  std::vector<std::string> options;  // "key=value" of FlowRules
  double tolerance_s = kEventToleranceS;
  std::vector<std::string> tools;  // of FlowToolNames(): count by their rules, too
  bool audit = false;
  BootstrapOptions bootstrap;
  std::filesystem::path output;  // folder; empty: none
  bool force = false;
};

// Throws Error(kConfig) for zones that are wrong, Error(kInput) for malformed tracks and without a
// frame rate, Error(kIo), Error(kUsage); nothing is written then. With `check_only` everything is
// read and nothing counted.
FlowResult RunFlow(const FlowStageOptions& options, bool check_only = false);

}  // namespace reidbench
