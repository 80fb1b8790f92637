// Reads a feature file with libhdf5, which trusts what carries no checksum: only for bytes that are
// proven (checksums.h), or in a process that may die of it (hdf5_process.h). Private to
// lib/reidbench/features.
#pragma once

#include <memory>

#include "reidbench/features/feature_content.h"
#include "reidbench/features/hdf5_guard.h"

namespace reidbench {

class Hdf5FeatureReader {
 public:
  // Throws Error(kInput) naming file and dataset. `raw` must outlive the reader.
  Hdf5FeatureReader(const RawFile& raw, int superblock_version);
  ~Hdf5FeatureReader();

  FeatureContent& content();
  // Rows [begin, begin + count) as float32. Throws Error(kIo).
  void ReadRows(int64_t begin, int64_t count, float* out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
