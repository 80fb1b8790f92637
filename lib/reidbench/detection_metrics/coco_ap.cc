#include "reidbench/detection_metrics/coco_ap.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/detection_metrics/overlap.h"

namespace reidbench {
namespace {

constexpr std::array<std::array<double, 2>, kCocoAreas> kAreaRanges = {
    {{0, 1e10}, {0, 32.0 * 32.0}, {32.0 * 32.0, 96.0 * 96.0}, {96.0 * 96.0, 1e10}}};

bool IsOutside(double area, int range) {
  return area < kAreaRanges[static_cast<size_t>(range)][0] ||
         area > kAreaRanges[static_cast<size_t>(range)][1];
}

// numpy's linspace(0, 1, 101)
std::array<double, kCocoRecalls> MakeRecalls() {
  std::array<double, kCocoRecalls> recalls{};
  for (int i = 0; i < kCocoRecalls; ++i) recalls[static_cast<size_t>(i)] = i * 0.01;
  recalls.back() = 1;
  return recalls;
}

}  // namespace

const std::array<double, kCocoThresholds>& CocoThresholds() {
  // numpy's linspace(0.5, 0.95, 10): a multiple of the step is added to the start.
  static const std::array<double, kCocoThresholds> thresholds = [] {
    std::array<double, kCocoThresholds> made{};
    const double step = (0.95 - 0.5) / (kCocoThresholds - 1);
    for (int t = 0; t < kCocoThresholds; ++t) made[static_cast<size_t>(t)] = t * step + 0.5;
    made.back() = 0.95;
    return made;
  }();
  return thresholds;
}

double MeanUnderEnvelope(std::span<const double> recall, std::vector<double>* precision) {
  static const std::array<double, kCocoRecalls> recalls = MakeRecalls();
  for (size_t i = precision->size(); i-- > 1;)
    (*precision)[i - 1] = std::max((*precision)[i - 1], (*precision)[i]);
  double sum = 0;
  size_t at = 0;
  for (const double wanted : recalls) {
    while (at < recall.size() && recall[at] < wanted) ++at;
    if (at == recall.size()) break;
    sum += (*precision)[at];
  }
  return sum / kCocoRecalls;
}

void CountCoco(const DetectionPicture& picture, int max_detections, CocoCounts* counts) {
  const size_t n = picture.truth.size();
  std::vector<int32_t> order = ByScore(picture.detections);
  if (order.size() > static_cast<size_t>(max_detections)) {
    counts->left_out += static_cast<int64_t>(order.size()) - max_detections;
    ++counts->crowded_pictures;
    order.resize(static_cast<size_t>(max_detections));
  }
  const PictureOverlaps overlaps(picture, order);
  const size_t first = counts->rows.size();
  counts->rows.resize(first + order.size());
  for (size_t k = 0; k < order.size(); ++k) {
    counts->rows[first + k].score = picture.detections[static_cast<size_t>(order[k])].score;
    counts->rows[first + k].rank = static_cast<int32_t>(k);
  }
  std::vector<bool> is_ignored(n), is_taken;
  for (int area = 0; area < kCocoAreas; ++area) {
    const auto a = static_cast<size_t>(area);
    for (size_t g = 0; g < n; ++g) {
      is_ignored[g] = picture.truth[g].is_region || IsOutside(picture.truth[g].area, area);
      if (!is_ignored[g]) ++counts->truth[a];
    }
    for (int t = 0; t < kCocoThresholds; ++t) {
      const double least = std::min(CocoThresholds()[static_cast<size_t>(t)], 1 - 1e-10);
      const auto bit = static_cast<uint16_t>(1u << t);
      is_taken.assign(n, false);
      for (size_t k = 0; k < order.size(); ++k) {
        CocoRow& row = counts->rows[first + k];
        int32_t best = -1;
        // Ground truth that counts has the first choice, whatever the others overlap.
        for (const bool ignored : {false, true}) {
          double most = least;
          for (const PictureOverlaps::Pair& pair : overlaps.Of(k)) {
            const auto g = static_cast<size_t>(pair.truth);
            if (is_ignored[g] != ignored || pair.overlap < most) continue;
            if (is_taken[g] && !picture.truth[g].is_region) continue;
            most = pair.overlap;
            best = pair.truth;
          }
          if (best >= 0) break;
        }
        if (best >= 0) {
          is_taken[static_cast<size_t>(best)] = true;
          row.matched[a] |= bit;
          if (is_ignored[static_cast<size_t>(best)]) row.ignored[a] |= bit;
          continue;
        }
        const BoxLtwh& box = picture.detections[static_cast<size_t>(order[k])].box;
        if (IsOutside(box.width * box.height, area)) row.ignored[a] |= bit;
      }
    }
  }
}

CocoPool::CocoPool(std::vector<const CocoCounts*> parts) : parts_(std::move(parts)) {
  size_t rows = 0;
  for (const CocoCounts* part : parts_) rows += part->rows.size();
  sorted_.reserve(rows);
  for (size_t p = 0; p < parts_.size(); ++p) {
    for (const CocoRow& row : parts_[p]->rows) sorted_.push_back({&row, static_cast<uint32_t>(p)});
  }
  std::stable_sort(sorted_.begin(), sorted_.end(),
                   [](const Place& a, const Place& b) { return a.row->score > b.row->score; });
}

int64_t CocoPool::Truth(int area, std::span<const int> times) const {
  int64_t truth = 0;
  for (size_t p = 0; p < parts_.size(); ++p)
    truth += parts_[p]->truth[static_cast<size_t>(area)] * (times.empty() ? 1 : times[p]);
  return truth;
}

// `times` empty: each part once.
std::optional<double> CocoPool::Precision(int area, int threshold,
                                          std::span<const int> times) const {
  const int64_t truth = Truth(area, times);
  if (truth == 0) return std::nullopt;
  const auto a = static_cast<size_t>(area);
  const auto bit = static_cast<uint16_t>(1u << threshold);
  std::vector<double> recall, precision;
  recall.reserve(sorted_.size());
  precision.reserve(sorted_.size());
  int64_t tp = 0, fp = 0;
  for (const Place& place : sorted_) {
    if ((place.row->ignored[a] & bit) != 0) continue;
    const int repeat = times.empty() ? 1 : times[place.part];
    for (int r = 0; r < repeat; ++r) {
      ++((place.row->matched[a] & bit) != 0 ? tp : fp);
      recall.push_back(static_cast<double>(tp) / static_cast<double>(truth));
      precision.push_back(static_cast<double>(tp) /
                          (static_cast<double>(fp + tp) + std::numeric_limits<double>::epsilon()));
    }
  }
  return MeanUnderEnvelope(recall, &precision);
}

// Mean over the thresholds, of the `most` best detections of each picture.
std::optional<double> CocoPool::Recall(int area, int32_t most) const {
  const int64_t truth = Truth(area, {});
  if (truth == 0) return std::nullopt;
  const auto a = static_cast<size_t>(area);
  std::array<int64_t, kCocoThresholds> tp{};
  for (const Place& place : sorted_) {
    if (place.row->rank >= most) continue;
    const int found = place.row->matched[a] & ~place.row->ignored[a];
    for (int t = 0; t < kCocoThresholds; ++t) tp[static_cast<size_t>(t)] += (found >> t) & 1;
  }
  double sum = 0;
  for (const int64_t count : tp) sum += static_cast<double>(count) / static_cast<double>(truth);
  return sum / kCocoThresholds;
}

CocoSummary CocoPool::SummarizeTimes(std::span<const int> times) const {
  REIDBENCH_CHECK(times.empty() || times.size() == parts_.size());
  CocoSummary out;
  double sum = 0;
  for (int t = 0; t < kCocoThresholds; ++t) {
    const std::optional<double> precision = Precision(0, t, times);
    if (!precision) return out;
    sum += *precision;
    if (t == 0) out.ap50 = precision;
    if (t == 5) out.ap75 = precision;
  }
  out.ap = sum / kCocoThresholds;
  return out;
}

CocoSummary CocoPool::Summarize() const {
  CocoSummary out = SummarizeTimes({});
  const auto mean = [&](int area) -> std::optional<double> {
    double sum = 0;
    for (int t = 0; t < kCocoThresholds; ++t) {
      const std::optional<double> precision = Precision(area, t, {});
      if (!precision) return std::nullopt;
      sum += *precision;
    }
    return sum / kCocoThresholds;
  };
  constexpr int32_t kAll = std::numeric_limits<int32_t>::max();
  out.ap_small = mean(1);
  out.ap_medium = mean(2);
  out.ap_large = mean(3);
  out.ar_1 = Recall(0, 1);
  out.ar_10 = Recall(0, 10);
  out.ar = Recall(0, kAll);
  out.ar_small = Recall(1, kAll);
  out.ar_medium = Recall(2, kAll);
  out.ar_large = Recall(3, kAll);
  return out;
}

CocoSummary MeanOverClasses(std::span<const CocoSummary> classes) {
  CocoSummary out;
  for (const auto member :
       {&CocoSummary::ap, &CocoSummary::ap50, &CocoSummary::ap75, &CocoSummary::ap_small,
        &CocoSummary::ap_medium, &CocoSummary::ap_large, &CocoSummary::ar_1, &CocoSummary::ar_10,
        &CocoSummary::ar, &CocoSummary::ar_small, &CocoSummary::ar_medium,
        &CocoSummary::ar_large}) {
    double sum = 0;
    int64_t defined = 0;
    for (const CocoSummary& summary : classes) {
      if (!(summary.*member)) continue;
      sum += *(summary.*member);
      ++defined;
    }
    if (defined > 0) out.*member = sum / static_cast<double>(defined);
  }
  return out;
}

}  // namespace reidbench
