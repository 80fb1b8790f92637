// Frames a second of the trackers, association only, at 19 and 130 detections a frame: walkers
// in a Full HD picture, seen with 95 % probability and a pixel or two of noise. Fixed seed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/reader.h"
#include "core/random.h"
#include "tracking/tracker.h"

namespace {

using namespace reidbench;

constexpr int kFrames = 400;
constexpr int kDim = 128;
constexpr double kSeen = 0.95;

struct Scene {
  std::vector<std::vector<TrackBox>> frames;
  std::vector<FeatureMatrix> embeddings;
};

Scene MakeScene(int people) {
  Rng rng(7);
  struct Walker {
    double x, y, vx, vy, height;
    Eigen::RowVectorXf looks;
  };
  std::vector<Walker> walkers;
  for (int i = 0; i < people; ++i) {
    Walker w{rng.Uniform(0, 1850), rng.Uniform(50, 800), 2 * rng.Normal(),
             rng.Normal(),         rng.Uniform(80, 280), Eigen::RowVectorXf(kDim)};
    for (float& v : w.looks) v = static_cast<float>(rng.Normal());
    walkers.push_back(std::move(w));
  }
  Scene scene;
  for (int f = 0; f < kFrames; ++f) {
    std::vector<TrackBox>& frame = scene.frames.emplace_back();
    std::vector<Eigen::RowVectorXf> looks;
    for (Walker& w : walkers) {
      w.x += w.vx;
      w.y += w.vy;
      if (w.x < 0 || w.x > 1850) w.vx = -w.vx;
      if (w.y < 50 || w.y > 800) w.vy = -w.vy;
      if (rng.Uniform() > kSeen) continue;
      TrackBox box;
      box.box = {w.x + rng.Normal(), w.y + rng.Normal(), 0.41 * w.height + rng.Normal(),
                 w.height + 2 * rng.Normal()};
      box.confidence = rng.Uniform(0.61, 1.0);
      frame.push_back(box);
      looks.push_back(w.looks);
      for (float& v : looks.back()) v += 0.3F * static_cast<float>(rng.Normal());
    }
    FeatureMatrix& rows =
        scene.embeddings.emplace_back(static_cast<Eigen::Index>(looks.size()), kDim);
    for (size_t i = 0; i < looks.size(); ++i) rows.row(static_cast<Eigen::Index>(i)) = looks[i];
  }
  return scene;
}

void Track(benchmark::State& state, const std::string& name, const std::string& options) {
  static std::map<int64_t, Scene> scenes;
  const auto people =
      static_cast<int64_t>(std::lround(static_cast<double>(state.range(0)) / kSeen));
  if (!scenes.contains(people)) scenes[people] = MakeScene(static_cast<int>(people));
  const Scene& scene = scenes[people];
  const ConfigNode root = ParseConfig(options, "bench");
  ConfigReader reader(root);
  const TrackerFactory make = ReadTracker(name, &reader);
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
