// First line a file-name pattern, the rest file names, one a line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/name_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using reidbench::NamePattern;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  try {
    const NamePattern pattern(text.substr(0, line));
    if (line == std::string_view::npos) return 0;
    for (const std::string_view name : reidbench::SplitText(text.substr(line + 1), '\n')) {
      const std::string_view base = reidbench::BaseName(name);
      reidbench::IsImageName(base);
      reidbench::FindCameraInName(base);
      const auto match = pattern.Parse(base);
      if (!match) continue;
      if (match->person.has_value() != pattern.has_person() ||
          match->camera.has_value() != pattern.has_camera())
        std::abort();
      if (match->camera.value_or(0) < 0) std::abort();
    }
  } catch (const reidbench::Error&) {
  }
  return 0;
}
