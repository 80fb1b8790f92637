// A folder that lives as long as the test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"

namespace reidbench {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "reidbench_test_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) ThrowIo("{}: cannot create", pattern);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Writes a file below the folder, with the folders on the way; returns its path.
  std::filesystem::path Write(const std::string& name, std::string_view content = "x") const {
    const std::filesystem::path path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    WriteFileAtomically(path, content);
    return path;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace reidbench
