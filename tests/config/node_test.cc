#include "config/node.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {
TEST(ParseConfig, Smoke) { EXPECT_TRUE(ParseConfig("a: 1", "x").IsMapping()); }
}  // namespace
}  // namespace reidbench
