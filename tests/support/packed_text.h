// Reference answers that may be packed.
#pragma once

#include <stdio.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>

#include "reidbench/core/files.h"

namespace reidbench {

// The text of `path`, or what xz unpacks from PATH.xz; nullopt where neither is there.
inline std::optional<std::string> TextOrPacked(const std::filesystem::path& path) {
  if (IsFile(path)) return ReadFileText(path);
  const std::filesystem::path packed = path.string() + ".xz";
  if (!IsFile(packed)) return std::nullopt;
  FILE* const pipe = ::popen(("xz -dc '" + packed.string() + "'").c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 65536> part;
  for (size_t n = 0; (n = ::fread(part.data(), 1, part.size(), pipe)) > 0;)
    text.append(part.data(), n);
  return ::pclose(pipe) == 0 ? std::optional(text) : std::nullopt;
}

}  // namespace reidbench
