// OSNet images per second for each architecture: as torchreid runs it (NCHW, separate batch norms,
// glibc's default malloc and a tuned one) and through MakeOsnetEmbedder, on one thread and on all
// with one call each. Random weights: time does not depend on their values.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "models/embedder.h"
#include "models/osnet_torch.h"
#include "weights/osnet.h"

namespace reidbench {
namespace {

constexpr int kHeight = 256;
constexpr int kWidth = 128;

OsnetWeights RandomWeights(const OsnetArchitecture& architecture) {
  OsnetWeights weights;
  weights.architecture = architecture;
  Rng rng(1);
  for (const TensorSpec& spec : OsnetTensors(architecture)) {
    Tensor tensor{spec.shape, {}};
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    const double scale =
        std::sqrt(1.5 * static_cast<double>(spec.shape[0]) / static_cast<double>(count));
    for (int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(spec.shape.size() == 1 ? 1.0f
                                                     : static_cast<float>(scale * rng.Normal()));
    }
    weights.tensors.emplace(spec.name, std::move(tensor));
  }
  return weights;
}

struct Batch {
  explicit Batch(int count)
      : pixels(static_cast<size_t>(count) * 3 * kHeight * kWidth), features(count * 512) {
    Rng rng(2);
    for (float& p : pixels) p = static_cast<float>(rng.Uniform(-2, 2));
    images = {pixels.data(), count, kHeight, kWidth};
  }
  std::vector<float> pixels;
  std::vector<float> features;
  ImageBatch images;
};

void Baseline(benchmark::State& state, const OsnetArchitecture& architecture) {
  const auto engine =
      MakeOsnetTorchEngine(RandomWeights(architecture), "cpu", OsnetExecution::kPlain);
  Batch batch(static_cast<int>(state.range(0)));
  for (auto _ : state) engine->Run(batch.images, batch.features.data());
  state.SetItemsProcessed(state.iterations() * batch.images.count);
}

void Tuned(benchmark::State& state, const OsnetArchitecture& architecture) {
  TuneAllocatorForInference();
  Baseline(state, architecture);
}

// One network for all threads of the benchmark.
void Shared(benchmark::State& state, const OsnetArchitecture& architecture) {
  static std::unique_ptr<Embedder> embedder;
  if (state.thread_index() == 0) embedder = MakeOsnetEmbedder(RandomWeights(architecture), {});
  Batch batch(static_cast<int>(state.range(0)));
  for (auto _ : state) embedder->Embed(batch.images, batch.features.data());
  if (state.thread_index() == 0) embedder.reset();  // the loop ends with a barrier
  state.SetItemsProcessed(state.iterations() * batch.images.count);
}

void Register() {
  // In this order: the allocator cannot be tuned back.
  for (const OsnetArchitecture& a : OsnetArchitectures()) {
    benchmark::RegisterBenchmark(("eager_nchw/" + a.name).c_str(), Baseline, a)
        ->Arg(16)
        ->UseRealTime();
  }
  for (const OsnetArchitecture& a : OsnetArchitectures()) {
    benchmark::RegisterBenchmark(("eager_nchw_tuned/" + a.name).c_str(), Tuned, a)
        ->Arg(16)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("embedder/" + a.name).c_str(), Shared, a)
        ->Arg(1)
        ->Arg(16)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("embedder/" + a.name).c_str(), Shared, a)
        ->Arg(16)
        ->Threads(2)
        ->UseRealTime();
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
