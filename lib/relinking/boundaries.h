// Where exactly one person's boxes end and the next one's begin within a track: candidate cuts are
// only roughly in place, and every box on the wrong side is a false identity.
#pragma once

#include <cstdint>
#include <vector>

#include "relinking/evidence.h"
#include "relinking/pieces.h"

namespace reidbench {

// Slides every cut between two persons (`person` of each piece) to where the boxes before look most
// like the one and those after most like the other; jumps and gaps attract it. The cuts of two
// tracks that exchange persons slide together. Returns the person of each box, never one twice in a
// frame.
std::vector<int32_t> PlaceBoundaries(const RelinkInput& input, const Observations& seen,
                                     const PieceSet& set, const std::vector<int32_t>& person,
                                     const AppearanceModel& appearance, double reach_s);

}  // namespace reidbench
