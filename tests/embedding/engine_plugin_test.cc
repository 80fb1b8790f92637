#include "reidbench/embedding/engine_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "embedding/osnet_reference.h"
#include "reidbench/core/version.h"
#include "reidbench/embedding/embedder.h"
#include "support/expect_error.h"
#include "support/scoped_variable.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Plugins : public testing::Test {
 protected:
  const TempFolder folder_;
  const ScopedVariable plugins_{"REIDBENCH_PLUGIN_PATH", folder_.path().string()};
};

TEST_F(Plugins, AMissingOneIsNamedWithEveryFolder) {
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [] { LoadEnginePlugin("libreidbench_none.so"); }),
              AllOf(HasSubstr("libreidbench_none.so not found: looked in " +
                              folder_.path().string() + ", " + ProgramFolder().string() + ", "),
                    HasSubstr("/reidbench. ")));
}

TEST_F(Plugins, OneThatDoesNotLoadGivesTheLoadersWords) {
  folder_.Write("libreidbench_text.so", std::string(1000, 'x'));
  EXPECT_THAT(
      MessageOf(ErrorKind::kIo, [] { LoadEnginePlugin("libreidbench_text.so"); }),
      AllOf(HasSubstr((folder_.path() / "libreidbench_text.so").string() + " does not load: "),
            HasSubstr("ELF header")));
}

TEST_F(Plugins, AnyOtherLibraryIsNone) {
  fs::create_symlink(REIDBENCH_NO_PLUGIN, folder_.path() / "libreidbench_other.so");
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [] { LoadEnginePlugin("libreidbench_other.so"); }),
              AllOf(HasSubstr("libreidbench_other.so is no engine of reidbench: "),
                    HasSubstr(kEnginePluginEntry)));
}

TEST_F(Plugins, OneOfAnotherBuildIsRefused) {
  fs::create_symlink(REIDBENCH_FOREIGN_PLUGIN, folder_.path() / "libreidbench_foreign.so");
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [] { LoadEnginePlugin("libreidbench_foreign.so"); }),
              AllOf(HasSubstr("is of another build than this program (0.0.0 of a test against "),
                    HasSubstr(EnginePluginBuild())));
}

#ifdef REIDBENCH_HAS_TORCH
// LibTorch beside this program's own engines, and errors of every kind across the boundary.
TEST_F(Plugins, LibTorchRunsBesideAnotherEngine) {
  const Network weights = RandomOsnetWeights("osnet_x0_25", 3);
  std::vector<float> image(3 * 64 * 32);
  Rng rng(5);
  for (float& p : image) p = static_cast<float>(rng.Uniform(-2, 2));
  const std::vector<double> expected = ReferenceFeatures(weights, image.data(), 64, 32);
  EmbedderOptions options;
  options.engine = "libtorch";
  const auto torch = MakeNetworkEmbedder(weights, options);
  const auto own = MakeNetworkEmbedder(weights, {});
  EXPECT_THAT(torch->info().engine, testing::StartsWith("libtorch "));
  for (Embedder* const embedder : {torch.get(), own.get(), torch.get()}) {
    std::vector<float> features(512);
    embedder->Embed({image.data(), 1, 64, 32}, features.data());
    for (int d = 0; d < 512; ++d) EXPECT_NEAR(features[d], expected[d], 1e-4);
  }
}

TEST_F(Plugins, ErrorsKeepTheirKindAcrossTheBoundary) {
  Network weights = RandomOsnetWeights("osnet_x0_25", 3);
  const EnginePlugin& plugin = LoadEnginePlugin(kTorchPlugin);
  EXPECT_THAT(
      MessageOf(ErrorKind::kUsage, [&] { MakePluginEngine(plugin, weights, "gpu", "fp32"); }),
      HasSubstr("device 'gpu' is unknown"));
  const auto engine = MakePluginEngine(plugin, weights, "cpu", "fp32");
  const std::vector<float> small(3 * 13 * 12);
  std::vector<float> features(512);
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] {
                          engine->Run({small.data(), 1, 13, 12}, features.data());
                        }),
              HasSubstr("at least 13 x 13"));
  weights.tensors.erase("fc.0.weight");
  EXPECT_THAT(
      MessageOf(ErrorKind::kModel, [&] { MakePluginEngine(plugin, weights, "cpu", "fp32"); }),
      HasSubstr("fc.0.weight is missing"));
}
#endif

}  // namespace
}  // namespace reidbench
