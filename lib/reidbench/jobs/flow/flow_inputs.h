// Which files a flow run reads: sequences (cameras), their ground truth, frame rates and picture
// sizes, and a file of each run for each of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/flow/events.h"
#include "reidbench/jobs/flow/flow.h"

namespace reidbench {

struct FlowCamera {
  std::string name;
  std::filesystem::path truth;  // empty: none
  FlowScene scene;              // with the zones of this camera
};

struct FlowRunFiles {
  std::string name;
  bool corrected = false;
  std::vector<std::filesystem::path> files;  // by camera; empty path: this run lacks the camera
};

struct FlowInputs {
  Zones zones;
  std::vector<FlowCamera> cameras;
  std::vector<FlowRunFiles> runs;
  std::vector<std::string> warnings;
};

// Throws what RunFlow throws.
FlowInputs FindFlowInputs(const FlowStageOptions& options);

}  // namespace reidbench
