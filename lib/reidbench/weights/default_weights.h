// The weights that commands take when none are named: an OSNet trained on synthetic people, which
// may be shipped. configs/models/README.md is its model card.
#pragma once

#include <filesystem>
#include <string>

namespace reidbench {

// configs/models/osnet_x0_25_synthetic.pth of DataDir(). Throws Error(kIo) when it is not there.
std::filesystem::path DefaultWeights();

// What a command says on stderr when it takes them: they are not what a user of real cameras wants.
std::string DefaultWeightsWarning();

}  // namespace reidbench
