#include <algorithm>
#include <cstddef>

#include "reidbench/core/error.h"
#include "reidbench/imaging/decode_formats.h"

namespace reidbench {
namespace {

bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Numbers of the header, and of the pixels of a text file.
class PnmReader {
 public:
  PnmReader(std::span<const uint8_t> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  // Skips white space and comments before the number, nothing behind it.
  uint32_t Number() {
    while (at_ < bytes_.size() && (IsSpace(bytes_[at_]) || bytes_[at_] == '#')) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
      } else {
        ++at_;
      }
    }
    uint32_t value = 0;
    const size_t begin = at_;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; ++at_) {
      if (at_ - begin >= 9) Corrupt("a number is too long");
      value = 10 * value + bytes_[at_] - '0';
    }
    if (at_ == begin) Corrupt(at_ == bytes_.size() ? "file ends early" : "expected a number");
    return value;
  }

  // What follows the one white space after the header.
  std::span<const uint8_t> Binary(uint64_t size) {
    if (at_ >= bytes_.size() || !IsSpace(bytes_[at_])) Corrupt("expected the pixels");
    const std::span<const uint8_t> rest = bytes_.subspan(at_ + 1);
    if (rest.size() < size) Corrupt("file ends early");
    return rest.first(size);
  }

  [[noreturn]] void Corrupt(std::string_view what) const {
    ThrowInput("{}: corrupt PGM or PPM: {} at byte {}", name_, what, at_);
  }

 private:
  std::span<const uint8_t> bytes_;
  std::string_view name_;
  size_t at_ = 2;  // behind "P6"
};

}  // namespace

void DecodePnm(std::span<const uint8_t> file_bytes, std::string_view name, RgbImage* image) {
  const char kind = static_cast<char>(file_bytes[1]);
  const bool is_color = kind == '3' || kind == '6';
  const bool is_text = kind == '2' || kind == '3';
  PnmReader reader(file_bytes, name);
  const uint32_t width = reader.Number();
  const uint32_t height = reader.Number();
  const uint32_t maximum = reader.Number();
  RequireSaneSize(width, height, name);
  if (maximum < 1 || maximum > 65535) reader.Corrupt("the largest sample is not 1 to 65535");
  const uint64_t samples = uint64_t{width} * height * (is_color ? 3 : 1);
  const uint64_t sample_bytes = is_text ? 1 : maximum > 255 ? 2 : 1;
  RequireEnoughBytes(file_bytes.size(), samples * sample_bytes, 1, name);
  const std::span<const uint8_t> binary =
      is_text ? std::span<const uint8_t>() : reader.Binary(samples * sample_bytes);
  AllocateImage(static_cast<int>(width), static_cast<int>(height), image);
  for (uint64_t i = 0; i < samples; ++i) {
    uint32_t value = is_text             ? reader.Number()
                     : sample_bytes == 2 ? binary[2 * i] * 256u + binary[2 * i + 1]
                                         : binary[i];
    if (value > maximum) reader.Corrupt("a sample above the largest");
    if (maximum != 255) value = (value * 255 + maximum / 2) / maximum;
    if (is_color) {
      image->pixels[i] = static_cast<uint8_t>(value);
    } else {
      std::fill_n(image->pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3,
                  static_cast<uint8_t>(value));
    }
  }
}

}  // namespace reidbench
