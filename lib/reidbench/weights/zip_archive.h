// The part of the zip format that torch.save and re-packing tools write: stored and deflated
// members, zip64, data descriptors. PKWARE APPNOTE 6.3. Internal to the reader of checkpoints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/weights/byte_reader.h"

namespace reidbench {

struct ZipMember {
  std::string name;
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;
  uint64_t header_offset = 0;
};

class ZipArchive {
 public:
  // Reads the central directory. `bytes` and `name` must outlive the archive. Throws Error(kModel)
  // when the archive is cut short, damaged, or holds two members of one name.
  ZipArchive(std::span<const uint8_t> bytes, std::string_view name);

  const std::vector<ZipMember>& members() const { return members_; }
  const ZipMember* Find(std::string_view member_name) const;

  // The member's content: a view of the file where it is stored, else inflated into `storage`
  // (charged to `budget`). The checksum is verified, except where it is 0: torch can be told not to
  // compute it. Throws Error(kModel) when the member is encrypted, damaged or compressed by another
  // method.
  std::span<const uint8_t> Read(const ZipMember& member, std::vector<uint8_t>& storage,
                                OutputBudget& budget) const;

 private:
  std::span<const uint8_t> bytes_;
  std::string_view name_;
  std::vector<ZipMember> members_;  // sorted by name
};

}  // namespace reidbench
