// Random changes of training images, as torchreid's: mirror, translate, colour jitter, erase (Zhong
// et al., "Random Erasing Data Augmentation", AAAI 2020). Every image has its own stream of random
// numbers, so that the result depends on neither threads nor order.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

struct AugmentOptions {
  double flip_probability = 0.5;     // 0..1: left and right swapped
  double shift_probability = 0.5;    // 0..1: moved within its frame, the rest filled with the mean
  double shift_extent = 0.06;        // 0..0.5, of width and height: how far at most
  double erase_probability = 0.5;    // 0..1: a rectangle filled with the mean colour
  double erase_area_low = 0.02;      // 0..1, of the image
  double erase_area_high = 0.4;      // 0..1
  double brightness = 0.2;           // 0..1: all values times 1 - this .. 1 + this
  double contrast = 0.15;            // 0..1: likewise, of the distance to the mean grey
  double saturation = 0.0;           // 0..1: likewise, of the distance to the pixel's grey
  double white_balance = 0.0;        // 0..1: likewise, of each channel by itself
  double degrade_probability = 0.0;  // 0..1: as if seen from afar, scaled down and up again
  double degrade_lowest = 0.3;       // 0.1..1, of width and height: smallest size then

  std::vector<std::string> Validate() const;  // every violation; empty when valid
};

// `image` has the network's size. Writes float32 [height x width x 3], normalised as torchreid does
// (ImageNet's mean and deviation), to `hwc`.
void Augment(const RgbImage& image, const AugmentOptions& options, Rng* rng, std::span<float> hwc);

}  // namespace reidbench
