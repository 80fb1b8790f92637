// Real work at a given pace: frames arrive when the cameras of a workload would send them, and real
// threads take them in that order through the stages of the server.
#pragma once

#include <cstdint>
#include <memory>

#include "reidbench/jobs/profile/profile.h"
#include "reidbench/jobs/profile/profile_inputs.h"

namespace reidbench {

struct PacedResult {
  double frames_per_s = 0;      // that arrived, all cameras together
  int64_t frames = 0;           // finished
  double cpu_ms_per_frame = 0;  // of the finished
  // By how many seconds later frames began for each second of arrivals, in the second half of what
  // was reached: 0 when the threads keep up, utilisation - 1 when they do not.
  double lag_per_s = 0;
  LatencyPercentiles reid_latency_ms;  // arrival to result, of frames with re-ID
  double cores_busy = 0;               // mean over the run
};

// Everything that does not depend on the pace: pictures, network, boxes.
class PacedServer {
 public:
  // `crops` and `frames` of the workload's sizes. Throws as EngineProvider::make.
  PacedServer(const Workload& workload, int threads, GeneratedPictures pictures,
              std::unique_ptr<Embedder> embedder, uint64_t seed);
  ~PacedServer();

  // `cameras` cameras that together send frames_per_s frames, for `seconds`; what has not begun by
  // then is left. `even`: numbers of people have their distribution in any short time already,
  // which makes rates steadier and waits shorter than free draws do.
  PacedResult Run(int64_t cameras, double frames_per_s, double seconds, bool even);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
