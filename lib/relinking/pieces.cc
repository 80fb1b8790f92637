#include "relinking/pieces.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"

namespace reidbench {
namespace {

constexpr double kMotionWindow_s = 0.5;
constexpr double kVelocityShrink_s = 0.2;  // a velocity from so short a time counts half

using Vector = Eigen::RowVectorXf;

void AddEmbedding(const RelinkInput& input, const Observation& o, float sign, Vector* sum) {
  if (o.quality > 0) *sum += sign * o.quality * o.inverse_norm * input.embeddings->row(o.row);
}

// Cosine distance of the mean appearance before and after each box, over a window on each side; -1
// where too little is seen.
std::vector<double> ChangeAlong(const RelinkInput& input, const Observations& seen,
                                const std::vector<int32_t>& boxes, double window_s) {
  const auto n = static_cast<int64_t>(boxes.size());
  std::vector<double> change(boxes.size(), -1);
  const auto window =
      std::max<int64_t>(3, static_cast<int64_t>(std::lround(window_s * seen.frame_rate)));
  if (n < 6) return change;
  Vector before = Vector::Zero(input.embeddings->cols());
  Vector after = before;
  for (int64_t k = 0; k < std::min(window, n); ++k)
    AddEmbedding(input, seen.box[boxes[k]], 1, &after);
  for (int64_t k = 1; k < n; ++k) {
    const Observation& passed = seen.box[boxes[k - 1]];
    AddEmbedding(input, passed, 1, &before);
    AddEmbedding(input, passed, -1, &after);
    if (k - 1 - window >= 0) AddEmbedding(input, seen.box[boxes[k - 1 - window]], -1, &before);
    if (k - 1 + window < n) AddEmbedding(input, seen.box[boxes[k - 1 + window]], 1, &after);
    if (k < 3 || n - k < 3) continue;
    const double norms = static_cast<double>(before.norm()) * after.norm();
    if (norms > 1e-9) change[k] = 1 - static_cast<double>(before.dot(after)) / norms;
  }
  return change;
}

}  // namespace

Motion FitMotion(const Observations& seen, const std::vector<int32_t>& boxes, int32_t begin,
                 int32_t end, bool at_tail) {
  const int32_t anchor = at_tail ? end - 1 : begin;
  const double t0 = seen.box[boxes[anchor]].time_s;
  int32_t from = begin;
  int32_t to = end;
  if (at_tail) {
    while (t0 - seen.box[boxes[from]].time_s > kMotionWindow_s) ++from;
  } else {
    while (seen.box[boxes[to - 1]].time_s - t0 > kMotionWindow_s) --to;
  }
  double n = 0;
  double st = 0;
  double stt = 0;
  double sx = 0;
  double sf = 0;
  double stx = 0;
  double stf = 0;
  std::vector<double> height;
  std::vector<double> width;
  for (int32_t k = from; k < to; ++k) {
    const Observation& o = seen.box[boxes[k]];
    const double t = o.time_s - t0;
    n += 1;
    st += t;
    stt += t * t;
    sx += o.x;
    sf += o.foot;
    stx += t * o.x;
    stf += t * o.foot;
    height.push_back(o.height);
    width.push_back(o.width);
  }
  const auto median = [](std::vector<double>& v) {
    std::nth_element(v.begin(), v.begin() + static_cast<int64_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  };
  Motion m;
  m.time_s = t0;
  m.height = median(height);
  m.width = median(width);
  const double span = seen.box[boxes[to - 1]].time_s - seen.box[boxes[from]].time_s;
  const double spread = stt - st * st / n;
  if (spread > 1e-9) {
    const double trust = span / (span + kVelocityShrink_s);
    m.velocity_x = trust * (stx - st * sx / n) / spread;
    m.velocity_foot = trust * (stf - st * sf / n) / spread;
  }
  m.x = sx / n - m.velocity_x * st / n;
  m.foot = sf / n - m.velocity_foot * st / n;
  return m;
}

PieceSet CutPieces(const RelinkInput& input, const Observations& seen, const PieceOptions& options,
                   const std::vector<int64_t>& frozen_group) {
  const std::vector<TrackTable::Track>& tracks = seen.table.tracks;
  std::vector<std::vector<double>> change(tracks.size());
  ParallelFor(static_cast<int64_t>(tracks.size()), [&](int64_t t) {
    change[t] = ChangeAlong(input, seen, tracks[t].boxes, options.change_window_s);
  });
  PieceSet set;
  std::vector<double> levels;
  for (const std::vector<double>& along : change) {
    for (const double c : along) {
      if (c >= 0) levels.push_back(c);
    }
  }
  if (!levels.empty()) {
    const auto k =
        static_cast<size_t>(options.change_quantile * static_cast<double>(levels.size() - 1));
    std::nth_element(levels.begin(), levels.begin() + static_cast<int64_t>(k), levels.end());
    set.usual_change = levels[k];
  }
  std::vector<std::vector<Piece>> of_track(tracks.size());
  ParallelFor(static_cast<int64_t>(tracks.size()), [&](int64_t t) {
    const std::vector<int32_t>& boxes = tracks[t].boxes;
    const auto n = static_cast<int32_t>(boxes.size());
    const auto at = [&](int32_t k) -> const Observation& { return seen.box[boxes[k]]; };
    std::vector<CutKind> cut(n, CutKind::kTrackStart);  // in front of each box; kTrackStart = none
    if (options.cut) {
      const auto spacing = std::max<int32_t>(
          2, static_cast<int32_t>(std::lround(options.change_spacing_s * seen.frame_rate)));
      for (int32_t k = 1; k < n; ++k) {
        if (change[t][k] <= set.usual_change) continue;
        bool greatest = true;
        for (int32_t j = std::max(1, k - spacing); j < std::min(n, k + spacing + 1); ++j)
          greatest &= j < k ? change[t][j] < change[t][k] : change[t][j] <= change[t][k];
        if (greatest) cut[k] = CutKind::kChange;
      }
      for (int32_t k = 0; k < n;) {
        if (at(k).overlap <= options.contact_overlap) {
          ++k;
          continue;
        }
        int32_t end = k;
        int32_t peak = k;
        while (end < n && at(end).overlap > options.contact_overlap) {
          if (at(end).overlap > at(peak).overlap) peak = end;
          ++end;
        }
        for (const int32_t place : {k, peak, end}) {
          if (place > 0 && place < n) cut[place] = CutKind::kContact;
        }
        k = end;
      }
      for (int32_t k = 1; k < n; ++k) {
        const int64_t step = at(k).frame - at(k - 1).frame;
        if (step > 2 && static_cast<double>(step) / seen.frame_rate > options.least_gap_s)
          cut[k] = CutKind::kGap;
      }
    }
    if (!frozen_group.empty()) {
      for (int32_t k = 1; k < n; ++k) {
        if (frozen_group[boxes[k]] != frozen_group[boxes[k - 1]] && cut[k] == CutKind::kTrackStart)
          cut[k] = CutKind::kFrozen;
      }
    }
    for (int32_t begin = 0; begin < n;) {
      int32_t end = begin + 1;
      while (end < n && cut[end] == CutKind::kTrackStart) ++end;
      Piece p;
      p.track = static_cast<int32_t>(t);
      p.begin = begin;
      p.end = end;
      p.first_frame = at(begin).frame;
      p.last_frame = at(end - 1).frame;
      p.head = FitMotion(seen, boxes, begin, end, false);
      p.tail = FitMotion(seen, boxes, begin, end, true);
      p.cut = cut[begin];
      if (begin > 0) {
        p.cut_gap_s = at(begin).time_s - at(begin - 1).time_s - 1 / seen.frame_rate;
        p.cut_change = change[t][begin];
      }
      for (int32_t k = begin; k < end; ++k) p.clean_s += at(k).quality / seen.frame_rate;
      if (!frozen_group.empty()) p.frozen_group = frozen_group[boxes[begin]];
      of_track[t].push_back(p);
      begin = end;
    }
  });
  for (const std::vector<Piece>& pieces : of_track)
    set.pieces.insert(set.pieces.end(), pieces.begin(), pieces.end());
  set.sums.setZero(static_cast<int64_t>(set.pieces.size()), input.embeddings->cols());
  ParallelFor(static_cast<int64_t>(set.pieces.size()), [&](int64_t p) {
    const Piece& piece = set.pieces[p];
    Vector sum = Vector::Zero(input.embeddings->cols());
    for (int32_t k = piece.begin; k < piece.end; ++k)
      AddEmbedding(input, seen.box[tracks[piece.track].boxes[k]], 1, &sum);
    set.sums.row(p) = sum;
  });
  return set;
}

}  // namespace reidbench
