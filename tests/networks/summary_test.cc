#include "reidbench/networks/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/hash.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(SummarizeWeights, TellsAllAboutAnOsnet) {
  const WeightsSummary summary = SummarizeWeights(GoldenWeights("osnet_ain_x0_25.pth"));
  EXPECT_EQ(summary.architecture, "osnet_ain_x0_25");
  EXPECT_EQ(summary.format, CheckpointFormat::kTorchZip);
  EXPECT_EQ(summary.num_tensors, 552);
  // 201,864 parameters, 5,130 of the classifier, 75 counters, and two running statistics a batch
  // norm channel.
  EXPECT_EQ(summary.num_values, 201'864 + 5'130 + 75 + 2 * 2'896);
  EXPECT_EQ(summary.num_parameters, 201'864);
  EXPECT_EQ(summary.num_macs, 82'316'000);
  EXPECT_EQ(summary.num_classes, 10);
  EXPECT_EQ(summary.not_osnet_reason, "");
  EXPECT_EQ(summary.file_bytes,
            static_cast<int64_t>(std::filesystem::file_size(GoldenWeights("osnet_ain_x0_25.pth"))));
  EXPECT_EQ(summary.sha256, Sha256OfFile(GoldenWeights("osnet_ain_x0_25.pth")));
}

TEST(SummarizeWeights, OtherNetworksAreNoError) {
  const WeightsSummary summary = SummarizeWeights(GoldenWeights("resnet_like.pth"));
  EXPECT_FALSE(summary.architecture);
  EXPECT_THAT(summary.not_osnet_reason, StartsWith("no OSNet: "));
  EXPECT_EQ(summary.num_tensors, 3);
  EXPECT_EQ(summary.num_values, 4 * 3 * 49 + 4 + 16);
  EXPECT_FALSE(summary.num_parameters);
  const WeightsSummary foreign = SummarizeWeights(GoldenWeights("foreign.onnx"));
  EXPECT_FALSE(foreign.architecture);
  EXPECT_THAT(foreign.not_osnet_reason, HasSubstr("no architecture that is known by name"));
  EXPECT_GT(foreign.num_macs, 0);
}

TEST(SummarizeWeights, AReasonIsOneLine) {
  if (!std::filesystem::exists(SharedFile("golden/osnet"))) {
    GTEST_SKIP() << "../shared/golden/osnet is absent";
  }
  EXPECT_THAT(SummarizeWeights(SharedFile("golden/osnet/bad_missing_key.pth")).not_osnet_reason,
              StartsWith("looks like osnet_x0_25 but does not fit it: 1 missing: "
                         "conv3.0.conv2b.0.conv1.weight; nothing is loaded"));
}

TEST(SummarizeWeights, RefusedFilesStayErrors) {
  EXPECT_THAT(ModelError([] { SummarizeWeights(GoldenWeights("bad_system.pth")); }),
              HasSubstr("posix.system"));
}

}  // namespace
}  // namespace reidbench
