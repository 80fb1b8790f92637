#include "features/hdf5_guard.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>

#include "core/error.h"

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

[[noreturn]] void ThrowDamaged(const RawFile& file, std::string_view what, uint64_t offset) {
  ThrowInput("{}: damaged HDF5 file: {} at byte {}", file.name(), what, offset);
}

}  // namespace

RawFile::RawFile(const std::filesystem::path& path) : name_(path.string()) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) ThrowIo("{}: cannot open: {}", name_, std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    ThrowIo("{}: is not a regular file", name_);
  }
  bytes_ = static_cast<uint64_t>(status.st_size);
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
    if (got == 0) ThrowIo("{}: became shorter while it was read", name_);
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
}

int CheckSuperblock(const RawFile& file) {
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
  return version;
}

// Signature, version 0, three reserved bytes; data bytes; offset of the first free block; address
// of the data. A free block is the offset of the next one (1 = none) and its own length.
void CheckLocalHeaps(const RawFile& file) {
  using std::string_view_literals::operator""sv;
  ForEachSignature(file, "HEAP\0\0\0\0"sv, [&](uint64_t heap) {
    const uint64_t bytes = ReadNumber(file, heap + 8);
    uint64_t free_block = ReadNumber(file, heap + 16);
    const uint64_t data = ReadNumber(file, heap + 24);
    if (data > file.bytes() || bytes > file.bytes() - data) ThrowDamaged(file, "local heap", heap);
    uint64_t left = bytes;  // free blocks do not overlap: together they are no longer than the heap
    while (free_block != 1) {
      if (free_block >= bytes || bytes - free_block < 16) ThrowDamaged(file, "local heap", heap);
      const uint64_t length = ReadNumber(file, data + free_block + 8);
      if (length < 16 || length > left) ThrowDamaged(file, "local heap", heap);
      left -= length;
      free_block = ReadNumber(file, data + free_block);
    }
  });
}

// Signature, version 1, three reserved bytes; bytes of the heap, this header included; then
// objects: index (2 bytes), references (2), reserved (4), length (8), data padded to 8. Index 0 is
// the free space; its length includes its header.
void CheckGlobalHeaps(const RawFile& file) {
  using std::string_view_literals::operator""sv;
  constexpr uint64_t kHeader = 16;
  ForEachSignature(file, "GCOL\1\0\0\0"sv, [&](uint64_t heap) {
    const uint64_t bytes = ReadNumber(file, heap + 8);
    if (bytes < kHeader || bytes > file.bytes() - heap) ThrowDamaged(file, "global heap", heap);
    const uint64_t end = heap + bytes;
    for (uint64_t at = heap + kHeader; at < end && end - at >= kHeader;) {
      const uint64_t index = ReadNumber(file, at) & 0xffff;
      const uint64_t length = ReadNumber(file, at + 8);
      if (index == 0) {
        // libhdf5 leaves the free space until the end.
        if (length != end - at) ThrowDamaged(file, "global heap", heap);
        break;
      }
      if (length > end - at - kHeader) ThrowDamaged(file, "global heap", heap);
      if (length > kMaxVariableText) {
        ThrowInput(
            "{}: a variable-length text of {} bytes, expected at most {}: store long texts with a "
            "fixed length",
            file.name(), length, kMaxVariableText);
      }
      const uint64_t need = kHeader + (length + 7) / 8 * 8;
      if (need > end - at) ThrowDamaged(file, "global heap", heap);
      at += need;
    }
  });
}

}  // namespace reidbench
