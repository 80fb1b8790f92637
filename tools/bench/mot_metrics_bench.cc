// What scoring costs, by stage: reading, preparing (IoU and the benchmark's rules), each metric
// family; and how it grows with the boxes of a frame at constant crowding. Data: synthetic walkers
// with a fixed seed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/mot_metrics/scores.h"

namespace reidbench {
namespace {

struct World {
  TrackSet truth;
  TrackSet results;
};

// `people` in each of `frames` frames, on a scene that grows with them so that the overlaps per box
// stay the same. A fifth of the boxes is missed, all are shaken, and ids change now and then.
World MakeWorld(int people, int frames) {
  Rng rng(20, static_cast<uint64_t>(people));
  World world{{"bench", frames, {}}, {"bench", frames, {}}};
  const double side = std::sqrt(people * 1920.0 * 1080.0 / 150.0);
  struct Walker {
    double x, y, vx, vy, height;
    int64_t id;
  };
  std::vector<Walker> walkers;
  int64_t next_id = 1;
  for (int p = 0; p < people; ++p) {
    walkers.push_back({rng.Uniform(0, side), rng.Uniform(0, side), rng.Normal(), 0.3 * rng.Normal(),
                       rng.Uniform(70, 200), next_id++});
  }
  for (int f = 1; f <= frames; ++f) {
    for (int p = 0; p < people; ++p) {
      Walker& w = walkers[p];
      w.x = std::fmod(w.x + w.vx + side, side);
      w.y = std::fmod(w.y + w.vy + side, side);
      TrackBox box;
      box.frame = FrameIndex(f);
      box.id = TrackId(p + 1);
      box.class_id = 1;
      box.box = {std::round(w.x), std::round(w.y), std::round(0.42 * w.height),
                 std::round(w.height)};
      world.truth.boxes.push_back(box);
      if (rng.Below(250) == 0) w.id = next_id++;
      if (rng.Below(5) == 0) continue;
      box.id = TrackId(people + w.id);
      box.box.left += 0.03 * w.height * rng.Normal();
      box.box.top += 0.04 * w.height * rng.Normal();
      world.results.boxes.push_back(box);
    }
  }
  return world;
}

constexpr int kFrames = 200;

const MotBenchmark& Rules() {
  static const MotBenchmark benchmark;
  return benchmark;
}

void Read(benchmark::State& state) {
  const std::string text =
      FormatMotResult(MakeWorld(static_cast<int>(state.range(0)), kFrames).results);
  for (auto _ : state) benchmark::DoNotOptimize(ParseMotText(text, "bench.txt", {}));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void Prepare(benchmark::State& state) {
  const ThreadLimit one(1);
  const World world = MakeWorld(static_cast<int>(state.range(0)), kFrames);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        PrepareSequence(world.truth, world.results, Rules(), Rules().classes[0]));
  }
  state.counters["per_box"] =
      benchmark::Counter(static_cast<double>(state.iterations() * world.truth.boxes.size()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

template <auto Function>
void Family(benchmark::State& state) {
  const ThreadLimit one(1);
  const World world = MakeWorld(static_cast<int>(state.range(0)), kFrames);
  const MotSequence sequence =
      PrepareSequence(world.truth, world.results, Rules(), Rules().classes[0]);
  for (auto _ : state) benchmark::DoNotOptimize(Function(sequence));
  state.counters["per_box"] =
      benchmark::Counter(static_cast<double>(state.iterations() * world.truth.boxes.size()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(Read)->Arg(20)->Arg(100)->Arg(500)->Unit(benchmark::kMillisecond);
BENCHMARK(Prepare)->Arg(20)->Arg(100)->Arg(500)->Unit(benchmark::kMillisecond);
BENCHMARK(Family<CountHota>)
    ->Name("Hota")
    ->RangeMultiplier(5)
    ->Range(20, 500)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(Family<CountClear>)
    ->Name("Clear")
    ->RangeMultiplier(5)
    ->Range(20, 500)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(Family<CountIdentity>)
    ->Name("Identity")
    ->RangeMultiplier(5)
    ->Range(20, 500)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(Family<CountVace>)
    ->Name("Vace")
    ->RangeMultiplier(5)
    ->Range(20, 500)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace reidbench

BENCHMARK_MAIN();
