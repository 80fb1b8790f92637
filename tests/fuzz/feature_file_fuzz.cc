// Any bytes as a feature file. Files with checksums in their metadata (superblock 2 and 3, as
// reidbench writes) are opened and read whole. Of old-style files only our own checks run:
// libhdf5 1.10.8 reads outside of its buffers on some damaged structures that have no checksum, see
// lib/reidbench/features/README.md.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/features/hdf5_guard.h"

// libhdf5 leaks on its error paths, and asks for as much memory as a damaged size says before it
// finds the file too short.
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5"; }
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const reidbench::RawFile raw({data, size}, "fuzz.h5");
    const int version = reidbench::CheckSuperblock(raw).version;
    if (version <= 1) {
      reidbench::CheckLocalHeaps(raw);
      const reidbench::GlobalHeaps heaps(raw);
      reidbench::CheckRootAttributes(raw, version, &heaps);
      return 0;
    }
    const auto file = reidbench::FeatureFile::FromBytes({data, size}, "fuzz.h5");
    std::vector<int64_t> rows(static_cast<size_t>(std::min<int64_t>(file.rows(), 1000)));
    std::iota(rows.begin(), rows.end(), 0);
    std::reverse(rows.begin(), rows.end());
    file.ReadRows(rows);
  } catch (const reidbench::Error&) {
  }
  return 0;
}
