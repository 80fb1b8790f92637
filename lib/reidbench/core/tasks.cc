#include "reidbench/core/tasks.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {

void RunTasks(size_t n, std::string_view doing, const std::function<void(size_t)>& body) {
  std::vector<std::optional<Error>> errors(n);
  ParallelFor(static_cast<int64_t>(n), [&](int64_t i) {
    if (InterruptRequested()) return;
    try {
      tbb::this_task_arena::isolate([&] { body(static_cast<size_t>(i)); });
    } catch (const Error& error) {
      errors[static_cast<size_t>(i)] = error;
    }
  });
  if (InterruptRequested()) throw Interrupted(fmt::format("interrupted while {}", doing));
  std::vector<std::string> messages;
  ErrorKind kind = ErrorKind::kInput;
  for (const std::optional<Error>& error : errors) {
    if (!error) continue;
    if (messages.empty()) kind = error->kind();
    if (std::find(messages.begin(), messages.end(), error->what()) == messages.end())
      messages.emplace_back(error->what());
  }
  if (!messages.empty()) throw Error(kind, JoinText(messages, "\n"));
}

}  // namespace reidbench
