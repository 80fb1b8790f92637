// What `reidbench check --weights` tells about a file, whether it is a known network or another.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/weights/checkpoint.h"

namespace reidbench {

struct WeightsSummary {
  std::string path;
  CheckpointFormat format = CheckpointFormat::kTorchZip;
  std::string sha256;
  int64_t file_bytes = 0;
  int64_t num_tensors = 0;                  // in the file, with classifier and counters
  int64_t num_values = 0;                   // numbers in all of them
  std::optional<std::string> architecture;  // "osnet_x0_25"; absent for other networks
  std::string not_osnet_reason;             // why, in one line, where `architecture` is absent
  std::optional<int64_t> num_parameters;    // without the classifier
  std::optional<int64_t> num_macs;          // per image, in torchreid's convention
  int64_t height = 0, width = 0;            // px, of that image
  std::optional<int64_t> num_classes;       // of the classifier, where the file has one
  std::vector<std::string> notes;
};

// Throws as ReadCheckpoint does when the file cannot be read at all; a network that is not known is
// not an error.
WeightsSummary SummarizeWeights(const std::filesystem::path& path, std::string_view entry = {});

}  // namespace reidbench
