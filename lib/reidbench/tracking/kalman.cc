#include "reidbench/tracking/kalman.h"

#include <cmath>

namespace reidbench {
namespace {

// SORT's noise: the authors' choice, tuned by them on the MOT15 training set.
constexpr double kPositionVariance = 10;
constexpr double kVelocityVariance = 10000;
constexpr double kCenterMeasurementNoise = 1;
constexpr double kShapeMeasurementNoise = 10;
constexpr double kPositionProcessNoise = 1;
constexpr double kVelocityProcessNoise = 0.01;
constexpr double kAreaVelocityProcessNoise = 0.0001;

// DeepSORT's noise: standard deviations as shares of the height.
constexpr double kPositionWeight = 1.0 / 20;
constexpr double kVelocityWeight = 1.0 / 160;
constexpr double kRatioDeviation = 1e-2;
constexpr double kRatioVelocityDeviation = 1e-5;
constexpr double kRatioMeasurementDeviation = 1e-1;

double Square(double x) { return x * x; }

MovingCoordinate StartedAt(double position, double position_variance, double velocity_variance) {
  MovingCoordinate c;
  c.position = position;
  c.p00 = position_variance;
  c.p11 = velocity_variance;
  return c;
}

BoxCorners Around(double center_x, double center_y, double width, double height) {
  BoxCorners box;
  box.left = center_x - width / 2;
  box.top = center_y - height / 2;
  box.right = center_x + width / 2;
  box.bottom = center_y + height / 2;
  box.area = (box.right - box.left) * (box.bottom - box.top);
  return box;
}

std::array<double, 4> MeasureHeight(const BoxLtwh& box) {
  return {box.left + box.width / 2, box.top + box.height / 2, box.width / box.height, box.height};
}

}  // namespace

void MovingCoordinate::Predict(double position_noise, double velocity_noise) {
  position += velocity;
  const double upper0 = p00 + p10;
  const double upper1 = p01 + p11;
  p00 = upper0 + upper1 + position_noise;
  p01 = upper1;
  p10 = p10 + p11;
  p11 = p11 + velocity_noise;
}

void MovingCoordinate::UpdateJoseph(double measured, double measurement_noise) {
  const double residual = measured - position;
  const double inverse = 1 / (p00 + measurement_noise);
  const double gain0 = p00 * inverse;
  const double gain1 = p10 * inverse;
  position += gain0 * residual;
  velocity += gain1 * residual;
  const double keep = 1 - gain0;
  const double m00 = keep * p00;
  const double m01 = keep * p01;
  const double m10 = -gain1 * p00 + p10;
  const double m11 = -gain1 * p01 + p11;
  p00 = m00 * keep + gain0 * measurement_noise * gain0;
  p01 = m00 * -gain1 + m01 + gain0 * measurement_noise * gain1;
  p10 = m10 * keep + gain1 * measurement_noise * gain0;
  p11 = m10 * -gain1 + m11 + gain1 * measurement_noise * gain1;
}

void MovingCoordinate::Update(double measured, double measurement_noise) {
  const double residual = measured - position;
  const double spread = p00 + measurement_noise;
  const double gain0 = p00 / spread;
  const double gain1 = p10 / spread;
  position += gain0 * residual;
  velocity += gain1 * residual;
  p00 -= gain0 * spread * gain0;
  p01 -= gain0 * spread * gain1;
  p10 -= gain1 * spread * gain0;
  p11 -= gain1 * spread * gain1;
}

void MovingPoint::Predict(const Noise& position, const Noise& velocity) {
  x_.Predict(position.x, velocity.x);
  y_.Predict(position.y, velocity.y);
  if (coupled_) cross_.Predict(0, 0);
}

void MovingPoint::UpdateJoseph(double x, double y, const Noise& measurement) {
  if (coupled_) return UpdateCoupled(x, y, measurement);
  x_.UpdateJoseph(x, measurement.x);
  y_.UpdateJoseph(y, measurement.y);
}

void MovingPoint::Update(double x, double y, const Noise& measurement) {
  if (coupled_) return UpdateCoupled(x, y, measurement);
  x_.Update(x, measurement.x);
  y_.Update(y, measurement.y);
}

void MovingPoint::UpdateCoupled(double x, double y, const Noise& measurement) {
  // The state is (x, its velocity, y, its velocity); columns of P that belong to the measured
  // positions, and the gain, which is their product with the inverse of the residual's covariance.
  const double of_x[4] = {x_.p00, x_.p10, cross_.p00, cross_.p01};
  const double of_y[4] = {cross_.p00, cross_.p10, y_.p00, y_.p10};
  const double sxx = x_.p00 + measurement.x;
  const double syy = y_.p00 + measurement.y;
  const double sxy = cross_.p00;
  const double determinant = sxx * syy - sxy * sxy;
  double gain_x[4], gain_y[4];
  for (int i = 0; i < 4; ++i) {
    gain_x[i] = (of_x[i] * syy - of_y[i] * sxy) / determinant;
    gain_y[i] = (of_y[i] * sxx - of_x[i] * sxy) / determinant;
  }
  const double residual_x = x - x_.position;
  const double residual_y = y - y_.position;
  const auto step = [&](int i) { return gain_x[i] * residual_x + gain_y[i] * residual_y; };
  x_.position += step(0);
  x_.velocity += step(1);
  y_.position += step(2);
  y_.velocity += step(3);
  const auto loss = [&](int i, int j) { return gain_x[i] * of_x[j] + gain_y[i] * of_y[j]; };
  const auto reduce = [&](MovingCoordinate* block, int row, int col) {
    block->p00 -= loss(row, col);
    block->p01 -= loss(row, col + 1);
    block->p10 -= loss(row + 1, col);
    block->p11 -= loss(row + 1, col + 1);
  };
  reduce(&x_, 0, 0);
  reduce(&y_, 2, 2);
  reduce(&cross_, 0, 2);
}

void MovingPoint::Turn(const Affine& motion, CovarianceTurn turn) {
  const double a = motion[0], b = motion[1], c = motion[3], d = motion[4];
  const auto mean = [&](double x, double y, double* new_x, double* new_y) {
    *new_x = a * x + b * y;
    *new_y = c * x + d * y;
  };
  mean(x_.position, y_.position, &x_.position, &y_.position);
  mean(x_.velocity, y_.velocity, &x_.velocity, &y_.velocity);
  // `yx` is the covariance of y with x where `xy` is that of x with y.
  const auto covariance = [&](double MovingCoordinate::*entry, double MovingCoordinate::*mirrored) {
    const double xx = x_.*entry, xy = cross_.*entry, yx = cross_.*mirrored, yy = y_.*entry;
    return std::array<double, 3>{a * a * xx + a * b * (xy + yx) + b * b * yy,
                                 a * c * xx + a * d * xy + b * c * yx + b * d * yy,
                                 c * c * xx + c * d * (xy + yx) + d * d * yy};
  };
  using M = MovingCoordinate;
  const auto positions = covariance(&M::p00, &M::p00);
  const auto upper = covariance(&M::p01, &M::p10);
  const auto lower = covariance(&M::p10, &M::p01);
  const auto velocities = covariance(&M::p11, &M::p11);
  MovingCoordinate* const blocks[3] = {&x_, &cross_, &y_};
  for (size_t i = 0; i < 3; ++i) {
    blocks[i]->p00 = positions[i];
    blocks[i]->p11 = velocities[i];
    if (turn == CovarianceTurn::kWithinOrders) continue;
    blocks[i]->p01 = upper[i];
    blocks[i]->p10 = lower[i];
  }
  coupled_ = true;
}

void MovingPoint::Shift(const Affine& motion) {
  x_.position += motion[2];
  y_.position += motion[5];
}

AreaRatioMeasurement MeasureAreaRatio(const BoxCorners& box, double height_epsilon) {
  const double width = box.right - box.left;
  const double height = box.bottom - box.top;
  return {box.left + width / 2, box.top + height / 2, width * height,
          width / (height + height_epsilon)};
}

AreaRatioFilter::AreaRatioFilter(const AreaRatioMeasurement& first)
    : center_(StartedAt(first.center_x, kPositionVariance, kVelocityVariance),
              StartedAt(first.center_y, kPositionVariance, kVelocityVariance)),
      area_(StartedAt(first.area, kPositionVariance, kVelocityVariance)),
      ratio_(first.ratio),
      ratio_variance_(kPositionVariance) {}

void AreaRatioFilter::StopVanishingArea() {
  if (area_.velocity + area_.position <= 0) area_.velocity = 0;
}

void AreaRatioFilter::Predict() {
  center_.Predict({kPositionProcessNoise, kPositionProcessNoise},
                  {kVelocityProcessNoise, kVelocityProcessNoise});
  area_.Predict(kPositionProcessNoise, kAreaVelocityProcessNoise);
  ratio_variance_ += kPositionProcessNoise;
}

void AreaRatioFilter::Update(const AreaRatioMeasurement& measured) {
  center_.UpdateJoseph(measured.center_x, measured.center_y,
                       {kCenterMeasurementNoise, kCenterMeasurementNoise});
  area_.UpdateJoseph(measured.area, kShapeMeasurementNoise);
  const double gain = ratio_variance_ * (1 / (ratio_variance_ + kShapeMeasurementNoise));
  ratio_ += gain * (measured.ratio - ratio_);
  const double keep = 1 - gain;
  ratio_variance_ = keep * ratio_variance_ * keep + gain * kShapeMeasurementNoise * gain;
}

BoxCorners AreaRatioFilter::Box() const {
  const double width = std::sqrt(area_.position * ratio_);
  const double height = area_.position / width;
  return Around(center_.x().position, center_.y().position, width, height);
}

void AreaRatioFilter::MoveCenter(const Affine& motion) {
  center_.Turn(motion, CovarianceTurn::kWithinOrders);
  center_.Shift(motion);
}

void AreaRatioFilter::MoveTo(const AreaRatioMeasurement& place) {
  center_.MoveTo(place.center_x, place.center_y);
  area_.position = place.area;
  ratio_ = place.ratio;
}

ScoreFilter::ScoreFilter(double first)
    : score_(StartedAt(first, kPositionVariance, kVelocityVariance)) {}

void ScoreFilter::Predict() { score_.Predict(kPositionProcessNoise, kAreaVelocityProcessNoise); }

void ScoreFilter::Update(double measured) { score_.UpdateJoseph(measured, kShapeMeasurementNoise); }

HeightFilter::HeightFilter(const BoxLtwh& first) {
  const std::array<double, 4> measured = MeasureHeight(first);
  const double position = Square(2 * kPositionWeight * first.height);
  const double velocity = Square(10 * kVelocityWeight * first.height);
  for (int i = 0; i < 4; ++i) coordinate_[i] = StartedAt(measured[i], position, velocity);
  coordinate_[2] = StartedAt(measured[2], Square(kRatioDeviation), Square(kRatioVelocityDeviation));
}

void HeightFilter::Predict() {
  const double height = coordinate_[3].position;
  const double position = Square(kPositionWeight * height);
  const double velocity = Square(kVelocityWeight * height);
  coordinate_[0].Predict(position, velocity);
  coordinate_[1].Predict(position, velocity);
  coordinate_[2].Predict(Square(kRatioDeviation), Square(kRatioVelocityDeviation));
  coordinate_[3].Predict(position, velocity);
}

void HeightFilter::Update(const BoxLtwh& measured, double deviation_factor) {
  const std::array<double, 4> z = MeasureHeight(measured);
  const double noise = Square(deviation_factor * (kPositionWeight * coordinate_[3].position));
  coordinate_[0].Update(z[0], noise);
  coordinate_[1].Update(z[1], noise);
  coordinate_[2].Update(z[2], Square(deviation_factor * kRatioMeasurementDeviation));
  coordinate_[3].Update(z[3], noise);
}

void HeightFilter::MoveTo(const BoxLtwh& box) {
  const std::array<double, 4> place = MeasureHeight(box);
  for (int i = 0; i < 4; ++i) coordinate_[i].position = place[i];
}

BoxLtwh HeightFilter::Box() const {
  const double height = coordinate_[3].position;
  const double width = coordinate_[2].position * height;
  return {coordinate_[0].position - width / 2, coordinate_[1].position - height / 2, width, height};
}

double HeightFilter::SquaredDistance(const BoxLtwh& measured) const {
  const std::array<double, 4> z = MeasureHeight(measured);
  const double noise = Square(kPositionWeight * coordinate_[3].position);
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    const double spread =
        coordinate_[i].p00 + (i == 2 ? Square(kRatioMeasurementDeviation) : noise);
    sum += Square(z[i] - coordinate_[i].position) / spread;
  }
  return sum;
}

SizeFilter::SizeFilter(const BoxLtwh& first) {
  const auto started = [](double position, double side) {
    return StartedAt(position, Square(2 * kPositionWeight * side),
                     Square(10 * kVelocityWeight * side));
  };
  center_ = {started(first.left + first.width / 2, first.width),
             started(first.top + first.height / 2, first.height)};
  size_ = {started(first.width, first.width), started(first.height, first.height)};
}

void SizeFilter::Predict() {
  const double width = size_.x().position;
  const double height = size_.y().position;
  const MovingPoint::Noise position{Square(kPositionWeight * width),
                                    Square(kPositionWeight * height)};
  const MovingPoint::Noise velocity{Square(kVelocityWeight * width),
                                    Square(kVelocityWeight * height)};
  center_.Predict(position, velocity);
  size_.Predict(position, velocity);
}

void SizeFilter::Update(const BoxLtwh& measured) {
  const MovingPoint::Noise noise{Square(kPositionWeight * size_.x().position),
                                 Square(kPositionWeight * size_.y().position)};
  center_.Update(measured.left + measured.width / 2, measured.top + measured.height / 2, noise);
  size_.Update(measured.width, measured.height, noise);
}

void SizeFilter::PredictUnitNoise() {
  center_.Predict({1, 1}, {1, 1});
  size_.Predict({1, 1}, {1, 1});
}

void SizeFilter::UpdateUnitNoise(const BoxLtwh& measured) {
  center_.Update(measured.left + measured.width / 2, measured.top + measured.height / 2, {1, 1});
  size_.Update(measured.width, measured.height, {1, 1});
}

BoxLtwh SizeFilter::Box() const {
  const double width = size_.x().position;
  const double height = size_.y().position;
  return {center_.x().position - width / 2, center_.y().position - height / 2, width, height};
}

void SizeFilter::Move(const Affine& motion, CovarianceTurn turn) {
  center_.Turn(motion, turn);
  center_.Shift(motion);
  size_.Turn(motion, turn);
}

namespace {

// BoostTrack's noise.
constexpr double kRatioNoise = 0.01;
constexpr std::array<double, 4> kBoostMeasurementNoise = {
    kCenterMeasurementNoise, kCenterMeasurementNoise, kShapeMeasurementNoise, kRatioNoise};

std::array<double, 4> MeasureHeightRatio(const BoxCorners& box) {
  const double width = box.right - box.left;
  const double height = box.bottom - box.top;
  return {box.left + width / 2, box.top + height / 2, height, width / (height + 1e-6)};
}

}  // namespace

HeightRatioFilter::HeightRatioFilter(const BoxCorners& first) {
  const std::array<double, 4> z = MeasureHeightRatio(first);
  for (int i = 0; i < 4; ++i)
    coordinate_[i] = StartedAt(z[i], kPositionVariance, kVelocityVariance);
}

void HeightRatioFilter::Predict() {
  for (MovingCoordinate& c : coordinate_) c.Predict(kPositionProcessNoise, kVelocityProcessNoise);
}

void HeightRatioFilter::Update(const BoxCorners& measured) {
  const std::array<double, 4> z = MeasureHeightRatio(measured);
  for (int i = 0; i < 4; ++i) coordinate_[i].Update(z[i], kBoostMeasurementNoise[i]);
}

BoxCorners HeightRatioFilter::Box() const {
  const double height = coordinate_[2].position;
  return Around(coordinate_[0].position, coordinate_[1].position, coordinate_[3].position * height,
                height);
}

double HeightRatioFilter::SquaredDistance(const BoxCorners& measured) const {
  const std::array<double, 4> z = MeasureHeightRatio(measured);
  double sum = 0;
  for (int i = 0; i < 4; ++i) sum += Square(z[i] - coordinate_[i].position) / coordinate_[i].p00;
  return sum;
}

void HeightRatioFilter::MoveTo(const BoxCorners& box) {
  const std::array<double, 4> place = MeasureHeightRatio(box);
  for (int i = 0; i < 4; ++i) coordinate_[i].position = place[i];
}

}  // namespace reidbench
