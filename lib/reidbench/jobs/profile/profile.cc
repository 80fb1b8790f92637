#include "reidbench/jobs/profile/profile.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/system_info.h"
#include "reidbench/core/version.h"
#include "reidbench/embedding/engines.h"
#include "reidbench/jobs/profile/profile_cases.h"
#include "reidbench/profiling/host.h"
#include "reidbench/profiling/isolated.h"
#include "reidbench/profiling/peaks.h"
#include "reidbench/results/profile.h"

namespace reidbench {
namespace {

// A measurement crosses from its process to this one in the form of the profile itself.
StageMeasurement RunAlone(const ProfileCase& c) {
  const IsolatedResult result = RunIsolated([&] {
    MachineProfile profile;
    profile.stages = {c.run()};
    return RenderProfileJson(profile);
  });
  StageMeasurement stage = ParseProfileJson(result.output, c.stage).stages.front();
  stage.peak_rss_mb = 1e-6 * static_cast<double>(result.peak_rss_bytes);
  return stage;
}

}  // namespace

EngineProvider EnginesHere(std::string_view wanted) {
  std::vector<const EngineType*> types, named;
  for (const EngineType& type : EngineTypes()) {
    if (type.input != EngineInput::kNetwork || !type.for_work) continue;
    types.push_back(&type);
    if (type.name == wanted) named.push_back(&type);
  }
  EngineProvider provider;
  provider.make = MakeNetworkEmbedder;
  for (const EngineType* const type : named.empty() ? types : named) {
    for (const std::string& precision : type->precisions) {
      try {
        RunIsolated([&] {
          type->require(precision);
          return std::string();
        });
        provider.choices.push_back({std::string(type->name), precision});
      } catch (const Error&) {
        // A later precision asks for more of the machine than the first.
        if (!named.empty() && provider.choices.empty()) throw;
      }
    }
  }
  return provider;
}

MachineProfile RunProfile(const ProfileOptions& options, const EngineProvider& engines,
                          bool check_only, const ProfileProgress& progress) {
  MachineProfile profile;
  profile.program_version = std::string(Version());
  if (const std::string commit = GitCommit(); !commit.empty())
    profile.program_version +=
        " (" + commit.substr(0, 12) + commit.substr(std::min<size_t>(40, commit.size())) + ")";
  profile.created = UtcNow();
  profile.host = ReadHostContext();
  NoiseMeter noise;
  noise.Sample();
  const ProfileCaseList list = ListProfileCases(options, engines, check_only);
  profile.warnings = list.warnings;
  if (check_only) return profile;

  const int all = ResolveThreads(options.threads);
  profile.host.logical_cores = std::min(profile.host.logical_cores, all);
  const auto total = static_cast<int64_t>(list.cases.size()) + 1;
  progress(0, total, "peaks");
  PeakOptions peaks;
  if (options.quick) peaks.seconds = 0.06;
  for (const int threads : {1, all}) {
    if (!profile.peaks.empty() && threads == 1) break;
    profile.peaks.push_back(MeasurePeak(threads, profile.host, peaks));
  }
  for (size_t i = 0; i < list.cases.size(); ++i) {
    if (InterruptRequested()) throw Interrupted("the profile was stopped");
    const ProfileCase& c = list.cases[i];
    progress(static_cast<int64_t>(i) + 1, total, c.stage + " " + c.variant.ToString());
    noise.Sample();
    profile.stages.push_back(RunAlone(c));
  }
  noise.Sample();
  progress(total, total, "");
  profile.host.noise = noise.Judge(profile.host.load_average[0], profile.host.logical_cores);
  if (profile.host.noise.noisy) {
    profile.warnings.push_back("the machine was noisy, rates may be too low: " +
                               profile.host.noise.note);
  }
  AddSharesOfPeak(&profile);
  return profile;
}

}  // namespace reidbench
