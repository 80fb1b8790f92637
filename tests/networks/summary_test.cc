#include "reidbench/networks/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/hash.h"
#include "reidbench/weights/torch_writer.h"
#include "support/temp_folder.h"
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
  SavedCheckpoint cut;
  cut.dicts.push_back({"state_dict", {}});
  for (const auto& [name, tensor] : ReadCheckpoint(GoldenWeights("osnet_ain_x0_25.pth")).tensors) {
    if (name == "conv5.conv.weight") continue;
    cut.dicts[0].tensors.push_back({name, tensor.shape, tensor.values});
  }
  const TempFolder folder;
  EXPECT_THAT(SummarizeWeights(folder.Write("cut.pth", TorchZipBytes(cut))).not_osnet_reason,
              StartsWith("looks like osnet_ain_x0_25 but does not fit it: 1 missing: "
                         "conv5.conv.weight; nothing is loaded"));
}

TEST(SummarizeWeights, RefusedFilesStayErrors) {
  EXPECT_THAT(ModelError([] { SummarizeWeights(GoldenWeights("bad_system.pth")); }),
              HasSubstr("posix.system"));
}

}  // namespace
}  // namespace reidbench
