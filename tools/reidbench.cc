// `reidbench <command>` runs its neighbour `reidbench-<command>` (git's model), so that each
// command loads only the libraries that it uses.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "reidbench/core/diagnostics.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"

namespace {

struct CommandInfo {
  const char* name;
  const char* summary;
};
// In the order of a user's work; shown by --help when the program is there.
constexpr CommandInfo kCommands[] = {
    {"check", "look at a data set or a weights file before trusting it"},
    {"convert", "boxes and tracks of other programs -> MOT text, and back"},
    {"detect", "pictures -> people, by any ONNX detector"},
    {"extract", "images -> embeddings in an HDF5 file"},
    {"rank", "embeddings -> mAP, CMC, mINP, verification, confidence intervals"},
    {"track", "detections -> tracks"},
    {"relink", "tracks + embeddings -> corrected tracks"},
    {"link", "tracks of several cameras + embeddings -> one identity a person"},
    {"score", "tracks -> HOTA, CLEAR, Identity"},
    {"score-detections", "detections -> AP, miss rate, JI, MODA; what is wrong with a detector"},
    {"flow", "tracks -> how many people, how long, which way, and how wrong that is"},
    {"compare", "plain against corrected tracks -> what correction won, and why ids still switch"},
    {"render", "tracks over their frames, as a video; before and after, side by side"},
    {"train", "data sets -> weights of an OSNet"},
    {"synth", "a synthetic world: videos, ground truth, detections, a re-ID set"},
    {"run", "a whole experiment, from data to report"},
    {"profile", "what this machine does per second, and how many cameras that is"},
};

std::vector<std::string> Available() {
  const std::filesystem::path folder = reidbench::ProgramFolder();
  std::vector<std::string> names;
  for (const CommandInfo& command : kCommands) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / (std::string("reidbench-") + command.name), ignored))
      names.push_back(command.name);
  }
  return names;
}

std::string Help() {
  std::string text =

      "Example:\n"
      "  reidbench extract --dataset market1501 --root DIR --weights osnet_x0_25_msmt17.pth "
      "--output features.h5\n"
      "  reidbench rank features.h5 --protocol market1501 --metric euclidean\n\n"
      "reidbench evaluates person re-identification and what it does to tracking.\n\nCommands:\n";
  for (const std::string& name : Available()) {
    for (const CommandInfo& command : kCommands) {
      if (name == command.name) text += fmt::format("  {:<18}{}\n", command.name, command.summary);
    }
  }
  return text +
         "\nreidbench <command> --help explains one of them; reidbench --version prints the "
         "version.\n";
}

int Run(int argc, char** argv) {
  using namespace reidbench;
  const std::string name = argc > 1 ? argv[1] : "";
  if (name.empty()) {
    PrintDiagnostic(Help());
    return kExitUsage;
  }
  if (name == "--help" || name == "-h" || name == "help") {
    std::cout << Help();
    return kExitOk;
  }
  if (name == "--version") {
    fmt::print("reidbench {} ({}, {})\n", Version(), CompilerName(), BuildType());
    return kExitOk;
  }
  const std::vector<std::string> available = Available();
  if (std::find(available.begin(), available.end(), name) == available.end()) {
    PrintDiagnostic(fmt::format("reidbench: error: unknown command '{}'{}\n", name,
                                SuggestName(name, available)));
    return kExitUsage;
  }
  const std::string program = (ProgramFolder() / ("reidbench-" + name)).string();
  ::execv(program.c_str(), argv + 1);
  ThrowIo("{}: cannot run: {}", program, std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace reidbench;
  PrepareStandardStreams();
  try {
    return Run(argc, argv);
  } catch (const Error& error) {
    PrintDiagnostic(fmt::format("reidbench: error: {}\n", error.what()));
    return ExitCodeOf(error.kind());
  } catch (const std::bad_alloc&) {
    PrintDiagnostic("reidbench: error: out of memory\n");
    return kExitInput;
  }
}
