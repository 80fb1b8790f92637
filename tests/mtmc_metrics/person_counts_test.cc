#include "reidbench/mtmc_metrics/person_counts.h"

#include <gtest/gtest.h>

#include "mtmc_metrics/hand_site.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {
namespace {

TEST(PersonCounts, AddUpToTheSequence) {
  // A switch, a miss, a box on nobody, loose boxes.
  const MotSequence s = CameraSequence(
      HandCamera("a", {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}, {1, 2, 2}, {2, 2, 2}, {3, 2, 2}},
                 {{1, 7, 0, 1}, {2, 8, 0, 4}, {1, 9, 2}, {3, 9, 2, 2}, {3, 5, 6}, {2, 5, 6}}),
      0);
  const std::vector<MotCounts> persons = CountMotByPerson(s);
  ASSERT_EQ(persons.size(), 2u);
  const MotCounts sum = Combine(persons), whole = CountMot(s);
  for (int a = 0; a < kAlphas; ++a) {
    EXPECT_EQ(sum.hota.tp[a], whole.hota.tp[a]);
    EXPECT_EQ(sum.hota.fn[a], whole.hota.fn[a]);
    EXPECT_EQ(sum.hota.fp[a], whole.hota.fp[a]);
    EXPECT_NEAR(sum.hota.ass_a_sum[a], whole.hota.ass_a_sum[a], 1e-12);
    EXPECT_NEAR(sum.hota.ass_re_sum[a], whole.hota.ass_re_sum[a], 1e-12);
    EXPECT_NEAR(sum.hota.ass_pr_sum[a], whole.hota.ass_pr_sum[a], 1e-12);
    EXPECT_NEAR(sum.hota.similarity_sum[a], whole.hota.similarity_sum[a], 1e-12);
  }
  EXPECT_EQ(sum.clear.tp, whole.clear.tp);
  EXPECT_EQ(sum.clear.fn, whole.clear.fn);
  EXPECT_EQ(sum.clear.fp, whole.clear.fp);
  EXPECT_EQ(sum.clear.id_switches, whole.clear.id_switches);
  EXPECT_EQ(sum.identity.tp, whole.identity.tp);
  EXPECT_EQ(sum.identity.fn, whole.identity.fn);
  EXPECT_EQ(sum.identity.fp, whole.identity.fp);
}

TEST(PersonCounts, AreNoneWithoutPeople) {
  EXPECT_TRUE(CountMotByPerson(CameraSequence(HandCamera("a", {}, {{1, 7, 0}}), 0)).empty());
}

}  // namespace
}  // namespace reidbench
