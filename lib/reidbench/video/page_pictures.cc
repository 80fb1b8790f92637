#include "reidbench/video/page_pictures.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "reidbench/imaging/crop.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/video/frame_source.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

std::string Base64(const std::vector<uint8_t>& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = uint32_t{bytes[i]} << 16;
    if (n > 1) group |= uint32_t{bytes[i + 1]} << 8;
    if (n > 2) group |= bytes[i + 2];
    for (size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

// The square of a request inside an image, moved into it and no larger than it.
BoxLtwh Square(const PictureRequest& request, int width, int height) {
  const BoxLtwh& box = request.box_px;
  const double side = std::min({std::max(request.margin, 1.0) * std::max(box.width, box.height),
                                static_cast<double>(width), static_cast<double>(height)});
  const auto place = [side](double center, int length) {
    return std::clamp(std::floor(center - side / 2), 0.0, std::floor(length - side));
  };
  BoxLtwh square;
  square.left = place(box.left + box.width / 2, width);
  square.top = place(box.top + box.height / 2, height);
  square.width = std::floor(side);
  square.height = std::floor(side);
  return square;
}

Picture Cut(const RgbImage& image, const PictureRequest& request, int side, int quality) {
  Picture picture{.frame = request.frame, .uri = {}, .box = {}};
  const BoxLtwh square = Square(request, image.width, image.height);
  RgbImage crop, small;
  if (!(square.width >= 1) || !CropImage(image, square, &crop)) return picture;
  ResizeLikePillow(crop, side, side, ResizeFilter::kBilinear, &small);
  picture.uri = JpegDataUri(small, quality);
  if (request.marked) {
    const BoxLtwh& box = request.box_px;
    // Four digits are a fiftieth of a pixel here.
    const auto share = [&](double px) { return std::round(px / square.width * 1e4) / 1e4; };
    picture.box = {share(box.left - square.left), share(box.top - square.top), share(box.width),
                   share(box.height)};
  }
  return picture;
}

}  // namespace

std::string JpegDataUri(const RgbImage& image, int quality) {
  return "data:image/jpeg;base64," + Base64(EncodeJpeg(image, quality));
}

std::vector<Picture> CutPictures(const fs::path& frames,
                                 const std::vector<PictureRequest>& requests, int side,
                                 int quality) {
  std::vector<Picture> pictures(requests.size());
  std::map<int64_t, std::vector<size_t>> by_frame;
  for (size_t i = 0; i < requests.size(); ++i) {
    pictures[i].frame = requests[i].frame;
    by_frame[requests[i].frame].push_back(i);
  }
  if (frames.empty() || requests.empty()) return pictures;
  std::vector<int64_t> numbers;
  for (const auto& [number, wanted] : by_frame) numbers.push_back(number);
  FrameFolder source(frames);
  ForEachFrame(&source, numbers, "cutting pictures", [&](size_t, const Frame& frame) {
    if (frame.status == FrameStatus::kPicture) {  // else a placeholder
      for (const size_t i : by_frame.at(frame.number))
        pictures[i] = Cut(frame.picture, requests[i], side, quality);
    }
    return nullptr;
  });
  return pictures;
}

}  // namespace reidbench
