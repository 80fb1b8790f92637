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

AreaRatioMeasurement MeasureAreaRatio(const BoxCorners& box, double height_epsilon) {
  const double width = box.right - box.left;
  const double height = box.bottom - box.top;
  return {box.left + width / 2, box.top + height / 2, width * height,
          width / (height + height_epsilon)};
}

AreaRatioFilter::AreaRatioFilter(const AreaRatioMeasurement& first)
    : x_(StartedAt(first.center_x, kPositionVariance, kVelocityVariance)),
      y_(StartedAt(first.center_y, kPositionVariance, kVelocityVariance)),
      area_(StartedAt(first.area, kPositionVariance, kVelocityVariance)),
      ratio_(first.ratio),
      ratio_variance_(kPositionVariance) {}

void AreaRatioFilter::StopVanishingArea() {
  if (area_.velocity + area_.position <= 0) area_.velocity = 0;
}

void AreaRatioFilter::Predict() {
  x_.Predict(kPositionProcessNoise, kVelocityProcessNoise);
  y_.Predict(kPositionProcessNoise, kVelocityProcessNoise);
  area_.Predict(kPositionProcessNoise, kAreaVelocityProcessNoise);
  ratio_variance_ += kPositionProcessNoise;
}

void AreaRatioFilter::Update(const AreaRatioMeasurement& measured) {
  x_.UpdateJoseph(measured.center_x, kCenterMeasurementNoise);
  y_.UpdateJoseph(measured.center_y, kCenterMeasurementNoise);
  area_.UpdateJoseph(measured.area, kShapeMeasurementNoise);
  const double gain = ratio_variance_ * (1 / (ratio_variance_ + kShapeMeasurementNoise));
  ratio_ += gain * (measured.ratio - ratio_);
  const double keep = 1 - gain;
  ratio_variance_ = keep * ratio_variance_ * keep + gain * kShapeMeasurementNoise * gain;
}

BoxCorners AreaRatioFilter::Box() const {
  const double width = std::sqrt(area_.position * ratio_);
  const double height = area_.position / width;
  BoxCorners box;
  box.left = x_.position - width / 2;
  box.top = y_.position - height / 2;
  box.right = x_.position + width / 2;
  box.bottom = y_.position + height / 2;
  box.area = (box.right - box.left) * (box.bottom - box.top);
  return box;
}

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

void HeightFilter::Update(const BoxLtwh& measured) {
  const std::array<double, 4> z = MeasureHeight(measured);
  const double noise = Square(kPositionWeight * coordinate_[3].position);
  coordinate_[0].Update(z[0], noise);
  coordinate_[1].Update(z[1], noise);
  coordinate_[2].Update(z[2], Square(kRatioMeasurementDeviation));
  coordinate_[3].Update(z[3], noise);
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

}  // namespace reidbench
