#include "reidbench/weights/default_weights.h"

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

constexpr const char* kFileName = "osnet_x0_25_synthetic.pth";

}  // namespace

std::filesystem::path DefaultWeights() {
  std::filesystem::path path = DataDir() / "configs" / "models" / kFileName;
  if (!IsFile(path)) {
    ThrowIo("{}: the default weights are missing; name others with --weights", path.string());
  }
  return path;
}

std::string DefaultWeightsWarning() {
  return fmt::format(
      "no --weights: taking {}, which was trained on synthetic people alone and is not for real "
      "cameras",
      kFileName);
}

}  // namespace reidbench
