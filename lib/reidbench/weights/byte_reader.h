// A bounds-checked little-endian cursor over a file in memory, and text from untrusted files made
// fit for messages. Internal to the readers of weights.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace reidbench {

static_assert(std::endian::native == std::endian::little, "the readers copy little-endian numbers");

class ByteReader {
 public:
  // `name` is the file (and the part of it) that messages name; it must outlive the reader.
  ByteReader(std::span<const uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  std::string_view name() const { return name_; }
  // Throws Error(kModel) when `position` lies beyond the end.
  void Seek(size_t position);

  // Each throws Error(kModel) "cut short" when fewer bytes are left than asked for.
  std::span<const uint8_t> Take(uint64_t count);
  std::string_view TakeText(uint64_t count);
  std::string_view TakeLine();  // up to '\n', which is consumed and not returned

  template <typename T>
  T Read() {
    T value;
    std::memcpy(&value, Take(sizeof value).data(), sizeof value);
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  std::string_view name_;
  size_t position_ = 0;
};

// At most 80 characters with anything but printable ASCII escaped: names in a file may be hostile
// or damaged.
std::string Printable(std::string_view text);

// "[16, 3, 7, 7]"
std::string ShapeText(std::span<const int64_t> shape);

// The product, or -1 when a dimension is negative or the product exceeds 2^62.
int64_t NumElements(std::span<const int64_t> shape);

// What a reader may still allocate for its results. Files can claim far more than they hold (views
// that overlap, compressed zeros, one tensor under many names); together they may grow to 16 times
// the file plus 16 MiB, no more.
class OutputBudget {
 public:
  OutputBudget(uint64_t file_bytes, std::string_view name)
      : left_(16 * file_bytes + (uint64_t{16} << 20)), name_(name) {}
  // Throws Error(kModel) that names `what` when the budget is spent.
  void Spend(uint64_t bytes, std::string_view what);

 private:
  uint64_t left_;
  std::string_view name_;
};

}  // namespace reidbench
