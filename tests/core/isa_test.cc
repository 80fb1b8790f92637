#include "reidbench/core/isa.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "support/each_isa.h"

namespace reidbench {
namespace {

TEST(Isa, NamesAreOrderedAndParsed) {
  for (size_t i = 0; i < kAllIsas.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kAllIsas[i]), i);
    EXPECT_EQ(ParseIsa(IsaName(kAllIsas[i])), kAllIsas[i]);
  }
  EXPECT_EQ(IsaName(Isa::kAvx512Bf16), "avx512_bf16");
  for (const char* wrong : {"", "AVX2", "avx", "sse4", "avx512 "})
    EXPECT_FALSE(ParseIsa(wrong).has_value()) << wrong;
}

TEST(Isa, ActiveIsWhatTheProcessorHasUpToTheCap) {
  const char* const variable = std::getenv("REIDBENCH_ISA");
  const Isa cap = variable == nullptr ? Isa::kAvx512Bf16 : ParseIsa(variable).value();
  EXPECT_EQ(ActiveIsa(), std::min(DetectedIsa(), cap));
  EXPECT_EQ(IsaIsCapped(), cap < DetectedIsa());
}

TEST(Isa, CapsReachTheLibraries) {
  const char* const variable = std::getenv("REIDBENCH_ISA");
  const char* const onednn = std::getenv("DNNL_MAX_CPU_ISA");
  const char* const libtorch = std::getenv("ATEN_CPU_CAPABILITY");
  if (variable == nullptr) {
    EXPECT_EQ(onednn, nullptr);
    EXPECT_EQ(libtorch, nullptr);
    return;
  }
  ASSERT_TRUE(onednn != nullptr && libtorch != nullptr);
  const bool baseline = ParseIsa(variable) == Isa::kBaseline;
  EXPECT_EQ(std::string(onednn) == "SSE41", baseline);
  EXPECT_EQ(std::string(libtorch) == "default", baseline);
}

TEST(Isa, ScopedCapsOnlyLower) {
  const Isa before = ActiveIsa();
  {
    const ScopedIsaCap low(Isa::kBaseline);
    EXPECT_EQ(ActiveIsa(), Isa::kBaseline);
    const ScopedIsaCap high(Isa::kAvx512);
    EXPECT_EQ(ActiveIsa(), Isa::kBaseline);
  }
  EXPECT_EQ(ActiveIsa(), before);
}

using ForActiveIsaTest = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, ForActiveIsaTest, testing::ValuesIn(kAllIsas), IsaOf);

// Products and sums would differ in the last bit if they were contracted, sums if they were
// reordered.
TEST_P(ForActiveIsaTest, GivesTheBitsOfPlainCode) {
  std::vector<float> x(1001), y(1001);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i)) * 1e3f;
  std::vector<float> expected(x.size());
  volatile float sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const volatile float product = x[i] * 1.1f;
    expected[i] = product + 0.3f;
    sum = sum + expected[i];
  }
  const float total = ForActiveIsa([&]() REIDBENCH_ALWAYS_INLINE {
    float s = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      y[i] = x[i] * 1.1f + 0.3f;
      s += y[i];
    }
    return s;
  });
  EXPECT_EQ(y, expected);
  EXPECT_EQ(total, sum);
}

}  // namespace
}  // namespace reidbench
