// What a call refuses with, for tests of error messages.
#pragma once

#include <functional>
#include <string>

#include "reidbench/core/error.h"

namespace reidbench {

/// Runs `call`, which must throw an Error of `kind`, and returns its message. The running test
/// fails when nothing or another kind is thrown.
std::string MessageOf(ErrorKind kind, const std::function<void()>& call);

/// The same where only the exit code of a command is promised (kExitInput has three kinds).
std::string MessageOfExit(int exit_code, const std::function<void()>& call);

}  // namespace reidbench
