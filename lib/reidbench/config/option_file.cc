#include "reidbench/config/option_file.h"

#include <system_error>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"

namespace reidbench {

namespace fs = std::filesystem;

std::string OptionKey(const std::string& flag, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  std::string key(Trim(std::string_view(assignment).substr(0, equals)));
  if (equals == std::string::npos || key.empty())
    ThrowUsage("{} {}: expected key=value", flag, assignment);
  return key;
}

void ApplyOption(const std::string& flag, const std::string& assignment, ConfigNode* root) {
  const std::string key = OptionKey(flag, assignment);
  ApplyOverride(root, assignment);
  if (ConfigNode* node = root->Find(key)) {
    node->place = node->key_place = {flag + " " + assignment, 0, 0};
  }
}

ConfigNode LoadOptionFile(const fs::path& path, const std::string& folder) {
  ConfigNode root = ParseConfig("{}", "--option");
  if (path.empty()) return root;
  fs::path file = path;
  std::error_code ignored;
  if (!fs::exists(path, ignored) && !path.has_parent_path() && !path.has_extension()) {
    const fs::path shipped = DataDir() / "configs" / folder / (path.string() + ".yaml");
    if (fs::exists(shipped, ignored)) file = shipped;
  }
  MergeConfig(&root, LoadConfig(file));
  if (!root.IsMapping())
    ThrowConfig("{}: expected 'option: value' lines, found {}", path.string(), root.Describe());
  return root;
}

void ReadMethodOptions(const fs::path& config, const std::string& folder,
                       const std::vector<std::string>& assignments, const std::string& asked,
                       const std::string& usual,
                       const std::function<void(const std::string&, ConfigReader*)>& read) {
  ConfigNode root = LoadOptionFile(config, folder);
  for (const std::string& assignment : assignments) ApplyOption("--option", assignment, &root);
  ConfigReader reader(root);
  std::string name;
  reader.Read("method", &name);
  if (!asked.empty() && !name.empty() && asked != name)
    ThrowUsage("--method {}: {} is for the method {}", asked, config.string(), name);
  if (name.empty()) name = asked.empty() ? usual : asked;
  read(name, &reader);
  reader.Finish();
}

}  // namespace reidbench
