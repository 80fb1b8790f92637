#include "reidbench/retrieval/verification_counter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

struct Pairs {
  std::vector<float> genuine;   // ascending
  std::vector<float> impostor;  // any order
};

VerificationResult Count(const Pairs& pairs, const VerificationPlan& plan,
                         bool* replayed = nullptr) {
  VerificationCounter counter(plan);
  ImpostorTotals totals;
  for (const float d : pairs.impostor) {
    ++totals.count;
    totals.sum += d;
    totals.sum_of_squares += static_cast<double>(d) * d;
  }
  const auto stream = [&](const VerificationCounter::Sink& sink) {
    for (size_t i = 0; i < pairs.impostor.size(); i += 500) {
      sink(pairs.impostor.data() + i,
           static_cast<int64_t>(std::min<size_t>(500, pairs.impostor.size() - i)));
    }
  };
  stream([&](const float* d, int64_t n) { counter.Count(d, n); });
  VerificationResult result = counter.Finish(pairs.genuine, totals, stream);
  if (replayed != nullptr) *replayed = counter.replayed();
  return result;
}

void ExpectSame(const VerificationResult& a, const VerificationResult& b) {
  EXPECT_EQ(a.eer, b.eer);
  EXPECT_EQ(a.eer_threshold, b.eer_threshold);
  EXPECT_EQ(a.d_prime, b.d_prime);
  for (size_t l = 0; l < 3; ++l) {
    ASSERT_EQ(a.tpr_at_fpr[l].has_value(), b.tpr_at_fpr[l].has_value());
    if (!a.tpr_at_fpr[l]) continue;
    EXPECT_EQ(a.tpr_at_fpr[l]->tpr, b.tpr_at_fpr[l]->tpr) << l;
    EXPECT_EQ(a.tpr_at_fpr[l]->fpr, b.tpr_at_fpr[l]->fpr) << l;
    EXPECT_EQ(a.tpr_at_fpr[l]->threshold, b.tpr_at_fpr[l]->threshold) << l;
  }
}

Pairs Overlapping(uint64_t seed, double step) {
  Rng rng(seed);
  Pairs pairs;
  const auto draw = [&](double mean) {
    const double d = mean + rng.Normal();
    return static_cast<float>(step > 0 ? std::floor(d / step) * step : d);
  };
  for (int i = 0; i < 3000; ++i) pairs.genuine.push_back(draw(0));
  for (int i = 0; i < 60000; ++i) pairs.impostor.push_back(draw(2));
  std::sort(pairs.genuine.begin(), pairs.genuine.end());
  return pairs;
}

TEST(VerificationCounter, HandComputed) {
  // 4 genuine, 200 impostors of which two are near.
  Pairs pairs;
  pairs.genuine = {1, 2, 3, 10};
  pairs.impostor.assign(198, 20);
  pairs.impostor.push_back(1.5f);
  pairs.impostor.push_back(2.5f);
  const VerificationResult result = Count(pairs, {});
  EXPECT_FALSE(result.tpr_at_fpr[1].has_value());  // 0.2 pairs
  EXPECT_FALSE(result.recommended.has_value());
  const OperatingPoint point = result.tpr_at_fpr[0].value();
  EXPECT_EQ(point.tpr, 1);
  EXPECT_EQ(point.fpr, 0.01);
  EXPECT_EQ(point.threshold, 10.0f);
  // At 3: FPR 0.01, miss 0.25; at 10: FPR 0.01, miss 0.
  EXPECT_EQ(result.eer, 0.005);
  EXPECT_EQ(result.eer_threshold, 10.0f);
}

TEST(VerificationCounter, DPrimeByHand) {
  Pairs pairs;
  pairs.genuine = {1, 3};    // mean 2, variance 1
  pairs.impostor = {7, 13};  // mean 10, variance 9
  EXPECT_NEAR(Count(pairs, {}).d_prime.value(), 8 / std::sqrt(5.0), 1e-12);
}

TEST(VerificationCounter, WithoutPairsNothingIsDefined) {
  Pairs pairs;
  pairs.impostor = {1, 2};
  EXPECT_FALSE(Count(pairs, {}).eer.has_value());
  std::swap(pairs.genuine, pairs.impostor);
  EXPECT_FALSE(Count(pairs, {}).eer.has_value());
}

TEST(VerificationCounter, BracketsGiveTheSameAsKeepingEverything) {
  for (const double step : {0.0, 0.05, 2.0}) {  // continuous, many ties, a handful of values
    const Pairs pairs = Overlapping(3, step);
    const VerificationResult expected = Count(pairs, {});
    const std::vector<float> sample(pairs.impostor.begin(), pairs.impostor.begin() + 8000);
    const VerificationPlan plan = PlanVerification(sample, 80, pairs.genuine, 0, 60000, 1 << 20);
    EXPECT_FALSE(plan.KeepsEverything());
    bool replayed = false;
    ExpectSame(Count(pairs, plan, &replayed), expected);
    if (step == 0) {
      EXPECT_FALSE(replayed);
    }
  }
}

TEST(VerificationCounter, MissedBracketsAreReplayedExactly) {
  for (const double step : {0.0, 0.05, 2.0, 50.0}) {
    const Pairs pairs = Overlapping(5, step);
    const VerificationResult expected = Count(pairs, {});
    VerificationPlan plan;
    plan.keep_up_to = -100;  // nothing
    for (const auto& [low, high] :
         {std::pair(-100.0f, -90.0f), std::pair(90.0f, 100.0f), std::pair(1.0f, 0.0f)}) {
      plan.eer_low = low;
      plan.eer_high = high;
      bool replayed = false;
      ExpectSame(Count(pairs, plan, &replayed), expected);
      EXPECT_TRUE(replayed);
    }
  }
}

TEST(VerificationCounter, PlanKeepsLittle) {
  const Pairs pairs = Overlapping(7, 0);
  const VerificationPlan plan =
      PlanVerification(pairs.impostor, 250, pairs.genuine, 0, 60000, 1 << 20);
  const auto kept = std::count_if(pairs.impostor.begin(), pairs.impostor.end(),
                                  [&](float d) { return d <= plan.keep_up_to; });
  EXPECT_GT(kept, 600);
  EXPECT_LT(kept, 4000);
  // A budget that is too small leaves the bracket out.
  const VerificationPlan tight = PlanVerification(pairs.impostor, 250, pairs.genuine, 0, 60000, 10);
  EXPECT_GT(tight.eer_low, tight.eer_high);
}

TEST(SortFloats, SortsLargeAndNegative) {
  Rng rng(2);
  for (const int64_t n : {0, 1, 100, 50000}) {
    std::vector<float> values;
    for (int64_t i = 0; i < n; ++i)
      values.push_back(static_cast<float>(rng.Normal() * std::pow(10, rng.Uniform(-20, 20))));
    if (n > 100) values[7] = 0, values[9] = -0.0f;
    std::vector<float> expected = values;
    std::sort(expected.begin(), expected.end());
    SortFloats(&values);
    EXPECT_EQ(values, expected);
  }
}

}  // namespace
}  // namespace reidbench
