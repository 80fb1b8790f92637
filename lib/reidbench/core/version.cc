#include "reidbench/core/version.h"

#include <sys/auxv.h>

#include <cstdlib>

#include "reidbench/core/error.h"
#include "reidbench/core/version_values.h"

namespace reidbench {
namespace {

std::filesystem::path& GivenDataDir() {
  static std::filesystem::path folder;
  return folder;
}

}  // namespace

std::string_view Version() { return REIDBENCH_VERSION; }
std::string_view CompilerName() { return REIDBENCH_COMPILER; }
std::string_view BuildType() { return REIDBENCH_BUILD_TYPE; }

std::filesystem::path ProgramFolder() {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) return program.parent_path();
  // Without /proc: as the program was called, which is its path unless somebody made that up.
  const auto* called = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (called != nullptr) program = fs::canonical(called, error);
  if (error || !fs::is_regular_file(program, error)) {
    ThrowIo(
        "cannot find the folder of this program: /proc is not there (found neither /proc/self/exe "
        "nor "
        "{}): mount it, or call the program by its whole path",
        called != nullptr ? called : "a name");
  }
  return program.parent_path();
}

void SetDataDir(const std::filesystem::path& folder) { GivenDataDir() = folder; }

std::filesystem::path DataDir() {
  namespace fs = std::filesystem;
  const auto given = [](const char* what, const fs::path& folder) {
    if (fs::is_directory(folder / "datasets")) return folder;
    ThrowIo(
        "{}={}: no folder 'datasets' in it; set it to the folder that holds configs/ and datasets/",
        what, folder.string());
  };
  if (!GivenDataDir().empty()) return given("SetDataDir", GivenDataDir());
  if (const char* from_environment = std::getenv("REIDBENCH_DATA_DIR"))
    return given("REIDBENCH_DATA_DIR", from_environment);
  std::error_code ignored;
  const fs::path installed = ProgramFolder().parent_path() / REIDBENCH_INSTALL_DATA_DIR;
  if (fs::is_directory(installed / "datasets", ignored)) return installed;
  const fs::path source = REIDBENCH_SOURCE_DATA_DIR;
  if (fs::is_directory(source / "datasets", ignored)) return source;
  ThrowIo(
      "data folder not found: looked for {} and {}; set REIDBENCH_DATA_DIR to the folder that "
      "holds datasets/",
      (installed / "datasets").string(), (source / "datasets").string());
}

}  // namespace reidbench
