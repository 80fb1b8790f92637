// The Kalman filters of box trackers, all of constant velocity. Their models do not couple the
// coordinates, so each coordinate is its own filter of position and velocity: 2x2 in place of 7x7
// and 8x8 matrices, with the products in the order in which a matrix library would take them. Only
// a camera that turns couples x with y, and width with height: MovingPoint.
#pragma once

#include <array>

#include "reidbench/core/box.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/camera_motion.h"

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

// Which parts of a covariance turn with the camera.
enum class CovarianceTurn : uint8_t {
  kAll,           // A P A', as the mean's
  kWithinOrders,  // positions among themselves and velocities among themselves: Deep OC-SORT's rule
};

// Two coordinates of a plane. They are filtered apart until a camera motion couples them.
class MovingPoint {
 public:
  MovingPoint() = default;
  MovingPoint(const MovingCoordinate& x, const MovingCoordinate& y) : x_(x), y_(y) {}

  const MovingCoordinate& x() const { return x_; }
  const MovingCoordinate& y() const { return y_; }
  void MoveTo(double x, double y) {
    x_.position = x;
    y_.position = y;
  }
  void StopMoving() { x_.velocity = y_.velocity = 0; }

  struct Noise {
    double x = 0;
    double y = 0;
  };
  void Predict(const Noise& position, const Noise& velocity);
  void UpdateJoseph(double x, double y, const Noise& measurement);
  void Update(double x, double y, const Noise& measurement);
  // The linear part for position, velocity and covariance. For centres there is Shift() as well.
  void Turn(const Affine& motion, CovarianceTurn turn);
  void Shift(const Affine& motion);

 private:
  void UpdateCoupled(double x, double y, const Noise& measurement);

  MovingCoordinate x_, y_;
  // Covariances of position and velocity in x with those in y; a zero matrix until coupled.
  bool coupled_ = false;
  MovingCoordinate cross_;
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
  // Moves the centre with the camera; area and ratio stay as they are (Deep OC-SORT).
  void MoveCenter(const Affine& motion);
  // Puts the box elsewhere; velocities and covariances stay as they are (Hybrid-SORT).
  void MoveTo(const AreaRatioMeasurement& place);

 private:
  MovingPoint center_;
  MovingCoordinate area_;
  double ratio_ = 0;
  double ratio_variance_ = 0;
};

// A detection's score as one more coordinate beside AreaRatioFilter's, with the noise of its area:
// Hybrid-SORT's.
class ScoreFilter {
 public:
  ScoreFilter() = default;
  explicit ScoreFilter(double first);

  void Predict();
  void Update(double measured);
  double Score() const { return score_.position; }

 private:
  MovingCoordinate score_;
};

// Centre, aspect ratio and height, with noise in proportion to the height: the filter of DeepSORT
// (Wojke et al., "Simple online and realtime tracking with a deep association metric", ICIP 2017),
// also ByteTrack's.
class HeightFilter {
 public:
  HeightFilter() = default;
  explicit HeightFilter(const BoxLtwh& first);

  // What a track that nobody sees keeps: its height.
  void StopGrowing() { coordinate_[3].velocity = 0; }
  void Predict();
  // The standard deviations of the measurement are multiplied by `deviation_factor`.
  void Update(const BoxLtwh& measured, double deviation_factor = 1);
  BoxLtwh Box() const;
  // Puts the box elsewhere; velocities and covariances stay as they are (StrongSORT).
  void MoveTo(const BoxLtwh& box);
  // Squared Mahalanobis distance of a box from the predicted one (4 degrees of freedom).
  double SquaredDistance(const BoxLtwh& measured) const;

 private:
  std::array<MovingCoordinate, 4> coordinate_;  // centre x, centre y, width / height, height
};

// Centre, width and height, with noise in proportion to width and height: the filter of BoT-SORT
// (Aharon et al., "BoT-SORT: Robust associations multi-pedestrian tracking", 2022, section 3.1),
// and of Deep OC-SORT's second form.
class SizeFilter {
 public:
  SizeFilter() = default;
  explicit SizeFilter(const BoxLtwh& first);

  // What a track that nobody sees keeps: its width and height.
  void StopGrowing() { size_.StopMoving(); }
  void Predict();
  void Update(const BoxLtwh& measured);
  // With every noise 1, as Deep OC-SORT's program does over gaps.
  void PredictUnitNoise();
  void UpdateUnitNoise(const BoxLtwh& measured);
  BoxLtwh Box() const;
  // The camera's motion: the centre moves; velocities, width and height turn with its linear part
  // (BoT-SORT, section 3.2: the size as if it were a point).
  void Move(const Affine& motion, CovarianceTurn turn);

 private:
  MovingPoint center_;
  MovingPoint size_;
};

// Centre, height and aspect ratio with constant noise: the filter of BoostTrack (Stanojevic and
// Todorovic, "BoostTrack: boosting the similarity measure and detection confidence for improved
// multiple object tracking", Machine Vision and Applications 2024). Noise levels are those of the
// authors' program.
class HeightRatioFilter {
 public:
  HeightRatioFilter() = default;
  explicit HeightRatioFilter(const BoxCorners& first);

  void Predict();
  void Update(const BoxCorners& measured);
  BoxCorners Box() const;
  // Squared distance in units of the state's own variances, without that of a measurement.
  double SquaredDistance(const BoxCorners& measured) const;
  // Puts the box elsewhere; velocities and covariances stay as they are.
  void MoveTo(const BoxCorners& box);

 private:
  std::array<MovingCoordinate, 4> coordinate_;  // centre x, centre y, height, width / height
};

// Quantile 0.95 of the chi-squared distribution with 4 degrees of freedom: the gate on
// SquaredDistance.
inline constexpr double kChiSquared95Dof4 = 9.4877;

}  // namespace reidbench
