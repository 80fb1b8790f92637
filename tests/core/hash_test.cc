#include "reidbench/core/hash.h"

#include <gtest/gtest.h>

#include "reidbench/core/files.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

// FIPS 180-2, appendix B.1.
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, EqualsTheStandardsExample) {
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
  Sha256 in_parts;
  in_parts.Update("a");
  in_parts.Update("bc");
  EXPECT_EQ(in_parts.HexDigest(), kAbc);
  const TempFolder folder;
  WriteFileAtomically(folder.path() / "abc", "abc");
  EXPECT_EQ(Sha256OfFile(folder.path() / "abc"), kAbc);
}

}  // namespace
}  // namespace reidbench
