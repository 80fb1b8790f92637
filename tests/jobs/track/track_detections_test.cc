#include "reidbench/jobs/track/track_detections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class TrackDetections : public ::testing::Test {
 protected:
  // Features of `rows` (frame, box), the row's number in every value.
  fs::path WriteFeatures(const std::string& path, const std::vector<TrackBox>& rows) {
    FeatureLabels labels;
    std::vector<float> values;
    for (size_t i = 0; i < rows.size(); ++i) {
      labels.frame.push_back(rows[i].frame);
      labels.track_id.push_back(TrackId(-1));
      labels.box_ltwh.push_back(rows[i].box);
      values.insert(values.end(), 2, static_cast<float>(i));
    }
    fs::create_directories((folder_.path() / path).parent_path());
    FeatureFileWriter writer(folder_.path() / path, 2, labels, {}, {});
    writer.Append(values);
    writer.Finish();
    return folder_.path() / path;
  }
  static std::vector<MotBoxFiles> Find(const fs::path& path) {
    return FindMotBoxes(MotFileKind::kDetections, std::vector{path});
  }
  static TrackBox At(int64_t frame, double left) {
    TrackBox box;
    box.frame = FrameIndex(frame);
    box.box = {left, 0, 10, 20};
    return box;
  }

  TempFolder folder_;
};

constexpr const char* kRow = "1,-1,0,0,10,20,0.9,-1,-1,-1\n";

TEST_F(TrackDetections, FolderOfSequences) {
  folder_.Write("train/B/det/det.txt", kRow);
  folder_.Write("train/A/det/det.txt", kRow);
  folder_.Write("train/A/seqinfo.ini", "[Sequence]\nseqLength=5\n");
  folder_.Write("train/notes/readme.txt", "no sequence");
  const auto files = Find(folder_.path() / "train");
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(ReadDetections(files[0], false).frame_count, 5);
  EXPECT_EQ(ReadDetections(files[1], false).frame_count, 1);
}

TEST_F(TrackDetections, RowsAreOrderedByFrameAndKeepTheirOrderWithin) {
  const fs::path file = folder_.Write("d.txt",
                                      "3,-1,30,0,10,20,0.9\n"
                                      "1,-1,10,0,10,20,0.9\n"
                                      "3,-1,31,0,10,20,92.5\n"
                                      "3,-1,32,0,0,20,0.9\n");
  const SequenceDetections d = ReadDetections(Find(file)[0], false);
  EXPECT_EQ(d.frame_count, 3);
  ASSERT_EQ(d.Frame(1).size(), 1u);
  EXPECT_TRUE(d.Frame(2).empty());
  ASSERT_EQ(d.Frame(3).size(), 3u);
  EXPECT_EQ(d.Frame(3)[0].box.left, 30);
  EXPECT_EQ(d.Frame(3)[1].box.left, 31);
  EXPECT_FALSE(d.scores_in_unit_range);
  EXPECT_EQ(d.untrackable, 1);
  const SequenceDetections ones = ReadDetections(Find(file)[0], true);
  EXPECT_TRUE(ones.scores_in_unit_range);
  EXPECT_EQ(ones.Frame(3)[1].confidence, 1);
}

TEST_F(TrackDetections, AnAbsurdFrameIsRefused) {
  const fs::path file = folder_.Write("d.txt", "1000000000,-1,0,0,10,20,0.9\n");
  EXPECT_THROW(ReadDetections(Find(file)[0], false), Error);
}

TEST_F(TrackDetections, EmbeddingsFollowTheDetections) {
  // Three frames; the feature file has them in another order, and one row more.
  const fs::path file = folder_.Write("S.txt",
                                      "1,-1,0,0,10,20,0.9\n1,-1,50,0,10,20,0.9\n"
                                      "3,-1,50.004,0,10,20,0.9\n");
  const fs::path features =
      WriteFeatures("features/S.h5", {At(3, 50), At(1, 50), At(2, 50), At(1, 0)});
  const SequenceDetections d = ReadDetections(Find(file)[0], false);
  DetectionEmbeddings embeddings(features, d);
  const FeatureView first = embeddings.Frame(1);
  ASSERT_EQ(first.rows(), 2);
  EXPECT_EQ(first(0, 0), 3);
  EXPECT_EQ(first(1, 1), 1);
  EXPECT_EQ(embeddings.Frame(2).rows(), 0);
  const FeatureView last = embeddings.Frame(3);
  ASSERT_EQ(last.rows(), 1);
  EXPECT_EQ(last(0, 0), 0);
}

TEST_F(TrackDetections, EmbeddingsAreReadInBlocks) {
  // More than are held in memory at once.
  std::vector<TrackBox> rows;
  SequenceDetections d;
  d.frame_count = 400;
  d.frame_begin.assign(1, 0);
  for (int64_t frame = 1; frame <= d.frame_count; ++frame) {
    for (int i = 0; i < 60; ++i) rows.push_back(At(frame, 20 * i));
    d.frame_begin.push_back(rows.size());
  }
  d.boxes = rows;
  const fs::path features = WriteFeatures("big.h5", rows);
  DetectionEmbeddings embeddings(features, d);
  for (int64_t frame = 1; frame <= d.frame_count; ++frame) {
    const FeatureView view = embeddings.Frame(frame);
    ASSERT_EQ(view.rows(), 60);
    ASSERT_EQ(view(59, 0), static_cast<float>(60 * frame - 1));
  }
}

TEST_F(TrackDetections, MissingEmbeddingsAreCounted) {
  const fs::path file =
      folder_.Write("S.txt", "1,-1,0,0,10,20,0.9\n2,-1,5,0,10,20,0.9\n2,-1,6,0,10,20,1\n");
  const fs::path features = WriteFeatures("S.h5", {At(1, 0), At(1, 5)});
  const SequenceDetections d = ReadDetections(Find(file)[0], false);
  EXPECT_THAT([&] { DetectionEmbeddings(features, d); },
              ThrowsMessage<Error>(
                  HasSubstr("found none for 2 of 3, first frame 2 box 5.00,0.00,10.00,20.00")));
}

}  // namespace
}  // namespace reidbench
