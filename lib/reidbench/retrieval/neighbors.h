// Inside of lib/reidbench/retrieval: the nearest rows of every row among all rows, without a
// distance matrix.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reidbench/retrieval/tile_kernel.h"

namespace reidbench {

struct Neighbor {
  float distance = 0;
  int32_t row = 0;

  friend bool operator<(const Neighbor& a, const Neighbor& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  }
};

struct NeighborLists {
  int64_t k = 0;
  std::vector<Neighbor> nearest;  // [rows x k], each row ascending by (distance, row); the row
                                  // itself is a candidate too
  std::vector<float> farthest;    // [rows] largest distance to any row

  std::span<const Neighbor> Of(int64_t row) const {
    return std::span(nearest).subspan(static_cast<size_t>(row * k), static_cast<size_t>(k));
  }
};

// k is capped at the number of candidates. With `first_of_picture` (retrieval/pictures.h) copies of
// a picture are no candidates, and have the list of the picture's first row.
NeighborLists FindNeighbors(const FeatureRows& rows, int64_t k,
                            std::span<const int32_t> first_of_picture = {});

}  // namespace reidbench
