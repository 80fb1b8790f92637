#include "reidbench/weights/number_formats.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace reidbench {
namespace {}  // namespace

int ElementSize(ElementType type) {
  switch (type) {
    case ElementType::kFloat64:
    case ElementType::kInt64:
      return 8;
    case ElementType::kFloat32:
    case ElementType::kInt32:
      return 4;
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
    case ElementType::kInt16:
      return 2;
    case ElementType::kInt8:
    case ElementType::kUInt8:
    case ElementType::kBool:
    case ElementType::kUntyped:
      return 1;
  }
  return 1;
}

float FloatFromHalf(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? HUGE_VALF : std::nanf("");
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float LoadElement(ElementType type, const uint8_t* at) {
  switch (type) {
    case ElementType::kFloat32:
      return Load<float>(at);
    case ElementType::kFloat64:
      return static_cast<float>(Load<double>(at));
    case ElementType::kFloat16:
      return FloatFromHalf(Load<uint16_t>(at));
    case ElementType::kBFloat16:
      return std::bit_cast<float>(uint32_t{Load<uint16_t>(at)} << 16);
    case ElementType::kInt64:
      return static_cast<float>(Load<int64_t>(at));
    case ElementType::kInt32:
      return static_cast<float>(Load<int32_t>(at));
    case ElementType::kInt16:
      return Load<int16_t>(at);
    case ElementType::kInt8:
      return Load<int8_t>(at);
    case ElementType::kBool:
      return *at != 0 ? 1.0F : 0.0F;
    case ElementType::kUInt8:
    case ElementType::kUntyped:
      return *at;
  }
  return 0;
}

}  // namespace reidbench
