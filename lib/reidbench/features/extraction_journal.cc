#include "reidbench/features/extraction_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little,
              "the journal is written as it lies in memory");

// The last digit is the version of the layout.
constexpr std::string_view kJournalMagic = "RBJRNL01";
constexpr uint32_t kRecordMark = 0x44524352;  // "RCRD"
constexpr uint32_t kMaxHeaderBytes = 1 << 20;
constexpr size_t kReasonBytes = 4096;

// Before the payload of the header (after the magic) and of every record.
struct Frame {
  uint32_t mark = 0;
  uint32_t crc32 = 0;  // of `bytes` and the payload
  uint64_t bytes = 0;  // of the payload
};
static_assert(sizeof(Frame) == 16);

struct RecordHead {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t skipped = 0;
};

uint32_t Checksum(uint64_t bytes, std::span<const uint8_t> payload) {
  uLong crc = ::crc32(0, reinterpret_cast<const Bytef*>(&bytes), sizeof bytes);
  return static_cast<uint32_t>(::crc32_z(crc, payload.data(), payload.size()));
}

// A growing byte buffer that plain values are appended to and taken from.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<uint8_t>* bytes) : bytes_(bytes) {}
  void Raw(const void* data, size_t size) {
    const auto* begin = static_cast<const uint8_t*>(data);
    bytes_->insert(bytes_->end(), begin, begin + size);
  }
  template <typename T>
  void Value(const T& value) {
    Raw(&value, sizeof value);
  }
  void Text(std::string_view text) {
    Value(static_cast<uint32_t>(text.size()));
    Raw(text.data(), text.size());
  }

 private:
  std::vector<uint8_t>* bytes_;
};

// Every getter returns false, and keeps doing so, when the bytes end early.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool Raw(void* data, size_t size) {
    if (size > bytes_.size()) return false;
    if (size > 0) std::memcpy(data, bytes_.data(), size);
    bytes_ = bytes_.subspan(size);
    return true;
  }
  template <typename T>
  bool Value(T* value) {
    return Raw(value, sizeof *value);
  }
  bool Text(std::string* text) {
    uint32_t size = 0;
    if (!Value(&size) || size > bytes_.size()) return false;
    text->resize(size);
    return Raw(text->data(), size);
  }
  size_t left() const { return bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
};

std::vector<uint8_t> EncodeKey(const JournalKey& key, int64_t items, int dim) {
  std::vector<uint8_t> payload;
  ByteWriter writer(&payload);
  writer.Value(items);
  writer.Value(static_cast<int64_t>(dim));
  for (const auto& [name, value] : key) {
    writer.Text(name);
    writer.Text(value);
  }
  return payload;
}

std::optional<JournalKey> DecodeKey(std::span<const uint8_t> payload) {
  ByteReader reader(payload);
  int64_t items = 0, dim = 0;
  if (!reader.Value(&items) || !reader.Value(&dim)) return std::nullopt;
  JournalKey key;
  while (reader.left() > 0) {
    auto& [name, value] = key.emplace_back();
    if (!reader.Text(&name) || !reader.Text(&value)) return std::nullopt;
  }
  return key;
}

// "\n  weights: 'a' there, 'b' now" per field that differs.
std::string DescribeDifferences(const JournalKey& there, const JournalKey& now) {
  const auto find = [](const JournalKey& key, const std::string& name) {
    const auto it = std::find_if(key.begin(), key.end(),
                                 [&](const auto& field) { return field.first == name; });
    return it == key.end() ? std::string("nothing") : fmt::format("'{}'", it->second);
  };
  std::string text;
  for (const auto& [name, value] : now) {
    const std::string before = find(there, name);
    if (before != fmt::format("'{}'", value))
      text += fmt::format("\n  {}: {} there, '{}' now", name, before, value);
  }
  for (const auto& [name, value] : there) {
    if (find(now, name) == "nothing")
      text += fmt::format("\n  {}: '{}' there, nothing now", name, value);
  }
  return text;
}

bool DecodeRecord(std::span<const uint8_t> payload, int64_t items, int dim, JournalRecord* record) {
  ByteReader reader(payload);
  RecordHead head;
  if (!reader.Value(&head)) return false;
  if (head.begin < 0 || head.end <= head.begin || head.end > items || head.skipped < 0 ||
      head.skipped > head.end - head.begin) {
    return false;
  }
  record->begin = head.begin;
  record->end = head.end;
  record->skipped.clear();
  for (int64_t i = 0; i < head.skipped; ++i) {
    SkippedItem& skipped = record->skipped.emplace_back();
    if (!reader.Value(&skipped.item) || !reader.Text(&skipped.reason)) return false;
    const int64_t after =
        i == 0 ? head.begin - 1 : record->skipped[static_cast<size_t>(i) - 1].item;
    if (skipped.item <= after || skipped.item >= head.end) return false;
  }
  const auto rows = static_cast<uint64_t>(head.end - head.begin - head.skipped);
  if (reader.left() % sizeof(float) != 0 ||
      reader.left() / sizeof(float) % static_cast<uint64_t>(dim) != 0 ||
      reader.left() / sizeof(float) / static_cast<uint64_t>(dim) != rows) {
    return false;
  }
  record->embeddings.resize(reader.left() / sizeof(float));
  return reader.Raw(record->embeddings.data(), reader.left());
}

}  // namespace

struct ExtractionJournal::Impl {
  fs::path path;
  std::string name;
  int64_t items = 0;
  int dim = 0;
  int descriptor = -1;
  uint64_t header_bytes = 0;
  uint64_t good_bytes = 0;  // end of the last whole record
  int64_t items_done = 0;
  std::vector<SkippedItem> skipped;
  std::vector<uint8_t> buffer;

  ~Impl() {
    if (descriptor >= 0) ::close(descriptor);  // releases the lock
  }

  void OpenLocked();
  uint64_t FileBytes() const;
  bool ReadAt(uint64_t offset, void* data, size_t size) const;
  void WriteAt(uint64_t offset, std::span<const uint8_t> bytes) const;
  void Truncate(uint64_t bytes) const;
  bool ReadFrame(uint64_t offset, uint64_t file_bytes, uint32_t mark,
                 std::vector<uint8_t>* payload) const;
  void StartAnew(std::span<const uint8_t> key_payload);
  void Resume();
};

// Another process may finish, and delete the file, between our open and our lock: then the lock is
// on a file without a name.
void ExtractionJournal::Impl::OpenLocked() {
  while (true) {
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor < 0) ThrowIo("{}: cannot open: {}", name, std::strerror(errno));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        ThrowIo(
            "{}: another reidbench process is writing it: wait for it to end, or choose another "
            "output",
            name);
      }
      if (errno != EINTR) ThrowIo("{}: cannot lock: {}", name, std::strerror(errno));
    } else {
      struct stat ours {};
      struct stat named {};
      if (::fstat(descriptor, &ours) != 0)
        ThrowIo("{}: cannot read: {}", name, std::strerror(errno));
      if (::stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
          ours.st_dev == named.st_dev)
        return;
    }
    ::close(descriptor);
    descriptor = -1;
  }
}

uint64_t ExtractionJournal::Impl::FileBytes() const {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) ThrowIo("{}: cannot read: {}", name, std::strerror(errno));
  return static_cast<uint64_t>(status.st_size);
}

// False when the file ends before `size` bytes.
bool ExtractionJournal::Impl::ReadAt(uint64_t offset, void* data, size_t size) const {
  auto* to = static_cast<uint8_t*>(data);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowIo("{}: read failed: {}", name, std::strerror(errno));
    if (got == 0) return false;
    to += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
  return true;
}

void ExtractionJournal::Impl::WriteAt(uint64_t offset, std::span<const uint8_t> bytes) const {
  const uint64_t begin = offset;
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const int reason = put < 0 ? errno : ENOSPC;
      // Best effort: a reader cuts a torn tail anyway.
      if (::ftruncate(descriptor, static_cast<off_t>(begin)) != 0) errno = 0;
      ThrowIo(
          "{}: write failed: {}; finished work is kept ({} of {} items): make room and run the "
          "same command again",
          name, std::strerror(reason), WithThousands(items_done), WithThousands(items));
    }
    offset += static_cast<uint64_t>(put);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
}

void ExtractionJournal::Impl::Truncate(uint64_t bytes) const {
  if (::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) {
    ThrowIo("{}: cannot truncate: {}", name, std::strerror(errno));
  }
}

// The payload behind a whole and undamaged frame at `offset`; false otherwise.
bool ExtractionJournal::Impl::ReadFrame(uint64_t offset, uint64_t file_bytes, uint32_t mark,
                                        std::vector<uint8_t>* payload) const {
  Frame frame;
  if (file_bytes - offset < sizeof frame || !ReadAt(offset, &frame, sizeof frame)) return false;
  if (frame.mark != mark || frame.bytes > file_bytes - offset - sizeof frame) return false;
  payload->resize(frame.bytes);
  return ReadAt(offset + sizeof frame, payload->data(), payload->size()) &&
         Checksum(frame.bytes, *payload) == frame.crc32;
}

void ExtractionJournal::Impl::StartAnew(std::span<const uint8_t> key_payload) {
  Truncate(0);
  buffer.assign(kJournalMagic.begin(), kJournalMagic.end());
  ByteWriter writer(&buffer);
  writer.Value(Frame{kRecordMark, Checksum(key_payload.size(), key_payload), key_payload.size()});
  writer.Raw(key_payload.data(), key_payload.size());
  WriteAt(0, buffer);
  header_bytes = good_bytes = buffer.size();
}

// Takes over the whole records and cuts what follows them.
void ExtractionJournal::Impl::Resume() {
  const uint64_t file_bytes = FileBytes();
  JournalRecord record;
  good_bytes = header_bytes;
  while (good_bytes < file_bytes && ReadFrame(good_bytes, file_bytes, kRecordMark, &buffer) &&
         DecodeRecord(buffer, items, dim, &record) && record.begin == items_done) {
    good_bytes += sizeof(Frame) + buffer.size();
    items_done = record.end;
    skipped.insert(skipped.end(), record.skipped.begin(), record.skipped.end());
  }
  if (good_bytes < file_bytes) Truncate(good_bytes);
}

ExtractionJournal::ExtractionJournal(const fs::path& path, const JournalKey& key, int64_t items,
                                     int dim, bool discard)
    : impl_(std::make_unique<Impl>()) {
  Impl& journal = *impl_;
  journal.path = path;
  journal.name = path.string();
  journal.items = items;
  journal.dim = dim;
  REIDBENCH_CHECK(dim > 0 && items >= 0);
  const std::vector<uint8_t> key_payload = EncodeKey(key, items, dim);
  REIDBENCH_CHECK(key_payload.size() <= kMaxHeaderBytes);
  journal.OpenLocked();

  const uint64_t file_bytes = journal.FileBytes();
  std::string magic(std::min<uint64_t>(kJournalMagic.size(), file_bytes), '\0');
  journal.ReadAt(0, magic.data(), magic.size());
  std::vector<uint8_t> found;
  const bool whole_header =
      magic == kJournalMagic &&
      journal.ReadFrame(kJournalMagic.size(), file_bytes, kRecordMark, &found);
  // A header cut short is all there is when a run was killed at its very start: nothing is lost.
  const bool torn_header = StartsWith(kJournalMagic, magic) && !whole_header &&
                           file_bytes <= kJournalMagic.size() + sizeof(Frame) + key_payload.size();
  if (torn_header || (discard && found != key_payload)) {
    journal.StartAnew(key_payload);
    return;
  }
  if (!whole_header) {
    ThrowUsage(
        "{}: is not an extraction journal of this version of reidbench, or is damaged: delete it, "
        "or add --force "
        "to discard it",
        journal.name);
  }
  if (found != key_payload) {
    const JournalKey there = DecodeKey(found).value_or(JournalKey{});
    ThrowUsage(
        "{}: is the unfinished work of another extraction:{}\nfinish that one first, choose "
        "another output, or add "
        "--force to discard it",
        journal.name, DescribeDifferences(there, key));
  }
  journal.header_bytes = kJournalMagic.size() + sizeof(Frame) + found.size();
  journal.Resume();
}

ExtractionJournal::~ExtractionJournal() = default;

int64_t ExtractionJournal::items_done() const { return impl_->items_done; }
const std::vector<SkippedItem>& ExtractionJournal::skipped() const { return impl_->skipped; }

void ExtractionJournal::Append(const JournalRecord& record) {
  Impl& journal = *impl_;
  REIDBENCH_CHECK(record.begin == journal.items_done && record.end > record.begin &&
                  record.end <= journal.items);
  const auto rows = record.end - record.begin - static_cast<int64_t>(record.skipped.size());
  REIDBENCH_CHECK(rows >= 0 &&
                  static_cast<int64_t>(record.embeddings.size()) == rows * journal.dim);
  journal.buffer.assign(sizeof(Frame), 0);
  ByteWriter writer(&journal.buffer);
  writer.Value(RecordHead{record.begin, record.end, static_cast<int64_t>(record.skipped.size())});
  for (const SkippedItem& skipped : record.skipped) {
    writer.Value(skipped.item);
    writer.Text(std::string_view(skipped.reason).substr(0, kReasonBytes));
  }
  writer.Raw(record.embeddings.data(), record.embeddings.size() * sizeof(float));
  const auto payload = std::span<const uint8_t>(journal.buffer).subspan(sizeof(Frame));
  const Frame frame{kRecordMark, Checksum(payload.size(), payload), payload.size()};
  std::memcpy(journal.buffer.data(), &frame, sizeof frame);
  journal.WriteAt(journal.good_bytes, journal.buffer);
  journal.good_bytes += journal.buffer.size();
  journal.items_done = record.end;
  journal.skipped.insert(journal.skipped.end(), record.skipped.begin(), record.skipped.end());
}

void ExtractionJournal::ForEach(const std::function<void(const JournalRecord&)>& visit) const {
  Impl& journal = *impl_;
  JournalRecord record;
  std::vector<uint8_t> payload;
  for (uint64_t offset = journal.header_bytes; offset < journal.good_bytes;) {
    if (!journal.ReadFrame(offset, journal.good_bytes, kRecordMark, &payload) ||
        !DecodeRecord(payload, journal.items, journal.dim, &record)) {
      ThrowIo("{}: changed on disk while it was in use (at byte {})", journal.name, offset);
    }
    visit(record);
    offset += sizeof(Frame) + payload.size();
  }
}

void ExtractionJournal::Remove() {
  if (::unlink(impl_->path.c_str()) != 0 && errno != ENOENT) {
    ThrowIo("{}: cannot delete: {}", impl_->name, std::strerror(errno));
  }
}

}  // namespace reidbench
