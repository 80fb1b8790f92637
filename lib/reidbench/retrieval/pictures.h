// Which rows are the same picture. A picture never ranks against itself: where queries are gallery
// images too (one camera, no split), a query's own row is no candidate, no genuine pair and no
// neighbour.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reidbench {

// Numbers of pictures; equal numbers are the same picture, of query and gallery alike. Both empty
// where no picture is in both.
struct PictureNumbers {
  std::vector<int32_t> query;
  std::vector<int32_t> gallery;
};

// From names that are unique among pictures.
PictureNumbers NumberPictures(std::span<const std::string> query,
                              std::span<const std::string> gallery);

// For each row of query and gallery on top of each other the first row of its picture: itself,
// unless it is a copy. Empty for empty numbers.
std::vector<int32_t> FirstOfPicture(std::span<const int32_t> query,
                                    std::span<const int32_t> gallery);

}  // namespace reidbench
