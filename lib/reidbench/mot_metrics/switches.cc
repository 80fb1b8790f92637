#include "reidbench/mot_metrics/switches.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/mot_metrics/clear.h"
#include "reidbench/mot_metrics/frame_rows.h"

namespace reidbench {
namespace {

constexpr int32_t kReflectionClass = 12;  // of MOT16/17/20: hides nobody
// A box whose larger part lies outside the image is out of the picture.
constexpr double kOutsideShare = 0.5;
// A person who comes so near to the border may be leaving; of the image's width and height.
constexpr double kBorderShare = 0.01;

double Bottom(const BoxLtwh& box) { return box.top + box.height; }
double Right(const BoxLtwh& box) { return box.left + box.width; }
double Area(const BoxLtwh& box) { return std::max(0.0, box.width) * std::max(0.0, box.height); }

BoxLtwh Intersection(const BoxLtwh& a, const BoxLtwh& b) {
  const double left = std::max(a.left, b.left), top = std::max(a.top, b.top);
  return {left, top, std::min(Right(a), Right(b)) - left, std::min(Bottom(a), Bottom(b)) - top};
}

// Area that the boxes cover together.
double UnionArea(const std::vector<BoxLtwh>& boxes) {
  std::vector<double> x;
  for (const BoxLtwh& box : boxes) {
    x.push_back(box.left);
    x.push_back(Right(box));
  }
  std::sort(x.begin(), x.end());
  double area = 0;
  std::vector<std::pair<double, double>> spans;
  for (size_t k = 0; k + 1 < x.size(); ++k) {
    if (!(x[k + 1] > x[k])) continue;
    spans.clear();
    for (const BoxLtwh& box : boxes) {
      if (box.left <= x[k] && Right(box) >= x[k + 1]) spans.emplace_back(box.top, Bottom(box));
    }
    std::sort(spans.begin(), spans.end());
    double covered = 0, end = -std::numeric_limits<double>::infinity();
    for (const auto& [from, to] : spans) {
      if (to > end) covered += to - std::max(from, end);
      end = std::max(end, to);
    }
    area += covered * (x[k + 1] - x[k]);
  }
  return area;
}

// How much of a person can be seen, from the ground truth's rows alone.
class Scene {
 public:
  Scene(const TrackSet& ground_truth, const SwitchOptions& options)
      : boxes_(ground_truth.boxes), rows_(GroupByFrame(boxes_)), options_(options) {}

  // The person's row: rows that do not count may have the same id.
  const TrackBox* Find(int64_t frame, int64_t id) const {
    const TrackBox* found = nullptr;
    for (const uint32_t row : rows_.Of(frame)) {
      if (boxes_[row].id.value != id || IsRegion(boxes_[row])) continue;
      if (boxes_[row].confidence != 0) return &boxes_[row];
      if (found == nullptr) found = &boxes_[row];
    }
    return found;
  }

  // The first frame from `frame` on that has rows, or `end`.
  int64_t NextFrame(int64_t frame, int64_t end) const {
    const auto next = std::lower_bound(rows_.number.begin(), rows_.number.end(), frame);
    return next == rows_.number.end() ? end : std::min(*next, end);
  }

  struct Hiding {
    double share = 0;
    const TrackBox* by = nullptr;  // the box that hides most
  };
  // Boxes hide what they overlap when their foot point is lower: they are nearer to the camera.
  Hiding HidingOf(const TrackBox& person) const {
    Hiding out;
    const double area = Area(person.box);
    if (!(area > 0)) return out;
    std::vector<BoxLtwh> parts;
    double largest = 0;
    for (const uint32_t row : rows_.Of(person.frame.value)) {
      const TrackBox& other = boxes_[row];
      if (other.id == person.id || other.class_id == kReflectionClass || IsRegion(other) ||
          Bottom(other.box) <= Bottom(person.box))
        continue;
      const BoxLtwh part = Intersection(person.box, other.box);
      if (!(part.width > 0 && part.height > 0)) continue;
      parts.push_back(part);
      if (Area(part) > largest) {
        largest = Area(part);
        out.by = &other;
      }
    }
    out.share = std::min(1.0, UnionArea(parts) / area);
    if (person.visibility == person.visibility)  // not NaN
      out.share = std::max(out.share, std::clamp(1.0 - person.visibility, 0.0, 1.0));
    return out;
  }

  bool IsOutside(const BoxLtwh& box) const {
    if (!KnowsImage() || !(Area(box) > 0)) return false;
    const BoxLtwh inside = Intersection(box, Image());
    return !(inside.width > 0 && inside.height > 0) ||
           Area(inside) <= (1 - kOutsideShare) * Area(box);
  }

  bool IsAtBorder(const BoxLtwh& box) const {
    if (!KnowsImage()) return false;
    const double margin_x = kBorderShare * options_.image_width;
    const double margin_y = kBorderShare * options_.image_height;
    return box.left <= margin_x || Right(box) >= options_.image_width - margin_x ||
           box.top <= margin_y || Bottom(box) >= options_.image_height - margin_y;
  }

 private:
  bool IsRegion(const TrackBox& box) const {
    return std::find(options_.region_classes.begin(), options_.region_classes.end(),
                     box.class_id) != options_.region_classes.end();
  }
  bool KnowsImage() const { return options_.image_width > 0 && options_.image_height > 0; }
  BoxLtwh Image() const {
    return {0, 0, static_cast<double>(options_.image_width),
            static_cast<double>(options_.image_height)};
  }

  const std::vector<TrackBox>& boxes_;
  const FrameRows rows_;
  const SwitchOptions& options_;
};

struct Sighting {
  int64_t frame = 0;  // 0: never
  size_t f = 0;       // index of the frame
  uint32_t box = 0;   // of the ground truth
  int32_t gt = -1;
  int32_t tracker = -1;
};

class SwitchFinder {
 public:
  SwitchFinder(const MotSequence& sequence, const TrackSet& ground_truth, const TrackSet& results,
               const SwitchOptions& options)
      : s_(sequence),
        scene_(ground_truth, options),
        results_(results.boxes),
        result_rows_(GroupByFrame(results.boxes)),
        options_(options),
        pair_of_box_(MatchForClear(sequence)) {}

  std::vector<IdSwitch> Find() {
    std::vector<Sighting> last_of_gt(s_.gt_id_value.size());
    std::vector<Sighting> last_of_tracker(s_.tracker_id_value.size());
    std::vector<IdSwitch> out;
    for (size_t f = 0; f < s_.frame_size(); ++f) {
      const uint32_t first = s_.frames[f].gt_begin, last = s_.frames[f + 1].gt_begin;
      // Where ids came from must be asked before this frame's matches are entered, where they went
      // to afterwards.
      std::vector<std::pair<Sighting, Sighting>> switched;  // last match of the person; of the id
      for (uint32_t g = first; g < last; ++g) {
        const Sighting now = At(f, g);
        if (now.tracker < 0) continue;
        const Sighting& before = last_of_gt[now.gt];
        if (before.tracker >= 0 && before.tracker != now.tracker)
          switched.emplace_back(before, last_of_tracker[now.tracker]);
      }
      for (uint32_t g = first; g < last; ++g) {
        const Sighting now = At(f, g);
        if (now.tracker >= 0) last_of_gt[now.gt] = last_of_tracker[now.tracker] = now;
      }
      for (const auto& [before, origin] : switched) {
        out.push_back(
            Explain(before, last_of_gt[before.gt], origin, last_of_tracker[before.tracker]));
      }
    }
    return out;
  }

 private:
  Sighting At(size_t f, uint32_t g) const {
    Sighting now{s_.frames[f].number, f, g, s_.gt_id[g], -1};
    if (pair_of_box_[g] != kNoPair)
      now.tracker = s_.track_pairs[s_.pair_tracks[pair_of_box_[g]]].tracker;
    return now;
  }

  // Whether a box of `tracker` lies on the person too, without being on anybody else.
  bool LiesOn(const Sighting& person, int32_t tracker) const {
    bool found = false;
    for (uint32_t k = s_.pair_begin[person.box]; k < s_.pair_begin[person.box + 1]; ++k) {
      found = found || (s_.track_pairs[s_.pair_tracks[k]].tracker == tracker &&
                        s_.pair_iou[k] >= kClearThreshold - kEps);
    }
    if (!found) return false;
    for (uint32_t g = s_.frames[person.f].gt_begin; g < s_.frames[person.f + 1].gt_begin; ++g) {
      if (At(person.f, g).tracker == tracker) return false;
    }
    return true;
  }

  // `origin`: the last match of the new id before; `whereabouts`: of the old id, up to now.
  IdSwitch Explain(const Sighting& before, const Sighting& now, const Sighting& origin,
                   const Sighting& whereabouts) const {
    IdSwitch out;
    out.last_frame = before.frame;
    out.frame = now.frame;
    out.gt_id = s_.gt_id_value[now.gt];
    out.old_track = s_.tracker_id_value[before.tracker];
    out.new_track = s_.tracker_id_value[now.tracker];
    const TrackBox* const old_box = FindBox(results_, result_rows_, out.last_frame, out.old_track);
    const TrackBox* const new_box = FindBox(results_, result_rows_, out.frame, out.new_track);
    REIDBENCH_CHECK(old_box != nullptr && new_box != nullptr);
    out.old_box = old_box->box;
    out.new_box = new_box->box;

    Scene::Hiding most;
    bool at_border = false;
    const TrackBox* previous = nullptr;  // of the person, in the frame before
    for (int64_t frame = before.frame; frame <= now.frame; ++frame) {
      // Nobody is in frames without rows. There may be very many where frame numbers are times.
      const int64_t next = scene_.NextFrame(frame, now.frame);
      if (next > frame) {
        out.absent_frames += next - frame;
        if (previous != nullptr) at_border = at_border || scene_.IsAtBorder(previous->box);
        previous = nullptr;
        frame = next;
      }
      const TrackBox* const person = scene_.Find(frame, out.gt_id);
      const bool between = frame > before.frame && frame < now.frame;
      if (person == nullptr || (between && scene_.IsOutside(person->box))) {
        ++out.absent_frames;
        if (previous != nullptr) at_border = at_border || scene_.IsAtBorder(previous->box);
        previous = nullptr;
        continue;
      }
      // The first box after an absence.
      if (previous == nullptr && frame > before.frame)
        at_border = at_border || scene_.IsAtBorder(person->box);
      previous = person;
      const Scene::Hiding hiding = scene_.HidingOf(*person);
      if (hiding.share > most.share) most = hiding;
      if (frame == before.frame) out.gt_box_before = person->box;
      if (frame == now.frame) out.gt_box_after = person->box;
    }
    out.hidden_share = most.share;

    if (LiesOn(before, now.tracker) || LiesOn(now, before.tracker)) {
      out.cause = SwitchCause::kDuplicate;
    } else if (origin.gt >= 0 && origin.gt != now.gt) {
      out.cause = SwitchCause::kSwapped;
      out.other_gt = s_.gt_id_value[origin.gt];
    } else if (whereabouts.gt != now.gt) {
      out.cause = SwitchCause::kSwapped;
      out.other_gt = s_.gt_id_value[whereabouts.gt];
    } else if (out.absent_frames > 0 && (at_border || most.share < options_.least_hidden)) {
      out.cause = SwitchCause::kLeft;
    } else if (most.share >= options_.least_hidden) {
      out.cause = SwitchCause::kOccluded;
      if (most.by != nullptr) {
        out.occluder_gt = most.by->id.value;
        out.occluder_track = TrackOn(most.by->frame.value, most.by->id.value);
      }
    } else if (out.gap_frames() > 1) {
      out.cause = SwitchCause::kMissed;
    }
    return out;
  }

  // The id that is on a person in a frame.
  std::optional<int64_t> TrackOn(int64_t frame, int64_t gt_id) const {
    const auto end = s_.frames.begin() + static_cast<int64_t>(s_.frame_size());
    const auto found = std::lower_bound(
        s_.frames.begin(), end, frame,
        [](const MotSequence::Frame& a, int64_t number) { return a.number < number; });
    if (found == end || found->number != frame) return std::nullopt;
    const auto f = static_cast<size_t>(found - s_.frames.begin());
    for (uint32_t g = s_.frames[f].gt_begin; g < s_.frames[f + 1].gt_begin; ++g) {
      const int32_t tracker = At(f, g).tracker;
      if (s_.gt_id_value[s_.gt_id[g]] == gt_id && tracker >= 0) return s_.tracker_id_value[tracker];
    }
    return std::nullopt;
  }

  const MotSequence& s_;
  const Scene scene_;
  const std::vector<TrackBox>& results_;
  const FrameRows result_rows_;
  const SwitchOptions& options_;
  const std::vector<uint32_t> pair_of_box_;
};

// Places of the switches, by ground truth id and time.
std::vector<size_t> ByPersonAndTime(const std::vector<IdSwitch>& switches) {
  std::vector<size_t> order(switches.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tuple(switches[a].gt_id, switches[a].last_frame, switches[a].frame) <
           std::tuple(switches[b].gt_id, switches[b].last_frame, switches[b].frame);
  });
  return order;
}

void Extend(int64_t frame, int64_t track, std::vector<IdentityRun>* runs) {
  if (!runs->empty() && runs->back().track == track && runs->back().last_frame + 1 == frame) {
    runs->back().last_frame = frame;
  } else {
    runs->push_back({frame, frame, track});
  }
}

}  // namespace

std::string_view SwitchCauseName(SwitchCause cause) {
  static constexpr std::string_view kNames[kSwitchCauses] = {"duplicate", "swapped", "left",
                                                             "occluded",  "missed",  "renamed"};
  return kNames[static_cast<int>(cause)];
}

std::string_view SwitchStatusName(SwitchStatus status) {
  static constexpr std::string_view kNames[] = {"fixed", "remaining", "introduced"};
  return kNames[static_cast<int>(status)];
}

std::vector<std::string> SwitchOptions::Validate() const {
  std::vector<std::string> violations;
  if (!(least_hidden > 0 && least_hidden <= 1)) {
    violations.push_back(
        fmt::format("least_hidden: expected above 0 and at most 1, found {}", least_hidden));
  }
  if (image_width < 0 || image_height < 0) {
    violations.push_back(fmt::format("image size: expected 0 or more pixels, found {} x {}",
                                     image_width, image_height));
  }
  return violations;
}

std::vector<IdSwitch> FindSwitches(const MotSequence& sequence, const TrackSet& ground_truth,
                                   const TrackSet& results, const SwitchOptions& options) {
  const std::vector<std::string> violations = options.Validate();
  if (!violations.empty()) ThrowUsage("switches: {}", fmt::join(violations, "; "));
  return SwitchFinder(sequence, ground_truth, results, options).Find();
}

SwitchCounts CountByCause(const std::vector<IdSwitch>& switches) {
  SwitchCounts counts{};
  for (const IdSwitch& s : switches) ++counts[static_cast<int>(s.cause)];
  return counts;
}

SwitchComparison CompareSwitches(const std::vector<IdSwitch>& plain,
                                 const std::vector<IdSwitch>& corrected) {
  SwitchComparison out;
  out.plain.assign(plain.size(), SwitchStatus::kFixed);
  out.corrected.assign(corrected.size(), SwitchStatus::kIntroduced);
  const std::vector<size_t> plain_order = ByPersonAndTime(plain);
  const std::vector<size_t> corrected_order = ByPersonAndTime(corrected);
  // Spans of one person and run do not overlap, so one walk over both runs finds all partners.
  for (const bool equal_spans : {true, false}) {
    size_t c = 0;
    for (const size_t p : plain_order) {
      if (out.plain[p] == SwitchStatus::kRemaining) continue;
      const IdSwitch& a = plain[p];
      for (size_t k = c; k < corrected_order.size(); ++k) {
        const IdSwitch& b = corrected[corrected_order[k]];
        if (b.gt_id < a.gt_id || (b.gt_id == a.gt_id && b.frame <= a.last_frame)) {
          c = k + 1;  // before this one and all that follow
          continue;
        }
        if (b.gt_id > a.gt_id || b.last_frame >= a.frame) break;
        const bool same = a.last_frame == b.last_frame && a.frame == b.frame;
        SwitchStatus& status = out.corrected[corrected_order[k]];
        if (status == SwitchStatus::kRemaining || (equal_spans && !same)) continue;
        out.plain[p] = status = SwitchStatus::kRemaining;
        break;
      }
    }
  }
  out.remaining = std::count(out.plain.begin(), out.plain.end(), SwitchStatus::kRemaining);
  out.fixed = static_cast<int64_t>(plain.size()) - out.remaining;
  out.introduced = static_cast<int64_t>(corrected.size()) - out.remaining;
  return out;
}

std::vector<IdentityTimeline> IdentityTimelines(const MotSequence& s) {
  std::vector<IdentityTimeline> out(s.gt_id_value.size());
  for (size_t id = 0; id < out.size(); ++id) out[id].gt_id = s.gt_id_value[id];
  const std::vector<uint32_t> pair_of_box = MatchForClear(s);
  for (size_t f = 0; f < s.frame_size(); ++f) {
    for (uint32_t g = s.frames[f].gt_begin; g < s.frames[f + 1].gt_begin; ++g) {
      IdentityTimeline& timeline = out[s.gt_id[g]];
      Extend(s.frames[f].number, timeline.gt_id, &timeline.present);
      if (pair_of_box[g] == kNoPair) continue;
      const int32_t tracker = s.track_pairs[s.pair_tracks[pair_of_box[g]]].tracker;
      Extend(s.frames[f].number, s.tracker_id_value[tracker], &timeline.matched);
    }
  }
  return out;
}

}  // namespace reidbench
