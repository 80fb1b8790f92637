// Every correction of this module by name, with its options: what `reidbench relink --method` and
// experiments choose from. README.md in this folder shows how to add one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/method.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

using CorrectionRun = std::function<RelinkResult(const RelinkInput&)>;

// A row of an ablation: the correction with some of its steps left out.
struct AblationRow {
  std::string name;
  std::vector<std::string> without;  // options that are false
};

struct Correction : Method<CorrectionRun> {
  // From nothing but the first step to everything but the last; empty: it has no steps.
  std::vector<AblationRow> ablation;
};

// The first is what is meant when nothing is said.
const std::vector<Correction>& Corrections();

// Throws Error(kUsage) for an unknown name.
const Correction& CorrectionByName(std::string_view name);

}  // namespace reidbench
