// Finds an architecture in a graph by its structure. Internal to onnx_network.cc.
#pragma once

#include "reidbench/networks/network.h"

namespace reidbench {

// Gives `network`, read from a file, the layers, the tensor names and the name of the architecture
// that it is, if it is one (see ReadOnnxNetwork), and else a note about the nearest.
void NameByStructure(Network& network);

}  // namespace reidbench
