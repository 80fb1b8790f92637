#include "reidbench/relinking/box_groups.h"

#include <algorithm>
#include <limits>

#include "reidbench/core/error.h"

namespace reidbench {

Eigen::VectorXf BoxGroup::Mean(bool unit) const {
  if (embeddings == 0) return sum;
  const float length = unit ? sum.norm() : static_cast<float>(embeddings);
  return length > 0 ? Eigen::VectorXf(sum / length) : sum;
}

BoxGroup MakeBoxGroup(const RelinkInput& input, TrackId track, std::span<const int32_t> boxes) {
  REIDBENCH_CHECK(!boxes.empty());
  BoxGroup group;
  group.sum = Eigen::VectorXf::Zero(input.embeddings->cols());
  for (const int32_t box : boxes) {
    group.frames.push_back(input.tracks->boxes[box].frame.value);
    const int64_t row = input.embedding_row[box];
    if (row < 0) continue;
    const float length = EigenRow(*input.embeddings, row).norm();
    if (!(length > 0)) continue;
    group.sum += EigenRow(*input.embeddings, row).transpose() / length;
    ++group.embeddings;
  }
  group.stretches.push_back({track, group.frames.front(), group.frames.back()});
  return group;
}

std::optional<int64_t> CommonFrame(const BoxGroup& a, const BoxGroup& b) {
  if (a.frames.back() < b.frames.front() || b.frames.back() < a.frames.front()) return std::nullopt;
  size_t j = 0;
  for (const int64_t frame : a.frames) {
    while (j < b.frames.size() && b.frames[j] < frame) ++j;
    if (j < b.frames.size() && b.frames[j] == frame) return frame;
  }
  return std::nullopt;
}

void MergeInto(BoxGroup* group, const BoxGroup& other) {
  std::vector<int64_t> frames(group->frames.size() + other.frames.size());
  std::merge(group->frames.begin(), group->frames.end(), other.frames.begin(), other.frames.end(),
             frames.begin());
  group->frames = std::move(frames);
  const auto middle = static_cast<std::ptrdiff_t>(group->stretches.size());
  group->stretches.insert(group->stretches.end(), other.stretches.begin(), other.stretches.end());
  std::inplace_merge(
      group->stretches.begin(), group->stretches.begin() + middle, group->stretches.end(),
      [](const TrackStretch& a, const TrackStretch& b) { return a.first_frame < b.first_frame; });
  group->sum += other.sum;
  group->embeddings += other.embeddings;
}

RelinkDecision LinkGroups(const BoxGroup& earlier, const BoxGroup& later, double frame_rate) {
  const TrackStretch& after = later.stretches.front();
  const TrackStretch* before = nullptr;
  for (const TrackStretch& stretch : earlier.stretches) {
    if (stretch.last_frame >= after.first_frame) continue;
    if (before == nullptr || stretch.last_frame > before->last_frame) before = &stretch;
  }
  if (before == nullptr) before = &earlier.stretches.front();
  RelinkDecision link;
  link.kind = RelinkDecisionKind::kLink;
  link.accepted = true;
  link.step = "appearance";
  link.track_before = before->track;
  link.track_after = after.track;
  link.frame_before = before->last_frame;
  link.frame_after = after.first_frame;
  link.gap_s = static_cast<double>(link.frame_after - link.frame_before) /
               (frame_rate > 0 ? frame_rate : 25);
  // These methods compare distances; they know no likelihoods.
  link.log_likelihood_ratio = std::numeric_limits<double>::quiet_NaN();
  link.threshold = std::numeric_limits<double>::quiet_NaN();
  return link;
}

}  // namespace reidbench
