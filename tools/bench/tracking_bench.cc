// Frames a second of the trackers, association only, at 19 and 130 detections a frame: walkers
// in a Full HD picture, seen with 95 % probability and a pixel or two of noise. Fixed seed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reidbench/config/reader.h"
#include "reidbench/profiling/walkers.h"
#include "reidbench/tracking/tracker.h"

namespace {

using namespace reidbench;

constexpr int kFrames = 400;
constexpr int kDim = 128;
constexpr double kSeen = 0.95;

void Track(benchmark::State& state, const std::string& name, const std::string& options) {
  static std::map<int64_t, WalkerScene> scenes;
  const auto people =
      static_cast<int64_t>(std::lround(static_cast<double>(state.range(0)) / kSeen));
  if (!scenes.contains(people)) {
    scenes[people] = MakeWalkers(
        {.people = static_cast<int>(people), .frames = kFrames, .dim = kDim, .seen = kSeen});
  }
  const WalkerScene& scene = scenes[people];
  const ConfigNode root = ParseConfig(options, "bench");
  ConfigReader reader(root);
  const TrackerFactory make = TrackerByName(name).read(&reader);
  reader.Finish();
  for (auto _ : state) {
    const auto tracker = make();
    for (int f = 0; f < kFrames; ++f) {
      FrameInput input{FrameIndex(f + 1), scene.frames[f], ViewOf(scene.embeddings[f])};
      benchmark::DoNotOptimize(tracker->Step(input).data());
    }
  }
  state.SetItemsProcessed(state.iterations() * kFrames);  // frames
}

BENCHMARK_CAPTURE(Track, sort, "sort", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, bytetrack, "bytetrack", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, bytetrack_compat_none, "bytetrack", "compat: none")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, ocsort, "ocsort", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, ocsort_compat_none, "ocsort", "compat: none")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, deepsort, "deepsort", "{}")->Arg(19)->Arg(130);

}  // namespace

BENCHMARK_MAIN();
