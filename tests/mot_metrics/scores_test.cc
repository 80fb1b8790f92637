#include "mot_metrics/scores.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "mot_metrics/hand_support.h"

namespace reidbench {
namespace {

TEST(Scores, CombinedIsOneLargeSequence) {
  // Adding the counts of two sequences equals scoring them one after the other with ids of their
  // own.
  const std::vector<Spot> gt = {{1, 1, 0}, {2, 1, 0}, {3, 1, 0}},
                          tracker = {{1, 7, 0}, {2, 7, 0, 2}, {3, 8, 0}};
  std::vector<Spot> gt_twice = gt, tracker_twice = tracker;
  for (Spot s : gt) gt_twice.push_back({s.frame + 3, s.id + 100, s.place, s.shift});
  for (Spot s : tracker) tracker_twice.push_back({s.frame + 3, s.id + 100, s.place, s.shift});
  const MotCounts once = CountMot(Prepared(gt, tracker, 3));
  const MotSummary combined = Summarize(Combine(std::vector<MotCounts>{once, once}));
  const MotSummary twice = Summarize(CountMot(Prepared(gt_twice, tracker_twice, 6)));
  for (const char* field :
       {"HOTA", "DetA", "AssA", "LocA", "MOTA", "MOTP", "IDF1", "IDSW", "Frag", "SFDA", "Dets"}) {
    EXPECT_NEAR(FieldValue(combined, field).value(), FieldValue(twice, field).value(), 1e-12)
        << field;
  }
}

TEST(Scores, ClassAverageIsMeanOfRatiosAndSumOfCounts) {
  const MotSummary perfect = Summarize(CountMot(Prepared({{1, 1, 0}}, {{1, 7, 0}}, 1)));
  const MotSummary missed = Summarize(CountMot(Prepared({{1, 1, 0}, {2, 1, 0}}, {{1, 7, 5}}, 2)));
  const MotSummary average = AverageClasses(std::vector<MotSummary>{perfect, missed});
  EXPECT_DOUBLE_EQ(FieldValue(average, "HOTA").value(), 0.5);
  EXPECT_DOUBLE_EQ(FieldValue(average, "IDF1").value(), 0.5);
  EXPECT_DOUBLE_EQ(FieldValue(average, "MOTA").value(), (1.0 - 0.5) / 2);
  EXPECT_EQ(FieldValue(average, "CLR_FN").value(), 2);
  EXPECT_EQ(FieldValue(average, "GT_Dets").value(), 3);
}

TEST(Scores, UndefinedValuesHaveNoValueAndUnknownFieldsAreNamed) {
  const MotSummary empty = Summarize(CountMot(Prepared({}, {}, 3)));
  EXPECT_FALSE(FieldValue(empty, "ATA").has_value());
  EXPECT_EQ(FieldValue(empty, "MOTA"), 0);
  try {
    FieldValue(empty, "HOTAA");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'HOTA'"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace reidbench
