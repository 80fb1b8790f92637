#include "reidbench/profiling/walkers.h"

#include <gtest/gtest.h>

#include <set>

namespace reidbench {
namespace {

TEST(MakeWalkers, IsTheSameForTheSameSeed) {
  const WalkerOptions options{.people = 8, .frames = 50, .dim = 4};
  const WalkerScene a = MakeWalkers(options), b = MakeWalkers(options);
  EXPECT_EQ(a.frames, b.frames);
  WalkerOptions other = options;
  other.seed = 8;
  EXPECT_NE(MakeWalkers(other).frames, a.frames);
}

TEST(MakeWalkers, MostAreSeenInMostFrames) {
  const WalkerScene scene = MakeWalkers({.people = 20, .frames = 200, .dim = 3});
  ASSERT_EQ(scene.frames.size(), 200u);
  size_t seen = 0;
  for (size_t f = 0; f < scene.frames.size(); ++f) {
    std::set<int64_t> who;
    for (const TrackBox& box : scene.frames[f]) {
      EXPECT_EQ(box.frame.value, static_cast<int64_t>(f) + 1);
      EXPECT_GT(box.box.height, 0);
      EXPECT_TRUE(who.insert(box.id.value).second);
    }
    seen += scene.frames[f].size();
    EXPECT_EQ(scene.embeddings[f].rows(), static_cast<int64_t>(scene.frames[f].size()));
    EXPECT_EQ(scene.embeddings[f].cols(), 3);
  }
  EXPECT_NEAR(static_cast<double>(seen) / (20 * 200), 0.95, 0.02);
}

}  // namespace
}  // namespace reidbench
