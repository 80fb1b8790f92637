// What the motion of the picture does to boxes.
#pragma once

#include "reidbench/core/affine.h"
#include "reidbench/matching/iou.h"

namespace reidbench {

// Both corners moved: the box of a turned box is not its hull, as in the programs.
inline BoxCorners MoveCorners(const Affine& motion, const BoxCorners& box) {
  BoxCorners moved;
  moved.left = motion[0] * box.left + motion[1] * box.top + motion[2];
  moved.top = motion[3] * box.left + motion[4] * box.top + motion[5];
  moved.right = motion[0] * box.right + motion[1] * box.bottom + motion[2];
  moved.bottom = motion[3] * box.right + motion[4] * box.bottom + motion[5];
  moved.area = (moved.right - moved.left) * (moved.bottom - moved.top);
  return moved;
}

}  // namespace reidbench
