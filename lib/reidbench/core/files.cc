#include "reidbench/core/files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

template <typename Container>
Container ReadWhole(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) ThrowIo("{}: is a folder, expected a file", path.string());
  std::ifstream stream(path, std::ios::binary);
  if (!stream) ThrowIo("{}: cannot open: {}", path.string(), std::strerror(errno));
  Container content;
  // Not by file size: that is 0 for pipes and /proc files, and may change while reading.
  char buffer[1 << 16];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    content.insert(content.end(), buffer, buffer + stream.gcount());
  }
  if (stream.bad()) ThrowIo("{}: read failed: {}", path.string(), std::strerror(errno));
  return content;
}

template <typename Accept>
std::vector<std::string> ListNames(const fs::path& folder, Accept accept) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) ThrowIo("{}: cannot list folder: {}", folder.string(), error.message());
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : entries) {
    if (accept(entry)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<uint8_t> ReadFileBytes(const fs::path& path) {
  return ReadWhole<std::vector<uint8_t>>(path);
}
std::string ReadFileText(const fs::path& path) { return ReadWhole<std::string>(path); }

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string FolderName(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

std::vector<std::string> ListFileNames(const fs::path& folder) {
  return ListNames(folder, [](const fs::directory_entry& e) {
    std::error_code error;
    return e.is_regular_file(error);
  });
}

std::vector<std::string> ListFolderNames(const fs::path& folder) {
  return ListNames(folder, [](const fs::directory_entry& e) {
    std::error_code error;
    return e.is_directory(error);
  });
}

void RequireWritable(const fs::path& path, bool force) {
  std::error_code error;
  if (fs::is_directory(path, error))
    ThrowUsage("{}: is a folder, expected a file name", path.string());
  if (!force && fs::exists(path, error))
    ThrowUsage("{}: exists; choose another name or add --force", path.string());
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error))
    ThrowIo("{}: folder does not exist: create it first", folder.string());
  if (::access(folder.c_str(), W_OK) != 0)
    ThrowIo("{}: cannot write there: {}", folder.string(), std::strerror(errno));
}

void CreateFolders(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) ThrowIo("{}: cannot create the folder: {}", folder.string(), failed.message());
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  temporary_ = path_;
  // The process id keeps two commands that write the same target apart; the last rename wins,
  // whole.
  temporary_ += fmt::format(".tmp{}", ::getpid());
}

AtomicFile::~AtomicFile() {
  if (committed_) return;
  stream_.close();
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void AtomicFile::Write(std::string_view text) {
  if (!stream_.is_open()) {
    stream_.open(temporary_, std::ios::binary | std::ios::trunc);
    if (!stream_) ThrowIo("{}: cannot create: {}", temporary_.string(), std::strerror(errno));
  }
  if (!stream_.write(text.data(), static_cast<std::streamsize>(text.size()))) {
    ThrowIo("{}: write failed: {}", path_.string(), std::strerror(errno));
  }
}

void AtomicFile::Commit() {
  if (stream_.is_open()) {
    stream_.close();
    if (!stream_) ThrowIo("{}: write failed: {}", path_.string(), std::strerror(errno));
  }
  std::error_code error;
  fs::rename(temporary_, path_, error);
  if (error)
    ThrowIo("{}: cannot rename the finished file to it: {}", path_.string(), error.message());
  committed_ = true;
}

void WriteFileAtomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.Write(content);
  file.Commit();
}

}  // namespace reidbench
