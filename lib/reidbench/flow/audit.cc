#include "reidbench/flow/audit.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace reidbench {
namespace {

// Fewer identities say nothing.
constexpr int64_t kLeastIds = 12;

// Of births right where another track had ended, so many at least were the same person; of tracks
// that ended in the open and were not gone on with, so many at most came back under another id.
// Read off generated worlds and ADL-Rundle-6.
constexpr double kLeastSame = 0.72;
constexpr double kMostBack = 0.5;
// Farther apart the two ends of the estimate say nothing.
constexpr double kWidest = 1.68;

std::optional<double> RateOf(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::optional<double> LittleResidual(const ZoneSummary& zone, double seconds) {
  if (zone.visits < 2 || zone.occupancy_mean <= 0 || seconds <= 0 || !zone.visit.restricted_mean)
    return std::nullopt;
  const double arrivals = static_cast<double>(zone.visits) / seconds;
  return arrivals * *zone.visit.restricted_mean / zone.occupancy_mean - 1;
}

void EstimateOverCount(const FlowHealth& sum, bool edges_known, FlowAudit* out) {
  const auto ids = static_cast<double>(out->ids);
  if (out->ids < kLeastIds) {
    out->reason = fmt::format("cannot tell: {} identities are too few", out->ids);
    return;
  }
  if (!edges_known) {
    out->reason =
        "cannot tell: neither the size of the picture nor entrances are known, so that nobody "
        "knows "
        "where tracks may end";
    return;
  }
  const auto renamed = static_cast<double>(sum.renamed);
  const double lost =
      std::max(0.0, static_cast<double>(sum.deaths_inside) - renamed);  // in the open, for good
  const double most_people = ids - kLeastSame * renamed;
  const double least_people = std::max(1.0, ids - renamed - kMostBack * lost);
  const double low = ids / most_people, high = ids / least_people;
  if (high / low > kWidest) {
    out->reason = fmt::format(
        "cannot tell: {} of {} ids begin where another one ended and {:.0f} end in the open; "
        "anything from {:.1f} to {:.1f} is possible",
        sum.renamed, out->ids, lost, low, high);
    return;
  }
  out->over_count = std::sqrt(low * high);
  out->over_count_interval = ConfidenceInterval{low, high};
  out->reason = fmt::format("{} of {} ids begin where another one ended, {:.0f} end in the open",
                            sum.renamed, out->ids, lost);
}

}  // namespace

FlowAudit AuditFlow(std::span<const CameraFlow> cameras, const FlowSummary& summary) {
  FlowAudit out;
  FlowHealth sum;
  bool edges_known = !cameras.empty();
  for (const CameraFlow& camera : cameras) {
    const FlowHealth& h = camera.events.health;
    sum.boxes += h.boxes;
    sum.steps += h.steps;
    sum.teleports += h.teleports;
    sum.twice += h.twice;
    sum.nameless += h.nameless;
    sum.births += h.births;
    sum.births_inside += h.births_inside;
    sum.deaths += h.deaths;
    sum.deaths_inside += h.deaths_inside;
    sum.renamed += h.renamed;
    sum.first_second += h.first_second;
    sum.last_second += h.last_second;
    out.ids += static_cast<int64_t>(camera.events.people.size());
    bool doors = camera.scene.width > 0;
    for (const FlowZone& zone : camera.scene.zones.zones)
      doors = doors || zone.kind == ZoneKind::kEntrance || zone.kind == ZoneKind::kExit;
    edges_known = edges_known && doors;
    for (const FlowVisit& visit : camera.events.visits)
      out.conservation += (visit.begin == VisitEnd::kLost) + (visit.end == VisitEnd::kLost);
  }
  out.boxes = sum.boxes;
  out.teleport_rate = RateOf(sum.teleports, sum.steps);
  out.twice_rate = RateOf(sum.twice, sum.boxes);
  out.nameless_rate = RateOf(sum.nameless, sum.boxes);
  out.renamed = RateOf(sum.renamed, out.ids);
  if (edges_known) {
    out.births_inside = RateOf(sum.births_inside, sum.births);
    out.deaths_inside = RateOf(sum.deaths_inside, sum.deaths);
  }
  for (const ZoneSummary& zone : summary.zones)
    out.little.emplace_back(zone.name, LittleResidual(zone, summary.seconds));
  EstimateOverCount(sum, edges_known, &out);
  return out;
}

}  // namespace reidbench
