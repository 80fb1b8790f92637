#include "reidbench/networks/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "reidbench/weights/byte_reader.h"
#include "support/expect_error.h"
#include "weights/files_for_test.h"

namespace reidbench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// A checkpoint as torchreid saves it, all values 0.5.
Checkpoint MakeCheckpoint(const std::string& name) {
  Checkpoint checkpoint;
  checkpoint.path = "made.pth";
  for (const TensorSpec& spec : TensorsOf(ArchitectureByName(name).graph)) {
    checkpoint.tensors[spec.name] = {
        spec.shape, std::vector<float>(static_cast<size_t>(NumElements(spec.shape)), 0.5F)};
    if (spec.name.ends_with("running_var")) {
      checkpoint.tensors[spec.name.substr(0, spec.name.size() - 11) + "num_batches_tracked"] = {
          {}, {7}};
    }
  }
  checkpoint.tensors["classifier.weight"] = {{751, 512}, std::vector<float>(751 * 512)};
  checkpoint.tensors["classifier.bias"] = {{751}, std::vector<float>(751)};
  return checkpoint;
}

std::string Refusal(Checkpoint checkpoint) {
  return ModelError([&] { ToNetwork(std::move(checkpoint)); });
}

TEST(Network, AnUnknownNameIsAnsweredWithASuggestion) {
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { ArchitectureByName("osnet_x1.0"); }),
              HasSubstr("did you mean 'osnet_x1_0'"));
}

TEST(Network, EveryVariantIsDetectedAndStripped) {
  for (const Architecture& architecture : Architectures()) {
    const Network weights = ToNetwork(MakeCheckpoint(architecture.name));
    EXPECT_EQ(weights.name, architecture.name);
    EXPECT_EQ(weights.num_classes, 751);
    std::set<std::string> expected;
    for (const TensorSpec& spec : TensorsOf(architecture.graph)) expected.insert(spec.name);
    EXPECT_EQ(weights.tensors.size(), expected.size());
    for (const auto& [name, tensor] : weights.tensors) EXPECT_TRUE(expected.contains(name)) << name;
    EXPECT_THAT(weights.notes, Contains(HasSubstr("skipped the classifier of 751 classes")));
  }
}

TEST(Network, AllDifferencesStandInOneMessage) {
  Checkpoint checkpoint = MakeCheckpoint("osnet_ibn_x1_0");
  checkpoint.tensors.erase("conv3.0.conv2b.0.conv1.weight");
  checkpoint.tensors.erase("fc.0.bias");
  checkpoint.tensors["conv5.bn.weight"] = {{3}, {1, 2, 3}};
  checkpoint.tensors["head.extra"] = {{1, 2}, {1, 2}};
  const std::string message = Refusal(std::move(checkpoint));
  EXPECT_THAT(message, HasSubstr("made.pth: looks like osnet_ibn_x1_0 but does not fit it"));
  EXPECT_THAT(message, HasSubstr("2 missing: conv3.0.conv2b.0.conv1.weight, fc.0.bias\n"));
  EXPECT_THAT(message,
              HasSubstr("1 of another shape: conv5.bn.weight (expected [512], found [3])\n"));
  EXPECT_THAT(message, HasSubstr("1 unexpected: head.extra [1, 2]\n"));
}

TEST(Network, LongListsAreCut) {
  Checkpoint checkpoint = MakeCheckpoint("osnet_x0_25");
  for (int i = 0; i < 40; ++i) checkpoint.tensors[fmt::format("zzz{:02}", i)] = {{}, {1}};
  const std::string message = Refusal(std::move(checkpoint));
  EXPECT_THAT(message, HasSubstr("40 unexpected: zzz00 []"));
  EXPECT_THAT(message, HasSubstr("zzz11 [], and 28 more"));
  EXPECT_THAT(message, Not(HasSubstr("zzz12")));
}

TEST(Network, AnUnknownWidthNamesTheNearestVariant) {
  Checkpoint checkpoint = MakeCheckpoint("osnet_ain_x0_5");
  checkpoint.tensors["conv1.conv.weight"] = {{24, 3, 7, 7}, std::vector<float>(24 * 3 * 49)};
  EXPECT_THAT(Refusal(std::move(checkpoint)),
              HasSubstr("no known OSNet; it is nearest to osnet_ain_x0_5 but does not fit it"));
  checkpoint = MakeCheckpoint("osnet_ain_x0_5");
  checkpoint.tensors.erase("conv1.conv.weight");
  EXPECT_THAT(Refusal(std::move(checkpoint)), HasSubstr("1 missing: conv1.conv.weight"));
}

TEST(Network, OtherNetworksAreNamedAsSuch) {
  const std::string message = ModelError([] { LoadNetwork(GoldenWeights("resnet_like.pth")); });
  EXPECT_THAT(message, HasSubstr("no OSNet: conv1.conv.weight and "));
  EXPECT_THAT(message, HasSubstr("look like bn1.weight [4], conv1.weight [4, 3, 7, 7], layer1.0"));
  Checkpoint prefixed;
  prefixed.path = "lightning.ckpt";
  for (auto& [name, tensor] : MakeCheckpoint("osnet_x0_25").tensors) {
    prefixed.tensors["backbone." + name] = tensor;
  }
  EXPECT_THAT(Refusal(std::move(prefixed)), HasSubstr("behind the prefix 'backbone.'"));
  Checkpoint empty;
  empty.path = "empty.pth";
  EXPECT_THAT(Refusal(std::move(empty)), HasSubstr("there are none"));
}

TEST(Network, ValuesThatWouldPoisonFeaturesAreRefused) {
  Checkpoint checkpoint = MakeCheckpoint("osnet_x0_25");
  checkpoint.tensors["conv4.1.conv1.bn.bias"].values[3] = std::nanf("");
  EXPECT_THAT(Refusal(checkpoint),
              HasSubstr("conv4.1.conv1.bn.bias holds a value that is not finite"));
  checkpoint = MakeCheckpoint("osnet_x0_25");
  checkpoint.tensors["fc.1.running_var"].values[0] = -1;
  EXPECT_THAT(Refusal(checkpoint), HasSubstr("fc.1.running_var holds the negative variance -1"));
  // The classifier is not used.
  checkpoint = MakeCheckpoint("osnet_x0_25");
  checkpoint.tensors["classifier.weight"].values[0] = std::nanf("");
  EXPECT_EQ(Refusal(checkpoint), "");
}

TEST(RandomNetwork, FitsEveryArchitecture) {
  for (const Architecture& architecture : Architectures()) {
    const Network weights = RandomNetwork(architecture);
    const std::vector<TensorSpec> specs = TensorsOf(architecture.graph);
    ASSERT_EQ(weights.tensors.size(), specs.size());
    for (const TensorSpec& spec : specs)
      EXPECT_EQ(weights.tensors.at(spec.name).shape, spec.shape) << spec.name;
  }
  const Architecture& small = ArchitectureByName("osnet_x0_25");
  const auto conv1 = [&](uint64_t seed) {
    return RandomNetwork(small, seed).tensors.at("conv1.conv.weight").values;
  };
  EXPECT_EQ(conv1(1), conv1(1));
  EXPECT_NE(conv1(1), conv1(2));
}

class SharedGolden : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(SharedFile("golden/osnet")))
      GTEST_SKIP() << "../shared/golden/osnet is absent";
  }
  static std::filesystem::path File(const std::string& name) {
    return SharedFile("golden/osnet/" + name);
  }
};

TEST_F(SharedGolden, EveryCheckpointOfTheReferenceLoads) {
  for (const std::string name : {"osnet_x1_0", "osnet_x0_75", "osnet_x0_5", "osnet_x0_25",
                                 "osnet_ibn_x1_0", "osnet_ain_x1_0", "osnet_ain_x0_25"}) {
    const Network weights = LoadNetwork(File(name + "_zip.pth"));
    EXPECT_EQ(weights.name, name);
    EXPECT_EQ(weights.num_classes, name == "osnet_x0_25" ? 751 : 10);
  }
}

TEST_F(SharedGolden, AllFormsOfOneNetworkAreEqual) {
  const Network zip = LoadNetwork(File("osnet_x0_25_zip.pth"));
  for (const std::string name :
       {"osnet_x0_25_legacy.pth", "osnet_x0_25_dataparallel_legacy.pth", "model.pth.tar-150"}) {
    const Network other = LoadNetwork(File(name));
    ASSERT_EQ(other.tensors.size(), zip.tensors.size());
    for (const auto& [tensor_name, tensor] : zip.tensors) {
      EXPECT_EQ(other.tensors.at(tensor_name).values, tensor.values) << name << " " << tensor_name;
    }
  }
}

TEST_F(SharedGolden, BadFilesAreRefusedWithTheirReason) {
  const auto refusal = [](const std::string& name) {
    return ModelError([&] { LoadNetwork(File(name)); });
  };
  EXPECT_THAT(refusal("bad_missing_key.pth"),
              HasSubstr("1 missing: conv3.0.conv2b.0.conv1.weight\n"));
  EXPECT_THAT(refusal("bad_shape.pth"),
              HasSubstr("conv1.conv.weight (expected [16, 3, 7, 7], found [16, 3, 5, 5])"));
  EXPECT_THAT(refusal("bad_truncated.pth"), HasSubstr("cut short"));
  EXPECT_THAT(refusal("bad_malicious.pth"), HasSubstr("asks for posix.system"));
  EXPECT_FALSE(std::filesystem::exists("pwned"));
}

}  // namespace
}  // namespace reidbench
