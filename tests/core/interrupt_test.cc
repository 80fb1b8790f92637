#include "reidbench/core/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// In a process of its own: what `work` returns, or 128 + the signal that ended it. It gets `signal`
// once it says that its handler is there.
template <typename Work>
int EndedBy(int signal, const Work& work) {
  int ready[2];
  EXPECT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work(ready[1]));
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(child, signal);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Install(int ready, int grace_ms) {
  InstallInterruptHandler("reidbench test", grace_ms);
  return ::write(ready, "x", 1) == 1 ? 0 : 1;
}

TEST(InterruptTest, WhoPollsEndsByItself) {
  for (const int signal : {SIGINT, SIGTERM}) {
    EXPECT_EQ(EndedBy(signal,
                      [](int ready) {
                        Install(ready, 60'000);
                        while (!InterruptRequested()) ::usleep(1000);
                        return 7;
                      }),
              7);
  }
}

// A library's long call, or a disk that does not answer.
TEST(InterruptTest, WhoDoesNotPollIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(EndedBy(SIGTERM,
                    [](int ready) {
                      Install(ready, 50);
                      for (;;) ::sleep(60);
                      return 0;
                    }),
            kExitInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

// Who handles signals otherwise.
TEST(InterruptTest, IsSetAndTakenBackByHand) {
  EXPECT_FALSE(InterruptRequested());
  SetInterruptRequested(true);
  EXPECT_TRUE(InterruptRequested());
  SetInterruptRequested(false);
  EXPECT_FALSE(InterruptRequested());
}

}  // namespace
}  // namespace reidbench
