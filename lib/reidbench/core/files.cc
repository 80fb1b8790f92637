#include "reidbench/core/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int kPipeWaitMs = 10'000;

// A descriptor that closes itself.
struct InputFile {
  // O_NONBLOCK: opening a pipe without a writer would wait for ever.
  explicit InputFile(const fs::path& path)
      : descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {}
  ~InputFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const int descriptor;
};

// Refuses what cannot be read before anything waits for it.
void RequireReadable(const InputFile& input, const fs::path& path) {
  if (input.descriptor < 0) ThrowIo("{}: cannot open: {}", path.string(), std::strerror(errno));
  struct stat about {};
  if (::fstat(input.descriptor, &about) != 0) return;
  if (S_ISDIR(about.st_mode)) ThrowIo("{}: is a folder, expected a file", path.string());
  if (!S_ISFIFO(about.st_mode)) return;
  pollfd waiting{input.descriptor, POLLIN, 0};
  if (::poll(&waiting, 1, kPipeWaitMs) == 0) {
    ThrowIo("{}: is a pipe into which nobody has written for {} s", path.string(),
            kPipeWaitMs / 1000);
  }
  ::fcntl(input.descriptor, F_SETFL, 0);  // from here on, reads wait for the writer
}

size_t ReadSome(int descriptor, const fs::path& path, std::span<char> buffer) {
  for (;;) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) ThrowIo("{}: read failed: {}", path.string(), std::strerror(errno));
  }
}

template <typename Container>
Container ReadWhole(const fs::path& path) {
  const InputFile input(path);
  RequireReadable(input, path);
  Container content;
  // Not by file size: that is 0 for pipes and /proc files, and may change while reading.
  char buffer[1 << 16];
  for (;;) {
    const size_t got = ReadSome(input.descriptor, path, buffer);
    if (got == 0) return content;
    content.insert(content.end(), buffer, buffer + got);
  }
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

FileChunks::FileChunks(fs::path path) : path_(std::move(path)), buffer_(1 << 16) {
  const InputFile input(path_);
  RequireReadable(input, path_);
  descriptor_ = ::fcntl(input.descriptor, F_DUPFD_CLOEXEC, 0);
  if (descriptor_ < 0) ThrowIo("{}: cannot open: {}", path_.string(), std::strerror(errno));
}

FileChunks::~FileChunks() { ::close(descriptor_); }

std::string_view FileChunks::Next() {
  return {buffer_.data(), ReadSome(descriptor_, path_, buffer_)};
}

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

}  // namespace reidbench
