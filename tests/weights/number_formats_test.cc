#include "reidbench/weights/number_formats.h"

#include <gtest/gtest.h>

#include <cmath>

namespace reidbench {
namespace {

TEST(NumberFormats, HalfFloats) {
  EXPECT_EQ(FloatFromHalf(0x0000), 0.0F);
  EXPECT_TRUE(std::signbit(FloatFromHalf(0x8000)));
  EXPECT_EQ(FloatFromHalf(0x3c00), 1.0F);
  EXPECT_EQ(FloatFromHalf(0xc100), -2.5F);
  EXPECT_EQ(FloatFromHalf(0x7bff), 65504.0F);
  EXPECT_EQ(FloatFromHalf(0x0400), std::ldexp(1.0F, -14));     // smallest normal
  EXPECT_EQ(FloatFromHalf(0x0001), std::ldexp(1.0F, -24));     // smallest subnormal
  EXPECT_EQ(FloatFromHalf(0x03ff), std::ldexp(1023.0F, -24));  // largest subnormal
  EXPECT_EQ(FloatFromHalf(0xfc00), -HUGE_VALF);
  EXPECT_TRUE(std::isnan(FloatFromHalf(0x7e00)));
}

TEST(NumberFormats, LoadsUnalignedLittleEndianNumbers) {
  const uint8_t bytes[] = {0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  EXPECT_EQ(LoadElement(ElementType::kInt64, bytes + 1), -2.0F);
  EXPECT_EQ(LoadElement(ElementType::kInt32, bytes + 1), -2.0F);
  EXPECT_EQ(LoadElement(ElementType::kInt16, bytes + 1), -2.0F);
  EXPECT_EQ(LoadElement(ElementType::kInt8, bytes + 1), -2.0F);
  EXPECT_EQ(LoadElement(ElementType::kUInt8, bytes + 1), 254.0F);
  EXPECT_EQ(LoadElement(ElementType::kBool, bytes + 1), 1.0F);
  const uint8_t bfloat[] = {0x49, 0xc0};  // -3.140625
  EXPECT_EQ(LoadElement(ElementType::kBFloat16, bfloat), -3.140625F);
  const uint8_t real[] = {0, 0, 0, 0, 0, 0, 0x04, 0x40};
  EXPECT_EQ(LoadElement(ElementType::kFloat64, real), 2.5F);
}

}  // namespace
}  // namespace reidbench
