// The unfinished work of an extraction, `<output>.partial`: an append-only file that survives kill
// -9 and a full disk, so that running the same command again goes on where the last run ended.
// README.md in this folder specifies the bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reidbench {

// All that determines the result, readable: {"weights", "osnet.pth (SHA-256 ..)"}, {"rows", "19732,
// SHA-256 .."}, ... Work is resumed only under an equal key; otherwise the message shows the fields
// that differ.
using JournalKey = std::vector<std::pair<std::string, std::string>>;

struct SkippedItem {
  int64_t item = 0;    // index in the extraction's list
  std::string reason;  // message of the error, with the file's name
};

// The outcome of consecutive items: one embedding each, in order, but for those skipped.
struct JournalRecord {
  int64_t begin = 0;
  int64_t end = 0;
  std::vector<SkippedItem> skipped;  // ascending
  std::vector<float> embeddings;     // [(end - begin - skipped) x dim]
};

// Holds an exclusive lock on the file while it lives. Records are in order and without gaps; each
// is on its way to the disk when Append returns. One thread at a time.
class ExtractionJournal {
 public:
  // Opens the journal at `path`, or makes it. A torn or damaged tail is cut off. `items` is the
  // number of items in the whole extraction, `dim` the length of an embedding. Throws Error(kUsage)
  // when the file is of another extraction (`discard` true: starts anew instead), Error(kIo) when
  // another process holds it or the file system refuses.
  ExtractionJournal(const std::filesystem::path& path, const JournalKey& key, int64_t items,
                    int dim, bool discard);
  ~ExtractionJournal();
  ExtractionJournal(const ExtractionJournal&) = delete;
  ExtractionJournal& operator=(const ExtractionJournal&) = delete;

  int64_t items_done() const;                       // items [0, items_done) are recorded
  const std::vector<SkippedItem>& skipped() const;  // among them

  // `record.begin` must be items_done(). Throws Error(kIo) when the disk is full; what was recorded
  // before stays.
  void Append(const JournalRecord& record);

  // Calls `visit` for every record in order; the record is reused between calls.
  void ForEach(const std::function<void(const JournalRecord&)>& visit) const;

  // Deletes the file: the result is safe elsewhere.
  void Remove();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
