#include "reidbench/experiment/fingerprint.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// A file that changed this recently may change again within the clock's resolution.
constexpr int64_t kSettled_ns = 2'000'000'000;

struct FileState {
  int64_t size = 0;
  int64_t mtime_ns = 0;
};

FileState StateOf(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    ThrowIo("{}: cannot read: {}", path.string(), std::strerror(errno));
  return {
      .size = info.st_size,
      .mtime_ns = static_cast<int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec};
}

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string KeyOf(const fs::path& path) { return fs::absolute(path).lexically_normal().string(); }

std::vector<fs::path> FilesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entries(folder, fs::directory_options::follow_directory_symlink,
                                           error);
  if (error) ThrowIo("{}: cannot list folder: {}", folder.string(), error.message());
  while (entries != fs::recursive_directory_iterator()) {
    std::error_code ignored;
    if (entries->is_regular_file(ignored)) files.push_back(entries->path());
    entries.increment(error);
    if (error) ThrowIo("{}: cannot list folder: {}", folder.string(), error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Fingerprints::Fingerprints(fs::path memory) : memory_(std::move(memory)) {
  if (memory_.empty() || !IsFile(memory_)) return;
  const std::string text = ReadFileText(memory_);
  for (const std::string_view line : SplitText(text, '\n')) {
    // sha256 size mtime path
    const auto fields = SplitText(line, ' ');
    if (fields.size() < 4 || fields[0].size() != 64) continue;
    const auto size = ParseInt(fields[1]);
    const auto mtime = ParseInt(fields[2]);
    if (!size || !mtime) continue;
    const size_t path_begin = fields[0].size() + fields[1].size() + fields[2].size() + 3;
    known_[std::string(line.substr(path_begin))] = {
        .sha256 = std::string(fields[0]), .size = *size, .mtime_ns = *mtime};
  }
}

void Fingerprints::HashFiles(const std::vector<fs::path>& files) {
  struct Missing {
    const fs::path* path;
    FileState state;
    std::string sha256;
  };
  std::vector<Missing> missing;
  for (const fs::path& path : files) {
    const FileState state = StateOf(path);
    const auto found = known_.find(KeyOf(path));
    if (found != known_.end() && found->second.size == state.size &&
        found->second.mtime_ns == state.mtime_ns)
      continue;
    missing.push_back({&path, state, ""});
  }
  ParallelFor(static_cast<int64_t>(missing.size()), [&](int64_t i) {
    Missing& file = missing[static_cast<size_t>(i)];
    file.sha256 = Sha256OfFile(*file.path);
  });
  for (Missing& file : missing) {
    known_[KeyOf(*file.path)] = {
        .sha256 = std::move(file.sha256), .size = file.state.size, .mtime_ns = file.state.mtime_ns};
    changed_ = true;
  }
}

InputHash Fingerprints::Of(const fs::path& path) {
  if (!IsFolder(path)) {
    HashFiles({path});
    const Known& known = known_.at(KeyOf(path));
    return {.sha256 = known.sha256, .bytes = known.size, .files = 1};
  }
  const std::vector<fs::path> files = FilesBelow(path);
  HashFiles(files);
  InputHash hash{.sha256 = "", .bytes = 0, .files = static_cast<int64_t>(files.size())};
  Sha256 sum;
  for (const fs::path& file : files) {
    const Known& known = known_.at(KeyOf(file));
    sum.Update(fmt::format("{} {}\n", known.sha256, file.lexically_relative(path).string()));
    hash.bytes += known.size;
  }
  hash.sha256 = sum.HexDigest();
  return hash;
}

void Fingerprints::Save() const {
  if (memory_.empty() || !changed_) return;
  const int64_t now = NowNs();
  std::string text;
  for (const auto& [path, known] : known_) {
    if (path.find('\n') != std::string::npos || now - known.mtime_ns < kSettled_ns) continue;
    text += fmt::format("{} {} {} {}\n", known.sha256, known.size, known.mtime_ns, path);
  }
  try {
    WriteFileAtomically(memory_, text);
    changed_ = false;
  } catch (const Error&) {
  }
}

}  // namespace reidbench
