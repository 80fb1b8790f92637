// What the machine and this build say about themselves, for the provenance of results.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reidbench {

// The value of the first "key : value" or "key=value" line of a system file, without quotes; empty
// if there is none.
std::string SystemValue(const std::filesystem::path& file, std::string_view key, char separator);

std::string CpuModel();  // "Intel(R) Xeon(R) ..."; empty where the system does not say
int64_t MemoryBytes();   // of the machine; 0 where the system does not say

// Name and version of the third-party libraries of this build, where a package says its version.
std::vector<std::pair<std::string, std::string>> LibraryVersions();

// Of the source tree that this program runs from, "with local changes" where there are any; empty
// for an installed program and where git is not there.
std::string GitCommit();

// "2026-11-25T02:41:00Z", and "20261125T024100Z" for names.
std::string UtcNow(bool compact = false);

}  // namespace reidbench
