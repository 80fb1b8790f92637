#include "reidbench/datasets/reid_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/expect_error.h"
#include "support/scoped_variable.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string DescriptionError(std::string_view text) {
  return MessageOf(ErrorKind::kConfig,
                   [&] { ParseReidDescription(ParseConfig(text, "x.yaml"), "x"); });
}

TEST(ReidDescription, EveryFileOfTheRepositoryIsValidAndComplete) {
  for (const std::string& name : DescribedReidDatasets()) {
    const ReidDescription description = LoadReidDescription(name);
    EXPECT_EQ(description.name, name);
    EXPECT_FALSE(description.layouts.empty()) << name;
    for (const auto& [folder, other] : description.instead)
      EXPECT_NO_THROW(LoadReidDescription(other)) << name;
    if (description.official.empty()) continue;
    EXPECT_FALSE(description.official_source.empty()) << name;
    EXPECT_FALSE(description.get.empty()) << name;
    EXPECT_FALSE(description.licence.empty()) << name;
    EXPECT_FALSE(description.citation.empty()) << name;
  }
  EXPECT_THAT(
      DescribedReidDatasets(),
      ::testing::IsSupersetOf({"cuhk03_np_detected", "cuhk03_np_labeled", "dukemtmc_reid",
                               "market1501", "market_layout", "msmt17_v1", "msmt17_v2", "viper"}));
}

TEST(ReidDescription, ReadsMarket1501) {
  const ReidDescription market = LoadReidDescription("market1501");
  EXPECT_THAT(market.junk_persons, ElementsAre(-1));
  EXPECT_THAT(market.distractor_persons, ElementsAre(0));
  EXPECT_EQ(market.cameras, std::make_pair(int64_t{1}, int64_t{6}));
  ASSERT_EQ(market.layouts.size(), 1u);
  EXPECT_EQ(market.layouts[0].parts[0].folder, "bounding_box_train");
  EXPECT_EQ(market.official[2].junk, 3819);
  EXPECT_TRUE(market.official[3].with_500k);
  EXPECT_FALSE(market.official[3].verified);
}

class WithDataDir : public ::testing::Test {
 protected:
  static std::string LoadError(const std::string& name, ErrorKind kind) {
    return MessageOf(kind, [&] { LoadReidDescription(name); });
  }

  const TempFolder folder_;
  const ScopedVariable data_{"REIDBENCH_DATA_DIR", folder_.path().string()};
};

TEST_F(WithDataDir, WrongFilesOfOthersDoNotMatter) {
  const char* good =
      "kind: reid\ntitle: X\nlayouts: [{names: \"{person}_c{camera}\", splits: {query: {folder: "
      "q}}}]\n";
  folder_.Write("datasets/good.yaml", good);
  folder_.Write("datasets/better.yaml", good);
  folder_.Write("datasets/broken.yaml", "a: [");
  folder_.Write("datasets/wrong.yaml", "kind: reid\n");
  folder_.Write("datasets/mot17.yaml", "kind: mot\nx: 1\n");
  EXPECT_EQ(LoadReidDescription("good").title, "X");
  EXPECT_THAT(DescribedReidDatasets(), ElementsAre("better", "good", "wrong"));
  ASSERT_EQ(OtherReidDescriptions("good").size(), 1u);
  EXPECT_EQ(OtherReidDescriptions("good")[0].name, "better");
  EXPECT_THAT(LoadError("broken", ErrorKind::kConfig), HasSubstr("broken.yaml:"));
  EXPECT_THAT(LoadError("wrong", ErrorKind::kConfig), HasSubstr("'title' is missing"));
  EXPECT_THAT(LoadError("mot17", ErrorKind::kUsage), HasSubstr("its kind is 'mot'"));
  EXPECT_THAT(LoadError("bad", ErrorKind::kUsage), HasSubstr("is not known"));
  EXPECT_THAT(LoadError("", ErrorKind::kUsage), HasSubstr("is not known"));
}

TEST(ReidDescription, CollectsAllErrors) {
  const std::string error = DescriptionError(
      "kind: reid\n"
      "titl: X\n"
      "layouts:\n"
      "- kind: folder\n"
      "  names: \"{person}{camera}\"\n"
      "  splits:\n"
      "    test: {folder: a}\n"
      "    query: {folder: ../b}\n"
      "    gallery: {}\n"
      "cameras: [6, 1]\n"
      "official:\n"
      "  counts: [{splits: [test], images: -1}]\n");
  EXPECT_THAT(error, AllOf(HasSubstr("unknown key 'titl'; did you mean 'title'?"),
                           HasSubstr("key 'title' is missing"),
                           HasSubstr("expected one of folders, lists, split_file, found 'folder'; "
                                     "did you mean 'folders'?"),
                           HasSubstr("where does it begin?")));
  EXPECT_THAT(
      error,
      AllOf(HasSubstr("layouts.0.splits.test: is not a split"), HasSubstr("expected a path below"),
            HasSubstr("key 'folder' is missing in section 'layouts.0.splits.gallery'"),
            HasSubstr("cameras: expected [first, last]"), HasSubstr("'test' is not a split"),
            HasSubstr("images: must be at least 0")));
}

TEST(ReidDescription, LayoutsNeedTheirLabels) {
  const auto with = [](std::string_view layout) {
    return fmt::format("kind: reid\ntitle: X\nlayouts:\n- {}\n", layout);
  };
  EXPECT_THAT(DescriptionError(with("{names: \"{person}\", splits: {query: {folder: q}}}")),
              HasSubstr("needs {person} and {camera}"));
  EXPECT_THAT(DescriptionError(with(
                  "{kind: lists, names: \"{person}\", splits: {query: {folder: q, list: l}}}")),
              HasSubstr("needs {camera}"));
  EXPECT_THAT(
      DescriptionError(with("{kind: lists, names: \"c{camera}\", splits: {query: {folder: q}}}")),
      HasSubstr("key 'list' is missing"));
  EXPECT_THAT(DescriptionError(
                  with("{kind: split_file, names: \"c{camera}\", file: s.json, folders: [a]}")),
              HasSubstr("has no {person}"));
  EXPECT_THAT(DescriptionError("kind: reid\ntitle: X\n"),
              HasSubstr("expected at least one layout"));
  EXPECT_THAT(DescriptionError("kind: mot\ntitle: X\nlayouts: []\n"), HasSubstr("expected 'reid'"));
}

}  // namespace
}  // namespace reidbench
