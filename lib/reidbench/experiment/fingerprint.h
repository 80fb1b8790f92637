// Content hashes of input files and folders, remembered between runs by size and modification time
// so that a data set is read once.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

struct InputHash {
  std::string sha256;
  int64_t bytes = 0;
  int64_t files = 0;
};

class Fingerprints {
 public:
  // `memory` is where hashes are remembered; empty: nowhere. A damaged memory is forgotten.
  explicit Fingerprints(std::filesystem::path memory);

  // Of a file its SHA-256; of a folder that of the sorted relative names and hashes of all files
  // below it; links are followed, but no folder is entered twice. Throws Error(kIo) when `path` is
  // missing or cannot be read, Interrupted after InterruptRequested().
  InputHash Of(const std::filesystem::path& path);

  // Writes the memory, if anything is new. Failing to is no error: the hashes are made again.
  void Save() const;

 private:
  struct Known {
    std::string sha256;
    int64_t size = 0;
    int64_t mtime_ns = 0;
  };

  void HashFiles(const std::vector<std::filesystem::path>& files);

  std::filesystem::path memory_;
  std::map<std::string, Known> known_;  // by absolute path
  mutable bool changed_ = false;
};

}  // namespace reidbench
