// OSNet's blocks, found in a folded layer graph by their structure: plain float32 arrays for
// kernels that compute a whole block at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "reidbench/networks/network.h"

namespace reidbench {

// A convolution with its batch norm, and whether a ReLU follows.
struct FoldedConvolution {
  int64_t in = 0;  // channels
  int64_t out = 0;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t padding = 0;
  bool depthwise = false;  // one filter per channel
  bool relu = false;
  std::vector<float> weight;  // [out x in x kernel x kernel], depthwise [out x kernel x kernel]
  std::vector<float> bias;    // [out]
};

// Affine instance normalisation with biased variance.
struct FoldedInstanceNorm {
  std::vector<float> weight;
  std::vector<float> bias;
  double epsilon = 1e-5;
};

// LightConv3x3: pointwise (linear, without bias), then depthwise 3x3 with ReLU.
struct FoldedLightConvolution {
  FoldedConvolution pointwise;
  FoldedConvolution depthwise;
};

// channels -> hidden -> channels, with ReLU between and a sigmoid behind.
struct FoldedGate {
  std::vector<float> weight1;  // [hidden x channels]
  std::vector<float> bias1;    // [hidden]
  std::vector<float> weight2;  // [channels x hidden]
  std::vector<float> bias2;    // [channels]
};

struct FoldedBlock {
  FoldedConvolution conv1;
  std::array<std::vector<FoldedLightConvolution>, 4> streams;  // 1, 2, 3 and 4 of them
  FoldedGate gate;
  FoldedConvolution conv3;
  std::optional<FoldedConvolution> downsample;  // of the residual
  std::optional<FoldedInstanceNorm> norm;
  bool norm_before_sum = false;  // AIN normalises the branch, IBN the sum
};

struct FoldedStage {
  std::array<FoldedBlock, 2> blocks;
  std::optional<FoldedConvolution> transition;  // followed by 2x2 average pooling
};

struct OsnetBlocks {
  FoldedConvolution stem;  // 7x7, stride 2; ReLU here or after the norm, then 3x3 max pooling
  std::optional<FoldedInstanceNorm> stem_norm;
  std::array<FoldedStage, 3> stages;
  FoldedConvolution conv5;  // followed by global average pooling
  FoldedConvolution fc;     // [out x in], followed by a ReLU that is left to the engine: ReLU
                            // instructions turn NaN into 0 and would hide an overflow
  std::optional<double> l2_epsilon;  // the features are L2-normalised, as in kL2Normalize
};

// `folded` as FoldForInference gives it. Nothing where it is not made of these blocks or a size is
// none that the kernels compute: channels are multiples of 8, and a gate has at most 64 inside.
std::optional<OsnetBlocks> FindOsnetBlocks(const Network& folded);

}  // namespace reidbench
