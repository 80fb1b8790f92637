// Output that is either complete or absent: unfinished files and folders lie beside their target
// under a random name, and what an earlier command was killed over is cleaned away by the next one
// for the same target. Nothing is ever taken for ours by its name alone: a leftover carries our
// pattern, belongs to this user and is locked by nobody.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace reidbench {

// Throws Error(kUsage) when `path` exists and `force` is false: nothing is overwritten by accident.
// A device or a pipe
// (/dev/null, /dev/stdout, a FIFO) needs no force: it is written into, never replaced.
// Throws Error(kIo) when the folder it should be created in does not exist or may not be written
// to.
void RequireWritable(const std::filesystem::path& path, bool force);

// True for what is there and is neither a file nor a folder: what is written goes somewhere at
// once, and nothing may be put beside it.
bool IsStream(const std::filesystem::path& path);

// Writes beside `path` under a temporary name and renames on Commit(); without Commit() nothing is
// left behind. A symbolic link is followed: its target is what is replaced. A device or a pipe gets
// the finished bytes written into it on Commit().
class AtomicFile {
 public:
  // Throws Error(kIo) when no file can be created there.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // For writers that open the file themselves (HDF5, video encoders): an empty file that exists,
  // with the target's ending, in the target's folder so that the rename is atomic.
  const std::filesystem::path& temporary_path() const { return temporary_; }
  void Write(std::string_view text);
  void Commit();

 private:
  std::filesystem::path path_;    // as given, for messages
  std::filesystem::path target_;  // with links followed
  std::filesystem::path temporary_;
  bool is_stream_ = false;
  int descriptor_ = -1;  // holds the lock that tells a living temporary from a leftover
  bool committed_ = false;
};

// AtomicFile in one call.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

// A folder that becomes `target` on Commit(), in place of an older one where that is there (folders
// on the way are made); without
// Commit() it is removed with all that is in it. One command at a time writes a target.
class AtomicFolder {
 public:
  // Throws Error(kUsage) when `target` is there and is no folder, or another command is writing it
  // just now; Error(kIo) when no folder can be made.
  explicit AtomicFolder(std::filesystem::path target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  const std::filesystem::path& path() const { return temporary_; }
  void Commit();
  // Puts the files, also those of folders, beside what is at `target` already, in place of those of
  // their names alone.
  void CommitAmong();

 private:
  void Unlock();

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::filesystem::path lock_file_;
  int lock_ = -1;
  bool committed_ = false;
};

// Where files for a moment go: $TMPDIR, or the system's. Throws Error(kIo) that names it when it
// does not exist.
std::filesystem::path TemporaryFolder();

// A folder for a moment, removed at the end with all that is in it; what was left of earlier ones
// goes too.
class ScratchFolder {
 public:
  // In `parent`, which is made where it is missing. Throws Error(kIo).
  explicit ScratchFolder(const std::filesystem::path& parent = TemporaryFolder());
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

// Puts the folder `from` where `to` is, in one step where the file system can; an older `to` is
// removed. Throws Error(kIo).
void ReplaceFolder(const std::filesystem::path& from, const std::filesystem::path& to);

// The folder and those it is in, where they are missing. Throws Error(kIo).
void CreateFolders(const std::filesystem::path& folder);

// With all that is in it; nothing happens where there is none. Throws Error(kIo).
void RemoveFolder(const std::filesystem::path& folder);

}  // namespace reidbench
