#include "reidbench/features/checksums.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr std::string_view kChecksumMagic = "RBSUMS01";
constexpr uint64_t kSummedBytes = 64 << 10;

// As it lies in the file, little-endian like everything there.
struct Header {
  char magic[8];
  uint64_t end;
  uint64_t payload_begin;
  uint64_t payload_bytes;
  uint64_t block;
};
static_assert(sizeof(Header) == 40 && sizeof(BlockSum) == 16);

// Sums are as fast as memory, and a byte that changes always changes the first.
BlockSum SumOf(std::span<const uint8_t> bytes) {
  constexpr size_t kLanes = 16;
  constexpr size_t kRow = kLanes * sizeof(uint32_t);
  uint8_t last[kRow] = {};
  const size_t whole = bytes.size() / kRow;
  const bool has_rest = bytes.size() % kRow > 0;
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(whole * kRow), bytes.end(), last);
  const uint64_t rows = whole + (has_rest ? 1 : 0);
  return ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    // Word i is in lane i % kLanes; `running` adds up a lane's sums after each row.
    uint64_t plain[kLanes] = {};
    uint64_t running[kLanes] = {};
    for (size_t row = 0; row < rows; ++row) {
      uint32_t words[kLanes];
      std::memcpy(words, row < whole ? bytes.data() + row * kRow : last, kRow);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        plain[lane] += words[lane];
        running[lane] += plain[lane];
      }
    }
    BlockSum sum;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sum.plain += plain[lane];
      // A word of row r was added up in `running` rows - r times.
      sum.weighted += kLanes * (rows * plain[lane] - running[lane]) + (lane + 1) * plain[lane];
    }
    return sum;
  });
}

std::span<uint8_t> BytesOf(Header* header) {
  return {reinterpret_cast<uint8_t*>(header), sizeof *header};
}

std::span<uint8_t> BytesOf(std::vector<BlockSum>* sums) {
  return {reinterpret_cast<uint8_t*>(sums->data()), sums->size() * sizeof(BlockSum)};
}

// Of header and table.
BlockSum SumOf(Header header, std::vector<BlockSum> table) {
  std::vector<uint8_t> bytes(BytesOf(&header).begin(), BytesOf(&header).end());
  const std::span<uint8_t> rest = BytesOf(&table);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return SumOf(bytes);
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
  const uint64_t expected = sizeof header + (blocks + 1) * sizeof(BlockSum);
  if (left != expected) {
    ThrowInput(
        "{}: truncated or damaged: {} bytes of checksums at the end, expected {}; copy it again",
        file.name(), left, expected);
  }
  file.Read(end, BytesOf(&header));
  found.sums_.resize(blocks + 1);
  file.Read(end + sizeof header, BytesOf(&found.sums_));
  const BlockSum of_sums = found.sums_.back();
  found.sums_.pop_back();
  if (of_sums != SumOf(header, found.sums_) || header.end != end || header.block != kSummedBytes ||
      header.payload_begin > end || header.payload_bytes > end - header.payload_begin) {
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
  if (SumOf(bytes) != sums_[block])
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
  std::vector<BlockSum> table(BlocksOf(header.end));
  ParallelChunks(static_cast<int64_t>(table.size()), 16, [&](int64_t begin, int64_t end) {
    std::vector<uint8_t> bytes(kSummedBytes);
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t at = static_cast<uint64_t>(i) * kSummedBytes;
      const std::span<uint8_t> block =
          std::span(bytes).first(std::min(kSummedBytes, header.end - at));
      file.Read(at, block);
      table[static_cast<size_t>(i)] = SumOf(block);
    }
  });
  table.push_back(SumOf(header, table));
  std::vector<uint8_t> tail(BytesOf(&header).begin(), BytesOf(&header).end());
  tail.insert(tail.end(), BytesOf(&table).begin(), BytesOf(&table).end());
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
