#include "reidbench/experiment/fingerprint.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/interrupt.h"
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

// All files below a folder, links followed. A folder that is reached a second time, by a link to a
// folder that it is in or to one that was there before, is not entered again: without that, two
// links to "." are 2^40 paths.
class FilesBelow {
 public:
  explicit FilesBelow(const fs::path& folder) {
    for (fs::path parent = fs::absolute(folder).lexically_normal(); parent != parent.root_path();) {
      parent = parent.parent_path();
      Meet(parent, parent);
    }
    Meet(folder, folder);
    Enter(folder);
    std::sort(files_.begin(), files_.end());
  }

  const std::vector<fs::path>& files() const { return files_; }
  // (link, the folder that it leads to once more), in the order of the links.
  const std::vector<std::pair<fs::path, fs::path>>& again() const { return again_; }

 private:
  // Where the folder was met before; else nullptr, and it is from now on.
  const fs::path* Meet(const fs::path& folder, const fs::path& as) {
    struct stat about {};
    if (::stat(folder.c_str(), &about) != 0) return nullptr;
    const auto [at, is_new] = met_.try_emplace({about.st_dev, about.st_ino}, as);
    return is_new ? nullptr : &at->second;
  }

  void Enter(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> folders;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (InterruptRequested()) throw Interrupted("interrupted while looking at the input");
      std::error_code ignored;
      if (entries->is_directory(ignored)) {
        folders.push_back(entries->path());
      } else if (entries->is_regular_file(ignored)) {
        files_.push_back(entries->path());
      }
    }
    if (error) ThrowIo("{}: cannot list folder: {}", folder.string(), error.message());
    std::sort(folders.begin(), folders.end());  // which is the first way to one does not vary
    for (const fs::path& below : folders) {
      if (const fs::path* before = Meet(below, below)) {
        again_.emplace_back(below, *before);
      } else {
        Enter(below);
      }
    }
  }

  std::map<std::pair<dev_t, ino_t>, fs::path> met_;
  std::vector<fs::path> files_;
  std::vector<std::pair<fs::path, fs::path>> again_;
};

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
  const FilesBelow below(path);
  const std::vector<fs::path>& files = below.files();
  HashFiles(files);
  InputHash hash{.sha256 = "", .bytes = 0, .files = static_cast<int64_t>(files.size())};
  Sha256 sum;
  for (const fs::path& file : files) {
    const Known& known = known_.at(KeyOf(file));
    sum.Update(fmt::format("{} {}\n", known.sha256, file.lexically_relative(path).string()));
    hash.bytes += known.size;
  }
  for (const auto& [link, folder] : below.again()) {
    sum.Update(fmt::format("{} is {}\n", link.lexically_relative(path).string(),
                           folder.lexically_relative(path).string()));
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
