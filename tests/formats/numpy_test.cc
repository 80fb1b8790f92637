#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "formats/row_text.h"
#include "reidbench/formats/format_parts.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What numpy.save writes of a matrix of doubles.
std::string NpyBytes(const std::vector<double>& values, size_t columns) {
  std::string header =
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, {}), }}",
                  values.size() / columns, columns);
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
  return bytes;
}

BoxTable Numpy(const std::string& bytes) {
  BoxTable table;
  ParseNumpy(bytes, "in/S.npy", {}, &table);
  return table;
}

TEST(NumpyBoxes, AreMotRows) {
  EXPECT_THAT(RowTexts(Numpy(NpyBytes({1, -1, 10, 20, 30, 40, 0.5, -1, -1, -1,  //
                                       2, 7,  1,  2,  3,  4,  1,   -1, -1, -1},
                                      10))),
              ElementsAre("S 1 [10 20 30 40] score=0.5", "S 2 id=7 [1 2 3 4] score=1"));
  EXPECT_THAT(RowTexts(Numpy(NpyBytes({3, 5, 1, 2, 3, 4}, 6))), ElementsAre("S 3 id=5 [1 2 3 4]"));
  EXPECT_THAT(RowTexts(Numpy(NpyBytes({3, 1, 2, 3, 4}, 5))), ElementsAre("S 3 [1 2 3 4]"));
}

// deep_sort's detections: ten columns, then the embedding.
TEST(NumpyBoxes, LeaveFeaturesOut) {
  const BoxTable table = Numpy(NpyBytes({1, -1, 10, 20, 30, 40, 0.5, -1, -1, -1, 0.25, 0.75}, 12));
  EXPECT_THAT(RowTexts(table), ElementsAre("S 1 [10 20 30 40] score=0.5"));
  ASSERT_EQ(table.losses.size(), 1);
  EXPECT_EQ(table.losses[0].what, "features");
}

TEST(NumpyBoxes, NameTheRowOfWhatIsWrong) {
  const auto refused = [](const std::string& bytes) {
    return MessageOf(ErrorKind::kInput, [&] { Numpy(bytes); });
  };
  EXPECT_THAT(refused(NpyBytes({1, 2, 3, 4}, 4)), HasSubstr("found shape [1, 4]"));
  EXPECT_THAT(refused(NpyBytes({0, 5, 1, 2, 3, 4}, 6)),
              HasSubstr("in/S.npy: row 0: expected a frame 1..2147483647 in column 0, found 0"));
  EXPECT_THAT(refused(NpyBytes({1, 5, 1, 2, -3, 4}, 6)), HasSubstr("found -3 x 4"));
  EXPECT_THAT(refused(NpyBytes({1, 5, 1, 2, NAN, 4}, 6)), HasSubstr("a finite number in column 4"));
  const std::string good = NpyBytes({1, 5, 1, 2, 3, 4}, 6);
  EXPECT_THAT(refused(good.substr(0, good.size() - 1)), HasSubstr("truncated"));
}

}  // namespace
}  // namespace reidbench
