#include "reidbench/matching/iou.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

TEST(Iou, HandComputed) {
  EXPECT_EQ(Iou(BoxLtwh{0, 0, 10, 10}, BoxLtwh{0, 0, 10, 10}), 1);
  EXPECT_EQ(Iou(BoxLtwh{0, 0, 10, 10}, BoxLtwh{5, 0, 10, 10}), 50.0 / 150.0);
  EXPECT_EQ(Iou(BoxLtwh{0, 0, 10, 20}, BoxLtwh{0, 0, 10, 10}), 0.5);
  EXPECT_EQ(Iou(BoxLtwh{0, 0, 10, 10}, BoxLtwh{10, 0, 10, 10}), 0);  // touching
}

TEST(Iou, RoundsLikeTheReference) {
  // Half of the box; fused multiply-add gives another last bit, and CLEAR's threshold is in
  // between.
  EXPECT_EQ(Iou(BoxLtwh{34.3, 32.5, 6.5, 8.2}, BoxLtwh{34.3, 32.5, 6.5, 4.1}), 0.49999999999999994);
}

TEST(Iou, BoxesWithoutAreaNeverMatch) {
  EXPECT_EQ(Iou(BoxLtwh{0, 0, 0, 10}, BoxLtwh{0, 0, 0, 10}), 0);
  EXPECT_EQ(Iou(BoxLtwh{10, 0, -10, 10}, BoxLtwh{0, 0, 10, 10}), 0);
  EXPECT_EQ(Iou(BoxLtwh{10, 10, -10, -10}, BoxLtwh{0, 0, 10, 10}),
            0);  // a positive area, but inside out
}

TEST(OverlapFinder, EqualsAllPairs) {
  Rng rng(3);
  OverlapFinder finder;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<BoxCorners> rows(rng.Below(40)), cols(rng.Below(40));
    for (std::vector<BoxCorners>* side : {&rows, &cols}) {
      for (BoxCorners& box : *side) {
        // Coarse coordinates: many equal and touching edges; now and then a very wide or an empty
        // box.
        const double size = rng.Below(10) == 0 ? 200 : 12;
        box = CornersOf({static_cast<double>(rng.Below(60)), static_cast<double>(rng.Below(60)),
                         std::floor(rng.Uniform(-1, size)), std::floor(rng.Uniform(0, size))});
      }
    }
    SparseScores scores;
    scores.Clear(static_cast<int32_t>(cols.size()));
    finder.Append(rows, cols, &scores);
    ASSERT_EQ(scores.row_begin.size(), rows.size() + 1);
    size_t k = 0;
    for (size_t r = 0; r < rows.size(); ++r) {
      for (size_t c = 0; c < cols.size(); ++c) {
        const double iou = Iou(rows[r], cols[c]);
        if (iou == 0) continue;
        ASSERT_LT(k, scores.col.size());
        EXPECT_EQ(scores.col[k], static_cast<int32_t>(c));
        EXPECT_EQ(scores.value[k], iou);
        ++k;
      }
      EXPECT_EQ(scores.row_begin[r + 1], k);
    }
  }
}

TEST(OverlapFinder, RefusesAnAbsurdNumberOfPairs) {
  const std::vector<BoxCorners> same(100, CornersOf({0, 0, 10, 10}));
  SparseScores scores;
  scores.Clear(100);
  EXPECT_THROW(OverlapFinder().Append(same, same, &scores, 5000), Error);
}

}  // namespace
}  // namespace reidbench
