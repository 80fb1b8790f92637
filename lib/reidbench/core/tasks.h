// Independent pieces of work, such as the sequences of a data set: all run, and all that fail say
// so.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace reidbench {

// Calls body(i) for every i in [0, n) in parallel, each isolated: a thread that waits within one
// task does not start another and hold both in memory. Afterwards throws one Error with the
// messages of all tasks that threw an Error (each text once, in the order of the tasks, of the kind
// of the first), or Interrupted("interrupted while <doing>") when the user said so.
void RunTasks(size_t n, std::string_view doing, const std::function<void(size_t)>& body);

}  // namespace reidbench
