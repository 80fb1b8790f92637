#include "reidbench/jobs/score/score_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ScoreInputs, GroundTruthHasAllFramesAndIsRefusedWhereItIsTooShort) {
  TempFolder folder;
  const MotSequenceFiles files{
      "A", folder.Write("gt.txt", "1,1,0,0,10,20,1,1,1\n2,1,0,0,10,20,1,1,1\n"), {}, 2};
  MotBenchmark benchmark;
  const TrackSet truth = ReadGroundTruth(files, benchmark);
  EXPECT_EQ(truth.boxes.size(), 2u);
  EXPECT_EQ(truth.sequence, "A");
  benchmark.frames = FramePart::kRange;
  benchmark.first_frame = 3;
  EXPECT_THAT([&] { ReadGroundTruth(files, benchmark); },
              ThrowsMessage<Error>(HasSubstr("expected a video long enough")));
}

TEST(ScoreInputs, WarnsWhenOneSideCountsFromZero) {
  TempFolder folder;
  const MotSequenceFiles files{
      "A", folder.Write("gt.csv", "frame,id,x1,y1,x2,y2\n0,1,0,0,10,20\n1,1,0,0,10,20\n"), {}, 0};
  const fs::path result = folder.Write("r.csv", "frame,id,x1,y1,x2,y2\n1,1,0,0,10,20\n");
  const MotBenchmark benchmark;
  SequenceMessages messages;
  SequenceReader reader(benchmark, files, &messages);
  ASSERT_TRUE(reader.ReadResult(result));
  EXPECT_THAT(messages.warnings, ::testing::Contains(HasSubstr("counts frames from 0")));
}

TEST(ScoreInputs, ReadsByTheRulesOfTheBenchmark) {
  MotBenchmark benchmark;
  benchmark.ignored_classes = {0};
  const MotReadOptions read = ReadOptionsOf(benchmark, MotFileKind::kGroundTruth, 5);
  EXPECT_EQ(read.counted_classes, std::vector<int32_t>{1});
  EXPECT_EQ(read.region_classes, std::vector<int32_t>{0});
  EXPECT_EQ(SwitchOptionsOf({}, benchmark).region_classes, std::vector<int32_t>{0});
  benchmark.preprocess = false;
  EXPECT_TRUE(ReadOptionsOf(benchmark, MotFileKind::kGroundTruth, 5).counted_classes.empty());
}

}  // namespace
}  // namespace reidbench
