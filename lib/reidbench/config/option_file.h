// Options of a tracker or a corrector: a YAML file of the user or of configs/, and "key=value" from
// the command line over it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/config/node.h"

namespace reidbench {

// The key of "key=value". Throws Error(kUsage) naming `flag` when it is no such thing.
std::string OptionKey(const std::string& flag, const std::string& assignment);

// Sets "key=value" in `root`; errors about the value name the flag and the assignment.
void ApplyOption(const std::string& flag, const std::string& assignment, ConfigNode* root);

// `path` is a file, or the name (without .yaml) of one in configs/<folder>; empty gives no options.
// Throws Error(kIo) when it cannot be read, Error(kConfig) when it holds no "option: value" lines.
ConfigNode LoadOptionFile(const std::filesystem::path& path, const std::string& folder);

}  // namespace reidbench
