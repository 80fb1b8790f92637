#include "reidbench/tracking/boosttrack.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/appearance.h"
#include "reidbench/tracking/kalman.h"
#include "reidbench/tracking/pair_selection.h"

namespace reidbench {
namespace {

// Quantile 0.99 of the chi-squared distribution with 4 degrees of freedom.
constexpr double kMahalanobisLimit = 13.2767;
// A track's confidence fades by this a frame without a detection, and grows by it in its first
// frames.
constexpr double kConfidenceDecay = 0.9;
constexpr int64_t kYoungAge = 7;
// The similarity that makes a detection likely falls by the step with every frame that the track
// was not seen.
constexpr double kLikelyStart = 0.95;
constexpr double kLikelyStep = 0.0075;
constexpr double kLikelyLeast = 0.8;
constexpr double kSimilarityPower = 1.5;
// Raised scores pass the threshold by so much.
constexpr double kLikelyMargin = 1e-5;
constexpr double kUnlikelyMargin = 1e-4;
constexpr double kCrowdedIou = 0.3;
// A pair of less IoU is valid from half the threshold on where the appearance agrees.
constexpr double kAlikeCosine = 0.75;

struct BoostTrackState {
  int64_t id = 0;
  HeightRatioFilter filter;
  AverageEmbedding average;
  int64_t age = 0;     // predictions so far
  int hit_streak = 0;  // detections in a row
  int misses = 0;  // frames since the last detection; counts the current one until it is matched
  BoxCorners predicted;
  TrackBox last;  // confidence and class of the last detection

  double Confidence() const {
    const double exponent =
        age < kYoungAge ? static_cast<double>(kYoungAge - age) : static_cast<double>(misses - 1);
    return std::pow(kConfidenceDecay, exponent);
  }
};

// The box widened by a share of its width and height on every side.
BoxCorners Widened(const BoxCorners& box, double share) {
  const double width = box.right - box.left;
  const double height = box.bottom - box.top;
  BoxCorners wide;
  wide.left = box.left - width * share;
  wide.top = box.top - height * share;
  wide.right = box.right + width * share;
  wide.bottom = box.bottom + height * share;
  wide.area = (wide.right - wide.left) * (wide.bottom - wide.top);
  return wide;
}

// A detection with its score as it is raised.
struct Candidate {
  size_t index = 0;
  BoxCorners box;
  double score = 0;
};

class BoostTrack : public Tracker {
 public:
  explicit BoostTrack(const BoostTrackOptions& options) : options_(options) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frames_;
    embeddings_.Read(input, false);
    candidates_.clear();
    for (size_t d = 0; d < input.detections.size(); ++d) {
      const TrackBox& detection = input.detections[d];
      if (IsTrackable(detection.box))
        candidates_.push_back({d, CornersOf(detection.box), detection.confidence});
    }
    if (input.affine) {
      for (BoostTrackState& track : tracks_)
        track.filter.MoveTo(MoveCorners(*input.affine, track.filter.Box()));
    }
    for (BoostTrackState& track : tracks_) {
      track.filter.Predict();
      ++track.age;
      if (track.misses > 0) track.hit_streak = 0;
      ++track.misses;
      track.predicted = track.filter.Box();
    }
    std::erase_if(tracks_, [](const BoostTrackState& t) { return !IsWithinReach(t.predicted); });
    BoostLikely();
    if (options_.boost_unlikely) BoostUnlikely();
    std::erase_if(candidates_, [&](const Candidate& c) { return c.score < options_.det_thresh; });
    Associate(input);
    Report(input.frame);
    std::erase_if(tracks_, [&](const BoostTrackState& t) { return t.misses > options_.max_age; });
    return output_;
  }

 private:
  // [candidates x tracks] of squared Mahalanobis distances.
  void MeasureDistances() {
    distance_.clear();
    for (const Candidate& candidate : candidates_) {
      for (const BoostTrackState& track : tracks_)
        distance_.push_back(track.filter.SquaredDistance(candidate.box));
    }
  }

  // [candidates x tracks]: of a track's distances to all candidates a softmax of how far they are
  // below the limit; 0 beyond it, where a pair yet adds to the sum.
  void MeasureMahalanobisSimilarity() {
    MeasureDistances();
    const size_t tracks = tracks_.size();
    mahalanobis_.resize(distance_.size());
    column_sum_.assign(tracks, 0.0);
    for (size_t k = 0; k < distance_.size(); ++k) {
      mahalanobis_[k] = std::exp(kMahalanobisLimit - std::min(distance_[k], kMahalanobisLimit));
      column_sum_[k % tracks] += mahalanobis_[k];
    }
    for (size_t k = 0; k < distance_.size(); ++k)
      mahalanobis_[k] =
          distance_[k] > kMahalanobisLimit ? 0 : mahalanobis_[k] / column_sum_[k % tracks];
  }

  double ShapeSimilarity(const BoxCorners& a, const BoxCorners& b) const {
    const double width_a = a.right - a.left, width_b = b.right - b.left;
    const double height_a = a.bottom - a.top, height_b = b.bottom - b.top;
    const double width = std::max(width_a, width_b);
    const double height = options_.compat_reference ? width : std::max(height_a, height_b);
    return std::exp(
        -(std::abs(width_a - width_b) / width + std::abs(height_a - height_b) / height));
  }

  // DLO: detections that resemble a track are likely.
  void BoostLikely() {
    if (tracks_.empty()) return;
    if (options_.rich_similarity) MeasureMahalanobisSimilarity();
    const size_t tracks = tracks_.size();
    for (size_t d = 0; d < candidates_.size(); ++d) {
      Candidate& candidate = candidates_[d];
      double most = 0;
      bool likely = false;
      for (size_t t = 0; t < tracks; ++t) {
        const BoxCorners& box = tracks_[t].predicted;
        double similarity = 0;
        if (options_.rich_similarity) {
          // Boxes are widened the more, the less the track is trusted.
          const double doubt = 1 - tracks_[t].Confidence();
          similarity = (mahalanobis_[d * tracks + t] + ShapeSimilarity(candidate.box, box) +
                        Iou(Widened(candidate.box, doubt / 4), Widened(box, doubt / 2))) /
                       3;
        } else {
          similarity = Iou(candidate.box, box);
        }
        most = std::max(most, similarity);
        likely = likely ||
                 similarity >
                     std::max(kLikelyLeast, kLikelyStart - kLikelyStep * (tracks_[t].misses - 1));
      }
      if (!options_.soft_boost && !options_.varying_threshold) {
        candidate.score = std::max(candidate.score, options_.boost_share * most);
      }
      if (options_.soft_boost) {
        candidate.score = std::max(
            candidate.score, options_.boost_share * candidate.score +
                                 (1 - options_.boost_share) * std::pow(most, kSimilarityPower));
      }
      if (options_.varying_threshold && likely)
        candidate.score = std::max(candidate.score, options_.det_thresh + kLikelyMargin);
    }
  }

  // DUO: detections far from every track are somebody new; where several overlap, the best of them.
  void BoostUnlikely() {
    if (tracks_.empty() || frames_ < 2) return;
    MeasureDistances();
    const size_t tracks = tracks_.size();
    unlikely_.clear();
    for (size_t d = 0; d < candidates_.size(); ++d) {
      if (candidates_[d].score >= options_.det_thresh) continue;
      const auto row = distance_.begin() + static_cast<std::ptrdiff_t>(d * tracks);
      if (std::all_of(row, row + static_cast<std::ptrdiff_t>(tracks),
                      [](double distance) { return distance > kMahalanobisLimit; })) {
        unlikely_.push_back(d);
      }
    }
    raised_.clear();
    for (const size_t d : unlikely_) {
      const bool best = std::all_of(unlikely_.begin(), unlikely_.end(), [&](size_t other) {
        return candidates_[other].score <= candidates_[d].score ||
               Iou(candidates_[other].box, candidates_[d].box) <= kCrowdedIou;
      });
      if (best) raised_.push_back(d);
    }
    for (const size_t d : raised_) candidates_[d].score = options_.det_thresh + kUnlikelyMargin;
  }

  void Associate(const FrameInput& input) {
    const size_t tracks = tracks_.size();
    candidate_taken_.assign(candidates_.size(), 0);
    if (tracks > 0 && !candidates_.empty()) {
      MeasureSimilarity();
      const bool uncontested = uncontested_.Find(positive_.View(), options_.iou_threshold);
      const std::vector<int32_t> assigned =
          uncontested ? uncontested_.partner()
                      : LinearSumAssignment(static_cast<int32_t>(candidates_.size()),
                                            static_cast<int32_t>(tracks), cost_);
      for (size_t d = 0; d < candidates_.size(); ++d) {
        if (assigned[d] == kUnassigned) continue;
        const auto t = static_cast<size_t>(assigned[d]);
        const double iou = iou_[d * tracks + t];
        const bool alike = embeddings_.given() && iou >= options_.iou_threshold / 2 &&
                           cosines_.at(d, t) >= kAlikeCosine;
        if (iou < options_.iou_threshold && !alike) continue;
        candidate_taken_[d] = 1;
        Update(&tracks_[t], candidates_[d], input.detections);
      }
    }
    for (size_t d = 0; d < candidates_.size(); ++d) {
      if (candidate_taken_[d] == 0) Start(candidates_[d], input.detections);
    }
  }

  // Fills iou_ and cost_ (the negative similarity), [candidates x tracks], and positive_.
  void MeasureSimilarity() {
    const size_t tracks = tracks_.size();
    MeasureMahalanobisSimilarity();
    if (embeddings_.given()) {
      indices_.clear();
      for (const Candidate& candidate : candidates_) indices_.push_back(candidate.index);
      track_averages_.clear();
      for (const BoostTrackState& track : tracks_) track_averages_.push_back(&track.average);
      cosines_.Fill(embeddings_, indices_, track_averages_);
    }
    iou_.resize(candidates_.size() * tracks);
    cost_.resize(iou_.size());
    positive_.Clear(static_cast<int32_t>(tracks));
    for (size_t d = 0; d < candidates_.size(); ++d) {
      const Candidate& candidate = candidates_[d];
      for (size_t t = 0; t < tracks; ++t) {
        const size_t k = d * tracks + t;
        const BoxCorners& box = tracks_[t].predicted;
        iou_[k] = Iou(candidate.box, box);
        const double trust =
            iou_[k] < options_.iou_threshold ? 0 : candidate.score * tracks_[t].Confidence();
        double similarity = iou_[k] + options_.iou_weight * trust * iou_[k] +
                            options_.mahalanobis_weight * mahalanobis_[k];
        if (trust > 0)
          similarity += options_.shape_weight * trust * ShapeSimilarity(candidate.box, box);
        if (embeddings_.given()) similarity += options_.appearance_weight * cosines_.at(d, t);
        cost_[k] = -similarity;
        if (similarity > 0) positive_.Add(static_cast<int32_t>(t), similarity);
      }
      positive_.EndRow();
    }
  }

  void Update(BoostTrackState* track, const Candidate& candidate,
              std::span<const TrackBox> detections) {
    track->filter.Update(candidate.box);
    track->last = detections[candidate.index];
    track->misses = 0;
    ++track->hit_streak;
    if (!embeddings_.given()) return;
    // The less a detection is trusted, the less of its embedding is taken.
    const double trust = (candidate.score - options_.det_thresh) / (1 - options_.det_thresh);
    track->average.Blend(embeddings_.row(candidate.index),
                         options_.ema_keep + (1 - options_.ema_keep) * (1 - trust));
  }

  void Start(const Candidate& candidate, std::span<const TrackBox> detections) {
    BoostTrackState track;
    track.id = ++last_id_;
    track.filter = HeightRatioFilter(candidate.box);
    if (embeddings_.given()) track.average.Start(embeddings_.row(candidate.index));
    track.last = detections[candidate.index];
    tracks_.push_back(std::move(track));
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const BoostTrackState& track : tracks_) {
      if (track.misses > 0) continue;
      if (track.hit_streak < options_.min_hits && frames_ > options_.min_hits) continue;
      const BoxCorners box = track.filter.Box();
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = {box.left, box.top, box.right - box.left, box.bottom - box.top};
      if (options_.report.Allow(row.box)) output_.push_back(row);
    }
  }

  BoostTrackOptions options_;
  int64_t frames_ = 0;
  int64_t last_id_ = 0;
  std::vector<BoostTrackState> tracks_;  // by id
  UnitEmbeddings embeddings_;
  std::vector<Candidate> candidates_;
  std::vector<uint8_t> candidate_taken_;
  std::vector<size_t> unlikely_;
  std::vector<size_t> raised_;
  std::vector<size_t> indices_;
  std::vector<const AverageEmbedding*> track_averages_;
  CosineTable cosines_;
  // [candidates x tracks]
  std::vector<double> distance_;
  std::vector<double> mahalanobis_;
  std::vector<double> iou_;
  std::vector<double> cost_;
  std::vector<double> column_sum_;
  SparseScores positive_;
  UncontestedPairs uncontested_;
  std::vector<TrackBox> output_;
};

}  // namespace

OptionTable BoostTrackOptions::Table() {
  OptionTable table;
  table
      .Add("det_thresh", &det_thresh, {0, 0.999},
           "Least score, raised or not, of detections that are tracked")
      .Add("iou_threshold", &iou_threshold, {0, 1}, "Least IoU of detection and predicted box")
      .Add("max_age", &max_age, {.low = 0}, "Frames a track survives without a detection")
      .Add("min_hits", &min_hits, {.low = 0},
           "Detections in a row before a track is reported, but in the first frames")
      .Add("iou_weight", &iou_weight, {0, 1000}, "Weight of IoU times confidence beside IoU")
      .Add("mahalanobis_weight", &mahalanobis_weight, {0, 1000},
           "Weight of the Mahalanobis similarity")
      .Add("shape_weight", &shape_weight, {0, 1000}, "Weight of the similarity of shapes")
      .Add("appearance_weight", &appearance_weight, {0, 1000}, "Weight of the cosine")
      .Add("boost_share", &boost_share, {0, 1},
           "Share of the score in a mixed one; factor of the similarity without soft_boost")
      .Add("rich_similarity", &rich_similarity,
           "++: scores are raised by shape, Mahalanobis and buffered IoU, not by IoU")
      .Add("soft_boost", &soft_boost, "++: score and similarity are mixed")
      .Add("varying_threshold", &varying_threshold,
           "++: a similar detection passes, the easier the longer the track is lost")
      .Add("boost_unlikely", &boost_unlikely, "Raise scores far from every track")
      .Add("ema_keep", &ema_keep, {0, 1},
           "Least share of the old embedding in a track's moving average");
  report.AddTo(&table);
  return table.AddChoice("compat", &compat_reference, {{"none", false}, {"reference", true}},
                         "reference: similarity of shapes divides heights by a width; none: by a "
                         "height");
}

std::unique_ptr<Tracker> MakeBoostTrack(const BoostTrackOptions& options) {
  RequireOptions("boosttrack", options.Validate());
  return std::make_unique<BoostTrack>(options);
}

}  // namespace reidbench
