// Options of a tracker or a corrector: a YAML file of the user or of configs/, and "key=value" from
// the command line over it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "reidbench/config/node.h"
#include "reidbench/config/reader.h"

namespace reidbench {

// The key of "key=value". Throws Error(kUsage) naming `flag` when it is no such thing.
std::string OptionKey(const std::string& flag, const std::string& assignment);

// Sets "key=value" in `root`; errors about the value name the flag and the assignment.
void ApplyOption(const std::string& flag, const std::string& assignment, ConfigNode* root);

// `path` is a file, or the name (without .yaml) of one in configs/<folder>; empty gives no options.
// Throws Error(kIo) when it cannot be read, Error(kConfig) when it holds no "option: value" lines.
ConfigNode LoadOptionFile(const std::filesystem::path& path, const std::string& folder);

// Options of a method that is chosen by its name: `config` as LoadOptionFile() takes it, with
// `assignments` ("key=value" of --option) over it. The name is --method's, `asked`, or that of the
// file's line "method:", else `usual`. Calls `read` with it and a reader of the other options, all
// of which it has to read. Throws Error(kUsage) when `asked` and the file name different methods.
void ReadMethodOptions(const std::filesystem::path& config, const std::string& folder,
                       const std::vector<std::string>& assignments, const std::string& asked,
                       const std::string& usual,
                       const std::function<void(const std::string&, ConfigReader*)>& read);

}  // namespace reidbench
