// What tracks say about themselves, for those without ground truth: things that cannot be (an id
// twice in a frame, steps that no person takes), things that should not be (tracks that begin or
// end away from borders and entrances, Little's law out of balance), and from them an estimate of
// how many times too many people are counted. Where the signs disagree or are too few, the estimate
// is "cannot tell".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/statistics.h"
#include "reidbench/flow/summary.h"

namespace reidbench {

struct FlowAudit {
  int64_t boxes = 0;
  int64_t ids = 0;
  std::optional<double> teleport_rate;  // of steps
  std::optional<double> twice_rate;     // of boxes: the frame has the id already
  std::optional<double> nameless_rate;  // of boxes
  // Share of births (deaths) away from borders and entrances; nullopt where neither is known.
  std::optional<double> births_inside;
  std::optional<double> deaths_inside;
  // Births of ids right where and when another track ended, of all ids.
  std::optional<double> renamed;
  // (entered - left) - (inside at the end - at the beginning), summed over zones: visits whose
  // begin or end nobody saw.
  int64_t conservation = 0;
  // By zone: arrivals times the Kaplan-Meier stay over the mean occupancy, - 1.
  std::vector<std::pair<std::string, std::optional<double>>> little;
  // Ids by unique people.
  std::optional<double> over_count;
  std::optional<ConfidenceInterval> over_count_interval;
  std::string reason;  // why it cannot be told, or what it rests on
};

FlowAudit AuditFlow(std::span<const CameraFlow> cameras, const FlowSummary& summary);

}  // namespace reidbench
