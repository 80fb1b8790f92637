// CLEAR as the MOTChallenge devkit counts it (clearMOTMex.cpp, commit fb8b935d), on which
// DukeMTMC's and DIVOTrack's kits rest. What differs from TrackEval: the rest is matched by the
// least sum of 1 - IoU, and a switch counts only if the person was there in the very frame before.
#pragma once

#include <cstdint>
#include <optional>

#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

struct DevkitClearCounts {
  int64_t tp = 0, fp = 0, fn = 0, id_switches = 0;
  double distance_sum = 0;  // of 1 - IoU over the matches

  // 1 - (fp + fn + switches) / ground truth; nullopt without ground truth.
  std::optional<double> mota() const;
};

DevkitClearCounts CountDevkitClear(const MotSequence& iou);

}  // namespace reidbench
