#include "reidbench/training/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace reidbench {
namespace {

using testing::ElementsAre;

// Person p has 3 + p images.
std::vector<int32_t> PersonLabels(int persons) {
  std::vector<int32_t> label;
  for (int p = 0; p < persons; ++p) label.insert(label.end(), static_cast<size_t>(3 + p), p);
  return label;
}

TEST(Sampler, BatchesHoldPPersonsWithKImagesEach) {
  const std::vector<int32_t> label = PersonLabels(10);
  Rng rng(1);
  const auto batches = SampleEpoch(label, 16, 4, &rng);
  EXPECT_GE(batches.size(), 3u);
  std::map<int64_t, int> used;
  for (const auto& batch : batches) {
    ASSERT_EQ(batch.size(), 16u);
    std::set<int32_t> persons;
    for (size_t i = 0; i < 16; ++i) {
      const int32_t person = label[static_cast<size_t>(batch[i])];
      if (i % 4 == 0) {
        EXPECT_TRUE(persons.insert(person).second) << "a person twice in a batch";
      } else {
        EXPECT_EQ(person, label[static_cast<size_t>(batch[i - 1])]);
      }
      ++used[batch[i]];
    }
  }
  // Only the person with three images repeats one.
  for (const auto& [image, times] : used) EXPECT_LE(times, image < 3 ? 2 : 1) << image;
}

TEST(Sampler, EveryPersonComesAsOftenAsItsImagesAllow) {
  // With as many persons as a batch has, the epoch ends when the first is used up.
  const std::vector<int32_t> label = PersonLabels(4);
  Rng rng(2);
  EXPECT_EQ(SampleEpoch(label, 8, 2, &rng).size(), 1u);
  // With fewer in a batch all groups are used: 1 + 2 + 2 + 3 groups of two.
  std::map<int32_t, int> groups;
  int least = 100;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Rng again(seed);
    const auto batches = SampleEpoch(label, 2, 2, &again);
    least = std::min(least, static_cast<int>(batches.size()));
  }
  EXPECT_EQ(least, 8);
}

TEST(Sampler, TwoPersonsAreEnough) {
  const std::vector<int32_t> label = {0, 1, 0, 1, 1};
  Rng rng(1);
  const auto batches = SampleEpoch(label, 64, 4, &rng);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].size(), 8u);
  EXPECT_EQ(std::set<int64_t>(batches[0].begin(), batches[0].end()).size(), 5u);
}

TEST(Sampler, WithoutPersonsEveryImageComesOnce) {
  const std::vector<int32_t> label = PersonLabels(6);  // 33 images
  Rng rng(3);
  const auto batches = SampleEpoch(label, 8, 0, &rng);
  ASSERT_EQ(batches.size(), 4u) << "the last image alone is no batch";
  std::set<int64_t> seen;
  for (const auto& batch : batches) {
    EXPECT_EQ(batch.size(), 8u);
    seen.insert(batch.begin(), batch.end());
  }
  EXPECT_EQ(seen.size(), 32u);
  Rng small(3);
  EXPECT_EQ(SampleEpoch(label, 64, 0, &small).size(), 1u);
}

TEST(Sampler, IsDeterminedByItsRandomNumbers) {
  const std::vector<int32_t> label = PersonLabels(10);
  Rng a(7), b(7), c(8);
  const auto first = SampleEpoch(label, 16, 4, &a);
  EXPECT_EQ(first, SampleEpoch(label, 16, 4, &b));
  EXPECT_NE(first, SampleEpoch(label, 16, 4, &c));
}

}  // namespace
}  // namespace reidbench
