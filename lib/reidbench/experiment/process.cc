#include "reidbench/experiment/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

int OpenOutput(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) ThrowIo("{}: cannot create: {}", path.string(), std::strerror(errno));
  return fd;
}

// Only what is safe between fork and exec.
[[noreturn]] void Become(char* const* argv, pid_t parent, int out, int err, int inherited_fd) {
  // The kernel kills the child when the runner ends, whatever ends it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (inherited_fd >= 0) ::fcntl(inherited_fd, F_SETFD, 0);
  ::execv(argv[0], argv);
  ::_exit(127);
}

}  // namespace

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ChildProcess::ChildProcess(const std::vector<std::string>& words,
                           const std::filesystem::path& stdout_file,
                           const std::filesystem::path& stderr_file, int inherited_fd) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int out = OpenOutput(stdout_file);
  const int err = OpenOutput(stderr_file);
  started_s_ = Now();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) Become(argv.data(), parent, out, err, inherited_fd);
  const int reason = errno;
  ::close(out);
  ::close(err);
  if (pid_ < 0) ThrowIo("{}: cannot start: {}", words.front(), std::strerror(reason));
}

ChildProcess::~ChildProcess() {
  if (result_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

ProcessResult ChildProcess::Finish(int status, double cpu_s, int64_t peak_rss_bytes) {
  result_ =
      ProcessResult{.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                    .wall_s = Now() - started_s_,
                    .cpu_s = cpu_s,
                    .peak_rss_bytes = peak_rss_bytes};
  return *result_;
}

std::optional<ProcessResult> ChildProcess::Poll() {
  if (result_) return result_;
  int status = 0;
  rusage usage{};
  const pid_t ended = ::wait4(pid_, &status, WNOHANG, &usage);
  if (ended != pid_) return std::nullopt;
  return Finish(status, Seconds(usage.ru_utime) + Seconds(usage.ru_stime), usage.ru_maxrss * 1024);
}

ProcessResult ChildProcess::Wait() {
  while (true) {
    if (const auto result = Poll()) return *result;
    ::usleep(2000);
  }
}

void ChildProcess::RequestEnd() {
  if (!result_) ::kill(pid_, SIGTERM);
}

ProcessResult RunProcess(const std::vector<std::string>& words,
                         const std::filesystem::path& stdout_file,
                         const std::filesystem::path& stderr_file) {
  return ChildProcess(words, stdout_file, stderr_file).Wait();
}

}  // namespace reidbench
