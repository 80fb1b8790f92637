#include "reidbench/core/text.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(ParseIntTest, TakesWholeNumbersOnly) {
  EXPECT_EQ(ParseInt("42"), 42);
  EXPECT_EQ(ParseInt("-1"), -1);
  EXPECT_EQ(ParseInt("+7"), 7);
  for (const char* bad : {"", "+", "++1", "1.0", "12 ", " 12", "0x10", "99999999999999999999"}) {
    EXPECT_EQ(ParseInt(bad), std::nullopt) << bad;
  }
}

TEST(ParseDoubleTest, TakesWholeNumbersOnly) {
  EXPECT_EQ(ParseDouble("1e-3"), 1e-3);
  EXPECT_EQ(ParseDouble("-.5"), -.5);
  for (const char* bad : {"", "1e", "1,5", "1 2"}) EXPECT_EQ(ParseDouble(bad), std::nullopt) << bad;
}

TEST(SplitTextTest, KeepsEmptyFields) {
  EXPECT_EQ(SplitText("a,,b,", ',').size(), 4u);
  EXPECT_EQ(SplitText("", ',').size(), 1u);
}

TEST(SuggestNameTest, NamesTheNearestOrListsAll) {
  const std::vector<std::string> known = {"metric", "protocol"};
  EXPECT_EQ(SuggestName("metrics", known), "; did you mean 'metric'?");
  EXPECT_EQ(SuggestName("mertic", known), "; did you mean 'metric'?");
  EXPECT_EQ(SuggestName("xyz", known), "; known: metric, protocol");
}

TEST(WithThousandsTest, GroupsDigits) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace reidbench
