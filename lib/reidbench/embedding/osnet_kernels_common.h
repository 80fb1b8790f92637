// What the kernels of every instruction set share (osnet_kernels.inl): the headers they use, which
// have to be read before the compiler is told of a wider instruction set, and memory.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/embedding/layer_kernels.h"
#include "reidbench/embedding/osnet_kernels.h"

#define REIDBENCH_INLINE inline __attribute__((always_inline))

namespace reidbench {

// One for each instruction set that the compiler's target has.
#if REIDBENCH_X86
std::unique_ptr<GraphRunner> MakeOsnetRunnerSse2(const OsnetBlocks& network);
std::unique_ptr<GraphRunner> MakeOsnetRunnerAvx2(const OsnetBlocks& network);
std::unique_ptr<GraphRunner> MakeOsnetRunnerAvx512(const OsnetBlocks& network,
                                                   OsnetPrecision precision);
#elif defined(__aarch64__) && defined(__GNUC__)
std::unique_ptr<GraphRunner> MakeOsnetRunnerNeon(const OsnetBlocks& network);
#endif

struct FreeBuffer {
  void operator()(void* p) const { std::free(p); }
};

// Uninitialised memory on a cache line.
template <typename T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t count) : count_(count) {
    // Some room behind: whole registers are loaded at the end of short rows.
    const size_t bytes = (static_cast<size_t>(count) * sizeof(T) + 127) / 64 * 64;
    data_.reset(static_cast<T*>(std::aligned_alloc(64, bytes)));
    if (data_ == nullptr) throw std::bad_alloc();
  }
  T* data() const { return data_.get(); }
  void Clear() { std::memset(data_.get(), 0, static_cast<size_t>(count_) * sizeof(T)); }

 private:
  std::unique_ptr<T, FreeBuffer> data_;
  int64_t count_ = 0;
};

}  // namespace reidbench
