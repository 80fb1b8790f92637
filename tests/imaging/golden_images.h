// tests/golden/preprocess: images and what Pillow 9.4 and torchvision 0.14.1 make of them (see
// generate.py there).
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

inline std::filesystem::path GoldenImagePath(std::string_view name) {
  return std::filesystem::path(REIDBENCH_TEST_DATA) / "preprocess" / name;
}

// One line of expected.csv; all but the first three fields are SHA-256.
struct GoldenImage {
  std::string name;
  int width = 0;
  int height = 0;
  std::string rgb;
  std::string rgb_exif;
  std::string bilinear8;
  std::string bicubic8;
  std::string chw;
  std::string chw_fastreid;
};

inline std::vector<GoldenImage> ReadGoldenImages() {
  std::vector<GoldenImage> images;
  const std::string text = ReadFileText(GoldenImagePath("expected.csv"));
  for (const std::string_view line : SplitText(text, '\n')) {
    const std::vector<std::string_view> fields = SplitText(line, ',');
    if (fields.size() != 9 || fields[0] == "name") continue;
    images.push_back({std::string(fields[0]), static_cast<int>(ParseInt(fields[1]).value()),
                      static_cast<int>(ParseInt(fields[2]).value()), std::string(fields[3]),
                      std::string(fields[4]), std::string(fields[5]), std::string(fields[6]),
                      std::string(fields[7]), std::string(fields[8])});
  }
  return images;
}

inline void PrintTo(const GoldenImage& image, std::ostream* out) { *out << image.name; }

// A GoogleTest name: letters, digits and '_' only.
inline std::string GoldenTestName(const testing::TestParamInfo<GoldenImage>& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

template <typename T>
std::string HashOf(const std::vector<T>& values) {
  return Sha256Hex({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}

inline RgbImage RandomImage(int width, int height, uint64_t seed) {
  RgbImage image;
  image.width = width;
  image.height = height;
  image.pixels.resize(size_t{3} * width * height);
  Rng rng(seed);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(rng.Below(256));
  return image;
}

}  // namespace reidbench
