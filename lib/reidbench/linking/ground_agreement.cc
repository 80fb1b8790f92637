#include "reidbench/linking/ground_agreement.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "reidbench/core/parallel.h"
#include "reidbench/core/statistics.h"

namespace reidbench {
namespace {

constexpr double kNear_m = 1.5;     // people farther apart are not taken for one
constexpr double kSoft_m = 0.6;     // how fast being near counts less
constexpr double kRaster_m = 2;     // ground that both see is compared in squares
constexpr double kLeastShared = 5;  // squares with people of both
constexpr double kTimesChance = 1.6;
constexpr double kLeastAgreement = 15;  // cells of mutual neighbours
constexpr int64_t kMostCells = 4000;    // that are looked at, evenly over the time
// Another shift must agree so much better than the one that is told.
constexpr double kShiftGain = 1.25;
constexpr double kLeastSpread = 0.5;

struct Place {
  float x, y, sigma, vx, vy;
  int32_t tracklet;
};
using Cells = std::vector<std::vector<Place>>;  // by cell, from the site's first

struct Timeline {
  int64_t first_cell = 0;
  std::vector<Cells> cameras;
};

Timeline Arrange(std::span<const SiteTracklet> tracklets, int32_t cameras) {
  Timeline line;
  line.first_cell = INT64_MAX;
  int64_t last = INT64_MIN;
  for (const SiteTracklet& tracklet : tracklets) {
    if (tracklet.trail.empty()) continue;
    line.first_cell = std::min(line.first_cell, tracklet.trail.front().cell);
    last = std::max(last, tracklet.trail.back().cell);
  }
  line.cameras.resize(static_cast<size_t>(cameras));
  if (last < line.first_cell) return line;
  for (Cells& cells : line.cameras) cells.resize(static_cast<size_t>(last - line.first_cell + 1));
  for (size_t t = 0; t < tracklets.size(); ++t) {
    const std::vector<TrailPoint>& trail = tracklets[t].trail;
    for (size_t k = 0; k < trail.size(); ++k) {
      const TrailPoint& before = trail[k > 1 ? k - 2 : 0];
      const TrailPoint& after = trail[std::min(k + 2, trail.size() - 1)];
      const auto dt = static_cast<float>(kCell_s * static_cast<double>(after.cell - before.cell));
      const bool steady = dt > 0 && dt < 2;
      line.cameras[static_cast<size_t>(tracklets[t].camera)]
                  [static_cast<size_t>(trail[k].cell - line.first_cell)]
                      .push_back({trail[k].x, trail[k].y, trail[k].sigma,
                                  steady ? (after.x - before.x) / dt : 0,
                                  steady ? (after.y - before.y) / dt : 0, static_cast<int32_t>(t)});
    }
  }
  return line;
}

struct Neighbours {
  const Place* a;
  const Place* b;
  double distance_m;
};

// People of both cells who are each other's nearest.
template <typename Use>
void ForMutual(const std::vector<Place>& first, const std::vector<Place>& second, Use use) {
  const auto nearest = [](const Place& p, const std::vector<Place>& others) {
    const Place* best = nullptr;
    float least = static_cast<float>(kNear_m * kNear_m);
    for (const Place& o : others) {
      const float d = (o.x - p.x) * (o.x - p.x) + (o.y - p.y) * (o.y - p.y);
      if (d < least) {
        least = d;
        best = &o;
      }
    }
    return std::pair(best, least);
  };
  for (const Place& a : first) {
    const auto [b, squared] = nearest(a, second);
    if (b == nullptr || nearest(*b, first).first != &a) continue;
    use(Neighbours{&a, b, std::sqrt(static_cast<double>(squared))});
  }
}

double AgreementAt(const Cells& first, const Cells& second, int64_t shift) {
  const auto n = static_cast<int64_t>(first.size());
  const int64_t stride = n / kMostCells + 1;
  double sum = 0;
  for (int64_t cell = 0; cell < n; cell += stride) {
    const int64_t other = cell - shift;
    if (other < 0 || other >= n) continue;
    ForMutual(first[static_cast<size_t>(cell)], second[static_cast<size_t>(other)],
              [&](const Neighbours& pair) {
                sum += std::exp(-0.5 * pair.distance_m * pair.distance_m / (kSoft_m * kSoft_m));
              });
  }
  return sum * static_cast<double>(stride);
}

// Squares of the ground where both cameras see people.
double SharedGround(const Cells& first, const Cells& second) {
  std::map<std::pair<int64_t, int64_t>, int> squares;
  const auto mark = [&](const Cells& cells, int bit) {
    for (const std::vector<Place>& places : cells) {
      for (const Place& p : places) {
        squares[{std::llround(p.x / kRaster_m), std::llround(p.y / kRaster_m)}] |= bit;
      }
    }
  };
  mark(first, 1);
  mark(second, 2);
  double shared = 0;
  for (const auto& [square, bits] : squares) shared += bits == 3 ? 1 : 0;
  return shared;
}

// The part of a cell by which the second clock is still off, and how places relate.
void MeasurePairs(const Cells& first, const Cells& second, int64_t shift, GroundAgreement* out) {
  struct Sample {
    double ax, ay, bx, by, sigma, vx, vy;
  };
  std::vector<Sample> samples;
  const auto n = static_cast<int64_t>(first.size());
  for (int64_t cell = 0; cell < n; ++cell) {
    const int64_t other = cell - shift;
    if (other < 0 || other >= n) continue;
    ForMutual(
        first[static_cast<size_t>(cell)], second[static_cast<size_t>(other)],
        [&](const Neighbours& pair) {
          samples.push_back({pair.a->x, pair.a->y, pair.b->x, pair.b->y,
                             std::hypot(pair.a->sigma, pair.b->sigma),
                             0.5 * (pair.a->vx + pair.b->vx), 0.5 * (pair.a->vy + pair.b->vy)});
        });
  }
  out->pairs = static_cast<int64_t>(samples.size());
  if (samples.size() < 20) return;
  // Time first: who walks is behind by velocity times delay. Constant differences are calibration.
  double mean_dx = 0, mean_dy = 0, mean_vx = 0, mean_vy = 0;
  const double count = static_cast<double>(samples.size());
  for (const Sample& s : samples) {
    mean_dx += (s.bx - s.ax) / count;
    mean_dy += (s.by - s.ay) / count;
    mean_vx += s.vx / count;
    mean_vy += s.vy / count;
  }
  double dv = 0, vv = 0;
  for (const Sample& s : samples) {
    dv += (s.bx - s.ax - mean_dx) * (s.vx - mean_vx) + (s.by - s.ay - mean_dy) * (s.vy - mean_vy);
    vv += (s.vx - mean_vx) * (s.vx - mean_vx) + (s.vy - mean_vy) * (s.vy - mean_vy);
  }
  const double fine = vv > 1 ? std::clamp(dv / vv, -1.5 * kCell_s, 1.5 * kCell_s) : 0;
  out->clock_shift_s = static_cast<double>(shift) * kCell_s + fine;
  std::vector<double> ratio, distance;
  double ma_x = 0, ma_y = 0, mb_x = 0, mb_y = 0;
  for (Sample& s : samples) {
    s.bx -= s.vx * fine;
    s.by -= s.vy * fine;
    const double d = std::hypot(s.bx - s.ax, s.by - s.ay);
    ratio.push_back(d / s.sigma);
    distance.push_back(d);
    ma_x += s.ax / count;
    ma_y += s.ay / count;
    mb_x += s.bx / count;
    mb_y += s.by / count;
  }
  out->median_m = Quantile(distance, 0.5, QuantileRule::kHigher);
  // Rayleigh: median = 1.177 sigma.
  out->spread = std::max(kLeastSpread, Quantile(ratio, 0.5, QuantileRule::kHigher) / 1.177);
  double aa = 0, bb = 0, ab = 0;
  for (const Sample& s : samples) {
    aa += (s.ax - ma_x) * (s.ax - ma_x) + (s.ay - ma_y) * (s.ay - ma_y);
    bb += (s.bx - mb_x) * (s.bx - mb_x) + (s.by - mb_y) * (s.by - mb_y);
    ab += (s.ax - ma_x) * (s.bx - mb_x) + (s.ay - ma_y) * (s.by - mb_y);
  }
  // Both sides err: the ratio of their spreads, not a regression, which noise pulls towards 0.
  if (ab > 0) {
    out->scale = std::sqrt(bb / aa);
    const double residual = std::max(aa + bb - 2 * ab, 0.0) / aa;
    out->scale_error = std::sqrt(residual / count);
  }
}

}  // namespace

std::vector<GroundAgreement> CompareGround(std::span<const SiteTracklet> tracklets, int32_t cameras,
                                           double most_shift_s) {
  const Timeline line = Arrange(tracklets, cameras);
  std::vector<GroundAgreement> pairs;
  for (int32_t a = 0; a < cameras; ++a) {
    for (int32_t b = a + 1; b < cameras; ++b) {
      GroundAgreement pair;
      pair.first = a;
      pair.second = b;
      pairs.push_back(pair);
    }
  }
  const auto most = static_cast<int64_t>(std::floor(most_shift_s / kCell_s));
  ParallelFor(static_cast<int64_t>(pairs.size()), [&](int64_t p) {
    GroundAgreement& pair = pairs[static_cast<size_t>(p)];
    const Cells& first = line.cameras[static_cast<size_t>(pair.first)];
    const Cells& second = line.cameras[static_cast<size_t>(pair.second)];
    if (first.empty() || SharedGround(first, second) < kLeastShared) return;
    pair.shared = true;
    // Times at which nobody is where he is told to be: what chance agrees on.
    std::vector<double> chance;
    for (const int64_t cells : {40, 55, 75, 100, 130, 170}) {
      for (const int64_t sign : {-1, 1}) {
        if (cells < static_cast<int64_t>(first.size()) / 2)
          chance.push_back(AgreementAt(first, second, sign * (cells + 2 * most)));
      }
    }
    pair.by_chance = chance.empty() ? 0 : Quantile(chance, 0.5, QuantileRule::kHigher);
    pair.agreement_told = pair.agreement = AgreementAt(first, second, 0);
    int64_t best = 0;
    for (int64_t shift = -most; shift <= most; ++shift) {
      if (shift == 0) continue;
      const double agreement = AgreementAt(first, second, shift);
      if (agreement <= pair.agreement) continue;
      pair.agreement = agreement;
      best = shift;
    }
    if (std::abs(best) > 1 && pair.agreement < kShiftGain * pair.agreement_told) {
      best = 0;
      pair.agreement = pair.agreement_told;
    }
    pair.clock_certainty = pair.agreement / std::max(pair.by_chance, 1.0);
    pair.usable =
        pair.agreement >= kLeastAgreement && pair.agreement >= kTimesChance * pair.by_chance;
    if (!pair.usable) return;
    MeasurePairs(first, second, best, &pair);
  });
  return pairs;
}

std::vector<double> ClockCorrections(std::span<const GroundAgreement> pairs, int32_t cameras) {
  std::vector<double> correction(static_cast<size_t>(cameras), 0);
  std::vector<int32_t> set(static_cast<size_t>(cameras));
  for (int32_t c = 0; c < cameras; ++c) set[static_cast<size_t>(c)] = c;
  std::vector<const GroundAgreement*> order;
  for (const GroundAgreement& pair : pairs) {
    if (pair.usable) order.push_back(&pair);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->agreement - a->by_chance > b->agreement - b->by_chance;
  });
  // The surest pairs first, as a spanning tree; of two sets the one with the first camera stays.
  for (const GroundAgreement* pair : order) {
    int32_t stay = set[static_cast<size_t>(pair->first)];
    int32_t move = set[static_cast<size_t>(pair->second)];
    if (stay == move) continue;
    double by = correction[static_cast<size_t>(pair->first)] + pair->clock_shift_s -
                correction[static_cast<size_t>(pair->second)];
    if (move < stay) {
      std::swap(stay, move);
      by = -by;
    }
    for (int32_t c = 0; c < cameras; ++c) {
      if (set[static_cast<size_t>(c)] != move) continue;
      correction[static_cast<size_t>(c)] += by;
      set[static_cast<size_t>(c)] = stay;
    }
  }
  return correction;
}

}  // namespace reidbench
