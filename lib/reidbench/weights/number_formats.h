// Number formats of stored tensors and their conversion to float32. Internal to the readers of
// weights.
#pragma once

#include <cstdint>
#include <cstring>

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

// The T whose bytes stand at `at`, which need not be aligned.
template <typename T>
T Load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// The little-endian number at `at`, which need not be aligned.
float LoadElement(ElementType type, const uint8_t* at);

}  // namespace reidbench
