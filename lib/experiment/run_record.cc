#include "experiment/run_record.h"

#include <sys/utsname.h>

#include <ctime>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/text.h"
#include "core/version.h"
#include "experiment/library_versions.h"
#include "experiment/process.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// The value of a "key : value" or "key=value" line of a system file; empty if there is none.
std::string SystemValue(const fs::path& file, std::string_view key, char separator) {
  if (!fs::exists(file)) return "";
  const std::string text = ReadFileText(file);
  for (const std::string_view line : SplitText(text, '\n')) {
    const size_t at = line.find(separator);
    if (at == std::string_view::npos || Trim(line.substr(0, at)) != key) continue;
    std::string value(Trim(line.substr(at + 1)));
    std::erase(value, '"');
    return value;
  }
  return "";
}

RunJson TextOrNull(const std::string& text) {
  return text.empty() ? RunJson(nullptr) : RunJson(text);
}

// Of the source tree that this program was built from; null for an installed program.
RunJson GitCommit(const fs::path& scratch) {
  const fs::path out = scratch / ".git.out";
  const fs::path err = scratch / ".git.err";
  const auto git = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"/usr/bin/env", "git", "-C", DataDir().string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const bool ok = RunProcess(words, out, err).exit_code == 0;
    return ok ? std::string(Trim(ReadFileText(out))) : std::string();
  };
  std::string commit;
  if (fs::exists(DataDir() / ".git")) {
    commit = git({"rev-parse", "HEAD"});
    if (!commit.empty() && !git({"status", "--porcelain", "--untracked-files=no"}).empty())
      commit += " with local changes";
  }
  std::error_code ignored;
  fs::remove(out, ignored);
  fs::remove(err, ignored);
  return TextOrNull(commit);
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

RunJson MakeProvenance(const ExperimentSpec& spec, int threads, const fs::path& scratch) {
  RunJson libraries = RunJson::object();
  const std::pair<const char*, const char*> versions[] = REIDBENCH_LIBRARY_VERSIONS;
  for (const auto& [name, version] : versions) {
    if (*version != '\0') libraries[name] = version;
  }
  utsname system{};
  ::uname(&system);
  const auto memory_kb =
      ParseInt(SplitText(SystemValue("/proc/meminfo", "MemTotal", ':'), ' ').front());
  RunJson seeds = {{"experiment", spec.seed}};
  if (spec.world) seeds["world"] = spec.world->seed;
  return {{"reidbench_version", Version()},
          {"git_commit", GitCommit(scratch)},
          {"compiler", CompilerName()},
          {"build_type", BuildType()},
          {"libraries", libraries},
          {"cpu", TextOrNull(SystemValue("/proc/cpuinfo", "model name", ':'))},
          {"processors", ResolveThreads(0)},
          {"threads", threads},
          {"memory_bytes", memory_kb ? RunJson(*memory_kb * 1024) : RunJson(nullptr)},
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

std::string UtcNow(bool compact) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, compact ? "%Y%m%dT%H%M%SZ" : "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string DumpRunJson(const RunJson& json) {
  return json.dump(1, ' ', false, RunJson::error_handler_t::replace) + "\n";
}

}  // namespace reidbench
