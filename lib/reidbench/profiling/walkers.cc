#include "reidbench/profiling/walkers.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"

namespace reidbench {

WalkerScene MakeWalkers(const WalkerOptions& options) {
  REIDBENCH_CHECK(options.people >= 1 && options.frames >= 1 && options.dim >= 0);
  Rng rng(options.seed);
  struct Walker {
    double x, y, vx, vy, height;
    std::vector<float> looks;
  };
  std::vector<Walker> walkers;
  for (int i = 0; i < options.people; ++i) {
    Walker w{rng.Uniform(0, 1850), rng.Uniform(50, 800), 2 * rng.Normal(),
             rng.Normal(),         rng.Uniform(80, 280), std::vector<float>(options.dim)};
    for (float& v : w.looks) v = static_cast<float>(rng.Normal());
    walkers.push_back(std::move(w));
  }
  WalkerScene scene;
  for (int f = 0; f < options.frames; ++f) {
    std::vector<TrackBox>& frame = scene.frames.emplace_back();
    std::vector<std::vector<float>> looks;
    for (size_t i = 0; i < walkers.size(); ++i) {
      Walker& w = walkers[i];
      w.x += w.vx;
      w.y += w.vy;
      if (w.x < 0 || w.x > 1850) w.vx = -w.vx;
      if (w.y < 50 || w.y > 800) w.vy = -w.vy;
      if (rng.Uniform() > options.seen) continue;
      TrackBox box;
      box.frame = FrameIndex(f + 1);
      box.id = TrackId(static_cast<int64_t>(i));
      box.box = {w.x + rng.Normal(), w.y + rng.Normal(), 0.41 * w.height + rng.Normal(),
                 w.height + 2 * rng.Normal()};
      box.confidence = rng.Uniform(0.61, 1.0);
      frame.push_back(box);
      looks.push_back(w.looks);
      for (float& v : looks.back()) v += 0.3F * static_cast<float>(rng.Normal());
    }
    FeatureMatrix& rows =
        scene.embeddings.emplace_back(static_cast<int64_t>(looks.size()), options.dim);
    for (size_t i = 0; i < looks.size(); ++i)
      std::ranges::copy(looks[i], rows.row(static_cast<int64_t>(i)).begin());
  }
  return scene;
}

}  // namespace reidbench
