#include "reidbench/jobs/track/track_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Before the key; the number is the version of the layout: lines "SHA-256 seconds file".
constexpr std::string_view kTrackJournalHead = "reidbench track 1 ";

}  // namespace

fs::path TrackJournalPath(const fs::path& output) { return output / "track.partial"; }

TrackJournal::TrackJournal(const fs::path& output, const std::string& key)
    : path_(TrackJournalPath(output)), head_(std::string(kTrackJournalHead) + key) {
  for (;;) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor_ < 0) ThrowIo("{}: cannot open: {}", path_.string(), std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(descriptor_);
      ThrowUsage("{}: another reidbench is writing there just now", output.string());
    }
    // Another process may have finished, and removed the file, between our opening and locking it.
    struct stat ours {
    }, named{};
    if (::fstat(descriptor_, &ours) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
        ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
      break;
    }
    ::close(descriptor_);
  }
  try {
    const std::string text = ReadFileText(path_);
    // What follows the last line break was cut off by a kill.
    const auto lines = SplitText(std::string_view(text).substr(0, text.rfind('\n') + 1), '\n');
    resumes_ = lines.front() == head_;
    if (!resumes_) return;
    if (!text.ends_with('\n')) Write("\n");
    for (const std::string_view line : lines) {
      const size_t hash_end = line.find(' ');
      const size_t seconds_end = line.find(' ', hash_end + 1);
      if (hash_end != 64 || seconds_end == std::string_view::npos) continue;
      const auto seconds = ParseDouble(line.substr(hash_end + 1, seconds_end - hash_end - 1));
      if (!seconds) continue;
      rows_[std::string(line.substr(seconds_end + 1))] = {std::string(line.substr(0, hash_end)),
                                                          *seconds};
    }
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

TrackJournal::~TrackJournal() {
  if (descriptor_ >= 0) ::close(descriptor_);  // releases the lock
}

void TrackJournal::Begin() {
  if (resumes_) return;
  if (::ftruncate(descriptor_, 0) != 0)
    ThrowIo("{}: cannot write: {}", path_.string(), std::strerror(errno));
  Write(head_ + "\n");
}

std::optional<double> TrackJournal::SecondsOf(const std::string& file,
                                              const std::string& text) const {
  const auto row = rows_.find(file);
  if (row == rows_.end() || row->second.sha256 != Sha256Hex(text)) return std::nullopt;
  return row->second.seconds;
}

void TrackJournal::Add(const std::string& file, const std::string& text, double seconds) {
  if (file.find('\n') != std::string::npos) return;  // is made again
  Write(fmt::format("{} {} {}\n", Sha256Hex(text), seconds, file));
}

void TrackJournal::Write(const std::string& line) const {
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) ThrowIo("{}: write failed: {}", path_.string(), std::strerror(errno));
    left.remove_prefix(static_cast<size_t>(written));
  }
}

void TrackJournal::Remove() { ::unlink(path_.c_str()); }

}  // namespace reidbench
