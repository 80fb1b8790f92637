#include "reidbench/tracking/hybridsort.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/appearance.h"
#include "reidbench/tracking/observations.h"
#include "reidbench/tracking/pair_selection.h"

namespace reidbench {
namespace {

constexpr size_t kCorners = 4;

std::array<Point, kCorners> CornerPoints(const BoxCorners& box) {
  return {Point{box.left, box.top}, Point{box.right, box.top}, Point{box.left, box.bottom},
          Point{box.right, box.bottom}};
}

// How much of the rows that two overlapping boxes span together both of them cover.
double HeightOverlap(const BoxCorners& a, const BoxCorners& b) {
  return (std::min(a.bottom, b.bottom) - std::max(a.top, b.top)) /
         (std::max(a.bottom, b.bottom) - std::min(a.top, b.top));
}

struct HybridTrack {
  int64_t id = 0;
  ObservedFilter<ScoredAreaModel> filter;
  AverageEmbedding average;
  ObservedBoxes observations;
  int64_t age = 0;     // predictions so far
  int hit_streak = 0;  // detections in a row
  int misses = 0;  // frames since the last detection; counts the current one until it is matched
  // Of each corner: the sum of the unit vectors from the observations of the last delta_t frames.
  std::array<Direction, kCorners> direction;
  std::optional<double> score_before;  // in the frame before the last detection, if seen there
  BoxCorners predicted;
  TrackBox last;  // confidence and class of the last detection

  // The score that goes on as it changed from the last detection but one to the last.
  double ExtrapolatedScore() const {
    return score_before ? last.confidence - (*score_before - last.confidence) : last.confidence;
  }
};

class HybridSort : public Tracker {
 public:
  explicit HybridSort(const HybridSortOptions& options) : options_(options) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frames_;
    if (input.affine) camera_moves_ = true;
    SelectDetections(input);
    if (input.affine) MoveWithCamera(*input.affine);
    Predict();
    matched_.assign(tracks_.size(), 0);
    track_taken_.assign(detections_.size(), 0);
    AssociateHighScores();
    AssociateLowScores();
    AssociateByLastObservation();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (matched_[t] != 0) continue;
      tracks_[t].filter.Miss();
      tracks_[t].score_before = std::nullopt;
    }
    for (const size_t d : high_) {
      if (track_taken_[d] == 0) Start(d);
    }
    Report(input.frame);
    std::erase_if(tracks_, [&](const HybridTrack& t) { return t.misses > options_.max_age; });
    return output_;
  }

 private:
  void SelectDetections(const FrameInput& input) {
    embeddings_.Read(input, false);
    detections_ = input.detections;
    boxes_.clear();
    high_.clear();
    low_.clear();
    for (size_t d = 0; d < detections_.size(); ++d) {
      const TrackBox& detection = detections_[d];
      boxes_.push_back(CornersOf(detection.box));
      if (!IsTrackable(detection.box)) continue;
      if (detection.confidence > options_.det_thresh) {
        high_.push_back(d);
      } else if (detection.confidence > options_.low_thresh &&
                 detection.confidence < options_.det_thresh) {
        low_.push_back(d);
      }
    }
  }

  // Observations and directions stay where they were, as in the program.
  void MoveWithCamera(const Affine& motion) {
    for (HybridTrack& track : tracks_) {
      AreaRatioModel& box = track.filter.mutable_model()->box;
      box.filter.MoveTo(AreaRatioModel::Measure(MoveCorners(motion, box.Box())));
    }
  }

  void Predict() {
    for (HybridTrack& track : tracks_) {
      track.filter.Predict();
      ++track.age;
      if (track.misses > 0) track.hit_streak = 0;
      ++track.misses;
      track.predicted = track.filter.model().box.Box();
    }
    // No box has a negative aspect ratio.
    std::erase_if(tracks_, [](const HybridTrack& t) { return !IsWithinReach(t.predicted); });
  }

  // Height-modulated IoU of [detections x boxes].
  void Overlap(std::span<const size_t> detections, std::span<const BoxCorners> boxes) {
    rows_.clear();
    for (const size_t d : detections) rows_.push_back(boxes_[d]);
    scores_.Clear(static_cast<int32_t>(boxes.size()));
    overlaps_.Append(rows_, boxes, &scores_);
    for (size_t i = 0; i < rows_.size(); ++i) {
      for (uint32_t k = scores_.row_begin[i]; k < scores_.row_begin[i + 1]; ++k)
        scores_.value[k] *= HeightOverlap(rows_[i], boxes[static_cast<size_t>(scores_.col[k])]);
    }
  }

  // Adds up what is stored in scores_ and `more(row, column)`, lists the best assignment of all
  // pairs, and hands each to `take(row, column, stored)`.
  template <typename More, typename Take>
  void AssignAll(size_t rows, size_t cols, More&& more, Take&& take) {
    stored_.assign(rows * cols, 0.0);
    cost_.resize(rows * cols);
    for (size_t r = 0; r < rows; ++r) {
      for (uint32_t k = scores_.row_begin[r]; k < scores_.row_begin[r + 1]; ++k)
        stored_[r * cols + static_cast<size_t>(scores_.col[k])] = scores_.value[k];
      for (size_t c = 0; c < cols; ++c) cost_[r * cols + c] = -(stored_[r * cols + c] + more(r, c));
    }
    const std::vector<int32_t> assigned =
        LinearSumAssignment(static_cast<int32_t>(rows), static_cast<int32_t>(cols), cost_);
    for (size_t r = 0; r < rows; ++r) {
      if (assigned[r] == kUnassigned) continue;
      const auto c = static_cast<size_t>(assigned[r]);
      take(r, c, stored_[r * cols + c]);
    }
  }

  void CompareAppearance(std::span<const size_t> detections, std::span<const size_t> tracks) {
    if (!embeddings_.given()) return;
    track_averages_.clear();
    for (const size_t t : tracks) track_averages_.push_back(&tracks_[t].average);
    cosines_.Fill(embeddings_, detections, track_averages_);
  }
  double CosineDistance(size_t detection, size_t track) const {
    return 1 - cosines_.at(detection, track);
  }

  void AssociateHighScores() {
    left_tracks_.clear();
    left_boxes_.clear();
    previous_corners_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      left_tracks_.push_back(t);
      left_boxes_.push_back(tracks_[t].predicted);
      const ObservedBox* previous = tracks_[t].observations.Previous(tracks_[t].age);
      previous_corners_.push_back(previous == nullptr ? std::nullopt
                                                      : std::optional(CornerPoints(previous->box)));
    }
    if (high_.empty() || left_tracks_.empty()) return;
    Overlap(high_, left_boxes_);
    // The program with appearance or camera motion always solves the whole assignment.
    const bool shortcut = !embeddings_.given() && !camera_moves_;
    if (shortcut && uncontested_.Find(scores_.View(), options_.iou_threshold)) {
      for (size_t i = 0; i < high_.size(); ++i) {
        const int32_t t = uncontested_.partner()[i];
        if (t != kUnassigned) Match(high_[i], static_cast<size_t>(t), true);
      }
      return;
    }
    CompareAppearance(high_, left_tracks_);
    corners_.clear();
    for (const size_t d : high_) corners_.push_back(CornerPoints(boxes_[d]));
    const auto score_difference = [&](size_t i, size_t t) {
      const double expected =
          std::clamp(tracks_[t].filter.model().score.Score(), options_.det_thresh, 1.0);
      return options_.score_weight * std::abs(detections_[high_[i]].confidence - expected);
    };
    const auto more = [&](size_t i, size_t t) {
      double sum = DirectionScore(i, t) - score_difference(i, t);
      if (embeddings_.given()) sum -= options_.appearance_weight * CosineDistance(i, t);
      return sum;
    };
    AssignAll(high_.size(), tracks_.size(), more, [&](size_t i, size_t t, double overlap) {
      // Boxes that agree need not look alike, and what looks alike need not overlap.
      const double agreement = embeddings_.given() ? overlap - score_difference(i, t) : overlap;
      const bool alike =
          embeddings_.given() && CosineDistance(i, t) <= options_.max_cosine_distance;
      if (agreement >= options_.iou_threshold || alike) Match(high_[i], t, true);
    });
  }

  // OCM of the four corners.
  double DirectionScore(size_t high, size_t track) const {
    if (!previous_corners_[track]) return 0;
    double sum = 0;
    for (size_t k = 0; k < kCorners; ++k) {
      const Direction way = DirectionOf((*previous_corners_[track])[k], corners_[high][k]);
      sum += DirectionAgreement(tracks_[track].direction[k], way) * options_.inertia *
             detections_[high_[high]].confidence;
    }
    return sum;
  }

  void ListLeftTracks() {
    std::erase_if(left_tracks_, [&](size_t t) { return matched_[t] != 0; });
  }

  bool AnyAboveThreshold() const {
    return std::any_of(scores_.value.begin(), scores_.value.end(),
                       [&](double score) { return score > options_.iou_threshold; });
  }

  void AssociateLowScores() {
    ListLeftTracks();
    if (low_.empty() || left_tracks_.empty()) return;
    left_boxes_.clear();
    for (const size_t t : left_tracks_) left_boxes_.push_back(tracks_[t].predicted);
    Overlap(low_, left_boxes_);
    if (!AnyAboveThreshold()) return;
    CompareAppearance(low_, left_tracks_);
    const auto score_difference = [&](size_t i, size_t k) {
      const double expected = std::clamp(tracks_[left_tracks_[k]].ExtrapolatedScore(),
                                         options_.low_thresh, options_.det_thresh);
      return options_.low_score_weight * std::abs(detections_[low_[i]].confidence - expected);
    };
    const auto more = [&](size_t i, size_t k) {
      double sum = -score_difference(i, k);
      if (embeddings_.given()) sum -= options_.low_appearance_weight * CosineDistance(i, k);
      return sum;
    };
    AssignAll(low_.size(), left_tracks_.size(), more, [&](size_t i, size_t k, double overlap) {
      if (overlap - score_difference(i, k) < options_.iou_threshold) return;
      if (embeddings_.given() && CosineDistance(i, k) > options_.max_cosine_distance) return;
      Match(low_[i], left_tracks_[k], false);
    });
  }

  // OCR: left-over detections against the places where left-over tracks were last seen.
  void AssociateByLastObservation() {
    ListLeftTracks();
    std::erase_if(left_tracks_, [&](size_t t) { return !tracks_[t].observations.any(); });
    left_detections_.clear();
    for (const size_t d : high_) {
      if (track_taken_[d] == 0) left_detections_.push_back(d);
    }
    left_boxes_.clear();
    for (const size_t t : left_tracks_) left_boxes_.push_back(tracks_[t].observations.last().box);
    Overlap(left_detections_, left_boxes_);
    for (const auto& [detection, track] :
         best_pairs_.Find(scores_.View(), options_.iou_threshold)) {
      Match(left_detections_[detection], left_tracks_[track], false);
    }
  }

  // Only what matched in the first association changes an average.
  void Match(size_t detection, size_t t, bool blend) {
    HybridTrack& track = tracks_[t];
    const BoxCorners& box = boxes_[detection];
    matched_[t] = 1;
    track_taken_[detection] = 1;
    TurnTowards(box, &track);
    track.filter.Update(Measure(detection), track.age - track.observations.last().age);
    track.observations.Add(track.age, box);
    track.score_before = track.last.confidence;
    track.last = detections_[detection];
    track.misses = 0;
    ++track.hit_streak;
    if (blend && embeddings_.given())
      track.average.Blend(embeddings_.row(detection), options_.ema_keep);
  }

  void TurnTowards(const BoxCorners& box, HybridTrack* track) const {
    if (!track->observations.any()) return;
    const std::array<Point, kCorners> to = CornerPoints(box);
    track->direction = {};
    bool found = false;
    const auto add = [&](const ObservedBox& observation) {
      const std::array<Point, kCorners> from = CornerPoints(observation.box);
      for (size_t k = 0; k < kCorners; ++k) {
        const Direction way = DirectionOf(from[k], to[k]);
        track->direction[k].x += way.x;
        track->direction[k].y += way.y;
      }
      found = true;
    };
    for (int ago = 1; ago <= options_.delta_t; ++ago) {
      if (const ObservedBox* seen = track->observations.At(track->age, ago)) add(*seen);
    }
    if (!found) add(track->observations.last());
  }

  ScoredAreaModel::Measured Measure(size_t detection) const {
    return {AreaRatioModel::Measure(boxes_[detection]), detections_[detection].confidence};
  }

  void Start(size_t detection) {
    HybridTrack track;
    track.id = ++last_id_;
    track.filter = ObservedFilter<ScoredAreaModel>(ScoredAreaModel(Measure(detection)));
    if (embeddings_.given()) track.average.Start(embeddings_.row(detection));
    track.observations = ObservedBoxes(options_.delta_t);
    track.last = detections_[detection];
    tracks_.push_back(std::move(track));
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const HybridTrack& track : tracks_) {
      if (track.misses > 0) continue;
      if (track.hit_streak < options_.min_hits && frames_ > options_.min_hits) continue;
      const BoxCorners box =
          track.observations.any() ? track.observations.last().box : track.filter.model().box.Box();
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = {box.left, box.top, box.right - box.left, box.bottom - box.top};
      if (options_.report.Allow(row.box)) output_.push_back(row);
    }
  }

  HybridSortOptions options_;
  int64_t frames_ = 0;
  int64_t last_id_ = 0;
  bool camera_moves_ = false;
  std::vector<HybridTrack> tracks_;  // by id
  std::span<const TrackBox> detections_;
  UnitEmbeddings embeddings_;
  std::vector<BoxCorners> boxes_;  // of all detections
  std::vector<size_t> high_;
  std::vector<size_t> low_;
  std::vector<uint8_t> matched_;      // by track
  std::vector<uint8_t> track_taken_;  // by detection: has a track
  std::vector<size_t> left_tracks_;
  std::vector<size_t> left_detections_;
  std::vector<BoxCorners> left_boxes_;
  std::vector<BoxCorners> rows_;
  std::vector<std::optional<std::array<Point, kCorners>>> previous_corners_;  // by track
  std::vector<std::array<Point, kCorners>> corners_;                          // of high_
  std::vector<const AverageEmbedding*> track_averages_;
  CosineTable cosines_;
  OverlapFinder overlaps_;
  SparseScores scores_;
  UncontestedPairs uncontested_;
  BestPairs best_pairs_;
  std::vector<double> stored_;
  std::vector<double> cost_;
  std::vector<TrackBox> output_;
};

}  // namespace

OptionTable HybridSortOptions::Table() {
  OptionTable table;
  table
      .Add("det_thresh", &det_thresh, {0, 1},
           "Score above which a detection takes part in the first association")
      .Add("low_thresh", &low_thresh, {0, 1}, "Score above which the rest does in the second")
      .Add("iou_threshold", &iou_threshold, {0, 1},
           "Least IoU of detection and predicted box, times the overlap of their heights")
      .Add("max_age", &max_age, {.low = 0}, "Frames a track survives without a detection")
      .Add("min_hits", &min_hits, {.low = 0},
           "Detections in a row before a track is reported, but in the first frames")
      .Add("delta_t", &delta_t, {1, 1000},
           "Frames of the observations that give a track its direction")
      .Add("inertia", &inertia, {0, 1}, "Weight of the agreement in direction of each corner")
      .Add("score_weight", &score_weight, {0, 1000},
           "Weight of the difference from the expected score")
      .Add("low_score_weight", &low_score_weight, {0, 1000}, "The same for low scores")
      .Add("appearance_weight", &appearance_weight, {0, 1000}, "Weight of the cosine distance")
      .Add("low_appearance_weight", &low_appearance_weight, {0, 1000}, "The same for low scores")
      .Add("max_cosine_distance", &max_cosine_distance, {0, 2},
           "Cosine distance up to which appearance alone is enough; a limit for low scores")
      .Add("ema_keep", &ema_keep, {0, 1}, "Share of the old embedding in a track's moving average");
  report.AddTo(&table);
  return table;
}

std::unique_ptr<Tracker> MakeHybridSort(const HybridSortOptions& options) {
  RequireOptions("hybridsort", options.Validate());
  return std::make_unique<HybridSort>(options);
}

}  // namespace reidbench
