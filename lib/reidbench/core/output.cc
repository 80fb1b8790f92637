#include "reidbench/core/output.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".reidbench-";
constexpr size_t kRandomDigits = 16;
constexpr size_t kLongestStem = 160;  // names of more than 255 bytes are refused by file systems

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// "/" at the end of a folder's path means the folder itself.
fs::path WithoutSlash(fs::path path) { return path.has_filename() ? path : path.parent_path(); }

// ".NAME.reidbench-": hidden, and known again at the next run for NAME.
std::string PrefixOf(const fs::path& target) {
  return "." + target.filename().string().substr(0, kLongestStem) + std::string(kMark);
}

std::string RandomDigits() {
  uint64_t value = 0;
  auto* at = reinterpret_cast<unsigned char*>(&value);
  for (size_t done = 0; done < sizeof value;) {
    const ssize_t got = ::getrandom(at + done, sizeof value - done, 0);
    if (got < 0 && errno != EINTR) ThrowIo("no random numbers: {}", std::strerror(errno));
    if (got > 0) done += static_cast<size_t>(got);
  }
  return fmt::format("{:016x}", value);
}

// `ending` is that of the name that was given, which need not be that of what a link leads to:
// encoders tell the container by it.
fs::path TemporaryName(const fs::path& target, const fs::path& ending) {
  return FolderOf(target) / (PrefixOf(target) + RandomDigits() + ending.string());
}

bool IsTemporaryName(std::string_view name, std::string_view prefix, std::string_view extension) {
  if (name.size() != prefix.size() + kRandomDigits + extension.size()) return false;
  if (!name.starts_with(prefix) || !name.ends_with(extension)) return false;
  return name.substr(prefix.size(), kRandomDigits).find_first_not_of("0123456789abcdef") ==
         std::string_view::npos;
}

// Open file description locks: a second handle of this process (HDF5's) neither meets nor drops
// them.
bool LockFile(int descriptor) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

// Our pattern, our user's, a plain file that nobody holds.
void RemoveLeftoverFile(const fs::path& path) {
  struct stat about {};
  const int descriptor = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  if (::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == ::geteuid() &&
      LockFile(descriptor)) {
    ::unlink(path.c_str());
  }
  ::close(descriptor);
}

// A folder's lock is on the folder itself.
int LockFolder(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return -1;
}

void RemoveLeftoverFolder(const fs::path& path) {
  const int lock = LockFolder(path);
  if (lock < 0) return;
  std::error_code ignored;
  fs::remove_all(path, ignored);
  ::close(lock);
}

// A new folder with a name of ours for `target`. Throws Error(kIo).
fs::path MakeTemporaryFolder(const fs::path& target) {
  std::error_code error;
  for (;;) {
    fs::path path = TemporaryName(target, target.extension());
    if (fs::create_directory(path, error)) return path;
    if (error) ThrowIo("{}: cannot create the folder: {}", target.string(), error.message());
  }
}

enum class Leftover { kFiles, kFolders };

void RemoveLeftovers(const fs::path& target, const fs::path& ending, Leftover kind) {
  const std::string prefix = PrefixOf(target);
  const std::string extension = ending.string();
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(FolderOf(target), error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsTemporaryName(entry->path().filename().string(), prefix, extension))
      found.push_back(entry->path());
  }
  for (const fs::path& path : found) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0 || about.st_uid != ::geteuid()) continue;
    if (kind == Leftover::kFiles && S_ISREG(about.st_mode)) RemoveLeftoverFile(path);
    if (kind == Leftover::kFolders && S_ISDIR(about.st_mode)) RemoveLeftoverFolder(path);
  }
}

// Links followed to their end, which need not exist yet.
fs::path FollowLinks(fs::path path) {
  std::error_code error;
  for (int depth = 0; fs::is_symlink(path, error); ++depth) {
    if (depth == 40) ThrowIo("{}: too many links, one after the other", path.string());
    const fs::path next = fs::read_symlink(path, error);
    if (error) ThrowIo("{}: cannot read the link: {}", path.string(), error.message());
    path = next.is_absolute() ? next : FolderOf(path) / next;
  }
  return path;
}

void WriteAll(int descriptor, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) ThrowIo("{}: write failed: {}", path.string(), std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(written));
  }
}

// For writing. A pipe needs its reader, which may come a little later.
int OpenStream(const fs::path& target, const fs::path& name) {
  constexpr int kWaitMs = 10'000, kPollMs = 20;
  for (int waited = 0;; waited += kPollMs) {
    const int out = ::open(target.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (out >= 0) {
      ::fcntl(out, F_SETFL, 0);  // from here on, writes wait for the reader
      return out;
    }
    if (errno != ENXIO && errno != EINTR)
      ThrowIo("{}: cannot open: {}", name.string(), std::strerror(errno));
    if (InterruptRequested())
      throw Interrupted(fmt::format("interrupted while nobody read {}", name.string()));
    if (waited >= kWaitMs)
      ThrowIo("{}: is a pipe from which nobody has read for {} s", name.string(), kWaitMs / 1000);
    ::usleep(1000 * kPollMs);
  }
}

// A new file that only we can have made, or nullopt for a reason in errno.
std::optional<int> CreateNew(const fs::path& path) {
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0) return std::nullopt;
  LockFile(
      descriptor);  // where a file system has no locks, its leftovers stay: better than lost work
  return descriptor;
}

}  // namespace

bool IsStream(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return !error && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

void RequireWritable(const fs::path& path, bool force) {
  std::error_code error;
  if (fs::is_directory(path, error))
    ThrowUsage("{}: is a folder, expected a file name", path.string());
  if (IsStream(path)) {
    if (::access(path.c_str(), W_OK) != 0)
      ThrowIo("{}: cannot write to it: {}", path.string(), std::strerror(errno));
    return;
  }
  if (!force && fs::exists(path, error))
    ThrowUsage("{}: exists; choose another name or add --force", path.string());
  const fs::path target = FollowLinks(path);
  const fs::path folder = FolderOf(target);
  if (!fs::is_directory(folder, error))
    ThrowIo("{}: folder does not exist: create it first", folder.string());
  if (::access(folder.c_str(), W_OK) != 0)
    ThrowIo("{}: cannot write there: {}", folder.string(), std::strerror(errno));
  RemoveLeftovers(target, path.extension(), Leftover::kFiles);
}

AtomicFile::AtomicFile(fs::path path)
    : path_(std::move(path)), target_(FollowLinks(path_)), is_stream_(IsStream(target_)) {
  // A stream gets whole output too: it is gathered in a file first, which some writers need anyway.
  const fs::path beside = is_stream_ ? TemporaryFolder() / "output" : target_;
  std::optional<int> created;
  do {
    temporary_ = TemporaryName(beside, path_.extension());
    created = CreateNew(temporary_);
  } while (!created && errno == EEXIST);
  if (!created) ThrowIo("{}: cannot create: {}", path_.string(), std::strerror(errno));
  descriptor_ = *created;
}

AtomicFile::~AtomicFile() {
  // Removed while the lock is held: no other command takes it for a leftover meanwhile.
  if (!committed_) ::unlink(temporary_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicFile::Write(std::string_view text) { WriteAll(descriptor_, text, path_); }

void AtomicFile::Commit() {
  if (is_stream_) {
    const int out = OpenStream(target_, path_);
    // Anew: writers such as HDF5 may have put another file in the place of ours.
    const std::string content = ReadFileText(temporary_);
    // Who stops reading a pipe is an error of the write, as a full disk is.
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    try {
      WriteAll(out, content, path_);
    } catch (...) {
      ::signal(SIGPIPE, before);
      ::close(out);
      throw;
    }
    ::signal(SIGPIPE, before);
    if (::close(out) != 0) ThrowIo("{}: write failed: {}", path_.string(), std::strerror(errno));
    return;
  }
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error)
    ThrowIo("{}: cannot rename the finished file to it: {}", path_.string(), error.message());
  committed_ = true;
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0) ThrowIo("{}: write failed: {}", path_.string(), std::strerror(errno));
}

void WriteFileAtomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.Write(content);
  file.Commit();
}

AtomicFolder::AtomicFolder(fs::path target)
    : target_(FollowLinks(WithoutSlash(std::move(target)))) {
  std::error_code error;
  if (fs::exists(target_, error) && !fs::is_directory(target_, error))
    ThrowUsage("{}: expected a folder to write, found a file or a device", target_.string());
  CreateFolders(FolderOf(target_));
  lock_file_ = FolderOf(target_) / (PrefixOf(target_) + "lock");
  for (;;) {
    lock_ = ::open(lock_file_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (lock_ < 0) ThrowIo("{}: cannot create: {}", target_.string(), std::strerror(errno));
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(lock_);
      ThrowUsage("{}: another reidbench is writing it just now", target_.string());
    }
    // The one before may have removed the file between our opening and locking it.
    struct stat ours {
    }, there{};
    if (::fstat(lock_, &ours) == 0 && ::lstat(lock_file_.c_str(), &there) == 0 &&
        ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) {
      break;
    }
    ::close(lock_);
  }
  RemoveLeftovers(target_, target_.extension(), Leftover::kFolders);
  try {
    temporary_ = MakeTemporaryFolder(target_);
  } catch (...) {
    Unlock();
    throw;
  }
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
  Unlock();
}

void AtomicFolder::Unlock() {
  ::unlink(lock_file_.c_str());
  ::close(lock_);
}

void AtomicFolder::Commit() {
  ReplaceFolder(temporary_, target_);
  committed_ = true;
}

namespace {

// The files of `from` and of its folders to the same places in `to`.
void MoveAmong(const fs::path& from, const fs::path& to) {
  for (const std::string& name : ListFileNames(from)) {
    std::error_code error;
    fs::rename(from / name, to / name, error);
    if (error) ThrowIo("{}: cannot rename: {}", (to / name).string(), error.message());
  }
  for (const std::string& name : ListFolderNames(from)) {
    CreateFolders(to / name);
    MoveAmong(from / name, to / name);
  }
}

}  // namespace

void AtomicFolder::CommitAmong() {
  if (!IsFolder(target_)) return Commit();
  MoveAmong(temporary_, target_);
  RemoveFolder(temporary_);
  committed_ = true;
}

ScratchFolder::ScratchFolder(const fs::path& parent) {
  CreateFolders(parent);
  const fs::path target = parent / "scratch";
  RemoveLeftovers(target, target.extension(), Leftover::kFolders);
  path_ = MakeTemporaryFolder(target);
  lock_ = LockFolder(path_);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

void ReplaceFolder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(to, error))) {
    fs::rename(from, to, error);
    if (error)
      ThrowIo("{}: cannot rename {} to it: {}", to.string(), from.string(), error.message());
    return;
  }
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
    RemoveFolder(from);  // which is the older one now
    return;
  }
  if (errno != EINVAL && errno != ENOSYS)
    ThrowIo("{}: cannot rename {} to it: {}", to.string(), from.string(), std::strerror(errno));
  // Without an exchange in one step, the older one is there until the new one is.
  const fs::path old = TemporaryName(to, to.extension());
  fs::rename(to, old, error);
  if (!error) fs::rename(from, to, error);
  if (error) ThrowIo("{}: cannot rename {} to it: {}", to.string(), from.string(), error.message());
  RemoveFolder(old);
}

void CreateFolders(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) ThrowIo("{}: cannot create the folder: {}", folder.string(), failed.message());
}

void RemoveFolder(const fs::path& folder) {
  std::error_code failed;
  fs::remove_all(folder, failed);
  if (failed) ThrowIo("{}: cannot remove the folder: {}", folder.string(), failed.message());
}

fs::path TemporaryFolder() {
  std::error_code failed;
  fs::path folder = fs::temp_directory_path(failed);
  if (failed) {
    const char* named = std::getenv("TMPDIR");
    ThrowIo("{}: there is no such folder for temporary files: set TMPDIR to one that exists",
            named != nullptr ? named : "/tmp");
  }
  return folder;
}

}  // namespace reidbench
