// Files: whole reads, what paths lead to, and (output.h, which comes along) writes that are either
// complete or absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/output.h"  // IWYU pragma: export

namespace reidbench {

// The whole file, or what comes out of a pipe until its writer closes it. Throws Error(kIo) that
// names the path and the system's reason, a pipe into which nobody writes, or a file that somebody
// wrote to meanwhile.
std::vector<uint8_t> ReadFileBytes(const std::filesystem::path& path);
std::string ReadFileText(const std::filesystem::path& path);
// The same into memory that is used again: `bytes` keeps its capacity.
void ReadFileInto(const std::filesystem::path& path, std::vector<uint8_t>* bytes);
// The same piece by piece, for files that need not fit into memory.
class FileChunks {
 public:
  // Throws Error(kIo) as ReadFileBytes does.
  explicit FileChunks(std::filesystem::path path);
  ~FileChunks();
  FileChunks(const FileChunks&) = delete;
  FileChunks& operator=(const FileChunks&) = delete;

  // Valid until the next call; empty at the end. Throws Error(kIo) as ReadFileBytes does, and
  // Interrupted after InterruptRequested().
  std::string_view Next();

 private:
  struct File;
  std::filesystem::path path_;
  std::unique_ptr<File> file_;
  std::vector<char> buffer_;
};

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

}  // namespace reidbench
