// Detections on the ground as WILDTRACK's benchmark scores them: Chavdarova et al., "WILDTRACK: A
// Multi-camera HD Dataset for Dense Unscripted Pedestrian Detection", 2018. Frames without a
// detection cost nothing, however many people are there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace reidbench {

// A place in cells of 2.5 cm.
struct GroundCell {
  int64_t frame = 1;
  int64_t x = 0;
  int64_t y = 0;
};

inline constexpr double kModaCellMetres = 0.025;
inline constexpr double kModaReachCells = 20;  // half a metre

// Percent, as the benchmark prints them; nullopt where 0 is divided by 0.
struct ModaScore {
  int64_t frames = 0;  // with a detection
  int64_t gt = 0, tp = 0, fp = 0, fn = 0;
  int64_t pairs_at_reach = 0;  // matches at exactly kModaReachCells
  std::optional<double> moda, modp, precision, recall;
};

struct ModaScores {
  // The benchmark's MATLAB: a pair at exactly the reach is a true positive that adds 0 to MODP.
  ModaScore matlab;
  // Its Python port (MVDeTr's, commit 66cae153): such a pair is a miss and a false alarm, frames
  // behind the last one with people and detections are left out, undefined and negative MODA are 0.
  ModaScore python;
};

ModaScores ScoreModa(std::vector<GroundCell> truth, std::vector<GroundCell> detections);

}  // namespace reidbench
