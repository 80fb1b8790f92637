// The one exception type of reidbench. A message says what is wrong, where (file:line, YAML path,
// HDF5 dataset), what was expected and found, and what to do. Errors of third-party libraries are
// translated in the module that owns the library.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>

namespace reidbench {

enum class ErrorKind {
  kUsage,     // wrong flags
  kConfig,    // wrong value in a YAML file or --set
  kInput,     // malformed or contradictory data
  kIo,        // a file or device refused
  kModel,     // weights that do not fit a network
  kInternal,  // a bug in reidbench
};

// Exit codes of every command; `--help` and the README list them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitCheckFailed = 1;  // ran, and a gate or check failed
inline constexpr int kExitUsage = 2;        // usage or config
inline constexpr int kExitInput = 3;        // input, model or I/O
inline constexpr int kExitInternal = 4;     // a bug
inline constexpr int kExitInterrupted =
    130;  // Ctrl-C; running the same command again resumes where that is supported

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Ctrl-C or SIGTERM, thrown by loops that poll InterruptRequested(); ends a command with
// kExitInterrupted.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

int ExitCodeOf(ErrorKind kind);

namespace internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
// Formats and throws out of line: a throw then costs its caller nothing but the call.
[[noreturn]] void Throw(ErrorKind kind, fmt::string_view format, fmt::format_args args);
}  // namespace internal

template <typename... Args>
[[noreturn]] void ThrowUsage(fmt::format_string<Args...> format, Args&&... args) {
  internal::Throw(ErrorKind::kUsage, format, fmt::make_format_args(args...));
}
template <typename... Args>
[[noreturn]] void ThrowConfig(fmt::format_string<Args...> format, Args&&... args) {
  internal::Throw(ErrorKind::kConfig, format, fmt::make_format_args(args...));
}
template <typename... Args>
[[noreturn]] void ThrowInput(fmt::format_string<Args...> format, Args&&... args) {
  internal::Throw(ErrorKind::kInput, format, fmt::make_format_args(args...));
}
template <typename... Args>
[[noreturn]] void ThrowIo(fmt::format_string<Args...> format, Args&&... args) {
  internal::Throw(ErrorKind::kIo, format, fmt::make_format_args(args...));
}
template <typename... Args>
[[noreturn]] void ThrowModel(fmt::format_string<Args...> format, Args&&... args) {
  internal::Throw(ErrorKind::kModel, format, fmt::make_format_args(args...));
}

// For bugs, not for bad input: throws Error(kInternal) in every build type.
#define REIDBENCH_CHECK(condition)                                                        \
  do {                                                                                    \
    if (!(condition)) ::reidbench::internal::CheckFailed(#condition, __FILE__, __LINE__); \
  } while (false)

}  // namespace reidbench
