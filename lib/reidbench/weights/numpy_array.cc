#include "reidbench/weights/numpy_array.h"

#include <fmt/ranges.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr uint64_t kMaxElements = uint64_t{1} << 48;

// The value of a key of the header, a Python dict written by numpy.
std::string_view HeaderValue(std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return {};
  std::string_view value = Trim(header.substr(at + key.size() + 3));
  const char close = value.empty() ? '\0' : value.front() == '(' ? ')' : ',';
  if (!value.empty() && value.front() == '\'') return value.substr(1, value.find('\'', 1) - 1);
  return Trim(value.substr(0, value.find(close)));
}

}  // namespace

NumpyArray::NumpyArray(std::span<const uint8_t> bytes, std::string where)
    : where_(std::move(where)) {
  if (bytes.size() < 12 ||
      !std::equal(kNpyMagic.begin(), kNpyMagic.end(), bytes.begin(),
                  [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; })) {
    Damaged("no numpy array");
  }
  const int version = bytes[6];
  if (version < 1 || version > 3) Damaged(fmt::format("format version {}", version));
  uint64_t header_bytes = bytes[8] + 256u * bytes[9];
  size_t begin = 10;
  if (version >= 2) {
    header_bytes += (uint64_t{bytes[10]} << 16) + (uint64_t{bytes[11]} << 24);
    begin = 12;
  }
  if (header_bytes > bytes.size() - begin) Damaged("its header is cut short");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + begin, header_bytes);
  type_ = HeaderValue(header, "descr");
  fortran_ = HeaderValue(header, "fortran_order") == "True";
  const std::string_view shape = HeaderValue(header, "shape");
  if (type_ == "|O") return;
  if (type_.size() < 3 || shape.empty() || shape.front() != '(')
    ThrowInput("{}: an array of type {}, expected numbers or text", where_, header);
  const auto size = ParseInt(std::string_view(type_).substr(2));
  if (!size || *size < 0 || *size > (1 << 20))
    ThrowInput("{}: an array of type {}, expected numbers or text", where_, type_);
  size_ = static_cast<size_t>(*size) * (kind() == 'U' ? 4 : 1);
  uint64_t elements = 1;
  for (const std::string_view part : SplitText(shape.substr(1), ',')) {
    if (Trim(part).empty()) continue;
    const auto extent = ParseInt(Trim(part));
    if (!extent || *extent < 0 ||
        (*extent > 0 && elements > kMaxElements / static_cast<uint64_t>(*extent))) {
      Damaged("its shape is no shape");
    }
    shape_.push_back(static_cast<uint64_t>(*extent));
    elements *= shape_.back();
  }
  data_ = bytes.subspan(begin + header_bytes);
  if (size_ > 0 ? elements > data_.size() / size_ : elements > kMaxElements) {
    ThrowInput("{}: shape {} of {} do not fit into {} bytes: the file is truncated", where_,
               ShapeText(), type_, data_.size());
  }
  elements_ = elements;
}

std::string NumpyArray::ShapeText() const { return fmt::format("[{}]", fmt::join(shape_, ", ")); }

template <typename T>
T NumpyArray::Load(uint64_t i) const {
  T value;
  std::memcpy(&value, data_.data() + i * sizeof(T), sizeof(T));
  if (type_[0] == '>') {
    auto* bytes = reinterpret_cast<uint8_t*>(&value);
    std::reverse(bytes, bytes + sizeof(T));
  }
  return value;
}

double NumpyArray::Float(uint64_t i) const {
  if (size_ == 2) {
    return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(Load<uint16_t>(i)));
  }
  return size_ == 4 ? static_cast<double>(std::bit_cast<float>(Load<uint32_t>(i)))
                    : std::bit_cast<double>(Load<uint64_t>(i));
}

int64_t NumpyArray::Integer(uint64_t i) const {
  if (is_float()) {
    const double value = Float(i);
    if (!(std::abs(value) <= 9e15) || value != std::floor(value))
      ThrowInput("{}: entry {}: {}, expected a whole number", where_, i, value);
    return static_cast<int64_t>(value);
  }
  if (kind() != 'i' && kind() != 'u' && kind() != 'b')
    ThrowInput("{}: {}, expected integers", where_, type_);
  switch (size_) {
    case 1:
      return kind() == 'i' ? Load<int8_t>(i) : Load<uint8_t>(i);
    case 2:
      return kind() == 'i' ? Load<int16_t>(i) : Load<uint16_t>(i);
    case 4:
      return kind() == 'i' ? int64_t{Load<int32_t>(i)} : int64_t{Load<uint32_t>(i)};
    case 8:
      if (kind() == 'u' && Load<int64_t>(i) < 0)
        ThrowInput("{}: entry {}: above 2^63, expected 64-bit signed integers", where_, i);
      return Load<int64_t>(i);
    default:
      ThrowInput("{}: {}, expected integers", where_, type_);
  }
}

std::string NumpyArray::Text(uint64_t i) const {
  std::string text;
  if (kind() == 'S') {
    for (size_t c = 0; c < size_; ++c) text += static_cast<char>(data_[i * size_ + c]);
  } else {
    const uint64_t length = size_ / 4;
    for (uint64_t c = 0; c < length; ++c) AppendUtf8(Load<uint32_t>(i * length + c), &text);
  }
  return text.substr(0, text.find('\0'));
}

void NumpyArray::AppendUtf8(uint32_t code, std::string* text) const {
  if (code > 0x10FFFF) Damaged("its text is no text");
  if (code < 0x80) {
    *text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::array<uint32_t, 4> kLead = {0, 0xC0, 0xE0, 0xF0};
  *text += static_cast<char>(kLead[static_cast<size_t>(more)] | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) *text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
}

void NumpyArray::Damaged(const std::string& what) const {
  ThrowInput("{}: damaged numpy file: {}", where_, what);
}

}  // namespace reidbench
