// How a synthetic person looks: body, hair, clothes and what is carried.
#pragma once

#include <cstdint>
#include <string>

#include "core/random.h"

namespace reidbench {

// Everything that makes two people look different. Seen from all sides it is the same person.
struct SynthAppearance {
  double height_m = 1.72;
};

struct SynthAppearanceOptions {
  // Share of people who wear nearly the same as somebody earlier (0..1).
  double hard_negatives = 0.15;
};

// The looks of person `identity` of the population `seed`: does not depend on how many others are
// made or in which order.
SynthAppearance MakeSynthAppearance(uint64_t seed, int64_t identity,
                                    const SynthAppearanceOptions& options);

}  // namespace reidbench
