// The OSNet family as data: which variants exist, which tensors each has, how large they are; and
// strict loading of a checkpoint into exactly that set. Zhou et al., "Omni-Scale Feature Learning
// for Person Re-Identification", ICCV 2019, and "Learning Generalisable Omni-Scale
// Representations", TPAMI 2021; tensor names as in torchreid.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/weights/checkpoint.h"

namespace reidbench {

enum class OsnetKind { kPlain, kIbn, kAin };

struct OsnetArchitecture {
  std::string name;  // "osnet_x0_25", "osnet_ain_x1_0", ...
  OsnetKind kind = OsnetKind::kPlain;
  std::array<int, 4> channels{};  // after conv1, conv2, conv3, conv4/conv5
  int feature_dim = 512;
};

// All nine: osnet_x1_0, x0_75, x0_5, x0_25, osnet_ibn_x1_0, osnet_ain_x1_0, x0_75, x0_5, x0_25.
std::span<const OsnetArchitecture> OsnetArchitectures();
// Throws Error(kUsage) with a suggestion.
const OsnetArchitecture& OsnetArchitectureByName(std::string_view name);

struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;
};
// Every tensor that inference needs, in torchreid's state_dict order: no classifier, no
// num_batches_tracked.
std::vector<TensorSpec> OsnetTensors(const OsnetArchitecture& architecture);

// Name prefix of light convolution `index` (from 0) of `stream` (0 to 3, which has stream + 1 of
// them) in a block such as "conv2.0": "conv2.0.conv2a", "conv2.0.conv2b.1" or, for AIN,
// "conv2.0.conv2.1.layers.1".
std::string OsnetLightConvPrefix(OsnetKind kind, std::string_view block, int stream, int index);

// Whether block `index` (0, 1) of `stage` (2 to 4) has an instance norm inside (after its conv3, in
// place of its batch norm) or after the residual sum.
bool OsnetInstanceNormInside(OsnetKind kind, int stage, int index);
bool OsnetInstanceNormAfter(OsnetKind kind, int stage);

int64_t CountParameters(
    const OsnetArchitecture& architecture);  // without classifier and running statistics
// Multiply-accumulates of one image of height x width pixels in torchreid's convention (its
// "FLOPs"): convolutions and the fully connected layer, one more for each output of a layer with a
// bias, the shared gate counted for each of its streams.
int64_t CountMacs(const OsnetArchitecture& architecture, int height = 256, int width = 128);

struct OsnetWeights {
  OsnetArchitecture architecture;
  std::map<std::string, Tensor> tensors;  // exactly OsnetTensors(architecture), all values finite
  std::optional<int64_t> num_classes;     // rows of classifier.weight where the file has one
  CheckpointFormat format = CheckpointFormat::kTorchZip;
  std::string sha256;
  std::string path;
  std::vector<std::string> notes;  // load report: what was skipped and why
};

// Detects the architecture from the tensors and checks every one. BN-folded ONNX exports become
// torchreid tensors whose batch norm is an identity with the folded bias (see
// weights/onnx_osnet.h). Throws Error(kModel) that lists all missing, unexpected and mis-shaped
// tensors against the nearest architecture, or says that it is no OSNet; also for values that are
// not finite and for negative variances.
OsnetWeights LoadOsnetWeights(const std::filesystem::path& path);
OsnetWeights ToOsnetWeights(Checkpoint checkpoint);

// Weights of a network that knows nothing, for measuring time, which does not depend on their
// values. Scaled so that activations neither die out nor grow; the same for the same seed.
OsnetWeights RandomOsnetWeights(const OsnetArchitecture& architecture, uint64_t seed = 1);

}  // namespace reidbench
