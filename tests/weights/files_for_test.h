// Where the tests of weights find their files, and what an Error says.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"

namespace reidbench {

inline std::filesystem::path GoldenWeights(const std::string& name) {
  return std::filesystem::path(REIDBENCH_TEST_DATA) / "weights" / name;
}

// Large files that are not part of the repository; absent for most users.
inline std::filesystem::path SharedFile(const std::string& name) {
  return std::filesystem::path(REIDBENCH_SOURCE_DIR) / ".." / "shared" / name;
}

inline std::vector<uint8_t> GoldenBytes(const std::string& name) {
  return ReadFileBytes(GoldenWeights(name));
}

// The message of the Error(kModel) that `action` throws; empty when it throws none.
inline std::string ModelError(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kModel ? error.what()
                                             : std::string("wrong kind: ") + error.what();
  }
  return "";
}

}  // namespace reidbench
