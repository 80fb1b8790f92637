// Runs a program of the build as a user would, and keeps what it printed.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/temp_folder.h"

namespace reidbench {

struct ProgramResult {
  int code = -1;  // exit code; 128 + signal when killed
  std::string out;
  std::string err;
};

// `arguments` go to bin/reidbench. `kill_after_ms` > 0 sends SIGKILL then.
// `environment` is set for the program alone.
inline ProgramResult RunReidbench(
    const std::vector<std::string>& arguments, int kill_after_ms = 0,
    const std::vector<std::pair<std::string, std::string>>& environment = {}) {
  const TempFolder folder;
  const std::string out_path = (folder.path() / "out").string();
  const std::string err_path = (folder.path() / "err").string();
  std::vector<std::string> words = {REIDBENCH_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  // They are there however early the program is killed.
  WriteFileAtomically(out_path, "");
  WriteFileAtomically(err_path, "");
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen(out_path.c_str(), "w", stdout) == nullptr ||
        std::freopen(err_path.c_str(), "w", stderr) == nullptr) {
      ::_exit(126);
    }
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  if (kill_after_ms > 0) {
    ::usleep(static_cast<useconds_t>(kill_after_ms) * 1000);
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = ReadFileText(out_path),
          .err = ReadFileText(err_path)};
}

}  // namespace reidbench
