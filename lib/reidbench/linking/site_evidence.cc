#include "reidbench/linking/site_evidence.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "reidbench/core/parallel.h"
#include "reidbench/core/row_products.h"
#include "reidbench/core/statistics.h"

namespace reidbench {
namespace {

constexpr double kTau = 6.283185307179586;

// Appearance.
constexpr double kSiteCertain_s = 0.3;  // clean seconds at which the evidence counts half
constexpr double kSiteCap = 10;
constexpr double kCentreRows = 8;      // tracklets at which a camera's own mean counts half
constexpr double kLeastClean_s = 0.5;  // of tracklets that calibrate
constexpr double kMostClean_s = 8;     // more crops of one tracklet say no more
constexpr int64_t kMostPairs = 400000;
constexpr double kSameShare =
    0.5;  // of the others' mean distance: expected before anything is seen
constexpr double kPriorCount = 20;
constexpr int kRounds = 40;
constexpr double kLeastSiteSeparation = 0.85;

// Ground.
constexpr double kStray = 0.03;         // share of places that are simply wrong
constexpr double kIndependent_s = 2.5;  // places so far apart in time err independently
constexpr double kMostIndependent = 4;
constexpr double kKnown = 4;          // a log-likelihood ratio that is taken for certain
constexpr double kApart_m = 6;        // nobody is misplaced so far for a second, where trusted
constexpr double kRun_mps = 4;        // nobody walks faster
constexpr double kWander_mps = 0.55;  // how far from a straight course people get
constexpr double kAnywhere = 0.25;    // share of those who are found anywhere
constexpr double kVelocityLife_s = 2;
constexpr double kLongPassage_s = 20;  // after that a place says nothing
constexpr double kUnitRatio = 20;
constexpr size_t kLeastSpeeds = 30;

// Transition times.
constexpr std::array<double, 32> kEdges_s = {0,  1,  2,  3,   4,   5,   6,   7,   8,   9,   10,
                                             12, 14, 16, 18,  20,  24,  28,  32,  36,  40,  50,
                                             60, 75, 90, 120, 150, 200, 300, 450, 700, 1000};
constexpr double kTransitionPrior = 12;  // seen transitions at which what was seen counts half

double UnseenDensity(double gap_s) {
  return 0.6 * std::exp(-gap_s / 15) / 15 + 0.4 * std::exp(-gap_s / 250) / 250;
}

bool ShareFrame(const SiteTracklet& a, const SiteTracklet& b) {
  size_t i = 0, j = 0;
  while (i < a.runs.size() && j < b.runs.size()) {
    if (a.runs[i].last < b.runs[j].first) {
      ++i;
    } else if (b.runs[j].last < a.runs[i].first) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

// Places of two trails at common cells.
void CompareTrails(const SiteTracklet& a, const SiteTracklet& b, const SiteGround& ground,
                   Together* out) {
  size_t i = 0, j = 0;
  double sum = 0, far = 0;
  int64_t n = 0;
  const GroundAgreement& pair = ground.Pair(a.camera, b.camera);
  const double spread = pair.usable ? pair.spread : 1;
  while (i < a.trail.size() && j < b.trail.size()) {
    const TrailPoint& p = a.trail[i];
    const TrailPoint& q = b.trail[j];
    if (p.cell < q.cell) {
      ++i;
      continue;
    }
    if (q.cell < p.cell) {
      ++j;
      continue;
    }
    const double variance = spread * spread * (p.sigma * p.sigma + q.sigma * q.sigma);
    const double squared = (p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y);
    const double here = std::exp(-0.5 * squared / variance) / (kTau * variance);
    sum += std::log((1 - kStray) * here * ground.area_m2 + kStray);
    far += std::sqrt(squared) > kApart_m + 4 * std::sqrt(variance) ? 1 : 0;
    ++n;
    ++i;
    ++j;
  }
  if (n == 0) return;
  out->shared_s = static_cast<double>(n) * kCell_s;
  const double weight = std::min(kMostIndependent, (out->shared_s + 0.5) / kIndependent_s + 0.2) /
                        static_cast<double>(n);
  out->ground = weight * sum;
  out->apart = pair.usable && n >= 3 && far > 0.8 * static_cast<double>(n);
}

struct Bell {
  double mean = 0, variance = 1;
  double Density(double x) const {
    return std::exp(-0.5 * (x - mean) * (x - mean) / variance) / std::sqrt(kTau * variance);
  }
};

}  // namespace

double SiteAppearance::LogRatio(double distance, double clean_s) const {
  if (!usable || clean_s <= 0) return 0;
  return std::clamp(slope * (midpoint - distance), -kSiteCap, kSiteCap) * clean_s /
         (clean_s + kSiteCertain_s);
}

TransitionTimes::TransitionTimes(int32_t cameras, std::vector<double> arrivals_hz)
    : cameras_(cameras),
      arrivals_hz_(std::move(arrivals_hz)),
      counts_(static_cast<size_t>(cameras) * static_cast<size_t>(cameras),
              std::vector<double>(kEdges_s.size(), 0)),
      leaving_(static_cast<size_t>(cameras), 0) {}

std::span<const double> TransitionTimes::Edges_s() { return kEdges_s; }

void TransitionTimes::Count(int32_t from, int32_t to, double gap_s) {
  // Neighbouring bins get a share, so that few transitions make no holes.
  const auto bin =
      static_cast<size_t>(std::upper_bound(kEdges_s.begin(), kEdges_s.end(), std::max(gap_s, 0.0)) -
                          kEdges_s.begin() - 1);
  std::vector<double>& counts = counts_[Index(from, to)];
  constexpr double kShares[] = {0.08, 0.22, 0.4, 0.22, 0.08};
  for (int64_t k = -2; k <= 2; ++k) {
    const int64_t at = std::clamp<int64_t>(static_cast<int64_t>(bin) + k, 0,
                                           static_cast<int64_t>(counts.size()) - 1);
    counts[static_cast<size_t>(at)] += kShares[k + 2];
  }
  leaving_[static_cast<size_t>(from)] += 1;
}

void TransitionTimes::SetCounts(int32_t from, int32_t to, std::vector<double> counts) {
  std::vector<double>& own = counts_[Index(from, to)];
  leaving_[static_cast<size_t>(from)] -= std::accumulate(own.begin(), own.end(), 0.0);
  own = std::move(counts);
  leaving_[static_cast<size_t>(from)] += std::accumulate(own.begin(), own.end(), 0.0);
}

int64_t TransitionTimes::Seen(int32_t from, int32_t to) const {
  const std::vector<double>& counts = counts_[Index(from, to)];
  return std::llround(std::accumulate(counts.begin(), counts.end(), 0.0));
}

const std::vector<double>& TransitionTimes::counts(int32_t from, int32_t to) const {
  return counts_[Index(from, to)];
}

double TransitionTimes::Median_s(int32_t from, int32_t to) const {
  const std::vector<double>& counts = counts_[Index(from, to)];
  const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
  if (all < 0.5) return -1;
  double below = 0;
  for (size_t k = 0; k + 1 < counts.size(); ++k) {
    if (below + counts[k] >= 0.5 * all) {
      return kEdges_s[k] + (kEdges_s[k + 1] - kEdges_s[k]) * (0.5 * all - below) / counts[k];
    }
    below += counts[k];
  }
  return kEdges_s.back();
}

double TransitionTimes::LogOdds(int32_t from, int32_t to, double gap_s) const {
  gap_s = std::max(gap_s, 0.0);
  const auto bin = static_cast<size_t>(std::upper_bound(kEdges_s.begin(), kEdges_s.end(), gap_s) -
                                       kEdges_s.begin() - 1);
  const double unseen = UnseenDensity(gap_s) / cameras_;
  const double width =
      bin + 1 < kEdges_s.size() ? kEdges_s[bin + 1] - kEdges_s[bin] : kEdges_s.back();
  const double all = leaving_[static_cast<size_t>(from)];
  const double seen = all > 0 ? counts_[Index(from, to)][bin] / all / width : 0;
  const double density = (all * seen + kTransitionPrior * unseen) / (all + kTransitionPrior);
  return std::log(density / std::max(arrivals_hz_[static_cast<size_t>(to)], 1e-4));
}

const GroundAgreement& SiteGround::Pair(int32_t a, int32_t b) const {
  if (a > b) std::swap(a, b);
  const auto n = static_cast<int32_t>(trusted.size());
  return pairs[static_cast<size_t>(a * n - a * (a + 1) / 2 + b - a - 1)];
}

SiteGround CalibrateGround(std::span<SiteTracklet> tracklets, std::span<const std::string> cameras,
                           double most_shift_s) {
  const auto n = static_cast<int32_t>(cameras.size());
  SiteGround ground;
  ground.pairs = CompareGround(tracklets, n, most_shift_s);
  ground.trusted.assign(cameras.size(), true);
  // Clocks.
  const std::vector<double> corrections = ClockCorrections(ground.pairs, n);
  bool moved = false;
  for (int32_t c = 0; c < n; ++c) {
    const double by = corrections[static_cast<size_t>(c)];
    if (std::abs(by) < 1.25 * kCell_s) continue;
    moved = true;
    ground.notes.push_back(fmt::format(
        "camera {}: its clock is {:.2f} s {} against what is told, as people on common ground "
        "show; corrected for linking",
        cameras[static_cast<size_t>(c)], std::abs(by), by > 0 ? "behind" : "ahead"));
    const auto cells = static_cast<int64_t>(std::llround(by / kCell_s));
    for (SiteTracklet& tracklet : tracklets) {
      if (tracklet.camera != c) continue;
      tracklet.first_s += by;
      tracklet.last_s += by;
      for (TrailPoint& point : tracklet.trail) point.cell += cells;
    }
  }
  if (moved) ground.pairs = CompareGround(tracklets, n, 0);
  // Calibrations.
  for (int32_t c = 0; c < n; ++c) {
    int usable = 0;
    std::vector<int32_t> against;
    for (const GroundAgreement& pair : ground.pairs) {
      if (!pair.shared || (pair.first != c && pair.second != c)) continue;
      if (pair.usable) ++usable;
      if (!pair.usable) against.push_back(pair.first == c ? pair.second : pair.first);
    }
    if (usable > 0 || against.empty()) continue;
    ground.trusted[static_cast<size_t>(c)] = false;
    ground.notes.push_back(fmt::format(
        "camera {}: its places agree with no other camera on the ground that they share (first "
        "camera {}): calibration or clock are not as told; its places are not used",
        cameras[static_cast<size_t>(c)], cameras[static_cast<size_t>(against.front())]));
  }
  for (const GroundAgreement& pair : ground.pairs) {
    if (!pair.usable) continue;
    const double off = std::abs(pair.scale - 1);
    if (off > 0.02 && off > 4 * pair.scale_error) {
      ground.notes.push_back(fmt::format(
          "cameras {} and {}: distances on the ground differ by {:.1f} %: one calibration is not "
          "exact; places count less",
          cameras[static_cast<size_t>(pair.first)], cameras[static_cast<size_t>(pair.second)],
          100 * off));
    }
  }
  // Where people are, and how fast: units.
  std::vector<double> speed(cameras.size(), 0);
  std::vector<double> all_x, all_y, known;
  for (int32_t c = 0; c < n; ++c) {
    std::vector<double> speeds;
    for (const SiteTracklet& tracklet : tracklets) {
      if (tracklet.camera != c) continue;
      const std::vector<TrailPoint>& trail = tracklet.trail;
      for (size_t k = 0; k < trail.size(); k += 5) {
        all_x.push_back(trail[k].x);
        all_y.push_back(trail[k].y);
        if (k == 0 || trail[k].cell - trail[k - 5].cell != 5) continue;
        speeds.push_back(std::hypot(trail[k].x - trail[k - 5].x, trail[k].y - trail[k - 5].y) /
                         (5 * kCell_s));
      }
    }
    if (speeds.size() < kLeastSpeeds) continue;
    speed[static_cast<size_t>(c)] = Quantile(speeds, 0.75, QuantileRule::kHigher);
    known.push_back(speed[static_cast<size_t>(c)]);
  }
  if (known.size() > 1) {
    const double middle = Quantile(known, 0.5, QuantileRule::kLower);
    for (int32_t c = 0; c < n; ++c) {
      const double own = speed[static_cast<size_t>(c)];
      if (own <= 0 || (own < kUnitRatio * middle && own > middle / kUnitRatio)) continue;
      ground.trusted[static_cast<size_t>(c)] = false;
      ground.notes.push_back(fmt::format(
          "camera {}: people walk {:.3g} m/s there and {:.3g} m/s in other cameras: another unit? "
          "its places are not used",
          cameras[static_cast<size_t>(c)], own, middle));
    }
  }
  if (all_x.size() >= 10) {
    const auto range = [](const std::vector<double>& v) {
      return 1.1 *
             (Quantile(v, 0.95, QuantileRule::kHigher) - Quantile(v, 0.05, QuantileRule::kLower));
    };
    ground.area_m2 = std::max(20.0, range(all_x) * range(all_y));
  }
  return ground;
}

std::vector<std::vector<Together>> FindTogether(std::span<const SiteTracklet> tracklets,
                                                const SiteGround& ground) {
  std::vector<int32_t> order(tracklets.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return tracklets[static_cast<size_t>(a)].first_s < tracklets[static_cast<size_t>(b)].first_s;
  });
  std::vector<std::vector<Together>> later(tracklets.size());
  ParallelFor(static_cast<int64_t>(order.size()), [&](int64_t i) {
    const int32_t a = order[static_cast<size_t>(i)];
    const SiteTracklet& p = tracklets[static_cast<size_t>(a)];
    for (size_t j = static_cast<size_t>(i) + 1; j < order.size(); ++j) {
      const int32_t b = order[j];
      const SiteTracklet& q = tracklets[static_cast<size_t>(b)];
      if (q.first_s > p.last_s) break;
      Together entry;
      entry.other = b;
      if (p.camera == q.camera) {
        entry.apart = ShareFrame(p, q);
        if (!entry.apart) continue;  // in turns: one person may be both
      } else if (ground.trusted[static_cast<size_t>(p.camera)] &&
                 ground.trusted[static_cast<size_t>(q.camera)]) {
        CompareTrails(p, q, ground, &entry);
      }
      later[static_cast<size_t>(a)].push_back(entry);
    }
  });
  std::vector<std::vector<Together>> together = later;
  for (size_t a = 0; a < later.size(); ++a) {
    for (Together entry : later[a]) {
      const auto b = static_cast<size_t>(entry.other);
      entry.other = static_cast<int32_t>(a);
      together[b].push_back(entry);
    }
  }
  for (std::vector<Together>& entries : together) {
    std::sort(entries.begin(), entries.end(),
              [](const Together& x, const Together& y) { return x.other < y.other; });
  }
  return together;
}

SiteAppearance CalibrateSiteAppearance(std::span<const SiteTracklet> tracklets,
                                       const RowMatrix& sums,
                                       const std::vector<std::vector<Together>>& together,
                                       int32_t cameras, const std::string& known_unusable) {
  SiteAppearance out;
  const auto n = static_cast<int64_t>(tracklets.size());
  // What crops of a camera have in common - light, colours - is no person.
  RowMatrix mean = RowMatrix::Zero(cameras + 1, sums.cols());
  std::vector<double> rows(static_cast<size_t>(cameras) + 1, 0);
  out.vectors = RowMatrix::Zero(n, sums.cols());
  for (int64_t t = 0; t < n; ++t) {
    const float length = sums.row(t).norm();
    if (!(length > 0)) continue;
    out.vectors.row(t) = sums.row(t) / length;
    for (const int64_t c : {int64_t{tracklets[static_cast<size_t>(t)].camera}, int64_t{cameras}}) {
      mean.row(c) += out.vectors.row(t);
      rows[static_cast<size_t>(c)] += 1;
    }
  }
  const double all = std::max(rows.back(), 1.0);
  mean.row(cameras) /= static_cast<float>(all);
  // With few tracklets a mean is mostly those people themselves.
  mean.row(cameras) *= static_cast<float>(all / (all + kCentreRows));
  for (int64_t c = 0; c < cameras; ++c) {
    const double own = rows[static_cast<size_t>(c)];
    mean.row(c) = (mean.row(c) + static_cast<float>(kCentreRows) * mean.row(cameras)) /
                  static_cast<float>(own + kCentreRows);
  }
  for (int64_t t = 0; t < n; ++t) {
    if (out.vectors.row(t).squaredNorm() <= 0) continue;
    out.vectors.row(t) -= mean.row(tracklets[static_cast<size_t>(t)].camera);
    const float length = out.vectors.row(t).norm();
    if (length > 0) out.vectors.row(t) /= length;
  }
  if (!known_unusable.empty()) {
    out.note = known_unusable;
    return out;
  }
  // Distances of pairs in different cameras; those that the ground knows stand apart.
  std::vector<int64_t> clean;
  for (int64_t t = 0; t < n; ++t) {
    if (tracklets[static_cast<size_t>(t)].clean_s >= kLeastClean_s &&
        out.vectors.row(t).squaredNorm() > 0.5) {
      clean.push_back(t);
    }
  }
  std::vector<double> same, others, mixed;
  const auto count = static_cast<int64_t>(clean.size());
  const int64_t stride = count * count / 2 / kMostPairs + 1;
  int64_t turn = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto a = static_cast<size_t>(clean[static_cast<size_t>(i)]);
    const std::vector<Together>& near = together[a];
    double best = kKnown, second = 0;
    int32_t best_of = -1;
    for (const Together& entry : near) {
      if (entry.apart) continue;
      if (entry.ground > best) {
        second = best;
        best = entry.ground;
        best_of = entry.other;
      } else {
        second = std::max(second, entry.ground);
      }
    }
    for (int64_t j = i + 1; j < count; ++j) {
      const auto b = static_cast<size_t>(clean[static_cast<size_t>(j)]);
      const bool certain = static_cast<int32_t>(b) == best_of && best > kKnown && second < 1;
      if (!certain && turn++ % stride != 0) continue;
      const double distance =
          1 - static_cast<double>(Dot(out.vectors.row(clean[static_cast<size_t>(i)]).data(),
                                      out.vectors.row(clean[static_cast<size_t>(j)]).data(),
                                      out.vectors.cols()));
      const auto entry =
          std::lower_bound(near.begin(), near.end(), static_cast<int32_t>(b),
                           [](const Together& x, int32_t other) { return x.other < other; });
      const bool met = entry != near.end() && entry->other == static_cast<int32_t>(b);
      if (certain) {
        same.push_back(distance);
      } else if (met && (entry->apart || entry->ground < -kKnown)) {
        others.push_back(distance);
      } else if (tracklets[a].camera != tracklets[b].camera) {
        mixed.push_back(distance);
      }
    }
  }
  out.pairs = static_cast<int64_t>(same.size() + others.size() + mixed.size());
  out.known = static_cast<int64_t>(same.size());
  if (mixed.size() + others.size() < 20) {
    out.note = fmt::format("only {} pairs of tracklets to compare: appearance cannot be calibrated",
                           mixed.size() + others.size());
    return out;
  }
  // Most pairs are two people: a mixture of two bells, of which one is known well.
  std::vector<double> negative = others;
  negative.insert(negative.end(), mixed.begin(), mixed.end());
  Bell other, one;
  other.mean = Quantile(negative, 0.5, QuantileRule::kHigher);
  const double upper = Quantile(negative, 0.84, QuantileRule::kHigher) - other.mean;
  other.variance = std::max(upper * upper, 1e-6);
  const double prior_mean = kSameShare * other.mean;
  const double prior_variance = std::max(other.variance, 0.04 * prior_mean * prior_mean);
  one = {prior_mean, prior_variance};
  double share = 0.03;
  for (int round = 0; round < kRounds; ++round) {
    double w1 = kPriorCount, s1 = kPriorCount * prior_mean;
    double q1 = kPriorCount * (prior_variance + prior_mean * prior_mean);
    double w0 = 0, s0 = 0, q0 = 0, mixed_share = 0;
    for (const double d : same) {
      w1 += 1;
      s1 += d;
      q1 += d * d;
    }
    const auto add_other = [&](double d, double weight) {
      w0 += weight;
      s0 += weight * d;
      q0 += weight * d * d;
    };
    for (const double d : others) add_other(d, 1);
    for (const double d : mixed) {
      const double p1 = share * one.Density(d);
      const double p0 = (1 - share) * other.Density(d);
      // What lies beyond the others' mean is none of it, however wide the bell.
      const double p = d >= other.mean ? 0 : p1 / (p1 + p0 + 1e-300);
      w1 += p;
      s1 += p * d;
      q1 += p * d * d;
      mixed_share += p;
      add_other(d, 1 - p);
    }
    one.mean = s1 / w1;
    one.variance = std::max(q1 / w1 - one.mean * one.mean, 1e-5);
    other.mean = s0 / w0;
    other.variance = std::max(q0 / w0 - other.mean * other.mean, 1e-5);
    if (!mixed.empty())
      share = std::clamp(mixed_share / static_cast<double>(mixed.size()), 1e-4, 0.4);
  }
  out.same_mean = one.mean;
  out.other_mean = other.mean;
  const double apart = other.mean - one.mean;
  out.separation = 0.5 * std::erfc(-apart / std::sqrt(2 * (one.variance + other.variance)));
  if (apart <= 0 || out.separation < kLeastSiteSeparation) {
    out.note = fmt::format(
        "the embeddings do not tell people apart between cameras: separation {:.2f} where 0.5 is "
        "chance; appearance says nothing",
        out.separation);
    return out;
  }
  const double variance = 0.5 * (one.variance + other.variance);
  out.slope = apart / variance;
  out.midpoint = 0.5 * (one.mean + other.mean);
  out.usable = true;
  return out;
}

bool GroundPassage(const SiteTracklet& earlier, const SiteTracklet& later, const SiteGround& ground,
                   double* log_ratio) {
  *log_ratio = 0;
  if (!earlier.tail || !later.head || !ground.trusted[static_cast<size_t>(earlier.camera)] ||
      !ground.trusted[static_cast<size_t>(later.camera)]) {
    return true;
  }
  double spread = 1;
  if (earlier.camera != later.camera) {
    const GroundAgreement& pair = ground.Pair(earlier.camera, later.camera);
    if (pair.shared && !pair.usable) return true;
    if (pair.usable) spread = pair.spread;
  }
  const double gap_s = std::max(later.first_s - earlier.last_s, 0.0);
  const GroundMotion& p = *earlier.tail;
  const GroundMotion& q = *later.head;
  const double error = spread * std::hypot(p.sigma, q.sigma);
  const double direct = std::hypot(q.x - p.x, q.y - p.y);
  if (direct > kRun_mps * gap_s + 1.5 + 4 * error) return false;
  if (gap_s > kLongPassage_s) return true;
  // Half of the way on the earlier course, half on the later one's.
  const double life = kVelocityLife_s * (1 - std::exp(-0.5 * gap_s / kVelocityLife_s));
  const double dx = q.x - p.x - life * (p.vx + q.vx);
  const double dy = q.y - p.y - life * (p.vy + q.vy);
  const double variance = error * error + std::pow(0.15 + kWander_mps * gap_s, 2);
  const double here =
      std::exp(-0.5 * (dx * dx + dy * dy) / variance) / (kTau * variance) * ground.area_m2;
  *log_ratio = std::log((1 - kAnywhere) * here + kAnywhere);
  return true;
}

}  // namespace reidbench
