#include "reidbench/embedding/embedder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/embedding/engine.h"
#include "reidbench/embedding/flush_denormals.h"
#include "reidbench/embedding/histogram_engine.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/embedding/opencv_engine.h"
#include "reidbench/embedding/osnet_torch.h"

namespace reidbench {
namespace {

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kOnednn = "onednn";
constexpr std::string_view kLibtorch = "libtorch";
constexpr std::string_view kOpencv = "opencv";
constexpr std::string_view kHistogram = "histogram";

class CheckedEmbedder : public Embedder {
 public:
  CheckedEmbedder(std::unique_ptr<Engine> engine, bool normalize)
      : engine_(std::move(engine)), normalize_(normalize) {}

  const EmbedderInfo& info() const override { return engine_->info(); }

  void Embed(const ImageBatch& images, float* embeddings) override {
    REIDBENCH_CHECK(images.count >= 0);
    if (images.count == 0) return;
    REIDBENCH_CHECK(images.nchw != nullptr && embeddings != nullptr);
    RequireSize(images);
    const ScopedFlushDenormals scope;
    engine_->Run(images, embeddings);
    for (int row = 0; row < images.count; ++row) {
      FinishRow(row, embeddings + static_cast<size_t>(row) * info().dim);
    }
  }

 private:
  void RequireSize(const ImageBatch& images) const {
    const int height = info().input_height;
    const int width = info().input_width;
    if ((height == 0 || images.height == height) && (width == 0 || images.width == width) &&
        images.height > 0 && images.width > 0) {
      return;
    }
    const auto size = [](int pixels) { return pixels == 0 ? "any" : std::to_string(pixels); };
    ThrowInput(
        "the network takes images of {} x {} pixels (height x width), got {} x {}; set the "
        "preprocessing to that size",
        size(height), size(width), images.height, images.width);
  }

  void FinishRow(int row, float* values) const {
    const int dim = info().dim;
    double squares = 0;
    for (int i = 0; i < dim; ++i) {
      if (!std::isfinite(values[i])) {
        ThrowModel(
            "the embedding of image {} of the batch is not finite (dimension {}): the "
            "network overflowed or its weights are damaged",
            row, i);
      }
      squares += static_cast<double>(values[i]) * values[i];
    }
    if (!normalize_) return;
    const double norm = std::max(std::sqrt(squares), 1e-12);
    for (int i = 0; i < dim; ++i) values[i] = static_cast<float>(values[i] / norm);
  }

  const std::unique_ptr<Engine> engine_;
  const bool normalize_;
};

constexpr std::array<std::string_view, 5> kEngines = {kAuto, kOnednn, kLibtorch, kOpencv,
                                                      kHistogram};

// Replaces "auto" by the engine that it stands for.
EmbedderOptions Resolve(EmbedderOptions options) {
  if (std::find(kEngines.begin(), kEngines.end(), options.engine) == kEngines.end()) {
    const std::vector<std::string> names(kEngines.begin(), kEngines.end());
    ThrowUsage("engine '{}' is unknown{}", options.engine, SuggestName(options.engine, names));
  }
  if (options.engine == kAuto) {
    options.engine = options.device == "cpu" && OnednnAvailable() ? kOnednn : kLibtorch;
  }
  if (options.engine == kOnednn) {
    RequireOnednnPrecision(options.precision);
  } else if (options.engine == kLibtorch) {
    const bool is_half = options.precision == "fp16" || options.precision == "bf16";
    if (options.precision != "fp32" && !is_half) {
      ThrowUsage("engine libtorch has no precision '{}'; it supports: fp32, and on CUDA fp16, bf16",
                 options.precision);
    }
    if (is_half && options.device == "cpu") {
      ThrowUsage("engine libtorch has {} on a GPU only (--device cuda:0){}", options.precision,
                 options.precision == "bf16" ? "; on a CPU engine onednn has it" : "");
    }
  } else if (options.precision != "fp32") {
    ThrowUsage("engine {} has no precision '{}'; it supports: fp32", options.engine,
               options.precision);
  }
  return options;
}

std::unique_ptr<Engine> MakeOsnetEngine(const OsnetWeights& weights,
                                        const EmbedderOptions& resolved) {
  if (resolved.engine == kOnednn) {
    return MakeOnednnEngine(weights, resolved.device, resolved.precision);
  }
  return MakeOsnetTorchEngine(weights, resolved.device, OsnetExecution::kFused, resolved.precision);
}

}  // namespace

std::unique_ptr<Embedder> MakeEmbedder(const std::filesystem::path& weights,
                                       const EmbedderOptions& options) {
  const EmbedderOptions resolved = Resolve(options);
  if (resolved.engine == kHistogram) {
    if (!weights.empty())
      ThrowUsage("{}: engine {} has no weights: leave them out", weights.string(), kHistogram);
    if (resolved.device != "cpu")
      ThrowUsage("engine {} runs on the cpu only, not on {}", kHistogram, resolved.device);
    return std::make_unique<CheckedEmbedder>(MakeHistogramEngine(), options.normalize);
  }
  if (resolved.engine != kOpencv) return MakeOsnetEmbedder(LoadOsnetWeights(weights), resolved);
  TuneAllocatorForInference();
  return std::make_unique<CheckedEmbedder>(MakeOpencvEngine(weights, options.device),
                                           options.normalize);
}

std::unique_ptr<Embedder> MakeOsnetEmbedder(const OsnetWeights& weights,
                                            const EmbedderOptions& options) {
  const EmbedderOptions resolved = Resolve(options);
  if (resolved.engine == kOpencv) {
    ThrowUsage(
        "engine {} reads its network from an ONNX file; OSNet weights in memory need engine {}",
        kOpencv, kLibtorch);
  }
  if (resolved.engine == kHistogram) ThrowUsage("engine {} has no weights", kHistogram);
  TuneAllocatorForInference();
  return std::make_unique<CheckedEmbedder>(MakeOsnetEngine(weights, resolved), options.normalize);
}

bool UsesRawPixels(std::string_view engine) { return engine == kHistogram; }

void TuneAllocatorForInference() {
#ifdef __GLIBC__
  [[maybe_unused]] static const bool done = [] {
    // Activations of a micro-batch are 0.3 to 8 MB each and are freed and wanted again hundreds of
    // times a second. Below the first threshold (32 MiB is the largest value glibc takes) they come
    // from the heap instead of mmap; the second keeps the free top of the heap; the third makes
    // the heaps of worker threads grow, and survive, in large steps.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
    return true;
  }();
#endif
}

}  // namespace reidbench
