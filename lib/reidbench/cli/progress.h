// Progress on stderr: a line that redraws itself on a terminal, a plain line now and then
// elsewhere, nothing with --quiet.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace reidbench {

class Progress {
 public:
  // `what` is the noun of the counted thing: "images".
  Progress(std::string label, std::string what, bool quiet);
  ~Progress();  // ends the line
  // May be called from one thread at a time, as often as wished: it draws at most a few times a
  // second.
  void Update(int64_t done, int64_t total);

 private:
  void Draw(int64_t done, int64_t total, std::chrono::steady_clock::time_point now);

  std::string label_;
  std::string what_;
  bool quiet_;
  bool terminal_;
  bool drawn_ = false;
  int64_t first_done_ =
      -1;  // done at the first call: work resumed from an earlier run does not count into the rate
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

// "1:05", "2:03:00": minutes and seconds, hours when there are any.
std::string FormatDuration(double seconds);

}  // namespace reidbench
