// OSNet on oneDNN's convolutions, for any processor that oneDNN knows: batch norms folded, NHWC
// from end to end, the rest in osnet_kernels.h. Compiled only with REIDBENCH_ONEDNN. No oneDNN type
// shows here.
#pragma once

#include <memory>
#include <string>

#include "reidbench/embedding/osnet_runner.h"

namespace reidbench {

// "2.6.3": of the library that is loaded.
std::string OnednnVersion();

// Throws Error(kModel) when oneDNN fails.
std::unique_ptr<OsnetRunner> MakeOnednnRunner(const FoldedOsnet& network);

}  // namespace reidbench
