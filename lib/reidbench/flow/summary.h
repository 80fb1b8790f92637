// From the events of cameras to what is reported of them: counts with intervals, how long people
// stay, waiting, unique people, origin and destination; and how wrong each is against the truth.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/statistics.h"
#include "reidbench/flow/event_errors.h"
#include "reidbench/flow/events.h"
#include "reidbench/flow/survival.h"

namespace reidbench {

struct LineSummary {
  std::string name;
  int64_t in = 0;
  int64_t out = 0;
  double per_hour = 0;                         // both
  std::optional<ConfidenceInterval> interval;  // of in + out, over blocks of time
};

struct WaitingSummary {
  int64_t served = 0;
  int64_t abandoned = 0;         // waited, and left unserved
  int64_t passed = 0;            // stayed too short to have waited
  int64_t lost = 0;              // their track ended, or the recording did
  StayStatistics waiting;        // from joining to being served or giving up; who was lost as such
  std::vector<double> served_s;  // of those served, by time of joining
};

struct ZoneSummary {
  std::string name;
  ZoneKind kind = ZoneKind::kArea;
  int64_t visits = 0;
  int64_t visitors = 0;
  int64_t re_entries = 0;
  int64_t closed = 0;    // both ends seen
  int64_t open = 0;      // cut by the recording
  int64_t censored = 0;  // the track began or was lost inside
  StayStatistics dwell;  // a visitor's time inside, all visits
  StayStatistics visit;  // of one visit
  std::vector<SurvivalStep> survival;
  double occupancy_mean = 0;
  int64_t occupancy_most = 0;
  std::optional<WaitingSummary> waiting;  // of a queue
};

// Counts by (from, to): zones of `zone_names`.
using FlowMatrix = std::map<std::pair<std::string, std::string>, int64_t>;

struct FlowSummary {
  std::vector<LineSummary> lines;
  std::vector<ZoneSummary> zones;
  int64_t unique = 0;
  StayStatistics presence;
  FlowMatrix od;           // first and last zone of a person
  FlowMatrix transitions;  // from one zone to the next
  std::map<std::pair<std::string, std::string>, double> transition_s;  // mean
  double seconds = 0;
  double present_mean = 0;
  int64_t present_most = 0;
  std::optional<double> speed;  // plane units a second, of those who moved
};

// What one camera gave.
struct CameraFlow {
  std::string name;
  FlowScene scene;
  FlowEvents events;
};

// `global_ids`: an id is one person in all cameras; otherwise in its own.
FlowSummary SummarizeFlow(std::span<const CameraFlow> cameras, bool global_ids, double passing_s,
                          const BootstrapOptions& bootstrap);

// Against the truth.
struct FlowDifference {
  std::vector<std::pair<std::string, EventErrors>> lines;
  std::vector<std::pair<std::string, EventErrors>> zones;
  EventErrors all_lines;
  EventErrors all_zones;
  int64_t unique_truth = 0;
  int64_t unique_found = 0;
  IdentityPairs identities;
  int64_t od_gross = 0;  // sum of |found - truth| over the matrix
  int64_t od_truth = 0;
  struct Bias {
    std::string zone;  // empty: presence
    std::optional<double> truth_mean, found_mean, truth_median, found_median, truth_p90, found_p90;
    std::optional<double> truth_restricted, found_restricted;
  };
  std::vector<Bias> dwell;    // by zone
  std::vector<Bias> waiting;  // of queues
  Bias presence;
  double occupancy_error = 0;  // mean over seconds of |found - truth|, everybody

  std::optional<double> over_count() const;  // unique found / truth
};

// `tables` are those of the cameras: truth and tracks. Cameras in the same order on both sides.
struct CameraTables {
  const FlowTable* truth = nullptr;
  const FlowTable* tracks = nullptr;
};
FlowDifference CompareFlow(std::span<const CameraFlow> truth, const FlowSummary& truth_summary,
                           std::span<const CameraFlow> found, const FlowSummary& found_summary,
                           std::span<const CameraTables> tables, double tolerance_s);

}  // namespace reidbench
