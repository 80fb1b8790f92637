#include "reidbench/tracking/sort.h"

#include <algorithm>
#include <cmath>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/kalman.h"
#include "reidbench/tracking/pair_selection.h"

namespace reidbench {
namespace {

struct SortTrack {
  int64_t id = 0;
  AreaRatioFilter filter;
  BoxCorners predicted;
  int hit_streak = 0;
  int misses = 0;  // frames since the last detection; counts the current one until it is matched
  TrackBox last;   // confidence and class of the last detection
};

class Sort : public Tracker {
 public:
  explicit Sort(const SortOptions& options) : options_(options) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frames_;
    SelectDetections(input);
    Predict();
    Associate();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (detection_of_track_[t] == kUnassigned) continue;
      SortTrack& track = tracks_[t];
      const int32_t d = detection_of_track_[t];
      track.filter.Update(MeasureAreaRatio(boxes_[d]));
      track.last = *detections_[d];
      track.misses = 0;
      ++track.hit_streak;
    }
    for (const int32_t d : fresh_) {
      SortTrack track;
      track.id = ++last_id_;
      track.filter = AreaRatioFilter(MeasureAreaRatio(boxes_[d]));
      track.last = *detections_[d];
      tracks_.push_back(std::move(track));
    }
    Report(input.frame);
    std::erase_if(tracks_, [&](const SortTrack& t) { return t.misses > options_.max_age; });
    return output_;
  }

 private:
  void SelectDetections(const FrameInput& input) {
    detections_.clear();
    boxes_.clear();
    for (const TrackBox& detection : input.detections) {
      if (!IsTrackable(detection.box)) continue;
      if (options_.min_score && detection.confidence < *options_.min_score) continue;
      detections_.push_back(&detection);
      boxes_.push_back(CornersOf(detection.box));
    }
  }

  void Predict() {
    predicted_.clear();
    size_t kept = 0;
    for (size_t t = 0; t < tracks_.size(); ++t) {
      SortTrack& track = tracks_[t];
      track.filter.StopVanishingArea();
      track.filter.Predict();
      if (track.misses > 0) track.hit_streak = 0;
      ++track.misses;
      track.predicted = track.filter.Box();
      // A negative aspect ratio has no box: the track ends.
      if (std::isnan(track.predicted.area)) continue;
      predicted_.push_back(track.predicted);
      if (kept != t) tracks_[kept] = track;
      ++kept;
    }
    tracks_.resize(kept);
  }

  // Fills detection_of_track_ and fresh_, the detections that start tracks. The order of fresh_
  // numbers the new identities: detections that the assignment left out come first, then those
  // paired with a track below the threshold.
  void Associate() {
    const auto detections = static_cast<int32_t>(boxes_.size());
    const auto tracks = static_cast<int32_t>(predicted_.size());
    detection_of_track_.assign(tracks, kUnassigned);
    fresh_.clear();
    scores_.Clear(tracks);
    overlaps_.Append(boxes_, predicted_, &scores_);
    const bool uncontested = uncontested_.Find(scores_.View(), options_.iou_threshold);
    if (uncontested) {
      track_of_detection_ = uncontested_.partner();
    } else {
      // With fewer tracks than detections, which detections are left out depends on pairs that do
      // not overlap at all, so the whole matrix has to be solved.
      if (detections > tracks) {
        SolveDense(detections, tracks);
      } else {
        track_of_detection_ = assigner_.MaximiseLikeScipy(scores_.View());
      }
    }
    paired_below_.clear();
    for (int32_t d = 0; d < detections; ++d) {
      const int32_t t = track_of_detection_[d];
      if (t == kUnassigned) {
        fresh_.push_back(d);
      } else if (uncontested || Score(d, t) >= options_.iou_threshold) {
        detection_of_track_[t] = d;
      } else {
        paired_below_.push_back(d);
      }
    }
    fresh_.insert(fresh_.end(), paired_below_.begin(), paired_below_.end());
    // With at least as many tracks as detections the assignment leaves no detection out.
    if (detections <= tracks) std::sort(fresh_.begin(), fresh_.end());
  }

  void SolveDense(int32_t detections, int32_t tracks) {
    dense_cost_.assign(static_cast<size_t>(detections) * tracks, 0.0);
    for (int32_t d = 0; d < detections; ++d) {
      for (uint32_t k = scores_.row_begin[d]; k < scores_.row_begin[d + 1]; ++k)
        dense_cost_[static_cast<size_t>(d) * tracks + scores_.col[k]] = -scores_.value[k];
    }
    dense_solution_ = LinearSumAssignment(detections, tracks, dense_cost_);
    track_of_detection_ = dense_solution_;
  }

  double Score(int32_t detection, int32_t track) const {
    const auto begin = scores_.col.begin() + scores_.row_begin[detection];
    const auto end = scores_.col.begin() + scores_.row_begin[detection + 1];
    const auto found = std::lower_bound(begin, end, track);
    return found == end || *found != track ? 0 : scores_.value[found - scores_.col.begin()];
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const SortTrack& track : tracks_) {
      if (track.misses > 0) continue;
      if (track.hit_streak < options_.min_hits && frames_ > options_.min_hits) continue;
      const BoxCorners box = track.filter.Box();
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = {box.left, box.top, box.right - box.left, box.bottom - box.top};
      output_.push_back(row);
    }
  }

  SortOptions options_;
  int64_t frames_ = 0;
  int64_t last_id_ = 0;
  std::vector<SortTrack> tracks_;  // by id
  std::vector<const TrackBox*> detections_;
  std::vector<BoxCorners> boxes_;
  std::vector<BoxCorners> predicted_;
  OverlapFinder overlaps_;
  SparseScores scores_;  // [detections x tracks]
  SparseAssigner assigner_;
  UncontestedPairs uncontested_;
  std::span<const int32_t> track_of_detection_;
  std::vector<double> dense_cost_;
  std::vector<int32_t> dense_solution_;
  std::vector<int32_t> detection_of_track_;
  std::vector<int32_t> paired_below_;
  std::vector<int32_t> fresh_;
  std::vector<TrackBox> output_;
};

}  // namespace

OptionTable SortOptions::Table() {
  return OptionTable()
      .Add("max_age", &max_age, {.low = 0}, "Frames a track survives without a detection")
      .Add("min_hits", &min_hits, {.low = 0},
           "Detections in a row before a track is reported, but in the first frames")
      .Add("iou_threshold", &iou_threshold, {0, 1}, "Least IoU of detection and predicted box")
      .Add("min_score", &min_score, OptionRange{}, "Leave out detections below this score")
      .AddChoice("compat", &compat_reference, {{"reference", true}},
                 "The authors' program box for box; there is no other SORT");
}

std::unique_ptr<Tracker> MakeSort(const SortOptions& options) {
  RequireOptions("sort", options.Validate());
  return std::make_unique<Sort>(options);
}

}  // namespace reidbench
