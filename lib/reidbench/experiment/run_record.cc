#include "reidbench/experiment/run_record.h"

#include <sys/utsname.h>

#include "reidbench/core/parallel.h"
#include "reidbench/core/system_info.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

void AddOptionsWithOrigin(const ConfigNode& node, const std::string& key, Json* out) {
  const bool leaf = node.IsNull() || node.IsScalar() || node.children.empty();
  if (leaf) {
    Json value = nullptr;
    if (node.IsScalar()) value = node.text;
    if (node.IsSequence()) value = Json::array();
    if (node.IsMapping()) value = Json::object();
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

Json MakeProvenance(const ExperimentSpec& spec, int threads) {
  Json libraries = Json::object();
  for (const auto& [name, version] : LibraryVersions()) libraries[name] = version;
  utsname system{};
  ::uname(&system);
  const int64_t memory_bytes = MemoryBytes();
  Json seeds = {{"experiment", spec.seed}};
  if (spec.world) seeds["world"] = spec.world->seed;
  return {{"reidbench_version", Version()},
          {"git_commit", TextOrNull(GitCommit())},
          {"compiler", CompilerName()},
          {"build_type", BuildType()},
          {"libraries", libraries},
          {"cpu", TextOrNull(CpuModel())},
          {"processors", ResolveThreads(0)},
          {"threads", threads},
          {"memory_bytes", memory_bytes > 0 ? Json(memory_bytes) : Json(nullptr)},
          {"os", TextOrNull(SystemValue("/etc/os-release", "PRETTY_NAME", '='))},
          {"kernel", fmt::format("{} {}", system.sysname, system.release)},
          {"seeds", seeds}};
}

Json OptionsWithOrigin(const ConfigNode& root) {
  Json options = Json::array();
  AddOptionsWithOrigin(root, "", &options);
  return options;
}

}  // namespace reidbench
