#include "reidbench/relinking/observations.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/statistics.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

constexpr double kUselessOverlap = 0.7;  // IoU at which a crop shows two people alike
constexpr double kLeastQuality = 0.1;

void CheckInput(const RelinkInput& input) {
  REIDBENCH_CHECK(input.tracks != nullptr && input.embeddings != nullptr);
  const TrackSet& tracks = *input.tracks;
  if (input.embedding_row.size() != tracks.boxes.size()) {
    ThrowInput("{}: expected one embedding row per box ({}), found {}", tracks.sequence,
               tracks.boxes.size(), input.embedding_row.size());
  }
  if (!std::isfinite(input.frame_rate) || input.frame_rate < 0)
    ThrowInput("{}: expected a frame rate >= 0, found {}", tracks.sequence, input.frame_rate);
  for (size_t i = 0; i < tracks.boxes.size(); ++i) {
    const int64_t row = input.embedding_row[i];
    if (row < -1 || row >= input.embeddings->rows()) {
      ThrowInput("{}: expected embedding rows -1..{}, found {} for box {} (frame {}, id {})",
                 tracks.sequence, input.embeddings->rows() - 1, row, i + 1,
                 tracks.boxes[i].frame.value, tracks.boxes[i].id.value);
    }
    const BoxLtwh& box = tracks.boxes[i].box;
    if (!std::isfinite(box.left) || !std::isfinite(box.top) || !std::isfinite(box.width) ||
        !std::isfinite(box.height)) {
      ThrowInput("{}: expected finite boxes, found NaN or infinity in box {} (frame {}, id {})",
                 tracks.sequence, i + 1, tracks.boxes[i].frame.value, tracks.boxes[i].id.value);
    }
  }
}

// Norms of the embeddings, each row once.
void ReadNorms(const RelinkInput& input, Observations* out) {
  const auto n = static_cast<int64_t>(out->box.size());
  ParallelChunks(n, 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Observation& o = out->box[i];
      o.row = input.embedding_row[i];
      if (o.row < 0) continue;
      const float norm = EigenRow(*input.embeddings, o.row).norm();
      // A sum of squares is finite only when all its terms are.
      o.inverse_norm = norm > 0 ? 1 / norm : 0;
      if (!std::isfinite(norm)) o.inverse_norm = -1;
    }
  });
  for (int64_t i = 0; i < n; ++i) {
    if (out->box[i].inverse_norm >= 0) continue;
    ThrowInput(
        "{}: expected finite embeddings, found NaN or infinity in row {} (frame {}, id {}); "
        "extract "
        "them again",
        input.tracks->sequence, out->box[i].row, out->box[i].frame,
        input.tracks->boxes[i].id.value);
  }
}

// The greatest IoU of each box with another of its frame. `order`: boxes by frame.
void FindOverlaps(const TrackSet& set, const std::vector<int32_t>& order, Observations* out) {
  std::vector<int32_t> by_left;
  std::vector<BoxCorners> corners;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && out->box[order[end]].frame == out->box[order[begin]].frame) ++end;
    by_left.assign(order.begin() + begin, order.begin() + end);
    std::sort(by_left.begin(), by_left.end(),
              [&](int32_t a, int32_t b) { return set.boxes[a].box.left < set.boxes[b].box.left; });
    corners.clear();
    for (const int32_t i : by_left) corners.push_back(CornersOf(set.boxes[i].box));
    for (size_t a = 0; a < corners.size(); ++a) {
      for (size_t b = a + 1; b < corners.size() && corners[b].left < corners[a].right; ++b) {
        const auto iou = static_cast<float>(Iou(corners[a], corners[b]));
        float& of_a = out->box[by_left[a]].overlap;
        float& of_b = out->box[by_left[b]].overlap;
        of_a = std::max(of_a, iou);
        of_b = std::max(of_b, iou);
      }
    }
    begin = end;
  }
}

// Share of the box inside the image.
double InsideShare(const BoxLtwh& box, int width, int height) {
  if (width <= 0 || height <= 0 || box.width <= 0 || box.height <= 0) return 1;
  const double w = std::min<double>(box.left + box.width, width) - std::max(box.left, 0.0);
  const double h = std::min<double>(box.top + box.height, height) - std::max(box.top, 0.0);
  return std::clamp(std::max(w, 0.0) * std::max(h, 0.0) / (box.width * box.height), 0.0, 1.0);
}

}  // namespace

Observations Observe(const RelinkInput& input) {
  CheckInput(input);
  const TrackSet& set = *input.tracks;
  Observations out;
  out.table = MakeTrackTable(set);
  out.frame_rate = input.frame_rate > 0 ? input.frame_rate : kAssumedFrameRate;
  out.box.resize(set.boxes.size());
  for (size_t i = 0; i < set.boxes.size(); ++i) {
    const TrackBox& b = set.boxes[i];
    Observation& o = out.box[i];
    o.frame = b.frame.value;
    o.time_s = static_cast<double>(o.frame) / out.frame_rate;
    o.x = b.box.left + b.box.width / 2;
    o.foot = b.box.top + b.box.height;
    o.width = b.box.width;
    o.height = std::max(b.box.height, 1.0);
  }
  if (set.boxes.empty()) return out;
  ReadNorms(input, &out);
  std::vector<int32_t> order(set.boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int32_t a, int32_t b) { return out.box[a].frame < out.box[b].frame; });
  FindOverlaps(set, order, &out);
  int64_t frames = 1;
  for (size_t k = 1; k < order.size(); ++k)
    frames += out.box[order[k]].frame != out.box[order[k - 1]].frame;
  out.boxes_a_frame = static_cast<double>(order.size()) / static_cast<double>(frames);
  out.seconds = out.box[order.back()].time_s - out.box[order.front()].time_s;

  std::vector<double> x;
  std::vector<double> foot;
  std::vector<double> height;
  for (size_t i = 0; i < out.box.size(); ++i) {
    Observation& o = out.box[i];
    x.push_back(o.x);
    foot.push_back(o.foot);
    height.push_back(o.height);
    if (o.inverse_norm <= 0) continue;
    const double free = std::clamp(1 - o.overlap / kUselessOverlap, kLeastQuality, 1.0);
    const double whole = std::max(
        InsideShare(set.boxes[i].box, input.image_width, input.image_height), kLeastQuality);
    o.quality = static_cast<float>(free * whole);
  }
  const auto quantile = [](const std::vector<double>& values, double q) {
    return Quantile(values, q, QuantileRule::kLower);
  };
  const double h = quantile(height, 0.5);
  const double spread_x = quantile(x, 0.95) - quantile(x, 0.05);
  const double spread_foot = quantile(foot, 0.95) - quantile(foot, 0.05);
  out.area_heights2 = std::max((spread_x / h + 1) * (spread_foot / h + 1), 1.0);
  return out;
}

}  // namespace reidbench
