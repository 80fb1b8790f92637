// Work in a process of its own: its peak memory is its own, what it leaves in caches and allocators
// goes with it, and when it is killed only it is lost.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace reidbench {

struct IsolatedResult {
  std::string output;          // what the work returned
  int64_t peak_rss_bytes = 0;  // of the process, with the pages of the program that it touched
};

// Runs `work` in a fork of this process and waits for it. The caller must be the only thread, and
// no library may have started threads before. What the work throws is thrown here; Error(kModel)
// when the process dies ("out of memory" where it was killed), Interrupted after Ctrl-C.
IsolatedResult RunIsolated(const std::function<std::string()>& work);

}  // namespace reidbench
