#include "reidbench/core/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int kPipeWaitMs = 10'000;

// A descriptor that closes itself.
struct InputFile {
  // O_NONBLOCK: opening a pipe without a writer would wait for ever.
  explicit InputFile(const fs::path& path)
      : descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor < 0 || ::fstat(descriptor, &before) != 0) before = {};
  }
  ~InputFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const int descriptor;
  struct stat before {};
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

// What was read of a file that is being written is neither the old nor the new. Files of /proc have
// no size, and no time that says anything.
void RequireUnchanged(const InputFile& input, const fs::path& path) {
  const struct stat& before = input.before;
  struct stat now {};
  if (!S_ISREG(before.st_mode) || before.st_size == 0 || ::fstat(input.descriptor, &now) != 0)
    return;
  if (now.st_size != before.st_size || now.st_mtim.tv_sec != before.st_mtim.tv_sec ||
      now.st_mtim.tv_nsec != before.st_mtim.tv_nsec) {
    ThrowIo("{}: changed while it was read: run the command again once it is finished",
            path.string());
  }
}

// Up to `size` bytes; 0 at the end.
size_t ReadSome(const InputFile& input, void* to, size_t size, const fs::path& path) {
  for (;;) {
    const ssize_t got = ::read(input.descriptor, to, size);
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
  while (const size_t got = ReadSome(input, buffer, sizeof buffer, path))
    content.insert(content.end(), buffer, buffer + got);
  RequireUnchanged(input, path);
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

void ReadFileInto(const fs::path& path, std::vector<uint8_t>* bytes) {
  const InputFile input(path);
  RequireReadable(input, path);
  size_t size = 0;
  bytes->resize(std::max<size_t>(bytes->capacity(), 64 << 10));
  while (const size_t got = ReadSome(input, bytes->data() + size, bytes->size() - size, path)) {
    size += got;
    if (size == bytes->size()) bytes->resize(2 * size);
  }
  RequireUnchanged(input, path);
  bytes->resize(size);
}

struct FileChunks::File {
  explicit File(const fs::path& path) : input(path) {}
  InputFile input;
};

FileChunks::FileChunks(fs::path path)
    : path_(std::move(path)), file_(std::make_unique<File>(path_)), buffer_(1 << 18) {
  RequireReadable(file_->input, path_);
}

FileChunks::~FileChunks() = default;

std::string_view FileChunks::Next() {
  if (InterruptRequested())
    throw Interrupted(fmt::format("interrupted while reading {}", path_.string()));
  const size_t got = ReadSome(file_->input, buffer_.data(), buffer_.size(), path_);
  if (got == 0) RequireUnchanged(file_->input, path_);
  return {buffer_.data(), got};
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
