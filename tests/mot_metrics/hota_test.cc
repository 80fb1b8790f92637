#include "reidbench/mot_metrics/hota.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

TEST(Hota, HandComputed) {
  // One object over four frames, tracked by 7 in two and by 8 in one (IoU 1 always), missed once.
  const HotaSummary r =
      Summarize(CountHota(Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}},
                                   {{1, 7, 0}, {2, 7, 0}, {3, 8, 0}, {4, 9, 5}}, 4)));
  for (int a = 0; a < kAlphas; ++a) {
    EXPECT_EQ(r.counts.tp[a], 3);
    EXPECT_EQ(r.counts.fn[a], 1);
    EXPECT_EQ(r.counts.fp[a], 1);
    EXPECT_DOUBLE_EQ(r.det_a[a], 3.0 / 5);
    // A(c): 2 / (4 + 2 - 2) for two of them, 1 / (4 + 1 - 1) for one.
    EXPECT_DOUBLE_EQ(r.ass_a[a], (2 * 0.5 + 0.25) / 3);
    EXPECT_DOUBLE_EQ(r.ass_re[a], (2 * 0.5 + 0.25) / 3);
    EXPECT_DOUBLE_EQ(r.ass_pr[a], 1);
    EXPECT_DOUBLE_EQ(r.hota[a], std::sqrt(0.6 * 1.25 / 3));
    EXPECT_DOUBLE_EQ(r.loc_a[a], 1);
  }
}

TEST(Hota, MatchesUpToTheAlphaOfTheOverlap) {
  // IoU 8/12 = .667: a match at alphas 0.05 .. 0.65, thirteen of nineteen.
  const HotaSummary r = Summarize(CountHota(Prepared({{1, 1, 0}}, {{1, 7, 0, 2}}, 1)));
  for (int a = 0; a < kAlphas; ++a) EXPECT_EQ(r.counts.tp[a], a < 13 ? 1 : 0) << a;
  EXPECT_DOUBLE_EQ(MeanOverAlphas(r.hota), 13.0 / 19);
  EXPECT_DOUBLE_EQ(r.loc_a[0], 80.0 / 120);
}

TEST(Hota, PerfectTracksScoreOneAndIdsAreOnlyNames) {
  std::vector<Spot> gt, same, renamed;
  for (int frame = 1; frame <= 6; ++frame) {
    for (int id = 1; id <= 3; ++id) {
      gt.push_back({frame, id, static_cast<double>(id)});
      same.push_back({frame, id, static_cast<double>(id), id == frame ? 2.0 : 0.0});
      renamed.push_back({frame, 1000 - 7 * id, static_cast<double>(id), id == frame ? 2.0 : 0.0});
    }
  }
  EXPECT_EQ(MeanOverAlphas(Summarize(CountHota(Prepared(gt, gt, 6))).hota), 1);
  const HotaSummary a = Summarize(CountHota(Prepared(gt, same, 6)));
  const HotaSummary b = Summarize(CountHota(Prepared(gt, renamed, 6)));
  EXPECT_EQ(a.counts.tp, b.counts.tp);
  for (int i = 0; i < kAlphas; ++i) EXPECT_NEAR(a.hota[i], b.hota[i], 1e-15);
  EXPECT_LT(MeanOverAlphas(a.hota), 1);
}

TEST(Hota, AlphasRoundLikeArange) {
  EXPECT_EQ(HotaAlphas()[0], 0.05);
  EXPECT_EQ(HotaAlphas()[5], 0.05 + 5 * 0.05);
  EXPECT_NE(HotaAlphas()[5], 6 * 0.05);
}

TEST(Hota, BlocksAddUpToTheWhole) {
  const MotSequence s = Prepared({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {1, 2, 1}},
                                 {{1, 7, 0}, {2, 7, 0, 1}, {3, 8, 0, 3}, {4, 9, 5}, {1, 9, 1}}, 4);
  HotaCounts sum;
  for (const HotaCounts& block : CountHotaBlocks(s, 3)) sum += block;
  const HotaCounts whole = CountHota(s);
  EXPECT_EQ(sum.tp, whole.tp);
  EXPECT_EQ(sum.fn, whole.fn);
  EXPECT_EQ(sum.fp, whole.fp);
  for (int a = 0; a < kAlphas; ++a) {
    EXPECT_NEAR(sum.ass_a_sum[a], whole.ass_a_sum[a], 1e-12);
    EXPECT_NEAR(sum.ass_re_sum[a], whole.ass_re_sum[a], 1e-12);
    EXPECT_NEAR(sum.ass_pr_sum[a], whole.ass_pr_sum[a], 1e-12);
    EXPECT_NEAR(sum.similarity_sum[a], whole.similarity_sum[a], 1e-12);
  }
}

}  // namespace
}  // namespace reidbench
