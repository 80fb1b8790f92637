// What correcting identities could win at most, from the ground truth: the same boxes with ids as
// good as they can be. Both are references to print next to a result; linking is greedy and no
// strict bound (a linker can pass it a little where a tracklet holds several people).
#pragma once

#include <cstdint>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/mot_metrics/benchmark.h"

namespace reidbench {

// Each box of `results` belongs to the ground truth box it is matched with (IoU >= 0.5, largest sum
// per frame, ground truth that is scored), or to none. Arguments as for PrepareSequence.

// The ground truth id that each box of `results` belongs to, kNoPerson without one.
inline constexpr int64_t kNoPerson = -1;
std::vector<int64_t> PersonsOfBoxes(const TrackSet& ground_truth, const TrackSet& results,
                                    const MotBenchmark& benchmark, const MotClass& scored);

// Perfect linking of whole tracklets. From the longest on, a tracklet takes the id of the person
// that most of its boxes belong to, unless that id is taken in one of its frames or most of its
// boxes belong to none: then it keeps an id of its own.
TrackSet LinkPerfectly(const TrackSet& ground_truth, const TrackSet& results,
                       const MotBenchmark& benchmark, const MotClass& scored);

// Perfect splitting and linking: each box has the id of its person; what belongs to none keeps its
// tracklet, under an id of its own.
TrackSet SplitAndLinkPerfectly(const TrackSet& ground_truth, const TrackSet& results,
                               const MotBenchmark& benchmark, const MotClass& scored);

}  // namespace reidbench
