#include "reidbench/embedding/flush_denormals.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(ScopedFlushDenormalsTest, DenormalsAreZeroInsideAndBackOutside) {
#ifndef __SSE2__
  GTEST_SKIP() << "only x86 processors are told";
#else
  volatile float tiny = 1e-40f;
  volatile float large = 1e30f;
  {
    const ScopedFlushDenormals scope;
    volatile float product = tiny * large;
    EXPECT_EQ(product, 0.0f);
  }
  volatile float product = tiny * large;
  EXPECT_GT(product, 0.0f);
#endif
}

}  // namespace
}  // namespace reidbench
