#include "reidbench/retrieval/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"

namespace reidbench {
namespace {

std::vector<PersonId> Persons(int64_t n, int64_t each) {
  std::vector<PersonId> person;
  for (int64_t i = 0; i < n; ++i) person.push_back(PersonId(i / each));
  return person;
}

TEST(BootstrapMean, CoversANormalMean) {
  // 200 persons of one value each, standard normal: half-width 1.96 / sqrt(200) = 0.139.
  Rng rng(4);
  std::vector<double> values(200);
  double mean = 0;
  for (double& v : values) mean += (v = rng.Normal()) / 200;
  BootstrapOptions options;
  options.resamples = 4000;
  const ConfidenceInterval interval = BootstrapMean(values, Persons(200, 1), options).value();
  EXPECT_NEAR(mean - interval.low, 0.139, 0.02);
  EXPECT_NEAR(interval.high - mean, 0.139, 0.02);
}

TEST(BootstrapMean, QueriesOfOnePersonCountAsOne) {
  // Ten equal values a person carry no more than one: the interval is as wide as with one a person.
  Rng rng(5);
  std::vector<double> once(100), tenfold;
  for (double& v : once) {
    v = rng.Uniform();
    tenfold.insert(tenfold.end(), 10, v);
  }
  const BootstrapOptions options;
  const ConfidenceInterval a = BootstrapMean(once, Persons(100, 1), options).value();
  const ConfidenceInterval b = BootstrapMean(tenfold, Persons(1000, 10), options).value();
  EXPECT_NEAR(a.low, b.low, 1e-12);
  EXPECT_NEAR(a.high, b.high, 1e-12);
}

TEST(BootstrapMean, SeedDecidesAndThreadsDoNot) {
  Rng rng(6);
  std::vector<double> values(90);
  for (double& v : values) v = rng.Uniform();
  BootstrapOptions options;
  const auto person = Persons(90, 3);
  const ConfidenceInterval all = BootstrapMean(values, person, options).value();
  {
    const ThreadLimit limit(1);
    EXPECT_EQ(BootstrapMean(values, person, options)->low, all.low);
    EXPECT_EQ(BootstrapMean(values, person, options)->high, all.high);
  }
  options.seed = 1;
  EXPECT_NE(BootstrapMean(values, person, options)->low, all.low);
}

TEST(BootstrapMean, NeedsTwoPersonsAndResamples) {
  const std::vector<double> values = {1, 2};
  BootstrapOptions options;
  EXPECT_FALSE(BootstrapMean(values, Persons(2, 2), options).has_value());
  EXPECT_TRUE(BootstrapMean(values, Persons(2, 1), options).has_value());
  options.resamples = 0;
  EXPECT_FALSE(BootstrapMean(values, Persons(2, 1), options).has_value());
  options.resamples = 5;
  options.confidence = 1;
  EXPECT_EQ(options.Validate().size(), 2u);
  EXPECT_THROW(BootstrapMean(values, Persons(2, 1), options), Error);
  EXPECT_THROW(BootstrapMean(values, Persons(3, 1), BootstrapOptions{}), Error);
}

TEST(ComparePaired, EqualModelsDoNotDiffer) {
  const std::vector<double> values = {0.1, 0.7, 0.3, 0.9};
  const PairedDifference result = ComparePaired(values, values, Persons(4, 1), BootstrapOptions{});
  EXPECT_EQ(result.difference, 0);
  EXPECT_EQ(result.p_value, 1.0);
  EXPECT_EQ(result.interval->low, 0);
  EXPECT_EQ(result.num_persons, 4);
}

TEST(ComparePaired, PValueIsThatOfTheSignFlipTest) {
  // Five persons, all better by 0.1: only 2 of the 32 sign patterns are as extreme, p = 1/16.
  const std::vector<double> a = {0.1, 0.2, 0.3, 0.4, 0.5};
  const std::vector<double> b = {0.2, 0.3, 0.4, 0.5, 0.6};
  BootstrapOptions options;
  options.resamples = 20000;
  const PairedDifference result = ComparePaired(a, b, Persons(5, 1), options);
  EXPECT_NEAR(result.difference, 0.1, 1e-15);
  EXPECT_NEAR(*result.p_value, 1.0 / 16, 0.006);
  EXPECT_NEAR(result.mean_a, 0.3, 1e-15);
  EXPECT_NEAR(result.mean_b, 0.4, 1e-15);
}

TEST(ComparePaired, FindsAConsistentSmallGain) {
  Rng rng(7);
  std::vector<double> a(300), b(300);
  for (size_t i = 0; i < 300; ++i) {
    a[i] = rng.Uniform();
    b[i] = a[i] + 0.01 + 0.02 * (rng.Uniform() - 0.5);
  }
  const PairedDifference gain = ComparePaired(a, b, Persons(300, 3), BootstrapOptions{});
  EXPECT_LT(*gain.p_value, 0.002);
  EXPECT_GT(gain.interval->low, 0.008);
  EXPECT_LT(gain.interval->high, 0.012);
  const PairedDifference loss = ComparePaired(b, a, Persons(300, 3), BootstrapOptions{});
  EXPECT_EQ(loss.difference, -gain.difference);
  EXPECT_EQ(loss.p_value, gain.p_value);
}

TEST(ComparePaired, RefusesUnequalLengths) {
  const std::vector<double> two = {1, 2};
  const std::vector<double> three = {1, 2, 3};
  EXPECT_THROW(ComparePaired(two, three, Persons(2, 1), BootstrapOptions{}), Error);
  EXPECT_THROW(ComparePaired({}, {}, {}, BootstrapOptions{}), Error);
}

}  // namespace
}  // namespace reidbench
