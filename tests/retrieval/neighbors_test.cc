#include "reidbench/retrieval/neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

TEST(FindNeighbors, EqualsSortedRowsWithTies) {
  Rng rng(1);
  FeatureMatrix query(40, 6);
  FeatureMatrix gallery(1100, 6);
  // Few distinct values, so that many distances are equal.
  for (int64_t i = 0; i < query.size(); ++i) query.data()[i] = static_cast<float>(rng.Below(4));
  for (int64_t i = 0; i < gallery.size(); ++i) gallery.data()[i] = static_cast<float>(rng.Below(4));
  FeatureMatrix all(1140, 6);
  AsEigen(all) << AsEigen(query), AsEigen(gallery);
  const FeatureMatrix distances = DistanceMatrix(ViewOf(all), ViewOf(all), Metric::kEuclidean);
  const NeighborLists lists =
      FindNeighbors(FeatureRows(ViewOf(query), ViewOf(gallery), Metric::kEuclidean), 25);
  ASSERT_EQ(lists.k, 25);
  for (int64_t i = 0; i < 1140; ++i) {
    std::vector<Neighbor> expected;
    for (int32_t j = 0; j < 1140; ++j) expected.push_back({distances(i, j), j});
    std::sort(expected.begin(), expected.end());
    for (size_t k = 0; k < 25; ++k) {
      ASSERT_EQ(lists.Of(i)[k].row, expected[k].row) << i;
      ASSERT_EQ(lists.Of(i)[k].distance, expected[k].distance) << i;
    }
    ASSERT_EQ(lists.farthest[static_cast<size_t>(i)], expected.back().distance);
  }
}

TEST(FindNeighbors, CapsKAtTheNumberOfRows) {
  FeatureMatrix rows(3, 3);
  AsEigen(rows).setIdentity();
  const NeighborLists lists =
      FindNeighbors(FeatureRows(ViewOf(rows), Metric::kCosine, "query"), 21);
  EXPECT_EQ(lists.k, 3);
  EXPECT_EQ(lists.Of(1)[0].row, 1);
  EXPECT_EQ(lists.Of(1)[1].row, 0);
  EXPECT_EQ(lists.Of(1)[2].row, 2);
}

}  // namespace
}  // namespace reidbench
