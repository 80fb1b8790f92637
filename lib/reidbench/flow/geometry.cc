#include "reidbench/flow/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace reidbench {
namespace {

int SignOf(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

// Of a point on the line through a and b: whether it lies between them.
bool WithinBox(const PlanePoint& a, const PlanePoint& b, const PlanePoint& p) {
  return p.x >= std::min(a.x, b.x) && p.x <= std::max(a.x, b.x) && p.y >= std::min(a.y, b.y) &&
         p.y <= std::max(a.y, b.y);
}

bool OnSegment(const PlanePoint& a, const PlanePoint& b, const PlanePoint& p) {
  return CrossOf(a, b, p) == 0 && WithinBox(a, b, p);
}

}  // namespace

double DistanceOf(const PlanePoint& a, const PlanePoint& b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  return std::sqrt(dx * dx + dy * dy);
}

PlanePoint Between(const PlanePoint& a, const PlanePoint& b, double share) {
  return {a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)};
}

double CrossOf(const PlanePoint& from, const PlanePoint& to, const PlanePoint& p) {
  return (to.x - from.x) * (p.y - from.y) - (to.y - from.y) * (p.x - from.x);
}

bool InsidePolygon(std::span<const PlanePoint> polygon, const PlanePoint& p, EdgeRule edges) {
  bool inside = false;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const PlanePoint& a = polygon[i];
    const PlanePoint& b = polygon[j];
    if (edges != EdgeRule::kHalfOpen && OnSegment(a, b, p)) return edges == EdgeRule::kInside;
    // Each edge owns its lower end: a ray through a corner meets one of the two edges there.
    if ((a.y > p.y) == (b.y > p.y)) continue;
    if (p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

double DistanceToSegment(const PlanePoint& a, const PlanePoint& b, const PlanePoint& p) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double squared = dx * dx + dy * dy;
  const double along =
      squared > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / squared, 0.0, 1.0) : 0;
  return DistanceOf(p, {a.x + along * dx, a.y + along * dy});
}

double DistanceToEdge(std::span<const PlanePoint> polygon, const PlanePoint& p) {
  double least = std::numeric_limits<double>::infinity();
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++)
    least = std::min(least, DistanceToSegment(polygon[j], polygon[i], p));
  return least;
}

double AreaOf(std::span<const PlanePoint> polygon) {
  double twice = 0;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++)
    twice += polygon[j].x * polygon[i].y - polygon[i].x * polygon[j].y;
  return std::abs(twice) / 2;
}

bool SegmentsMeet(const PlanePoint& a, const PlanePoint& b, const PlanePoint& c,
                  const PlanePoint& d) {
  const int c_side = SignOf(CrossOf(a, b, c)), d_side = SignOf(CrossOf(a, b, d));
  const int a_side = SignOf(CrossOf(c, d, a)), b_side = SignOf(CrossOf(c, d, b));
  if (c_side * d_side < 0 && a_side * b_side < 0) return true;
  return OnSegment(a, b, c) || OnSegment(a, b, d) || OnSegment(c, d, a) || OnSegment(c, d, b);
}

std::optional<std::pair<size_t, size_t>> SelfCrossing(std::span<const PlanePoint> polygon) {
  const size_t n = polygon.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      if (j == i + 1 || (i == 0 && j == n - 1)) continue;  // neighbours share a corner
      if (SegmentsMeet(polygon[i], polygon[(i + 1) % n], polygon[j], polygon[(j + 1) % n]))
        return std::pair(i, j);
    }
  }
  return std::nullopt;
}

}  // namespace reidbench
