#include "reidbench/relinking/post_steps.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "reidbench/config/method.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/relinking/interpolate.h"
#include "reidbench/relinking/track_table.h"

namespace reidbench {
namespace {

constexpr double kProcessNoise = 1e-10;

constexpr int kTrees = 115;
constexpr int kTreeDepth = 3;
constexpr double kShrinkage = 0.065;
constexpr size_t kLeastToSplit = 6;

constexpr std::array<double BoxLtwh::*, 4> kCoordinates = {&BoxLtwh::left, &BoxLtwh::top,
                                                           &BoxLtwh::width, &BoxLtwh::height};

// One regression tree over samples in ascending order of their only feature: adds its shrunk values
// to the samples' predictions.
class RegressionTree {
 public:
  RegressionTree(std::span<const double> residual, std::span<double> prediction)
      : residual_(residual), prediction_(prediction) {}

  // Of the samples [begin, end).
  void Grow(size_t begin, size_t end, int depth) {
    const size_t n = end - begin;
    double total = 0, squares = 0;
    for (size_t i = begin; i < end; ++i) {
      total += residual_[i];
      squares += residual_[i] * residual_[i];
    }
    const double mean = total / static_cast<double>(n);
    const double impurity = squares / static_cast<double>(n) - mean * mean;
    const bool leaf = depth >= kTreeDepth || n < kLeastToSplit ||
                      impurity <= std::numeric_limits<double>::epsilon();
    const size_t split = leaf ? begin : BestSplit(begin, end, total);
    if (split == begin) {
      for (size_t i = begin; i < end; ++i) prediction_[i] += kShrinkage * mean;
      return;
    }
    Grow(begin, split, depth + 1);
    Grow(split, end, depth + 1);
  }

 private:
  // Where the means of both sides differ most, weighted (Friedman's criterion); the first of
  // several.
  size_t BestSplit(size_t begin, size_t end, double total) const {
    size_t best = begin;
    double most = -std::numeric_limits<double>::infinity();
    double left = 0;
    for (size_t split = begin + 1; split < end; ++split) {
      left += residual_[split - 1];
      const auto on_left = static_cast<double>(split - begin);
      const auto on_right = static_cast<double>(end - split);
      const double difference = on_right * left - on_left * (total - left);
      const double gain = difference * difference / (on_left * on_right);
      if (gain > most) {
        most = gain;
        best = split;
      }
    }
    return best;
  }

  std::span<const double> residual_;
  std::span<double> prediction_;
};

PostProcessed Fill(const TrackSet& tracks, int64_t max_missing_frames, size_t more_than_boxes) {
  PostProcessed out;
  out.tracks = tracks;
  const Interpolation filled = InterpolateGaps(tracks, max_missing_frames, more_than_boxes);
  out.added = static_cast<int64_t>(filled.added.size());
  std::vector<TrackBox>& boxes = out.tracks.boxes;
  boxes.insert(boxes.end(), filled.added.begin(), filled.added.end());
  std::ranges::sort(boxes, [](const TrackBox& a, const TrackBox& b) {
    return a.frame != b.frame ? a.frame < b.frame : a.id < b.id;
  });
  return out;
}

}  // namespace

void SmoothByGaussianProcess(TrackSet* tracks, double tau) {
  const TrackTable table = MakeTrackTable(*tracks);
  for (const TrackTable::Track& track : table.tracks) {
    if (InterruptRequested()) throw Interrupted("interrupted");
    const auto n = static_cast<Eigen::Index>(track.boxes.size());
    const double boxes = static_cast<double>(n);
    if (boxes >= tau * tau * tau) continue;
    const double length = std::clamp(tau * std::log(tau * tau * tau / boxes), 1 / tau, tau * tau);
    Eigen::MatrixXd kernel(n, n);
    Eigen::MatrixXd values(n, static_cast<Eigen::Index>(kCoordinates.size()));
    for (Eigen::Index i = 0; i < n; ++i) {
      const TrackBox& box = tracks->boxes[track.boxes[i]];
      for (size_t c = 0; c < kCoordinates.size(); ++c)
        values(i, static_cast<Eigen::Index>(c)) = box.box.*kCoordinates[c];
      for (Eigen::Index j = 0; j < n; ++j) {
        const auto apart =
            static_cast<double>(box.frame.value - tracks->boxes[track.boxes[j]].frame.value);
        kernel(i, j) = std::exp(-0.5 * (apart / length) * (apart / length));
      }
    }
    Eigen::MatrixXd noisy = kernel;
    noisy.diagonal().array() += kProcessNoise;
    const Eigen::MatrixXd smooth = kernel * noisy.llt().solve(values);
    for (Eigen::Index i = 0; i < n; ++i) {
      for (size_t c = 0; c < kCoordinates.size(); ++c) {
        tracks->boxes[track.boxes[i]].box.*kCoordinates[c] =
            smooth(i, static_cast<Eigen::Index>(c));
      }
    }
  }
}

void SmoothByGradientBoosting(TrackSet* tracks) {
  const TrackTable table = MakeTrackTable(*tracks);
  std::vector<double> residual, prediction;
  for (const TrackTable::Track& track : table.tracks) {
    if (InterruptRequested()) throw Interrupted("interrupted");
    const size_t n = track.boxes.size();
    residual.resize(n);
    for (double BoxLtwh::*const coordinate : kCoordinates) {
      const auto value = [&](size_t i) -> double& {
        return tracks->boxes[track.boxes[i]].box.*coordinate;
      };
      double sum = 0;
      for (size_t i = 0; i < n; ++i) sum += value(i);
      prediction.assign(n, sum / static_cast<double>(n));
      for (int tree = 0; tree < kTrees; ++tree) {
        for (size_t i = 0; i < n; ++i) residual[i] = value(i) - prediction[i];
        RegressionTree(residual, prediction).Grow(0, n, 0);
      }
      for (size_t i = 0; i < n; ++i) value(i) = prediction[i];
    }
  }
}

const std::vector<PostStep>& PostSteps() {
  // Programs fill gaps of which both ends are less than an interval apart.
  static const std::vector<PostStep> steps = {
      {"linear", "gaps of up to 18 frames filled on a straight line",
       [](const TrackSet& tracks) { return Fill(tracks, 18, 0); }},
      {"gsi", "StrongSORT: the same, then smoothed by Gaussian processes",
       [](const TrackSet& tracks) {
         PostProcessed out = Fill(tracks, 18, 0);
         SmoothByGaussianProcess(&out.tracks, 10);
         return out;
       }},
      {"dti", "ByteTrack, BoT-SORT: linear, in tracks of more than 5 boxes",
       [](const TrackSet& tracks) { return Fill(tracks, 18, 5); }},
      {"gbi",
       "BoostTrack: gaps of up to 998 frames in tracks of more than 25 boxes, then smoothed by "
       "gradient boosting",
       [](const TrackSet& tracks) {
         PostProcessed out = Fill(tracks, 998, 25);
         SmoothByGradientBoosting(&out.tracks);
         return out;
       }},
  };
  return steps;
}

const PostStep& PostStepByName(std::string_view name) {
  return MethodByName(PostSteps(), "post-step", name);
}

}  // namespace reidbench
