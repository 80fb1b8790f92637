// A place on the ground of a site.
#pragma once

namespace reidbench {

// Metres, in the site's own axes.
struct GroundPoint {
  double x = 0;
  double y = 0;

  friend bool operator==(const GroundPoint&, const GroundPoint&) = default;
};

}  // namespace reidbench
