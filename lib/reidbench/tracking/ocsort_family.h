// OC-SORT and Deep OC-SORT, which adds appearance and camera motion to it. Model: AreaRatioModel or
// SizeModel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/appearance.h"
#include "reidbench/tracking/observations.h"
#include "reidbench/tracking/pair_selection.h"
#include "reidbench/tracking/size_limits.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct OcSortSettings {
  double det_thresh = 0;
  double iou_threshold = 0;
  int max_age = 0;
  int min_hits = 0;
  int delta_t = 1;
  double inertia = 0;
  bool use_byte = false;
  double low_thresh = 0;
  bool all_pairs = true;  // those refused for their IoU afterwards take part in the assignment
  std::optional<SizeLimits> report = std::nullopt;
  bool camera_motion = false;
  bool newest_moves_twice = false;
  bool use_appearance = false;
  double appearance_weight = 0;  // of a cosine beside an IoU
  double adaptive_cap = 0;       // most that standing out adds to that weight
  double ema_keep = 0;           // least share of the old embedding in the moving average
};

template <typename Model>
class OcSortTracker : public Tracker {
 public:
  // `start` makes the filter of a first measurement.
  using StartFilter = std::function<Model(const typename Model::Measured&)>;
  OcSortTracker(const OcSortSettings& settings, StartFilter start)
      : settings_(settings), start_(std::move(start)) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frames_;
    SelectDetections(input);
    if (settings_.camera_motion && input.affine) MoveWithCamera(*input.affine);
    Predict();
    track_of_detection_.assign(high_.size(), kUnassigned);
    refused_.assign(high_.size(), 0);
    matched_.assign(tracks_.size(), 0);
    AssociateByMotion();
    ListUnmatched();
    if (settings_.use_byte) AssociateLowScores();
    AssociateByLastObservation();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (matched_[t] == 0) tracks_[t].filter.Miss();
    }
    for (const size_t d : unmatched_) {
      if (track_of_detection_[d] == kUnassigned) Start(high_[d], high_boxes_[d]);
    }
    Report(input.frame);
    std::erase_if(tracks_, [&](const Track& t) { return t.misses > settings_.max_age; });
    return output_;
  }

 private:
  struct Track {
    int64_t id = 0;
    ObservedFilter<Model> filter;
    AverageEmbedding average;
    ObservedBoxes observations;
    int64_t age = 0;     // predictions so far
    int hit_streak = 0;  // detections in a row
    int misses = 0;  // frames since the last detection; counts the current one until it is matched
    Direction direction;
    BoxCorners predicted;
    TrackBox last;  // confidence and class of the last detection
  };

  void SelectDetections(const FrameInput& input) {
    if (settings_.use_appearance) embeddings_.Read(input, false);
    detections_ = input.detections;
    high_.clear();
    low_.clear();
    for (size_t d = 0; d < detections_.size(); ++d) {
      const TrackBox& detection = detections_[d];
      if (!IsTrackable(detection.box)) continue;
      if (detection.confidence > settings_.det_thresh) {
        high_.push_back(d);
      } else if (settings_.use_byte && detection.confidence > settings_.low_thresh &&
                 detection.confidence < settings_.det_thresh) {
        low_.push_back(d);
      }
    }
    high_boxes_.clear();
    for (const size_t d : high_) high_boxes_.push_back(CornersOf(detections_[d].box));
  }

  void MoveWithCamera(const Affine& motion) {
    for (Track& track : tracks_) {
      track.observations.Move(motion, track.age, settings_.newest_moves_twice);
      track.filter.Move(motion);
    }
  }

  void Predict() {
    size_t kept = 0;
    for (size_t t = 0; t < tracks_.size(); ++t) {
      Track& track = tracks_[t];
      track.filter.Predict();
      ++track.age;
      if (track.misses > 0) track.hit_streak = 0;
      ++track.misses;
      track.predicted = track.filter.model().Box();
      if (!IsWithinReach(track.predicted)) continue;  // no box has a negative aspect ratio
      if (kept != t) tracks_[kept] = std::move(track);
      ++kept;
    }
    tracks_.erase(tracks_.begin() + static_cast<std::ptrdiff_t>(kept), tracks_.end());
  }

  // OCM: how well the way from the track's earlier observation to the detection agrees with the
  // track's direction, -0.5..0.5 times inertia and score.
  double DirectionScore(size_t detection, size_t track) const {
    if (!has_previous_[track]) return 0;
    const Direction way = DirectionOf(previous_center_[track], high_center_[detection]);
    return DirectionAgreement(tracks_[track].direction, way) * settings_.inertia *
           detections_[high_[detection]].confidence;
  }

  void AssociateByMotion() {
    const auto tracks = static_cast<int32_t>(tracks_.size());
    const auto detections = static_cast<int32_t>(high_.size());
    predicted_.clear();
    previous_center_.clear();
    has_previous_.clear();
    for (const Track& track : tracks_) {
      predicted_.push_back(track.predicted);
      const ObservedBox* previous = track.observations.Previous(track.age);
      has_previous_.push_back(previous != nullptr);
      previous_center_.push_back(previous == nullptr ? Point{} : CenterOf(previous->box));
    }
    high_center_.clear();
    for (const BoxCorners& box : high_boxes_) high_center_.push_back(CenterOf(box));
    scores_.Clear(tracks);
    overlaps_.Append(high_boxes_, predicted_, &scores_);
    if (uncontested_.Find(scores_.View(), settings_.iou_threshold)) {
      for (int32_t d = 0; d < detections; ++d) {
        if (uncontested_.partner()[d] != kUnassigned) Match(d, uncontested_.partner()[d]);
      }
      return;
    }
    if (settings_.all_pairs) {
      SolveDense(detections, tracks);
    } else {
      allowed_.Clear(tracks);
      for (int32_t d = 0; d < detections; ++d) {
        for (uint32_t k = scores_.row_begin[d]; k < scores_.row_begin[d + 1]; ++k) {
          if (scores_.value[k] < settings_.iou_threshold) continue;
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

  // All pairs take part, those without overlap with their directions, as in the program; refused
  // ones are dropped afterwards.
  void SolveDense(int32_t detections, int32_t tracks) {
    cost_.resize(static_cast<size_t>(detections) * tracks);
    iou_.assign(cost_.size(), 0.0);
    WeighAppearance();
    for (int32_t d = 0; d < detections; ++d) {
      const size_t row = static_cast<size_t>(d) * tracks;
      for (uint32_t k = scores_.row_begin[d]; k < scores_.row_begin[d + 1]; ++k)
        iou_[row + scores_.col[k]] = scores_.value[k];
      for (int32_t t = 0; t < tracks; ++t) {
        double score = iou_[row + t] + DirectionScore(d, t);
        if (embeddings_.given()) score += AppearanceScore(d, t);
        cost_[row + t] = -score;
      }
    }
    const std::vector<int32_t> assigned = LinearSumAssignment(detections, tracks, cost_);
    for (int32_t d = 0; d < detections; ++d) {
      if (assigned[d] == kUnassigned) continue;
      if (iou_[static_cast<size_t>(d) * tracks + assigned[d]] < settings_.iou_threshold) {
        refused_[d] = 1;
      } else {
        Match(d, assigned[d]);
      }
    }
  }

  // Adaptive weights: how far a detection's best track stands out among the tracks, and a track's
  // best detection among the detections.
  void WeighAppearance() {
    if (!embeddings_.given()) return;
    track_averages_.clear();
    for (const Track& track : tracks_) track_averages_.push_back(&track.average);
    cosines_.Fill(embeddings_, high_, track_averages_);
    const auto stands_out = [&](size_t others, auto&& cosine) {
      if (others < 2) return 0.0;
      double best = -2, second = -2;
      for (size_t k = 0; k < others; ++k) {
        const double value = cosine(k);
        if (value > best) {
          second = best;
          best = value;
        } else if (value > second) {
          second = value;
        }
      }
      return std::min(best - second, settings_.adaptive_cap) / 2;
    };
    detection_weight_.resize(high_.size());
    for (size_t d = 0; d < high_.size(); ++d) {
      detection_weight_[d] =
          stands_out(tracks_.size(), [&](size_t t) { return cosines_.at(d, t); });
    }
    track_weight_.resize(tracks_.size());
    for (size_t t = 0; t < tracks_.size(); ++t)
      track_weight_[t] = stands_out(high_.size(), [&](size_t d) { return cosines_.at(d, t); });
  }

  double AppearanceScore(size_t detection, size_t track) const {
    return cosines_.at(detection, track) *
           (settings_.appearance_weight + detection_weight_[detection] + track_weight_[track]);
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
    for (const size_t d : low_) low_boxes_.push_back(CornersOf(detections_[d].box));
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
      Update(&tracks_[t], low_[detection], low_boxes_[detection]);
    }
  }

  // OCR: left-over detections against the places where left-over tracks were last seen.
  void AssociateByLastObservation() {
    left_boxes_of_detections_.clear();
    for (const size_t d : unmatched_) left_boxes_of_detections_.push_back(high_boxes_[d]);
    left_tracks_.clear();
    left_boxes_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (matched_[t] != 0 || !tracks_[t].observations.any()) continue;
      left_tracks_.push_back(t);
      left_boxes_.push_back(tracks_[t].observations.last().box);
    }
    const std::vector<BestPairs::Pair>& pairs =
        BestOverlaps(left_boxes_of_detections_, left_boxes_);
    for (const auto& [detection, track] : pairs) Match(unmatched_[detection], left_tracks_[track]);
    // Also a rule on numbering: after this step the program has them sorted.
    if (!pairs.empty()) std::sort(unmatched_.begin(), unmatched_.end());
  }

  const std::vector<BestPairs::Pair>& BestOverlaps(const std::vector<BoxCorners>& rows,
                                                   const std::vector<BoxCorners>& cols) {
    scores_.Clear(static_cast<int32_t>(cols.size()));
    overlaps_.Append(rows, cols, &scores_);
    return best_pairs_.Find(scores_.View(), settings_.iou_threshold);
  }

  void Match(size_t detection, size_t track) {
    track_of_detection_[detection] = static_cast<int32_t>(track);
    matched_[track] = 1;
    Update(&tracks_[track], high_[detection], high_boxes_[detection]);
  }

  void Update(Track* track, size_t detection, const BoxCorners& box) {
    const ObservedBox* previous = track->observations.Previous(track->age);
    if (previous != nullptr) track->direction = DirectionOf(CenterOf(previous->box), CenterOf(box));
    track->filter.Update(Model::Measure(box), track->age - track->observations.last().age);
    track->observations.Add(track->age, box);
    track->last = detections_[detection];
    track->misses = 0;
    ++track->hit_streak;
    if (embeddings_.given())
      track->average.Blend(embeddings_.row(detection), EmaKeep(track->last.confidence));
  }

  // The less a detection is trusted, the less of its embedding is taken.
  double EmaKeep(double score) const {
    const double trust = (score - settings_.det_thresh) / (1 - settings_.det_thresh);
    return settings_.ema_keep + (1 - settings_.ema_keep) * (1 - trust);
  }

  void Start(size_t detection, const BoxCorners& box) {
    Track track;
    track.id = ++last_id_;
    track.filter = ObservedFilter<Model>(start_(Model::Measure(box)));
    if (embeddings_.given()) track.average.Start(embeddings_.row(detection));
    track.observations = ObservedBoxes(settings_.delta_t);
    track.last = detections_[detection];
    tracks_.push_back(std::move(track));
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const Track& track : tracks_) {
      if (track.misses > 0) continue;
      if (track.hit_streak < settings_.min_hits && frames_ > settings_.min_hits) continue;
      const BoxCorners box =
          track.observations.any() ? track.observations.last().box : track.filter.model().Box();
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = {box.left, box.top, box.right - box.left, box.bottom - box.top};
      if (settings_.report && !settings_.report->Allow(row.box)) continue;
      output_.push_back(row);
    }
  }

  OcSortSettings settings_;
  StartFilter start_;
  int64_t frames_ = 0;
  int64_t last_id_ = 0;
  std::vector<Track> tracks_;  // by id
  std::span<const TrackBox> detections_;
  UnitEmbeddings embeddings_;
  std::vector<size_t> high_;
  std::vector<size_t> low_;
  std::vector<BoxCorners> high_boxes_;
  std::vector<Point> high_center_;
  std::vector<BoxCorners> low_boxes_;
  std::vector<BoxCorners> predicted_;
  std::vector<Point> previous_center_;
  std::vector<uint8_t> has_previous_;
  std::vector<int32_t> track_of_detection_;
  std::vector<uint8_t> matched_;  // by track
  UncontestedPairs uncontested_;
  std::vector<uint8_t> refused_;   // by detection
  std::vector<size_t> unmatched_;  // detections
  std::vector<BoxCorners> left_boxes_of_detections_;
  std::vector<size_t> left_tracks_;
  std::vector<BoxCorners> left_boxes_;
  BestPairs best_pairs_;
  std::vector<const AverageEmbedding*> track_averages_;
  CosineTable cosines_;
  std::vector<double> detection_weight_;
  std::vector<double> track_weight_;
  std::vector<double> cost_;
  std::vector<double> iou_;
  OverlapFinder overlaps_;
  SparseScores scores_;  // [detections x tracks]
  SparseScores allowed_;
  SparseAssigner assigner_;
  std::vector<TrackBox> output_;
};

}  // namespace reidbench
