#include "reidbench/profiling/isolated.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"

namespace reidbench {
namespace {

// First byte of what a child sends: a result, or an error of a kind.
constexpr char kResult = 'r';
constexpr char kFirstKind = '0';

void SendAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::write(fd, text.data(), text.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) ::_exit(1);
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

[[noreturn]] void BeChild(const std::function<std::string()>& work, int fd, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  std::string message;
  try {
    message = kResult + work();
  } catch (const Error& error) {
    message = std::string(1, static_cast<char>(kFirstKind + static_cast<int>(error.kind()))) +
              error.what();
  } catch (const std::bad_alloc&) {
    message = std::string(1, static_cast<char>(kFirstKind + static_cast<int>(ErrorKind::kModel))) +
              "out of memory";
  } catch (const std::exception& error) {
    message =
        std::string(1, static_cast<char>(kFirstKind + static_cast<int>(ErrorKind::kInternal))) +
        error.what();
  }
  SendAll(fd, message);
  // Not exit(): the parent's buffers and handlers are the parent's affair.
  ::_exit(0);
}

}  // namespace

IsolatedResult RunIsolated(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) ThrowIo("cannot make a pipe: {}", std::strerror(errno));
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    BeChild(work, ends[1], parent);
  }
  const int reason = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    ThrowIo("cannot start a process: {}", std::strerror(reason));
  }
  std::string message;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) {
      if (InterruptRequested()) ::kill(child, SIGKILL);
      continue;
    }
    if (got <= 0) break;
    message.append(buffer, static_cast<size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (InterruptRequested()) throw Interrupted("a measurement was stopped");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || message.empty()) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      ThrowModel("the measuring process was killed: out of memory?");
    ThrowModel("the measuring process ended without a result ({})",
               WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status))
                                   : fmt::format("exit code {}", WEXITSTATUS(status)).c_str());
  }
  if (message.front() != kResult)
    throw Error(static_cast<ErrorKind>(message.front() - kFirstKind), message.substr(1));
  return {message.substr(1), usage.ru_maxrss * 1024};
}

}  // namespace reidbench
