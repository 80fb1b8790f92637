#include "reidbench/detection_metrics/detection_clear.h"

#include <algorithm>

#include "reidbench/detection_metrics/overlap.h"
#include "reidbench/matching/iou.h"
#include "reidbench/matching/sparse_scores.h"

namespace reidbench {
namespace {

std::optional<double> ShareOf(double part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return part / static_cast<double>(whole);
}

template <size_t n>
void AddBins(const std::array<RecallBin, n>& other, std::array<RecallBin, n>* bins) {
  for (size_t i = 0; i < n; ++i) {
    (*bins)[i].truth += other[i].truth;
    (*bins)[i].found += other[i].found;
  }
}

// The number of limits that `value` has reached.
template <size_t n>
size_t BinOf(double value, const std::array<double, n>& limits) {
  size_t bin = 0;
  while (bin < n && value >= limits[bin]) ++bin;
  return bin;
}

template <size_t n>
void CountInBin(bool found, size_t bin, std::array<RecallBin, n>* bins) {
  ++(*bins)[bin].truth;
  if (found) ++(*bins)[bin].found;
}

}  // namespace

ClearDetectionCounts& ClearDetectionCounts::operator+=(const ClearDetectionCounts& other) {
  tp += other.tp;
  fp += other.fp;
  fn += other.fn;
  pictures += other.pictures;
  overlap_sum += other.overlap_sum;
  return *this;
}

std::optional<double> ClearDetectionCounts::recall() const {
  return ShareOf(static_cast<double>(tp), truth());
}
std::optional<double> ClearDetectionCounts::precision() const {
  return ShareOf(static_cast<double>(tp), tp + fp);
}
std::optional<double> ClearDetectionCounts::f1() const {
  return ShareOf(2 * static_cast<double>(tp), 2 * tp + fp + fn);
}
std::optional<double> ClearDetectionCounts::moda() const {
  const std::optional<double> missing = ShareOf(static_cast<double>(fn + fp), truth());
  if (!missing) return std::nullopt;
  return 1 - *missing;
}
std::optional<double> ClearDetectionCounts::modp() const { return ShareOf(overlap_sum, tp); }
std::optional<double> ClearDetectionCounts::false_per_picture() const {
  return ShareOf(static_cast<double>(fp), pictures);
}

RecallTables& RecallTables::operator+=(const RecallTables& other) {
  AddBins(other.height, &height);
  AddBins(other.visibility, &visibility);
  AddBins(other.crowding, &crowding);
  return *this;
}

std::vector<int32_t> DetectionAssigner::Assign(std::span<const BoxLtwh> truth,
                                               std::span<const BoxLtwh> detections, double least) {
  std::vector<BoxCorners> corners;
  corners.reserve(detections.size());
  for (const BoxLtwh& box : detections) corners.push_back(CornersOf(box));
  SparseScores scores;
  scores.Clear(static_cast<int32_t>(detections.size()));
  for (const BoxLtwh& box : truth) {
    const BoxCorners own = CornersOf(box);
    for (size_t d = 0; d < corners.size(); ++d) {
      const double overlap = Iou(own, corners[d]);
      // The devkit compares distances, 1 - IoU: an IoU one bit below 0.5 is as good as 0.5.
      if (1 - overlap <= 1 - least) scores.Add(static_cast<int32_t>(d), overlap);
    }
    scores.EndRow();
  }
  const std::span<const int32_t> assigned = assigner_.MaximiseLikeScipy(scores.View());
  return {assigned.begin(), assigned.end()};
}

void CountClear(const DetectionPicture& picture, DetectionAssigner* assigner,
                ClearDetectionCounts* counts, RecallTables* tables) {
  std::vector<const TruthBox*> people;
  std::vector<BoxLtwh> truth, detections;
  for (const TruthBox& box : picture.truth) {
    if (box.is_region) continue;
    people.push_back(&box);
    truth.push_back(box.box);
  }
  for (const DetectedBox& box : picture.detections) detections.push_back(box.box);
  const std::vector<int32_t> assigned = assigner->Assign(truth, detections);
  ++counts->pictures;
  std::vector<bool> is_matched(detections.size(), false);
  for (size_t g = 0; g < truth.size(); ++g) {
    const bool found = assigned[g] != kUnassigned;
    if (found) {
      const auto d = static_cast<size_t>(assigned[g]);
      is_matched[d] = true;
      ++counts->tp;
      counts->overlap_sum += Iou(truth[g], detections[d]);
    } else {
      ++counts->fn;
    }
    CountInBin(found, BinOf(truth[g].height, std::array{50.0, 100.0, 200.0, 400.0}),
               &tables->height);
    if (people[g]->visibility == people[g]->visibility) {
      CountInBin(
          found,
          BinOf(static_cast<double>(people[g]->visibility), std::array{0.25, 0.5, 0.75, 1.0}),
          &tables->visibility);
    }
    double nearest = 0;
    for (size_t other = 0; other < truth.size(); ++other) {
      if (other != g) nearest = std::max(nearest, Iou(truth[g], truth[other]));
    }
    CountInBin(found, nearest > 0 ? 1 + BinOf(nearest, std::array{0.25, 0.5}) : 0,
               &tables->crowding);
  }
  for (size_t d = 0; d < detections.size(); ++d) {
    if (is_matched[d]) continue;
    const bool forgiven =
        std::any_of(picture.truth.begin(), picture.truth.end(), [&](const TruthBox& box) {
          return box.is_region && OverlapOf(detections[d], box) >= kDetectionThreshold;
        });
    if (!forgiven) ++counts->fp;
  }
}

}  // namespace reidbench
