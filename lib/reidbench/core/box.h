// A bounding box in pixels as MOT files write it: left, top, width, height.
#pragma once

namespace reidbench {

struct BoxLtwh {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;

  friend bool operator==(const BoxLtwh&, const BoxLtwh&) = default;
};

}  // namespace reidbench
