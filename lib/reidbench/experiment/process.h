// Child processes of the runner: their output goes to files, their use of time and memory is known
// when they end, and they end with their parent, even when that is killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reidbench {

// Seconds of a clock that never jumps.
double Now();

struct ProcessResult {
  int exit_code = 0;  // 128 + signal when killed
  double wall_s = 0;
  double cpu_s = 0;
  int64_t peak_rss_bytes = 0;
};

class ChildProcess {
 public:
  // Starts words[0] with the words as arguments; its stdout and stderr go to the files, its stdin
  // is empty. `inherited_fd` >= 0 stays open in it: a lock that must last as long as it runs.
  // Throws Error(kIo).
  ChildProcess(const std::vector<std::string>& words, const std::filesystem::path& stdout_file,
               const std::filesystem::path& stderr_file, int inherited_fd = -1);
  // Kills a child that still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // nullopt while it runs.
  std::optional<ProcessResult> Poll();
  ProcessResult Wait();
  void RequestEnd();  // SIGTERM: commands finish what they can and end

 private:
  ProcessResult Finish(int status, double cpu_s, int64_t peak_rss_bytes);

  pid_t pid_ = -1;
  double started_s_ = 0;
  std::optional<ProcessResult> result_;
};

// Runs to the end. Both outputs go to the files.
ProcessResult RunProcess(const std::vector<std::string>& words,
                         const std::filesystem::path& stdout_file,
                         const std::filesystem::path& stderr_file);

}  // namespace reidbench
