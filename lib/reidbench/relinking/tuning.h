// Relink with its inner settings in the open: for measuring what they do (tools/bench/
// relink_trials.cc) and for tests. Everybody else uses the one default setting through relink.h.
#pragma once

#include "reidbench/relinking/motion_links.h"
#include "reidbench/relinking/partition.h"
#include "reidbench/relinking/pieces.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

struct RelinkTuning {
  PieceOptions pieces;
  AppearanceOptions appearance;
  PartitionOptions partition;
  MotionLinkOptions motion_links;
};

RelinkResult RelinkTuned(const RelinkInput& input, const RelinkOptions& options,
                         const RelinkTuning& tuning);

}  // namespace reidbench
