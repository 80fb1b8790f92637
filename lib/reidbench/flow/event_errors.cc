#include "reidbench/flow/event_errors.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

constexpr double kSameBoxIou = 0.5;
constexpr double kSamePlaceM = 1;
// Frames that an identity must share with another before it counts as a part of it.
constexpr int64_t kLeastTogether = 3;

// In one run of events of which each is near the next.
void MatchRun(std::span<const double> truth, std::span<const double> found, size_t truth_at,
              size_t found_at, double tolerance_s, std::vector<std::pair<size_t, size_t>>* pairs) {
  const size_t n = truth.size(), m = found.size();
  if (n == 0 || m == 0) return;
  struct Best {
    int64_t pairs = 0;
    double total = 0;
    bool BetterThan(const Best& other) const {
      return pairs != other.pairs ? pairs > other.pairs : total < other.total - 1e-12;
    }
  };
  // Pairs of a best matching do not cross, since both lists ascend.
  std::vector<Best> above(m + 1), row(m + 1);
  std::vector<uint8_t> way((n + 1) * (m + 1),
                           0);  // 1: without the truth, 2: without the found, 3: both
  for (size_t i = 1; i <= n; ++i) {
    row[0] = Best();
    for (size_t j = 1; j <= m; ++j) {
      row[j] = above[j];
      uint8_t step = 1;
      if (row[j - 1].BetterThan(row[j])) {
        row[j] = row[j - 1];
        step = 2;
      }
      const double dt = std::abs(truth[i - 1] - found[j - 1]);
      if (dt <= tolerance_s) {
        const Best both = {above[j - 1].pairs + 1, above[j - 1].total + dt};
        if (both.BetterThan(row[j])) {
          row[j] = both;
          step = 3;
        }
      }
      way[i * (m + 1) + j] = step;
    }
    std::swap(above, row);
  }
  const size_t first = pairs->size();
  for (size_t i = n, j = m; i > 0 && j > 0;) {
    const uint8_t step = way[i * (m + 1) + j];
    if (step == 3) pairs->emplace_back(truth_at + --i, found_at + --j);
    if (step == 1) --i;
    if (step == 2) --j;
  }
  std::reverse(pairs->begin() + static_cast<std::ptrdiff_t>(first), pairs->end());
}

// An event as matching and causes see it.
struct Mark {
  double time_s = 0;
  int64_t frame = 0;
  int64_t id = 0;
  int64_t number = 1;  // of the person's visits
  double step_bodies = 0;
  double step_s = 0;
};

// The track (or person) on either side of a moment, below 0 where there is none.
struct Around {
  int64_t before = -1;
  int64_t after = -1;
  bool broken = false;  // nobody in some frame right at the moment
};

template <typename Lookup>
Around LookAround(const Lookup& lookup, const FlowScene& scene, int64_t step, const Mark& mark,
                  double tolerance_s) {
  Around around;
  const auto reach = static_cast<int64_t>(std::ceil(tolerance_s * scene.frame_rate));
  for (int64_t f = mark.frame - step; f >= mark.frame - reach; f -= step) {
    around.before = lookup(f, mark.id);
    if (around.before >= 0) break;
    around.broken = true;
  }
  for (int64_t f = mark.frame; f <= mark.frame + reach; f += step) {
    around.after = lookup(f, mark.id);
    if (around.after >= 0) break;
    around.broken = true;
  }
  return around;
}

EventCause CauseOfMissed(const Around& around) {
  if (around.before < 0 && around.after < 0) return EventCause::kMissedPerson;
  if (around.before != around.after || around.broken) return EventCause::kFragment;
  return EventCause::kJitter;
}

EventErrors CompareMarks(const std::vector<Mark>& truth, const std::vector<Mark>& found,
                         const FlowAssociation& association, const FlowScene& scene,
                         double tolerance_s, size_t place, bool in, bool visits) {
  EventErrors errors;
  errors.truth = static_cast<int64_t>(truth.size());
  errors.found = static_cast<int64_t>(found.size());
  std::vector<double> truth_s, found_s;
  for (const Mark& mark : truth) truth_s.push_back(mark.time_s);
  for (const Mark& mark : found) found_s.push_back(mark.time_s);
  std::vector<char> truth_used(truth.size(), 0), found_used(found.size(), 0);
  for (const auto& [t, f] : MatchTimes(truth_s, found_s, tolerance_s)) {
    truth_used[t] = found_used[f] = 1;
    ++errors.matched;
  }
  const int64_t step = std::max<int64_t>(scene.frame_step, 1);
  const auto note = [&](const Mark& mark, bool missed, EventCause cause) {
    ++errors.causes[cause];
    errors.unmatched.push_back({missed, place, in, mark.time_s, mark.frame, mark.id, cause});
  };
  for (size_t t = 0; t < truth.size(); ++t) {
    if (truth_used[t]) continue;
    const Around around =
        LookAround([&](int64_t f, int64_t id) { return association.TrackOf(f, id); }, scene, step,
                   truth[t], tolerance_s);
    note(truth[t], true, CauseOfMissed(around));
  }
  for (size_t k = 0; k < found.size(); ++k) {
    if (found_used[k]) continue;
    const Mark& mark = found[k];
    const Around around =
        LookAround([&](int64_t f, int64_t id) { return association.PersonOf(f, id); }, scene, step,
                   mark, tolerance_s);
    const int64_t person = around.after >= 0 ? around.after : around.before;
    EventCause cause = EventCause::kJitter;
    const bool other_person =
        around.before >= 0 && around.after >= 0 && around.before != around.after;
    const bool counted = std::any_of(truth.begin(), truth.end(), [&](const Mark& other) {
      return other.id == person && std::abs(other.time_s - mark.time_s) <= 2 * tolerance_s;
    });
    if (person < 0) {
      cause = EventCause::kFalseTrack;
    } else if (mark.step_bodies > 0.5 * std::sqrt(mark.step_s) || (other_person && !visits)) {
      cause = EventCause::kTeleport;
    } else if (counted) {
      cause = EventCause::kDuplicate;
    } else if (visits && mark.number == 1) {
      // The person is in the zone already: its track was renamed there.
      cause = around.before < 0 ? EventCause::kReentry : EventCause::kFragment;
    }
    note(mark, false, cause);
  }
  return errors;
}

}  // namespace

void FlowTable::Add(int64_t frame, std::span<const FlowRow> rows) {
  REIDBENCH_CHECK(frames_.empty() || frame > frames_.back());
  frames_.push_back(frame);
  rows_.insert(rows_.end(), rows.begin(), rows.end());
  begin_.push_back(rows_.size());
}

std::span<const FlowRow> FlowTable::Rows(int64_t frame) const {
  const auto found = std::lower_bound(frames_.begin(), frames_.end(), frame);
  if (found == frames_.end() || *found != frame) return {};
  const auto k = static_cast<size_t>(found - frames_.begin());
  return std::span(rows_).subspan(begin_[k], begin_[k + 1] - begin_[k]);
}

bool FlowTable::operator==(const FlowTable& other) const {
  const auto same = [](const FlowRow& a, const FlowRow& b) {
    return a.id == b.id && a.box == b.box && a.has_box == b.has_box &&
           a.has_ground == b.has_ground && (!a.has_ground || a.ground == b.ground);
  };
  return frames_ == other.frames_ && begin_ == other.begin_ &&
         std::equal(rows_.begin(), rows_.end(), other.rows_.begin(), other.rows_.end(), same);
}

std::vector<std::pair<size_t, size_t>> MatchTimes(std::span<const double> truth,
                                                  std::span<const double> found,
                                                  double tolerance_s) {
  std::vector<std::pair<size_t, size_t>> pairs;
  size_t t = 0, f = 0;
  while (t < truth.size() || f < found.size()) {
    const size_t t0 = t, f0 = f;
    double last =
        std::min(t < truth.size() ? truth[t] : INFINITY, f < found.size() ? found[f] : INFINITY);
    while (true) {
      const bool from_truth = t < truth.size() && (f == found.size() || truth[t] <= found[f]);
      if (!from_truth && f == found.size()) break;
      const double next = from_truth ? truth[t] : found[f];
      if (next - last > tolerance_s) break;
      last = next;
      ++(from_truth ? t : f);
    }
    MatchRun(truth.subspan(t0, t - t0), found.subspan(f0, f - f0), t0, f0, tolerance_s, &pairs);
  }
  return pairs;
}

std::string_view EventCauseName(EventCause cause) {
  switch (cause) {
    case EventCause::kMissedPerson:
      return "missed_person";
    case EventCause::kFragment:
      return "fragment";
    case EventCause::kTeleport:
      return "teleport";
    case EventCause::kDuplicate:
      return "duplicate";
    case EventCause::kFalseTrack:
      return "false_track";
    case EventCause::kReentry:
      return "re_entry";
    case EventCause::kJitter:
      return "jitter";
  }
  REIDBENCH_CHECK(false);
}

std::optional<double> EventErrors::precision() const {
  if (found == 0) return std::nullopt;
  return static_cast<double>(matched) / static_cast<double>(found);
}
std::optional<double> EventErrors::recall() const {
  if (truth == 0) return std::nullopt;
  return static_cast<double>(matched) / static_cast<double>(truth);
}
std::optional<double> EventErrors::f1() const {
  if (truth + found == 0) return std::nullopt;
  return 2 * static_cast<double>(matched) / static_cast<double>(truth + found);
}

void EventErrors::Add(const EventErrors& other) {
  truth += other.truth;
  found += other.found;
  matched += other.matched;
  for (const auto& [cause, count] : other.causes) causes[cause] += count;
  unmatched.insert(unmatched.end(), other.unmatched.begin(), other.unmatched.end());
}

FlowAssociation::FlowAssociation(const FlowTable& truth, const FlowTable& tracks,
                                 const FlowScene& scene) {
  struct Candidate {
    double cost;
    size_t person, track;
  };
  std::vector<Candidate> candidates;
  std::vector<char> person_used, track_used;
  for (const int64_t frame : truth.frames()) {
    const auto persons = truth.Rows(frame), boxes = tracks.Rows(frame);
    candidates.clear();
    std::vector<std::optional<PlacedPerson>> person_at, track_at;
    const bool metres = scene.zones.units == ZoneUnits::kMetres;
    const auto place = [&](const FlowRow& row) -> std::optional<PlacedPerson> {
      if (!metres || (!row.has_ground && !scene.projection)) return std::nullopt;
      return FlowPlaceOf(row, scene);
    };
    for (const FlowRow& row : persons) person_at.push_back(place(row));
    for (const FlowRow& row : boxes) track_at.push_back(place(row));
    for (size_t p = 0; p < persons.size(); ++p) {
      if (persons[p].id < 0) continue;
      for (size_t k = 0; k < boxes.size(); ++k) {
        if (boxes[k].id < 0) continue;
        if (persons[p].has_box && boxes[k].has_box) {
          const double iou = Iou(persons[p].box, boxes[k].box);
          if (iou >= kSameBoxIou) candidates.push_back({1 - iou, p, k});
        } else if (person_at[p] && track_at[k]) {
          const double distance = DistanceOf(person_at[p]->foot, track_at[k]->foot);
          if (distance <= kSamePlaceM) candidates.push_back({distance, p, k});
        }
      }
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      if (a.cost != b.cost) return a.cost < b.cost;
      return a.person != b.person ? a.person < b.person : a.track < b.track;
    });
    person_used.assign(persons.size(), 0);
    track_used.assign(boxes.size(), 0);
    for (const Candidate& c : candidates) {
      if (person_used[c.person] || track_used[c.track]) continue;
      person_used[c.person] = track_used[c.track] = 1;
      const Pair pair = {frame, persons[c.person].id, boxes[c.track].id};
      by_person_.push_back(pair);
      ++together_[{pair.person, pair.track}];
    }
  }
  by_track_ = by_person_;
  std::sort(by_person_.begin(), by_person_.end(), [](const Pair& a, const Pair& b) {
    return a.frame != b.frame ? a.frame < b.frame : a.person < b.person;
  });
  std::sort(by_track_.begin(), by_track_.end(), [](const Pair& a, const Pair& b) {
    return a.frame != b.frame ? a.frame < b.frame : a.track < b.track;
  });
}

int64_t FlowAssociation::TrackOf(int64_t frame, int64_t person) const {
  const auto found = std::lower_bound(
      by_person_.begin(), by_person_.end(), std::pair(frame, person),
      [](const Pair& pair, const auto& key) { return std::pair(pair.frame, pair.person) < key; });
  const bool there = found != by_person_.end() && found->frame == frame && found->person == person;
  return there ? found->track : -1;
}

int64_t FlowAssociation::PersonOf(int64_t frame, int64_t track) const {
  const auto found = std::lower_bound(
      by_track_.begin(), by_track_.end(), std::pair(frame, track),
      [](const Pair& pair, const auto& key) { return std::pair(pair.frame, pair.track) < key; });
  const bool there = found != by_track_.end() && found->frame == frame && found->track == track;
  return there ? found->person : -1;
}

std::vector<EventErrors> CompareCrossings(const FlowEvents& truth, const FlowEvents& found,
                                          const FlowAssociation& association,
                                          const FlowScene& scene, double tolerance_s) {
  std::vector<EventErrors> all;
  for (size_t line = 0; line < scene.zones.lines.size(); ++line) {
    EventErrors& errors = all.emplace_back();
    for (const bool in : {true, false}) {
      const auto marks = [&](const FlowEvents& events) {
        std::vector<Mark> out;
        for (const FlowCrossing& c : events.crossings) {
          if (c.line == line && c.in == in)
            out.push_back({c.time_s, c.frame, c.id, 1, c.step_bodies, c.step_s});
        }
        return out;
      };
      errors.Add(CompareMarks(marks(truth), marks(found), association, scene, tolerance_s, line, in,
                              /*visits=*/false));
    }
  }
  return all;
}

std::vector<EventErrors> CompareVisits(const FlowEvents& truth, const FlowEvents& found,
                                       const FlowAssociation& association, const FlowScene& scene,
                                       double tolerance_s) {
  std::vector<EventErrors> all;
  for (size_t zone = 0; zone < scene.zones.zones.size(); ++zone) {
    const auto marks = [&](const FlowEvents& events) {
      std::vector<Mark> out;
      for (const FlowVisit& v : events.visits) {
        if (v.zone == zone) out.push_back({v.enter_s, v.first_frame, v.id, v.number, 0, 0});
      }
      return out;
    };
    all.push_back(CompareMarks(marks(truth), marks(found), association, scene, tolerance_s, zone,
                               false, /*visits=*/true));
  }
  return all;
}

IdentityPairs CountIdentityPairs(const FlowAssociation& association) {
  std::map<int64_t, int64_t> tracks, persons;
  for (const auto& [pair, frames] : association.together()) {
    if (frames < kLeastTogether) continue;
    ++tracks[pair.first];
    ++persons[pair.second];
  }
  IdentityPairs out;
  for (const auto& [person, count] : tracks) out.splits += count - 1;
  for (const auto& [track, count] : persons) out.merges += count - 1;
  return out;
}

}  // namespace reidbench
