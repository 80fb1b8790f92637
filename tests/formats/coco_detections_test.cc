#include "reidbench/formats/coco_detections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kInstances =
    R"({"images": [{"id": 7, "file_name": "b.jpg", "width": 640, "height": 480}, {"id": 3}],
        "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
        "annotations": [
          {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 30, 40], "area": 700.5,
           "iscrowd": 0, "ignore": 1},
          {"id": 2, "image_id": 3, "category_id": 18, "bbox": [1, 2, 30, 40], "area": 99,
           "iscrowd": 1, "segmentation": {"counts": [1, 2], "size": [480, 640]}}]})";

class CocoDetectionFiles : public ::testing::Test {
 protected:
  CocoInstances Read(std::string_view text) const {
    return ReadCocoInstances(folder_.Write("gt.json", text));
  }
  CocoDetections ReadResults(std::string_view text) const {
    return ReadCocoDetections(folder_.Write("dt.json", text), Read(kInstances));
  }
  std::string ErrorOf(const std::function<void()>& call) const {
    return MessageOf(ErrorKind::kInput, call);
  }
  const TempFolder folder_;
};

TEST_F(CocoDetectionFiles, KeepsIdsAreasAndCrowds) {
  const CocoInstances found = Read(kInstances);
  ASSERT_EQ(found.pictures.size(), 2u);
  EXPECT_EQ(found.pictures[0].id, 3);  // by id, not as they stand
  EXPECT_EQ(found.pictures[1].width, 640);
  EXPECT_EQ(found.pictures[0].width, 0);
  EXPECT_EQ(found.categories[0].name, "person");
  ASSERT_EQ(found.annotations.size(), 2u);
  EXPECT_EQ(found.annotations[0].picture, 1);
  EXPECT_EQ(found.annotations[0].area, 700.5);  // the outline's, not 30 * 40
  EXPECT_FALSE(found.annotations[0].is_crowd);  // "ignore" says nothing
  EXPECT_TRUE(found.annotations[1].is_crowd);
  EXPECT_EQ(found.annotations[1].category, 1);
  EXPECT_THAT(found.warnings, IsEmpty());
}

TEST_F(CocoDetectionFiles, AnAreaThatIsNotStatedIsTheBoxs) {
  const CocoInstances found = Read(R"({"images": [{"id": 1}], "categories": [{"id": 1}],
               "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0, 0, 3, 4]}]})");
  EXPECT_EQ(found.annotations[0].area, 12);
  EXPECT_EQ(found.categories[0].name, "1");
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("state no area")));
}

TEST_F(CocoDetectionFiles, ResultsAreAListOrAnnotations) {
  const std::string row =
      R"({"image_id": 7, "category_id": 18, "bbox": [1, 2, 3, 4], "score": 0.25})";
  for (const std::string& text : {"[" + row + "]", R"({"annotations": [)" + row + "]}"}) {
    const CocoDetections found = ReadResults(text);
    ASSERT_EQ(found.detections.size(), 1u);
    EXPECT_EQ(found.detections[0].picture, 1);
    EXPECT_EQ(found.detections[0].category, 1);
    EXPECT_EQ(found.detections[0].score, 0.25);
  }
  EXPECT_THAT(ReadResults("[]").detections, IsEmpty());
}

TEST_F(CocoDetectionFiles, ResultsOfOtherCategoriesAreLeftOutAndCounted) {
  const CocoDetections found =
      ReadResults(R"([{"image_id": 7, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 1}])");
  EXPECT_THAT(found.detections, IsEmpty());
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("1 results are of categories")));
}

TEST_F(CocoDetectionFiles, SaysWhatIsWrong) {
  const auto results = [&](const std::string& row) {
    return ErrorOf([&] { ReadResults("[" + row + "]"); });
  };
  EXPECT_THAT(results(R"({"image_id": 8, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1})"),
              HasSubstr("image_id"));
  EXPECT_THAT(results(R"({"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]})"),
              HasSubstr("score"));
  EXPECT_THAT(results(R"({"image_id": 7, "category_id": 1, "score": 1})"), HasSubstr("bbox"));
  EXPECT_THAT(results(R"({"image_id": 7, "category_id": 1, "bbox": [1, 2, -3, 4], "score": 1})"),
              HasSubstr("width and height"));
  EXPECT_THAT(ErrorOf([&] { ReadResults(R"({"images": []})"); }), HasSubstr("list of results"));
  EXPECT_THAT(ErrorOf([&] { Read("[]"); }), HasSubstr("none of them"));
  EXPECT_THAT(ErrorOf([&] { Read(R"({"images": [], "annotations": []})"); }),
              HasSubstr("no categories"));
  EXPECT_THAT(ErrorOf([&] {
                Read(R"({"images": [{"id": 1}, {"id": 1}], "categories": [], "annotations": []})");
              }),
              HasSubstr("1 twice"));
  EXPECT_THAT(ErrorOf([&] {
                Read(R"({"images": [{"id": 1}], "categories": [{"id": 1}],
                         "annotations": [{"image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1]}]})");
              }),
              HasSubstr("annotations[0].image_id"));
  EXPECT_THAT(ErrorOf([&] {
                Read(R"({"images": [{"id": 1}], "categories": [{"id": 1}],
                         "annotations": [{"image_id": 1, "category_id": 5, "bbox": [0, 0, 1, 1]}]})");
              }),
              HasSubstr("annotations[0].category_id"));
}

}  // namespace
}  // namespace reidbench
