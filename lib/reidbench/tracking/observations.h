// What observation-centric trackers keep of a track beside a filter: where it was seen (Cao et al.,
// "Observation-centric SORT", CVPR 2023), and a filter that is run again over a gap.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "reidbench/matching/iou.h"
#include "reidbench/tracking/camera_motion.h"
#include "reidbench/tracking/kalman.h"

namespace reidbench {

// Unit vector between two points; zero where they coincide.
struct Direction {
  double x = 0;
  double y = 0;
};

struct Point {
  double x = 0;
  double y = 0;
};

inline Point CenterOf(const BoxCorners& box) {
  return {(box.left + box.right) / 2, (box.top + box.bottom) / 2};
}

inline Direction DirectionOf(const Point& from, const Point& to) {
  const double dx = to.x - from.x;
  const double dy = to.y - from.y;
  const double length = std::sqrt(dx * dx + dy * dy) + 1e-6;
  return {dx / length, dy / length};
}

// Of two directions, -0.5 (against each other) to 0.5; `own` need not be of length 1.
double DirectionAgreement(const Direction& own, const Direction& way);

struct ObservedBox {
  int64_t age = -1;  // of the track when it was seen; -1 = none
  BoxCorners box;
};

// The observations of the last delta_t frames and the last of all. The detection that starts a
// track is no observation: the programs' rule.
class ObservedBoxes {
 public:
  ObservedBoxes() = default;
  explicit ObservedBoxes(int delta_t) : recent_(static_cast<size_t>(delta_t)) {}

  bool any() const { return last_.age >= 0; }
  const ObservedBox& last() const { return last_; }
  // Of exactly `frames_ago` (1..delta_t); nullptr when the track was not seen then.
  const ObservedBox* At(int64_t age, int frames_ago) const;
  // The observation delta_t frames ago, or the next younger one, or the last of all; nullptr for a
  // track not seen again since it started.
  const ObservedBox* Previous(int64_t age) const;
  void Add(int64_t age, const BoxCorners& box);
  // Into the picture of the next frame, `age` being the track's in the frame before. With
  // `newest_twice` the last observation is moved twice while it is at most delta_t frames old, as
  // in Deep OC-SORT's program.
  void Move(const Affine& motion, int64_t age, bool newest_twice);

 private:
  ObservedBox last_;
  std::vector<ObservedBox> recent_;  // [delta_t], at age % delta_t
};

// The filter of SORT as observation-centric trackers use it.
struct AreaRatioModel {
  using Measured = AreaRatioMeasurement;

  AreaRatioModel() = default;
  explicit AreaRatioModel(const Measured& first) : filter(first) {}
  static Measured Measure(const BoxCorners& box);
  // `lost`: the track was not seen in the frame before.
  void Predict(bool lost);
  void Update(const Measured& measured) { filter.Update(measured); }
  void PredictInGap() { filter.Predict(); }
  void UpdateInGap(const Measured& measured) { filter.Update(measured); }
  // Step 1..steps of the straight way, linear in width and height.
  static Measured Between(const Measured& from, const Measured& to, double steps, double step);
  BoxCorners Box() const { return filter.Box(); }
  void Move(const Affine& motion) { filter.MoveCenter(motion); }
  static void Move(const Affine& motion, Measured* measured);

  AreaRatioFilter filter;
};

// The second form of Deep OC-SORT's filter.
struct SizeModel {
  using Measured = BoxLtwh;

  SizeModel() = default;
  // `unit_noise`: over a gap every noise is 1, as in the program.
  SizeModel(const Measured& first, bool unit_noise_in_gap)
      : filter(first), unit_noise(unit_noise_in_gap) {}
  static Measured Measure(const BoxCorners& box);
  void Predict(bool lost);
  void Update(const Measured& measured) { filter.Update(measured); }
  void PredictInGap();
  void UpdateInGap(const Measured& measured);
  static Measured Between(const Measured& from, const Measured& to, double steps, double step);
  BoxCorners Box() const;
  void Move(const Affine& motion) { filter.Move(motion, CovarianceTurn::kWithinOrders); }
  static void Move(const Affine& motion, Measured* measured);

  SizeFilter filter;
  bool unit_noise = false;
};

// Hybrid-SORT's: SORT's with the score as one more coordinate.
struct ScoredAreaModel {
  struct Measured {
    AreaRatioMeasurement box;
    double score = 0;
  };

  ScoredAreaModel() = default;
  explicit ScoredAreaModel(const Measured& first) : box(first.box), score(first.score) {}
  void Predict(bool lost);
  void Update(const Measured& measured);
  void PredictInGap();
  void UpdateInGap(const Measured& measured) { Update(measured); }
  static Measured Between(const Measured& from, const Measured& to, double steps, double step);

  AreaRatioModel box;
  ScoreFilter score;
};

// ORU: once a lost track is seen again, its filter goes back to the first missed frame and follows
// a straight way between the observations on both sides of the gap. The last step lies on the new
// observation, which is then applied once more: the programs do so, too.
template <typename Model>
class ObservedFilter {
 public:
  using Measured = typename Model::Measured;

  ObservedFilter() = default;
  explicit ObservedFilter(const Model& model) : model_(model) {}

  const Model& model() const { return model_; }
  Model* mutable_model() { return &model_; }
  void Predict() { model_.Predict(lost_); }
  // `gap`: frames since the last observation, where there was one.
  void Update(const Measured& measured, int64_t gap) {
    if (lost_) RerunOverGap(measured, gap);
    model_.Update(measured);
    seen_ = true;
    lost_ = false;
    last_measured_ = measured;
  }
  void Miss() {
    if (seen_) {
      at_loss_ = model_;
      lost_ = true;
    }
    seen_ = false;
  }
  // Into the picture of the next frame.
  void Move(const Affine& motion) {
    model_.Move(motion);
    if (lost_) at_loss_.Move(motion);
    Model::Move(motion, &last_measured_);
  }

 private:
  void RerunOverGap(const Measured& now, int64_t gap) {
    const Measured before = last_measured_;
    model_ = at_loss_;
    for (int64_t i = 1; i <= gap; ++i) {
      model_.UpdateInGap(
          Model::Between(before, now, static_cast<double>(gap), static_cast<double>(i)));
      if (i < gap) model_.PredictInGap();
    }
  }

  Model model_;
  Model at_loss_;  // as it was in the first missed frame
  Measured last_measured_;
  bool seen_ = false;  // had a detection in the last frame (the one that started it not counted)
  bool lost_ = false;  // was seen once, and not in the last frame
};

}  // namespace reidbench
