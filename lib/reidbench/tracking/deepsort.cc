#include "reidbench/tracking/deepsort.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/row_products.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/kalman.h"

namespace reidbench {
namespace {

// The last `budget` embeddings of a track, of length 1.
class Gallery {
 public:
  void Add(const AlignedFloats& embedding, int budget) {
    if (next_ == rows_.size()) rows_.emplace_back();
    rows_[next_] = embedding;
    next_ = (next_ + 1) % static_cast<size_t>(budget);
  }
  double Distance(const AlignedFloats& embedding) const {
    float nearest = -std::numeric_limits<float>::infinity();
    for (const AlignedFloats& row : rows_) {
      nearest = std::max(nearest,
                         Dot(row.data(), embedding.data(), static_cast<int64_t>(embedding.size())));
    }
    return 1.0 - static_cast<double>(nearest);
  }

 private:
  std::vector<AlignedFloats> rows_;
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
  explicit DeepSort(const DeepSortOptions& options) : options_(options) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    SelectDetections(input);
    for (DeepSortTrack& track : tracks_) {
      track.filter.Predict();
      ++track.misses;
    }
    MatchByAppearance();
    MatchByOverlap();
    for (DeepSortTrack& track : tracks_) {
      if (track.misses > 0 && (!track.confirmed || track.misses > options_.max_age))
        track.ended = true;
    }
    for (const size_t d : open_) Start(d);
    std::erase_if(tracks_, [](const DeepSortTrack& t) { return t.ended; });
    Report(input.frame);
    return output_;
  }

 private:
  void SelectDetections(const FrameInput& input) {
    const auto given = static_cast<size_t>(input.embeddings.rows());
    if (given != input.detections.size()) {
      ThrowInput("frame {}: expected one embedding for each of {} detections, found {}",
                 input.frame.value, input.detections.size(), given);
    }
    detections_.clear();
    embeddings_.clear();
    open_.clear();
    for (size_t i = 0; i < input.detections.size(); ++i) {
      const TrackBox& detection = input.detections[i];
      if (!IsTrackable(detection.box)) continue;
      if (options_.min_score && detection.confidence < *options_.min_score) continue;
      const std::span<const float> embedding = input.embeddings.row(static_cast<int64_t>(i));
      const float length = std::sqrt(
          Dot(embedding.data(), embedding.data(), static_cast<int64_t>(embedding.size())));
      if (!(length > 0) || !std::isfinite(length)) {
        ThrowInput(
            "frame {}: expected embeddings of finite length > 0, found length {} for detection {}",
            input.frame.value, length, i + 1);
      }
      if (dim_ != 0 && embedding.size() != dim_) {
        ThrowInput("frame {}: expected embeddings of {} values as before, found {}",
                   input.frame.value, dim_, embedding.size());
      }
      dim_ = embedding.size();
      open_.push_back(detections_.size());
      detections_.push_back(&detection);
      AlignedFloats& unit = embeddings_.emplace_back(embedding.begin(), embedding.end());
      for (float& value : unit) value /= length;
    }
  }

  // The cascade: tracks seen a frame ago choose first, then those seen two frames ago, ...: the
  // longer a track is gone, the wider its gate, and the more it would take from the others.
  void MatchByAppearance() {
    int oldest = 0;
    for (const DeepSortTrack& track : tracks_) {
      if (track.confirmed) oldest = std::max(oldest, track.misses);
    }
    for (int misses = 1; misses <= oldest && !open_.empty(); ++misses) {
      candidates_.clear();
      for (size_t t = 0; t < tracks_.size(); ++t) {
        if (tracks_[t].confirmed && tracks_[t].misses == misses) candidates_.push_back(t);
      }
      if (candidates_.empty()) continue;
      scores_.Clear(static_cast<int32_t>(open_.size()));
      for (const size_t t : candidates_) {
        for (size_t k = 0; k < open_.size(); ++k) {
          const size_t d = open_[k];
          // The gate first: it is far cheaper than the gallery.
          if (tracks_[t].filter.SquaredDistance(detections_[d]->box) > kChiSquared95Dof4) continue;
          AddScore(k, options_.max_cosine_distance, tracks_[t].gallery.Distance(embeddings_[d]));
        }
        scores_.EndRow();
      }
      Assign();
    }
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
    for (const size_t d : open_) open_boxes_.push_back(CornersOf(detections_[d]->box));
    overlap_.Clear(static_cast<int32_t>(open_.size()));
    overlaps_.Append(candidate_boxes_, open_boxes_, &overlap_);
    scores_.Clear(overlap_.cols);
    for (size_t i = 0; i < candidates_.size(); ++i) {
      for (uint32_t k = overlap_.row_begin[i]; k < overlap_.row_begin[i + 1]; ++k)
        AddScore(overlap_.col[k], options_.max_iou_distance, 1 - overlap_.value[k]);
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
    track->filter.Update(detections_[d]->box);
    track->gallery.Add(embeddings_[d], options_.nn_budget);
    track->last = *detections_[d];
    track->misses = 0;
    ++track->hits;
    if (track->hits >= options_.n_init) track->confirmed = true;
  }

  void Start(size_t d) {
    DeepSortTrack track;
    track.id = ++last_id_;
    track.filter = HeightFilter(detections_[d]->box);
    track.gallery.Add(embeddings_[d], options_.nn_budget);
    track.last = *detections_[d];
    track.confirmed = options_.n_init <= 1;
    tracks_.push_back(std::move(track));
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const DeepSortTrack& track : tracks_) {
      if (!track.confirmed || track.misses > options_.report_misses) continue;
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = track.filter.Box();
      if (!IsTrackable(row.box)) continue;  // a predicted height may shrink to nothing
      output_.push_back(row);
    }
  }

  static constexpr size_t kClosed = static_cast<size_t>(-1);

  DeepSortOptions options_;
  int64_t last_id_ = 0;
  size_t dim_ = 0;
  std::vector<DeepSortTrack> tracks_;  // by id
  std::vector<const TrackBox*> detections_;
  std::vector<AlignedFloats> embeddings_;  // of length 1
  std::vector<size_t> open_;               // detections without a track so far
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

OptionTable DeepSortOptions::Table() {
  return OptionTable()
      .Add("max_cosine_distance", &max_cosine_distance, {0, 2},
           "To the nearest embedding of the track; depends on the network")
      .Add("nn_budget", &nn_budget, {1, 10000}, "Embeddings a track remembers")
      .Add("max_iou_distance", &max_iou_distance, {0, 1},
           "Largest cost 1 - IoU in the matching without appearance")
      .Add("max_age", &max_age, {.low = 1}, "Frames a confirmed track survives without a detection")
      .Add("n_init", &n_init, {.low = 1}, "Detections in a row before a track is confirmed")
      .Add("report_misses", &report_misses, {.low = 0},
           "Frames after its last detection in which the predicted box is still reported")
      .Add("min_score", &min_score, OptionRange{}, "Leave out detections below this score");
}

std::unique_ptr<Tracker> MakeDeepSort(const DeepSortOptions& options) {
  RequireOptions("deepsort", options.Validate());
  return std::make_unique<DeepSort>(options);
}

}  // namespace reidbench
