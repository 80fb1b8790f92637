// Files: whole reads, and writes that are either complete or absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

// The whole file. Throws Error(kIo) that names the path and the system's reason.
std::vector<uint8_t> ReadFileBytes(const std::filesystem::path& path);
std::string ReadFileText(const std::filesystem::path& path);

// What the path leads to; false, not an error, when it does not exist or cannot be looked at.
bool IsFile(const std::filesystem::path& path);
bool IsFolder(const std::filesystem::path& path);
// The last part of a folder's path: "b" of "a/b" and of "a/b/", the real name of ".".
std::string FolderName(const std::filesystem::path& path);

// Names (not paths) of the regular files directly in `folder`, sorted by byte value. Throws
// Error(kIo).
std::vector<std::string> ListFileNames(const std::filesystem::path& folder);
// The same for sub-folders.
std::vector<std::string> ListFolderNames(const std::filesystem::path& folder);

// Throws Error(kUsage) when `path` exists and `force` is false: nothing is overwritten by accident.
// Throws Error(kIo) when the folder it should be created in does not exist.
void RequireWritable(const std::filesystem::path& path, bool force);

// The folder and those it is in, where they are missing. Throws Error(kIo).
void CreateFolders(const std::filesystem::path& folder);

// Writes beside `path` under a temporary name and renames on Commit(); without Commit() nothing is
// left behind.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // For writers that open the file themselves (HDF5); the same folder as the target, so that the
  // rename is atomic.
  const std::filesystem::path& temporary_path() const { return temporary_; }
  void Write(std::string_view text);
  void Commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::ofstream stream_;
  bool committed_ = false;
};

// AtomicFile in one call.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

}  // namespace reidbench
