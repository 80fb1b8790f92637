#include "reidbench/tracking/deepsort_family.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/appearance.h"
#include "reidbench/tracking/kalman.h"

namespace reidbench {
namespace {

// The last `budget` embeddings of a track.
class Gallery {
 public:
  void Add(std::span<const float> embedding, int budget) {
    if (next_ == rows_.size()) rows_.emplace_back();
    rows_[next_].Start(embedding);
    next_ = (next_ + 1) % static_cast<size_t>(budget);
  }
  void Blend(std::span<const float> embedding, double keep) {
    rows_.front().Blend(embedding, keep);
  }
  double Distance(std::span<const float> embedding) const {
    double nearest = -std::numeric_limits<double>::infinity();
    for (const AverageEmbedding& row : rows_) nearest = std::max(nearest, row.Cosine(embedding));
    return 1 - nearest;
  }

 private:
  std::vector<AverageEmbedding> rows_;
  size_t next_ = 0;
};

struct DeepSortTrack {
  int64_t id = 0;
  HeightFilter filter;
  Gallery gallery;
  int hits = 1;
  int misses = 0;  // frames since the last detection; counts the current one until it is matched
  bool confirmed = false;
  bool ended = false;
  TrackBox last;  // confidence and class of the last detection
};

class DeepSort : public Tracker {
 public:
  explicit DeepSort(const DeepSortSettings& settings) : settings_(settings) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    SelectDetections(input);
    if (settings_.camera_motion && input.affine) MoveWithCamera(*input.affine);
    for (DeepSortTrack& track : tracks_) {
      track.filter.Predict();
      ++track.misses;
    }
    MatchByAppearance();
    MatchByOverlap();
    for (DeepSortTrack& track : tracks_) {
      if (track.misses > 0 && (!track.confirmed || track.misses > settings_.max_age))
        track.ended = true;
    }
    for (const size_t d : open_) Start(d);
    std::erase_if(tracks_, [](const DeepSortTrack& t) { return t.ended; });
    Report(input.frame);
    return output_;
  }

 private:
  void SelectDetections(const FrameInput& input) {
    embeddings_.Read(input, settings_.appearance_needed);
    detections_ = input.detections;
    open_.clear();
    for (size_t d = 0; d < detections_.size(); ++d) {
      if (!IsTrackable(detections_[d].box)) continue;
      if (settings_.min_score && detections_[d].confidence < *settings_.min_score) continue;
      open_.push_back(d);
    }
  }

  void MoveWithCamera(const Affine& motion) {
    for (DeepSortTrack& track : tracks_) {
      const BoxCorners box = MoveCorners(motion, CornersOf(track.filter.Box()));
      track.filter.MoveTo({box.left, box.top, box.right - box.left, box.bottom - box.top});
    }
    std::erase_if(tracks_,
                  [](const DeepSortTrack& t) { return !IsWithinReach(CornersOf(t.filter.Box())); });
  }

  void MatchByAppearance() {
    if (!settings_.cascade) {
      MatchConfirmed([](const DeepSortTrack&) { return true; });
      return;
    }
    // The cascade: tracks seen a frame ago choose first, then those seen two frames ago, ...: the
    // longer a track is gone, the wider its gate, and the more it would take from the others.
    int oldest = 0;
    for (const DeepSortTrack& track : tracks_) {
      if (track.confirmed) oldest = std::max(oldest, track.misses);
    }
    for (int misses = 1; misses <= oldest && !open_.empty(); ++misses)
      MatchConfirmed([&](const DeepSortTrack& track) { return track.misses == misses; });
  }

  // Those that `takes_part` names.
  template <typename Predicate>
  void MatchConfirmed(Predicate&& takes_part) {
    candidates_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (tracks_[t].confirmed && takes_part(tracks_[t])) candidates_.push_back(t);
    }
    if (candidates_.empty()) return;
    scores_.Clear(static_cast<int32_t>(open_.size()));
    for (const size_t t : candidates_) {
      for (size_t k = 0; k < open_.size(); ++k) {
        const size_t d = open_[k];
        // The gate first: it is far cheaper than the gallery.
        const double reach = tracks_[t].filter.SquaredDistance(detections_[d].box);
        if (reach > kChiSquared95Dof4) continue;
        const double appearance =
            embeddings_.given() ? tracks_[t].gallery.Distance(embeddings_.row(d)) : 0;
        AddScore(k, settings_.max_cost,
                 (1 - settings_.motion_weight) * appearance + settings_.motion_weight * reach);
      }
      scores_.EndRow();
    }
    Assign();
  }

  // For tracks not yet confirmed, and those missed only just now: sudden changes of appearance.
  void MatchByOverlap() {
    candidates_.clear();
    candidate_boxes_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (tracks_[t].misses != 1) continue;
      candidates_.push_back(t);
      candidate_boxes_.push_back(CornersOf(tracks_[t].filter.Box()));
    }
    open_boxes_.clear();
    for (const size_t d : open_) open_boxes_.push_back(CornersOf(detections_[d].box));
    overlap_.Clear(static_cast<int32_t>(open_.size()));
    overlaps_.Append(candidate_boxes_, open_boxes_, &overlap_);
    scores_.Clear(overlap_.cols);
    for (size_t i = 0; i < candidates_.size(); ++i) {
      for (uint32_t k = overlap_.row_begin[i]; k < overlap_.row_begin[i + 1]; ++k)
        AddScore(overlap_.col[k], settings_.max_iou_distance, 1 - overlap_.value[k]);
      scores_.EndRow();
    }
    Assign();
  }

  // Minimising costs where refused pairs cost a little more than the limit is maximising this.
  void AddScore(size_t open, double limit, double cost) {
    constexpr double kRefusedAbove = 1e-5;
    if (cost <= limit) scores_.Add(static_cast<int32_t>(open), limit + kRefusedAbove - cost);
  }

  // Candidates by open detections: updates the matched tracks and closes their detections.
  void Assign() {
    const std::span<const int32_t> assigned = assigner_.Maximise(scores_.View());
    for (size_t i = 0; i < candidates_.size(); ++i) {
      if (assigned[i] == kUnassigned) continue;
      Update(&tracks_[candidates_[i]], open_[assigned[i]]);
      open_[assigned[i]] = kClosed;
    }
    std::erase(open_, kClosed);
  }

  void Update(DeepSortTrack* track, size_t d) {
    const TrackBox& detection = detections_[d];
    track->filter.Update(detection.box, settings_.noise_by_score ? 1 - detection.confidence : 1);
    if (embeddings_.given()) {
      if (settings_.ema_keep) {
        track->gallery.Blend(embeddings_.row(d), *settings_.ema_keep);
      } else {
        track->gallery.Add(embeddings_.row(d), settings_.nn_budget);
      }
    }
    track->last = detection;
    track->misses = 0;
    ++track->hits;
    if (track->hits >= settings_.n_init) track->confirmed = true;
  }

  void Start(size_t d) {
    DeepSortTrack track;
    track.id = ++last_id_;
    track.filter = HeightFilter(detections_[d].box);
    if (embeddings_.given()) track.gallery.Add(embeddings_.row(d), settings_.nn_budget);
    track.last = detections_[d];
    track.confirmed = settings_.n_init <= 1;
    tracks_.push_back(std::move(track));
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const DeepSortTrack& track : tracks_) {
      if (!track.confirmed || track.misses > settings_.report_misses) continue;
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = track.filter.Box();
      if (!IsTrackable(row.box)) continue;  // a predicted height may shrink to nothing
      output_.push_back(row);
    }
  }

  static constexpr size_t kClosed = static_cast<size_t>(-1);

  DeepSortSettings settings_;
  int64_t last_id_ = 0;
  std::vector<DeepSortTrack> tracks_;  // by id
  std::span<const TrackBox> detections_;
  UnitEmbeddings embeddings_;
  std::vector<size_t> open_;  // detections without a track so far
  std::vector<size_t> candidates_;
  std::vector<BoxCorners> candidate_boxes_;
  std::vector<BoxCorners> open_boxes_;
  OverlapFinder overlaps_;
  SparseScores overlap_;
  SparseScores scores_;  // [candidates x open detections]
  SparseAssigner assigner_;
  std::vector<TrackBox> output_;
};

}  // namespace

std::unique_ptr<Tracker> MakeDeepSortTracker(const DeepSortSettings& settings) {
  return std::make_unique<DeepSort>(settings);
}

}  // namespace reidbench
