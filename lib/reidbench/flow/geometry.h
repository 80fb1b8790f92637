// Points, lines and polygons of a plane: the picture (pixels, y down) or the ground (metres).
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace reidbench {

struct PlanePoint {
  double x = 0;
  double y = 0;

  friend bool operator==(const PlanePoint&, const PlanePoint&) = default;
};

double DistanceOf(const PlanePoint& a, const PlanePoint& b);
PlanePoint Between(const PlanePoint& a, const PlanePoint& b, double share);

// Twice the signed area of from, to, p: its sign is the side of the line, 0 on it.
double CrossOf(const PlanePoint& from, const PlanePoint& to, const PlanePoint& p);

// Whether points on the polygon's edge are inside.
enum class EdgeRule {
  kInside,    // all of them
  kOutside,   // none
  kHalfOpen,  // those of left and lower edges (least x, least y): zones that touch share no point
};

bool InsidePolygon(std::span<const PlanePoint> polygon, const PlanePoint& p, EdgeRule edges);
// To the nearest edge, 0 on it; not negative.
double DistanceToEdge(std::span<const PlanePoint> polygon, const PlanePoint& p);
double AreaOf(std::span<const PlanePoint> polygon);
// The first two edges (by number) that meet where they should not.
std::optional<std::pair<size_t, size_t>> SelfCrossing(std::span<const PlanePoint> polygon);
// Whether the segments share a point.
bool SegmentsMeet(const PlanePoint& a, const PlanePoint& b, const PlanePoint& c,
                  const PlanePoint& d);
double DistanceToSegment(const PlanePoint& a, const PlanePoint& b, const PlanePoint& p);

}  // namespace reidbench
