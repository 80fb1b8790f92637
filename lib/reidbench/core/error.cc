#include "reidbench/core/error.h"

#include <string_view>

namespace reidbench {

int ExitCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
      return kExitUsage;
    case ErrorKind::kInput:
    case ErrorKind::kIo:
    case ErrorKind::kModel:
      return kExitInput;
    case ErrorKind::kInternal:
      return kExitInternal;
  }
  return kExitInternal;
}

namespace internal {

void CheckFailed(const char* condition, const char* file, int line) {
  // From `lib/` on: the message must not depend on where the tree was checked out.
  std::string_view path = file;
  if (const auto at = path.rfind("/lib/"); at != std::string_view::npos) path.remove_prefix(at + 1);
  throw Error(
      ErrorKind::kInternal,
      fmt::format("internal check failed: {} at {}:{}; please report this", condition, path, line));
}

void Throw(ErrorKind kind, fmt::string_view format, fmt::format_args args) {
  throw Error(kind, fmt::vformat(format, args));
}

}  // namespace internal
}  // namespace reidbench
