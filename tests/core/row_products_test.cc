#include "reidbench/core/row_products.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/random.h"
#include "support/each_isa.h"

namespace reidbench {
namespace {

FeatureMatrix Gaussian(int64_t rows, int64_t cols, uint64_t seed) {
  Rng rng(seed);
  FeatureMatrix result(rows, cols);
  for (int64_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<float>(rng.Normal());
  return result;
}

// Rounding of a sum of `dim` products of numbers near 1.
double Tolerance(int64_t dim) { return 1e-6 * static_cast<double>(dim); }

using RowProducts = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, RowProducts, testing::ValuesIn(kAllIsas), IsaOf);

TEST_P(RowProducts, EqualDoublePrecisionForAllShapes) {
  for (const int64_t rows : {1, 11, 12, 13, 97}) {
    for (const int64_t columns : {1, 31, 32, 33, 513}) {
      for (const int64_t dim : {1, 3, 64, 128, 129, 300}) {
        const FeatureMatrix left = Gaussian(rows, dim, 1);
        const FeatureMatrix right = Gaussian(columns, dim, 2);
        const FeatureMatrix products = RightFactor(ViewOf(right)).LeftTimes(ViewOf(left));
        ASSERT_EQ(products.rows(), rows);
        ASSERT_EQ(products.cols(), columns);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < columns; ++c) {
            double expected = 0;
            for (int64_t k = 0; k < dim; ++k)
              expected += static_cast<double>(left(r, k)) * right(c, k);
            ASSERT_NEAR(products(r, c), expected, Tolerance(dim))
                << rows << " x " << columns << " x " << dim;
          }
        }
      }
    }
  }
}

TEST_P(RowProducts, PairsHaveTheSameBitsWhereverTheyStand) {
  const FeatureMatrix left = Gaussian(40, 260, 3);
  const FeatureMatrix right = Gaussian(100, 260, 4);
  const FeatureMatrix all = RightFactor(ViewOf(right)).LeftTimes(ViewOf(left));
  const FeatureMatrix rows =
      RightFactor(ViewOf(right)).LeftTimes(FeatureView(left.row(17).data(), 5, left.cols()));
  const FeatureMatrix columns =
      RightFactor(FeatureView(right.row(33).data(), 44, right.cols())).LeftTimes(ViewOf(left));
  const FeatureMatrix swapped = RightFactor(ViewOf(left)).LeftTimes(ViewOf(right));
  for (int64_t r = 0; r < all.rows(); ++r) {
    for (int64_t c = 0; c < all.cols(); ++c) {
      if (r >= 17 && r < 22) {
        ASSERT_EQ(rows(r - 17, c), all(r, c));
      }
      if (c >= 33 && c < 77) {
        ASSERT_EQ(columns(r, c - 33), all(r, c));
      }
      ASSERT_EQ(swapped(c, r), all(r, c));
    }
  }
}

// With fused multiply-adds the width of the registers does not show.
TEST_P(RowProducts, HaveTheBitsOfAvx2) {
  const FeatureMatrix left = Gaussian(13, 300, 5);
  const FeatureMatrix right = Gaussian(35, 300, 6);
  const FeatureMatrix products = RightFactor(ViewOf(right)).LeftTimes(ViewOf(left));
  const ScopedIsaCap cap(Isa::kAvx2);
  const FeatureMatrix narrow = RightFactor(ViewOf(right)).LeftTimes(ViewOf(left));
  for (int64_t i = 0; i < products.rows() * products.cols(); ++i) {
    if (GetParam() == Isa::kBaseline) {
      ASSERT_NEAR(products.data()[i], narrow.data()[i], Tolerance(300));
    } else {
      ASSERT_EQ(products.data()[i], narrow.data()[i]);
    }
  }
}

TEST_P(RowProducts, PackRowsInterleavesDividesAndFillsUp) {
  const FeatureMatrix rows = Gaussian(kBlockRows, 67, 7);
  const float* sources[kBlockRows];
  float divisors[kBlockRows];
  for (int i = 0; i < kBlockRows; ++i) {
    sources[i] = i == 5 ? nullptr : rows.data() + i * 67;
    divisors[i] = 0.7f + static_cast<float>(i);
  }
  std::vector<float> packed(kBlockRows * 67, -1.0f);
  PackRows<kBlockRows>(sources, divisors, 67, packed.data());
  for (int k = 0; k < 67; ++k) {
    for (int i = 0; i < kBlockRows; ++i)
      ASSERT_EQ(packed[k * kBlockRows + i], i == 5 ? 0 : rows(i, k) / divisors[i]);
  }
}

TEST_P(RowProducts, DotHasTheBitsOfAvx2) {
  const FeatureMatrix x = Gaussian(2, 531, 8);
  for (const int64_t n : {0, 1, 63, 64, 65, 512, 531}) {
    double expected = 0;
    for (int64_t k = 0; k < n; ++k) expected += static_cast<double>(x(0, k)) * x(1, k);
    const float dot = Dot(x.data(), x.data() + 531, n);
    EXPECT_NEAR(dot, expected, Tolerance(n));
    const ScopedIsaCap cap(Isa::kAvx2);
    if (GetParam() != Isa::kBaseline) {
      EXPECT_EQ(Dot(x.data(), x.data() + 531, n), dot);
    }
  }
}

TEST_P(RowProducts, AddScaledRoundsProductAndSum) {
  FeatureMatrix x = Gaussian(2, 67, 9);
  const FeatureMatrix before = x;
  AddScaled(0.3f, x.data(), 67, x.data() + 67);
  for (int64_t k = 0; k < 67; ++k) {
    const volatile float product = 0.3f * before(0, k);
    ASSERT_EQ(x(1, k), before(1, k) + product);
  }
}

}  // namespace
}  // namespace reidbench
