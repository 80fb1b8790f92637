// What turns image batches into embeddings. This header shows no LibTorch and no OpenCV type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/imaging/image.h"
#include "reidbench/networks/network.h"

namespace reidbench {

struct EmbedderOptions {
  // One of EngineTypes() (engines.h): "onednn" and "reference" (OSNet and any usual ONNX network),
  // "libtorch" (OSNet and other CNNs), "opencv" (what OpenCV reads of ONNX), "histogram" (colours
  // of stripes, a baseline without weights); or "auto": onednn on a CPU that it can use, else
  // libtorch.
  std::string engine = "auto";
  std::string device = "cpu";  // "cpu"; libtorch also "cuda:N"
  // onednn also "bf16" where the processor has it; libtorch also "fp16" and "bf16" on CUDA.
  std::string precision = "fp32";
  // L2: row / max(norm, 1e-12), as torchreid's test.normalize_feature, which is off by default.
  bool normalize = false;
  // Torch checkpoints: the key or prefix of the network to read, where there are several
  // (ReadCheckpoint).
  std::string weights_entry = {};
  // px, for ONNX networks that leave the size of their images open and must be read for one; 0: the
  // usual one of persons.
  int height = 0;
  int width = 0;
};

// What is recorded in feature files and printed by `check`.
struct EmbedderInfo {
  std::string engine;        // "libtorch 1.13.0"
  std::string architecture;  // "osnet_x0_25"; "onnx" for a foreign network
  std::string precision;
  std::string device;
  int dim = 0;           // d of the embeddings
  int input_height = 0;  // px; 0 when any size is accepted that is not too small
  int input_width = 0;
  int least_height = 1;  // px
  int least_width = 1;
  int native_height = 0;  // px: what the network was made for; 0 where it does not say
  int native_width = 0;
  int batch_size = 1;  // images in one Embed call from which larger calls gain nothing
  std::string weights_sha256;
  std::string weights_choice;      // which network of the file this is (Network::choice); or ""
  std::vector<std::string> notes;  // load report and restrictions: "runs image by image: ..."
};

// Thread-safe: several threads may call Embed at the same time, each with its own batch; a call
// uses one thread on a CPU. The result of a row does not depend on the thread; on the CPU it may
// depend on the batch size within rounding (1e-5 of the row's norm).
class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual const EmbedderInfo& info() const = 0;
  // images -> embeddings: float32 [images.count x info().dim], written to `embeddings`.
  // Throws Error(kInput) for images of a size that the network does not take, Error(kModel) when a
  // row is not finite (naming the first) or the engine fails.
  virtual void Embed(const ImageBatch& images, float* embeddings) = 0;
};

// How many images a caller should give to one Embed call.
inline int DefaultBatchSize(const EmbedderInfo& info) { return info.batch_size; }

// Reads the weights and starts the engine named in the options. Calls TuneAllocatorForInference().
// Engine "libtorch" sets LibTorch's thread count to 1, engine "opencv" OpenCV's: callers run
// batches in parallel instead.
// Throws Error(kUsage) for an unknown engine, a precision or device that it lacks ("cuda:0: this
// LibTorch was built without CUDA"), Error(kIo) for an unreadable file and for a plugin that is
// missing or does not load (LoadEnginePlugin), Error(kModel) for weights that do not fit.
std::unique_ptr<Embedder> MakeEmbedder(const std::filesystem::path& weights,
                                       const EmbedderOptions& options);

// Whether an engine takes colours as they are: preprocessing with mean 0 and deviation 1.
bool UsesRawPixels(std::string_view engine);

// The same for weights in memory; engines of OSNet only.
std::unique_ptr<Embedder> MakeNetworkEmbedder(const Network& weights,
                                              const EmbedderOptions& options);

// Keeps freed memory in the process: glibc by default maps every large block anew and gives it back
// when freed, so that a network spends up to half its time in page faults (12 against 26 images/s
// for OSNet x1.0, LibTorch 1.13). Acts once per process; without glibc it does nothing.
void TuneAllocatorForInference();

}  // namespace reidbench
