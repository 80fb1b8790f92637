// Reads an ONNX graph into layers. Internal to network.cc.
#pragma once

#include "reidbench/networks/network.h"

namespace reidbench {

// What the file computes, layer for layer. Where it is an architecture that is known, by its
// structure, because exporters rename what they fold ("onnx::Conv_1047"), layers and tensors have
// the architecture's names: where the exporter folded a batch norm into a convolution, the norm
// becomes weight 1, the folded bias, running_mean 0 and running_var 1 - 1e-5, with torch's eps of
// 1e-5 an exact identity in float32; what follows its embedding stays, but for a classifier. Else
// the name is "onnx" and the notes say what is in the way of the nearest architecture. Throws
// Error(kModel) that names the node and the operator that are not supported.
//
// What does not depend on the images is computed here, in float64, up to four million numbers. The
// axis of images is 1 and is left out of the layers' values. A node that has no layer is an error
// where an output needs it.
Network ReadOnnxNetwork(const Checkpoint& checkpoint, const NetworkReading& reading);

}  // namespace reidbench
