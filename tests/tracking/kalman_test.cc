#include "reidbench/tracking/kalman.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

// The same filters as textbook matrices.
template <int N, int M>
struct MatrixFilter {
  Eigen::Matrix<double, N, 1> x = Eigen::Matrix<double, N, 1>::Zero();
  Eigen::Matrix<double, N, N> p = Eigen::Matrix<double, N, N>::Zero();
  Eigen::Matrix<double, N, N> f = Eigen::Matrix<double, N, N>::Identity();
  Eigen::Matrix<double, M, N> h = Eigen::Matrix<double, M, N>::Identity();

  void Predict(const Eigen::Matrix<double, N, 1>& noise) {
    x = (f * x).eval();
    p = (f * p * f.transpose()).eval();
    p.diagonal() += noise;
  }
  void Update(const Eigen::Matrix<double, M, 1>& z, const Eigen::Matrix<double, M, 1>& noise) {
    Eigen::Matrix<double, M, M> s = h * p * h.transpose();
    s.diagonal() += noise;
    const Eigen::Matrix<double, N, M> gain = p * h.transpose() * s.inverse();
    x += gain * (z - h * x);
    p = ((Eigen::Matrix<double, N, N>::Identity() - gain * h) * p).eval();
  }
};

TEST(MovingCoordinate, FirstStepsByHand) {
  MovingCoordinate c;
  c.position = 10;
  c.p00 = 10;
  c.p11 = 10000;
  c.Predict(1, 0.01);
  EXPECT_EQ(c.position, 10);
  EXPECT_EQ(c.p00, 10011);
  EXPECT_EQ(c.p01, 10000);
  EXPECT_EQ(c.p11, 10000.01);
  c.UpdateJoseph(12, 1);  // gain 10011/10012 and 10000/10012
  EXPECT_NEAR(c.position, 10 + 2 * 10011.0 / 10012, 1e-12);
  EXPECT_NEAR(c.velocity, 2 * 10000.0 / 10012, 1e-12);
  EXPECT_NEAR(c.p00, 10011.0 / 10012, 1e-9);
}

TEST(MovingCoordinate, BothUpdatesAgree) {
  MovingCoordinate joseph;
  joseph.p00 = 3;
  joseph.p01 = joseph.p10 = 1;
  joseph.p11 = 2;
  MovingCoordinate plain = joseph;
  joseph.UpdateJoseph(5, 2);
  plain.Update(5, 2);
  EXPECT_NEAR(joseph.position, plain.position, 1e-14);
  EXPECT_NEAR(joseph.velocity, plain.velocity, 1e-14);
  EXPECT_NEAR(joseph.p00, plain.p00, 1e-14);
  EXPECT_NEAR(joseph.p01, plain.p01, 1e-14);
  EXPECT_NEAR(joseph.p11, plain.p11, 1e-14);
}

TEST(AreaRatioFilter, EqualsTheMatrixFilter) {
  Rng rng(1);
  MatrixFilter<7, 4> matrix;
  for (int i = 0; i < 3; ++i) matrix.f(i, i + 4) = 1;
  matrix.p.diagonal() << 10, 10, 10, 10, 10000, 10000, 10000;
  Eigen::Matrix<double, 7, 1> q;
  q << 1, 1, 1, 1, 0.01, 0.01, 0.0001;
  const Eigen::Vector4d r(1, 1, 10, 10);
  BoxLtwh box{100, 50, 40, 90};
  AreaRatioMeasurement z = MeasureAreaRatio(CornersOf(box));
  AreaRatioFilter filter(z);
  matrix.x.head<4>() << z.center_x, z.center_y, z.area, z.ratio;
  for (int frame = 0; frame < 200; ++frame) {
    filter.Predict();
    matrix.Predict(q);
    box.left += 3 + rng.Normal();
    box.top += rng.Normal();
    box.width += 0.2 * rng.Normal();
    box.height += 0.2 * rng.Normal();
    if (frame % 7 < 5) {  // some frames without a detection
      z = MeasureAreaRatio(CornersOf(box));
      filter.Update(z);
      matrix.Update({z.center_x, z.center_y, z.area, z.ratio}, r);
    }
    const BoxCorners found = filter.Box();
    const double width = std::sqrt(matrix.x(2) * matrix.x(3));
    ASSERT_NEAR(found.left, matrix.x(0) - width / 2, 1e-7) << frame;
    ASSERT_NEAR(found.bottom, matrix.x(1) + matrix.x(2) / width / 2, 1e-7) << frame;
  }
}

TEST(AreaRatioFilter, VanishingAreaStops) {
  AreaRatioFilter filter(MeasureAreaRatio(CornersOf({0, 0, 100, 100})));
  for (const double side : {80.0, 55.0}) {
    filter.Predict();
    filter.Update(MeasureAreaRatio(CornersOf({0, 0, side, side})));
  }
  AreaRatioFilter unguarded = filter;
  filter.StopVanishingArea();
  filter.Predict();
  unguarded.Predict();
  EXPECT_GT(filter.Box().area, 0);
  EXPECT_TRUE(std::isnan(unguarded.Box().area));
}

TEST(HeightFilter, EqualsTheMatrixFilter) {
  Rng rng(2);
  MatrixFilter<8, 4> matrix;
  for (int i = 0; i < 4; ++i) matrix.f(i, i + 4) = 1;
  BoxLtwh box{300, 200, 50, 120};
  HeightFilter filter(box);
  const auto square = [](double x) { return x * x; };
  const auto measure = [](const BoxLtwh& b) {
    return Eigen::Vector4d(b.left + b.width / 2, b.top + b.height / 2, b.width / b.height,
                           b.height);
  };
  matrix.x.head<4>() = measure(box);
  const double h0 = box.height;
  matrix.p.diagonal() << square(h0 / 10), square(h0 / 10), 1e-4, square(h0 / 10), square(h0 / 16),
      square(h0 / 16), 1e-10, square(h0 / 16);
  for (int frame = 0; frame < 100; ++frame) {
    const double h = matrix.x(3);
    Eigen::Matrix<double, 8, 1> q;
    q << square(h / 20), square(h / 20), 1e-4, square(h / 20), square(h / 160), square(h / 160),
        1e-10, square(h / 160);
    filter.Predict();
    matrix.Predict(q);
    box.left -= 2 + rng.Normal();
    box.height += 0.5 * rng.Normal();
    const double hp = matrix.x(3);
    const Eigen::Vector4d r(square(hp / 20), square(hp / 20), 1e-2, square(hp / 20));
    Eigen::Matrix4d s = matrix.h * matrix.p * matrix.h.transpose();
    s.diagonal() += r;
    const Eigen::Vector4d residual = measure(box) - matrix.h * matrix.x;
    ASSERT_NEAR(filter.SquaredDistance(box), residual.dot(s.inverse() * residual), 1e-7) << frame;
    filter.Update(box);
    matrix.Update(measure(box), r);
    ASSERT_NEAR(filter.Box().height, matrix.x(3), 1e-8) << frame;
    ASSERT_NEAR(filter.Box().left, matrix.x(0) - matrix.x(2) * matrix.x(3) / 2, 1e-8) << frame;
  }
}

// State (x, y, vx, vy) of two coordinates.
MatrixFilter<4, 2> PlaneMatrixFilter() {
  MatrixFilter<4, 2> matrix;
  matrix.f(0, 2) = matrix.f(1, 3) = 1;
  matrix.p.diagonal() << 10, 20, 100, 50;
  return matrix;
}

MovingPoint PlanePoint() {
  MovingCoordinate x, y;
  x.p00 = 10;
  x.p11 = 100;
  y.p00 = 20;
  y.p11 = 50;
  return {x, y};
}

TEST(MovingPoint, TurnsAsTheMatrixFilterDoes) {
  for (const CovarianceTurn turn : {CovarianceTurn::kAll, CovarianceTurn::kWithinOrders}) {
    MatrixFilter<4, 2> matrix = PlaneMatrixFilter();
    MovingPoint point = PlanePoint();
    Rng rng(5);
    const Affine motion{1.02, -0.3, 5, 0.25, 0.97, -3};
    Eigen::Matrix4d both = Eigen::Matrix4d::Zero();
    both.topLeftCorner<2, 2>() << motion[0], motion[1], motion[3], motion[4];
    both.bottomRightCorner<2, 2>() = both.topLeftCorner<2, 2>();
    for (int i = 0; i < 30; ++i) {
      if (i % 3 == 2) {
        const Eigen::Matrix4d before = matrix.p;
        matrix.x = (both * matrix.x).eval();
        matrix.x.head<2>() += Eigen::Vector2d(motion[2], motion[5]);
        matrix.p = (both * matrix.p * both.transpose()).eval();
        if (turn == CovarianceTurn::kWithinOrders) {
          matrix.p.topRightCorner<2, 2>() = before.topRightCorner<2, 2>();
          matrix.p.bottomLeftCorner<2, 2>() = before.bottomLeftCorner<2, 2>();
        }
        point.Turn(motion, turn);
        point.Shift(motion);
      }
      matrix.Predict({1, 2, 0.1, 0.2});
      point.Predict({1, 2}, {0.1, 0.2});
      const Eigen::Vector2d z(rng.Uniform(0, 50), rng.Uniform(0, 50));
      matrix.Update(z, {3, 4});
      i % 2 == 0 ? point.Update(z.x(), z.y(), {3, 4}) : point.UpdateJoseph(z.x(), z.y(), {3, 4});
      ASSERT_NEAR(point.x().position, matrix.x(0), 1e-8) << i;
      ASSERT_NEAR(point.y().position, matrix.x(1), 1e-8) << i;
      ASSERT_NEAR(point.x().velocity, matrix.x(2), 1e-8) << i;
      ASSERT_NEAR(point.y().velocity, matrix.x(3), 1e-8) << i;
    }
  }
}

TEST(MovingPoint, CoordinatesAreFilteredApartUntilTheCameraTurns) {
  MovingPoint plain = PlanePoint();
  MovingPoint turned = PlanePoint();
  turned.Turn({1, 0, 0, 0, 1, 0}, CovarianceTurn::kAll);
  for (MovingPoint* point : {&plain, &turned}) {
    point->Predict({1, 1}, {1, 1});
    point->Update(4, 5, {1, 1});
  }
  EXPECT_NEAR(plain.x().position, turned.x().position, 1e-12);
  EXPECT_NEAR(plain.y().velocity, turned.y().velocity, 1e-12);
}

TEST(SizeFilter, NoiseFollowsWidthAndHeight) {
  const BoxLtwh box{100, 100, 40, 80};
  SizeFilter filter(box);
  // Position variance (2 w / 20)^2, velocity variance (10 w / 160)^2.
  filter.Predict();
  filter.Update({110, 100, 40, 80});
  const double position = 16 + 6.25 + 4;  // predicted: both and (w / 20)^2
  const double gain = position / (position + 4);
  EXPECT_NEAR(filter.Box().left, 100 + 10 * gain, 1e-9);
  EXPECT_NEAR(filter.Box().top, 100, 1e-9);
  filter.Move({1, 0, 7, 0, 1, -2}, CovarianceTurn::kAll);
  EXPECT_NEAR(filter.Box().left, 107 + 10 * gain, 1e-9);
  EXPECT_NEAR(filter.Box().top, 98, 1e-9);
}

TEST(HeightFilter, CertainMeasurementsAreTakenAsTheyAre) {
  HeightFilter filter(BoxLtwh{0, 0, 40, 80});
  filter.Predict();
  filter.Update({30, 10, 50, 90}, 0);
  EXPECT_NEAR(filter.Box().left, 30, 1e-9);
  EXPECT_NEAR(filter.Box().height, 90, 1e-9);
  filter.MoveTo({5, 6, 70, 80});
  EXPECT_NEAR(filter.Box().width, 70, 1e-9);
}

TEST(HeightRatioFilter, DistanceIsInUnitsOfItsOwnVariances) {
  const BoxCorners box = CornersOf({0, 0, 40, 80});
  HeightRatioFilter filter(box);
  EXPECT_NEAR(filter.SquaredDistance(CornersOf({10, 0, 40, 80})), 100.0 / 10, 1e-9);
  filter.Predict();  // variances 10 + 10000 + 1
  EXPECT_NEAR(filter.SquaredDistance(CornersOf({10, 0, 40, 80})), 100.0 / 10011, 1e-9);
  filter.Update(CornersOf({10, 0, 40, 80}));
  EXPECT_NEAR(filter.Box().left, 10 * 10011.0 / 10012, 1e-6);
  filter.MoveTo(CornersOf({3, 4, 40, 80}));
  EXPECT_NEAR(filter.Box().top, 4, 1e-4);
}

}  // namespace
}  // namespace reidbench
