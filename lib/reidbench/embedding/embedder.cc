#include "reidbench/embedding/embedder.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "reidbench/core/error.h"
#include "reidbench/embedding/engines.h"
#include "reidbench/embedding/flush_denormals.h"

namespace reidbench {
namespace {

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
      if (images.height >= info().least_height && images.width >= info().least_width) return;
      ThrowInput("{} needs images of at least {} x {} pixels, got {} x {} (height x width)",
                 info().architecture, info().least_height, info().least_width, images.height,
                 images.width);
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

}  // namespace

std::unique_ptr<Embedder> MakeEmbedder(const std::filesystem::path& weights,
                                       const EmbedderOptions& options) {
  const EngineType& type = EngineOf(options);
  if (type.input == EngineInput::kNetwork)
    return MakeNetworkEmbedder(LoadNetwork(weights, options.weights_entry,
                                           {.height = options.height, .width = options.width}),
                               options);
  if (!options.weights_entry.empty())
    ThrowUsage("engine {} reads no torch checkpoint: leave out --weights-entry", type.name);
  if (type.input == EngineInput::kNothing && !weights.empty())
    ThrowUsage("{}: engine {} has no weights: leave them out", weights.string(), type.name);
  TuneAllocatorForInference();
  return std::make_unique<CheckedEmbedder>(type.make(nullptr, weights, options), options.normalize);
}

std::unique_ptr<Embedder> MakeNetworkEmbedder(const Network& weights,
                                              const EmbedderOptions& options) {
  const EngineType& type = EngineOf(options);
  if (type.input == EngineInput::kOnnx) {
    ThrowUsage("engine {} reads its network from an ONNX file; a network in memory needs another",
               type.name);
  }
  if (type.input == EngineInput::kNothing) ThrowUsage("engine {} has no weights", type.name);
  TuneAllocatorForInference();
  return std::make_unique<CheckedEmbedder>(type.make(&weights, {}, options), options.normalize);
}

bool UsesRawPixels(std::string_view engine) { return engine == "histogram"; }

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
