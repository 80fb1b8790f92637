#include "reidbench/retrieval/distance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "retrieval/inputs.h"
#include "support/each_isa.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

TEST(DistanceMatrix, HandComputed) {
  FeatureMatrix query(2, 2);
  AsEigen(query) << 3, 4, 0, 0;
  FeatureMatrix gallery(2, 2);
  AsEigen(gallery) << 0, 1, 6, 8;
  const FeatureMatrix euclidean =
      DistanceMatrix(ViewOf(query), ViewOf(gallery), Metric::kEuclidean);
  EXPECT_EQ(euclidean(0, 0), 18);  // 9 + 9
  EXPECT_EQ(euclidean(0, 1), 25);
  EXPECT_EQ(euclidean(1, 0), 1);
  EXPECT_EQ(euclidean(1, 1), 100);
  const FeatureMatrix cosine = DistanceMatrix(ViewOf(query), ViewOf(gallery), Metric::kCosine);
  EXPECT_NEAR(cosine(0, 0), 1 - 0.8, 1e-7);
  EXPECT_NEAR(cosine(0, 1), 0, 1e-7);
  EXPECT_EQ(cosine(1, 0), 1);  // a zero row is orthogonal to everything
}

using Distances = EachIsa;
INSTANTIATE_TEST_SUITE_P(Isa, Distances, testing::ValuesIn(kAllIsas), IsaOf);

// All remainders of rows, columns and dimension against the tile sizes.
TEST_P(Distances, EqualDoublePrecisionForAllShapes) {
  for (const int64_t rows : {1, 5, 12, 97}) {
    for (const int64_t cols : {1, 31, 33, 513}) {
      for (const int64_t dim : {1, 7, 16, 128, 129, 300}) {
        const FeatureMatrix query = Gaussian(rows, dim, 1);
        const FeatureMatrix gallery = Gaussian(cols, dim, 2);
        const Eigen::MatrixXd dots =
            AsEigen(query).cast<double>() * AsEigen(gallery).cast<double>().transpose();
        const Eigen::VectorXd query_norms = AsEigen(query).cast<double>().rowwise().squaredNorm();
        const Eigen::VectorXd gallery_norms =
            AsEigen(gallery).cast<double>().rowwise().squaredNorm();
        const FeatureMatrix euclidean =
            DistanceMatrix(ViewOf(query), ViewOf(gallery), Metric::kEuclidean);
        const FeatureMatrix cosine =
            DistanceMatrix(ViewOf(query), ViewOf(gallery), Metric::kCosine);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t c = 0; c < cols; ++c) {
            const double a = query_norms(r);
            const double b = gallery_norms(c);
            ASSERT_NEAR(euclidean(r, c), a + b - 2 * dots(r, c), 2e-6 * (a + b))
                << rows << "x" << cols << "x" << dim;
            ASSERT_NEAR(cosine(r, c), 1 - dots(r, c) / std::sqrt(a * b), 2e-6)
                << rows << "x" << cols << "x" << dim;
          }
        }
      }
    }
  }
}

TEST_P(Distances, PairsHaveTheSameBitsWhereverTheyStand) {
  const FeatureMatrix query = Gaussian(101, 130, 3);
  const FeatureMatrix gallery = Gaussian(700, 130, 4);
  for (const Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    const FeatureMatrix all = DistanceMatrix(ViewOf(query), ViewOf(gallery), metric);
    EXPECT_EQ(
        RowMatrix(AsEigen(DistanceMatrix(ViewOf(gallery), ViewOf(query), metric)).transpose()),
        AsEigen(all));
    const FeatureView part(gallery.row(333).data(), 45, gallery.cols());
    EXPECT_EQ(AsEigen(DistanceMatrix(ViewOf(query), part, metric)),
              AsEigen(all).middleCols(333, 45));
    const FeatureDistances source(ViewOf(query), ViewOf(gallery), metric);
    FeatureMatrix some(3, 700);
    const int32_t rows[] = {100, 0, 57};
    source.Rows(rows, some.data());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(EigenRow(some, i), EigenRow(all, rows[i]));
    const ThreadLimit limit(1);
    EXPECT_EQ(DistanceMatrix(ViewOf(query), ViewOf(gallery), metric), all);
  }
}

TEST(FeatureDistances, RefusesBadFeatures) {
  FeatureMatrix query = Gaussian(2, 3, 1);
  const FeatureMatrix gallery = Gaussian(4, 3, 2);
  const FeatureMatrix wide = Gaussian(4, 5, 2);
  EXPECT_THROW(DistanceMatrix(ViewOf(query), ViewOf(wide), Metric::kCosine), Error);
  EXPECT_THROW(DistanceMatrix(ViewOf(FeatureMatrix(0, 3)), ViewOf(gallery), Metric::kCosine),
               Error);
  for (const Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
          -std::numeric_limits<float>::infinity()}) {
      query(1, 2) = bad;
      EXPECT_THAT(MessageOf(ErrorKind::kInput,
                            [&] { DistanceMatrix(ViewOf(query), ViewOf(gallery), metric); }),
                  ::testing::HasSubstr("query feature row 1 holds NaN or infinity"));
    }
  }
}

TEST(MatrixDistances, GivesRowsInAnyOrder) {
  FeatureMatrix matrix(3, 2);
  std::iota(matrix.data(), matrix.data() + 6, 0.0f);
  const MatrixDistances distances(ViewOf(matrix));
  EXPECT_EQ(distances.num_queries(), 3);
  EXPECT_EQ(distances.num_gallery(), 2);
  std::vector<float> rows(4);
  distances.Rows(std::vector<int32_t>{2, 0}, rows.data());
  EXPECT_THAT(rows, ::testing::ElementsAre(4, 5, 0, 1));
}

TEST(MatrixDistances, RefusesWhatIsNoDistance) {
  const FeatureMatrix empty(0, 3);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { MatrixDistances{ViewOf(empty)}; }),
              ::testing::HasSubstr("found 0 x 3"));
  FeatureMatrix matrix(100, 2);
  matrix(70, 1) = std::numeric_limits<float>::quiet_NaN();
  matrix(71, 0) = std::numeric_limits<float>::infinity();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { MatrixDistances{ViewOf(matrix)}; }),
              ::testing::HasSubstr("found nan in row 70, column 1"));
}

TEST(Metric, ParsesWhatItPrints) {
  EXPECT_EQ(ParseMetric("cosine"), Metric::kCosine);
  EXPECT_EQ(ParseMetric(MetricName(Metric::kEuclidean)), Metric::kEuclidean);
  EXPECT_FALSE(ParseMetric("manhattan").has_value());
}

}  // namespace
}  // namespace reidbench
