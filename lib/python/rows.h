// Boxes as rows of numbers in the columns of MOT text: frame, identity, left, top, width, height,
// and if there are more, score or mark, class, visibility.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binding.h"
#include "reidbench/core/tracks.h"
#include "reidbench/datasets/mot_files.h"

namespace reidbench::python {

inline constexpr py::ssize_t kLeastColumns = 6;
inline constexpr py::ssize_t kMotColumns = 9;

struct RowView {
  const double* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
};

// Of a matrix that has the columns; it must stay as it is while the view is used.
RowView ViewOfRows(const Doubles& rows);

// Rows of arrays are held against the same rules as lines of files: the row's number, from 1,
// stands where messages have the line. Without a score it is 1.
MotFile ParseRows(const RowView& rows, const std::string& source, const MotReadOptions& options);

// [boxes x 9]; what a box does not state is -1 (class) or NaN (visibility).
Doubles ArrayOfBoxes(const std::vector<TrackBox>& boxes);

}  // namespace reidbench::python
