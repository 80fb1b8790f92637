#include "reidbench/core/interrupt.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

itimerval grace{};
// Made beforehand: a handler may not allocate.
std::array<char, 160> last_words{};
size_t last_words_size = 0;

void OnSignal(int) {
  requested.store(true);
  ::setitimer(ITIMER_REAL, &grace, nullptr);
}

void OnTimer(int) {
  // Only what is safe in a handler. A message that cannot be written is lost.
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, last_words.data(), last_words_size);
  ::_exit(kExitInterrupted);
}

void Handle(int signal, void (*handler)(int), unsigned flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(flags);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void InstallInterruptHandler(std::string_view command, int grace_ms) {
  const std::string text = std::string(command) + ": interrupted; what was not finished is lost\n";
  last_words_size = std::min(text.size(), last_words.size());
  std::memcpy(last_words.data(), text.data(), last_words_size);
  grace.it_value = {.tv_sec = grace_ms / 1000, .tv_usec = 1000 * (grace_ms % 1000)};
  Handle(SIGALRM, OnTimer, 0);
  // SA_RESETHAND: the second Ctrl-C takes the default action, which ends a command that hangs.
  Handle(SIGINT, OnSignal, SA_RESETHAND);
  Handle(SIGTERM, OnSignal, SA_RESETHAND);
}

bool InterruptRequested() { return requested.load(std::memory_order_relaxed); }

void SetInterruptRequested(bool requested_now) {
  requested.store(requested_now, std::memory_order_relaxed);
}

}  // namespace reidbench
