#include "reidbench/relinking/post_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/datasets/mot_files.h"
#include "support/packed_text.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TrackBox BoxIn(int64_t frame, int64_t id, double left) {
  return {FrameIndex(frame), TrackId(id), {left, 10, 40, 100}, 0.9};
}

TrackSet NoisyWalk(int frames, double noise) {
  Rng rng(4);
  TrackSet set{"S", frames, {}};
  for (int f = 1; f <= frames; ++f)
    set.boxes.push_back(BoxIn(f, 1, 3.0 * f + noise * rng.Normal()));
  return set;
}

double RoughnessOf(const TrackSet& set) {
  double sum = 0;
  for (size_t i = 2; i < set.boxes.size(); ++i) {
    sum +=
        std::abs(set.boxes[i].box.left - 2 * set.boxes[i - 1].box.left + set.boxes[i - 2].box.left);
  }
  return sum;
}

TEST(PostSteps, GapsAreFilledBelowTwentyFrames) {
  // 1 .. 20: 18 missing; 20 .. 40: 19 missing.
  const TrackSet set{"S", 40, {BoxIn(1, 3, 0), BoxIn(20, 3, 19), BoxIn(40, 3, 39)}};
  const PostProcessed filled = PostStepByName("linear").run(set);
  EXPECT_EQ(filled.added, 18);
  ASSERT_EQ(filled.tracks.boxes.size(), 21u);
  EXPECT_EQ(filled.tracks.boxes[1].frame.value, 2);
  EXPECT_DOUBLE_EQ(filled.tracks.boxes[1].box.left, 1);
  EXPECT_EQ(PostStepByName("dti").run(set).added, 0);  // of 3 boxes only
}

TEST(PostSteps, DtiAndGbiLeaveShortTracksUnfilled) {
  TrackSet set{"S", 300, {}};
  for (int64_t f = 1; f <= 26; ++f) set.boxes.push_back(BoxIn(f < 26 ? f : 226, 1, 5));
  EXPECT_EQ(PostStepByName("gbi").run(set).added, 200);
  EXPECT_EQ(PostStepByName("dti").run(set).added, 0);  // too long a gap
  set.boxes.erase(set.boxes.begin());
  EXPECT_EQ(PostStepByName("gbi").run(set).added, 0);
}

TEST(PostSteps, NamesAreKnown) {
  EXPECT_THAT([] { PostStepByName("gsj"); }, ThrowsMessage<Error>(HasSubstr("did you mean 'gsi'")));
}

TEST(GaussianProcess, OneBoxStaysAndTwoAreTheirOwn) {
  TrackSet one{"S", 5, {BoxIn(3, 1, 70)}};
  SmoothByGaussianProcess(&one, 10);
  EXPECT_NEAR(one.boxes[0].box.left, 70, 1e-6);
  // Two far apart do not know each other: exp(-(200 / 62)^2 / 2) = 0.0055.
  TrackSet two{"S", 300, {BoxIn(1, 1, 70), BoxIn(201, 1, 90)}};
  SmoothByGaussianProcess(&two, 10);
  EXPECT_NEAR(two.boxes[0].box.left, 70, 1e-5);
}

TEST(GaussianProcess, SmoothsAWalkAndKeepsItsCourse) {
  TrackSet set = NoisyWalk(100, 1);
  const double before = RoughnessOf(set);
  SmoothByGaussianProcess(&set, 10);
  EXPECT_LT(RoughnessOf(set), before / 5);
  EXPECT_NEAR(set.boxes[50].box.left, 3.0 * 51, 3);
  EXPECT_EQ(set.boxes[50].confidence, 0.9);
}

TEST(GaussianProcess, LongTracksStayAsTheyAre) {
  TrackSet set = NoisyWalk(1000, 1);
  const TrackSet before = set;
  SmoothByGaussianProcess(&set, 10);
  EXPECT_EQ(set.boxes, before.boxes);
}

TEST(GradientBoosting, FollowsAStep) {
  // Twelve boxes at 0, then twelve at 100: the first tree splits there and nowhere else, and the
  // rest of the way shrinks by 0.935 a tree: 50 * 0.935^115 = 0.022.
  TrackSet set{"S", 24, {}};
  for (int64_t f = 1; f <= 24; ++f) set.boxes.push_back(BoxIn(f, 1, f <= 12 ? 0 : 100));
  SmoothByGradientBoosting(&set);
  EXPECT_NEAR(set.boxes[0].box.left, 50 * std::pow(0.935, 115), 1e-9);
  EXPECT_NEAR(set.boxes[23].box.left, 100 - 50 * std::pow(0.935, 115), 1e-9);
  EXPECT_NEAR(set.boxes[11].box.left, set.boxes[0].box.left, 1e-9);
}

TEST(GradientBoosting, FiveBoxesBecomeTheirMean) {
  TrackSet set{"S", 5, {}};
  for (int64_t f = 1; f <= 5; ++f) set.boxes.push_back(BoxIn(f, 1, static_cast<double>(f)));
  SmoothByGradientBoosting(&set);
  for (const TrackBox& box : set.boxes) EXPECT_NEAR(box.box.left, 3, 1e-12);
}

// What the authors' programs make of StrongSORT's tracks of a real sequence.
class PublishedPostSteps : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(PublishedPostSteps, EqualTheAuthors) {
  const auto& [step, file] = GetParam();
  const std::filesystem::path goldens =
      std::filesystem::path(REIDBENCH_SOURCE_DIR) / ".." / "shared" / "golden" / "trackers2";
  const std::optional<std::string> before =
      TextOrPacked(goldens / "strongsort" / "reid_cmc" / "yolo11x.txt");
  const std::optional<std::string> after = TextOrPacked(goldens / "post" / file);
  if (!before || !after) GTEST_SKIP() << "needs " << goldens / "post" / file;
  const TrackSet ours = PostStepByName(step).run(ParseMotText(*before, "before", {}).tracks).tracks;
  TrackSet expected = ParseMotText(*after, "after", {}).tracks;
  std::ranges::sort(expected.boxes, [](const TrackBox& a, const TrackBox& b) {
    return a.frame != b.frame ? a.frame < b.frame : a.id < b.id;
  });
  ASSERT_EQ(ours.boxes.size(), expected.boxes.size());
  for (size_t i = 0; i < ours.boxes.size(); ++i) {
    const TrackBox& a = ours.boxes[i];
    const TrackBox& b = expected.boxes[i];
    ASSERT_EQ(a.frame, b.frame);
    ASSERT_EQ(a.id, b.id);
    for (double BoxLtwh::*const side :
         {&BoxLtwh::left, &BoxLtwh::top, &BoxLtwh::width, &BoxLtwh::height}) {
      // The kernel's inverse is hardly defined: other solvers of the program differ by 2e-3.
      ASSERT_NEAR(a.box.*side, b.box.*side, std::string(step) == "gsi" ? 1e-2 : 1e-3) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, PublishedPostSteps,
                         testing::Values(std::pair("linear", "linear20_of_strongsort.txt"),
                                         std::pair("gsi", "gsi_of_strongsort.txt"),
                                         std::pair("dti", "dti_nmin5_ndti20_of_strongsort.txt"),
                                         std::pair("gbi", "gbi_of_strongsort.txt")),
                         [](const auto& run) { return run.param.first; });

}  // namespace
}  // namespace reidbench
