#include "reidbench/flow/events.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <unordered_map>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// A track's state at one line.
struct AtLine {
  int side = 0;  // +1 right, -1 left; 0 before the first record
  bool pending = false;
  FlowCrossing crossing;
};

// A continuous way through the picture: what crossings are told from.
struct Strand {
  double time_s = 0;
  PlacedPerson place;  // smoothed
  PlacedPerson raw;
  int64_t frame = 0;
  double begin_s = 0;
  BoxLtwh box;
  PlanePoint velocity;  // of the feet, smoothed, a second
  int64_t id = 0;
  int64_t records = 0;
  std::vector<AtLine> lines;
};

struct AtZone {
  bool inside = false;
  // Of the visit: records inside, and absences that were bridged.
  int64_t records = 0;
  int64_t bridges = 0;
  double bridged_s = 0;
  bool was_outside = false;  // seen outside since the last visit, or before the first
  double last_inside_s = 0;
  int64_t visits = 0;
  FlowVisit visit;
};

struct Person {
  FlowPerson record;
  int64_t last_frame = -1;
  bool active = false;  // among those whom Forget looks at
  int64_t records = 0;
  int64_t bridges = 0;
  double bridged_s = 0;
  double last_s = 0;
  bool inside_picture = true;  // when last seen: away from borders and entrances
  PlanePoint foot;
  double body = 0;
  std::vector<AtZone> zones;
};

double SignedDistance(const FlowLine& line, const PlanePoint& p, double right) {
  return right * CrossOf(line.from, line.to, p) / DistanceOf(line.from, line.to);
}

// Half of the box's extent across the line: with it inside, all four corners are behind.
double CornerExtent(const FlowLine& line, const BoxLtwh& box) {
  const double length = DistanceOf(line.from, line.to);
  return (std::abs(line.to.y - line.from.y) * box.width +
          std::abs(line.to.x - line.from.x) * box.height) /
         (2 * length);
}

const PlanePoint& AnchorOf(AnchorPoint anchor, const PlacedPerson& place) {
  return anchor == AnchorPoint::kFoot ? place.foot : place.centre;
}

bool InsideZone(const FlowZone& zone, const PlacedPerson& place, const BoxLtwh& box) {
  if (zone.anchor != AnchorPoint::kCorners)
    return InsidePolygon(zone.polygon, AnchorOf(zone.anchor, place), zone.edges);
  for (const double x : {box.left, box.left + box.width}) {
    for (const double y : {box.top, box.top + box.height}) {
      if (!InsidePolygon(zone.polygon, {x, y}, zone.edges)) return false;
    }
  }
  return true;
}

struct Box4 {
  double left = std::numeric_limits<double>::infinity();
  double top = std::numeric_limits<double>::infinity();
  double right = -std::numeric_limits<double>::infinity();
  double bottom = -std::numeric_limits<double>::infinity();
};

Box4 ExtentOfZone(const FlowZone& zone) {
  Box4 extent;
  for (const PlanePoint& p : zone.polygon) {
    extent.left = std::min(extent.left, p.x);
    extent.right = std::max(extent.right, p.x);
    extent.top = std::min(extent.top, p.y);
    extent.bottom = std::max(extent.bottom, p.y);
  }
  return extent;
}

class OccupancyCounter {
 public:
  void Add(double since_s, int64_t count) {
    const auto second = static_cast<size_t>(std::max(0.0, since_s + 1e-9));
    if (second >= sum_.size()) {
      sum_.resize(second + 1, 0);
      records_.resize(second + 1, 0);
    }
    sum_[second] += static_cast<double>(count);
    records_[second] += 1;
    total_ += count;
    most_ = std::max(most_, count);
  }
  Occupancy Finish(int64_t frames, double records_a_second) const {
    Occupancy out;
    out.most = most_;
    out.mean = frames > 0 ? static_cast<double>(total_) / static_cast<double>(frames) : 0;
    for (size_t k = 0; k < sum_.size(); ++k) {
      // Frames in which nobody is have no rows.
      const double whole = std::max(1.0, std::round(records_a_second));
      const double records = k + 1 < sum_.size()
                                 ? std::max<double>(static_cast<double>(records_[k]), whole)
                                 : static_cast<double>(records_[k]);
      out.by_second.push_back(records > 0 ? sum_[k] / records : 0);
    }
    return out;
  }

 private:
  std::vector<double> sum_;
  std::vector<int64_t> records_;
  int64_t total_ = 0;
  int64_t most_ = 0;
};

// How near to the border of the picture a track may begin or end, of the picture's size.
constexpr double kBorderShare = 0.02;
// Of the smoothed velocity, a second's half-life.
constexpr double kVelocityS = 0.4;
constexpr double kDensityCellM = 0.5;
constexpr int64_t kMostDensityCells = 1 << 20;

}  // namespace

std::optional<PlacedPerson> FlowPlaceOf(const FlowRow& row, const FlowScene& scene) {
  const BoxLtwh& box = row.box;
  PlacedPerson out;
  if (scene.zones.units != ZoneUnits::kMetres) {
    out.foot = {box.left + box.width / 2, box.top + box.height};
    out.centre = {box.left + box.width / 2, box.top + box.height / 2};
    out.body = std::max(box.height, 1e-9);
    return out;
  }
  out.body = kBodyHeightM;
  if (row.has_ground) {
    out.foot = out.centre = row.ground;
    return out;
  }
  const auto place = scene.projection->ToGround({box.left + box.width / 2, box.top + box.height});
  if (!place) return std::nullopt;
  out.foot = out.centre = {place->x, place->y};
  return out;
}

struct FlowCounter::Impl {
  Impl(FlowScene given, FlowRules given_rules) : scene(std::move(given)), rules(given_rules) {
    if (scene.zones.hysteresis) rules.hysteresis = *scene.zones.hysteresis;
    // In the picture y points down, on a map it points up: what is to the right turns over.
    right = scene.zones.units == ZoneUnits::kMetres ? -1 : 1;
    for (const FlowZone& zone : scene.zones.zones) extents.push_back(ExtentOfZone(zone));
    zone_counts.resize(scene.zones.zones.size());
    recent.resize(scene.zones.lines.size());
    inside_now.resize(scene.zones.zones.size());
    step = std::max<int64_t>(scene.frame_step, 1);
    step_known = scene.frame_step > 1;
  }

  double TimeOf(int64_t frame) const { return static_cast<double>(frame - 1) / scene.frame_rate; }
  double RecordS() const { return static_cast<double>(step) / scene.frame_rate; }
  // A record stands for RecordS; the shortest distance between frames is known at the end alone.
  double TimeOfRecords(int64_t records, int64_t bridges, double bridged_s) const {
    return static_cast<double>(records - bridges) * RecordS() + bridged_s;
  }
  double BridgeS() const { return std::max(rules.bridge_s, 1.5 * RecordS()) + 1e-9; }

  bool TooFar(double distance, double body, double dt) const {
    return distance > (rules.teleport_reach * std::sqrt(dt) + rules.teleport_speed * dt) * body;
  }

  void Emit(const FlowCrossing& crossing) {
    auto& others = recent[crossing.line];
    while (!others.empty() && others.front().time_s < now_s - rules.forget_s - 60)
      others.pop_front();
    if (rules.duplicates) {
      for (const FlowCrossing& other : others) {
        if (other.in == crossing.in && other.id != crossing.id &&
            std::abs(other.time_s - crossing.time_s) <= rules.duplicate_s &&
            DistanceOf(other.at, crossing.at) <=
                rules.duplicate_reach * std::max(other.body, crossing.body)) {
          ++events.health.duplicates;
          return;
        }
      }
      others.push_back(crossing);
    }
    events.crossings.push_back(crossing);
    if (owner->on_crossing) owner->on_crossing(crossing);
  }

  void EndStrand(Strand* strand) {
    // Smoothed feet lag behind: the last step is to where the box was.
    if (rules.smooth_s > 0 && strand->records > 0) {
      FlowRow row;
      row.id = strand->id;
      row.box = strand->box;
      CrossLines(strand, row, strand->raw, strand->frame, strand->time_s, false, 0);
    }
    for (AtLine& at : strand->lines) {
      if (at.pending) Emit(at.crossing);
      at.pending = false;
    }
  }

  // The straight way from where the strand was to where it is now, at every line.
  void CrossLines(Strand* strand, const FlowRow& row, const PlacedPerson& place, int64_t frame,
                  double time_s, bool first, double lag_s) {
    strand->lines.resize(scene.zones.lines.size());
    for (size_t l = 0; l < scene.zones.lines.size(); ++l) {
      const FlowLine& line = scene.zones.lines[l];
      AtLine& at = strand->lines[l];
      const PlanePoint& p = AnchorOf(line.anchor, place);
      const double distance = SignedDistance(line, p, right);
      const int side = distance > 0                      ? 1
                       : distance < 0                    ? -1
                       : line.owner == LineOwner::kRight ? 1
                                                         : -1;
      if (!first && at.side != 0 && side != at.side) {
        const PlanePoint& before = AnchorOf(line.anchor, strand->place);
        const double was = SignedDistance(line, before, right);
        const double share = was == distance ? 0 : was / (was - distance);
        const PlanePoint meets = Between(before, p, std::clamp(share, 0.0, 1.0));
        const double length = DistanceOf(line.from, line.to);
        const double along = ((meets.x - line.from.x) * (line.to.x - line.from.x) +
                              (meets.y - line.from.y) * (line.to.y - line.from.y)) /
                             (length * length);
        if (at.pending) {
          at.pending = false;  // back where it came from
        } else if (along >= 0 && along <= 1) {
          at.pending = true;
          FlowCrossing& c = at.crossing;
          c.line = l;
          c.in = side > 0;
          c.time_s = strand->time_s + std::clamp(share, 0.0, 1.0) * (time_s - strand->time_s);
          c.time_s = std::max(c.time_s - lag_s, strand->begin_s);
          c.frame =
              frame - std::llround(std::min(lag_s, time_s - strand->begin_s) / RecordS()) * step;
          c.id = row.id;
          c.id_before = strand->id;
          c.at = meets;
          c.body = place.body;
          c.step_s = time_s - strand->time_s;
          c.step_bodies = DistanceOf(strand->place.foot, place.foot) / place.body;
        }
      }
      at.side = side;
      if (at.pending) {
        double depth = rules.hysteresis * place.body;
        if (line.anchor == AnchorPoint::kCorners) depth += CornerExtent(line, row.box);
        if (std::abs(distance) >= depth) {
          at.pending = false;
          Emit(at.crossing);
        }
      }
    }
  }

  // Where the person stands when boxes jitter.
  PlacedPerson Steadied(const Strand& strand, const PlacedPerson& seen, double dt) const {
    PlacedPerson place = seen;
    if (strand.records == 0 || rules.smooth_s == 0) return place;
    const double keep = std::exp(-dt / rules.smooth_s);
    place.foot = Between(place.foot, strand.place.foot, keep);
    place.centre = Between(place.centre, strand.place.centre, keep);
    place.body += keep * (strand.place.body - place.body);
    return place;
  }

  void Follow(Strand* strand, const FlowRow& row, const PlacedPerson& seen, int64_t frame,
              double time_s) {
    const PlacedPerson place = Steadied(*strand, seen, time_s - strand->time_s);
    strand->raw = seen;
    strand->frame = frame;
    const double dt = time_s - strand->time_s;
    if (strand->records == 0) strand->begin_s = time_s;
    // How far a steady walker's smoothed feet are behind.
    const double keep_feet = rules.smooth_s > 0 ? std::exp(-dt / rules.smooth_s) : 0;
    CrossLines(strand, row, place, frame, time_s, strand->records == 0,
               dt * keep_feet / (1 - keep_feet));
    if (strand->records > 0 && dt > 0) {
      const double keep = std::exp(-dt / kVelocityS);
      strand->velocity.x =
          keep * strand->velocity.x + (1 - keep) * (place.foot.x - strand->place.foot.x) / dt;
      strand->velocity.y =
          keep * strand->velocity.y + (1 - keep) * (place.foot.y - strand->place.foot.y) / dt;
    }
    strand->time_s = time_s;
    strand->place = place;
    strand->box = row.box;
    strand->id = row.id;
    ++strand->records;
  }

  // How well a track that begins here goes on with one that ended: body heights from where that was
  // heading; infinite when it does not.
  double StitchCost(const Strand& strand, const PlacedPerson& place, double time_s) const {
    const double dt = time_s - strand.time_s;
    if (dt <= 0 || dt > std::max(rules.stitch_s, 2 * RecordS()))
      return std::numeric_limits<double>::infinity();
    const double ratio = place.body / strand.place.body;
    if (ratio < 0.6 || ratio > 1 / 0.6) return std::numeric_limits<double>::infinity();
    const PlanePoint expected = {strand.raw.foot.x + strand.velocity.x * dt,
                                 strand.raw.foot.y + strand.velocity.y * dt};
    const double body = std::max(place.body, strand.place.body);
    const double off = DistanceOf(expected, place.foot) / body;
    if (off > rules.stitch_reach + rules.stitch_speed * dt)
      return std::numeric_limits<double>::infinity();
    return off;
  }

  struct Newborn {
    size_t row;
    PlacedPerson place;
  };

  void UpdateStrands(int64_t frame, double time_s) {
    newborn.clear();
    for (size_t r = 0; r < rows.size(); ++r) {
      const auto found = strands.find(rows[r].id);
      if (found != strands.end()) {
        Strand& strand = found->second;
        const double dt = time_s - strand.time_s;
        const double distance = DistanceOf(strand.raw.foot, places[r].foot);
        const double body = std::max(places[r].body, strand.raw.body);
        ++events.health.steps;
        const bool far = TooFar(distance, body, dt);
        if (far) ++events.health.teleports;
        if (!(far && rules.teleport)) {
          Follow(&strand, rows[r], places[r], frame, time_s);
          continue;
        }
        ended.push_back(std::move(strand));
        strands.erase(found);
      }
      newborn.push_back({r, places[r]});
    }
    if (newborn.empty()) return;
    // The nearest pairs of an end and a beginning first; ties by the order of the file.
    struct Pair {
      double cost;
      size_t newborn;
      int64_t id;    // of a strand that is not over,
      size_t ended;  // or a place in `ended`
    };
    std::vector<Pair> pairs;
    if (rules.stitch && seen_frames > 1) {
      for (size_t n = 0; n < newborn.size(); ++n) {
        for (const auto& [id, strand] : strands) {
          const double cost = StitchCost(strand, newborn[n].place, time_s);
          if (std::isfinite(cost)) pairs.push_back({cost, n, id, SIZE_MAX});
        }
        for (size_t e = 0; e < ended.size(); ++e) {
          const double cost = StitchCost(ended[e], newborn[n].place, time_s);
          if (std::isfinite(cost)) pairs.push_back({cost, n, ended[e].id, e});
        }
      }
      std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
        if (a.cost != b.cost) return a.cost < b.cost;
        if (a.newborn != b.newborn) return a.newborn < b.newborn;
        return a.id != b.id ? a.id < b.id : a.ended < b.ended;
      });
    }
    std::vector<char> done(newborn.size(), 0), used(ended.size(), 0);
    std::vector<std::pair<size_t, Strand>> goes_on;
    for (const Pair& pair : pairs) {
      if (done[pair.newborn]) continue;
      if (pair.ended != SIZE_MAX) {
        if (used[pair.ended]) continue;
        used[pair.ended] = 1;
        goes_on.emplace_back(pair.newborn, std::move(ended[pair.ended]));
      } else {
        const auto found = strands.find(pair.id);
        if (found == strands.end()) continue;
        goes_on.emplace_back(pair.newborn, std::move(found->second));
        strands.erase(found);
      }
      done[pair.newborn] = 1;
      ++events.health.stitched;
    }
    for (auto& [n, strand] : goes_on) {
      const size_t r = newborn[n].row;
      if (persons[r]->records == 0) ++events.health.renamed;
      Strand& kept = strands[rows[r].id] = std::move(strand);
      Follow(&kept, rows[r], newborn[n].place, frame, time_s);
    }
    for (size_t n = 0; n < newborn.size(); ++n) {
      if (done[n]) continue;
      const size_t r = newborn[n].row;
      Follow(&strands[rows[r].id], rows[r], newborn[n].place, frame, time_s);
    }
    size_t kept = 0;
    for (size_t e = 0; e < ended.size(); ++e) {
      if (used[e]) continue;
      if (kept != e) ended[kept] = std::move(ended[e]);
      ++kept;
    }
    ended.resize(kept);
  }

  void CloseVisit(AtZone* at, VisitEnd end) {
    FlowVisit visit = at->visit;
    visit.end = end;
    visit.leave_s = at->last_inside_s + RecordS();
    visit.inside_s = TimeOfRecords(at->records, at->bridges, at->bridged_s);
    at->inside = false;
    at->was_outside = end == VisitEnd::kSeen;
    events.visits.push_back(visit);
    if (owner->on_visit) owner->on_visit(visit);
  }

  void UpdateZones(Person* person, const FlowRow& row, const PlacedPerson& place, int64_t frame,
                   double time_s, bool first) {
    person->zones.resize(scene.zones.zones.size());
    for (size_t z = 0; z < scene.zones.zones.size(); ++z) {
      const FlowZone& zone = scene.zones.zones[z];
      AtZone& at = person->zones[z];
      const PlanePoint& p = AnchorOf(zone.anchor, place);
      const Box4& extent = extents[z];
      bool inside = p.x >= extent.left && p.x <= extent.right && p.y >= extent.top &&
                    p.y <= extent.bottom && InsideZone(zone, place, row.box);
      if (inside) ++inside_now[z];
      if (at.inside && time_s - at.last_inside_s > BridgeS())
        CloseVisit(&at, time_s - person->last_s > BridgeS() ? VisitEnd::kLost : VisitEnd::kSeen);
      if (inside) {
        if (!at.inside) {
          at.inside = true;
          at.visit = FlowVisit();
          at.records = at.bridges = 0;
          at.bridged_s = 0;
          at.visit.zone = z;
          at.visit.id = row.id;
          at.visit.number = ++at.visits;
          at.visit.first_frame = frame;
          at.visit.enter_s = time_s;
          at.visit.begin = at.was_outside                      ? VisitEnd::kSeen
                           : first && time_s <= begin_s + 1e-9 ? VisitEnd::kOpen
                                                               : VisitEnd::kLost;
        } else if (time_s - at.last_inside_s > RecordS() + 1e-9) {
          ++at.bridges;
          at.bridged_s += time_s - at.last_inside_s;
        }
        ++at.records;
        at.visit.last_frame = frame;
        at.last_inside_s = time_s;
        if (zone.serving_point && !at.visit.served_s) {
          const double radius =
              zone.serving_radius > 0 ? zone.serving_radius : kServingRadius * place.body;
          if (DistanceOf(*zone.serving_point, p) < radius) at.visit.served_s = time_s;
        }
        continue;
      }
      at.was_outside = true;
      // Far enough outside to have left; nearer, it may be jitter at the edge.
      if (at.inside && DistanceToEdge(zone.polygon, p) > rules.hysteresis * place.body &&
          time_s - at.last_inside_s > BridgeS())
        CloseVisit(&at, VisitEnd::kSeen);
    }
  }

  // Whether tracks may begin and end there.
  bool AtTheEdge(const FlowRow& row, const PlacedPerson& place) const {
    bool doors = false;
    for (const FlowZone& zone : scene.zones.zones) {
      if (zone.kind != ZoneKind::kEntrance && zone.kind != ZoneKind::kExit) continue;
      doors = true;
      if (InsideZone(zone, place, row.box)) return true;
    }
    if (!row.has_box || scene.width == 0) return !doors && !row.has_box;
    const double margin_x = kBorderShare * static_cast<double>(scene.width);
    const double margin_y = kBorderShare * static_cast<double>(scene.height);
    return row.box.left < margin_x || row.box.top < margin_y ||
           row.box.left + row.box.width > static_cast<double>(scene.width) - margin_x ||
           row.box.top + row.box.height > static_cast<double>(scene.height) - margin_y;
  }

  void UpdatePerson(Person* given, const FlowRow& row, const PlacedPerson& place, int64_t frame,
                    double time_s) {
    Person& person = *given;
    const bool fresh = person.records == 0;
    if (!person.active) active.push_back(row.id);
    person.active = true;
    const bool away = !AtTheEdge(row, place);
    if (fresh) {
      person.record.id = row.id;
      person.record.first_s = time_s;
      if (time_s <= begin_s + 1) ++events.health.first_second;
      if (time_s > begin_s + 1) {
        ++events.health.births;
        if (away) ++events.health.births_inside;
      }
    } else {
      const double dt = time_s - person.last_s;
      if (dt > RecordS() + 1e-9 && dt <= BridgeS()) {
        ++person.bridges;
        person.bridged_s += dt;
      }
      const double distance = DistanceOf(person.foot, place.foot);
      if (!TooFar(distance, std::max(place.body, person.body), dt)) person.record.path += distance;
    }
    ++person.records;
    UpdateZones(&person, row, place, frame, time_s, fresh);
    person.last_s = person.record.last_s = time_s;
    person.foot = place.foot;
    person.body = place.body;
    person.inside_picture = away;
  }

  void CountDensity(const PlacedPerson& place) {
    if (scene.zones.units != ZoneUnits::kMetres) return;
    const auto cell = [](double v) { return static_cast<int64_t>(std::floor(v / kDensityCellM)); };
    const int64_t x = cell(place.foot.x), y = cell(place.foot.y);
    if (std::abs(x) < (1 << 20) && std::abs(y) < (1 << 20) &&
        static_cast<int64_t>(density.size()) < kMostDensityCells)
      ++density[(x + (1 << 20)) << 22 | (y + (1 << 20))];
  }

  // Those who were not seen for long: what they still had to say is said, and their tracks are
  // over.
  void Forget(double time_s) {
    for (auto at = strands.begin(); at != strands.end();) {
      if (time_s - at->second.time_s > rules.forget_s) {
        forgotten.push_back(std::move(at->second));
        at = strands.erase(at);
      } else {
        ++at;
      }
    }
    std::erase_if(ended, [&](Strand& strand) {
      if (time_s - strand.time_s <= std::max(rules.stitch_s, 2 * RecordS())) return false;
      forgotten.push_back(std::move(strand));
      return true;
    });
    // The map has no order of its own.
    std::sort(forgotten.begin(), forgotten.end(), [](const Strand& a, const Strand& b) {
      return a.time_s != b.time_s ? a.time_s < b.time_s : a.id < b.id;
    });
    for (Strand& strand : forgotten) EndStrand(&strand);
    forgotten.clear();
    std::erase_if(active, [&](int64_t id) {
      Person& person = people.at(id);
      if (time_s - person.last_s <= std::max(rules.forget_s, BridgeS())) return false;
      for (AtZone& at : person.zones) {
        if (at.inside) CloseVisit(&at, VisitEnd::kLost);
      }
      person.active = false;
      return true;
    });
  }

  void Step(int64_t frame, std::span<const FlowRow> given) {
    const double time_s = TimeOf(frame);
    if (seen_frames > 0) {
      REIDBENCH_CHECK(frame > last_frame);
      if (!step_known) {
        const int64_t gap = frame - last_frame;
        step = seen_frames == 1 ? gap : std::min(step, gap);
      }
    } else {
      begin_s = time_s;
      next_clean_s = time_s + 1;
    }
    ++seen_frames;
    last_frame = frame;
    now_s = time_s;
    std::fill(inside_now.begin(), inside_now.end(), 0);
    rows.clear();
    places.clear();
    persons.clear();
    for (const FlowRow& row : given) {
      ++events.health.boxes;
      if (row.id < 0) {
        ++events.health.nameless;
        if (rules.nameless) continue;
      }
      if (scene.zones.units == ZoneUnits::kMetres && !row.has_ground && !scene.projection) {
        ThrowInput(
            "{}: units metres need places, and the tracks have none and the camera no calibration\n"
            "  hint: add `site:` with the camera's calibration, or columns 8 to 10 with x, y, z",
            scene.zones.source);
      }
      if (scene.zones.units != ZoneUnits::kMetres && !row.has_box) {
        ThrowInput(
            "{}: units {} need boxes, and the tracks have places on the ground alone\n"
            "  hint: write `units: metres`",
            scene.zones.source, ZoneUnitsName(scene.zones.units));
      }
      // Places without boxes were measured, or drawn by hand: no tracker's faults to repair.
      if (!row.has_box && rules.teleport) rules = rules.Plain();
      const std::optional<PlacedPerson> place = FlowPlaceOf(row, scene);
      if (!place) continue;
      Person& person = people[row.id];
      if (person.last_frame == frame) {
        ++events.health.twice;
        continue;
      }
      person.last_frame = frame;
      persons.push_back(&person);
      rows.push_back(row);
      places.push_back(*place);
    }
    UpdateStrands(frame, time_s);
    for (size_t r = 0; r < rows.size(); ++r) {
      UpdatePerson(persons[r], rows[r], places[r], frame, time_s);
      CountDensity(places[r]);
    }
    for (size_t z = 0; z < zone_counts.size(); ++z)
      zone_counts[z].Add(time_s - begin_s, inside_now[z]);
    everybody.Add(time_s - begin_s, static_cast<int64_t>(rows.size()));
    if (time_s >= next_clean_s) {
      Forget(time_s);
      next_clean_s = time_s + 1;
    }
  }

  FlowEvents Finish() {
    std::vector<Strand> all = std::move(ended);
    for (auto& [id, strand] : strands) all.push_back(std::move(strand));
    std::sort(all.begin(), all.end(), [](const Strand& a, const Strand& b) {
      return a.time_s != b.time_s ? a.time_s < b.time_s : a.id < b.id;
    });
    for (Strand& strand : all) EndStrand(&strand);
    const double end_s = seen_frames > 0 ? now_s : 0;
    for (auto& [id, person] : people) {
      const bool at_end = end_s - person.last_s <= BridgeS();
      for (AtZone& at : person.zones) {
        if (!at.inside) continue;
        const bool outside_now = person.last_s - at.last_inside_s > 1e-9;
        CloseVisit(&at, outside_now ? VisitEnd::kSeen : at_end ? VisitEnd::kOpen : VisitEnd::kLost);
      }
      person.record.seen_s = TimeOfRecords(person.records, person.bridges, person.bridged_s);
      events.people.push_back(person.record);
      if (end_s - person.last_s <= 1) ++events.health.last_second;
      if (end_s - person.last_s > 1) {
        ++events.health.deaths;
        if (person.inside_picture) ++events.health.deaths_inside;
      }
    }
    std::sort(events.people.begin(), events.people.end(),
              [](const FlowPerson& a, const FlowPerson& b) { return a.id < b.id; });
    std::sort(events.crossings.begin(), events.crossings.end(),
              [](const FlowCrossing& a, const FlowCrossing& b) {
                if (a.time_s != b.time_s) return a.time_s < b.time_s;
                return a.id != b.id ? a.id < b.id : a.line < b.line;
              });
    std::sort(events.visits.begin(), events.visits.end(),
              [](const FlowVisit& a, const FlowVisit& b) {
                if (a.enter_s != b.enter_s) return a.enter_s < b.enter_s;
                return a.id != b.id ? a.id < b.id : a.zone < b.zone;
              });
    events.begin_s = begin_s;
    events.record_s = RecordS();
    events.end_s = seen_frames > 0 ? now_s + RecordS() : 0;
    events.frames = seen_frames > 0 ? std::llround((events.end_s - begin_s) / RecordS()) : 0;
    for (const OccupancyCounter& counter : zone_counts)
      events.occupancy.push_back(counter.Finish(events.frames, 1 / RecordS()));
    events.present = everybody.Finish(events.frames, 1 / RecordS());
    FinishDensity();
    return std::move(events);
  }

  void FinishDensity() {
    if (density.empty()) return;
    int64_t x0 = std::numeric_limits<int64_t>::max(), y0 = x0, x1 = -x0, y1 = -x0;
    const auto each = [&](const auto& body) {
      for (const auto& [key, count] : density)
        body((key >> 22) - (1 << 20), (key & ((1 << 22) - 1)) - (1 << 20), count);
    };
    each([&](int64_t x, int64_t y, int64_t) {
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
    });
    const int64_t columns = x1 - x0 + 1, lines = y1 - y0 + 1;
    if (columns * lines > kMostDensityCells) return;
    events.density_columns = static_cast<int>(columns);
    events.density_cell = kDensityCellM;
    events.density_origin = {static_cast<double>(x0) * kDensityCellM,
                             static_cast<double>(y0) * kDensityCellM};
    events.density.assign(static_cast<size_t>(columns * lines), 0);
    // People per square metre, on average over the time.
    const double weight = 1 / (static_cast<double>(std::max<int64_t>(events.frames, 1)) *
                               kDensityCellM * kDensityCellM);
    each([&](int64_t x, int64_t y, int64_t count) {
      events.density[static_cast<size_t>((y - y0) * columns + x - x0)] =
          static_cast<double>(count) * weight;
    });
  }

  FlowCounter* owner = nullptr;
  FlowScene scene;
  FlowRules rules;
  double right = 1;
  int64_t step = 1;
  bool step_known = false;
  int64_t seen_frames = 0;
  int64_t last_frame = 0;
  double begin_s = 0;
  double now_s = 0;
  double next_clean_s = 0;
  std::vector<Box4> extents;
  std::unordered_map<int64_t, Strand> strands;  // by the id that has it now
  std::vector<Strand> ended;                    // cut, and perhaps gone on with
  std::vector<Strand> forgotten;
  std::unordered_map<int64_t, Person> people;
  std::vector<int64_t> active;
  std::vector<std::deque<FlowCrossing>> recent;  // by line
  std::vector<OccupancyCounter> zone_counts;
  OccupancyCounter everybody;
  std::vector<int64_t> inside_now;
  std::unordered_map<int64_t, int64_t> density;
  FlowEvents events;
  // Of one step, kept for their memory.
  std::vector<FlowRow> rows;
  std::vector<PlacedPerson> places;
  std::vector<Person*> persons;
  std::vector<Newborn> newborn;
};

FlowCounter::FlowCounter(FlowScene scene, FlowRules rules)
    : impl_(std::make_unique<Impl>(std::move(scene), rules)) {
  impl_->owner = this;
}
FlowCounter::~FlowCounter() = default;

void FlowCounter::Step(int64_t frame, std::span<const FlowRow> rows) { impl_->Step(frame, rows); }
FlowEvents FlowCounter::Finish() { return impl_->Finish(); }

}  // namespace reidbench
