// Frames a second of the trackers, association only, at 19 and 130 detections a frame: walkers
// in a Full HD picture, seen with 95 % probability and a pixel or two of noise. Fixed seed. Those
// that can do without embeddings and camera motion are measured without both and with both.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/config/reader.h"
#include "reidbench/profiling/walkers.h"
#include "reidbench/tracking/tracker.h"

namespace {

using namespace reidbench;

constexpr int kFrames = 400;
constexpr double kSeen = 0.95;

// `dim` 0: without embeddings and camera motion.
void Track(benchmark::State& state, const std::string& name, const std::string& options,
           int dim = 0) {
  static std::map<std::pair<int64_t, int>, WalkerScene> scenes;
  const auto people =
      static_cast<int64_t>(std::lround(static_cast<double>(state.range(0)) / kSeen));
  if (!scenes.contains({people, dim})) {
    scenes[{people, dim}] = MakeWalkers(
        {.people = static_cast<int>(people), .frames = kFrames, .dim = dim, .seen = kSeen});
  }
  const WalkerScene& scene = scenes[{people, dim}];
  const ConfigNode root = ParseConfig(options, "bench");
  ConfigReader reader(root);
  const TrackerFactory make = TrackerByName(name).read(&reader);
  reader.Finish();
  for (auto _ : state) {
    const auto tracker = make();
    for (int f = 0; f < kFrames; ++f) {
      FrameInput input{FrameIndex(f + 1), scene.frames[f], {}};
      if (dim > 0) {
        input.embeddings = ViewOf(scene.embeddings[f]);
        input.affine = Affine{1, 1e-6, 1e-3, -1e-6, 1, 1e-3};
      }
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
BENCHMARK_CAPTURE(Track, deepsort, "deepsort", "{}", 512)->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, botsort_motion, "botsort", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, botsort_reid_cmc, "botsort", "{}", 512)->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, strongsort_motion, "strongsort", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, strongsort_reid_cmc, "strongsort", "{}", 512)->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, deepocsort_motion, "deepocsort", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, deepocsort_reid_cmc, "deepocsort", "{}", 512)->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, hybridsort_motion, "hybridsort", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, hybridsort_reid_cmc, "hybridsort", "{}", 512)->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, boosttrack_motion, "boosttrack", "{}")->Arg(19)->Arg(130);
BENCHMARK_CAPTURE(Track, boosttrack_reid_cmc, "boosttrack", "{}", 512)->Arg(19)->Arg(130);

}  // namespace

BENCHMARK_MAIN();
