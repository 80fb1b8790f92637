#include "reidbench/features/checksums.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr std::string_view kChecksumMagic = "RBCRC001";
constexpr uint64_t kSummedBytes = 64 << 10;

// As it lies in the file, little-endian like everything there.
struct Header {
  char magic[8];
  uint64_t end;
  uint64_t payload_begin;
  uint64_t payload_bytes;
  uint32_t block;
  uint32_t sum;  // of the five fields above and of the table
};
static_assert(sizeof(Header) == 40);

uint32_t Crc(std::span<const uint8_t> bytes, uint32_t before = 0) {
  return static_cast<uint32_t>(::crc32_z(before, bytes.data(), bytes.size()));
}

template <typename T>
std::span<uint8_t> BytesOf(T* value) {
  return {reinterpret_cast<uint8_t*>(value), sizeof(T)};
}

uint32_t SumOf(Header header, std::span<const uint32_t> table) {
  const uint32_t sum = Crc(BytesOf(&header).first(offsetof(Header, sum)));
  return Crc({reinterpret_cast<const uint8_t*>(table.data()), table.size_bytes()}, sum);
}

uint64_t BlocksOf(uint64_t bytes) { return (bytes + kSummedBytes - 1) / kSummedBytes; }

[[noreturn]] void ThrowDamaged(const RawFile& file, uint64_t begin, uint64_t end) {
  ThrowInput(
      "{}: the file is damaged: bytes {} to {} are not those that were written; extract the "
      "features again, or copy the file again from where it is whole",
      file.name(), WithThousands(static_cast<int64_t>(begin)),
      WithThousands(static_cast<int64_t>(end - 1)));
}

}  // namespace

std::optional<FileChecksums> FileChecksums::Find(const RawFile& file, uint64_t end) {
  Header header{};
  const uint64_t left = file.bytes() - end;
  const size_t begin_of_magic = std::min<uint64_t>(left, kChecksumMagic.size());
  file.Read(end, BytesOf(&header).first(begin_of_magic));
  if (left == 0 || std::string_view(header.magic, begin_of_magic) != kChecksumMagic.substr(0, left))
    return std::nullopt;
  FileChecksums found(file);
  const uint64_t blocks = BlocksOf(end);
  if (left != sizeof header + blocks * sizeof(uint32_t)) {
    ThrowInput(
        "{}: truncated or damaged: {} bytes of checksums at the end, expected {}; copy it "
        "again",
        file.name(), left, sizeof header + blocks * sizeof(uint32_t));
  }
  file.Read(end, BytesOf(&header));
  found.sums_.resize(blocks);
  file.Read(end + sizeof header,
            {reinterpret_cast<uint8_t*>(found.sums_.data()), blocks * sizeof(uint32_t)});
  if (header.sum != SumOf(header, found.sums_) || header.end != end ||
      header.block != kSummedBytes || header.payload_begin > end ||
      header.payload_bytes > end - header.payload_begin) {
    ThrowDamaged(file, end, file.bytes());
  }
  found.end_ = end;
  found.payload_ = {header.payload_begin, header.payload_bytes};
  found.proven_.assign(blocks, 0);
  const uint64_t payload_end = header.payload_begin + header.payload_bytes;
  for (uint64_t block = 0; block < blocks; ++block) {
    const bool inside = block * kSummedBytes >= header.payload_begin &&
                        block * kSummedBytes + found.BlockBytes(block) <= payload_end;
    if (!inside) found.ReadAndProve(block);
  }
  return found;
}

uint64_t FileChecksums::BlockBytes(uint64_t block) const {
  return std::min(kSummedBytes, end_ - block * kSummedBytes);
}

void FileChecksums::Prove(uint64_t block, std::span<const uint8_t> bytes) {
  if (Crc(bytes) != sums_[block])
    ThrowDamaged(*file_, block * kSummedBytes, block * kSummedBytes + bytes.size());
  proven_[block] = 1;
}

void FileChecksums::ReadAndProve(uint64_t block) {
  std::vector<uint8_t> bytes(BlockBytes(block));
  file_->Read(block * kSummedBytes, bytes);
  Prove(block, bytes);
}

void FileChecksums::Read(uint64_t offset, std::span<uint8_t> out) {
  if (out.empty()) return;
  const uint64_t last_byte = offset + out.size() - 1;
  const uint64_t first = offset / kSummedBytes;
  const auto blocks = static_cast<int64_t>(last_byte / kSummedBytes - first + 1);
  // Whole blocks are read in place and proven there; of those at the ends that stick out, the rest
  // is read for the proof.
  ParallelFor(blocks, [&](int64_t i) {
    const uint64_t block = first + static_cast<uint64_t>(i);
    const uint64_t begin = std::max(offset, block * kSummedBytes);
    const uint64_t end = std::min(last_byte + 1, block * kSummedBytes + BlockBytes(block));
    const std::span<uint8_t> target = out.subspan(begin - offset, end - begin);
    file_->Read(begin, target);
    if (proven_[block]) return;
    if (target.size() == BlockBytes(block)) {
      Prove(block, target);
    } else {
      ReadAndProve(block);
    }
  });
}

void AppendChecksums(const std::filesystem::path& path, const Payload& payload,
                     const std::string& name) {
  const RawFile file(path);
  Header header{};
  std::copy(kChecksumMagic.begin(), kChecksumMagic.end(), header.magic);
  header.end = file.bytes();
  header.payload_begin = payload.begin;
  header.payload_bytes = payload.bytes;
  header.block = kSummedBytes;
  std::vector<uint32_t> table(BlocksOf(header.end));
  ParallelChunks(static_cast<int64_t>(table.size()), 16, [&](int64_t begin, int64_t end) {
    std::vector<uint8_t> bytes(kSummedBytes);
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t at = static_cast<uint64_t>(i) * kSummedBytes;
      const std::span<uint8_t> block =
          std::span(bytes).first(std::min(kSummedBytes, header.end - at));
      file.Read(at, block);
      table[static_cast<size_t>(i)] = Crc(block);
    }
  });
  header.sum = SumOf(header, table);
  std::vector<uint8_t> tail(sizeof header + table.size() * sizeof(uint32_t));
  std::memcpy(tail.data(), &header, sizeof header);
  std::memcpy(tail.data() + sizeof header, table.data(), table.size() * sizeof(uint32_t));
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  bool written = descriptor >= 0;
  for (std::span<const uint8_t> rest(tail); written && !rest.empty();) {
    const ssize_t put = ::write(descriptor, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    written = put >= 0;
    if (written) rest = rest.subspan(static_cast<size_t>(put));
  }
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!written) ThrowIo("{}: write failed: {}", name, std::strerror(reason));
}

}  // namespace reidbench
