// Arrays of numbers and text as numpy saves them (.npy; format: NEP 1). Nothing of Python is
// executed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reidbench {

// One array, its elements as they lie in the file.
class NumpyArray {
 public:
  NumpyArray() = default;
  // `where` names the array in messages; the bytes must outlive it. Throws Error(kInput) for what
  // is no array of numbers, text or Python objects, or is cut short.
  NumpyArray(std::span<const uint8_t> bytes, std::string where);

  const std::vector<uint64_t>& shape() const { return shape_; }
  const std::string& type() const { return type_; }
  const std::string& where() const { return where_; }
  char kind() const { return type_[1]; }
  bool is_float() const { return kind() == 'f' && (size_ == 2 || size_ == 4 || size_ == 8); }
  // Of which nothing but this can be told.
  bool is_objects() const { return kind() == 'O'; }
  bool is_text() const { return kind() == 'U' || kind() == 'S'; }
  uint64_t elements() const { return elements_; }
  std::string ShapeText() const;  // "[100, 10]"

  // Of a matrix; which of the two runs fastest is the file's choice.
  uint64_t Index(uint64_t row, uint64_t column) const {
    return fortran_ ? column * shape_[0] + row : row * shape_[1] + column;
  }

  double Float(uint64_t i) const;
  int64_t Integer(uint64_t i) const;
  std::string Text(uint64_t i) const;

 private:
  template <typename T>
  T Load(uint64_t i) const;
  void AppendUtf8(uint32_t code, std::string* text) const;
  [[noreturn]] void Damaged(const std::string& what) const;
  std::string where_;
  std::string type_;  // "<f4": byte order, kind, bytes (of 'U' characters)
  size_t size_ = 0;   // bytes of an element
  bool fortran_ = false;
  std::vector<uint64_t> shape_;
  uint64_t elements_ = 0;
  std::span<const uint8_t> data_;
};

}  // namespace reidbench
