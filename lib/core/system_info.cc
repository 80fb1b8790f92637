#include "core/system_info.h"

#include <algorithm>
#include <ctime>

#include "core/files.h"
#include "core/library_versions.h"
#include "core/text.h"

namespace reidbench {

std::string SystemValue(const std::filesystem::path& file, std::string_view key, char separator) {
  if (!std::filesystem::exists(file)) return "";
  const std::string text = ReadFileText(file);
  for (const std::string_view line : SplitText(text, '\n')) {
    const size_t at = line.find(separator);
    if (at == std::string_view::npos || Trim(line.substr(0, at)) != key) continue;
    std::string value(Trim(line.substr(at + 1)));
    std::erase(value, '"');
    return value;
  }
  return "";
}

std::string CpuModel() { return SystemValue("/proc/cpuinfo", "model name", ':'); }

int64_t MemoryBytes() {
  const std::string text = SystemValue("/proc/meminfo", "MemTotal", ':');
  return ParseInt(SplitText(text, ' ').front()).value_or(0) * 1024;
}

std::vector<std::pair<std::string, std::string>> LibraryVersions() {
  const std::pair<const char*, const char*> versions[] = REIDBENCH_LIBRARY_VERSIONS;
  std::vector<std::pair<std::string, std::string>> known;
  for (const auto& [name, version] : versions) {
    if (*version != '\0') known.emplace_back(name, version);
  }
  return known;
}

std::string UtcNow(bool compact) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, compact ? "%Y%m%dT%H%M%SZ" : "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace reidbench
