#include "reidbench/datasets/affine_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class AffineFiles : public ::testing::Test {
 protected:
  std::string ErrorOf(const std::string& text, int64_t frames) {
    const fs::path path = folder_.Write("a.txt", text);
    return MessageOf(ErrorKind::kInput, [&] { ReadAffines(path, frames); });
  }
  TempFolder folder_;
};

TEST_F(AffineFiles, RowsInAnyOrderWithSpacesOrCommas) {
  const fs::path path = folder_.Write("a.txt",
                                      "\xEF\xBB\xBF"
                                      "3 1 0 -4.5 0 1 2e-1\r\n\n2, 1.5,0.1,3, -0.1,0.9,4\n");
  const AffineTrack motion = ReadAffines(path, 3);
  ASSERT_EQ(motion.size(), 3u);
  EXPECT_EQ(motion[1], (Affine{1.5, 0.1, 3, -0.1, 0.9, 4}));
  EXPECT_EQ(motion[2], (Affine{1, 0, -4.5, 0, 1, 0.2}));
  EXPECT_FALSE(MotionInto(motion, 1));
  EXPECT_EQ(MotionInto(motion, 3), motion[2]);
  EXPECT_FALSE(MotionInto({}, 2));
}

TEST_F(AffineFiles, AnotherSequenceIsNoticed) {
  EXPECT_THAT(ErrorOf("2 1 0 0 0 1 0\n4 1 0 0 0 1 0\n", 3),
              AllOf(HasSubstr("a.txt:2: expected a frame of 1..3"), HasSubstr("found '4'"),
                    HasSubstr("same frames")));
  EXPECT_THAT(ErrorOf("1 1 0 0 0 1 0\n2 1 0 0 0 1 0\n4 1 0 0 0 1 0\n", 5),
              HasSubstr("each of the frames 2..5, found none for 2, first frame 3"));
  EXPECT_THAT(ErrorOf("", 2), HasSubstr("found none for 1, first frame 2"));
}

TEST_F(AffineFiles, MalformedRowsAreNamed) {
  EXPECT_THAT(ErrorOf("2 1 0 0 0 1\n", 2),
              HasSubstr("a.txt:1: expected a frame and the 6 numbers"));
  EXPECT_THAT(ErrorOf("2 1 0 x 0 1 0\n", 2), HasSubstr("in column 4, found 'x'"));
  EXPECT_THAT(ErrorOf("2 1 0 nan 0 1 0\n", 2), HasSubstr("in column 4, found 'nan'"));
  EXPECT_THAT(ErrorOf("2 1e9 0 0 0 1 0\n", 2), HasSubstr("in column 2"));
  EXPECT_THAT(ErrorOf("0.5 1 0 0 0 1 0\n", 2), HasSubstr("found '0.5'"));
  EXPECT_THAT(ErrorOf("2 1 0 0 0 1 0\n2 1 0 0 0 1 0\n", 2),
              HasSubstr("a.txt:2: frame 2 is given before, in line 1"));
  EXPECT_THAT(ErrorOf("2 1 2 0 2 4 0\n", 2), HasSubstr("determinant 0"));
}

TEST_F(AffineFiles, OneFileOrAFolder) {
  folder_.Write("m/A.txt", "");
  folder_.Write("m/B.txt", "");
  const std::vector<std::string> both{"A", "B"}, more{"A", "C"}, one{"A"};
  EXPECT_EQ(FindAffineFiles(folder_.path() / "m", both)[1], folder_.path() / "m" / "B.txt");
  EXPECT_EQ(FindAffineFiles(folder_.path() / "m" / "B.txt", one)[0],
            folder_.path() / "m" / "B.txt");
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { FindAffineFiles(folder_.path() / "m", more); }),
              HasSubstr("C.txt: expected the camera motion of sequence C"));
  EXPECT_THAT(
      MessageOf(ErrorKind::kUsage, [&] { FindAffineFiles(folder_.path() / "m" / "A.txt", both); }),
      HasSubstr("--affines: expected a folder"));
}

}  // namespace
}  // namespace reidbench
