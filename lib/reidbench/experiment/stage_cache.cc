#include "reidbench/experiment/stage_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKeyDigits = 32;  // of 64: enough, and paths stay readable

}  // namespace

ArtifactWork::ArtifactWork(fs::path finished, int lock_fd)
    : finished_(std::move(finished)), lock_fd_(lock_fd) {
  partial_ = finished_;
  partial_ += ".partial";
}

ArtifactWork::ArtifactWork(ArtifactWork&& other) noexcept
    : finished_(std::move(other.finished_)),
      partial_(std::move(other.partial_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

ArtifactWork::~ArtifactWork() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

// There is never half of an artifact under the final name.
void ArtifactWork::Commit() { ReplaceFolder(partial_, finished_); }

void ArtifactWork::Discard() { RemoveFolder(partial_); }

StageCache::StageCache(fs::path folder) : folder_(std::move(folder)) {
  CreateFolders(folder_ / "locks");
}

fs::path StageCache::PathOf(const std::string& key) const {
  return folder_ / key.substr(0, kKeyDigits);
}

bool StageCache::Has(const std::string& key) const { return IsFile(PathOf(key) / kStageFile); }

std::optional<ArtifactWork> StageCache::Begin(const std::string& key, bool resume) const {
  const fs::path lock = folder_ / "locks" / key.substr(0, kKeyDigits);
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) ThrowIo("{}: cannot create: {}", lock.string(), std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return std::nullopt;
  }
  ArtifactWork work(PathOf(key), fd);
  if (!resume) work.Discard();
  CreateFolders(work.folder());
  return work;
}

}  // namespace reidbench
