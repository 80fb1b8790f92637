#include "reidbench/retrieval/single_shot.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

// Order: 1 0 1 2 0 (0 = the query's person).
const int32_t kOrder[] = {1, 0, 1, 2, 0};

TEST(SingleShot, ExpectationByHand) {
  // First positive: person 1 is ahead with 1 of 2 images: hit at rank 1 with 1/2, within 2 surely.
  // Second: persons 1 and 2 are surely ahead: rank 3.
  const std::vector<double> cmc = SingleShotExpectation({kOrder, 0, 3}, 4);
  EXPECT_EQ(cmc, (std::vector<double>{0.25, 0.5, 1, 1}));
}

TEST(SingleShot, PersonsWithoutImagesDoNotMatter) {
  EXPECT_EQ(SingleShotExpectation({kOrder, 0, 9}, 4), SingleShotExpectation({kOrder, 0, 3}, 4));
  Rng a(1), b(1);
  EXPECT_EQ(SingleShotSampled({kOrder, 0, 9}, 4, 20, &a).back(),
            SingleShotSampled({kOrder, 0, 3}, 4, 20, &b).back());
}

TEST(SingleShot, DrawsApproachTheExpectation) {
  Rng order_rng(3);
  std::vector<int32_t> order(120);
  for (int32_t& p : order) p = static_cast<int32_t>(order_rng.Below(15));
  order[70] = 4;
  const std::vector<double> expected = SingleShotExpectation({order, 4, 15}, 12);
  Rng rng(9);
  const std::vector<double> drawn = SingleShotSampled({order, 4, 15}, 12, 40000, &rng);
  for (size_t k = 0; k < 12; ++k) EXPECT_NEAR(drawn[k], expected[k], 0.01) << k;
}

TEST(SingleShot, ListIsCutAtMaxRank) {
  const int32_t order[] = {1, 2, 3, 0};
  EXPECT_EQ(SingleShotExpectation({order, 0, 4}, 2), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace reidbench
