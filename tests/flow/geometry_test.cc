#include "reidbench/flow/geometry.h"

#include <gtest/gtest.h>

#include <vector>

namespace reidbench {
namespace {

const std::vector<PlanePoint> kSquare = {{0, 0}, {4, 0}, {4, 4}, {0, 4}};

TEST(Geometry, EdgesAreInsideOutsideOrHalf) {
  for (const EdgeRule rule : {EdgeRule::kInside, EdgeRule::kOutside, EdgeRule::kHalfOpen}) {
    EXPECT_TRUE(InsidePolygon(kSquare, {2, 2}, rule));
    EXPECT_FALSE(InsidePolygon(kSquare, {5, 2}, rule));
    EXPECT_FALSE(InsidePolygon(kSquare, {-1, 4}, rule));
  }
  for (const PlanePoint p : {PlanePoint{0, 2}, {4, 2}, {2, 0}, {2, 4}, {0, 0}, {4, 4}}) {
    EXPECT_TRUE(InsidePolygon(kSquare, p, EdgeRule::kInside)) << p.x << " " << p.y;
    EXPECT_FALSE(InsidePolygon(kSquare, p, EdgeRule::kOutside)) << p.x << " " << p.y;
  }
  EXPECT_TRUE(InsidePolygon(kSquare, {0, 2}, EdgeRule::kHalfOpen));
  EXPECT_TRUE(InsidePolygon(kSquare, {2, 0}, EdgeRule::kHalfOpen));
  EXPECT_FALSE(InsidePolygon(kSquare, {4, 2}, EdgeRule::kHalfOpen));
  EXPECT_FALSE(InsidePolygon(kSquare, {2, 4}, EdgeRule::kHalfOpen));
}

TEST(Geometry, SidesOfALine) {
  EXPECT_GT(CrossOf({0, 0}, {1, 0}, {0, 1}), 0);  // right hand where y points down
  EXPECT_LT(CrossOf({0, 0}, {1, 0}, {0, -1}), 0);
  EXPECT_EQ(CrossOf({0, 0}, {1, 0}, {7, 0}), 0);
}

TEST(Geometry, DistancesAndAreas) {
  EXPECT_DOUBLE_EQ(DistanceToEdge(kSquare, {2, 1}), 1);
  EXPECT_DOUBLE_EQ(DistanceToEdge(kSquare, {7, 8}), 5);
  EXPECT_DOUBLE_EQ(AreaOf(kSquare), 16);
  const PlanePoint flat[] = {{0, 0}, {1, 1}, {2, 2}};
  EXPECT_EQ(AreaOf(flat), 0);
}

TEST(Geometry, BowTiesCrossThemselves) {
  EXPECT_FALSE(SelfCrossing(kSquare).has_value());
  const PlanePoint bow[] = {{0, 0}, {4, 4}, {4, 0}, {0, 4}};
  EXPECT_EQ(SelfCrossing(bow), (std::pair<size_t, size_t>(0, 2)));
}

}  // namespace
}  // namespace reidbench
