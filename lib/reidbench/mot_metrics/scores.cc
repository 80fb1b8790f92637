#include "reidbench/mot_metrics/scores.h"

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"

namespace reidbench {
namespace {

BoxCounts CountBoxes(const MotSequence& s) {
  return {static_cast<int64_t>(s.tracker_id.size()), static_cast<int64_t>(s.gt_id.size()),
          static_cast<int64_t>(s.tracker_id_value.size()),
          static_cast<int64_t>(s.gt_id_value.size()), s.frame_count};
}

}  // namespace

BoxCounts& BoxCounts::operator+=(const BoxCounts& other) {
  tracker_boxes += other.tracker_boxes;
  gt_boxes += other.gt_boxes;
  tracker_ids += other.tracker_ids;
  gt_ids += other.gt_ids;
  frames += other.frames;
  return *this;
}

MotCounts& MotCounts::operator+=(const MotCounts& other) {
  hota += other.hota;
  clear += other.clear;
  identity += other.identity;
  vace += other.vace;
  boxes += other.boxes;
  return *this;
}

MotCounts CountMot(const MotSequence& sequence) {
  MotCounts counts;
  ParallelFor(3, [&](int64_t family) {
    if (family == 0) counts.hota = CountHota(sequence);
    if (family == 1) counts.clear = CountClear(sequence);
    if (family == 2) {
      counts.identity = CountIdentity(sequence);
      counts.vace = CountVace(sequence);
    }
  });
  counts.boxes = CountBoxes(sequence);
  return counts;
}

std::vector<MotCounts> CountMotBlocks(const MotSequence& sequence, int64_t block_frames) {
  REIDBENCH_CHECK(block_frames > 0);
  std::vector<HotaCounts> hota;
  std::vector<ClearCounts> clear;
  std::vector<IdentityCounts> identity;
  ParallelFor(3, [&](int64_t family) {
    if (family == 0) hota = CountHotaBlocks(sequence, block_frames);
    if (family == 1) clear = CountClearBlocks(sequence, block_frames);
    if (family == 2) identity = CountIdentityBlocks(sequence, block_frames);
  });
  std::vector<MotCounts> blocks(hota.size());
  for (size_t b = 0; b < blocks.size(); ++b) {
    blocks[b].hota = hota[b];
    blocks[b].clear = clear[b];
    blocks[b].identity = identity[b];
    blocks[b].boxes.frames = clear[b].frames;
    blocks[b].boxes.gt_boxes = clear[b].tp + clear[b].fn;
    blocks[b].boxes.tracker_boxes = clear[b].tp + clear[b].fp;
  }
  return blocks;
}

MotCounts Combine(std::span<const MotCounts> sequences) {
  MotCounts sum;
  for (const MotCounts& counts : sequences) sum += counts;
  return sum;
}

MotSummary Summarize(const MotCounts& counts) {
  return {Summarize(counts.hota), Summarize(counts.clear), Summarize(counts.identity),
          Summarize(counts.vace), counts.boxes};
}

}  // namespace reidbench
