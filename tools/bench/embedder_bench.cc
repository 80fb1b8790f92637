// OSNet images per second for each architecture: as torchreid runs it (NCHW, separate batch norms,
// glibc's default malloc and a tuned one) and through MakeNetworkEmbedder with each engine and
// precision, on one thread and on two with one call each. Random weights: time does not depend on
// their values. GFLOP/s counts a multiply-accumulate as two; fma_peak is what this processor can
// do.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/embedding_torch/graph_torch.h"
#include "reidbench/networks/network.h"
#include "reidbench/profiling/peaks.h"

namespace reidbench {
namespace {

constexpr int kHeight = kPersonHeight;
constexpr int kWidth = kPersonWidth;

struct Batch {
  Batch(const Architecture& architecture, int count)
      : pixels(static_cast<size_t>(count) * 3 * kHeight * kWidth),
        features(static_cast<size_t>(count * DimOf(architecture.graph))) {
    Rng rng(2);
    for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2, 2));
    images = {pixels.data(), count, kHeight, kWidth};
  }
  std::vector<float> pixels;
  std::vector<float> features;
  ImageBatch images;
};

void Baseline(benchmark::State& state, const Architecture& architecture) {
  const auto engine = MakeTorchEngine(RandomNetwork(architecture), "cpu", TorchExecution::kPlain);
  Batch batch(architecture, static_cast<int>(state.range(0)));
  for (auto _ : state) engine->Run(batch.images, batch.features.data());
  state.SetItemsProcessed(state.iterations() * batch.images.count);
}

void Tuned(benchmark::State& state, const Architecture& architecture) {
  TuneAllocatorForInference();
  Baseline(state, architecture);
}

// One network for all threads of the benchmark.
void Shared(benchmark::State& state, const Architecture& architecture,
            const EmbedderOptions& options) {
  static std::unique_ptr<Embedder> embedder;
  if (state.thread_index() == 0)
    embedder = MakeNetworkEmbedder(RandomNetwork(architecture), options);
  Batch batch(architecture, static_cast<int>(state.range(0)));
  for (auto _ : state) embedder->Embed(batch.images, batch.features.data());
  if (state.thread_index() == 0) embedder.reset();  // the loop ends with a barrier
  state.SetItemsProcessed(state.iterations() * batch.images.count);
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(CountMacs(architecture.graph)) *
                             static_cast<double>(state.iterations() * batch.images.count),
                         benchmark::Counter::kIsRate);
}

// The roof over GFLOP/s.
void FmaPeak(benchmark::State& state) {
  double operations = 0;
  for (auto _ : state) operations += RunArithmetic(10'000);
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * operations, benchmark::Counter::kIsRate);
}

struct Variant {
  const char* engine;
  const char* precision;
};

std::vector<Variant> Variants() {
  std::vector<Variant> variants = {{"libtorch", "fp32"}};
  for (const std::string& precision : OnednnPrecisions())
    variants.push_back({"onednn", precision == "bf16" ? "bf16" : "fp32"});
  return variants;
}

void Register() {
  benchmark::RegisterBenchmark("fma_peak", FmaPeak);
  // In this order: the allocator cannot be tuned back.
  for (const Architecture& a : Architectures()) {
    benchmark::RegisterBenchmark(("eager_nchw/" + a.name).c_str(), Baseline, a)
        ->Arg(16)
        ->UseRealTime();
  }
  for (const Architecture& a : Architectures()) {
    benchmark::RegisterBenchmark(("eager_nchw_tuned/" + a.name).c_str(), Tuned, a)
        ->Arg(16)
        ->UseRealTime();
    for (const Variant& variant : Variants()) {
      EmbedderOptions options;
      options.engine = variant.engine;
      options.precision = variant.precision;
      const std::string name =
          std::string("embedder/") + variant.engine + "_" + variant.precision + "/" + a.name;
      benchmark::RegisterBenchmark(name.c_str(), Shared, a, options)
          ->Arg(1)
          ->Arg(16)
          ->UseRealTime();
      benchmark::RegisterBenchmark(name.c_str(), Shared, a, options)
          ->Arg(16)
          ->Threads(2)
          ->UseRealTime();
    }
  }
}

}  // namespace
}  // namespace reidbench

int main(int argc, char** argv) {
  reidbench::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
