#include "reidbench/config/utf8.h"

#include <gtest/gtest.h>

namespace reidbench {
namespace {

TEST(Utf8Length, AcceptsTheShortestFormsOnly) {
  EXPECT_EQ(Utf8Length(""), 0u);
  EXPECT_EQ(Utf8Length("ab"), 1u);
  EXPECT_EQ(Utf8Length("\xC2\x80"), 2u);
  EXPECT_EQ(Utf8Length("\xE0\xA0\x80"), 3u);
  EXPECT_EQ(Utf8Length("\xF4\x8F\xBF\xBF"), 4u);  // U+10FFFF
  EXPECT_EQ(Utf8Length("\xC1\xBF"), 0u);          // overlong
  EXPECT_EQ(Utf8Length("\xE0\x9F\xBF"), 0u);      // overlong
  EXPECT_EQ(Utf8Length("\xED\xA0\x80"), 0u);      // surrogate
  EXPECT_EQ(Utf8Length("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(Utf8Length("\xE2\x82"), 0u);          // cut off
  EXPECT_EQ(Utf8Length("\x80"), 0u);              // no lead byte
}

TEST(IsPrintableUtf8, RefusesControlCharacters) {
  EXPECT_TRUE(IsPrintableUtf8(""));
  EXPECT_TRUE(IsPrintableUtf8("Zürich 東京.jpg"));
  EXPECT_FALSE(IsPrintableUtf8("a\tb"));
  EXPECT_FALSE(IsPrintableUtf8("a\nb"));
  EXPECT_FALSE(IsPrintableUtf8("a\x7F"));
  EXPECT_FALSE(IsPrintableUtf8("a\xFF"));
}

}  // namespace
}  // namespace reidbench
