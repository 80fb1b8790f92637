#include "reidbench/features/hdf5_guard.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <string_view>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

uint64_t LittleEndian(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

uint64_t ReadNumber(const RawFile& file, uint64_t offset) {
  std::array<uint8_t, 8> bytes{};
  file.Read(offset, bytes);
  return LittleEndian(bytes);
}

// Calls `visit` with the place of every occurrence of `signature`, also of those that are not what
// they look like: with eight fixed bytes that does not happen by chance.
void ForEachSignature(const RawFile& file, std::string_view signature,
                      const std::function<void(uint64_t)>& visit) {
  constexpr size_t kBlock = 1 << 20;
  const size_t overlap = signature.size() - 1;
  std::vector<uint8_t> block(std::min<uint64_t>(kBlock, file.bytes()));
  for (uint64_t begin = 0; begin + signature.size() <= file.bytes();) {
    const std::span<uint8_t> bytes(block.data(),
                                   std::min<uint64_t>(block.size(), file.bytes() - begin));
    file.Read(begin, bytes);
    for (const uint8_t* at = bytes.data();; ++at) {
      at = static_cast<const uint8_t*>(
          ::memmem(at, static_cast<size_t>(bytes.data() + bytes.size() - at), signature.data(),
                   signature.size()));
      if (at == nullptr) break;
      visit(begin + static_cast<uint64_t>(at - bytes.data()));
    }
    begin += bytes.size() - overlap;
  }
}

[[noreturn]] void ThrowDamagedStructure(const RawFile& file, std::string_view what,
                                        uint64_t offset) {
  ThrowInput("{}: damaged HDF5 file: {} at byte {}", file.name(), what, offset);
}

// Bytes of an attribute's values; the largest number when its descriptions are too short or the
// product is too large. Datatype: class, bit field (3 bytes), bytes of an element (4). Dataspace:
// version, rank, flags; in version 1 five bytes more, in version 2 one; the extents (8 each).
uint64_t AttributeBytes(std::span<const uint8_t> datatype, std::span<const uint8_t> dataspace) {
  constexpr uint64_t kTooMany = std::numeric_limits<uint64_t>::max();
  if (datatype.size() < 8 || dataspace.size() < 4) return kTooMany;
  uint64_t bytes = LittleEndian(datatype.subspan(4, 4));
  const size_t rank = dataspace[1];
  const size_t extents_at = dataspace[0] == 1 ? 8 : 4;
  if (dataspace.size() < extents_at + 8 * rank) return kTooMany;
  for (size_t i = 0; i < rank; ++i) {
    const uint64_t extent = LittleEndian(dataspace.subspan(extents_at + 8 * i, 8));
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return kTooMany;
  }
  return bytes;
}

int64_t ChangedNs(const struct stat& status) {
  return static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

}  // namespace

void RawFile::RequireUnchanged() const {
  struct stat now {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &now) != 0) return;
  if (static_cast<uint64_t>(now.st_size) != bytes_ || ChangedNs(now) != changed_ns_)
    ThrowIo("{}: changed while it was read: run the command again once it is finished", name_);
}

RawFile::RawFile(const std::filesystem::path& path) : name_(path.string()) {
  // O_NONBLOCK: a pipe is refused below, and not waited for.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) ThrowIo("{}: cannot open: {}", name_, std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    ThrowIo("{}: is not a regular file", name_);
  }
  bytes_ = static_cast<uint64_t>(status.st_size);
  changed_ns_ = ChangedNs(status);
}

RawFile::RawFile(std::span<const uint8_t> bytes, std::string name)
    : name_(std::move(name)), bytes_(bytes.size()), image_(bytes.begin(), bytes.end()) {}

RawFile::~RawFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RawFile::Read(uint64_t offset, std::span<uint8_t> out) const {
  if (offset > bytes_ || out.size() > bytes_ - offset) {
    ThrowInput("{}: damaged HDF5 file: refers to byte {} of {}", name_, offset, bytes_);
  }
  if (descriptor_ < 0) {
    std::copy_n(image_.begin() + static_cast<int64_t>(offset), out.size(), out.begin());
    return;
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowIo("{}: read failed: {}", name_, std::strerror(errno));
    if (got == 0) ThrowIo("{}: changed while it was read: it became shorter", name_);
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
}

Superblock CheckSuperblock(const RawFile& file) {
  constexpr std::array<uint8_t, 8> kSignature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  constexpr size_t kLongest = 56;  // to the end-of-file address of any version
  const std::string& name = file.name();
  if (file.bytes() == 0) ThrowInput("{}: empty file, expected HDF5", name);
  std::vector<uint8_t> bytes(std::min<uint64_t>(kLongest, file.bytes()));
  file.Read(0, bytes);
  const std::span<const uint8_t> head(bytes);
  if (head.size() < kSignature.size() ||
      !std::equal(kSignature.begin(), kSignature.end(), head.begin())) {
    ThrowInput("{}: not an HDF5 file (first bytes {:02x})", name,
               fmt::join(head.first(std::min<size_t>(head.size(), 8)), " "));
  }
  if (head.size() < kLongest) ThrowInput("{}: truncated HDF5 file: {} bytes", name, file.bytes());
  const int version = head[8];
  if (version > 3) {
    ThrowInput(
        "{}: HDF5 superblock version {}; versions up to 3 can be read: rewrite the file with "
        "h5repack",
        name, version);
  }
  const size_t sizes_at = version <= 1 ? 13 : 9;
  if (head[sizes_at] != 8 || head[sizes_at + 1] != 8) {
    ThrowInput("{}: damaged HDF5 header: offsets of {} bytes and lengths of {}, expected 8", name,
               head[sizes_at], head[sizes_at + 1]);
  }
  // The base address; then that of free space or an extension; then the end of the file.
  const size_t base_at = version == 0 ? 24 : version == 1 ? 28 : 12;
  const uint64_t base = LittleEndian(head.subspan(base_at, 8));
  const uint64_t end = LittleEndian(head.subspan(base_at + 16, 8));
  if (base != 0) ThrowInput("{}: damaged HDF5 header: base address {}, expected 0", name, base);
  if (end > file.bytes()) {
    ThrowInput("{}: truncated HDF5 file: {} of {} bytes; copy it again", name, file.bytes(), end);
  }
  return {version, end};
}

// Signature, version 0, three reserved bytes; data bytes; offset of the first free block; address
// of the data. A free block is the offset of the next one (1 = none) and its own length.
void CheckLocalHeaps(const RawFile& file) {
  using std::string_view_literals::operator""sv;
  uint64_t all_bytes = 0;
  ForEachSignature(file, "HEAP\0\0\0\0"sv, [&](uint64_t heap) {
    const uint64_t bytes = ReadNumber(file, heap + 8);
    uint64_t free_block = ReadNumber(file, heap + 16);
    const uint64_t data = ReadNumber(file, heap + 24);
    if (data > file.bytes() || bytes > file.bytes() - data)
      ThrowDamagedStructure(file, "local heap", heap);
    // Heaps do not overlap either, which bounds the work here.
    all_bytes += bytes;
    if (all_bytes > file.bytes()) ThrowDamagedStructure(file, "local heap", heap);
    uint64_t left = bytes;  // free blocks do not overlap: together they are no longer than the heap
    while (free_block != 1) {
      if (free_block >= bytes || bytes - free_block < 16)
        ThrowDamagedStructure(file, "local heap", heap);
      const uint64_t length = ReadNumber(file, data + free_block + 8);
      if (length < 16 || length > left) ThrowDamagedStructure(file, "local heap", heap);
      left -= length;
      free_block = ReadNumber(file, data + free_block);
    }
  });
}

// Signature, version 1, three reserved bytes; bytes of the heap, this header included; then
// objects: index (2 bytes), references (2), reserved (4), length (8), data padded to 8. Index 0 is
// the free space; its length includes its header.
GlobalHeaps::GlobalHeaps(const RawFile& file) : file_(file) {
  using std::string_view_literals::operator""sv;
  constexpr uint64_t kHeader = 16;
  uint64_t last_end = 0;
  std::vector<uint8_t> heap;
  ForEachSignature(file, "GCOL\1\0\0\0"sv, [&](uint64_t begin) {
    const uint64_t bytes = ReadNumber(file, begin + 8);
    if (begin < last_end || bytes < kHeader || bytes > file.bytes() - begin)
      ThrowDamagedStructure(file, "global heap", begin);
    last_end = begin + bytes;
    heap.resize(bytes);
    file.Read(begin, heap);
    std::vector<Object>& objects = objects_[begin];
    for (std::span<const uint8_t> rest = std::span(heap).subspan(kHeader);
         rest.size() >= kHeader;) {
      const auto index = static_cast<uint16_t>(LittleEndian(rest.first(2)));
      const uint64_t length = LittleEndian(rest.subspan(8, 8));
      if (index == 0) {
        // libhdf5 leaves the free space until the end.
        if (length != rest.size()) ThrowDamagedStructure(file, "global heap", begin);
        break;
      }
      if (length > rest.size() - kHeader) ThrowDamagedStructure(file, "global heap", begin);
      if (length > kMaxVariableText) {
        ThrowInput(
            "{}: a variable-length text of {} bytes, expected at most {}: store long texts with a "
            "fixed length",
            file.name(), length, kMaxVariableText);
      }
      const uint64_t need = kHeader + (length + 7) / 8 * 8;
      if (need > rest.size()) ThrowDamagedStructure(file, "global heap", begin);
      objects.push_back({index, length});
      rest = rest.subspan(need);
    }
    std::sort(objects.begin(), objects.end(),
              [](const Object& a, const Object& b) { return a.index < b.index; });
  });
}

void GlobalHeaps::Check(std::span<const uint8_t> references, const std::string& what) const {
  uint64_t all_bytes =
      0;  // no two elements share a text, so together they are shorter than the file
  for (size_t at = 0; at + kReferenceBytes <= references.size(); at += kReferenceBytes) {
    const uint64_t length = LittleEndian(references.subspan(at, 4));
    const uint64_t address = LittleEndian(references.subspan(at + 4, 8));
    const uint64_t index = LittleEndian(references.subspan(at + 12, 4));
    if (address == 0) continue;
    const auto heap = objects_.find(address);
    if (heap != objects_.end()) {
      const auto object = std::lower_bound(heap->second.begin(), heap->second.end(), index,
                                           [](const Object& o, uint64_t i) { return o.index < i; });
      if (object != heap->second.end() && object->index == index && length <= object->length &&
          (all_bytes += length) <= file_.bytes()) {
        continue;
      }
    }
    ThrowInput("{}: {}: element {}: damaged reference to a text", file_.name(), what,
               at / kReferenceBytes);
  }
}

// Object header, version 1: version, reserved, messages (2 bytes), references (4), bytes of the
// first block (4), padding (4); blocks of messages: type (2), bytes (2), flags (1), reserved (3),
// content. A continuation message names another block.
void CheckRootAttributes(const RawFile& file, int superblock_version, const GlobalHeaps* heaps) {
  if (superblock_version > 1) return;
  constexpr uint64_t kAttribute = 0x0c, kContinuation = 0x10;
  const uint64_t header = ReadNumber(file, superblock_version == 0 ? 64 : 68);
  std::array<uint8_t, 16> prefix{};
  file.Read(header, prefix);
  if (prefix[0] != 1) return;  // version 2 has a checksum
  std::vector<std::pair<uint64_t, uint64_t>> blocks = {
      {header + prefix.size(), LittleEndian(std::span<const uint8_t>(prefix).subspan(8, 4))}};
  std::vector<uint8_t> bytes;
  uint64_t all_bytes = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto [begin, size] = blocks[i];
    all_bytes += size;
    if (size > file.bytes() || all_bytes > file.bytes())
      ThrowDamagedStructure(file, "object header", header);
    bytes.resize(size);
    file.Read(begin, bytes);
    for (std::span<const uint8_t> rest(bytes); rest.size() >= 8;) {
      const uint64_t type = LittleEndian(rest.first(2));
      const uint64_t length = LittleEndian(rest.subspan(2, 2));
      const uint8_t flags = rest[4];
      rest = rest.subspan(8);
      if (length > rest.size()) ThrowDamagedStructure(file, "object header", header);
      const std::span<const uint8_t> content = rest.first(length);
      rest = rest.subspan(length);
      if (type == kContinuation) {
        if (length < 16) ThrowDamagedStructure(file, "object header", header);
        blocks.emplace_back(LittleEndian(content.first(8)), LittleEndian(content.subspan(8, 8)));
      }
      if (type != kAttribute) continue;
      // Version, flags (reserved in version 1), bytes of name, datatype and dataspace (2 each),
      // character set (version 3); then those three, padded to 8 in version 1, and the values.
      if (length < 9) ThrowDamagedStructure(file, "attribute", header);
      const bool padded = content[0] == 1;
      const auto field = [&](size_t at) {
        const uint64_t field_bytes = LittleEndian(content.subspan(at, 2));
        return padded ? (field_bytes + 7) / 8 * 8 : field_bytes;
      };
      const uint64_t name_at = content[0] >= 3 ? 9 : 8;
      const uint64_t datatype_at = name_at + field(2);
      const uint64_t dataspace_at = datatype_at + field(4);
      const uint64_t values_at = dataspace_at + field(6);
      // Shared messages and types lie elsewhere; nothing that is read here has them.
      if ((flags & 2) != 0 || (!padded && content[1] != 0) || values_at > length ||
          datatype_at >= length) {
        ThrowDamagedStructure(file, "attribute", header);
      }
      const std::span<const uint8_t> name =
          content.subspan(name_at, LittleEndian(content.subspan(2, 2)));
      if (std::find(name.begin(), name.end(), 0) == name.end())
        ThrowDamagedStructure(file, "name of an attribute", header);
      if (AttributeBytes(content.subspan(datatype_at, dataspace_at - datatype_at),
                         content.subspan(dataspace_at, values_at - dataspace_at)) >
          length - values_at) {
        ThrowDamagedStructure(file, "attribute", header);
      }
      constexpr uint8_t kVariableLength = 9;
      if (heaps != nullptr && (content[datatype_at] & 0x0f) == kVariableLength) {
        heaps->Check(content.subspan(values_at), "an attribute of the root group");
      }
    }
  }
}

}  // namespace reidbench
