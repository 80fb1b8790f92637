// How the programs that people count with today would count the same tracks at the same lines and
// zones, written down from what they do (../shared/protocols/flow.md), traps included:
//
// supervision 0.26  LineZone: all four corners between the perpendiculars at the line's ends and on
// one
//                   side; a state a frame, threshold + 1 of them; id -1 is one person. PolygonZone:
//                   the lower middle on a grid of whole pixels, who is inside now; time in zone =
//                   (frame - first frame of that id) / fps
// ultralytics 8.3   ObjectCounter: the box's centre; an id counts once for ever; in is rightwards
// at steep
//                   lines and downwards at flat ones. QueueManager: ids inside now
// deepstream 7      nvdsanalytics, mode loose: the lower middle, in the line's direction alone; ids
// inside now opendatacam 3     total = largest id - first id frigate 0.14      the lower middle;
// inside after three frames; an id enters a zone once
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/flow/events.h"

namespace reidbench {

struct ToolLineCount {
  std::optional<int64_t> in;  // nullopt: the program does not count that
  std::optional<int64_t> out;
};

struct ToolZoneCount {
  std::optional<int64_t> entered;     // visitors, as the program counts them
  std::optional<double> inside_mean;  // who is inside now, on average over frames with rows
  std::optional<double> time_s;       // mean time in zone of an id
};

struct ToolCounts {
  std::string tool;
  std::string version;
  std::vector<ToolLineCount> lines;
  std::vector<ToolZoneCount> zones;
  std::optional<int64_t> unique;
};

// Names for --rules, in the order above.
std::vector<std::string> FlowToolNames();

class FlowTool {
 public:
  virtual ~FlowTool() = default;
  virtual void Step(int64_t frame, std::span<const FlowRow> rows) = 0;
  virtual ToolCounts Finish() = 0;
};

struct FlowToolOptions {
  int supervision_threshold = 1;  // LineZone's minimum_crossing_threshold
  int frigate_inertia = 3;        // frames
};

// Throws Error(kUsage) for an unknown name. The scene's zones are pixels.
std::unique_ptr<FlowTool> MakeFlowTool(std::string_view name, const FlowScene& scene,
                                       const FlowToolOptions& options = {});

}  // namespace reidbench
