// The two associations by score of ByteTrack (Zhang et al., ECCV 2022, algorithm 1), which BoT-SORT
// shares: high-scoring detections first, low-scoring ones to keep tracks alive. Filter:
// HeightFilter or SizeFilter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/appearance.h"
#include "reidbench/tracking/kalman.h"
#include "reidbench/tracking/size_limits.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

struct TwoStageSettings {
  double high_thresh = 0;  // scores above take part in the first association
  double low_thresh = 0;   // scores above in the second
  double new_track_thresh = 0;
  // Largest costs of the three associations.
  double match_thresh = 0;
  double second_match_thresh = 0;
  double unconfirmed_match_thresh = 0;
  int track_buffer = 0;
  bool fuse_score = false;
  double duplicate_iou = 0;
  // The programs' IoU counts a pixel more on each side, and lost tracks can be found for one frame
  // after their removal.
  bool compat_reference = false;
  bool report_unconfirmed = false;
  std::optional<SizeLimits> report = std::nullopt;
  // Appearance, where embeddings are given: a cost above the limit, or of boxes too far apart,
  // counts 1.
  bool use_appearance = false;
  double proximity_thresh = 0;   // largest 1 - IoU
  double appearance_thresh = 0;  // largest half cosine distance
  double ema_keep = 0;           // share of the old embedding in the moving average
};

template <typename Filter>
class TwoStageTracker : public Tracker {
 public:
  explicit TwoStageTracker(const TwoStageSettings& settings) : settings_(settings) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frame_;
    detections_ = input.detections;
    if (settings_.use_appearance) embeddings_.Read(input, false);
    SelectDetections();

    for (Track& track : tracks_) {
      if (track.state == State::kUnconfirmed) continue;
      if (track.state != State::kTracked) track.filter.StopGrowing();
      track.filter.Predict();
    }
    MoveWithCamera(input);
    pool_.clear();
    unconfirmed_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t)
      (tracks_[t].state == State::kUnconfirmed ? unconfirmed_ : pool_).push_back(t);

    Associate(&pool_, &high_, settings_.match_thresh, settings_.fuse_score, embeddings_.given());
    tracked_left_.clear();
    lost_left_.clear();
    for (const size_t t : pool_)
      (tracks_[t].state == State::kTracked ? tracked_left_ : lost_left_).push_back(t);
    Associate(&tracked_left_, &low_, settings_.second_match_thresh, false, false);
    Associate(&unconfirmed_, &high_, settings_.unconfirmed_match_thresh, settings_.fuse_score,
              embeddings_.given());

    for (const size_t t : tracked_left_)
      tracks_[t].state = tracks_[t].expired ? State::kEnded : State::kLost;
    for (const size_t t : unconfirmed_) tracks_[t].state = State::kEnded;
    for (const size_t t : lost_left_) Age(&tracks_[t]);
    for (const size_t d : high_) {
      if (detections_[d].confidence >= settings_.new_track_thresh) Start(d);
    }
    EndDuplicates();
    Report(input.frame);
    std::erase_if(tracks_, [](const Track& t) { return t.state == State::kEnded; });
    return output_;
  }

 private:
  enum class State : uint8_t {
    kUnconfirmed,  // seen in one frame
    kTracked,
    kLost,
    kEnded,
  };

  struct Track {
    int64_t id = 0;
    State state = State::kUnconfirmed;
    Filter filter;
    AverageEmbedding average;
    int64_t first_frame = 0;
    int64_t last_frame = 0;  // of the last detection
    TrackBox last;           // confidence and class of that detection
    bool expired = false;    // was over its buffer once; compat only
  };

  void SelectDetections() {
    high_.clear();
    low_.clear();
    for (size_t d = 0; d < detections_.size(); ++d) {
      const TrackBox& detection = detections_[d];
      if (!IsTrackable(detection.box)) continue;
      if (detection.confidence > settings_.high_thresh) {
        high_.push_back(d);
      } else if (detection.confidence > settings_.low_thresh &&
                 detection.confidence < settings_.high_thresh) {
        low_.push_back(d);
      }
    }
  }

  void MoveWithCamera(const FrameInput& input) {
    if constexpr (requires(Filter f, Affine a) { f.Move(a, CovarianceTurn::kAll); }) {
      if (!input.affine) return;
      for (Track& track : tracks_) track.filter.Move(*input.affine, CovarianceTurn::kAll);
      std::erase_if(tracks_,
                    [](const Track& t) { return !IsWithinReach(CornersOf(t.filter.Box())); });
    }
  }

  // The programs keep boxes as corners, which may round width and height.
  static BoxLtwh Measured(const TrackBox& detection) {
    const BoxCorners c = CornersOf(detection.box);
    return {c.left, c.top, c.right - c.left, c.bottom - c.top};
  }

  BoxCorners Corners(const BoxLtwh& box) const {
    BoxCorners c = CornersOf(box);
    if (settings_.compat_reference) {
      c.right += 1;
      c.bottom += 1;
      c.area = (c.right - c.left) * (c.bottom - c.top);
    }
    return c;
  }

  // Matches tracks with detections, updates the former and leaves in both lists what found no
  // partner. A pair may cost at most `limit`; among the allowed ones the sum of the savings
  // limit - cost is maximised. Boxes that do not overlap cost 1, whatever their appearance.
  void Associate(std::vector<size_t>* tracks, std::vector<size_t>* detections, double limit,
                 bool fuse_score, bool by_appearance) {
    track_boxes_.clear();
    detection_boxes_.clear();
    for (const size_t t : *tracks) track_boxes_.push_back(Corners(tracks_[t].filter.Box()));
    for (const size_t d : *detections) detection_boxes_.push_back(Corners(detections_[d].box));
    overlap_.Clear(static_cast<int32_t>(detections->size()));
    overlaps_.Append(track_boxes_, detection_boxes_, &overlap_);
    savings_.Clear(overlap_.cols);
    for (size_t i = 0; i < tracks->size(); ++i) {
      for (uint32_t k = overlap_.row_begin[i]; k < overlap_.row_begin[i + 1]; ++k) {
        const size_t d = (*detections)[overlap_.col[k]];
        const double iou = overlap_.value[k];
        double cost = 1 - (fuse_score ? iou * detections_[d].confidence : iou);
        if (by_appearance && 1 - iou <= settings_.proximity_thresh) {
          const double appearance =
              (1 - tracks_[(*tracks)[i]].average.Cosine(embeddings_.row(d))) / 2;
          if (appearance <= settings_.appearance_thresh) cost = std::min(cost, appearance);
        }
        const double saving = limit - cost;
        if (saving > 0) savings_.Add(overlap_.col[k], saving);
      }
      savings_.EndRow();
    }
    const std::span<const int32_t> assigned = assigner_.Maximise(savings_.View());
    size_t tracks_left = 0;
    for (size_t i = 0; i < tracks->size(); ++i) {
      if (assigned[i] == kUnassigned) {
        (*tracks)[tracks_left++] = (*tracks)[i];
      } else {
        Update(&tracks_[(*tracks)[i]], (*detections)[assigned[i]], detections != &low_);
        (*detections)[assigned[i]] = kTaken;
      }
    }
    tracks->resize(tracks_left);
    std::erase(*detections, kTaken);
  }

  // Low-scoring detections say where somebody is, not what somebody looks like.
  void Update(Track* track, size_t detection, bool has_embedding) {
    track->filter.Update(Measured(detections_[detection]));
    track->state = State::kTracked;
    track->last_frame = frame_;
    track->last = detections_[detection];
    if (has_embedding && embeddings_.given())
      track->average.Blend(embeddings_.row(detection), settings_.ema_keep);
  }

  void Age(Track* track) {
    if (frame_ - track->last_frame <= settings_.track_buffer) return;
    // The programs take a track off its list one frame after declaring it removed.
    if (settings_.compat_reference && !track->expired) {
      track->expired = true;
    } else {
      track->state = State::kEnded;
    }
  }

  void Start(size_t detection) {
    Track track;
    track.id = ++last_id_;
    track.state = frame_ == 1 ? State::kTracked : State::kUnconfirmed;
    track.filter = Filter(Measured(detections_[detection]));
    if (embeddings_.given()) track.average.Start(embeddings_.row(detection));
    track.first_frame = track.last_frame = frame_;
    track.last = detections_[detection];
    tracks_.push_back(std::move(track));
  }

  // A lost track on top of one that is seen: the one with the longer history stays.
  void EndDuplicates() {
    pool_.clear();
    lost_left_.clear();
    track_boxes_.clear();
    detection_boxes_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (tracks_[t].state == State::kEnded) continue;
      const bool lost = tracks_[t].state == State::kLost;
      (lost ? lost_left_ : pool_).push_back(t);
      (lost ? detection_boxes_ : track_boxes_).push_back(Corners(tracks_[t].filter.Box()));
    }
    if (lost_left_.empty()) return;
    overlap_.Clear(static_cast<int32_t>(lost_left_.size()));
    overlaps_.Append(track_boxes_, detection_boxes_, &overlap_);
    for (size_t i = 0; i < pool_.size(); ++i) {
      for (uint32_t k = overlap_.row_begin[i]; k < overlap_.row_begin[i + 1]; ++k) {
        if (!(1 - overlap_.value[k] < 1 - settings_.duplicate_iou)) continue;
        Track& seen = tracks_[pool_[i]];
        Track& lost = tracks_[lost_left_[overlap_.col[k]]];
        const bool seen_is_longer =
            seen.last_frame - seen.first_frame > lost.last_frame - lost.first_frame;
        (seen_is_longer ? lost : seen).state = State::kEnded;
      }
    }
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const Track& track : tracks_) {
      if (track.state != State::kTracked &&
          !(settings_.report_unconfirmed && track.state == State::kUnconfirmed)) {
        continue;
      }
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = track.filter.Box();
      if (settings_.report && !settings_.report->Allow(row.box)) continue;
      output_.push_back(row);
    }
  }

  static constexpr size_t kTaken = static_cast<size_t>(-1);

  TwoStageSettings settings_;
  int64_t frame_ = 0;  // calls of Step
  int64_t last_id_ = 0;
  std::vector<Track> tracks_;  // by id
  std::span<const TrackBox> detections_;
  UnitEmbeddings embeddings_;
  std::vector<size_t> high_;
  std::vector<size_t> low_;
  std::vector<size_t> pool_;
  std::vector<size_t> unconfirmed_;
  std::vector<size_t> tracked_left_;
  std::vector<size_t> lost_left_;
  std::vector<BoxCorners> track_boxes_;
  std::vector<BoxCorners> detection_boxes_;
  OverlapFinder overlaps_;
  SparseScores overlap_;
  SparseScores savings_;
  SparseAssigner assigner_;
  std::vector<TrackBox> output_;
};

}  // namespace reidbench
