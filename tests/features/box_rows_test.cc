#include "reidbench/features/box_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reidbench/core/error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TrackBox At(int64_t frame, int64_t id, double left) {
  return {FrameIndex(frame), TrackId(id), {left, 0, 40, 100}};
}

class BoxRowsTest : public ::testing::Test {
 protected:
  FeatureFile Write(const std::vector<TrackBox>& rows) {
    FeatureLabels labels;
    for (const TrackBox& row : rows) {
      labels.frame.push_back(row.frame);
      labels.track_id.push_back(row.id);
      labels.box_ltwh.push_back(row.box);
    }
    const fs::path path = folder_.path() / "S.h5";
    FeatureFileWriter writer(path, 1, labels, {}, {});
    writer.Append(std::vector<float>(rows.size(), 1));
    writer.Finish();
    return FeatureFile(path);
  }
  TempFolder folder_;
};

TEST_F(BoxRowsTest, ByFrameAndBox) {
  const FeatureFile file = Write({At(2, 5, 10), At(1, 5, 10), At(1, 6, 50.004)});
  const std::vector<TrackBox> boxes = {At(1, 9, 50), At(2, 9, 10), At(2, 9, 50), At(1, 9, 10),
                                       At(3, 9, 10)};
  const BoxRows found = FindBoxRows(file, boxes);
  EXPECT_THAT(found.row, ElementsAre(2, 0, -1, 1, -1));
  EXPECT_EQ(found.missing, 2);
  EXPECT_EQ(found.first_missing, 2u);
}

TEST_F(BoxRowsTest, OfEqualBoxesThatOfTheId) {
  const FeatureFile file = Write({At(1, 5, 10), At(1, 6, 10), At(1, 7, 10)});
  EXPECT_THAT(FindBoxRows(file, std::vector{At(1, 6, 10), At(1, 7, 10), At(1, 8, 10)}).row,
              ElementsAre(1, 2, 0));
}

TEST_F(BoxRowsTest, AFileWithoutBoxesIsRefused) {
  FeatureLabels labels;
  labels.person_id = {PersonId(1)};
  labels.camera_id = {CameraId(1)};
  labels.split = {Split::kQuery};
  const fs::path path = folder_.path() / "persons.h5";
  FeatureFileWriter writer(path, 1, labels, {}, {});
  writer.Append(std::vector<float>{1});
  writer.Finish();
  const FeatureFile file(path);
  EXPECT_THAT([&] { FindBoxRows(file, std::vector{At(1, 1, 1)}); },
              ThrowsMessage<Error>(HasSubstr("expected the datasets 'frame' and 'box_ltwh'")));
}

TEST_F(BoxRowsTest, FindsTheFileOfEachSequence) {
  folder_.Write("features/A.h5");
  folder_.Write("features/B.h5");
  const fs::path folder = folder_.path() / "features";
  EXPECT_THAT(FindSequenceFeatures(folder, std::vector<std::string>{"B", "A"}),
              ElementsAre(folder / "B.h5", folder / "A.h5"));
  EXPECT_THAT(FindSequenceFeatures(folder / "A.h5", std::vector<std::string>{"any"}),
              ElementsAre(folder / "A.h5"));
  EXPECT_THAT(
      [&] {
        FindSequenceFeatures(folder, std::vector<std::string>{"A", "C"});
      },
      ThrowsMessage<Error>(HasSubstr("C.h5: expected the features of sequence C")));
  EXPECT_THAT(
      [&] {
        FindSequenceFeatures(folder / "A.h5", std::vector<std::string>{"A", "B"});
      },
      ThrowsMessage<Error>(HasSubstr("expected a folder with SEQ.h5 for 2 sequences")));
}

}  // namespace
}  // namespace reidbench
