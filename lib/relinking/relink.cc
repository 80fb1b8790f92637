#include "relinking/relink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "relinking/track_table.h"

namespace reidbench {
namespace {

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
    if (row >= 0 && !input.embeddings->row(row).allFinite()) {
      ThrowInput(
          "{}: expected finite embeddings, found NaN or infinity in row {} (frame {}, id {}); "
          "extract them again",
          tracks.sequence, row, tracks.boxes[i].frame.value, tracks.boxes[i].id.value);
    }
  }
}

// Unit vector of the mean of a track's normalised embeddings; empty without any.
Eigen::VectorXf MeanDirection(const RelinkInput& input, const std::vector<int32_t>& boxes) {
  Eigen::VectorXf sum = Eigen::VectorXf::Zero(input.embeddings->cols());
  for (const int32_t box : boxes) {
    const int64_t row = input.embedding_row[box];
    if (row < 0) continue;
    const float norm = input.embeddings->row(row).norm();
    if (norm > 0) sum += input.embeddings->row(row).transpose() / norm;
  }
  const float norm = sum.norm();
  if (norm <= 0) return {};
  return sum / norm;
}

bool ShareFrame(const TrackSet& set, const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const FrameIndex fa = set.boxes[a[i]].frame;
    const FrameIndex fb = set.boxes[b[j]].frame;
    if (fa == fb) return true;
    fa < fb ? ++i : ++j;
  }
  return false;
}

}  // namespace

std::vector<std::string> RelinkOptions::Validate() const {
  std::vector<std::string> wrong;
  if (!std::isfinite(window_s) || window_s < 0)
    wrong.push_back(fmt::format("window_s: expected 0 or more seconds, found {}", window_s));
  return wrong;
}

RelinkResult Relink(const RelinkInput& input, const RelinkOptions& options) {
  CheckInput(input);
  const std::vector<std::string> wrong = options.Validate();
  if (!wrong.empty()) ThrowUsage("{}", wrong.front());
  const TrackSet& set = *input.tracks;
  const double rate = input.frame_rate > 0 ? input.frame_rate : 25;
  RelinkResult result;
  for (const int64_t row : input.embedding_row) result.boxes_without_embedding += row < 0;
  const TrackTable table = MakeTrackTable(set);
  const size_t n = table.tracks.size();
  std::vector<Eigen::VectorXf> mean(n);
  for (size_t t = 0; t < n; ++t) mean[t] = MeanDirection(input, table.tracks[t].boxes);
  struct Pair {
    double distance;
    size_t a, b;
  };
  std::vector<Pair> candidates;
  std::vector<double> negatives;
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = a + 1; b < n; ++b) {
      if (mean[a].size() == 0 || mean[b].size() == 0) continue;
      const double distance = 1 - mean[a].dot(mean[b]);
      if (ShareFrame(set, table.tracks[a].boxes, table.tracks[b].boxes))
        negatives.push_back(distance);
      else
        candidates.push_back({distance, a, b});
    }
  }
  result.calibration.negative_pairs = static_cast<int64_t>(negatives.size());
  if (options.appearance_link && !negatives.empty()) {
    // Two tracks closer than nearly all pairs that are certainly two people are one person.
    const size_t rank = negatives.size() / 100;
    std::nth_element(negatives.begin(), negatives.begin() + rank, negatives.end());
    const double threshold = negatives[rank];
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Pair& x, const Pair& y) { return x.distance < y.distance; });
    std::vector<std::vector<int32_t>> group(n);
    std::vector<size_t> root(n);
    for (size_t t = 0; t < n; ++t) {
      group[t] = table.tracks[t].boxes;
      root[t] = t;
    }
    const auto find = [&](size_t t) {
      while (root[t] != t) t = root[t];
      return t;
    };
    for (const Pair& pair : candidates) {
      if (pair.distance >= threshold) break;
      const size_t ra = find(pair.a);
      const size_t rb = find(pair.b);
      if (ra == rb || ShareFrame(set, group[ra], group[rb])) continue;
      const auto frame_less = [&](int32_t x, int32_t y) {
        return set.boxes[x].frame < set.boxes[y].frame;
      };
      std::vector<int32_t> both;
      std::merge(group[ra].begin(), group[ra].end(), group[rb].begin(), group[rb].end(),
                 std::back_inserter(both), frame_less);
      group[ra] = std::move(both);
      root[rb] = ra;
      RelinkDecision d;
      d.accepted = true;
      d.step = "appearance";
      d.track_before = table.tracks[pair.a].id;
      d.track_after = table.tracks[pair.b].id;
      d.frame_before = set.boxes[table.tracks[pair.a].boxes.back()].frame.value;
      d.frame_after = set.boxes[table.tracks[pair.b].boxes.front()].frame.value;
      d.gap_s = static_cast<double>(d.frame_after - d.frame_before) / rate;
      d.appearance_distance = pair.distance;
      result.decisions.push_back(std::move(d));
    }
  }
  result.tracks = ApplyDecisions(set, result.decisions);
  return result;
}

}  // namespace reidbench
