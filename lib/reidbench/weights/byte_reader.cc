#include "reidbench/weights/byte_reader.h"

#include <algorithm>

#include "reidbench/core/error.h"

namespace reidbench {

void ByteReader::Seek(size_t position) {
  if (position > bytes_.size()) {
    ThrowModel("{}: cut short: byte {} is asked for, the data end at {}", name_, position,
               bytes_.size());
  }
  position_ = position;
}

std::span<const uint8_t> ByteReader::Take(uint64_t count) {
  if (count > remaining()) {
    ThrowModel("{}: cut short: {} bytes expected at byte {}, only {} are left", name_, count,
               position_, remaining());
  }
  const auto taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

std::string_view ByteReader::TakeText(uint64_t count) {
  const auto taken = Take(count);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::string_view ByteReader::TakeLine() {
  const auto rest = bytes_.subspan(position_);
  const auto end = std::find(rest.begin(), rest.end(), uint8_t{'\n'});
  if (end == rest.end())
    ThrowModel("{}: cut short: a line that starts at byte {} does not end", name_, position_);
  const std::string_view line = TakeText(static_cast<uint64_t>(end - rest.begin()));
  ++position_;
  return line;
}

std::string Printable(std::string_view text) {
  constexpr size_t kLimit = 80;
  std::string out;
  for (const char c : text.substr(0, kLimit)) {
    if (c >= 0x20 && c < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  if (text.size() > kLimit) out += "...";
  return out;
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : ", ", shape[i]);
  return out + "]";
}

int64_t NumElements(std::span<const int64_t> shape) {
  constexpr int64_t kLimit = int64_t{1} << 62;
  int64_t product = 1;
  bool is_empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return -1;
    if (size == 0) {
      is_empty = true;
    } else if (product > kLimit / size) {
      return -1;
    } else {
      product *= size;
    }
  }
  return is_empty ? 0 : product;
}

void OutputBudget::Spend(uint64_t bytes, std::string_view what) {
  if (bytes > left_) {
    ThrowModel(
        "{}: refused: '{}' would need {} bytes, which together with what was read before is more "
        "than 16 times "
        "the file; no real network does that",
        name_, Printable(what), bytes);
  }
  left_ -= bytes;
}

}  // namespace reidbench
