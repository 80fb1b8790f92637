// Non-maximum suppression: of boxes that overlap much, which are probably one person, the best one
// stays. Greedy and exact, with the dialects of the field.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace reidbench {

// Corners, in the units of the network's input.
struct CornerBox {
  double left = 0, top = 0, right = 0, bottom = 0;

  friend bool operator==(const CornerBox&, const CornerBox&) = default;
};

struct ScoredBox {
  CornerBox box;
  double score = 0;
  int32_t class_id = 0;

  friend bool operator==(const ScoredBox&, const ScoredBox&) = default;
};

// What happens to a box that a better one overlaps by more than `iou`.
enum class NmsKind {
  kHard,      // it goes
  kLinear,    // its score is multiplied by 1 - IoU (Bodla et al., "Soft-NMS", ICCV 2017)
  kGaussian,  // every overlapped score by exp(-IoU^2 / sigma), whatever `iou` says
};

struct NmsOptions {
  bool enabled = true;    // false: the network has done it, or needs none
  double iou = 0.5;       // boxes that overlap by more are one; equal is not more (torchvision)
  bool agnostic = false;  // boxes of different classes suppress each other too
  bool plus_one = false;  // sides of x2 - x1 + 1, as YOLOX's demo and older programs count them
  NmsKind kind = NmsKind::kHard;
  double sigma = 0.5;      // of kGaussian
  double least_score = 0;  // soft ones: boxes whose score falls below go
};

// Intersection over union; 0 where both have no area.
double BoxOverlap(const CornerBox& a, const CornerBox& b, bool plus_one);

// The boxes that stay, best first; of equal scores the earlier one first. Soft ones have their new
// scores. The same for the same input on any machine.
std::vector<ScoredBox> SuppressNonMaxima(std::span<const ScoredBox> boxes,
                                         const NmsOptions& options);

}  // namespace reidbench
