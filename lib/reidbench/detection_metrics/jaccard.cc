#include "reidbench/detection_metrics/jaccard.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "reidbench/detection_metrics/overlap.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/matching/sparse_scores.h"

namespace reidbench {
namespace {

constexpr double kJaccardOverlap = 0.5;

// The boxes of a picture as CrowdHuman's evaluation clips them.
struct ClippedPicture {
  std::vector<ClippedBox> people, regions, detections;
};

ClippedPicture ClipAll(const DetectionPicture& picture) {
  ClippedPicture out;
  for (const TruthBox& box : picture.truth)
    (box.is_region ? out.regions : out.people).push_back(ClipToPicture(box.box, picture));
  for (const DetectedBox& box : picture.detections)
    out.detections.push_back(ClipToPicture(box.box, picture));
  return out;
}

std::vector<bool> LieInRegions(const std::vector<ClippedBox>& boxes,
                               const std::vector<ClippedBox>& regions) {
  std::vector<bool> out;
  for (const ClippedBox& box : boxes) {
    out.push_back(std::any_of(regions.begin(), regions.end(), [&](const ClippedBox& region) {
      return CrowdHumanOverlap(box, region, true) > kJaccardOverlap;
    }));
  }
  return out;
}

}  // namespace

double JaccardThreshold(int index) { return 0.1 * index; }

JaccardCounts& JaccardCounts::operator+=(const JaccardCounts& other) {
  for (size_t t = 0; t < kJaccardThresholds; ++t) {
    ratio_sum[t] += other.ratio_sum[t];
    pictures[t] += other.pictures[t];
  }
  return *this;
}

void CountJaccard(const DetectionPicture& picture, JaccardCounts* counts) {
  const ClippedPicture boxes = ClipAll(picture);
  const size_t n = boxes.detections.size();
  const auto people = static_cast<int32_t>(boxes.people.size());
  const std::vector<bool> truth_in_region = LieInRegions(boxes.people, boxes.regions);
  const std::vector<bool> in_region = LieInRegions(boxes.detections, boxes.regions);
  std::vector<std::vector<std::pair<int32_t, double>>> overlaps(n);
  for (size_t d = 0; d < n; ++d) {
    for (size_t g = 0; g < boxes.people.size(); ++g) {
      const double overlap = CrowdHumanOverlap(boxes.detections[d], boxes.people[g], false);
      if (overlap > kJaccardOverlap) overlaps[d].emplace_back(static_cast<int32_t>(g), overlap);
    }
  }

  SparseAssigner assigner;
  SparseScores scores;
  for (int t = 0; t < kJaccardThresholds; ++t) {
    std::vector<size_t> kept;
    for (size_t d = 0; d < n; ++d) {
      if (picture.detections[d].score > JaccardThreshold(t)) kept.push_back(d);
    }
    scores.Clear(people);
    for (const size_t d : kept) {
      for (const auto& [person, overlap] : overlaps[d]) scores.Add(person, overlap);
      scores.EndRow();
    }
    const std::span<const int32_t> assigned = assigner.MaximiseLikeScipy(scores.View());
    std::vector<bool> is_found(static_cast<size_t>(people), false);
    int64_t pairs = 0;
    auto detections = static_cast<int64_t>(kept.size());
    for (size_t k = 0; k < kept.size(); ++k) {
      if (assigned[k] != kUnassigned) {
        ++pairs;
        is_found[static_cast<size_t>(assigned[k])] = true;
      } else if (in_region[kept[k]]) {
        --detections;
      }
    }
    int64_t counted = people;
    for (size_t g = 0; g < boxes.people.size(); ++g) {
      if (truth_in_region[g] && !is_found[g]) --counted;
    }
    if (counted == 0 && detections == 0) continue;
    const auto slot = static_cast<size_t>(t);
    ++counts->pictures[slot];
    counts->ratio_sum[slot] +=
        static_cast<double>(pairs) / static_cast<double>(counted + detections - pairs);
  }
}

std::optional<JaccardIndex> BestJaccard(const JaccardCounts& counts) {
  std::optional<JaccardIndex> best;
  for (int t = 0; t < kJaccardThresholds; ++t) {
    const auto slot = static_cast<size_t>(t);
    if (counts.pictures[slot] == 0) continue;
    const double value = counts.ratio_sum[slot] / static_cast<double>(counts.pictures[slot]);
    if (!best || value > best->value) best = JaccardIndex{value, JaccardThreshold(t)};
  }
  return best;
}

}  // namespace reidbench
