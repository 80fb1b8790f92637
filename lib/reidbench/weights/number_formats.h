// Number formats of stored tensors and their conversion to float32. Internal to the readers of
// weights.
#pragma once

#include <cstdint>

namespace reidbench {

enum class ElementType : uint8_t {
  kFloat32,
  kFloat64,
  kFloat16,
  kBFloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool,
  kUntyped,  // torch.storage.UntypedStorage: bytes whose type the tensor names
};

int ElementSize(ElementType type);  // bytes

// IEEE 754 binary16.
float FloatFromHalf(uint16_t bits);

// The little-endian number at `at`, which need not be aligned.
float LoadElement(ElementType type, const uint8_t* at);

}  // namespace reidbench
