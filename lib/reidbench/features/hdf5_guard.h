// Checks of an HDF5 file's bytes before libhdf5 1.10 walks over them: it trusts the structures that
// carry no checksum, and a damaged one makes it loop for ever or write outside of its buffers. File
// format: The HDF Group, "HDF5 File Format Specification Version 3.0". Private to
// lib/reidbench/features.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace reidbench {

// Random access to the bytes of a file or of a copy in memory.
class RawFile {
 public:
  // Throws Error(kIo) when the file cannot be opened.
  explicit RawFile(const std::filesystem::path& path);
  RawFile(std::span<const uint8_t> bytes, std::string name);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  const std::string& name() const { return name_; }
  uint64_t bytes() const { return bytes_; }
  const std::vector<uint8_t>& image() const { return image_; }  // of a copy in memory
  int descriptor() const { return descriptor_; }                // -1 for a copy in memory
  // Exactly out.size() bytes from `offset`. Throws Error(kInput) beyond the end, Error(kIo) when
  // the system refuses.
  void Read(uint64_t offset, std::span<uint8_t> out) const;
  // Throws Error(kIo) when the file is no longer the one that was opened: what was read of it may
  // be neither the old nor the new.
  void RequireUnchanged() const;

 private:
  std::string name_;
  int64_t changed_ns_ = 0;  // when the file was last written to before it was opened
  int descriptor_ = -1;
  uint64_t bytes_ = 0;
  std::vector<uint8_t> image_;
};

// The signature, and a recorded end within the file: tells a truncated copy, a web page saved under
// the name or a git-lfs pointer from a damaged file. Throws Error(kInput).
struct Superblock {
  int version = 0;
  uint64_t end = 0;  // of what HDF5 reads
};
Superblock CheckSuperblock(const RawFile& file);

// Local heaps (names of old-style groups): free lists without cycles, within their heap. Throws
// Error(kInput).
void CheckLocalHeaps(const RawFile& file);

// Texts longer than this are refused where they are of variable length.
inline constexpr uint64_t kMaxVariableText = 4096;

// The global heaps of a file, which hold its variable-length texts.
class GlobalHeaps {
 public:
  // Finds and checks all: objects within their heap and at most kMaxVariableText bytes, which is
  // the smallest buffer that libhdf5 reads them into. Throws Error(kInput).
  explicit GlobalHeaps(const RawFile& file);

  // `references`: elements of a variable-length type as they lie on disk. Throws Error(kInput)
  // naming `what` unless each refers to nothing or to an object that exists and is as long as it
  // says.
  void Check(std::span<const uint8_t> references, const std::string& what) const;

 private:
  struct Object {
    uint16_t index;
    uint64_t length;
  };
  const RawFile& file_;
  std::unordered_map<uint64_t, std::vector<Object>> objects_;  // by the address of the heap
};

// The attributes of an old-style root group, whose header has no checksum: names that end, values
// within their message, and where `heaps` is given references into them. Throws Error(kInput).
void CheckRootAttributes(const RawFile& file, int superblock_version, const GlobalHeaps* heaps);

// On-disk size of an element of variable length: its length (4 bytes), the address of a heap (8),
// an index there (4).
inline constexpr size_t kReferenceBytes = 16;

}  // namespace reidbench
