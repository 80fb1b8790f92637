// What this build of reidbench is, for --version and for the provenance of results.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace reidbench {

std::string_view Version();       // "0.1.0"
std::string_view CompilerName();  // "GNU 12.2.0"
std::string_view BuildType();     // "Release"

// Folder of the running program, where its neighbours `reidbench-COMMAND` are. Throws Error(kIo)
// when the system does not tell, as in a container without /proc.
std::filesystem::path ProgramFolder();

// Folder that holds `configs`, `datasets` and `experiments`: that of SetDataDir, else
// $REIDBENCH_DATA_DIR, else `share/reidbench` beside the running program's `bin`, else the source
// tree it was built from. Throws Error(kIo) when none of them exists.
std::filesystem::path DataDir();

// For programs that link the library, before any thread asks for DataDir(); empty: as if never set.
void SetDataDir(const std::filesystem::path& folder);

}  // namespace reidbench
