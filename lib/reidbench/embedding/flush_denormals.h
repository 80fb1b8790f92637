// Treats denormal floats as zero on the calling thread while it lives. Trained networks hold
// hundreds of weights below 1e-38 (dead channels after folding batch norm); each multiplication by
// one takes a microcode detour of over a hundred cycles, which made OSNet x0.25 trained on MSMT17
// four times slower. Zeroing them moves an embedding by less than 1e-30.
#pragma once

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace reidbench {

class ScopedFlushDenormals {
 public:
#ifdef __SSE2__
  ScopedFlushDenormals() : saved_(_mm_getcsr()) {
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    _mm_setcsr(_mm_getcsr() | kDenormalsAreZero);
  }
  ~ScopedFlushDenormals() { _mm_setcsr(saved_); }
#else
  ScopedFlushDenormals() = default;
#endif
  ScopedFlushDenormals(const ScopedFlushDenormals&) = delete;
  ScopedFlushDenormals& operator=(const ScopedFlushDenormals&) = delete;

 private:
#ifdef __SSE2__
  static constexpr unsigned int kDenormalsAreZero =
      0x0040;  // SSE3's bit; every x86-64 processor has it
  unsigned int saved_;
#endif
};

}  // namespace reidbench
