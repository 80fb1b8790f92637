#include "support/synthetic_reid.h"

#include <algorithm>
#include <array>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int kStripes = 4;

// One colour per stripe, from the person's number alone: the same person looks the same to every
// camera before its tint.
std::array<cv::Vec3d, kStripes> ClothesOf(int64_t person, uint64_t seed) {
  Rng rng(seed, static_cast<uint64_t>(person + 10));
  std::array<cv::Vec3d, kStripes> colours;
  for (cv::Vec3d& colour : colours) {
    for (int channel = 0; channel < 3; ++channel) colour[channel] = rng.Uniform(20, 235);
  }
  return colours;
}

struct Shot {
  int64_t person = 0;
  int camera = 1;
  uint64_t number = 0;  // distinguishes all images of the set
};

cv::Mat Draw(const Shot& shot, const SyntheticMarketOptions& options) {
  Rng rng(options.seed, 1'000'000 + shot.number);
  // Distractors and junk are somebody else each time.
  const int64_t wearer =
      shot.person > 0 ? shot.person : static_cast<int64_t>(2'000'000 + shot.number);
  const auto colours = ClothesOf(wearer, options.seed);
  const double gain = 0.8 + 0.08 * shot.camera;
  const cv::Vec3d tint(4.0 * shot.camera, 0, -4.0 * shot.camera);
  const double shift = rng.Uniform(-0.04, 0.04);
  cv::Mat image(options.height, options.width, CV_8UC3);
  for (int y = 0; y < options.height; ++y) {
    const double height = std::clamp((y + 0.5) / options.height + shift, 0.0, 0.999);
    const cv::Vec3d& clothes = colours[static_cast<size_t>(height * kStripes)];
    for (int x = 0; x < options.width; ++x) {
      // The outer fifths are background.
      const bool background = x < options.width / 5 || x >= options.width - options.width / 5;
      const cv::Vec3d base = background ? cv::Vec3d(90, 100, 95) : clothes;
      for (int channel = 0; channel < 3; ++channel) {
        const double value = gain * base[channel] + tint[channel] + rng.Uniform(-6, 6);
        image.at<cv::Vec3b>(y, x)[channel] = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
      }
    }
  }
  return image;
}

void WriteJpeg(const fs::path& path, const cv::Mat& image) {
  std::vector<uint8_t> bytes;
  if (!cv::imencode(".jpg", image, bytes, {cv::IMWRITE_JPEG_QUALITY, 90}))
    ThrowIo("{}: cannot encode", path.string());
  WriteFileAtomically(path,
                      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string NameOf(const Shot& shot, bool doubled_extension) {
  const std::string person = shot.person < 0 ? "-1" : fmt::format("{:04}", shot.person);
  return fmt::format("{}_c{}s1_{:06}_{:02}.jpg{}", person, shot.camera, 100 + shot.number,
                     shot.number % 4, doubled_extension ? ".jpg" : "");
}

}  // namespace

SyntheticMarket WriteSyntheticMarket(const fs::path& root, const SyntheticMarketOptions& options) {
  const fs::path train = root / "bounding_box_train";
  const fs::path query = root / "query";
  const fs::path gallery = root / "bounding_box_test";
  for (const fs::path& folder : {train, query, gallery}) fs::create_directories(folder);

  SyntheticMarket market;
  uint64_t number = 0;
  const auto write = [&](const fs::path& folder, int64_t person, int camera,
                         bool doubled_extension) {
    const Shot shot{person, camera, number++};
    WriteJpeg(folder / NameOf(shot, doubled_extension), Draw(shot, options));
  };
  for (int p = 1; p <= options.train_persons + options.test_persons; ++p) {
    const bool is_train = p <= options.train_persons;
    (is_train ? market.train_persons : market.test_persons).push_back(p);
    for (int camera = 1; camera <= options.cameras; ++camera) {
      for (int i = 0; i < options.images_per_camera; ++i) {
        if (is_train) {
          write(train, p, camera, false);
          ++market.train_images;
        } else if (i == 0) {
          write(query, p, camera, market.query_images == 1);
          ++market.query_images;
        } else {
          write(gallery, p, camera, market.gallery_images == 1);
          ++market.gallery_images;
        }
      }
    }
  }
  for (int i = 0; i < options.distractors; ++i) write(gallery, 0, 1 + i % options.cameras, false);
  for (int i = 0; i < options.junk; ++i) write(gallery, -1, 1 + i % options.cameras, false);
  WriteFileAtomically(gallery / "Thumbs.db", "not an image");
  market.gallery_images += options.distractors;
  market.distractors = options.distractors;
  market.junk = options.junk;
  return market;
}

}  // namespace reidbench
