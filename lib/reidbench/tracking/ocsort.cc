#include "reidbench/tracking/ocsort.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/kalman.h"

namespace reidbench {
namespace {

// Keeps the ratio of a flat box finite, as in the authors' program.
constexpr double kHeightEpsilon = 1e-6;

struct Observation {
  int64_t age = -1;  // of the track when it was seen; -1 = none
  BoxCorners box;
};

// Unit vector between box centres; zero where they coincide.
struct Direction {
  double x = 0;
  double y = 0;
};

struct Point {
  double x = 0;
  double y = 0;
};

Point CenterOf(const BoxCorners& box) {
  return {(box.left + box.right) / 2, (box.top + box.bottom) / 2};
}

Direction DirectionOf(const Point& from, const Point& to) {
  const double dx = to.x - from.x;
  const double dy = to.y - from.y;
  const double length = std::sqrt(dx * dx + dy * dy) + 1e-6;
  return {dx / length, dy / length};
}

struct OcSortTrack {
  int64_t id = 0;
  AreaRatioFilter filter;
  // ORU: the filter as it was in the first missed frame, and the last measurement before.
  AreaRatioFilter at_loss;
  AreaRatioMeasurement last_measured;
  int64_t age = 0;     // predictions so far
  int hit_streak = 0;  // detections in a row
  int misses = 0;     // frames since the last detection; counts the current one until it is matched
  bool seen = false;  // had a detection in the previous frame (the one that started it not counted)
  Direction direction;
  // The detection that starts a track is no observation: the program's rule.
  Observation last_observation;
  std::vector<Observation> recent;  // [delta_t], at age % delta_t
  BoxCorners predicted;
  TrackBox last;  // confidence and class of the last detection
};

class OcSort : public Tracker {
 public:
  explicit OcSort(const OcSortOptions& options) : options_(options) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frames_;
    SelectDetections(input);
    Predict();
    track_of_detection_.assign(high_.size(), kUnassigned);
    refused_.assign(high_.size(), 0);
    matched_.assign(tracks_.size(), 0);
    AssociateByMotion();
    ListUnmatched();
    if (options_.use_byte) AssociateLowScores();
    AssociateByLastObservation();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (matched_[t] == 0) Miss(&tracks_[t]);
    }
    for (const size_t d : unmatched_) {
      if (track_of_detection_[d] == kUnassigned) Start(*high_[d], high_boxes_[d]);
    }
    Report(input.frame);
    std::erase_if(tracks_, [&](const OcSortTrack& t) { return t.misses > options_.max_age; });
    return output_;
  }

 private:
  void SelectDetections(const FrameInput& input) {
    high_.clear();
    low_.clear();
    for (const TrackBox& detection : input.detections) {
      if (!IsTrackable(detection.box)) continue;
      if (detection.confidence > options_.det_thresh) {
        high_.push_back(&detection);
      } else if (options_.use_byte && detection.confidence > options_.low_thresh &&
                 detection.confidence < options_.det_thresh) {
        low_.push_back(&detection);
      }
    }
    high_boxes_.clear();
    for (const TrackBox* detection : high_) high_boxes_.push_back(CornersOf(detection->box));
  }

  void Predict() {
    size_t kept = 0;
    for (size_t t = 0; t < tracks_.size(); ++t) {
      OcSortTrack& track = tracks_[t];
      track.filter.StopVanishingArea();
      track.filter.Predict();
      ++track.age;
      if (track.misses > 0) track.hit_streak = 0;
      ++track.misses;
      track.predicted = track.filter.Box();
      if (std::isnan(track.predicted.area)) continue;  // no box has a negative aspect ratio
      if (kept != t) tracks_[kept] = std::move(track);
      ++kept;
    }
    tracks_.erase(tracks_.begin() + static_cast<std::ptrdiff_t>(kept), tracks_.end());
  }

  // The observation delta_t frames ago, or the next younger one, or the last of all; nullptr for a
  // track not seen again since it started.
  const Observation* PreviousObservation(const OcSortTrack& track) const {
    for (int dt = options_.delta_t; dt >= 1; --dt) {
      if (track.age < dt) continue;
      const Observation& candidate = track.recent[(track.age - dt) % options_.delta_t];
      if (candidate.age == track.age - dt) return &candidate;
    }
    return track.last_observation.age < 0 ? nullptr : &track.last_observation;
  }

  // OCM: how well the way from the track's earlier observation to the detection agrees with the
  // track's direction, -0.5..0.5 times inertia and score.
  double DirectionScore(size_t detection, size_t track) const {
    if (!has_previous_[track]) return 0;
    const Direction way = DirectionOf(previous_center_[track], high_center_[detection]);
    const Direction& own = tracks_[track].direction;
    const double cosine = std::clamp(own.x * way.x + own.y * way.y, -1.0, 1.0);
    const double agreement =
        (std::numbers::pi / 2 - std::abs(std::acos(cosine))) / std::numbers::pi;
    return agreement * options_.inertia * high_[detection]->confidence;
  }

  void AssociateByMotion() {
    const auto tracks = static_cast<int32_t>(tracks_.size());
    const auto detections = static_cast<int32_t>(high_.size());
    predicted_.clear();
    previous_center_.clear();
    has_previous_.clear();
    for (const OcSortTrack& track : tracks_) {
      predicted_.push_back(track.predicted);
      const Observation* previous = PreviousObservation(track);
      has_previous_.push_back(previous != nullptr);
      previous_center_.push_back(previous == nullptr ? Point{} : CenterOf(previous->box));
    }
    high_center_.clear();
    for (const BoxCorners& box : high_boxes_) high_center_.push_back(CenterOf(box));
    scores_.Clear(tracks);
    overlaps_.Append(high_boxes_, predicted_, &scores_);
    if (TakeUncontested()) return;
    if (options_.compat_reference) {
      SolveDense(detections, tracks);
    } else {
      allowed_.Clear(tracks);
      for (int32_t d = 0; d < detections; ++d) {
        for (uint32_t k = scores_.row_begin[d]; k < scores_.row_begin[d + 1]; ++k) {
          if (scores_.value[k] < options_.iou_threshold) continue;
          const double score = scores_.value[k] + DirectionScore(d, scores_.col[k]);
          if (score > 0) allowed_.Add(scores_.col[k], score);
        }
        allowed_.EndRow();
      }
      const std::span<const int32_t> assigned = assigner_.Maximise(allowed_.View());
      for (int32_t d = 0; d < detections; ++d) {
        if (assigned[d] != kUnassigned) Match(d, assigned[d]);
      }
    }
  }

  // Where no box has two partners above the threshold there is nothing to decide.
  bool TakeUncontested() {
    own_.assign(high_.size(), kUnassigned);
    taken_.assign(tracks_.size(), 0);
    bool any = high_.empty() || tracks_.empty();
    for (size_t d = 0; d < high_.size(); ++d) {
      for (uint32_t k = scores_.row_begin[d]; k < scores_.row_begin[d + 1]; ++k) {
        if (!(scores_.value[k] > options_.iou_threshold)) continue;
        if (own_[d] != kUnassigned || taken_[scores_.col[k]] != 0) return false;
        own_[d] = scores_.col[k];
        taken_[own_[d]] = 1;
        any = true;
      }
    }
    // A pair exactly at the threshold counts unless there are better ones: the program's rule.
    if (!any) return false;
    for (size_t d = 0; d < high_.size(); ++d) {
      if (own_[d] != kUnassigned) Match(d, own_[d]);
    }
    return true;
  }

  // All pairs take part, those without overlap with their directions, as in the program; refused
  // ones are dropped afterwards.
  void SolveDense(int32_t detections, int32_t tracks) {
    cost_.resize(static_cast<size_t>(detections) * tracks);
    iou_.assign(cost_.size(), 0.0);
    for (int32_t d = 0; d < detections; ++d) {
      const size_t row = static_cast<size_t>(d) * tracks;
      for (uint32_t k = scores_.row_begin[d]; k < scores_.row_begin[d + 1]; ++k)
        iou_[row + scores_.col[k]] = scores_.value[k];
      for (int32_t t = 0; t < tracks; ++t) cost_[row + t] = -(iou_[row + t] + DirectionScore(d, t));
    }
    const std::vector<int32_t> assigned = LinearSumAssignment(detections, tracks, cost_);
    for (int32_t d = 0; d < detections; ++d) {
      if (assigned[d] == kUnassigned) continue;
      if (iou_[static_cast<size_t>(d) * tracks + assigned[d]] < options_.iou_threshold) {
        refused_[d] = 1;
      } else {
        Match(d, assigned[d]);
      }
    }
  }

  // The order that numbers new tracks: detections that the assignment left out, then those whose
  // pair was refused.
  void ListUnmatched() {
    unmatched_.clear();
    for (const uint8_t refused : {0, 1}) {
      for (size_t d = 0; d < high_.size(); ++d) {
        if (track_of_detection_[d] == kUnassigned && refused_[d] == refused)
          unmatched_.push_back(d);
      }
    }
  }

  void AssociateLowScores() {
    low_boxes_.clear();
    for (const TrackBox* detection : low_) low_boxes_.push_back(CornersOf(detection->box));
    left_tracks_.clear();
    left_boxes_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (matched_[t] != 0) continue;
      left_tracks_.push_back(t);
      left_boxes_.push_back(tracks_[t].predicted);
    }
    for (const auto& [detection, track] : BestOverlaps(low_boxes_, left_boxes_)) {
      const size_t t = left_tracks_[track];
      matched_[t] = 1;
      Update(&tracks_[t], *low_[detection], low_boxes_[detection]);
    }
  }

  // OCR: left-over detections against the places where left-over tracks were last seen.
  void AssociateByLastObservation() {
    left_boxes_of_detections_.clear();
    for (const size_t d : unmatched_) left_boxes_of_detections_.push_back(high_boxes_[d]);
    left_tracks_.clear();
    left_boxes_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (matched_[t] != 0 || tracks_[t].last_observation.age < 0) continue;
      left_tracks_.push_back(t);
      left_boxes_.push_back(tracks_[t].last_observation.box);
    }
    const std::vector<Pair>& pairs = BestOverlaps(left_boxes_of_detections_, left_boxes_);
    for (const auto& [detection, track] : pairs) Match(unmatched_[detection], left_tracks_[track]);
    // Also a rule on numbering: after this step the program has them sorted.
    if (!pairs.empty()) std::sort(unmatched_.begin(), unmatched_.end());
  }

  struct Pair {
    int32_t row;
    int32_t col;
  };

  // Pairs of the assignment with the largest sum of IoU whose own IoU is not below the threshold;
  // none when no IoU is above it. Valid until the next call.
  const std::vector<Pair>& BestOverlaps(const std::vector<BoxCorners>& rows,
                                        const std::vector<BoxCorners>& cols) {
    pairs_.clear();
    if (rows.empty() || cols.empty()) return pairs_;
    scores_.Clear(static_cast<int32_t>(cols.size()));
    overlaps_.Append(rows, cols, &scores_);
    if (std::none_of(scores_.value.begin(), scores_.value.end(),
                     [&](double iou) { return iou > options_.iou_threshold; })) {
      return pairs_;
    }
    const std::span<const int32_t> assigned = assigner_.MaximiseLikeScipy(scores_.View());
    for (size_t r = 0; r < rows.size(); ++r) {
      if (assigned[r] == kUnassigned) continue;
      const auto begin = scores_.col.begin() + scores_.row_begin[r];
      const auto end = scores_.col.begin() + scores_.row_begin[r + 1];
      const auto at = std::lower_bound(begin, end, assigned[r]) - scores_.col.begin();
      if (scores_.value[at] < options_.iou_threshold) continue;
      pairs_.push_back({static_cast<int32_t>(r), assigned[r]});
    }
    return pairs_;
  }

  void Match(size_t detection, size_t track) {
    track_of_detection_[detection] = static_cast<int32_t>(track);
    matched_[track] = 1;
    Update(&tracks_[track], *high_[detection], high_boxes_[detection]);
  }

  void Update(OcSortTrack* track, const TrackBox& detection, const BoxCorners& box) {
    const Observation* previous = PreviousObservation(*track);
    if (previous != nullptr) track->direction = DirectionOf(CenterOf(previous->box), CenterOf(box));
    const AreaRatioMeasurement measured = MeasureAreaRatio(box, kHeightEpsilon);
    const int64_t gap = track->age - track->last_observation.age;
    if (!track->seen && track->last_observation.age >= 0) RerunOverGap(track, measured, gap);
    track->filter.Update(measured);
    track->seen = true;
    track->last_measured = measured;
    track->last_observation = {track->age, box};
    track->recent[track->age % options_.delta_t] = track->last_observation;
    track->last = detection;
    track->misses = 0;
    ++track->hit_streak;
  }

  // ORU: the filter goes back to the first missed frame and follows a straight path between the
  // observations on both sides of the gap. The last step lies on the new observation, which the
  // caller then applies once more: the program does so, too.
  static void RerunOverGap(OcSortTrack* track, const AreaRatioMeasurement& now, int64_t gap) {
    const AreaRatioMeasurement& before = track->last_measured;
    const double width_before = std::sqrt(before.area * before.ratio);
    const double height_before = std::sqrt(before.area / before.ratio);
    const auto steps = static_cast<double>(gap);
    const double dx = (now.center_x - before.center_x) / steps;
    const double dy = (now.center_y - before.center_y) / steps;
    const double dw = (std::sqrt(now.area * now.ratio) - width_before) / steps;
    const double dh = (std::sqrt(now.area / now.ratio) - height_before) / steps;
    track->filter = track->at_loss;
    for (int64_t i = 1; i <= gap; ++i) {
      const auto step = static_cast<double>(i);
      const double width = width_before + step * dw;
      const double height = height_before + step * dh;
      track->filter.Update({before.center_x + step * dx, before.center_y + step * dy,
                            width * height, width / height});
      if (i < gap) track->filter.Predict();
    }
  }

  static void Miss(OcSortTrack* track) {
    if (track->seen) track->at_loss = track->filter;
    track->seen = false;
  }

  void Start(const TrackBox& detection, const BoxCorners& box) {
    OcSortTrack track;
    track.id = ++last_id_;
    track.filter = AreaRatioFilter(MeasureAreaRatio(box, kHeightEpsilon));
    track.recent.resize(options_.delta_t);
    track.last = detection;
    tracks_.push_back(std::move(track));
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const OcSortTrack& track : tracks_) {
      if (track.misses > 0) continue;
      if (track.hit_streak < options_.min_hits && frames_ > options_.min_hits) continue;
      const BoxCorners box =
          track.last_observation.age < 0 ? track.filter.Box() : track.last_observation.box;
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = {box.left, box.top, box.right - box.left, box.bottom - box.top};
      output_.push_back(row);
    }
  }

  OcSortOptions options_;
  int64_t frames_ = 0;
  int64_t last_id_ = 0;
  std::vector<OcSortTrack> tracks_;  // by id
  std::vector<const TrackBox*> high_;
  std::vector<const TrackBox*> low_;
  std::vector<BoxCorners> high_boxes_;
  std::vector<Point> high_center_;
  std::vector<BoxCorners> low_boxes_;
  std::vector<BoxCorners> predicted_;
  std::vector<Point> previous_center_;
  std::vector<uint8_t> has_previous_;
  std::vector<int32_t> track_of_detection_;
  std::vector<uint8_t> matched_;  // by track
  std::vector<int32_t> own_;
  std::vector<uint8_t> taken_;
  std::vector<uint8_t> refused_;   // by detection
  std::vector<size_t> unmatched_;  // detections
  std::vector<BoxCorners> left_boxes_of_detections_;
  std::vector<size_t> left_tracks_;
  std::vector<BoxCorners> left_boxes_;
  std::vector<Pair> pairs_;
  std::vector<double> cost_;
  std::vector<double> iou_;
  OverlapFinder overlaps_;
  SparseScores scores_;  // [detections x tracks]
  SparseScores allowed_;
  SparseAssigner assigner_;
  std::vector<TrackBox> output_;
};

}  // namespace

OptionTable OcSortOptions::Table() {
  return OptionTable()
      .Add("det_thresh", &det_thresh, {0, 1}, "Score above which detections are looked at")
      .Add("iou_threshold", &iou_threshold, {0, 1}, "Least IoU of detection and predicted box")
      .Add("max_age", &max_age, {.low = 0}, "Frames a track survives without a detection")
      .Add("min_hits", &min_hits, {.low = 0},
           "Detections in a row before a track is reported, but in the first frames")
      .Add("delta_t", &delta_t, {1, 1000},
           "Frames between the observations that give a track its direction")
      .Add("inertia", &inertia, {0, 1}, "Weight of the agreement in direction beside IoU")
      .Add("use_byte", &use_byte, "Low-scoring detections for tracks left over")
      .Add("low_thresh", &low_thresh, {0, 1}, "Their least score")
      .AddChoice(
          "compat", &compat_reference, {{"none", false}, {"reference", true}},
          "reference: pairs refused afterwards take part in the assignment; none: they do not");
}

std::unique_ptr<Tracker> MakeOcSort(const OcSortOptions& options) {
  RequireOptions("ocsort", options.Validate());
  return std::make_unique<OcSort>(options);
}

}  // namespace reidbench
