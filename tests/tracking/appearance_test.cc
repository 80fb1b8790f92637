#include "reidbench/tracking/appearance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reidbench/core/error.h"
#include "tracking/scenes.h"

namespace reidbench {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct EmbeddedFrame {
  std::vector<TrackBox> detections;
  FeatureMatrix embeddings;
  FrameInput input;

  EmbeddedFrame(int64_t frame, const std::vector<std::vector<float>>& rows) {
    embeddings = FeatureMatrix(static_cast<int64_t>(rows.size()),
                               rows.empty() ? 0 : static_cast<int64_t>(rows[0].size()));
    for (size_t i = 0; i < rows.size(); ++i) {
      detections.push_back(Detection({0, 0, 10, 20}));
      std::ranges::copy(rows[i], embeddings.row(static_cast<int64_t>(i)).begin());
    }
    input.frame = FrameIndex(frame);
    input.detections = detections;
    if (embeddings.cols() > 0) input.embeddings = ViewOf(embeddings);
  }
};

TEST(UnitEmbeddings, AreDividedByTheirLength) {
  UnitEmbeddings looks;
  const EmbeddedFrame frame(1, {{3, 4}, {0, 2}});
  looks.Read(frame.input, false);
  ASSERT_TRUE(looks.given());
  EXPECT_FLOAT_EQ(looks.row(0)[0], 0.6F);
  EXPECT_FLOAT_EQ(looks.row(0)[1], 0.8F);
  EXPECT_FLOAT_EQ(looks.row(1)[1], 1);
}

TEST(UnitEmbeddings, MistakesNameTheFrame) {
  const auto error = [](const EmbeddedFrame& frame, bool needed) {
    UnitEmbeddings looks;
    looks.Read(frame.input, needed);
  };
  EXPECT_THAT(
      [&] {
        error(EmbeddedFrame(4, {{0, 0}}), false);
      },
      ThrowsMessage<Error>(HasSubstr("frame 4: expected embeddings of finite length")));
  EXPECT_THAT(
      [&] {
        error(EmbeddedFrame(4, {{1, INFINITY}}), false);
      },
      ThrowsMessage<Error>(HasSubstr("finite length")));
  EXPECT_THAT([&] { error(EmbeddedFrame(5, {{}}), true); },
              ThrowsMessage<Error>(HasSubstr("frame 5: expected one embedding for each of 1")));
  EXPECT_NO_THROW(error(EmbeddedFrame(5, {{}}), false));
  UnitEmbeddings looks;
  looks.Read(EmbeddedFrame(1, {{1, 0}}).input, false);
  looks.Read(EmbeddedFrame(2, {}).input, false);  // nobody is there
  EXPECT_THAT(
      [&] {
        looks.Read(EmbeddedFrame(3, {{1, 0, 0}}).input, false);
      },
      ThrowsMessage<Error>(HasSubstr("embeddings of 2 values as before, found 3")));
}

TEST(AverageEmbedding, MovesTowardsNewLooks) {
  AverageEmbedding average;
  average.Start(std::vector<float>{1, 0});
  average.Blend(std::vector<float>{0, 1}, 0.9);  // (0.9, 0.1) / sqrt(0.82)
  EXPECT_NEAR(average.mean()[0], 0.9 / std::sqrt(0.82), 1e-6);
  EXPECT_NEAR(average.mean()[1], 0.1 / std::sqrt(0.82), 1e-6);
  EXPECT_NEAR(average.Cosine(std::vector<float>{0, 1}), 0.1 / std::sqrt(0.82), 1e-6);
}

TEST(AverageEmbedding, OppositeLooksOfEqualWeightGiveTheNewOne) {
  AverageEmbedding average;
  average.Start(std::vector<float>{1, 0});
  average.Blend(std::vector<float>{-1, 0}, 0.5);
  EXPECT_EQ(average.mean()[0], -1);
}

TEST(CosineTable, HoldsAllPairs) {
  UnitEmbeddings looks;
  const EmbeddedFrame frame(1, {{1, 0}, {0, 5}, {1, 1}});
  looks.Read(frame.input, true);
  AverageEmbedding a, b;
  a.Start(std::vector<float>{1, 0});
  b.Start(std::vector<float>{0, 1});
  CosineTable table;
  const std::vector<size_t> detections{2, 1};
  const std::vector<const AverageEmbedding*> tracks{&a, &b};
  table.Fill(looks, detections, tracks);
  EXPECT_NEAR(table.at(0, 0), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(table.at(0, 1), std::sqrt(0.5), 1e-6);
  EXPECT_EQ(table.at(1, 0), 0);
  EXPECT_EQ(table.at(1, 1), 1);
}

}  // namespace
}  // namespace reidbench
