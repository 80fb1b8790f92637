#include "reidbench/core/diagnostics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

// The exit code of `work` in a process of its own.
template <typename Work>
int InAChild(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(PrepareStandardStreamsTest, ClosedOnesNeverBecomeAnotherFile) {
  const TempFolder folder;
  EXPECT_EQ(InAChild([&] {
              ::close(STDIN_FILENO);
              ::close(STDERR_FILENO);
              PrepareStandardStreams();
              const int file = ::open((folder.path() / "video").c_str(), O_WRONLY | O_CREAT, 0600);
              PrintDiagnostic("progress\n");
              struct stat about {};
              return file > STDERR_FILENO && ::fstat(file, &about) == 0 && about.st_size == 0 ? 0
                                                                                              : 1;
            }),
            0);
}

TEST(PrintDiagnosticTest, IsLostWhereItCannotBeWritten) {
  EXPECT_EQ(InAChild([] {
              const int full = ::open("/dev/full", O_WRONLY);
              if (full < 0) return 0;  // a system without that device
              ::dup2(full, STDERR_FILENO);
              PrintDiagnostic("nobody reads this\n");
              return 0;
            }),
            0);
}

TEST(PrepareStandardStreamsTest, AFileSizeLimitIsAnErrorOfTheWrite) {
  const TempFolder folder;
  EXPECT_EQ(InAChild([&] {
              PrepareStandardStreams();
              const rlimit limit{1000, 1000};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              try {
                WriteFileAtomically(folder.path() / "large", std::string(100'000, 'x'));
              } catch (const Error& error) {
                return error.kind() == ErrorKind::kIo ? 7 : 1;
              }
              return 2;
            }),
            7);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace reidbench
