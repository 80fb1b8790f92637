#include "reidbench/tracking/observations.h"

#include <algorithm>
#include <numbers>

namespace reidbench {
namespace {

// Keeps the ratio of a flat box finite, as in the programs.
constexpr double kHeightEpsilon = 1e-6;

}  // namespace

double DirectionAgreement(const Direction& own, const Direction& way) {
  const double cosine = std::clamp(own.x * way.x + own.y * way.y, -1.0, 1.0);
  return (std::numbers::pi / 2 - std::abs(std::acos(cosine))) / std::numbers::pi;
}

const ObservedBox* ObservedBoxes::At(int64_t age, int frames_ago) const {
  if (age < frames_ago) return nullptr;
  const ObservedBox& candidate = recent_[static_cast<size_t>(age - frames_ago) % recent_.size()];
  return candidate.age == age - frames_ago ? &candidate : nullptr;
}

const ObservedBox* ObservedBoxes::Previous(int64_t age) const {
  for (int ago = static_cast<int>(recent_.size()); ago >= 1; --ago) {
    if (const ObservedBox* found = At(age, ago)) return found;
  }
  return any() ? &last_ : nullptr;
}

void ObservedBoxes::Add(int64_t age, const BoxCorners& box) {
  last_ = {age, box};
  recent_[static_cast<size_t>(age) % recent_.size()] = last_;
}

void ObservedBoxes::Move(const Affine& motion, int64_t age, bool newest_twice) {
  if (!any()) return;
  const auto delta_t = static_cast<int64_t>(recent_.size());
  for (ObservedBox& observation : recent_) {
    if (observation.age >= age - delta_t && observation.age >= 0)
      observation.box = MoveCorners(motion, observation.box);
  }
  last_.box = MoveCorners(motion, last_.box);
  if (last_.age < age - delta_t) return;
  if (newest_twice) last_.box = MoveCorners(motion, last_.box);
  recent_[static_cast<size_t>(last_.age) % recent_.size()] = last_;
}

AreaRatioMeasurement AreaRatioModel::Measure(const BoxCorners& box) {
  return MeasureAreaRatio(box, kHeightEpsilon);
}

void AreaRatioModel::Predict(bool) {
  filter.StopVanishingArea();
  filter.Predict();
}

AreaRatioMeasurement AreaRatioModel::Between(const Measured& from, const Measured& to, double steps,
                                             double step) {
  const double width_before = std::sqrt(from.area * from.ratio);
  const double height_before = std::sqrt(from.area / from.ratio);
  const double dx = (to.center_x - from.center_x) / steps;
  const double dy = (to.center_y - from.center_y) / steps;
  const double dw = (std::sqrt(to.area * to.ratio) - width_before) / steps;
  const double dh = (std::sqrt(to.area / to.ratio) - height_before) / steps;
  const double width = width_before + step * dw;
  const double height = height_before + step * dh;
  return {from.center_x + step * dx, from.center_y + step * dy, width * height, width / height};
}

void AreaRatioModel::Move(const Affine& motion, Measured* measured) {
  const double x = measured->center_x;
  const double y = measured->center_y;
  measured->center_x = motion[0] * x + motion[1] * y + motion[2];
  measured->center_y = motion[3] * x + motion[4] * y + motion[5];
}

BoxLtwh SizeModel::Measure(const BoxCorners& box) {
  return {box.left, box.top, box.right - box.left, box.bottom - box.top};
}

void SizeModel::Predict(bool lost) {
  if (lost) filter.StopGrowing();
  filter.Predict();
}

void SizeModel::PredictInGap() { unit_noise ? filter.PredictUnitNoise() : filter.Predict(); }

void SizeModel::UpdateInGap(const Measured& measured) {
  unit_noise ? filter.UpdateUnitNoise(measured) : filter.Update(measured);
}

BoxLtwh SizeModel::Between(const Measured& from, const Measured& to, double steps, double step) {
  const double share = step / steps;
  const auto between = [share](double a, double b) { return a + share * (b - a); };
  const double width = between(from.width, to.width);
  const double height = between(from.height, to.height);
  return {between(from.left + from.width / 2, to.left + to.width / 2) - width / 2,
          between(from.top + from.height / 2, to.top + to.height / 2) - height / 2, width, height};
}

BoxCorners SizeModel::Box() const { return CornersOf(filter.Box()); }

void SizeModel::Move(const Affine& motion, Measured* measured) {
  const double x = measured->left + measured->width / 2;
  const double y = measured->top + measured->height / 2;
  measured->left = motion[0] * x + motion[1] * y + motion[2] - measured->width / 2;
  measured->top = motion[3] * x + motion[4] * y + motion[5] - measured->height / 2;
}

void ScoredAreaModel::Predict(bool lost) {
  box.Predict(lost);
  score.Predict();
}

void ScoredAreaModel::Update(const Measured& measured) {
  box.Update(measured.box);
  score.Update(measured.score);
}

void ScoredAreaModel::PredictInGap() {
  box.PredictInGap();
  score.Predict();
}

ScoredAreaModel::Measured ScoredAreaModel::Between(const Measured& from, const Measured& to,
                                                   double steps, double step) {
  return {AreaRatioModel::Between(from.box, to.box, steps, step),
          from.score + step * ((to.score - from.score) / steps)};
}

}  // namespace reidbench
