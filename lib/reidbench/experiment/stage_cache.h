// Finished stages on disk, each a folder named by its key. A stage works in KEY.partial under a
// lock and is renamed when done: whatever is killed when, a folder named KEY is whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace reidbench {

// The right to make one artifact. Ending it without Commit() leaves the partial folder, which the
// next try empties (or, for a command that resumes, goes on in).
class ArtifactWork {
 public:
  ArtifactWork(std::filesystem::path finished, int lock_fd);
  ~ArtifactWork();
  ArtifactWork(ArtifactWork&& other) noexcept;
  ArtifactWork& operator=(ArtifactWork&&) = delete;

  const std::filesystem::path& folder() const { return partial_; }
  // To be inherited by the command: the lock lasts until the last of runner and command ends.
  int lock_fd() const { return lock_fd_; }
  // Throws Error(kIo).
  void Commit();
  void Discard();  // removes the partial folder

 private:
  std::filesystem::path finished_;
  std::filesystem::path partial_;
  int lock_fd_ = -1;
};

class StageCache {
 public:
  // Makes the folder. Throws Error(kIo).
  explicit StageCache(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path PathOf(const std::string& key) const;
  bool Has(const std::string& key) const;
  // nullopt while another runner makes it. `resume` keeps what a killed try left.
  std::optional<ArtifactWork> Begin(const std::string& key, bool resume) const;

 private:
  std::filesystem::path folder_;
};

// The file of an artifact that says how it was made.
inline constexpr const char* kStageFile = "stage.json";

}  // namespace reidbench
