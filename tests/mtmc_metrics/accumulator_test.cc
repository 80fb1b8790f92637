#include "reidbench/mtmc_metrics/accumulator.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {
namespace {

AccumulatorSummary Accumulated(const std::vector<SiteSpot>& truth,
                               const std::vector<SiteSpot>& results) {
  return Summarize(Accumulate(ForAccumulator(CameraSequence(HandCamera("a", truth, results), 0))));
}

TEST(Accumulator, CountsByHand) {
  // Person 1 in frames 1..5: 7, 7, nobody, 8, 8 (a switch and a fragmentation); 5 is on nobody.
  const AccumulatorSummary s =
      Accumulated({{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {4, 1, 0}, {5, 1, 0}},
                  {{1, 7, 0}, {2, 7, 0, 2}, {4, 8, 0}, {5, 8, 0}, {5, 5, 3}});
  EXPECT_EQ(s.counts.matches, 3);
  EXPECT_EQ(s.counts.switches, 1);
  EXPECT_EQ(s.counts.misses, 1);
  EXPECT_EQ(s.counts.false_positives, 1);
  EXPECT_EQ(s.counts.fragmentations, 1);
  EXPECT_EQ(s.counts.mostly_tracked, 1);  // 4 of 5, and 0.8 counts
  EXPECT_EQ(s.counts.frames, 5);
  EXPECT_DOUBLE_EQ(*s.mota, 1 - 3.0 / 5);
  EXPECT_DOUBLE_EQ(*s.motp, (4.0 / 12) / 4);
  EXPECT_DOUBLE_EQ(*s.idf1, 2 * 2.0 / 10);
  EXPECT_DOUBLE_EQ(*s.precision, 4.0 / 5);
}

TEST(Accumulator, KeepsTheLastMatchEver) {
  // After a frame without person 1, 7 is further away than 8 but was the last one.
  const AccumulatorSummary s =
      Accumulated({{1, 1, 0}, {3, 1, 0}}, {{1, 7, 0}, {2, 7, 5}, {3, 8, 0}, {3, 7, 0, 2}});
  EXPECT_EQ(s.counts.switches, 0);
  EXPECT_EQ(s.counts.matches, 2);
}

TEST(Accumulator, IsUndefinedWithoutBoxes) {
  const AccumulatorSummary nothing = Accumulated({}, {});
  EXPECT_EQ(nothing.idf1, std::nullopt);
  EXPECT_EQ(nothing.mota, std::nullopt);
  const AccumulatorSummary missed = Accumulated({{1, 1, 0}}, {});
  EXPECT_EQ(missed.idf1, 0);
  EXPECT_EQ(missed.idp, std::nullopt);
  EXPECT_EQ(missed.mota, 0);
}

}  // namespace
}  // namespace reidbench
