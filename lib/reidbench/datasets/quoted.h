// Text of a file in a message: short, and printable whatever the bytes are.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace reidbench {

inline std::string Quoted(std::string_view text, size_t most = 40) {
  std::string out;
  for (const char c : text.substr(0, most)) {
    out += c >= 0x20 && c < 0x7f ? std::string(1, c)
                                 : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  if (text.size() > most) out += "...";
  return text.empty() ? "nothing" : out;
}

}  // namespace reidbench
