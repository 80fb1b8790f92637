#include "reidbench/relinking/pieces.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/parallel.h"
#include "reidbench/core/row_products.h"
#include "reidbench/core/statistics.h"

namespace reidbench {
namespace {

constexpr double kMotionWindow_s = 0.5;
constexpr double kVelocity_s = 0.3;
constexpr double kLeastJump = 0.03;        // body heights
constexpr double kVelocityShrink_s = 0.2;  // a velocity from so short a time counts half

using Vector = Eigen::RowVectorXf;

void AddEmbedding(const RelinkInput& input, const Observation& o, float sign, Vector* sum) {
  const int64_t dim = input.embeddings->cols();
  if (o.quality > 0) {
    AddScaled(sign * o.quality * o.inverse_norm, input.embeddings->data() + o.row * dim, dim,
              sum->data());
  }
}

// Cosine distance; -1 where a vector has no direction.
double CosineDistance(const Vector& a, const Vector& b) {
  const auto dot = [](const Vector& x, const Vector& y) {
    return static_cast<double>(Dot(x.data(), y.data(), x.size()));
  };
  const double norms = std::sqrt(dot(a, a) * dot(b, b));
  return norms > 1e-9 ? 1 - dot(a, b) / norms : -1;
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
    change[k] = CosineDistance(before, after);
  }
  return change;
}

// How far each box lies from where the boxes of the last third of a second lead, in body heights,
// and how much its size jumps; -1 at the start and after gaps.
std::vector<double> JumpsAlong(const Observations& seen, const std::vector<int32_t>& boxes) {
  std::vector<double> jump(boxes.size(), -1);
  for (size_t k = 2; k < boxes.size(); ++k) {
    const Observation& before = seen.box[boxes[k - 1]];
    const Observation& now = seen.box[boxes[k]];
    if (now.frame - before.frame > 2) continue;
    size_t first = k - 1;
    while (first > 0 && before.time_s - seen.box[boxes[first - 1]].time_s <= kVelocity_s) --first;
    if (first == k - 1) first = k - 2;
    const Observation& from = seen.box[boxes[first]];
    const double share = (now.time_s - before.time_s) / (before.time_s - from.time_s);
    const double x = before.x + share * (before.x - from.x);
    const double foot = before.foot + share * (before.foot - from.foot);
    const double height = std::max(before.height + share * (before.height - from.height), 1.0);
    const double vertical =
        std::min(std::abs(now.foot - foot), std::abs(now.foot - now.height - (foot - height)));
    jump[k] = std::hypot(now.x - x, vertical) / std::max(now.height, height) +
              std::abs(std::log(now.height / height));
  }
  return jump;
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
  Motion m;
  m.time_s = t0;
  m.height = Quantile(std::move(height), 0.5, QuantileRule::kHigher);
  m.width = Quantile(std::move(width), 0.5, QuantileRule::kHigher);
  const double spread = stt - st * st / n;
  double slope_x = 0;
  double slope_foot = 0;
  if (spread > 1e-9) {
    slope_x = (stx - st * sx / n) / spread;
    slope_foot = (stf - st * sf / n) / spread;
  }
  m.x = sx / n - slope_x * st / n;
  m.foot = sf / n - slope_foot * st / n;
  const double span = seen.box[boxes[to - 1]].time_s - seen.box[boxes[from]].time_s;
  const double trust = span / (span + kVelocityShrink_s);
  m.velocity_x = trust * slope_x;
  m.velocity_foot = trust * slope_foot;
  return m;
}

namespace {

// Pieces of one track, given what is cut in front of each box (kTrackStart = nothing).
std::vector<Piece> Build(const Observations& seen, int32_t track, const std::vector<CutKind>& cut,
                         const std::vector<double>& change) {
  const std::vector<int32_t>& boxes = seen.table.tracks[track].boxes;
  const auto n = static_cast<int32_t>(boxes.size());
  const auto at = [&](int32_t k) -> const Observation& { return seen.box[boxes[k]]; };
  std::vector<Piece> pieces;
  for (int32_t begin = 0; begin < n;) {
    int32_t end = begin + 1;
    while (end < n && cut[end] == CutKind::kTrackStart) ++end;
    Piece p;
    p.track = track;
    p.begin = begin;
    p.end = end;
    p.first_frame = at(begin).frame;
    p.last_frame = at(end - 1).frame;
    p.head = FitMotion(seen, boxes, begin, end, false);
    p.tail = FitMotion(seen, boxes, begin, end, true);
    p.cut = cut[begin];
    if (begin > 0) {
      p.cut_gap_s = at(begin).time_s - at(begin - 1).time_s - 1 / seen.frame_rate;
      p.cut_change = change[begin];
    }
    for (int32_t k = begin; k < end; ++k) p.clean_s += at(k).quality / seen.frame_rate;
    pieces.push_back(p);
    begin = end;
  }
  return pieces;
}

void Collect(const RelinkInput& input, const Observations& seen,
             const std::vector<std::vector<Piece>>& of_track, PieceSet* set) {
  for (const std::vector<Piece>& pieces : of_track)
    set->pieces.insert(set->pieces.end(), pieces.begin(), pieces.end());
  set->sums.setZero(static_cast<int64_t>(set->pieces.size()), input.embeddings->cols());
  ParallelFor(static_cast<int64_t>(set->pieces.size()), [&](int64_t p) {
    const Piece& piece = set->pieces[p];
    Vector sum = Vector::Zero(input.embeddings->cols());
    for (int32_t k = piece.begin; k < piece.end; ++k)
      AddEmbedding(input, seen.box[seen.table.tracks[piece.track].boxes[k]], 1, &sum);
    set->sums.row(p) = sum;
  });
}

// Change of appearance at the cuts only.
std::vector<double> ChangeAt(const RelinkInput& input, const Observations& seen,
                             const std::vector<int32_t>& boxes, const std::vector<CutKind>& cut) {
  std::vector<double> change(boxes.size(), -1);
  const auto n = static_cast<int64_t>(boxes.size());
  const auto window = std::max<int64_t>(3, std::lround(0.5 * seen.frame_rate));
  for (int64_t k = 1; k < n; ++k) {
    if (cut[k] == CutKind::kTrackStart) continue;
    Vector before = Vector::Zero(input.embeddings->cols());
    Vector after = before;
    for (int64_t i = std::max<int64_t>(0, k - window); i < k; ++i)
      AddEmbedding(input, seen.box[boxes[i]], 1, &before);
    for (int64_t i = k; i < std::min(n, k + window); ++i)
      AddEmbedding(input, seen.box[boxes[i]], 1, &after);
    change[k] = CosineDistance(before, after);
  }
  return change;
}

}  // namespace

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
  if (!levels.empty())
    set.usual_change = Quantile(levels, options.change_quantile, QuantileRule::kLower);
  std::vector<std::vector<double>> jumps(tracks.size());
  for (size_t t = 0; t < tracks.size(); ++t) jumps[t] = JumpsAlong(seen, tracks[t].boxes);
  levels.clear();
  for (const std::vector<double>& along : jumps) {
    for (const double j : along) {
      if (j >= 0) levels.push_back(j);
    }
  }
  double usual_jump = 1e300;
  if (!levels.empty()) {
    usual_jump = options.jump_factor * Quantile(levels, 0.5, QuantileRule::kHigher) + kLeastJump;
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
      for (int32_t k = 1; k < n; ++k) {
        if (jumps[t][k] > usual_jump) cut[k] = CutKind::kJump;
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
          if (place > 0 && place < n && cut[place] == CutKind::kTrackStart)
            cut[place] = CutKind::kContact;
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
        const bool changes = frozen_group[boxes[k]] != frozen_group[boxes[k - 1]];
        if (changes && cut[k] == CutKind::kTrackStart) cut[k] = CutKind::kFrozen;
        if (!changes && frozen_group[boxes[k]] >= 0) cut[k] = CutKind::kTrackStart;
      }
    }
    of_track[t] = Build(seen, static_cast<int32_t>(t), cut, change[t]);
    if (!frozen_group.empty()) {
      for (Piece& p : of_track[t]) p.frozen_group = frozen_group[boxes[p.begin]];
    }
  });
  Collect(input, seen, of_track, &set);
  return set;
}

PieceSet PiecesOfPersons(const RelinkInput& input, const Observations& seen,
                         const std::vector<int64_t>& person_of_box) {
  const std::vector<TrackTable::Track>& tracks = seen.table.tracks;
  std::vector<std::vector<Piece>> of_track(tracks.size());
  for (size_t t = 0; t < tracks.size(); ++t) {
    const std::vector<int32_t>& boxes = tracks[t].boxes;
    std::vector<CutKind> cut(boxes.size(), CutKind::kTrackStart);
    for (size_t k = 1; k < boxes.size(); ++k) {
      if (person_of_box[boxes[k]] != person_of_box[boxes[k - 1]]) cut[k] = CutKind::kChange;
    }
    of_track[t] = Build(seen, static_cast<int32_t>(t), cut, ChangeAt(input, seen, boxes, cut));
  }
  PieceSet set;
  Collect(input, seen, of_track, &set);
  return set;
}

}  // namespace reidbench
