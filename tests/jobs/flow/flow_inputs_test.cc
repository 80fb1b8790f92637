#include "reidbench/jobs/flow/flow_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

class FlowInputsTest : public ::testing::Test {
 protected:
  FlowInputsTest() {
    options_.zones =
        folder_.Write("z.yaml", "frame_rate: 5\nlines: {a: {from: [0, 0], to: [1, 0]}}\n");
    for (const char* name :
         {"t/A.txt", "t/B.txt", "many/x/A.txt", "many/x/B.txt", "many/y/A.txt", "many/y/B.txt",
          "site/A/gt.txt", "site/B/gt.txt", "site/A/pred.txt", "site/B/pred.txt"})
      folder_.Write(name, "1,1,0,0,1,1\n");
  }
  TempFolder folder_;
  FlowStageOptions options_;
};

TEST_F(FlowInputsTest, SequencesAndTrackersByName) {
  options_.tracks = {folder_.path() / "t"};
  FlowInputs inputs = FindFlowInputs(options_);
  ASSERT_EQ(inputs.cameras.size(), 2u);
  EXPECT_EQ(inputs.cameras[0].name, "A");
  EXPECT_EQ(inputs.cameras[0].scene.frame_rate, 5);
  options_.tracks.push_back(folder_.path() / "many");
  inputs = FindFlowInputs(options_);
  ASSERT_EQ(inputs.runs.size(), 3u);
  EXPECT_EQ(inputs.runs[1].name, "x");
  EXPECT_EQ(inputs.runs[2].files[1], folder_.path() / "many/y/B.txt");
}

TEST_F(FlowInputsTest, ASiteHasAFolderACamera) {
  options_.tracks = {folder_.path() / "site"};
  options_.ground_truth = folder_.path() / "site";
  const FlowInputs inputs = FindFlowInputs(options_);
  ASSERT_EQ(inputs.cameras.size(), 2u);
  EXPECT_EQ(inputs.cameras[1].truth, folder_.path() / "site/B/gt.txt");
  EXPECT_EQ(inputs.runs[0].files[1], folder_.path() / "site/B/pred.txt");
}

TEST_F(FlowInputsTest, ASequenceWithoutTracksIsNamed) {
  options_.ground_truth = folder_.path() / "site";
  folder_.Write("half/A.txt", "1,1,0,0,1,1\n");
  options_.tracks = {folder_.path() / "half"};
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { FindFlowInputs(options_); }), HasSubstr("B.txt"));
}

}  // namespace
}  // namespace reidbench
