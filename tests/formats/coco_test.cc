#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

BoxTable Coco(std::string_view text) {
  BoxTable table;
  ParseCoco(text, "in/val.json", &table);
  return table;
}

std::string RefusedCoco(std::string_view text) {
  return MessageOf(ErrorKind::kInput, [&] { Coco(text); });
}

// COCO-VID as ByteTrack's and mmtracking's converters write it: the lists in any order.
TEST(Coco, ReadsVideos) {
  const BoxTable table = Coco(R"({
    "annotations": [
      {"id": 1, "image_id": 12, "video_id": 2, "category_id": 3, "bbox": [1.5, 2, 30, 40.25],
       "area": 1207.5, "iscrowd": 0, "track_id": 5, "conf": 0.5, "visibility": 0.25},
      {"id": 2, "image_id": 10, "category_id": 1, "bbox": [0, 0, 1, 1], "instance_id": 6,
       "attributes": {"occluded": true, "colour": "red", "speed": 2.5}}],
    "images": [
      {"id": 10, "file_name": "A/img1/000001.jpg", "video_id": 1, "frame_id": 0, "width": 64,
       "height": 48},
      {"id": 12, "file_name": "B/img1/000002.jpg", "video_id": 2, "frame_id": 1},
      {"id": 11, "file_name": "B/x.jpg", "video_id": 2, "frame_id": 0}],
    "videos": [{"id": 1, "name": "A", "fps": 25}, {"id": 2, "file_name": "B"}],
    "categories": [{"id": 1, "name": "pedestrian"}, {"id": 3, "name": "car"}]})");
  EXPECT_THAT(RowTexts(table),
              ElementsAre("B 2 id=5 3:car [1.5 2 30 40.25] score=0.5 visibility=0.25",
                          "A 1 id=6 1:pedestrian [0 0 1 1] occluded=1 colour=red speed=2.5"));
  ASSERT_EQ(table.sequences.size(), 2);
  EXPECT_EQ(table.sequences[0].frame_rate, 25);
  EXPECT_EQ(table.sequences[0].size.width, 64);
  EXPECT_EQ(table.sequences[1].frame_count, 2);
  EXPECT_EQ(table.sequences[1].frame_names.at(1), "B/x.jpg");
  EXPECT_EQ(table.sequences[1].frame_names.count(2), 0);  // what we would call it ourselves
  EXPECT_THAT(table.notes, ElementsAre(HasSubstr("frames count from 0")));
}

TEST(Coco, FramesComeFromNamesWhereThereAreNoVideos) {
  const BoxTable table = Coco(R"({"images": [
      {"id": 5, "file_name": "S/img1/000007.jpg"}, {"id": 6, "file_name": "T/000002.png"}],
    "annotations": [{"image_id": 5, "bbox": [1, 2, 3, 4]}, {"image_id": 6, "bbox": [5, 6, 7, 8]}]})");
  EXPECT_THAT(RowTexts(table), ElementsAre("S 7 [1 2 3 4]", "T 2 [5 6 7 8]"));
  EXPECT_EQ(table.sequences[0].frame_count, 7);
}

// Sets of single pictures: their numbers are no frames, and each has a size.
TEST(Coco, PicturesAreFramesInTheOrderOfTheirNames) {
  const BoxTable table = Coco(R"({"images": [
      {"id": 2, "file_name": "000000581929.jpg", "width": 640, "height": 480},
      {"id": 1, "file_name": "000000000139.jpg", "width": 480, "height": 640}],
    "annotations": [{"image_id": 2, "bbox": [1, 2, 3, 4]}, {"image_id": 1, "bbox": [5, 6, 7, 8]}]})");
  EXPECT_THAT(RowTexts(table), ElementsAre("val 2 [1 2 3 4]", "val 1 [5 6 7 8]"));
  EXPECT_EQ(table.sequences[0].SizeOf(1).width, 480);
  EXPECT_EQ(table.sequences[0].SizeOf(2).width, 640);
}

TEST(Coco, ReadsListsOfResults) {
  const BoxTable table = Coco(
      R"([{"image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5},
          {"image_id": 4, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.25, "track_id": 9}])");
  EXPECT_THAT(RowTexts(table),
              ElementsAre("val 1 1: [1 2 3 4] score=0.5", "val 5 id=9 1: [1 2 3 4] score=0.25"));
  EXPECT_THAT(table.notes, ElementsAre(HasSubstr("image ids are frames, and 1 was added")));
}

TEST(Coco, CountsWhatIsNoBox) {
  const BoxTable table = Coco(R"({"images": [{"id": 1, "file_name": "S/1.jpg"}], "annotations": [
      {"image_id": 1, "segmentation": [[1, 2, 3, 4, 5, 6]], "keypoints": [1, 2, 2], "iscrowd": 1,
       "bbox": [1, 2, 3, 4]},
      {"image_id": 1, "segmentation": {"counts": [1, 2], "size": [3, 4]}}]})");
  EXPECT_THAT(RowTexts(table), ElementsAre("S 1 [1 2 3 4]"));
  std::vector<std::string> losses;
  for (const BoxLoss& loss : table.losses)
    losses.push_back(fmt::format("{} {}", loss.count, loss.what));
  EXPECT_THAT(losses, ElementsAre("1 annotations without a bbox", "1 segmentations", "1 keypoints",
                                  "1 crowd marks"));
}

TEST(Coco, NamesThePlaceOfWhatIsWrong) {
  const auto annotation = [](const std::string& text) {
    return RefusedCoco(R"({"images": [{"id": 1, "file_name": "S/1.jpg"}],
                           "categories": [{"id": 1, "name": "a"}], "annotations": [)" +
                       text + "]}");
  };
  EXPECT_THAT(annotation(R"({"image_id": 1, "bbox": [1, 2, -3, 4]})"),
              HasSubstr("in/val.json: annotations[0].bbox: expected a width and height of at least "
                        "0, found -3 x 4"));
  EXPECT_THAT(annotation(R"({"image_id": 1, "bbox": [1, 2, 3]})"),
              HasSubstr("annotations[0].bbox: expected [left, top, width, height], found a list of "
                        "3 numbers"));
  EXPECT_THAT(annotation(R"({"image_id": 2, "bbox": [1, 2, 3, 4]})"),
              HasSubstr("expected an image_id of the list of images, found 2"));
  EXPECT_THAT(annotation(R"({"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]})"),
              HasSubstr("expected a category_id of the list of categories, found 7"));
  EXPECT_THAT(annotation(R"({"bbox": [1, 2, 3, 4]})"),
              HasSubstr("annotations[0].image_id: expected a whole number, found nothing"));
  EXPECT_THAT(annotation(R"({"image_id": 1, "track_id": "x", "bbox": [1, 2, 3, 4]})"),
              HasSubstr("track_id: expected a whole number, found \"x\""));
  EXPECT_THAT(RefusedCoco(R"({"images": [{"id": 1}, {"id": 1}]})"),
              HasSubstr("images[1].id: expected each image id once"));
  EXPECT_THAT(
      RefusedCoco(R"({"images": [{"id": 1, "video_id": 3}], "videos": [{"id": 1, "name": "a"}]})"),
      HasSubstr("images[0].video_id: expected the id of a video, found 3"));
  EXPECT_THAT(RefusedCoco(R"({"shapes": [], "tracks": []})"), HasSubstr("found shapes, tracks"));
  EXPECT_THAT(RefusedCoco(R"([{"image_id": 1700000000000, "bbox": [1, 2, 3, 4]}])"),
              HasSubstr("to take as frames"));
  EXPECT_THAT(
      RefusedCoco(R"({"images": [{"id": 1, "file_name": "S/1.jpg"}], "annotations": [{"im)"),
      AllOf(HasSubstr("in/val.json:1:"), HasSubstr("expected JSON")));
}

TEST(Coco, EmptyListsAreNoBoxes) {
  EXPECT_THAT(RowTexts(Coco(R"({"images": [], "annotations": [], "categories": []})")), IsEmpty());
  EXPECT_THAT(RowTexts(Coco("[]")), IsEmpty());
}

}  // namespace
}  // namespace reidbench
