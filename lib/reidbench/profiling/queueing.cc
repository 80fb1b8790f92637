#include "reidbench/profiling/queueing.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

constexpr int kPhaseDraws = 40;
constexpr int64_t kResponses = 20'000;
constexpr int64_t kMostFrames = 300'000;  // of all draws: rare re-ID gets fewer responses
constexpr double kSettling = 0.25;        // of a draw, not counted

// Draws the work of a frame.
class Work {
 public:
  explicit Work(std::span<const ServiceClass> classes) : classes_(classes) {
    double sum = 0;
    for (const ServiceClass& c : classes) cumulative_.push_back(sum += c.share);
  }
  double Draw(Rng* rng) const {
    const double pick = rng->Uniform() * cumulative_.back();
    const auto it = std::upper_bound(cumulative_.begin(), cumulative_.end(), pick);
    const auto i = static_cast<size_t>(it - cumulative_.begin());
    return classes_[std::min(i, classes_.size() - 1)].service_s;
  }

 private:
  std::span<const ServiceClass> classes_;
  std::vector<double> cumulative_;
};

struct Camera {
  double phase = 0;    // of the interval
  int64_t offset = 0;  // frames until its next re-ID
};

}  // namespace

std::vector<double> PlayCameras(const CameraQueue& queue) {
  REIDBENCH_CHECK(queue.cameras >= 1 && queue.servers >= 1 && queue.interval_s > 0);
  REIDBENCH_CHECK(queue.reid_every_frames >= 1 && !queue.reid_frames.empty());
  // Where only frames with re-ID count, a camera is a slower clock.
  const bool all = !queue.plain_frames.empty() || queue.plain_transfer_s > 0;
  const int64_t every = all ? queue.reid_every_frames : 1;
  const double interval_s =
      queue.interval_s * static_cast<double>(all ? 1 : queue.reid_every_frames);
  const int64_t frames =
      std::min(static_cast<int64_t>(kResponses / (1 - kSettling)) * every, kMostFrames) /
      kPhaseDraws;
  const Work reid_work(queue.reid_frames);
  const Work plain_work(queue.plain_frames);
  std::vector<double> responses;
  for (uint64_t draw = 0; draw < kPhaseDraws; ++draw) {
    Rng rng(queue.seed, draw);
    // Only cameras that get to send in the time that is played.
    std::vector<Camera> cameras(std::min(queue.cameras, frames));
    const double shown = static_cast<double>(cameras.size()) / static_cast<double>(queue.cameras);
    for (Camera& camera : cameras) {
      camera.phase = shown * rng.Uniform();
      camera.offset = static_cast<int64_t>(rng.Below(static_cast<uint64_t>(every)));
    }
    std::sort(cameras.begin(), cameras.end(),
              [](const Camera& a, const Camera& b) { return a.phase < b.phase; });
    double link_free = 0;
    std::priority_queue<double, std::vector<double>, std::greater<>> free;
    for (int s = 0; s < queue.servers; ++s) free.push(0);
    for (int64_t f = 0; f < frames; ++f) {
      const auto round = f / static_cast<int64_t>(cameras.size());
      const Camera& camera = cameras[static_cast<size_t>(f) % cameras.size()];
      const double sent = (static_cast<double>(round) + camera.phase) * interval_s;
      const bool reid = (round + camera.offset) % every == 0;
      const double transfer_s = reid ? queue.reid_transfer_s : queue.plain_transfer_s;
      double arrived = sent;
      if (transfer_s > 0) arrived = link_free = std::max(sent, link_free) + transfer_s;
      if (!reid && queue.plain_frames.empty()) continue;
      const double begun = std::max(arrived, free.top());
      const double ended = begun + (reid ? reid_work : plain_work).Draw(&rng);
      free.pop();
      free.push(ended);
      if (reid && static_cast<double>(f) >= kSettling * static_cast<double>(frames))
        responses.push_back(ended - sent);
    }
  }
  std::sort(responses.begin(), responses.end());
  return responses;
}

}  // namespace reidbench
