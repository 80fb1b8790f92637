// The families of architectures. A new one takes its own .cc beside osnet.cc, two lines here and a
// test; README.md tells how.
#pragma once

#include <vector>

#include "reidbench/networks/network.h"

namespace reidbench {

// All nine: osnet_x1_0, x0_75, x0_5, x0_25, osnet_ibn_x1_0, osnet_ain_x1_0, x0_75, x0_5, x0_25.
std::vector<Architecture> OsnetArchitectures();

inline constexpr std::vector<Architecture> (*kArchitectureFamilies[])() = {
    OsnetArchitectures,
};

}  // namespace reidbench
