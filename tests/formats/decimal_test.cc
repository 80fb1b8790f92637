#include "reidbench/formats/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reidbench/core/text.h"

namespace reidbench {
namespace {

std::string Sum(double a, double b) {
  std::string text;
  AppendDecimalSum(a, b, &text);
  return text;
}

TEST(DecimalSum, IsExactWhereDoublesAreNot) {
  ASSERT_NE(0.1 + 0.2, 0.3);
  EXPECT_EQ(Sum(0.1, 0.2), "0.3");
  EXPECT_EQ(Sum(912.5, 85.75), "998.25");
  EXPECT_EQ(Sum(100, 20), "120");
  EXPECT_EQ(Sum(-5.5, 5.5), "0");
  EXPECT_EQ(Sum(-12.25, 2), "-10.25");
  EXPECT_EQ(Sum(0.0005, 0.0005), "0.001");
  EXPECT_EQ(Sum(1e15, 0.125), "1000000000000000.125");
  EXPECT_EQ(Sum(1e17, 2e17), "3e17");
}

// Digits further apart than what is kept: the nearest double.
TEST(DecimalSum, FallsBackToDoubles) {
  EXPECT_EQ(Sum(1e100, 1), "1e+100");
  EXPECT_EQ(*ParseDouble(Sum(1e-60, 1e60)), 1e60);
}

TEST(DecimalDifference, UndoesTheSum) {
  EXPECT_EQ(DecimalDifference("0.3", "0.1", 0.3, 0.1), 0.2);
  ASSERT_NE(0.3 - 0.1, 0.2);
  EXPECT_EQ(DecimalDifference("+1.50", "1e0", 1.5, 1), 0.5);
  EXPECT_EQ(DecimalDifference("-3", "-3.0", -3, -3), 0);
  EXPECT_EQ(DecimalDifference("no", "1", 7, 1), 6);  // what is no decimal: the doubles
}

// The right edge written and read back gives the width bit by bit, whatever the numbers are.
TEST(DecimalDifference, GivesEveryWidthBack) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> place(-4000, 4000), size(0, 900);
  for (int i = 0; i < 20000; ++i) {
    double left = place(random), width = size(random);
    if (i % 3 == 1) left = std::round(left * 100) / 100, width = std::round(width * 1000) / 1000;
    if (i % 3 == 2) left = static_cast<float>(left), width = static_cast<float>(width);
    std::string left_text, right_text = Sum(left, width);
    AppendShortest(left, &left_text);
    ASSERT_EQ(DecimalDifference(right_text, left_text, *ParseDouble(right_text), left), width)
        << left_text << " " << right_text;
  }
}

}  // namespace
}  // namespace reidbench
