#include "reidbench/jobs/score/mot_truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class MotTruth : public ::testing::Test {
 protected:
  MotTruth() {
    for (const std::string name : {"A", "B"}) {
      folder_.Write("train/" + name + "/gt/gt.txt", "1,1,0,0,10,20,1,1,1\n2,1,0,0,10,20,1,1,1\n");
      folder_.Write("train/" + name + "/seqinfo.ini", "[Sequence]\nseqLength=2\n");
    }
  }
  std::vector<MotSequenceFiles> Match(const std::string& path, std::vector<std::string> names) {
    MotGroundTruthOptions options;
    options.path = folder_.path() / path;
    return MatchGroundTruth(options, names, "tracks");
  }
  TempFolder folder_;
};

TEST_F(MotTruth, ByNameOrTheOnlyOne) {
  const auto matched = Match("train", {"B", "A"});
  ASSERT_EQ(matched.size(), 2u);
  EXPECT_EQ(matched[0].name, "B");
  EXPECT_EQ(Match("train/A", {"sort"})[0].name, "A");
  EXPECT_THAT(
      [&] {
        Match("train", {"A", "C", "D"});
      },
      ThrowsMessage<Error>(HasSubstr("every sequence with tracks, found none for C, D")));
}

TEST_F(MotTruth, ReadsAllFramesAndRefusesWhatIsTooShort) {
  const MotSequenceFiles files = Match("train/A", {"A"})[0];
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
