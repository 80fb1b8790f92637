#include "reidbench/jobs/score/score_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace reidbench {
namespace {

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

}  // namespace
}  // namespace reidbench
