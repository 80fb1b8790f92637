// How long frames wait for each other: the cameras of a site as clocks, a link, and cores that take
// frames in the order of arrival, played through event by event (a G/G/c queue behind a G/G/1
// queue). Formulas such as Allen-Cunneen's take what cameras send for nearly random, and overstate
// high percentiles of a few cameras by half.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace reidbench {

// One kind of frame: its share of all and its work on one server.
struct ServiceClass {
  double share = 1;
  double service_s = 0;
};

struct CameraQueue {
  int64_t cameras = 1;
  double interval_s = 0.04;  // between the frames of one camera, > 0
  int64_t reid_every_frames = 1;
  // Work at the server of a frame with re-ID, and of the others; shares of each sum to 1.
  std::span<const ServiceClass> reid_frames;
  std::span<const ServiceClass> plain_frames;  // empty: they bring no work
  int servers = 1;
  // The link before it sends one frame at a time; 0: there is none.
  double reid_transfer_s = 0;
  double plain_transfer_s = 0;
  uint64_t seed = 0;
};

// Times from sending to end of work of frames with re-ID, ascending: about 20,000 of them, over
// many draws of the cameras' phases, after the queue has settled. The caller sees to it that
// neither link nor servers are overloaded: what comes out then depends on how long was played. The
// same numbers every time.
std::vector<double> PlayCameras(const CameraQueue& queue);

}  // namespace reidbench
