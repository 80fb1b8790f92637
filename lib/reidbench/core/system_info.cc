#include "reidbench/core/system_info.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "reidbench/core/files.h"
#include "reidbench/core/library_versions.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

// What a program prints; empty when it cannot run or fails. Its stderr goes nowhere.
std::string OutputOf(std::vector<std::string> words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  const bool started =
      ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  char buffer[4096];
  while (started) {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    output.append(buffer, static_cast<size_t>(got));
  }
  ::close(ends[0]);
  int status = 1;
  while (started && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return started && status == 0 ? output : "";
}

}  // namespace

std::string SystemValue(const std::filesystem::path& file, std::string_view key, char separator) {
  if (!std::filesystem::exists(file)) return "";
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

std::string CpuModel() { return SystemValue("/proc/cpuinfo", "model name", ':'); }

int64_t MemoryBytes() {
  const std::string text = SystemValue("/proc/meminfo", "MemTotal", ':');
  return ParseInt(SplitText(text, ' ').front()).value_or(0) * 1024;
}

std::vector<std::pair<std::string, std::string>> LibraryVersions() {
  const std::pair<const char*, const char*> versions[] = REIDBENCH_LIBRARY_VERSIONS;
  std::vector<std::pair<std::string, std::string>> known;
  for (const auto& [name, version] : versions) {
    if (*version != '\0') known.emplace_back(name, version);
  }
  return known;
}

std::string GitCommit() {
  const std::filesystem::path tree = DataDir();
  if (!std::filesystem::exists(tree / ".git")) return "";
  std::string commit(Trim(OutputOf({"git", "-C", tree.string(), "rev-parse", "HEAD"})));
  if (!commit.empty() &&
      !OutputOf({"git", "-C", tree.string(), "status", "--porcelain", "--untracked-files=no"})
           .empty())
    commit += " with local changes";
  return commit;
}

std::string UtcNow(bool compact) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, compact ? "%Y%m%dT%H%M%SZ" : "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace reidbench
