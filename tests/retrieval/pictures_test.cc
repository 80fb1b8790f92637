#include "reidbench/retrieval/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reidbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NumberPictures, EqualNamesHaveEqualNumbers) {
  const std::vector<std::string> query = {"a", "b", "a"};
  const std::vector<std::string> gallery = {"c", "a", "c"};
  const PictureNumbers numbers = NumberPictures(query, gallery);
  EXPECT_THAT(numbers.query, ElementsAre(0, 1, 0));
  EXPECT_THAT(numbers.gallery, ElementsAre(2, 0, 2));
  EXPECT_THAT(FirstOfPicture(numbers.query, numbers.gallery), ElementsAre(0, 1, 0, 3, 0, 3));
}

TEST(NumberPictures, IsEmptyWhereNoPictureIsInBoth) {
  const std::vector<std::string> query = {"a", "a"};
  const std::vector<std::string> gallery = {"c"};
  const PictureNumbers numbers = NumberPictures(query, gallery);
  EXPECT_THAT(numbers.query, IsEmpty());
  EXPECT_THAT(numbers.gallery, IsEmpty());
  EXPECT_THAT(FirstOfPicture(numbers.query, numbers.gallery), IsEmpty());
}

}  // namespace
}  // namespace reidbench
