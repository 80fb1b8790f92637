// Smooth random fields for textures: one table, the same in every run. Used inside the module only.
#pragma once

#include <cstdint>

namespace reidbench {

// Value noise of three octaves at (x, y), about 0..1 with mean 0.5; one bump per unit; repeats
// after 64 units.
float SmoothNoise(float x, float y);

// A number in [0, 1) that only depends on its arguments.
float HashUnit(uint32_t a, uint32_t b, uint32_t c);

}  // namespace reidbench
