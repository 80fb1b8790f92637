// Small JPEG pictures inside a report page: crops of video frames and whole images, as data URIs.
// What is not there, or cannot be decoded, is no error: the page shows a placeholder, and `missing`
// counts it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

// "data:image/jpeg;base64,..." of the image.
std::string JpegDataUri(const RgbImage& image, int quality);

// A square part of a frame with a box marked in it.
struct PictureRequest {
  int64_t frame = 0;
  BoxLtwh box_px;      // what is to be seen
  double margin = 1;   // side of the square in longer sides of the box, at least 1
  bool marked = true;  // whether the box is told to the page
};
struct Picture {
  int64_t frame = 0;
  std::string uri;                           // empty: no picture
  std::optional<std::array<double, 4>> box;  // left, top, width, height as shares of the picture
};

// One picture a request, in their order, from the frames of a folder (FrameFolder; empty: none);
// each frame is decoded once, frames in parallel. `side` is in pixels.
std::vector<Picture> CutPictures(const std::filesystem::path& frames,
                                 const std::vector<PictureRequest>& requests, int side,
                                 int quality);

}  // namespace reidbench
