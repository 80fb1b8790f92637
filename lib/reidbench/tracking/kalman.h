// The two Kalman filters of box trackers, both constant velocity. Neither couples its coordinates,
// so each coordinate is its own filter of position and velocity: 2x2 in place of 7x7 and 8x8
// matrices, with the products in the order in which a matrix library would take them.
#pragma once

#include <array>

#include "reidbench/core/box.h"
#include "reidbench/matching/iou.h"

namespace reidbench {

// Position and velocity (per frame) of one coordinate with their covariance.
struct MovingCoordinate {
  double position = 0;
  double velocity = 0;
  // Both off-diagonals are kept: rounding makes them differ.
  double p00 = 0, p01 = 0, p10 = 0, p11 = 0;

  void Predict(double position_noise, double velocity_noise);
  // Joseph form of the covariance update.
  void UpdateJoseph(double measured, double measurement_noise);
  // Textbook form P - K S K'.
  void Update(double measured, double measurement_noise);
};

// Centre, area and aspect ratio (width / height, taken as constant): the filter of SORT (Bewley et
// al., "Simple online and realtime tracking", ICIP 2016, section 3.2). Noise levels are those of
// the authors' program.
struct AreaRatioMeasurement {
  double center_x = 0;
  double center_y = 0;
  double area = 0;
  double ratio = 0;
};

// `height_epsilon` is added to the height in the ratio: OC-SORT's guard against flat boxes.
AreaRatioMeasurement MeasureAreaRatio(const BoxCorners& box, double height_epsilon = 0);

class AreaRatioFilter {
 public:
  AreaRatioFilter() = default;
  explicit AreaRatioFilter(const AreaRatioMeasurement& first);

  // Stops an area that would become negative.
  void StopVanishingArea();
  void Predict();
  void Update(const AreaRatioMeasurement& measured);
  // NaN where the area or the ratio is negative.
  BoxCorners Box() const;

 private:
  MovingCoordinate x_, y_, area_;
  double ratio_ = 0;
  double ratio_variance_ = 0;
};

// Centre, aspect ratio and height, with noise in proportion to the height: the filter of DeepSORT
// (Wojke et al., "Simple online and realtime tracking with a deep association metric", ICIP 2017),
// also ByteTrack's.
class HeightFilter {
 public:
  HeightFilter() = default;
  explicit HeightFilter(const BoxLtwh& first);

  void StopHeight() { coordinate_[3].velocity = 0; }
  void Predict();
  void Update(const BoxLtwh& measured);
  BoxLtwh Box() const;
  // Squared Mahalanobis distance of a box from the predicted one (4 degrees of freedom).
  double SquaredDistance(const BoxLtwh& measured) const;

 private:
  std::array<MovingCoordinate, 4> coordinate_;  // centre x, centre y, width / height, height
};

// Quantile 0.95 of the chi-squared distribution with 4 degrees of freedom: the gate on
// SquaredDistance.
inline constexpr double kChiSquared95Dof4 = 9.4877;

}  // namespace reidbench
