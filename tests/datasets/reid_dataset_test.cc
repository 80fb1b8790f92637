#include "reidbench/datasets/reid_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/synthetic_reid.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string LoadErrorOf(const ReidDatasetOptions& options, ErrorKind kind) {
  return MessageOf(kind, [&] { LoadReidDataset(options); });
}

// "path|person|camera|split"
std::vector<std::string> Shown(const ReidDataset& dataset) {
  std::vector<std::string> shown;
  for (const ReidImage& image : dataset.images) {
    shown.push_back(fmt::format("{}|{}|{}|{}", image.path, image.person.value, image.camera.value,
                                SplitName(image.split)));
  }
  return shown;
}

int64_t CountOf(const ReidDataset& dataset, Split split) {
  return std::count_if(dataset.images.begin(), dataset.images.end(),
                       [&](const ReidImage& i) { return i.split == split; });
}

void WriteMarket(const TempFolder& folder, const std::string& prefix = "") {
  folder.Write(prefix + "bounding_box_train/0002_c1s1_000451_03.jpg");
  folder.Write(prefix + "query/0003_c1s1_000001_00.jpg");
  folder.Write(prefix + "bounding_box_test/0003_c2s1_000002_01.jpg.jpg");
  folder.Write(prefix + "bounding_box_test/0000_c3s1_000003_01.jpg");
  folder.Write(prefix + "bounding_box_test/-1_c3s1_000004_01.jpg");
  folder.Write(prefix + "bounding_box_test/Thumbs.db");
  folder.Write(prefix + "bounding_box_test/._0003_c2s1_000002_01.jpg");
}

TEST(Market1501, LoadsBySplitThenName) {
  TempFolder folder;
  // A parent folder that looks like a label must not change anything (torchreid searches the whole
  // path).
  WriteMarket(folder, "0099_c5s1_000001_00/");
  const ReidDataset dataset =
      LoadReidDataset({.name = "market1501", .root = folder.path() / "0099_c5s1_000001_00"});
  EXPECT_THAT(Shown(dataset),
              ElementsAre("bounding_box_train/0002_c1s1_000451_03.jpg|2|1|train",
                          "query/0003_c1s1_000001_00.jpg|3|1|query",
                          "bounding_box_test/0000_c3s1_000003_01.jpg|0|3|gallery",
                          "bounding_box_test/0003_c2s1_000002_01.jpg.jpg|3|2|gallery"));
  EXPECT_EQ(dataset.junk_images, 1);
  EXPECT_EQ(dataset.junk_by_split[static_cast<size_t>(Split::kGallery)], 1);
  EXPECT_EQ(dataset.ignored_files, 2);
  EXPECT_EQ(dataset.name, "market1501");
}

TEST(Market1501, FingerprintIsThatOfTheLabels) {
  TempFolder a;
  TempFolder b;
  WriteMarket(a);
  WriteMarket(b);
  const std::string fingerprint = LoadReidDataset({.root = a.path()}).fingerprint;
  // sha256sum of the four lines of the test above without the parent folder, tabs between the
  // fields.
  EXPECT_EQ(fingerprint, "9fffb640b5f5cb72bdbb69b2ac8e632b7cf5807c86111e95619230d327a408f8");
  EXPECT_EQ(LoadReidDataset({.root = b.path()}).fingerprint, fingerprint);
  EXPECT_EQ(LoadReidDataset({.root = a.path() / ""}).fingerprint, fingerprint);
  EXPECT_NE(
      LoadReidDataset({.root = a.path(), .splits = {Split::kQuery, Split::kGallery}}).fingerprint,
      fingerprint);
  b.Write("bounding_box_test/0003_c2s1_000002_02.jpg");
  EXPECT_NE(LoadReidDataset({.root = b.path()}).fingerprint, fingerprint);
}

TEST(Market1501, SplitsAskedForNeedNoOthers) {
  TempFolder folder;
  WriteMarket(folder);
  std::filesystem::remove_all(folder.path() / "bounding_box_train");
  const ReidDataset dataset =
      LoadReidDataset({.root = folder.path(), .splits = {Split::kQuery, Split::kGallery}});
  EXPECT_EQ(dataset.images.size(), 3u);
  EXPECT_THAT(dataset.splits, ElementsAre(Split::kQuery, Split::kGallery));
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kIo),
              HasSubstr("missing: bounding_box_train;"));
}

TEST(Market1501, Adds500kDistractors) {
  TempFolder folder;
  WriteMarket(folder);
  EXPECT_THAT(LoadErrorOf({.root = folder.path(), .distractors_500k = true}, ErrorKind::kIo),
              HasSubstr("images: no such folder"));
  folder.Write("images/12345.jpg");
  folder.Write("images/-1_c2s1_000009_00.jpg");
  EXPECT_EQ(LoadReidDataset({.root = folder.path()}).images.size(), 4u);
  const ReidDataset dataset = LoadReidDataset({.root = folder.path(), .distractors_500k = true});
  EXPECT_EQ(dataset.images.size(), 6u);
  EXPECT_THAT(Shown(dataset), Contains("images/12345.jpg|0|0|gallery"));
  EXPECT_THAT(Shown(dataset), Contains("images/-1_c2s1_000009_00.jpg|0|2|gallery"));
  EXPECT_THAT(LoadErrorOf({.name = "viper", .root = folder.path(), .distractors_500k = true},
                          ErrorKind::kIo),
              HasSubstr("VIPeR"));
}

TEST(Market1501, WrongLevelsAreExplained) {
  TempFolder folder;
  WriteMarket(folder, "zip/Market-1501-v15.09.15/");
  const std::string good = (folder.path() / "zip/Market-1501-v15.09.15").string();
  const std::string use = good + " has bounding_box_train: use that";
  EXPECT_THAT(LoadErrorOf({.root = folder.path() / "zip"}, ErrorKind::kIo),
              AllOf(HasSubstr("one level too high"), HasSubstr(use)));
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kIo),
              AllOf(HasSubstr("two levels too high"), HasSubstr(use)));
  EXPECT_THAT(LoadErrorOf({.root = good + "/query"}, ErrorKind::kIo),
              AllOf(HasSubstr("one level too low"), HasSubstr(use)));
  EXPECT_THAT(LoadErrorOf({.root = good + "/query/"}, ErrorKind::kIo),
              HasSubstr("one level too low"));
  EXPECT_THAT(LoadErrorOf({.root = folder.path() / "nothing"}, ErrorKind::kIo),
              HasSubstr("no such folder; expected Market-1501"));
  EXPECT_THAT(LoadErrorOf({.root = ""}, ErrorKind::kUsage), HasSubstr("needs its root folder"));
  EXPECT_THAT(LoadErrorOf({.root = good + "/query/0003_c1s1_000001_00.jpg"}, ErrorKind::kIo),
              HasSubstr("is a file"));
}

TEST(Market1501, WrongNamesAreCounted) {
  TempFolder folder;
  WriteMarket(folder);
  folder.Write("query/0004_c1_f0046182.jpg");
  folder.Write("query/a.png");
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kInput),
              AllOf(HasSubstr("query: 2 of 3 image names do not fit"),
                    HasSubstr("the first is '0004_c1_f0046182.jpg'"),
                    HasSubstr("such names are read by data set 'dukemtmc_reid'")));
  std::filesystem::remove(folder.path() / "query/0004_c1_f0046182.jpg");
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kInput),
              HasSubstr("datasets/README.md"));
}

TEST(Market1501, EmptyFoldersAndOddNamesAreErrors) {
  TempFolder folder;
  WriteMarket(folder);
  std::filesystem::remove(folder.path() / "query/0003_c1s1_000001_00.jpg");
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kInput),
              HasSubstr("query: holds no image"));
  folder.Write("query/0003_c1s1_000001_00.jpg");
  folder.Write("query/-5_c1s1_000001_00.jpg");
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kInput),
              HasSubstr("person -5; persons of market1501 are numbered from 1"));
}

TEST(Market1501, CompleteSetWherePresent) {
  const char* root = std::getenv("REIDBENCH_MARKET1501");
  if (root == nullptr) GTEST_SKIP() << "set REIDBENCH_MARKET1501 to the folder of Market-1501";
  const ReidDataset dataset = LoadReidDataset({.root = root});
  EXPECT_EQ(CountOf(dataset, Split::kTrain), 12936);
  EXPECT_EQ(CountOf(dataset, Split::kQuery), 3368);
  EXPECT_EQ(CountOf(dataset, Split::kGallery), 15913);
  EXPECT_EQ(dataset.junk_images, 3819);
}

TEST(SyntheticMarket, LoadsAsDescribed) {
  TempFolder folder;
  const SyntheticMarket written = WriteSyntheticMarket(folder.path() / "m");
  const ReidDataset dataset = LoadReidDataset({.root = folder.path() / "m"});
  EXPECT_EQ(CountOf(dataset, Split::kTrain), written.train_images);
  EXPECT_EQ(CountOf(dataset, Split::kQuery), written.query_images);
  EXPECT_EQ(CountOf(dataset, Split::kGallery), written.gallery_images);
  EXPECT_EQ(dataset.junk_images, written.junk);
  EXPECT_EQ(dataset.ignored_files, 1);
  // The same bytes again.
  WriteSyntheticMarket(folder.path() / "n");
  for (const ReidImage& image : dataset.images) {
    EXPECT_EQ(ReadFileBytes(folder.path() / "m" / image.path),
              ReadFileBytes(folder.path() / "n" / image.path));
  }
}

TEST(DukeMtmcReid, Loads) {
  TempFolder folder;
  folder.Write("bounding_box_train/0001_c2_f0046182.jpg");
  folder.Write("query/0005_c2_f0046985.jpg");
  folder.Write("bounding_box_test/0005_c8_f0047000.jpg");
  EXPECT_THAT(Shown(LoadReidDataset({.name = "dukemtmc_reid", .root = folder.path()})),
              ElementsAre("bounding_box_train/0001_c2_f0046182.jpg|1|2|train",
                          "query/0005_c2_f0046985.jpg|5|2|query",
                          "bounding_box_test/0005_c8_f0047000.jpg|5|8|gallery"));
  // Duke has neither junk nor distractors.
  folder.Write("query/0000_c2_f0046985.jpg");
  EXPECT_THAT(LoadErrorOf({.name = "dukemtmc_reid", .root = folder.path()}, ErrorKind::kInput),
              HasSubstr("person 0"));
}

void WriteMsmt(const TempFolder& folder, const std::string& train, const std::string& test) {
  folder.Write("list_train.txt", "0000/0000_000_01_0303morning_0015_0.jpg 0\n");
  folder.Write("list_val.txt", "0000/0000_001_02_0303morning_0015_1.jpg 0\n");
  folder.Write("list_query.txt", "0000/0000_000_05_0303morning_0020_0.jpg 0\n");
  folder.Write("list_gallery.txt", "0000/0000_001_14_0303noon_0021_1.jpg 0\n");
  folder.Write(train + "/0000/0000_000_01_0303morning_0015_0.jpg");
  folder.Write(train + "/0000/0000_001_02_0303morning_0015_1.jpg");
  folder.Write(test + "/0000/0000_000_05_0303morning_0020_0.jpg");
  folder.Write(test + "/0000/0000_001_14_0303noon_0021_1.jpg");
}

TEST(Msmt17, KeepsTrainAndTestPersonsApart) {
  TempFolder folder;
  WriteMsmt(folder, "train", "test");
  EXPECT_THAT(Shown(LoadReidDataset({.name = "msmt17_v1", .root = folder.path()})),
              ElementsAre("train/0000/0000_000_01_0303morning_0015_0.jpg|1|1|train",
                          "train/0000/0000_001_02_0303morning_0015_1.jpg|1|2|val",
                          "test/0000/0000_000_05_0303morning_0020_0.jpg|1042|5|query",
                          "test/0000/0000_001_14_0303noon_0021_1.jpg|1042|14|gallery"));
}

TEST(Msmt17, VersionsAreNotMixed) {
  TempFolder v1;
  TempFolder v2;
  WriteMsmt(v1, "train", "test");
  WriteMsmt(v2, "mask_train_v2", "mask_test_v2");
  EXPECT_EQ(LoadReidDataset({.name = "msmt17_v2", .root = v2.path()}).images.size(), 4u);
  EXPECT_THAT(
      LoadErrorOf({.name = "msmt17_v1", .root = v2.path()}, ErrorKind::kIo),
      AllOf(HasSubstr("holds 'mask_train_v2'"), HasSubstr("load it as data set 'msmt17_v2'")));
  EXPECT_THAT(LoadErrorOf({.name = "msmt17_v2", .root = v1.path()}, ErrorKind::kIo),
              HasSubstr("load it as data set 'msmt17_v1'"));
}

TEST(Msmt17, BrokenListsAreErrors) {
  TempFolder folder;
  WriteMsmt(folder, "train", "test");
  const auto error_with = [&](std::string_view list) {
    folder.Write("list_query.txt", list);
    return LoadErrorOf({.name = "msmt17_v1", .root = folder.path()}, ErrorKind::kInput);
  };
  EXPECT_THAT(error_with("0000/0000_009_05_gone.jpg 0\n0000/0000_010_05_gone.jpg 0\n"),
              AllOf(HasSubstr("list_query.txt:1: 2 of 5 listed images do not exist"),
                    HasSubstr("test/0000/0000_009_05_gone.jpg")));
  EXPECT_THAT(error_with("../../etc/0000_009_05_x.jpg 0\n"), HasSubstr("leads out of"));
  EXPECT_THAT(error_with("0000/x.jpg 0\n"), HasSubstr("do not fit {number}_{number}_{camera}_*"));
  EXPECT_THAT(error_with("0000/0000_000_05_0303morning_0020_0.jpg "
                         "0\n0000/./0000_000_05_0303morning_0020_0.jpg 0\n"),
              HasSubstr("is listed twice in query"));
  EXPECT_THAT(error_with("0000/0000_000_05_0303morning_0020_0.jpg\n"),
              HasSubstr("line 1: expected 'path person'"));
}

TEST(Msmt17, ErrorsNameTheListAndItsLine) {
  TempFolder folder;
  WriteMsmt(folder, "mask_train_v2", "mask_test_v2");
  const ReidDatasetOptions options = {.name = "msmt17_v2", .root = folder.path()};
  const std::string good = "0000/0000_001_14_0303noon_0021_1.jpg 0\n";
  const auto error_with = [&](const std::string& line) {
    folder.Write("list_gallery.txt", good + line);
    return LoadErrorOf(options, ErrorKind::kInput);
  };
  EXPECT_THAT(error_with("0000/0000_009_14_gone.jpg 0\n"),
              AllOf(HasSubstr("list_gallery.txt:2: 1 of 5 listed images do not exist"),
                    HasSubstr("mask_test_v2/0000/0000_009_14_gone.jpg")));
  EXPECT_THAT(error_with("0000/x.jpg 0\n"), HasSubstr("list_gallery.txt:2: 1 of 2 image names"));
  EXPECT_THAT(error_with("../../etc/0000_009_05_x.jpg 0\n"),
              HasSubstr("list_gallery.txt:2: '../../etc/"));
}

TEST(Cuhk03Np, ReadsBothForms) {
  TempFolder folders;
  folders.Write("detected/bounding_box_train/0003_c1_22.png");
  folders.Write("detected/query/0001_c1_1.png");
  folders.Write("detected/bounding_box_test/0001_c2_6.png");
  EXPECT_EQ(LoadReidDataset({.name = "cuhk03_np_detected", .root = folders.path()}).images.size(),
            3u);
  EXPECT_THAT(LoadErrorOf({.name = "cuhk03_np_labeled", .root = folders.path()}, ErrorKind::kIo),
              HasSubstr("labeled/bounding_box_train"));

  TempFolder extracted;
  for (const char* name :
       {"1_001_1_01.png", "1_002_1_01.png", "1_002_2_06.png", "2_002_2_06.png"}) {
    extracted.Write(fmt::format("images_detected/{}", name));
  }
  extracted.Write("splits_new_detected.json", R"([{
      "train": [["/home/x/cuhk03/images_detected/1_001_1_01.png", 0, 0]],
      "query": [["/home/x/cuhk03/images_detected/1_002_1_01.png", 2, 0]],
      "gallery": [["/home/x/cuhk03/images_detected/1_002_2_06.png", 2, 1],
                  ["C:\\data\\cuhk03\\images_detected\\2_002_2_06.png", 845, 1]]}])");
  EXPECT_THAT(Shown(LoadReidDataset({.name = "cuhk03_np_detected", .root = extracted.path()})),
              ElementsAre("images_detected/1_001_1_01.png|1001|1|train",
                          "images_detected/1_002_1_01.png|1002|1|query",
                          "images_detected/1_002_2_06.png|1002|2|gallery",
                          "images_detected/2_002_2_06.png|2002|2|gallery"));
  // Two names of one listed person contradict each other.
  extracted.Write("splits_new_detected.json", R"([{"train": [],
      "query": [["images_detected/1_002_1_01.png", 2, 0]], "gallery": [["images_detected/2_002_2_06.png", 2, 1]]}])");
  EXPECT_THAT(
      LoadErrorOf({.name = "cuhk03_np_detected", .root = extracted.path()}, ErrorKind::kInput),
      AllOf(HasSubstr("gallery entry 1"), HasSubstr("contradicts")));
  extracted.Write(
      "splits_new_detected.json",
      R"([{"train": [], "query": [["elsewhere/1_002_1_01.png", 2, 0]], "gallery": []}])");
  EXPECT_THAT(
      LoadErrorOf({.name = "cuhk03_np_detected", .root = extracted.path()}, ErrorKind::kInput),
      HasSubstr("is not in images_detected"));
}

TEST(Viper, NeedsItsSplits) {
  TempFolder folder;
  folder.Write("cam_a/000_45.bmp");
  folder.Write("cam_b/000_90.bmp");
  folder.Write("cam_a/001_0.bmp");
  folder.Write("cam_b/001_90.bmp");
  EXPECT_THAT(LoadErrorOf({.name = "viper", .root = folder.path()}, ErrorKind::kIo),
              AllOf(HasSubstr("splits.json is missing"), HasSubstr("cannot be compared"),
                    HasSubstr("data set 'list'")));
  folder.Write("splits.json", R"([
      {"train": [["/x/VIPeR/cam_a/000_45.bmp", 0, 0], ["/x/VIPeR/cam_b/000_90.bmp", 0, 1]],
       "query": [["/x/VIPeR/cam_a/001_0.bmp", 0, 0]], "gallery": [["/x/VIPeR/cam_b/001_90.bmp", 0, 1]]},
      {"train": [], "query": [["/x/VIPeR/cam_b/001_90.bmp", 0, 1]], "gallery": [["/x/VIPeR/cam_a/001_0.bmp", 0, 0]]}])");
  EXPECT_THAT(Shown(LoadReidDataset({.name = "viper", .root = folder.path()})),
              ElementsAre("cam_a/000_45.bmp|1|1|train", "cam_b/000_90.bmp|1|2|train",
                          "cam_a/001_0.bmp|2|1|query", "cam_b/001_90.bmp|2|2|gallery"));
  EXPECT_THAT(Shown(LoadReidDataset({.name = "viper", .root = folder.path(), .split_index = 1})),
              ElementsAre("cam_b/001_90.bmp|2|2|query", "cam_a/001_0.bmp|2|1|gallery"));
  EXPECT_THAT(
      LoadErrorOf({.name = "viper", .root = folder.path(), .split_index = 20}, ErrorKind::kUsage),
      HasSubstr("holds 2 splits"));
}

TEST(Folder, NumberedPersonsKeepTheirNumbers) {
  TempFolder folder;
  folder.Write("0007/a_c2.jpg");
  folder.Write("12/b.jpg");
  folder.Write("distractors/c1_x.jpg");
  folder.Write("junk/y.jpg");
  folder.Write("readme.txt");
  const ReidDataset dataset = LoadReidDataset({.name = "folder", .root = folder.path()});
  EXPECT_THAT(Shown(dataset), ElementsAre("0007/a_c2.jpg|7|2|none", "12/b.jpg|12|0|none",
                                          "distractors/c1_x.jpg|0|1|none"));
  EXPECT_EQ(dataset.junk_images, 1);
  EXPECT_EQ(dataset.images_without_camera, 2);
}

TEST(Folder, NamedPersonsHaveTheSameNumberInEverySplit) {
  TempFolder folder;
  folder.Write("query/carol/x_c1.jpg");
  folder.Write("gallery/carol/x_c2.jpg");
  folder.Write("gallery/bob/y_c1.jpg");
  folder.Write("train/alice/z_c1.jpg");
  const auto all = Shown(LoadReidDataset({.name = "folder", .root = folder.path()}));
  EXPECT_THAT(
      all, ElementsAre("train/alice/z_c1.jpg|1|1|train", "query/carol/x_c1.jpg|3|1|query",
                       "gallery/bob/y_c1.jpg|2|1|gallery", "gallery/carol/x_c2.jpg|3|2|gallery"));
  EXPECT_THAT(
      Shown(LoadReidDataset({.name = "folder", .root = folder.path(), .splits = {Split::kQuery}})),
      ElementsAre("query/carol/x_c1.jpg|3|1|query"));
  // A folder "0" among numbers is a name: 0 would mean distractor.
  TempFolder zero;
  zero.Write("0/a.jpg");
  zero.Write("1/b.jpg");
  EXPECT_THAT(Shown(LoadReidDataset({.name = "folder", .root = zero.path()})),
              ElementsAre("0/a.jpg|1|0|none", "1/b.jpg|2|0|none"));
}

// Market-1501 as layumi's preparation lays it out.
TEST(Folder, LayumisFoldersAreTheSameDataSetAsMarket1501) {
  TempFolder market;
  WriteMarket(market);
  const ReidDataset wanted = LoadReidDataset({.name = "market1501", .root = market.path()});
  TempFolder folder;
  folder.Write("train/0002/0002_c1s1_000451_03.jpg");
  folder.Write("train_all/0002/0002_c1s1_000451_03.jpg");
  folder.Write("multi-query/0003/0003_c1s1_000009_00.jpg");
  folder.Write("query/0003/0003_c1s1_000001_00.jpg");
  folder.Write("gallery/0003/0003_c2s1_000002_01.jpg.jpg");
  folder.Write("gallery/0000/0000_c3s1_000003_01.jpg");
  folder.Write("gallery/-1/-1_c3s1_000004_01.jpg");
  const ReidDataset dataset = LoadReidDataset({.name = "folder", .root = folder.path()});
  EXPECT_EQ(dataset.junk_images, wanted.junk_images);
  EXPECT_THAT(dataset.ignored_folders, ElementsAre("multi-query", "train_all"));
  ASSERT_EQ(dataset.images.size(), wanted.images.size());
  for (size_t i = 0; i < dataset.images.size(); ++i) {
    EXPECT_EQ(dataset.images[i].person, wanted.images[i].person) << i;
    EXPECT_EQ(dataset.images[i].camera, wanted.images[i].camera) << i;
    EXPECT_EQ(dataset.images[i].split, wanted.images[i].split) << i;
  }
  // Persons counted from 0 have queries: there 0 is a person, and -1 still junk.
  folder.Write("query/0000/0000_c1s1_000003_01.jpg");
  EXPECT_THAT(Shown(LoadReidDataset({.name = "folder", .root = folder.path()})),
              Contains("query/0000/0000_c1s1_000003_01.jpg|1|1|query"));
}

TEST(Folder, CamerasInPlaceOfPersonsAreRefused) {
  TempFolder folder;
  folder.Write("query/cam01/person01_cam01_frame026.jpg");
  folder.Write("gallery/cam01/person01_cam01_frame027.jpg");
  folder.Write("gallery/cam02/00012.jpg");
  EXPECT_THAT(LoadErrorOf({.name = "folder", .root = folder.path()}, ErrorKind::kInput),
              AllOf(HasSubstr("all 3 folders are named like cameras, the first is 'gallery/cam01'"),
                    HasSubstr("data set 'list'")));
  EXPECT_THAT(LoadErrorOf({.name = "folder", .root = folder.path(), .splits = {Split::kQuery}},
                          ErrorKind::kInput),
              HasSubstr("named like cameras"));
  // Images of other cameras in it: then it is a person's.
  folder.Write("gallery/cam02/x_cam03_00013.jpg");
  EXPECT_EQ(LoadReidDataset({.name = "folder", .root = folder.path()}).images.size(), 4u);
}

TEST(Folder, ImagesOneFolderDeeperAreCounted) {
  TempFolder folder;
  folder.Write("query/7/x_c1.jpg");
  folder.Write("query/7/more/y_c1.jpg");
  folder.Write("query/7/more/z_c1.jpg");
  folder.Write("gallery/7/x_c2.jpg");
  std::filesystem::create_directory_symlink(".", folder.path() / "gallery/7/itself");
  const ReidDataset dataset = LoadReidDataset({.name = "folder", .root = folder.path()});
  EXPECT_EQ(dataset.images.size(), 2u);
  EXPECT_EQ(dataset.deeper_images, 2);
  EXPECT_EQ(dataset.deeper_example, "query/7/more/y_c1.jpg");
  TempFolder market;
  WriteMarket(market);
  market.Write("query/extra/0003_c4s1_000001_00.jpg");
  const ReidDataset known = LoadReidDataset({.name = "market1501", .root = market.path()});
  EXPECT_EQ(known.deeper_images, 1);
  EXPECT_EQ(known.deeper_example, "query/extra/0003_c4s1_000001_00.jpg");
}

TEST(Suggestions, FitTheFoldersThatAreThere) {
  TempFolder folder;
  WriteMarket(folder);
  folder.Write("query/0002_c001_00016450_0.jpg");
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kInput),
              HasSubstr("such names are read by data set 'market_layout'"));
  std::filesystem::remove(folder.path() / "query/0002_c001_00016450_0.jpg");
  folder.Write("query/0003_c1s1_000001_00 (1).jpg");
  EXPECT_THAT(LoadErrorOf({.root = folder.path()}, ErrorKind::kInput),
              HasSubstr("it looks like a copy of '0003_c1s1_000001_00': remove such copies"));
}

TEST(Folder, WrongShapesAreErrors) {
  TempFolder folder;
  folder.Write("query/1/x.jpg");
  folder.Write("stuff/1/x.jpg");
  const ReidDatasetOptions options = {.name = "folder", .root = folder.path()};
  EXPECT_THAT(LoadErrorOf(options, ErrorKind::kInput),
              HasSubstr("folder 'stuff' lies beside folders of splits"));
  folder.Write("loose.jpg");
  EXPECT_THAT(LoadErrorOf(options, ErrorKind::kInput),
              HasSubstr("image 'loose.jpg' lies beside the folders"));
  TempFolder twins;
  twins.Write("1/x.jpg");
  twins.Write("01/x.jpg");
  EXPECT_THAT(LoadErrorOf({.name = "folder", .root = twins.path()}, ErrorKind::kInput),
              HasSubstr("'01' and '1' are both person 1"));
  TempFolder deep;
  deep.Write("a/b/c/x.jpg");
  EXPECT_THAT(LoadErrorOf({.name = "folder", .root = deep.path()}, ErrorKind::kInput),
              HasSubstr("holds folders and no image"));
  TempFolder empty;
  EXPECT_THAT(LoadErrorOf({.name = "folder", .root = empty.path()}, ErrorKind::kInput),
              HasSubstr("no image to use"));
}

TEST(List, LoadsRelativeToItsFolderOrTheRoot) {
  TempFolder folder;
  folder.Write("img/a.jpg");
  folder.Write("img/b.jpg");
  folder.Write("img/j.jpg");
  const auto list = folder.Write("list.csv",
                                 "split,path,person,camera\ngallery,img/b.jpg,3,2\nquery,./img/"
                                 "a.jpg,3,1\ngallery,img/j.jpg,-1,1\n");
  const ReidDataset dataset = LoadReidDataset({.name = "list", .list_file = list});
  EXPECT_THAT(Shown(dataset), ElementsAre("img/a.jpg|3|1|query", "img/b.jpg|3|2|gallery"));
  EXPECT_EQ(dataset.junk_images, 1);
  const auto inner = folder.Write("lists/inner.json", R"([{"path": "a.jpg", "person": 5}])");
  EXPECT_THAT(
      Shown(LoadReidDataset({.name = "list", .root = folder.path() / "img", .list_file = inner})),
      ElementsAre("a.jpg|5|0|none"));
}

TEST(List, WrongListsAreErrors) {
  TempFolder folder;
  folder.Write("a.jpg");
  const auto error_with = [&](std::string_view text, ErrorKind kind = ErrorKind::kInput) {
    return LoadErrorOf(
        {.name = "list", .root = folder.path(), .list_file = folder.Write("list.csv", text)}, kind);
  };
  EXPECT_THAT(error_with("path,person\na.jpg,1\na.jpg,1\n"),
              HasSubstr("'a.jpg' is listed twice in none"));
  EXPECT_THAT(error_with("path,person,split\na.jpg,1,query\na.jpg,2,gallery\n"),
              HasSubstr("as person 1 camera 0 and as person 2 camera 0"));
  EXPECT_THAT(error_with("path,person\n../a.jpg,1\n"), HasSubstr("leads out of"));
  EXPECT_THAT(
      error_with("path,person\nb.jpg,1\n"),
      AllOf(HasSubstr("1 of 1 listed images do not exist"), HasSubstr("is the root right?")));
  EXPECT_THAT(error_with("path,person\na.jpg,1\nx\\b.jpg,1\n"),
              AllOf(HasSubstr("list.csv:3: 1 of 2"), HasSubstr("x/b.jpg; is the root right?")));
  EXPECT_THAT(error_with("path,person\n"), HasSubstr("no image to use"));
  EXPECT_THAT(LoadErrorOf({.name = "list"}, ErrorKind::kUsage), HasSubstr("needs a list file"));
  EXPECT_THAT(LoadErrorOf({.name = "market1501", .root = folder.path(), .list_file = "x.csv"},
                          ErrorKind::kUsage),
              HasSubstr("belongs to data set 'list'"));
  // The same image may be query and gallery (CUHK03's classic protocol).
  EXPECT_EQ(
      LoadReidDataset({.name = "list",
                       .root = folder.path(),
                       .list_file = folder.Write(
                           "both.csv", "path,person,split\na.jpg,1,query\na.jpg,1,gallery\n")})
          .images.size(),
      2u);
}

TEST(LoadReidDataset, UnknownNamesAreSuggested) {
  EXPECT_THAT(LoadErrorOf({.name = "market1510", .root = "."}, ErrorKind::kUsage),
              HasSubstr("did you mean 'market1501'?"));
  EXPECT_THAT(LoadErrorOf({.name = "../datasets/market1501", .root = "."}, ErrorKind::kUsage),
              HasSubstr("is not known"));
  EXPECT_THAT(KnownReidDatasets(), AllOf(Contains("market1501"), Contains("msmt17_v2"),
                                         Contains("folder"), Contains("list")));
}

TEST(LoadReidDataset, TakesADescriptionOfTheUsersOwn) {
  TempFolder folder;
  const auto description = folder.Write(
      "shop.yaml",
      "kind: reid\ntitle: Shop\nlayouts:\n- names: \"cam{camera}-{person}-*\"\n  splits:\n"
      "    query: {folder: q}\n    gallery: {folder: g, person_offset: 0}\n");
  folder.Write("q/cam1-15-x.jpg");
  folder.Write("g/cam2-15-y.png");
  const ReidDataset dataset =
      LoadReidDataset({.name = description.string(), .root = folder.path()});
  EXPECT_EQ(dataset.name, "shop");
  EXPECT_THAT(Shown(dataset),
              ElementsAre("q/cam1-15-x.jpg|15|1|query", "g/cam2-15-y.png|15|2|gallery"));
}

}  // namespace
}  // namespace reidbench
