#include "reidbench/profiling/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/text.h"

namespace reidbench {

const std::vector<std::string>& ProfileStageNames() {
  static const std::vector<std::string> names = {"decode", "resize", "embed", "write",
                                                 "track",  "relink", "rank"};
  return names;
}

std::string StageVariant::Word(std::string_view key) const {
  for (const auto& [name, value] : words) {
    if (name == key) return value;
  }
  return "";
}

std::optional<int64_t> StageVariant::Number(std::string_view key) const {
  for (const auto& [name, value] : numbers) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::string StageVariant::ToString() const {
  std::string text;
  for (const auto& [key, value] : words)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  for (const auto& [key, value] : numbers)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  return text;
}

void AddSharesOfPeak(MachineProfile* profile) {
  for (StageMeasurement& stage : profile->stages) {
    const auto peak =
        std::find_if(profile->peaks.begin(), profile->peaks.end(), [&](const MachinePeak& p) {
          return p.threads == stage.variant.Number("threads").value_or(1);
        });
    stage.share_of_peak.reset();
    if (peak == profile->peaks.end()) continue;
    if (stage.gflops) {
      const bool bf16 = stage.variant.Word("precision") == "bf16" && peak->bf16_gflops;
      stage.share_of_peak = *stage.gflops / (bf16 ? *peak->bf16_gflops : peak->fp32_gflops);
    }
    if (stage.gb_per_s) {
      stage.share_of_peak =
          std::max(stage.share_of_peak.value_or(0), *stage.gb_per_s / peak->copy_gb_per_s);
    }
  }
}

}  // namespace reidbench
