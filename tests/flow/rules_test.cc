#include "reidbench/flow/rules.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(FlowRules, DefaultsAreInRangeAndPlainRepairsNothing) {
  EXPECT_TRUE(OptionViolations(FlowRules()).empty());
  const FlowRules plain = FlowRules().Plain();
  EXPECT_FALSE(plain.teleport || plain.stitch || plain.duplicates);
  EXPECT_EQ(plain.hysteresis, FlowRules().hysteresis);
  FlowRules wrong;
  wrong.hysteresis = -1;
  EXPECT_EQ(OptionViolations(wrong).size(), 1u);
}

}  // namespace
}  // namespace reidbench
