// What a partition of the pieces changes about the input, as decisions: where a track is cut, which
// two tracks exchange identities, what continues what.
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/relinking/partition.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

// Of the links that were refused those are told that miss the threshold by no more than this, and
// so many of one track.
constexpr double kToldBelowThreshold = 4;
constexpr int kToldRefusedEach = 3;

// `parts`: tracks cut where the person of a box changes (`person` of each box). Applying the
// accepted decisions gives exactly that partition. Links that were refused, but not by far, follow
// with their reason.
std::vector<RelinkDecision> Explain(const Observations& seen, const PieceSet& parts,
                                    const std::vector<int64_t>& person,
                                    const Partitioner& partitioner);

}  // namespace reidbench
