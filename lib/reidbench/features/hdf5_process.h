// The one way to an HDF5 file that somebody else may have written or damaged: libhdf5 walks over it
// in a process of its own, which may crash, loop or be confused, and what it says is checked like
// any other input. Private to lib/reidbench/features.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/features/feature_content.h"
#include "reidbench/features/hdf5_guard.h"

namespace reidbench {

class Hdf5Process {
 public:
  // Reads all but the features. `raw` must outlive the process. Throws what Hdf5FeatureReader
  // throws, Error(kInput) when libhdf5 crashed over the file or needs far too long for its size,
  // Error(kIo) when no process can be made, Interrupted on Ctrl-C.
  Hdf5Process(const RawFile& raw, int superblock_version);
  ~Hdf5Process();
  Hdf5Process(const Hdf5Process&) = delete;
  Hdf5Process& operator=(const Hdf5Process&) = delete;

  FeatureContent& content() { return content_; }
  // Rows [begin, begin + count) as float32; only where content().payload is none.
  void ReadRows(int64_t begin, int64_t count, float* out);

 private:
  void Receive(std::span<uint8_t> out);
  std::vector<uint8_t> ReceiveMessage();
  [[noreturn]] void ThrowLost();
  void End();

  const RawFile& raw_;
  FeatureContent content_;
  pid_t child_ = -1;
  int socket_ = -1;
  double cpu_limit_s_ = 0;  // of the answer that is waited for
};

}  // namespace reidbench
