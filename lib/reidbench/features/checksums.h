// Checksums of a whole feature file, at its end behind what HDF5 reads: every byte that a program
// interprets is proven before it is, numbers as well as the structures that HDF5 leaves unchecked.
// README.md specifies them. Private to lib/reidbench/features.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "reidbench/features/hdf5_guard.h"

namespace reidbench {

// Of the 32-bit words of a block, padded with zeros, modulo 2^64: their sum, and the sum of each
// times its number from 1.
struct BlockSum {
  uint64_t plain = 0;
  uint64_t weighted = 0;
  friend bool operator==(const BlockSum&, const BlockSum&) = default;
};

// A run of bytes that is read last: it is proven when it is read.
struct Payload {
  uint64_t begin = 0;
  uint64_t bytes = 0;
};

class FileChecksums {
 public:
  // Those behind the first `end` bytes; none where nothing like them is there. Proves all blocks
  // that hold more than payload. Throws Error(kInput) when the file is damaged.
  static std::optional<FileChecksums> Find(const RawFile& file, uint64_t end);

  const Payload& payload() const { return payload_; }
  // Bytes of the payload into `out`, proven. Throws Error(kInput) when they are damaged.
  void Read(uint64_t offset, std::span<uint8_t> out);

 private:
  explicit FileChecksums(const RawFile& file) : file_(&file) {}
  uint64_t BlockBytes(uint64_t block) const;
  void Prove(uint64_t block, std::span<const uint8_t> bytes);
  void ReadAndProve(uint64_t block);

  const RawFile* file_;
  uint64_t end_ = 0;
  Payload payload_;
  std::vector<BlockSum> sums_;  // of each block
  std::vector<char> proven_;
};

// Appends them to a finished file; `name` appears in messages. Throws Error(kIo).
void AppendChecksums(const std::filesystem::path& path, const Payload& payload,
                     const std::string& name);

}  // namespace reidbench
