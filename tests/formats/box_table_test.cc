#include "reidbench/formats/box_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable TwoBoxes() {
  BoxTable table;
  for (const char* name : {"A", "B"}) {
    BoxRow row;
    row.sequence = table.Sequence(name);
    row.frame = name[0] == 'A' ? 5 : 2;
    row.track_id = 3;
    row.box = {1, 2, 3, 4};
    table.rows.push_back(row);
    table.SetExtra("speed", row.frame);
  }
  return table;
}

TEST(BoxTable, SortsAndKeepsWithItsColumns) {
  BoxTable table = TwoBoxes();
  table.rows.push_back(table.rows[0]);
  table.rows[2].frame = 1;
  table.SortByFrame();
  EXPECT_THAT(RowTexts(table), ElementsAre("A 1 id=3 [1 2 3 4]", "A 5 id=3 [1 2 3 4] speed=5",
                                           "B 2 id=3 [1 2 3 4] speed=2"));
  EXPECT_THAT(SequenceBegins(table), ElementsAre(0, 2, 3));
  EXPECT_THAT(LastFrames(table), ElementsAre(5, 2));
  table.Keep({false, true, false});
  EXPECT_THAT(RowTexts(table), ElementsAre("A 5 id=3 [1 2 3 4] speed=5"));
}

TEST(BoxTable, AddsLossesUp) {
  BoxTable table;
  table.CountLoss("a", 0, "why");
  table.CountLoss("a", 2, "why");
  table.CountLoss("a", 3, "why");
  ASSERT_EQ(table.losses.size(), 1);
  EXPECT_EQ(table.losses[0].count, 5);
}

TEST(CompareTables, FindsTheLargestDifference) {
  const BoxTable table = TwoBoxes();
  EXPECT_EQ(CompareTables(table, table).rows, 2);
  EXPECT_EQ(CompareTables(table, table).where, "");
  BoxTable other = table;
  other.rows[0].box.left += 0.25;
  other.rows[1].box.height += 0.5;
  const TableDifference difference = CompareTables(table, other);
  EXPECT_EQ(difference.largest_px, 0.5);
  EXPECT_EQ(difference.where, "sequence B, frame 2, id 3");
  EXPECT_EQ(difference.mismatch, "");
}

TEST(CompareTables, FindsWhatIsDifferent) {
  const auto mismatch = [](const auto& change) {
    BoxTable other = TwoBoxes();
    change(other);
    return CompareTables(TwoBoxes(), other).mismatch;
  };
  EXPECT_THAT(mismatch([](BoxTable& t) { t.rows.pop_back(); }),
              HasSubstr("expected 2 boxes, found 1"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.rows[0].track_id = 4; }),
              HasSubstr("found sequence A, frame 5, id 4"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.rows[0].box_class = t.Class(1, "x"); }),
              HasSubstr("class 1 'x'"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.rows[0].score = 1; }),
              HasSubstr("expected score none, found 1"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.sequences[0].name = "C"; }),
              HasSubstr("expected sequence A"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.sequences[0].frame_count = 9; }), HasSubstr("9 frames"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.extras.clear(); }),
              HasSubstr("column speed is not there"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.SetExtra("new", 1); }), HasSubstr("column new is new"));
  EXPECT_THAT(mismatch([](BoxTable& t) { t.extras[0].values[1] = kNoValue; }),
              HasSubstr("found none"));
}

}  // namespace
}  // namespace reidbench
