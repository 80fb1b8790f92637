// Which boxes are reported: programs of ByteTrack's and SORT's families leave out those that are
// too small or too wide for a person.
#pragma once

#include "reidbench/config/option_table.h"
#include "reidbench/core/box.h"

namespace reidbench {

struct SizeLimits {
  double min_box_area = 10;  // of the programs
  double max_aspect = 1.6;

  bool Allow(const BoxLtwh& box) const {
    return box.width * box.height > min_box_area && box.width / box.height <= max_aspect;
  }
  void AddTo(OptionTable* table) {
    table
        ->Add("min_box_area", &min_box_area, {.low = 0},
              "Only boxes of a larger area, in square pixels, are reported")
        .Add("max_aspect", &max_aspect, {.low = 0},
             "Only boxes of a width / height not above this are reported");
  }
};

}  // namespace reidbench
