// `reidbench profile`: what this machine does per second, stage by stage, against what it could do
// at most; `--plan`: how many cameras that is; `--validate`: whether it is true.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/embedding/embedder.h"
#include "reidbench/networks/network.h"
#include "reidbench/profiling/planner.h"
#include "reidbench/profiling/profile.h"
#include "reidbench/profiling/workload.h"

namespace reidbench {

struct EngineChoice {
  std::string engine;
  std::string precision;
  friend bool operator==(const EngineChoice&, const EngineChoice&) = default;
};

// Engines to measure, and how to make them.
struct EngineProvider {
  std::vector<EngineChoice> choices;  // what runs here, the fastest engine first; may be empty
  std::function<std::unique_ptr<Embedder>(const Network&, const EmbedderOptions&)> make;
};

// The engine `wanted`, or, for "auto" and for names that are none, all of OSNet. Those in plugins
// are tried in processes of their own: what they link is then in no measurement but theirs. Throws
// the Error of a wanted engine that does not run here; "auto" leaves such out.
EngineProvider EnginesHere(std::string_view wanted);

struct ProfileOptions {
  std::vector<std::string> stages;         // of ProfileStageNames(); empty: all
  std::filesystem::path weights;           // empty: random ones of `architectures`
  std::vector<std::string> architectures;  // empty: the plain OSNets
  std::string engine = "auto";             // auto: all that run here
  std::string precision = "auto";          // auto: all that run here
  bool quick = false;  // fewer variants and shorter looks: about 15 s instead of 1 minute
  double look_s = 0;   // of timed calls, each variant; 0 = 0.5, quick 0.15, a workload's 1
  int threads = 0;     // the most; 0 = all
  uint64_t seed = 0;   // of what is measured on

  // A workload whose stages alone are measured, at its own sizes.
  std::optional<Workload> workload;
};

// Called with variants finished, their number, and the next one's name.
using ProfileProgress = std::function<void(int64_t done, int64_t total, const std::string& next)>;

// Throws Error(kUsage): an unknown stage or architecture, an engine or precision that this machine
// or build lacks. Nothing is measured before that. The calling process must have one thread.
// `check_only`: measures nothing and returns a profile of the host alone.
MachineProfile RunProfile(const ProfileOptions& options, const EngineProvider& engines,
                          bool check_only, const ProfileProgress& progress);

struct ValidationOptions {
  Workload workload;
  int threads = 0;       // 0 = all, as the profile was made with
  double seconds = 4;    // of each paced run
  int64_t frames = 150;  // in each at least, where that takes no more than 10 s
  int steps = 6;         // of the bisection
  uint64_t seed = 0;
};

// Feeds frames at the workload's pace through the real stages that run at the server, on real
// threads, and looks for the highest rate whose backlog does not grow. Throws as RunProfile;
// Error(kConfig) when nothing runs at the server.
PlanValidation ValidatePlan(const MachineProfile& server, const ValidationOptions& options,
                            const EngineProvider& engines,
                            const std::function<void(int64_t, int64_t)>& progress);

}  // namespace reidbench
