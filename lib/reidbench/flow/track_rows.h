// Rows of tracks and of ground truth as flow takes them: frame by frame, in one pass over a file
// that need not fit into memory. Unlike datasets/mot_files.h rows may be without identity (id -1),
// may say where the person stands (columns 8 and 9 with a column 10), and frames may count from 0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/flow/geometry.h"

namespace reidbench {

struct FlowRow {
  int64_t id = 0;     // below 0: nobody said who
  BoxLtwh box;        // px
  PlanePoint ground;  // m
  bool has_box = true;
  bool has_ground = false;
};

struct FlowRowOptions {
  bool truth = false;  // rows whose mark (column 7) is 0 and those of other classes are left out
};

struct FlowRowSummary {
  int64_t rows = 0;      // handed on
  int64_t left_out = 0;  // marks and classes that do not count
  int64_t nameless = 0;  // handed on, without identity
  int64_t first_frame = 0;
  int64_t last_frame = 0;
  int64_t step = 1;  // the least distance between frames that have rows
  std::vector<std::string> warnings;
};

using FlowFrameBody = std::function<void(int64_t frame, std::span<const FlowRow> rows)>;

// Calls `body` for every frame that has rows, in ascending order. A file whose rows are not in that
// order (by identity, say) is sorted in memory first. Understood are MOT text ("frame,id,left,top,
// width,height[,score or mark[,x,y,z]]", 9 columns: class and visibility), "frame,id,x,y" on the
// ground, and both with a line of names in front (ground_truth.csv of `reidbench synth`). Throws
// Error(kInput) with file:line, expected and found, Error(kIo).
FlowRowSummary ReadFlowRows(const std::filesystem::path& path, const FlowRowOptions& options,
                            const FlowFrameBody& body);

}  // namespace reidbench
