#include "reidbench/datasets/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <opencv2/imgcodecs.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "support/synthetic_reid.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ReidImage Image(std::string path, int64_t person, int64_t camera, Split split) {
  return {std::move(path), PersonId(person), CameraId(camera), split};
}

ReidDataset OwnDataset(std::vector<ReidImage> images) {
  ReidDataset dataset;
  dataset.name = "list";
  dataset.images = std::move(images);
  dataset.splits = {Split::kTrain, Split::kVal, Split::kQuery, Split::kGallery, Split::kNone};
  return dataset;
}

TEST(AuditReidDataset, CountsSplits) {
  ReidDataset dataset =
      OwnDataset({Image("t1", 1, 1, Split::kTrain), Image("t2", 2, 3, Split::kTrain),
                  Image("q1", 5, 1, Split::kQuery), Image("g1", 5, 2, Split::kGallery),
                  Image("g2", 0, 2, Split::kGallery), Image("g3", 7, 1, Split::kGallery)});
  dataset.junk_by_split[static_cast<size_t>(Split::kGallery)] = 4;
  dataset.junk_images = 4;
  const ReidAudit audit = AuditReidDataset(dataset);
  EXPECT_TRUE(audit.ok) << testing::PrintToString(audit.problems());
  ASSERT_THAT(audit.splits, SizeIs(3));
  EXPECT_EQ(audit.splits[0].split, Split::kTrain);
  EXPECT_EQ(audit.splits[0].persons, 2);
  EXPECT_THAT(audit.splits[0].cameras, ElementsAre(CameraId(1), CameraId(3)));
  EXPECT_EQ(audit.splits[2].images, 3);
  EXPECT_EQ(audit.splits[2].persons, 2);
  EXPECT_EQ(audit.splits[2].distractors, 1);
  EXPECT_EQ(audit.splits[2].junk, 4);
  ASSERT_TRUE(audit.matching.has_value());
  EXPECT_EQ(audit.matching->queries, 1);
  EXPECT_EQ(audit.matching->valid, 1);
  EXPECT_EQ(audit.matching->persons_without_query, 1);
  EXPECT_THAT(audit.official, IsEmpty());
}

TEST(AuditReidDataset, SaysWhyQueriesHaveNoMatch) {
  const ReidAudit audit = AuditReidDataset(
      OwnDataset({Image("q1", 1, 1, Split::kQuery), Image("q2", 2, 1, Split::kQuery),
                  Image("q3", 3, 1, Split::kQuery), Image("g1", 1, 2, Split::kGallery),
                  Image("g2", 2, 1, Split::kGallery), Image("g3", 2, 1, Split::kGallery)}));
  EXPECT_EQ(audit.matching->valid, 1);
  EXPECT_EQ(audit.matching->without_person, 1);
  EXPECT_THAT(audit.matching->without_person_examples, ElementsAre("q3"));
  EXPECT_EQ(audit.matching->same_camera_only, 1);
  EXPECT_THAT(audit.matching->same_camera_examples, ElementsAre("q2"));
  EXPECT_TRUE(audit.ok);  // the others can be scored
  EXPECT_THAT(audit.notes(), Contains("1 query has no gallery image of the same person (q3)"));
}

TEST(AuditReidDataset, ExamplesAreBounded) {
  std::vector<ReidImage> images;
  for (int i = 1; i <= 9; ++i) images.push_back(Image(fmt::format("q{}", i), i, 1, Split::kQuery));
  images.push_back(Image("g", 100, 1, Split::kGallery));
  const ReidAudit audit = AuditReidDataset(OwnDataset(std::move(images)), {.max_examples = 2});
  EXPECT_EQ(audit.matching->without_person, 9);
  EXPECT_THAT(audit.problems(),
              Contains("9 queries have no gallery image of the same person (first: q1, q2)"));
}

TEST(AuditReidDataset, SingleCameraIsExplained) {
  const ReidAudit audit = AuditReidDataset(
      OwnDataset({Image("q", 1, 0, Split::kQuery), Image("g", 1, 0, Split::kGallery)}));
  EXPECT_FALSE(audit.ok);
  EXPECT_THAT(audit.problems(), Contains(HasSubstr("by the query's own camera only")));
  EXPECT_THAT(audit.problems(), Contains(HasSubstr("camera ids seen: 0")));
}

TEST(AuditReidDataset, FindsMixUps) {
  const ReidAudit audit = AuditReidDataset(
      OwnDataset({Image("t", 7, 1, Split::kTrain), Image("v", 8, 1, Split::kVal),
                  Image("q", 7, 1, Split::kQuery), Image("g", 7, 2, Split::kGallery),
                  Image("g2", 8, 2, Split::kGallery), Image("d", 0, 2, Split::kQuery),
                  Image("q", 7, 1, Split::kGallery)}));
  EXPECT_FALSE(audit.ok);
  EXPECT_EQ(audit.train_test_persons, 2);
  EXPECT_THAT(audit.train_test_examples, ElementsAre(7, 8));
  EXPECT_THAT(
      audit.problems(),
      Contains("2 persons are both in training and in test (7, 8): scores would be too good"));
  EXPECT_THAT(audit.problems(), Contains(HasSubstr("1 query is of person 0")));
  EXPECT_EQ(audit.query_gallery_images, 1);
}

TEST(AuditReidDataset, MissingQueriesOrGallery) {
  EXPECT_THAT(AuditReidDataset(OwnDataset({Image("q", 1, 0, Split::kQuery)})).problems(),
              Contains("there is no gallery image"));
  EXPECT_THAT(AuditReidDataset(OwnDataset({Image("g", 1, 0, Split::kGallery)})).problems(),
              Contains("there is no query image"));
  const ReidAudit none = AuditReidDataset(OwnDataset({Image("a", 1, 0, Split::kNone)}));
  EXPECT_TRUE(none.ok);
  EXPECT_THAT(none.notes(), Contains(HasSubstr("nothing can be ranked")));
}

TEST(AuditReidDataset, ComparesWithPublishedCounts) {
  TempFolder folder;
  WriteSyntheticMarket(folder.path());
  const ReidAudit audit = AuditReidDataset(LoadReidDataset({.root = folder.path()}));
  EXPECT_FALSE(audit.ok);
  // Four train persons x three cameras x two images.
  ASSERT_FALSE(audit.official.empty());
  EXPECT_EQ(audit.official[0].what, "train images");
  EXPECT_EQ(audit.official[0].expected, 12936);
  EXPECT_EQ(audit.official[0].found, 24);
  EXPECT_FALSE(audit.official[0].matches());
  EXPECT_THAT(audit.problems(), Contains(HasSubstr("train images: 24 found, 12,936 published")));
  // Without a description there is nothing to compare with, and nothing is wrong.
  const ReidAudit free =
      AuditReidDataset(LoadReidDataset({.name = "market_layout", .root = folder.path()}));
  EXPECT_TRUE(free.ok) << testing::PrintToString(free.problems());
  EXPECT_THAT(free.official, IsEmpty());
}

TEST(AuditReidDataset, UnverifiedCountsAndCamerasOutsideTheRange) {
  TempFolder folder;
  const std::string head =
      "kind: reid\ntitle: X\nlayouts:\n- names: \"{person}_c{camera}\"\n  splits: {query: {folder: "
      "q}, gallery: {folder: g}}\n";
  folder.Write("q/1_c9.jpg");
  folder.Write("g/1_c2.jpg");
  const auto wrong = folder.Write(
      "wrong.yaml",
      head +
          "cameras: [1, 6]\nofficial:\n  counts:\n  - {splits: [query], images: 3, persons: 1}\n"
          "  - {splits: [gallery], verified: false, images: 2}\n");
  const ReidAudit audit =
      AuditReidDataset(LoadReidDataset({.name = wrong.string(), .root = folder.path()}));
  EXPECT_THAT(audit.problems(), Contains(HasSubstr("query images: 1 found, 3 published")));
  EXPECT_THAT(
      audit.problems(),
      Contains("1 image is from a camera outside 1 to 6, the first is q/1_c9.jpg (camera 9)"));
  EXPECT_THAT(audit.notes(),
              Contains("gallery images: 1 found, 2 published (a figure we could not verify)"));
  EXPECT_THAT(audit.official, SizeIs(3));
}

TEST(AuditReidDataset, RecognisesAnotherDataSetByItsCounts) {
  // As many images and persons as the labelled boxes of CUHK03-NP, loaded as the detected ones.
  std::vector<ReidImage> images;
  const auto add = [&](Split split, int count, int persons, int first) {
    for (int i = 0; i < count; ++i) {
      images.push_back(Image(fmt::format("{}/{}", SplitName(split), i), first + i % persons,
                             split == Split::kGallery ? 2 : 1, split));
    }
  };
  add(Split::kTrain, 7368, 767, 1);
  add(Split::kQuery, 1400, 700, 1001);
  add(Split::kGallery, 5328, 700, 1001);
  ReidDataset dataset = OwnDataset(std::move(images));
  dataset.name = "cuhk03_np_detected";
  dataset.description = "cuhk03_np_detected";
  EXPECT_THAT(
      AuditReidDataset(dataset).problems(),
      Contains("all counts are those of 'cuhk03_np_labeled': was the wrong data set named?"));
  dataset.name = "cuhk03_np_labeled";
  dataset.description = "cuhk03_np_labeled";
  EXPECT_THAT(AuditReidDataset(dataset).problems(), IsEmpty());
}

TEST(AuditReidDataset, ListsAllCorruptImagesInOrderOnAnyNumberOfThreads) {
  TempFolder folder;
  WriteSyntheticMarket(folder.path());
  folder.Write("query/0009_c1s1_999999_00.jpg", "no jpeg");
  folder.Write("bounding_box_test/0009_c2s1_999999_00.jpg", "no jpeg either");
  const ReidDataset dataset = LoadReidDataset({.name = "market_layout", .root = folder.path()});
  AuditOptions options;
  options.decode = [](const std::filesystem::path& path) -> std::optional<std::string> {
    if (cv::imread(path.string()).empty()) return "not an image";
    return std::nullopt;
  };
  std::atomic<int64_t> reported{0};
  options.progress = [&](int64_t, int64_t total) {
    ++reported;
    EXPECT_EQ(total, static_cast<int64_t>(dataset.images.size()));
  };
  for (const int threads : {1, 4}) {
    const ThreadLimit limit(threads);
    const ReidAudit audit = AuditReidDataset(dataset, options);
    EXPECT_FALSE(audit.ok);
    EXPECT_EQ(audit.decoded_images, static_cast<int64_t>(dataset.images.size()));
    ASSERT_THAT(audit.corrupt, SizeIs(2));
    EXPECT_EQ(audit.corrupt[0].path, "bounding_box_test/0009_c2s1_999999_00.jpg");
    EXPECT_EQ(audit.corrupt[1].path, "query/0009_c1s1_999999_00.jpg");
    EXPECT_EQ(audit.corrupt[1].reason, "not an image");
  }
  EXPECT_EQ(reported, 2 * static_cast<int64_t>(dataset.images.size()));
}

TEST(AuditReidDataset, ErrorsOfTheDecoderAreFindings) {
  ReidDataset dataset = OwnDataset({Image("a", 1, 1, Split::kNone)});
  AuditOptions options;
  options.decode = [](const std::filesystem::path&) -> std::optional<std::string> {
    ThrowIo("cannot open");
  };
  EXPECT_EQ(AuditReidDataset(dataset, options).corrupt.at(0).reason, "cannot open");
}

TEST(AuditReidDataset, CompleteMarketWherePresent) {
  const char* root = std::getenv("REIDBENCH_MARKET1501");
  if (root == nullptr) GTEST_SKIP() << "set REIDBENCH_MARKET1501 to the folder of Market-1501";
  const ReidAudit audit = AuditReidDataset(LoadReidDataset({.root = root}));
  EXPECT_TRUE(audit.ok) << testing::PrintToString(audit.problems());
  EXPECT_EQ(audit.matching->valid, 3368);
  for (const ReidAudit::CountCheck& check : audit.official)
    EXPECT_TRUE(check.matches()) << check.what;
}

TEST(AuditReidDataset, ImagesThatAreNotReadAreAProblem) {
  ReidDataset dataset =
      OwnDataset({Image("q", 5, 1, Split::kQuery), Image("g", 5, 2, Split::kGallery)});
  dataset.ignored_folders = {"train_all"};
  EXPECT_TRUE(AuditReidDataset(dataset).ok);
  EXPECT_THAT(AuditReidDataset(dataset).notes(),
              Contains("left out as copies of other folders: train_all"));
  dataset.deeper_images = 2;
  dataset.deeper_example = "query/7/more/y.jpg";
  const ReidAudit audit = AuditReidDataset(dataset);
  EXPECT_FALSE(audit.ok);
  EXPECT_THAT(audit.problems(), ElementsAre(AllOf(HasSubstr("2 images are in a folder below"),
                                                  HasSubstr("query/7/more/y.jpg"))));
}

}  // namespace
}  // namespace reidbench
