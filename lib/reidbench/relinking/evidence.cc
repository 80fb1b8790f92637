#include "reidbench/relinking/evidence.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/row_products.h"
#include "reidbench/core/statistics.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

// Appearance.
constexpr double kBlock_s = 0.5;
constexpr double kBlockClean_s = 0.2;
constexpr size_t kMostBlocks = 3000;
constexpr double kPositiveLag_s = 1.0;
constexpr double kPositiveShare = 0.3;  // of the negatives' mean: where too few positives are seen
constexpr double kPriorPairs = 30;
constexpr double kLeastSeparation = 0.8;  // AUC
constexpr double kApartIou = 0.1;         // IoU of two people who are not one detected twice

// Motion.
constexpr double kVelocityLife_s = 1.0;
constexpr double kLags_s[] = {0.1, 0.2, 0.4, 0.8, 1.6, 3.2};
constexpr double kSampleEvery_s = 0.2;
constexpr size_t kLeastSamples = 20;
// Around an occlusion boxes are worse than where tracks run on.
constexpr double kOcclusionFactor = 1.5;
constexpr double kPlaceFloor = 0.08;  // body heights
constexpr double kSizeFloor = 0.08;
constexpr double kReachBase = 1.0;   // body heights
constexpr double kReachSpeed = 2.5;  // body heights per second
constexpr double kMostSizeRatio = 2.5;
constexpr double kLeastAbsence_s = 1.0;
constexpr double kExtrapolate_s = 2.0;
constexpr double kBorder = 0.05;  // of the box: touches the image border

struct Block {
  int32_t stretch;  // of a track without a gap or contact
  int32_t track;
  double begin_s, end_s;
  BoxLtwh box;
};

double MedianOf(std::vector<double> values) {
  return Quantile(std::move(values), 0.5, QuantileRule::kHigher);
}

struct Normal {
  double mean = 0;
  double variance = 0;
};

Normal FitNormal(const std::vector<double>& values) {
  Normal n;
  for (const double v : values) n.mean += v;
  n.mean /= static_cast<double>(std::max<size_t>(values.size(), 1));
  for (const double v : values) n.variance += (v - n.mean) * (v - n.mean);
  n.variance /= static_cast<double>(std::max<size_t>(values.size(), 1));
  return n;
}

// Share of (positive, negative) pairs in the right order.
double Separation(std::vector<double> positives, std::vector<double> negatives) {
  if (positives.empty() || negatives.empty()) return 0.5;
  std::sort(negatives.begin(), negatives.end());
  double right = 0;
  for (const double p : positives) {
    const auto above = negatives.end() - std::upper_bound(negatives.begin(), negatives.end(), p);
    right += static_cast<double>(above);
  }
  return right / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

}  // namespace

double AppearanceModel::LogRatio(double distance, double clean_s) const {
  if (!calibration.appearance_usable || clean_s <= 0) return 0;
  const double ratio = std::clamp(slope * (midpoint - distance), -options.cap, options.cap);
  return ratio * clean_s / (clean_s + options.certain_s);
}

AppearanceModel CalibrateAppearance(const RelinkInput& input, const Observations& seen,
                                    const PieceSet& set, const AppearanceOptions& options) {
  std::vector<Block> blocks;
  std::vector<Eigen::RowVectorXf> means;
  int32_t stretch = -1;
  for (const Piece& piece : set.pieces) {
    stretch += piece.cut == CutKind::kTrackStart || piece.cut == CutKind::kGap ||
               piece.cut == CutKind::kContact;
    const std::vector<int32_t>& boxes = seen.table.tracks[piece.track].boxes;
    for (int32_t begin = piece.begin; begin < piece.end;) {
      const double start_s = seen.box[boxes[begin]].time_s;
      Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(input.embeddings->cols());
      double clean_s = 0;
      BoxLtwh box;
      double n = 0;
      int32_t end = begin;
      while (end < piece.end && seen.box[boxes[end]].time_s - start_s < kBlock_s) {
        const Observation& o = seen.box[boxes[end]];
        if (o.quality > 0) {
          AddScaled(o.quality * o.inverse_norm, input.embeddings->data() + o.row * sum.size(),
                    sum.size(), sum.data());
          clean_s += o.quality / seen.frame_rate;
        }
        box.left += o.x - o.width / 2;
        box.top += o.foot - o.height;
        box.width += o.width;
        box.height += o.height;
        n += 1;
        ++end;
      }
      const float norm = sum.norm();
      if (clean_s >= kBlockClean_s && norm > 0) {
        blocks.push_back({stretch,
                          piece.track,
                          start_s,
                          seen.box[boxes[end - 1]].time_s,
                          {box.left / n, box.top / n, box.width / n, box.height / n}});
        means.push_back(sum / norm);
      }
      begin = end;
    }
  }
  // Evenly over the tracks when there are very many.
  const size_t stride = blocks.size() / kMostBlocks + 1;
  RowMatrix mean(static_cast<int64_t>((blocks.size() + stride - 1) / stride),
                 input.embeddings->cols());
  std::vector<Block> kept;
  for (size_t b = 0; b < blocks.size(); b += stride) {
    mean.row(static_cast<int64_t>(kept.size())) = means[b];
    kept.push_back(blocks[b]);
  }
  std::vector<double> positives;
  std::vector<double> negatives;
  constexpr int64_t kRows = 256;
  const auto n = static_cast<int64_t>(kept.size());
  const RightFactor right(ViewOf(mean));
  for (int64_t begin = 0; begin < n; begin += kRows) {
    const int64_t rows = std::min(kRows, n - begin);
    const FeatureMatrix cosine = right.LeftTimes(ViewOf(mean, begin, rows));
    for (int64_t a = begin; a < begin + rows; ++a) {
      for (int64_t b = a + 1; b < n; ++b) {
        const Block& x = kept[a];
        const Block& y = kept[b];
        const double distance = 1 - cosine(a - begin, b);
        if (x.stretch == y.stretch) {
          if (y.begin_s - x.begin_s >= kPositiveLag_s) positives.push_back(distance);
          continue;
        }
        if (x.track == y.track) continue;
        const double shared_s =
            std::min(x.end_s, y.end_s) - std::max(x.begin_s, y.begin_s) + 1 / seen.frame_rate;
        const double shorter_s =
            std::min(x.end_s - x.begin_s, y.end_s - y.begin_s) + 1 / seen.frame_rate;
        if (shared_s >= 0.5 * shorter_s && Iou(x.box, y.box) < kApartIou)
          negatives.push_back(distance);
      }
    }
  }
  AppearanceModel model;
  model.options = options;
  RelinkCalibration& c = model.calibration;
  c.positive_pairs = static_cast<int64_t>(positives.size());
  c.negative_pairs = static_cast<int64_t>(negatives.size());
  c.separation = Separation(positives, negatives);
  if (negatives.size() < 10) {
    c.appearance_usable = false;
    c.note = fmt::format(
        "only {} pairs of people seen at the same time: appearance cannot be calibrated, motion "
        "alone decides",
        negatives.size());
    return model;
  }
  if (!positives.empty() && c.separation < kLeastSeparation) {
    c.appearance_usable = false;
    c.note = fmt::format(
        "the embeddings do not tell people apart here: separation {:.2f} where 0.5 is chance "
        "(parts of one track against tracks seen together); motion alone decides",
        c.separation);
    return model;
  }
  const Normal negative = FitNormal(negatives);
  const double count = static_cast<double>(positives.size());
  const double median = positives.empty() ? 0 : MedianOf(positives);
  const double positive_mean =
      (count * options.return_factor * median + kPriorPairs * kPositiveShare * negative.mean) /
      (count + kPriorPairs);
  const double apart = std::max(negative.mean - positive_mean, 1e-3);
  // One variance for both: the ratio is then a straight line in the distance.
  const double variance =
      std::max(0.5 * (negative.variance + 0.36 * positive_mean * positive_mean), 1e-6);
  model.slope = apart / variance;
  model.midpoint = 0.5 * (negative.mean + positive_mean);
  return model;
}

Motion Predict(const Motion& from, double dt_s) {
  Motion to = from;
  const double life =
      kVelocityLife_s * (1 - std::exp(-std::abs(dt_s) / kVelocityLife_s)) * (dt_s < 0 ? -1 : 1);
  to.time_s += dt_s;
  to.x += from.velocity_x * life;
  to.foot += from.velocity_foot * life;
  return to;
}

namespace {

// Distance in body heights. Of an occluded person either the head or the feet are where they
// belong, so the better of the two counts.
double Residual(const Motion& expected, const Motion& found) {
  const double h = 0.5 * (expected.height + found.height);
  const double foot = std::abs(expected.foot - found.foot);
  const double head = std::abs((expected.foot - expected.height) - (found.foot - found.height));
  const double across = expected.x - found.x;
  const double along = std::min(foot, head);
  return std::sqrt(across * across + along * along) / h;
}

}  // namespace

MotionModel::Spread MotionModel::At(double lag_s) const {
  if (lag_s <= spreads.front().lag_s) return spreads.front();
  for (size_t k = 1; k < spreads.size(); ++k) {
    if (lag_s > spreads[k].lag_s) continue;
    const Spread& a = spreads[k - 1];
    const Spread& b = spreads[k];
    const double t = (lag_s - a.lag_s) / (b.lag_s - a.lag_s);
    return {lag_s, a.place + t * (b.place - a.place), a.size + t * (b.size - a.size)};
  }
  const Spread& last = spreads.back();
  return {lag_s, last.place * lag_s / last.lag_s, last.size * std::sqrt(lag_s / last.lag_s)};
}

MotionModel::Misfit MotionModel::MisfitOf(const Motion& tail, const Motion& head) const {
  const double dt = std::max(head.time_s - tail.time_s, 0.0);
  const double r = 0.5 * (Residual(Predict(tail, dt), head) + Residual(tail, Predict(head, -dt)));
  const Spread s = At(dt);
  const double size = std::log(tail.height / head.height) / s.size;
  return {r, s.place, 0.5 * r * r / (s.place * s.place), size_weight * size * size};
}

double MotionModel::LogRatio(const Motion& tail, const Motion& head, double* residual) const {
  const Misfit misfit = MisfitOf(tail, head);
  if (residual != nullptr) *residual = misfit.residual;
  constexpr double kTau = 6.283185307179586;
  const double anywhere = std::log(std::max(area_heights2, 1.0) /
                                   (kTau * misfit.place_deviation * misfit.place_deviation));
  return std::clamp(anywhere - misfit.by_place - misfit.by_size, floor, cap);
}

double MotionModel::Leap(const Motion& tail, const Motion& head) const {
  const Misfit misfit = MisfitOf(tail, head);
  return misfit.by_place + misfit.by_size;
}

bool MotionModel::Reachable(const Motion& tail, const Motion& head) const {
  const double dt = std::max(head.time_s - tail.time_s, 0.0);
  const double reach = std::max(kReachBase + kReachSpeed * dt, 6 * At(dt).place);
  const double ratio = std::max(tail.height / head.height, head.height / tail.height);
  // A person close to the camera who is cut off by the image border may have half the box.
  return Residual(tail, head) <= reach && ratio <= kMostSizeRatio + dt;
}

bool MotionModel::Leaves(const Motion& tail, double gap_s) const {
  if (image_width <= 0 || image_height <= 0 || gap_s < kLeastAbsence_s) return false;
  const Motion then = Predict(tail, std::min(gap_s, kExtrapolate_s));
  const auto out = [&](const Motion& m) {
    return m.x < 0 || m.x > image_width || m.foot - m.height / 2 > image_height || m.foot < 0;
  };
  // Its centre is outside, or it stood at the border and moved on outwards.
  const double slack = kBorder * tail.width;
  const bool left = tail.x - tail.width / 2 <= slack && tail.velocity_x < 0;
  const bool right = tail.x + tail.width / 2 >= image_width - slack && tail.velocity_x > 0;
  const bool below = tail.foot >= image_height - kBorder * tail.height && tail.velocity_foot >= 0;
  return out(then) || left || right || below;
}

MotionModel CalibrateMotion(const Observations& seen) {
  MotionModel model;
  model.area_heights2 = seen.area_heights2;
  for (const double lag : kLags_s) {
    std::vector<double> place;
    std::vector<double> size;
    for (const TrackTable::Track& track : seen.table.tracks) {
      const auto n = static_cast<int32_t>(track.boxes.size());
      double next_s = -1e300;
      int32_t ahead = 0;
      for (int32_t k = 0; k < n; ++k) {
        const Observation& o = seen.box[track.boxes[k]];
        if (o.time_s < next_s) continue;
        ahead = std::max(ahead, k);
        while (ahead < n && seen.box[track.boxes[ahead]].time_s < o.time_s + lag - 1e-9) ++ahead;
        if (ahead == n) break;
        const Observation& later = seen.box[track.boxes[ahead]];
        if (later.time_s > o.time_s + 1.2 * lag + 0.5 / seen.frame_rate) continue;
        next_s = o.time_s + kSampleEvery_s;
        int32_t begin = k;
        while (begin > 0 && o.time_s - seen.box[track.boxes[begin - 1]].time_s < 0.5) --begin;
        if (k - begin < 2) continue;
        const Motion tail = FitMotion(seen, track.boxes, begin, k + 1, true);
        Motion found;
        found.x = later.x;
        found.foot = later.foot;
        found.height = later.height;
        place.push_back(Residual(Predict(tail, later.time_s - tail.time_s), found));
        size.push_back(std::abs(std::log(tail.height / later.height)));
      }
    }
    MotionModel::Spread s{lag, 0.1 + 0.35 * lag, 0.08 + 0.08 * std::sqrt(lag)};
    if (place.size() >= kLeastSamples) {
      s.place = kOcclusionFactor * MedianOf(place) / 1.177;  // Rayleigh: median = 1.177 sigma
      s.size = kOcclusionFactor * MedianOf(size) / 0.674;
    } else if (!model.spreads.empty()) {
      const MotionModel::Spread& before = model.spreads.back();
      s.place = before.place * lag / before.lag_s;
      s.size = before.size * std::sqrt(lag / before.lag_s);
    }
    s.place += kPlaceFloor;
    s.size += kSizeFloor;
    if (!model.spreads.empty()) {
      s.place = std::max(s.place, model.spreads.back().place);
      s.size = std::max(s.size, model.spreads.back().size);
    }
    model.spreads.push_back(s);
  }
  return model;
}

}  // namespace reidbench
