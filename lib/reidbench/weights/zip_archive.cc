#include "reidbench/weights/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEndRecord = 0x06054b50;
constexpr uint32_t kEndRecord64 = 0x06064b50;
constexpr uint32_t kEndLocator64 = 0x07064b50;
constexpr size_t kEndRecordSize = 22;
constexpr size_t kCentralHeaderSize = 46;
constexpr uint16_t kFlagEncrypted = 1;
constexpr uint16_t kMethodStored = 0;
constexpr uint16_t kMethodDeflated = 8;

uint32_t Load32(std::span<const uint8_t> bytes, size_t offset) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The end record is followed only by a comment of at most 65535 bytes.
std::optional<size_t> FindEndRecord(std::span<const uint8_t> bytes) {
  if (bytes.size() < kEndRecordSize) return std::nullopt;
  const size_t last = bytes.size() - kEndRecordSize;
  const size_t first = last > 65535 ? last - 65535 : 0;
  for (size_t at = last + 1; at-- > first;) {
    if (Load32(bytes, at) == kEndRecord) return at;
  }
  return std::nullopt;
}

// Sizes and offsets that do not fit 32 bits stand in the extra field with tag 1, in this order,
// only those that are needed.
void ApplyZip64Extra(ByteReader extra, ZipMember& member) {
  constexpr uint32_t kFull = std::numeric_limits<uint32_t>::max();
  while (extra.remaining() >= 4) {
    const auto tag = extra.Read<uint16_t>();
    const auto size = extra.Read<uint16_t>();
    if (size > extra.remaining()) return;  // padding that is no extra field
    ByteReader field(extra.Take(size), extra.name());
    if (tag != 1) continue;
    if (member.size == kFull) member.size = field.Read<uint64_t>();
    if (member.compressed_size == kFull) member.compressed_size = field.Read<uint64_t>();
    if (member.header_offset == kFull) member.header_offset = field.Read<uint64_t>();
    return;
  }
}

}  // namespace

ZipArchive::ZipArchive(std::span<const uint8_t> bytes, std::string_view name)
    : bytes_(bytes), name_(name) {
  const std::optional<size_t> end = FindEndRecord(bytes);
  if (!end) {
    ThrowModel(
        "{}: the zip archive is cut short: its last record (the table of contents) is missing from "
        "the {} bytes "
        "that are there; copy or download the file again",
        name, bytes.size());
  }
  ByteReader reader(bytes, name);
  reader.Seek(*end + 10);
  uint64_t count = reader.Read<uint16_t>();
  uint64_t directory_size = reader.Read<uint32_t>();
  uint64_t directory_offset = reader.Read<uint32_t>();
  if (*end >= 20 && Load32(bytes, *end - 20) == kEndLocator64) {
    reader.Seek(*end - 20 + 8);
    const auto at = reader.Read<uint64_t>();
    if (at > bytes.size() - kEndRecordSize || Load32(bytes, at) != kEndRecord64) {
      ThrowModel("{}: damaged zip archive: the 64-bit end record is not at byte {}", name, at);
    }
    reader.Seek(at + 32);
    count = reader.Read<uint64_t>();
    directory_size = reader.Read<uint64_t>();
    directory_offset = reader.Read<uint64_t>();
  }
  if (directory_offset > bytes.size() || directory_size > bytes.size() - directory_offset) {
    ThrowModel(
        "{}: damaged zip archive: the table of contents should be {} bytes at byte {}, the file "
        "has {}",
        name, directory_size, directory_offset, bytes.size());
  }
  if (count > directory_size / kCentralHeaderSize) {
    ThrowModel(
        "{}: damaged zip archive: {} members cannot stand in a table of contents of {} bytes", name,
        count, directory_size);
  }
  ByteReader directory(bytes.subspan(directory_offset, directory_size), name);
  members_.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    if (directory.Read<uint32_t>() != kCentralHeader) {
      ThrowModel("{}: damaged zip archive: entry {} of the table of contents is unreadable", name,
                 i + 1);
    }
    ZipMember member;
    directory.Take(4);  // versions
    member.flags = directory.Read<uint16_t>();
    member.method = directory.Read<uint16_t>();
    directory.Take(4);  // time and date
    member.crc32 = directory.Read<uint32_t>();
    member.compressed_size = directory.Read<uint32_t>();
    member.size = directory.Read<uint32_t>();
    const auto name_size = directory.Read<uint16_t>();
    const auto extra_size = directory.Read<uint16_t>();
    const auto comment_size = directory.Read<uint16_t>();
    directory.Take(8);  // disk, attributes
    member.header_offset = directory.Read<uint32_t>();
    member.name = directory.TakeText(name_size);
    ApplyZip64Extra(ByteReader(directory.Take(extra_size), name), member);
    directory.Take(comment_size);
    members_.push_back(std::move(member));
  }
  std::sort(members_.begin(), members_.end(),
            [](const ZipMember& a, const ZipMember& b) { return a.name < b.name; });
  for (size_t i = 1; i < members_.size(); ++i) {
    if (members_[i].name == members_[i - 1].name) {
      ThrowModel("{}: damaged zip archive: two members are called '{}'", name,
                 Printable(members_[i].name));
    }
  }
}

const ZipMember* ZipArchive::Find(std::string_view member_name) const {
  const auto at =
      std::lower_bound(members_.begin(), members_.end(), member_name,
                       [](const ZipMember& m, std::string_view wanted) { return m.name < wanted; });
  return at != members_.end() && at->name == member_name ? &*at : nullptr;
}

std::span<const uint8_t> ZipArchive::Read(const ZipMember& member, std::vector<uint8_t>& storage,
                                          OutputBudget& budget) const {
  const std::string label = fmt::format("{}: member '{}'", name_, Printable(member.name));
  if ((member.flags & kFlagEncrypted) != 0) ThrowModel("{} is encrypted", label);
  ByteReader reader(bytes_, label);
  reader.Seek(member.header_offset);
  if (reader.Read<uint32_t>() != kLocalHeader)
    ThrowModel("{}: damaged: no header at byte {}", label, member.header_offset);
  reader.Take(22);
  const auto name_size = reader.Read<uint16_t>();
  const auto extra_size = reader.Read<uint16_t>();
  reader.Take(uint64_t{name_size} + extra_size);
  const std::span<const uint8_t> packed = reader.Take(member.compressed_size);

  std::span<const uint8_t> content = packed;
  if (member.method == kMethodDeflated) {
    budget.Spend(member.size, member.name);
    storage.resize(member.size);
    z_stream stream{};
    if (packed.size() > std::numeric_limits<uInt>::max() ||
        storage.size() > std::numeric_limits<uInt>::max()) {
      ThrowModel("{}: compressed members beyond 4 GiB are not supported", label);
    }
    stream.next_in = const_cast<uint8_t*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    uint8_t nothing = 0;  // zlib refuses a null pointer even for no bytes
    stream.next_out = storage.empty() ? &nothing : storage.data();
    stream.avail_out = static_cast<uInt>(storage.size());
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) ThrowModel("{}: zlib cannot start", label);
    const int status = inflate(&stream, Z_FINISH);
    const bool complete = status == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (!complete)
      ThrowModel("{}: damaged: its compressed data do not unpack to {} bytes", label, member.size);
    content = storage;
  } else if (member.method != kMethodStored) {
    ThrowModel("{}: compression method {} is not supported; torch.save stores without compression",
               label, member.method);
  } else if (member.size != member.compressed_size) {
    ThrowModel("{}: damaged: stored, but {} bytes packed and {} unpacked", label,
               member.compressed_size, member.size);
  }
  if (member.crc32 != 0) {
    const uLong found = crc32_z(0, content.data(), content.size());
    if (found != member.crc32) {
      ThrowModel(
          "{}: damaged: checksum {:08x} expected, {:08x} found; copy or download the file again",
          label, member.crc32, found);
    }
  }
  return content;
}

}  // namespace reidbench
