// Finds an OSNet in an ONNX graph by its structure, because exporters rename what they fold
// ("onnx::Conv_1047"). Internal to osnet.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reidbench/weights/checkpoint.h"

namespace reidbench {

// Torchreid's tensor names and values, also classifier.* where the graph has one. Where the
// exporter folded batch norm into a convolution, the norm becomes weight 1, the folded bias,
// running_mean 0 and running_var 1 - 1e-5: with torch's eps of 1e-5 this is an exact identity in
// float32. Facts for the load report are appended to `notes`. Throws Error(kModel) that says which
// node differs from OSNet.
std::map<std::string, Tensor> OsnetTensorsOfOnnx(const Checkpoint& checkpoint,
                                                 std::vector<std::string>& notes);

}  // namespace reidbench
