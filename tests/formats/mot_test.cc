#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

BoxTable Mot(std::string_view text, MotRows rows, const BoxReadOptions& options = {}) {
  BoxTable table;
  const int32_t sequence = table.Sequence("S");
  table.sequences[0].size = options.image_size;
  ParseMotBoxes(text, "S.txt", options, rows, sequence, &table);
  return table;
}

TEST(MotBoxes, AreGroundTruthResultsOrDetections) {
  EXPECT_THAT(
      RowTexts(Mot("1,3,10,20,30,40,0,7,0.3\n2,3,10,20,30,40,1,1,-1\n", MotRows::kGroundTruth)),
      ElementsAre("S 1 id=3 7:static_person [10 20 30 40] mark=0 visibility=0.3",
                  "S 2 id=3 1:pedestrian [10 20 30 40] mark=1"));
  EXPECT_THAT(
      RowTexts(Mot("1,3,10,20,30,40,0.5,-1,-1,-1\n1,4,10,20,30,40,1,3,-1,-1\n", MotRows::kResults)),
      ElementsAre("S 1 id=3 [10 20 30 40] score=0.5", "S 1 id=4 3:car [10 20 30 40] score=1"));
  EXPECT_THAT(RowTexts(Mot("1,-1,10,20,30,40,12.5,-1,-1,-1\n", MotRows::kDetections)),
              ElementsAre("S 1 [10 20 30 40] score=12.5"));
}

// MOT15: a place in the world where later years have class and visibility.
TEST(MotBoxes, KeepPlacesInTheWorld) {
  EXPECT_THAT(RowTexts(Mot("1,3,10,20,30,40,1,-4.5,2,0\n\n2,3,10,20,30,40,1,-1,-1,-1\n",
                           MotRows::kGroundTruth)),
              ElementsAre("S 1 id=3 [10 20 30 40] mark=1 world_x=-4.5 world_y=2 world_z=0",
                          "S 2 id=3 [10 20 30 40] mark=1 world_x=-1 world_y=-1 world_z=-1"));
  EXPECT_THAT(RowTexts(Mot("1,3,10,20,30,40,1,-1,-1,-1\n", MotRows::kGroundTruth)),
              ElementsAre("S 1 id=3 [10 20 30 40] mark=1"));
  EXPECT_THAT(RowTexts(Mot("1,3,10,20,30,40,1,2.5,3,0\n", MotRows::kResults)),
              ElementsAre("S 1 id=3 [10 20 30 40] score=1 world_x=2.5 world_y=3 world_z=0"));
}

TEST(GuessMotRows, ByNameThenByTheFirstRow) {
  EXPECT_EQ(GuessMotRows("", "S/gt/gt.txt"), MotRows::kGroundTruth);
  EXPECT_EQ(GuessMotRows("", "S/det/det.txt"), MotRows::kDetections);
  EXPECT_EQ(GuessMotRows("1,-1,1,2,3,4,0.5\n", "S.txt"), MotRows::kDetections);
  EXPECT_EQ(GuessMotRows("1,1,1,2,3,4,1,1,0.5\n", "S.txt"), MotRows::kGroundTruth);
  EXPECT_EQ(GuessMotRows("1,1,1,2,3,4,1,-1,-1,-1\n", "S.txt"), MotRows::kResults);
  EXPECT_EQ(GuessMotRows("1 1 1 2 3 4 0.5\n", "S.txt"), MotRows::kResults);
}

// One box, 30 wide and 40 high at (10, 20) of a picture of 200 x 100, in every writing.
TEST(ReadColumns, UnderstandsEveryWriting) {
  const auto read = [](const std::string& columns, BoxColumns meaning, bool relative) {
    BoxReadOptions options;
    options.columns = meaning;
    options.relative = relative;
    options.image_size = {200, 100};
    return RowTexts(Mot("1,3," + columns + ",1\n", MotRows::kResults, options)).at(0);
  };
  const std::string box = "S 1 id=3 [10 20 30 40] score=1";
  EXPECT_EQ(read("10,20,30,40", BoxColumns::kSize, false), box);
  EXPECT_EQ(read("10,20,40,60", BoxColumns::kCorners, false), box);
  EXPECT_EQ(read("25,40,30,40", BoxColumns::kCentre, false), box);
  EXPECT_EQ(read("0.05,0.2,0.15,0.4", BoxColumns::kSize, true), box);
  EXPECT_EQ(read("0.05,0.2,0.2,0.6", BoxColumns::kCorners, true), box);
  EXPECT_EQ(read("0.125,0.4,0.15,0.4", BoxColumns::kCentre, true), box);
  BoxReadOptions sizeless;
  sizeless.relative = true;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage,
                        [&] { Mot("1,3,0.1,0.1,0.1,0.1,1\n", MotRows::kResults, sizeless); }),
              HasSubstr("--image-size"));
}

}  // namespace
}  // namespace reidbench
