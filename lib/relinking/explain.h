// What a partition of the pieces changes about the input, as decisions: where a track is cut, which
// two tracks exchange identities, what continues what.
#pragma once

#include <cstdint>
#include <vector>

#include "relinking/partition.h"
#include "relinking/relink.h"

namespace reidbench {

// `person` of each piece. Applying the accepted decisions gives exactly that partition.
std::vector<RelinkDecision> Explain(const TrackSet& tracks, const Observations& seen,
                                    const PieceSet& set, const std::vector<int32_t>& person,
                                    const Partitioner& partitioner);

}  // namespace reidbench
