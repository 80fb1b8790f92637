// What an unfinished run of `track` has written, OUTPUT/track.partial, so that the same command
// goes on where a kill or a full disk ended it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace reidbench {

// Where the journal of tracks in a folder is.
std::filesystem::path TrackJournalPath(const std::filesystem::path& output);

// Holds a lock on the file while it lives. One thread at a time.
class TrackJournal {
 public:
  // Opens the journal in the folder, or makes it; `key` is a hash of all that determines the
  // tracks. Throws Error(kUsage) while another process writes there, Error(kIo).
  TrackJournal(const std::filesystem::path& output, const std::string& key);
  ~TrackJournal();
  TrackJournal(const TrackJournal&) = delete;
  TrackJournal& operator=(const TrackJournal&) = delete;

  // True when the journal was there with this key: the files below the folder that the command
  // would write are its own.
  bool resumes() const { return resumes_; }

  // Empties a journal of another key. Before Add().
  void Begin();

  // Seconds that tracking took, when `file` (relative to the folder) was written with these bytes.
  std::optional<double> SecondsOf(const std::string& file, const std::string& text) const;
  void Add(const std::string& file, const std::string& text, double seconds);

  // Everything is written: the file goes.
  void Remove();

 private:
  struct Row {
    std::string sha256;
    double seconds = 0;
  };
  void Write(const std::string& line) const;

  std::filesystem::path path_;
  std::string head_;  // the first line
  int descriptor_ = -1;
  bool resumes_ = false;
  std::map<std::string, Row> rows_;
};

}  // namespace reidbench
