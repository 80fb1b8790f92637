#include "reidbench/cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cmath>

#include "reidbench/core/clock.h"
#include "reidbench/core/diagnostics.h"
#include "reidbench/core/text.h"

namespace reidbench {

Progress::Progress(std::string label, std::string what, bool quiet)
    : label_(std::move(label)),
      what_(std::move(what)),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (drawn_ && terminal_) PrintDiagnostic("\n");
}

void Progress::Update(int64_t done, int64_t total) {
  if (quiet_) return;
  const auto now = Clock::now();
  if (first_done_ < 0) {
    first_done_ = done;
    start_ = now;
  }
  const auto interval =
      terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10'000);
  if (now - last_ < interval && done < total) return;
  last_ = now;
  Draw(done, total, now);
}

void Progress::Draw(int64_t done, int64_t total, Clock::time_point now) {
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - first_done_) / elapsed : 0;
  std::string line =
      fmt::format("{}: {}/{} {}", label_, WithThousands(done), WithThousands(total), what_);
  if (rate > 0) {
    line += fmt::format(", {:.1f}/s", rate);
    if (done < total) {
      line += fmt::format(", {} left", FormatDuration(static_cast<double>(total - done) / rate));
    } else {
      line += fmt::format(", took {}", FormatDuration(elapsed));
    }
  }
  // \x1b[K clears what a longer earlier line left behind.
  PrintDiagnostic(terminal_ ? "\r" + line + "\x1b[K" : line + "\n");
  drawn_ = true;
}

std::string FormatDuration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace reidbench
