// Engines that turn image batches into embeddings. This header shows no LibTorch and no OpenCV type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "imaging/image.h"
#include "weights/osnet.h"

namespace reidbench {

struct EmbedderOptions {
  std::string engine = "libtorch";   // "libtorch" (OSNet), "opencv" (any ONNX re-ID network)
  std::string device = "cpu";        // "cpu", "cuda:N"
  std::string precision = "fp32";
  bool normalize = false;            // L2-normalise the embeddings; torchreid's default is off
};

// What is recorded in feature files and printed by `check`.
struct EmbedderInfo {
  std::string engine;        // "libtorch 1.13.1"
  std::string architecture;  // "osnet_x0_25"; "onnx" for a foreign network
  std::string precision;
  std::string device;
  int dim = 0;               // d of the embeddings
  int input_height = 0;      // 0 when any size is accepted
  int input_width = 0;
  std::string weights_sha256;
};

// Thread-safe: several threads may call Embed at the same time, each with its own batch; a call uses one thread on a CPU.
// The result of a row does not depend on the thread; on the CPU it may depend on the batch size within rounding (1e-5).
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual const EmbedderInfo& info() const = 0;
  // images -> embeddings: float32 [images.count x info().dim], written to `embeddings`.
  virtual void Embed(const ImageBatch& images, float* embeddings) = 0;
};

// Throws Error(kUsage) for an unknown engine, precision or device ("cuda:0: this LibTorch was built without CUDA"),
// Error(kModel) for weights that do not fit.
std::unique_ptr<Embedder> MakeEmbedder(const std::filesystem::path& weights, const EmbedderOptions& options);

}  // namespace reidbench
