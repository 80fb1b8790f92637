// The variants that `reidbench profile` measures.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reidbench/jobs/profile/profile.h"

namespace reidbench {

// One variant; `run` measures it, alone in its process, all but peak_rss_mb and share_of_peak.
struct ProfileCase {
  std::string stage;
  StageVariant variant;
  std::function<StageMeasurement()> run;
};

struct ProfileCaseList {
  std::vector<ProfileCase> cases;
  std::vector<std::string> warnings;  // what this machine or build cannot do
};

// Makes the pictures, in processes of their own, and lists the cases. Throws as RunProfile.
// `check_only` makes no pictures; the cases must not be run then.
ProfileCaseList ListProfileCases(const ProfileOptions& options, const EngineProvider& engines,
                                 bool check_only);

// Which engine and precision a workload means here. Throws Error(kUsage) when there is none.
EngineChoice EngineFor(const Workload& workload, const EngineProvider& engines);

}  // namespace reidbench
