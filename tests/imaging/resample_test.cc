#include "reidbench/imaging/resample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "golden_images.h"
#include "support/each_isa.h"

namespace reidbench {
namespace {

// The recipe of Pillow's resize, written down as plainly as possible: one pass at a time, one pixel
// at a time, one weight at a time, with 64-bit sums.
std::vector<int64_t> ReferenceWeights(int in, int out, int i, bool bicubic, int* first) {
  const double scale = static_cast<double>(in) / out;
  const double fs = scale < 1 ? 1 : scale;
  const double support = (bicubic ? 2.0 : 1.0) * fs;
  const double c = (i + 0.5) * scale;
  const double lo_real = std::trunc(c - support + 0.5);
  const double hi_real = std::trunc(c + support + 0.5);
  const int lo = lo_real < 0 ? 0 : static_cast<int>(lo_real);
  const int hi = hi_real > in ? in : static_cast<int>(hi_real);
  std::vector<double> w;
  double sum = 0;
  for (int j = lo; j < hi; ++j) {
    const double x = std::fabs((j - c + 0.5) * (1 / fs));
    double f = 0;
    if (!bicubic && x < 1) f = 1 - x;
    if (bicubic && x < 1) {
      f = (1.5 * x - 2.5) * x * x + 1;
    } else if (bicubic && x < 2) {
      f = (((x - 5) * x + 8) * x - 4) * -0.5;
    }
    w.push_back(f);
    sum += f;
  }
  std::vector<int64_t> fixed;
  fixed.reserve(w.size());
  for (const double f : w)
    fixed.push_back(
        static_cast<int64_t>(std::trunc(f / sum * 4194304 + (f / sum < 0 ? -0.5 : 0.5))));
  *first = lo;
  return fixed;
}

RgbImage ReferencePass(const RgbImage& in, int out_size, bool horizontal, bool bicubic) {
  RgbImage out;
  out.width = horizontal ? out_size : in.width;
  out.height = horizontal ? in.height : out_size;
  out.pixels.resize(size_t{3} * out.width * out.height);
  for (int i = 0; i < out_size; ++i) {
    int first = 0;
    const std::vector<int64_t> w =
        ReferenceWeights(horizontal ? in.width : in.height, out_size, i, bicubic, &first);
    for (int other = 0; other < (horizontal ? in.height : in.width); ++other) {
      for (int c = 0; c < 3; ++c) {
        int64_t sum = int64_t{1} << 21;
        for (size_t k = 0; k < w.size(); ++k) {
          const int along = first + static_cast<int>(k);
          sum += w[k] * (horizontal ? in.Row(other)[3 * along + c] : in.Row(along)[3 * other + c]);
        }
        const int64_t value = sum >> 22;
        uint8_t* to = horizontal ? out.Row(other) + 3 * i + c : out.Row(i) + 3 * other + c;
        *to = static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
      }
    }
  }
  return out;
}

RgbImage ReferenceResize(const RgbImage& in, int width, int height, bool bicubic) {
  RgbImage image = in;
  if (width != image.width) image = ReferencePass(image, width, true, bicubic);
  if (height != image.height) image = ReferencePass(image, height, false, bicubic);
  return image;
}

void ExpectSameAsReference(Resampler& resampler, int in_w, int in_h, int out_w, int out_h,
                           uint64_t seed) {
  RgbImage in = RandomImage(in_w, in_h, seed);
  // Extremes make bicubic overshoot: half of the pictures are black and white only.
  if (seed % 2 == 0) {
    for (uint8_t& value : in.pixels) value = value < 128 ? 0 : 255;
  }
  for (const ResizeFilter filter : {ResizeFilter::kBilinear, ResizeFilter::kBicubic}) {
    RgbImage out;
    resampler.Resize(in, out_w, out_h, filter, &out);
    const RgbImage expected = ReferenceResize(in, out_w, out_h, filter == ResizeFilter::kBicubic);
    ASSERT_EQ(out.width, out_w);
    ASSERT_EQ(out.height, out_h);
    ASSERT_TRUE(out.pixels == expected.pixels)
        << in_w << "x" << in_h << " -> " << out_w << "x" << out_h;
  }
}

TEST(Resampler, RandomSizesAgainstTheReference) {
  Resampler
      resampler;  // one for all: kept weights and scratch must not leak from one size to the next
  Rng rng(11);
  for (uint64_t trial = 0; trial < 150; ++trial) {
    const auto side = [&](uint64_t max) { return 1 + static_cast<int>(rng.Below(max)); };
    ExpectSameAsReference(resampler, side(150), side(150), side(140), side(140), trial);
  }
}

TEST(Resampler, SmallAndExtremeSizes) {
  Resampler resampler;
  const int sizes[][4] = {
      {1, 1, 1, 1},        {1, 1, 128, 256}, {2, 1, 1, 2},    {3, 5, 128, 256}, {1, 300, 128, 256},
      {300, 1, 7, 9},      {3000, 2, 1, 1},  {2, 3000, 3, 1}, {1, 1, 500, 1},   {64, 128, 64, 256},
      {64, 128, 128, 128}, {9, 8, 9, 8},     {11, 7, 10, 7},  {32, 9, 33, 8},   {20000, 1, 1, 1}};
  uint64_t seed = 1;
  for (const auto& s : sizes) ExpectSameAsReference(resampler, s[0], s[1], s[2], s[3], seed++);
}

TEST(Resampler, ConstantPicturesStayConstant) {
  Resampler resampler;
  for (const int value : {0, 1, 127, 254, 255}) {
    RgbImage in = RandomImage(37, 91, 1);
    std::fill(in.pixels.begin(), in.pixels.end(), static_cast<uint8_t>(value));
    RgbImage out;
    resampler.Resize(in, 128, 256, ResizeFilter::kBicubic, &out);
    EXPECT_EQ(std::count(out.pixels.begin(), out.pixels.end(), value), std::ssize(out.pixels));
  }
}

// The hand-computed case: 2 -> 4 pixels, bilinear. Centres 0.25, 0.75, 1.25, 1.75; the inner
// outputs weigh 3/4 and 1/4.
TEST(Resampler, TwoToFourByHand) {
  RgbImage in;
  in.width = 2;
  in.height = 1;
  in.pixels = {0, 100, 255, 200, 100, 0};
  RgbImage out;
  Resampler().Resize(in, 4, 1, ResizeFilter::kBilinear, &out);
  EXPECT_EQ(out.pixels,
            (std::vector<uint8_t>{0, 100, 255, 50, 100, 191, 150, 100, 64, 200, 100, 0}));
}

using WeightedSumTest = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, WeightedSumTest, testing::ValuesIn(kAllIsas), IsaOf);

TEST_P(WeightedSumTest, FastAndPortableGiveTheSameBytes) {
  Rng rng(5);
  for (int trial = 0; trial < 400; ++trial) {
    const int taps = 1 + static_cast<int>(rng.Below(trial % 10 == 0 ? 700 : 9));
    const auto length = static_cast<ptrdiff_t>(1 + rng.Below(200));
    const auto stride = length + static_cast<ptrdiff_t>(rng.Below(5));
    std::vector<uint8_t> src(static_cast<size_t>(stride * (taps - 1) + length));
    for (uint8_t& value : src) value = static_cast<uint8_t>(rng.Below(256));
    // Weights of any sign that sum up to about one, as real ones do, and a few that make both ends
    // clamp.
    AxisWeights axis = MakeAxisWeights(taps, 1, ResizeFilter::kBicubic);
    std::vector<AxisWeights::TapPair> pairs((static_cast<size_t>(taps) + 1) / 2);
    for (size_t p = 0; p < pairs.size(); ++p) {
      const bool second = static_cast<int>(2 * p + 1) < taps;
      const auto low = [&] { return static_cast<uint32_t>(rng.Below(4096)); };
      const auto high = [&] { return static_cast<uint32_t>(rng.Below(1024)) - 400; };
      pairs[p].low = static_cast<int32_t>(low() | (second ? low() << 16 : 0));
      pairs[p].high = static_cast<int32_t>((high() & 0xFFFF) | (second ? high() << 16 : 0));
    }
    for (const auto* weights : {&pairs, &axis.pairs}) {
      const int count = weights == &pairs ? taps : axis.spans[0].count;
      std::vector<uint8_t> fast(static_cast<size_t>(length) + 1, 77);
      std::vector<uint8_t> portable(static_cast<size_t>(length) + 1, 77);
      WeightedSum(src.data(), stride, weights->data(), count, fast.data(), length);
      WeightedSumPortable(src.data(), stride, weights->data(), count, portable.data(), length);
      ASSERT_EQ(fast, portable) << taps << " taps, " << length << " bytes";
      ASSERT_EQ(fast.back(), 77);  // nothing is written behind the end
    }
  }
}

// The passes of Resize, wide and narrow, odd and even.
TEST_P(WeightedSumTest, ResizeGivesTheBytesOfTheBaseline) {
  Rng rng(6);
  for (const auto& [width, height] : {std::pair{3, 5}, std::pair{64, 129}, std::pair{301, 77}}) {
    RgbImage in{width, height, std::vector<uint8_t>(size_t{3} * width * height)};
    for (uint8_t& value : in.pixels) value = static_cast<uint8_t>(rng.Below(256));
    RgbImage out, expected;
    Resampler().Resize(in, 37, 50, ResizeFilter::kBicubic, &out);
    const ScopedIsaCap cap(Isa::kBaseline);
    Resampler().Resize(in, 37, 50, ResizeFilter::kBicubic, &expected);
    EXPECT_EQ(out.pixels, expected.pixels) << width << " x " << height;
  }
}

}  // namespace
}  // namespace reidbench
