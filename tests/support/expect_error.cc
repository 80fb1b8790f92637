#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <optional>

namespace reidbench {
namespace {

std::optional<Error> ErrorOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return std::nullopt;
}

}  // namespace

std::string MessageOf(ErrorKind kind, const std::function<void()>& call) {
  const std::optional<Error> error = ErrorOf(call);
  if (!error) return "";
  EXPECT_EQ(error->kind(), kind) << error->what();
  return error->what();
}

std::string MessageOfExit(int exit_code, const std::function<void()>& call) {
  const std::optional<Error> error = ErrorOf(call);
  if (!error) return "";
  EXPECT_EQ(ExitCodeOf(error->kind()), exit_code) << error->what();
  return error->what();
}

}  // namespace reidbench
