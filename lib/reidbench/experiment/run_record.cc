#include "reidbench/experiment/run_record.h"

#include <sys/utsname.h>

#include "reidbench/core/parallel.h"
#include "reidbench/core/system_info.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

RunJson TextOrNull(const std::string& text) {
  return text.empty() ? RunJson(nullptr) : RunJson(text);
}

void AddOptionsWithOrigin(const ConfigNode& node, const std::string& key, RunJson* out) {
  const bool leaf = node.IsNull() || node.IsScalar() || node.children.empty();
  if (leaf) {
    RunJson value = nullptr;
    if (node.IsScalar()) value = node.text;
    if (node.IsSequence()) value = RunJson::array();
    if (node.IsMapping()) value = RunJson::object();
    out->push_back({{"key", key}, {"value", value}, {"origin", node.place.ToString()}});
    return;
  }
  for (size_t i = 0; i < node.children.size(); ++i) {
    const ConfigNode& child = node.children[i];
    const std::string name = node.IsMapping() ? child.key : fmt::format("{}", i);
    AddOptionsWithOrigin(child, key.empty() ? name : key + "." + name, out);
  }
}

}  // namespace

RunJson MakeProvenance(const ExperimentSpec& spec, int threads) {
  RunJson libraries = RunJson::object();
  for (const auto& [name, version] : LibraryVersions()) libraries[name] = version;
  utsname system{};
  ::uname(&system);
  const int64_t memory_bytes = MemoryBytes();
  RunJson seeds = {{"experiment", spec.seed}};
  if (spec.world) seeds["world"] = spec.world->seed;
  return {{"reidbench_version", Version()},
          {"git_commit", TextOrNull(GitCommit())},
          {"compiler", CompilerName()},
          {"build_type", BuildType()},
          {"libraries", libraries},
          {"cpu", TextOrNull(CpuModel())},
          {"processors", ResolveThreads(0)},
          {"threads", threads},
          {"memory_bytes", memory_bytes > 0 ? RunJson(memory_bytes) : RunJson(nullptr)},
          {"os", TextOrNull(SystemValue("/etc/os-release", "PRETTY_NAME", '='))},
          {"kernel", fmt::format("{} {}", system.sysname, system.release)},
          {"seeds", seeds}};
}

RunJson OptionsWithOrigin(const ConfigNode& root) {
  RunJson options = RunJson::array();
  AddOptionsWithOrigin(root, "", &options);
  return options;
}

RunJson Condense(const std::string& command, RunJson result) {
  if (command != "score" || !result.contains("trackers") || result["trackers"].size() != 1)
    return result;
  RunJson tracker = result["trackers"].front();
  if (tracker.contains("sequences")) {
    for (RunJson& sequence : tracker["sequences"]) {
      for (RunJson& family : sequence) {
        RunJson kept = RunJson::object();
        for (const auto& [name, value] : family.items()) {
          if (!value.is_array()) kept[name] = value;
        }
        family = std::move(kept);
      }
    }
  }
  RunJson condensed = {{"benchmark", result.value("benchmark", "")}};
  condensed.update(tracker);
  return condensed;
}

std::string DumpRunJson(const RunJson& json) {
  return json.dump(1, ' ', false, RunJson::error_handler_t::replace) + "\n";
}

}  // namespace reidbench
