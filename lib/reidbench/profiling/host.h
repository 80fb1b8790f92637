// On what it is measured: processor, caches, clock, load, and whether the machine is quiet.
#pragma once

#include <span>
#include <vector>

#include "reidbench/profiling/profile.h"

namespace reidbench {

// Everything but the noise. What the system does not say stays empty, 0 or "unknown".
HostContext ReadHostContext();

// A fixed loop of arithmetic, timed again and again between the measurements: on a quiet machine it
// always takes the same time.
class NoiseMeter {
 public:
  // Times the loop a few times; takes about 20 ms.
  void Sample();
  // `load_before` is the load average of one minute before anything was measured.
  HostNoise Judge(double load_before, int logical_cores) const;

 private:
  std::vector<double> loop_ms_;
};

// (90th - 10th percentile) / median, in percent; 0 for fewer than two times.
double SpreadPercent(std::span<const double> times);

// Above these a machine is called noisy.
inline constexpr double kNoisySpreadPercent = 5;
inline constexpr double kNoisyLoadPerCore = 0.25;

}  // namespace reidbench
