// What happens at lines and in zones, told from the boxes of one camera in one pass: crossings,
// visits, waiting, who was there. Memory holds what is present, what was decided, and a record of
// each identity.
//
// A crossing is a path from one side of a line to the other that meets the line between its ends
// and goes on for `hysteresis` body heights; its time is where the straight way between two records
// meets it. It is told once that depth is reached or the track is over: later than it happened by
// at most the time the person stays that near, or forget_s.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/flow/rules.h"
#include "reidbench/flow/track_rows.h"
#include "reidbench/flow/zones.h"
#include "reidbench/sites/calibration.h"

namespace reidbench {

struct FlowCrossing {
  size_t line = 0;
  bool in = false;    // from the left of from -> to to its right
  double time_s = 0;  // since frame 1
  int64_t frame = 0;  // the first record behind the line
  int64_t id = 0;     // there
  int64_t id_before = 0;
  PlanePoint at;
  double body = 0;         // the body height there, in the plane's unit
  double step_bodies = 0;  // how far apart the two records are,
  double step_s = 0;       // and how long
};

// How a visit began and ended.
enum class VisitEnd {
  kSeen,  // the person was seen outside as well
  kLost,  // the track began, or ended, inside
  kOpen,  // the recording did
};

struct FlowVisit {
  size_t zone = 0;
  int64_t id = 0;
  int64_t number = 1;  // of this identity's visits to the zone
  int64_t first_frame = 0;
  int64_t last_frame = 0;
  double enter_s = 0;   // of the first record inside
  double leave_s = 0;   // of the last, and what a record stands for: with dwell_s from enter_s
  double inside_s = 0;  // time of the records that are inside
  VisitEnd begin = VisitEnd::kSeen;
  VisitEnd end = VisitEnd::kSeen;
  std::optional<double> served_s;  // of a queue: when the serving point was reached

  double dwell_s() const { return leave_s - enter_s; }
};

// One identity, over the whole recording.
struct FlowPerson {
  int64_t id = 0;
  double first_s = 0;
  double last_s = 0;  // of the last record
  double seen_s = 0;  // gaps beyond bridge_s left out
  double path = 0;    // in the plane's unit, without steps that no person takes
};

// Occupancy of a zone, or of all that is seen: by intervals of a second.
struct Occupancy {
  double mean = 0;  // over all records' times
  int64_t most = 0;
  std::vector<double> by_second;  // mean in second k since the first
};

// For those who need no truth (audit.h).
struct FlowHealth {
  int64_t boxes = 0;
  int64_t steps = 0;
  int64_t teleports = 0;  // steps that no person takes
  int64_t twice = 0;      // boxes whose id the frame has already
  int64_t nameless = 0;
  int64_t births = 0;         // identities that began after the first second,
  int64_t births_inside = 0;  // of them away from entrances and borders
  int64_t deaths = 0;
  int64_t deaths_inside = 0;
  int64_t stitched = 0;
  int64_t renamed = 0;       // of them with an id that was never seen before
  int64_t first_second = 0;  // identities present then,
  int64_t last_second = 0;   // and at the end
  int64_t duplicates = 0;
};

struct FlowEvents {
  std::vector<FlowCrossing> crossings;  // by time
  std::vector<FlowVisit> visits;        // by time of entering
  std::vector<FlowPerson> people;       // by id
  std::vector<Occupancy> occupancy;     // by zone
  Occupancy present;                    // everybody
  FlowHealth health;
  double begin_s = 0;   // of the first record of anybody,
  double end_s = 0;     // and the end of the last
  double record_s = 0;  // what a record stands for
  int64_t frames = 0;   // times with records, and those between without
  // Of people who were seen: [cell] counts of boxes, in cells of `density_cell` of the plane;
  // metres only.
  std::vector<double> density;
  int density_columns = 0;
  PlanePoint density_origin;
  double density_cell = 0;
};

struct FlowScene {
  Zones zones;  // of this camera (ZonesOfCamera)
  double frame_rate = 25;
  int64_t width = 0;  // of the picture, px; 0 = not known
  int64_t height = 0;
  std::optional<GroundProjection> projection;  // for metres
  int64_t frame_step = 1;  // what ReadFlowRows found, where it is known beforehand
};

class FlowCounter {
 public:
  // Throws Error(kInput) for metres of a camera without calibration when the first row has no
  // place.
  FlowCounter(FlowScene scene, FlowRules rules);
  ~FlowCounter();

  // Frames ascend. For a live system: what was decided by this frame is handed to the listeners at
  // once.
  void Step(int64_t frame, std::span<const FlowRow> rows);
  // The end of the recording; once.
  FlowEvents Finish();

  std::function<void(const FlowCrossing&)> on_crossing;
  std::function<void(const FlowVisit&)> on_visit;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Where the row's person is in the plane of the zones, and the body height there; nullopt for feet
// at the horizon.
struct PlacedPerson {
  PlanePoint foot;
  PlanePoint centre;
  double body = 0;
};
std::optional<PlacedPerson> FlowPlaceOf(const FlowRow& row, const FlowScene& scene);

}  // namespace reidbench
