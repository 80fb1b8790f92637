#include "reidbench/flow/summary.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace reidbench {
namespace {

// Blocks of time that counts are resampled over.
constexpr int kCountBlocks = 30;
constexpr double kShortestBlockS = 5;

// Who it is: the camera where ids are its own, and the id.
using PersonKey = std::pair<size_t, int64_t>;

struct KeyedVisit {
  const FlowVisit* visit;
  std::string zone;
  ZoneKind kind;
};

std::optional<ConfidenceInterval> CountInterval(const std::vector<double>& times, double begin_s,
                                                double seconds, const BootstrapOptions& options) {
  const auto blocks =
      static_cast<size_t>(std::min<double>(kCountBlocks, std::floor(seconds / kShortestBlockS)));
  if (options.resamples == 0 || blocks < 3) return std::nullopt;
  std::vector<double> counts(blocks, 0);
  for (const double time : times) {
    const double share = (time - begin_s) / seconds;
    const auto block =
        std::clamp<int64_t>(static_cast<int64_t>(share * static_cast<double>(blocks)), 0,
                            static_cast<int64_t>(blocks) - 1);
    counts[static_cast<size_t>(block)] += 1;
  }
  const ResampledValues resampled =
      Bootstrap(blocks, options, Drawing::kInterleavedStreams, [&](std::span<const size_t> drawn) {
        double sum = 0;
        for (const size_t block : drawn) sum += counts[block];
        return std::vector<double>{sum};
      });
  return PercentileInterval(resampled, 0, options.confidence);
}

WaitingSummary SummarizeWaiting(const std::vector<const FlowVisit*>& visits, bool has_serving_point,
                                double passing_s, const BootstrapOptions& bootstrap) {
  WaitingSummary out;
  std::vector<Stay> stays;
  for (const FlowVisit* visit : visits) {
    const bool left = visit->end == VisitEnd::kSeen;
    const double stayed = visit->dwell_s();
    if (has_serving_point && visit->served_s) {
      ++out.served;
      stays.push_back({*visit->served_s - visit->enter_s, true});
      out.served_s.push_back(stays.back().seconds);
    } else if (left && stayed < passing_s) {
      ++out.passed;
    } else if (left && !has_serving_point) {
      ++out.served;
      stays.push_back({stayed, true});
      out.served_s.push_back(stayed);
    } else if (left) {
      // Gave up: would have waited longer than this.
      ++out.abandoned;
      stays.push_back({stayed, false});
    } else {
      ++out.lost;
      stays.push_back({stayed, false});
    }
  }
  out.waiting = Summarize(stays, bootstrap);
  return out;
}

void AddMatrices(const std::map<PersonKey, std::vector<KeyedVisit>>& visits_of, bool doors,
                 FlowSummary* out) {
  std::map<std::pair<std::string, std::string>, double> total;
  for (const auto& [key, visits] : visits_of) {
    for (size_t i = 0; i + 1 < visits.size(); ++i) {
      if (visits[i].zone == visits[i + 1].zone) continue;
      const auto way = std::pair(visits[i].zone, visits[i + 1].zone);
      ++out->transitions[way];
      total[way] += visits[i + 1].visit->enter_s - visits[i].visit->leave_s;
    }
    std::vector<const KeyedVisit*> ends;
    for (const KeyedVisit& visit : visits) {
      if (!doors || visit.kind == ZoneKind::kEntrance || visit.kind == ZoneKind::kExit)
        ends.push_back(&visit);
    }
    if (ends.size() >= 2) ++out->od[{ends.front()->zone, ends.back()->zone}];
  }
  for (const auto& [way, sum] : total)
    out->transition_s[way] = sum / static_cast<double>(out->transitions[way]);
}

// In the order of their first appearance over the cameras.
template <typename Item>
std::vector<std::string> NamesOf(std::span<const CameraFlow> cameras,
                                 std::vector<Item> Zones::*items) {
  std::vector<std::string> names;
  for (const CameraFlow& camera : cameras) {
    for (const Item& item : camera.scene.zones.*items) {
      if (std::find(names.begin(), names.end(), item.name) == names.end())
        names.push_back(item.name);
    }
  }
  return names;
}

FlowDifference::Bias BiasOf(std::string zone, const StayStatistics& truth,
                            const StayStatistics& found) {
  return {std::move(zone),
          truth.mean,
          found.mean,
          truth.median,
          found.median,
          truth.km_p90 ? truth.km_p90 : truth.p90,
          found.km_p90 ? found.km_p90 : found.p90,
          truth.restricted_mean,
          found.restricted_mean};
}

}  // namespace

FlowSummary SummarizeFlow(std::span<const CameraFlow> cameras, bool global_ids, double passing_s,
                          const BootstrapOptions& bootstrap) {
  FlowSummary out;
  const auto key_of = [&](size_t camera, int64_t id) {
    return PersonKey(global_ids ? 0 : camera, id);
  };
  for (const CameraFlow& camera : cameras) {
    out.seconds = std::max(out.seconds, camera.events.end_s - camera.events.begin_s);
    out.present_mean += camera.events.present.mean;
    out.present_most += camera.events.present.most;
  }
  for (const std::string& name : NamesOf(cameras, &Zones::lines)) {
    LineSummary& line = out.lines.emplace_back();
    line.name = name;
    std::vector<double> times;
    double begin_s = 0;
    for (const CameraFlow& camera : cameras) {
      begin_s = std::min(begin_s, camera.events.begin_s);
      for (const FlowCrossing& c : camera.events.crossings) {
        if (camera.scene.zones.lines[c.line].name != name) continue;
        ++(c.in ? line.in : line.out);
        times.push_back(c.time_s);
      }
    }
    if (out.seconds > 0)
      line.per_hour = static_cast<double>(line.in + line.out) * 3600 / out.seconds;
    line.interval = CountInterval(times, begin_s, out.seconds, bootstrap);
  }

  std::map<PersonKey, std::vector<KeyedVisit>> visits_of;
  bool doors = false;
  for (size_t c = 0; c < cameras.size(); ++c) {
    for (const FlowVisit& visit : cameras[c].events.visits) {
      const FlowZone& zone = cameras[c].scene.zones.zones[visit.zone];
      visits_of[key_of(c, visit.id)].push_back({&visit, zone.name, zone.kind});
    }
    for (const FlowZone& zone : cameras[c].scene.zones.zones)
      doors = doors || zone.kind == ZoneKind::kEntrance || zone.kind == ZoneKind::kExit;
  }
  for (auto& [key, visits] : visits_of) {
    std::stable_sort(visits.begin(), visits.end(), [](const KeyedVisit& a, const KeyedVisit& b) {
      return a.visit->enter_s < b.visit->enter_s;
    });
  }
  AddMatrices(visits_of, doors, &out);

  for (const std::string& name : NamesOf(cameras, &Zones::zones)) {
    ZoneSummary& zone = out.zones.emplace_back();
    zone.name = name;
    std::map<PersonKey, Stay> of_visitor;
    std::vector<Stay> stays;
    std::vector<const FlowVisit*> visits;
    bool has_serving_point = false;
    for (size_t c = 0; c < cameras.size(); ++c) {
      const auto& zones = cameras[c].scene.zones.zones;
      for (size_t z = 0; z < zones.size(); ++z) {
        if (zones[z].name != name) continue;
        zone.kind = zones[z].kind;
        has_serving_point = has_serving_point || zones[z].serving_point.has_value();
        zone.occupancy_mean += cameras[c].events.occupancy[z].mean;
        zone.occupancy_most += cameras[c].events.occupancy[z].most;
      }
      for (const FlowVisit& visit : cameras[c].events.visits) {
        if (zones[visit.zone].name != name) continue;
        visits.push_back(&visit);
        const bool ended = visit.end == VisitEnd::kSeen;
        if (visit.begin == VisitEnd::kSeen && ended) ++zone.closed;
        if (visit.begin == VisitEnd::kOpen || visit.end == VisitEnd::kOpen) {
          ++zone.open;
        } else if (visit.begin == VisitEnd::kLost || visit.end == VisitEnd::kLost) {
          ++zone.censored;
        }
        stays.push_back({visit.dwell_s(), ended});
        Stay& total = of_visitor[key_of(c, visit.id)];
        total.seconds += visit.inside_s;
        total.ended = ended;
      }
    }
    zone.visits = static_cast<int64_t>(visits.size());
    zone.visitors = static_cast<int64_t>(of_visitor.size());
    zone.re_entries = zone.visits - zone.visitors;
    std::vector<Stay> dwell;
    for (const auto& [key, stay] : of_visitor) dwell.push_back(stay);
    zone.dwell = Summarize(dwell, bootstrap);
    zone.visit = Summarize(stays, bootstrap);
    zone.survival = SurvivalCurve(stays);
    if (zone.kind == ZoneKind::kQueue)
      zone.waiting = SummarizeWaiting(visits, has_serving_point, passing_s, bootstrap);
  }

  std::map<PersonKey, Stay> presence;
  double path = 0, seen = 0;
  for (size_t c = 0; c < cameras.size(); ++c) {
    for (const FlowPerson& person : cameras[c].events.people) {
      if (person.id < 0) continue;
      Stay& stay = presence[key_of(c, person.id)];
      stay.seconds += person.seen_s;
      stay.ended = cameras[c].events.end_s - person.last_s > 1.5 * cameras[c].events.record_s;
      path += person.path;
      seen += person.seen_s;
    }
  }
  out.unique = static_cast<int64_t>(presence.size());
  std::vector<Stay> stays;
  for (const auto& [key, stay] : presence) stays.push_back(stay);
  out.presence = Summarize(stays, bootstrap);
  const bool metres = !cameras.empty() && cameras.front().scene.zones.units == ZoneUnits::kMetres;
  if (metres && seen > 0) out.speed = path / seen;
  return out;
}

std::optional<double> FlowDifference::over_count() const {
  if (unique_truth == 0) return std::nullopt;
  return static_cast<double>(unique_found) / static_cast<double>(unique_truth);
}

FlowDifference CompareFlow(std::span<const CameraFlow> truth, const FlowSummary& truth_summary,
                           std::span<const CameraFlow> found, const FlowSummary& found_summary,
                           std::span<const CameraTables> tables, double tolerance_s) {
  FlowDifference out;
  for (const LineSummary& line : truth_summary.lines)
    out.lines.emplace_back(line.name, EventErrors());
  for (const ZoneSummary& zone : truth_summary.zones)
    out.zones.emplace_back(zone.name, EventErrors());
  const auto entry = [](auto& list, const std::string& name) -> EventErrors& {
    return std::find_if(list.begin(), list.end(), [&](const auto& e) { return e.first == name; })
        ->second;
  };
  double seconds = 0;
  for (size_t c = 0; c < truth.size(); ++c) {
    const FlowScene& scene = found[c].scene;
    const FlowAssociation association(*tables[c].truth, *tables[c].tracks, scene);
    const auto lines =
        CompareCrossings(truth[c].events, found[c].events, association, scene, tolerance_s);
    for (size_t l = 0; l < lines.size(); ++l)
      entry(out.lines, scene.zones.lines[l].name).Add(lines[l]);
    const auto zones =
        CompareVisits(truth[c].events, found[c].events, association, scene, tolerance_s);
    for (size_t z = 0; z < zones.size(); ++z)
      entry(out.zones, scene.zones.zones[z].name).Add(zones[z]);
    const IdentityPairs pairs = CountIdentityPairs(association);
    out.identities.splits += pairs.splits;
    out.identities.merges += pairs.merges;
    // Both curves count from their own first second.
    const auto shift = static_cast<int64_t>(std::floor(found[c].events.begin_s + 1e-9) -
                                            std::floor(truth[c].events.begin_s + 1e-9));
    const auto& a = truth[c].events.present.by_second;
    const auto& b = found[c].events.present.by_second;
    for (size_t k = 0; k < a.size(); ++k) {
      const int64_t at = static_cast<int64_t>(k) - shift;
      const double other =
          at >= 0 && at < static_cast<int64_t>(b.size()) ? b[static_cast<size_t>(at)] : 0;
      out.occupancy_error += std::abs(a[k] - other);
      seconds += 1;
    }
  }
  if (seconds > 0) out.occupancy_error /= seconds;
  for (const auto& [name, errors] : out.lines) out.all_lines.Add(errors);
  for (const auto& [name, errors] : out.zones) out.all_zones.Add(errors);
  out.unique_truth = truth_summary.unique;
  out.unique_found = found_summary.unique;
  FlowMatrix both = truth_summary.od;
  for (const auto& [way, count] : found_summary.od) both[way] += 0;
  for (const auto& [way, unused] : both) {
    const auto count = [&, way = way](const FlowMatrix& matrix) {
      const auto at = matrix.find(way);
      return at == matrix.end() ? int64_t{0} : at->second;
    };
    out.od_gross += std::abs(count(found_summary.od) - count(truth_summary.od));
    out.od_truth += count(truth_summary.od);
  }
  for (size_t z = 0; z < truth_summary.zones.size(); ++z) {
    const ZoneSummary& a = truth_summary.zones[z];
    const ZoneSummary& b = found_summary.zones[z];
    out.dwell.push_back(BiasOf(a.name, a.dwell, b.dwell));
    if (a.waiting && b.waiting)
      out.waiting.push_back(BiasOf(a.name, a.waiting->waiting, b.waiting->waiting));
  }
  out.presence = BiasOf("", truth_summary.presence, found_summary.presence);
  return out;
}

}  // namespace reidbench
