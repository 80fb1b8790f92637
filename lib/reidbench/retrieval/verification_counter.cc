#include "reidbench/retrieval/verification_counter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"

namespace reidbench {
namespace {

constexpr float kUnreached = std::numeric_limits<float>::infinity();
constexpr std::array kFprLevels = {1e-2, 1e-3, 1e-4};
constexpr double kHighestLevel = kFprLevels.front();
constexpr double kRecommendedLevel = 1e-3;
constexpr int kGridPoints = 128;
constexpr int kRocPointsBelow = 64;
// Brackets reach this many standard errors to both sides: a miss costs two passes, a wide bracket a
// little memory.
constexpr double kBracketErrors = 5;

// Bits in the order of the numbers, -0 taken as 0.
uint32_t OrderedBits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

float FromOrderedBits(uint32_t ordered) {
  return std::bit_cast<float>(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered);
}

// Distances of one thread, in blocks so that growing does not double the memory.
class DistanceLog {
 public:
  // Keeps those in [low, high].
  void Append(const float* distances, int64_t count, float low, float high) {
    if (blocks_.empty() || fill_ + count > kBlock) {
      if (!blocks_.empty()) sizes_.push_back(fill_);
      blocks_.push_back(std::make_unique_for_overwrite<float[]>(kBlock));
      fill_ = 0;
    }
    float* out = blocks_.back().get();
    int64_t fill = fill_;
    for (int64_t i = 0; i < count; ++i) {
      out[fill] =
          distances[i];  // one past the kept ones at most, which the check above left room for
      fill +=
          static_cast<int64_t>(distances[i] >= low) & static_cast<int64_t>(distances[i] <= high);
    }
    fill_ = fill;
  }

  int64_t size() const {
    int64_t total = blocks_.empty() ? 0 : fill_;
    for (const int64_t size : sizes_) total += size;
    return total;
  }

  // Appends everything to `out`, giving the memory back block by block.
  void MoveTo(std::vector<float>* out) {
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const int64_t size = b < sizes_.size() ? sizes_[b] : fill_;
      out->insert(out->end(), blocks_[b].get(), blocks_[b].get() + size);
      blocks_[b].reset();
    }
    blocks_.clear();
    sizes_.clear();
    fill_ = 0;
  }

 private:
  static constexpr int64_t kBlock = int64_t{1} << 16;
  std::vector<std::unique_ptr<float[]>> blocks_;
  std::vector<int64_t> sizes_;  // of all blocks but the last
  int64_t fill_ = 0;
};

// All impostors with distances in an interval, and how many are nearer.
struct Slice {
  int64_t below = 0;
  bool reaches_down = false;  // no impostor is nearer than the interval
  std::vector<float> values;  // ascending
  std::vector<int64_t>
      up_to;  // up_to[i] = impostors at most as far as values[i]; empty: below + i + 1

  int64_t UpTo(size_t i) const {
    return up_to.empty() ? below + static_cast<int64_t>(i) + 1 : up_to[i];
  }
  // Impostors nearer than `distance`, which must lie in the interval.
  int64_t Nearer(float distance) const {
    const auto at = std::lower_bound(values.begin(), values.end(), distance) - values.begin();
    return at == 0 ? below : UpTo(static_cast<size_t>(at) - 1);
  }
  int64_t AtMost(float distance) const {
    const auto at = std::upper_bound(values.begin(), values.end(), distance) - values.begin();
    return at == 0 ? below : UpTo(static_cast<size_t>(at) - 1);
  }
};

int64_t CountNearer(std::span<const float> sorted, float distance) {
  return std::lower_bound(sorted.begin(), sorted.end(), distance) - sorted.begin();
}
int64_t CountAtMost(std::span<const float> sorted, float distance) {
  return std::upper_bound(sorted.begin(), sorted.end(), distance) - sorted.begin();
}

// Largest number of impostors whose share does not exceed `level`.
int64_t MaxAccepted(double level, int64_t num_impostor) {
  const auto share = [&](int64_t k) {
    return static_cast<double>(k) / static_cast<double>(num_impostor);
  };
  int64_t k = static_cast<int64_t>(level * static_cast<double>(num_impostor));
  while (k > 0 && share(k) > level) --k;
  while (share(k + 1) <= level) ++k;
  return k;
}

// The operating point below the (accepted + 1)-th nearest impostor. Nullopt: the slice does not
// show it.
std::optional<OperatingPoint> FindLevel(const Slice& slice, double level,
                                        std::span<const float> genuine, int64_t num_impostor) {
  const int64_t accepted = MaxAccepted(level, num_impostor);
  size_t low = 0;
  size_t high = slice.values.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (slice.UpTo(middle) > accepted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low == slice.values.size() || slice.below > accepted) return std::nullopt;
  const float first_rejected = slice.values[low];
  const auto first = std::lower_bound(slice.values.begin(), slice.values.end(), first_rejected);
  if (first == slice.values.begin() && !slice.reaches_down) return std::nullopt;

  OperatingPoint point;
  point.max_fpr = level;
  const int64_t genuine_accepted = CountNearer(genuine, first_rejected);
  point.tpr = static_cast<double>(genuine_accepted) / static_cast<double>(genuine.size());
  point.fpr = static_cast<double>(slice.Nearer(first_rejected)) / static_cast<double>(num_impostor);
  if (first != slice.values.begin()) point.threshold = *(first - 1);
  if (genuine_accepted > 0) {
    const float nearest = genuine[static_cast<size_t>(genuine_accepted) - 1];
    point.threshold = point.threshold ? std::max(*point.threshold, nearest) : nearest;
  }
  return point;
}

struct EqualError {
  double rate = 0;
  float threshold = 0;
};

// Nullopt: the crossing is not, or not surely, inside the slice.
std::optional<EqualError> FindEqualError(const Slice& slice, std::span<const float> genuine,
                                         int64_t num_impostor) {
  const double num_genuine = static_cast<double>(genuine.size());
  const auto fpr = [&](int64_t impostors) {
    return static_cast<double>(impostors) / static_cast<double>(num_impostor);
  };
  const auto fnr = [&](int64_t accepted) {
    return 1 - static_cast<double>(accepted) / num_genuine;
  };
  if (slice.values.empty()) return std::nullopt;
  const float low = slice.values.front();
  const float high = slice.values.back();
  // Where FPR reaches 1 - TPR, over the impostor distances; the sign changes once.
  if (fpr(slice.UpTo(slice.values.size() - 1)) < fnr(CountAtMost(genuine, high)))
    return std::nullopt;
  if (!slice.reaches_down && fpr(slice.UpTo(0)) >= fnr(CountAtMost(genuine, low)))
    return std::nullopt;
  const auto crossed = [&](float t) {
    return fpr(slice.AtMost(t)) >= fnr(CountAtMost(genuine, t));
  };
  size_t first = 0;
  size_t last = slice.values.size() - 1;
  while (first < last) {
    const size_t middle = (first + last) / 2;
    if (crossed(slice.values[middle])) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  // A genuine distance between that impostor and the one before may cross earlier.
  const bool has_previous = first > 0;
  float at = slice.values[first];
  const auto genuine_begin =
      has_previous ? std::upper_bound(genuine.begin(), genuine.end(), slice.values[first - 1])
                   : genuine.begin();
  const auto genuine_end = std::lower_bound(genuine.begin(), genuine.end(), at);
  const auto crossing =
      std::partition_point(genuine_begin, genuine_end, [&](float t) { return !crossed(t); });
  if (crossing != genuine_end) at = *crossing;
  std::optional<float> before;  // the distance that occurs next below
  const auto genuine_before = std::lower_bound(genuine_begin, genuine_end, at);
  if (genuine_before != genuine_begin) {
    before = *(genuine_before - 1);
  } else if (has_previous) {
    before = slice.values[first - 1];
  }
  const auto gap = [&](float t) {
    return std::abs(fpr(slice.AtMost(t)) - fnr(CountAtMost(genuine, t)));
  };
  if (before && gap(*before) <= gap(at)) at = *before;
  return EqualError{(fpr(slice.AtMost(at)) + fnr(CountAtMost(genuine, at))) / 2, at};
}

// Counts of distances by the upper, then, for some of these, by the lower half of their bits.
class BitCounter {
 public:
  static constexpr uint32_t kBins = 1u << 16;

  void CountUpper(const VerificationCounter::Replay& replay) {
    tbb::enumerable_thread_specific<std::vector<int64_t>> counts(
        [] { return std::vector<int64_t>(kBins); });
    replay([&](const float* distances, int64_t count) {
      std::vector<int64_t>& local = counts.local();
      for (int64_t i = 0; i < count; ++i) {
        if (distances[i] != kUnreached) ++local[OrderedBits(distances[i]) >> 16];
      }
    });
    upper_.assign(kBins, 0);
    for (const auto& local : counts) {
      for (uint32_t b = 0; b < kBins; ++b) upper_[b] += local[b];
    }
  }

  // First upper half at which `reached(impostors up to its end, largest distance in it)` holds.
  template <typename Reached>
  uint32_t FindUpper(const Reached& reached) const {
    int64_t total = 0;
    for (uint32_t b = 0; b < kBins; ++b) {
      total += upper_[b];
      // The patterns beyond infinity are no numbers.
      const float largest = FromOrderedBits((b << 16) | 0xffffu);
      if (std::isnan(largest)) continue;
      if (reached(total, largest)) return b;
    }
    return kBins - 1;
  }

  void Want(uint32_t upper) {
    slots_.try_emplace(upper);
    if (const auto previous = PreviousFilled(upper)) slots_.try_emplace(*previous);
    if (const auto next = NextFilled(upper)) slots_.try_emplace(*next);
  }

  void CountLower(const VerificationCounter::Replay& replay) {
    std::vector<int16_t> slot_of(kBins, -1);
    int16_t next = 0;
    for (const auto& [upper, counts] : slots_) slot_of[upper] = next++;
    tbb::enumerable_thread_specific<std::vector<int64_t>> counts(
        [&] { return std::vector<int64_t>(slots_.size() * kBins); });
    replay([&](const float* distances, int64_t count) {
      std::vector<int64_t>& local = counts.local();
      for (int64_t i = 0; i < count; ++i) {
        if (distances[i] == kUnreached) continue;
        const uint32_t bits = OrderedBits(distances[i]);
        const int16_t slot = slot_of[bits >> 16];
        if (slot >= 0) ++local[static_cast<size_t>(slot) * kBins + (bits & 0xffffu)];
      }
    });
    size_t slot = 0;
    for (auto& [upper, merged] : slots_) {
      merged.assign(kBins, 0);
      for (const auto& local : counts) {
        for (uint32_t b = 0; b < kBins; ++b) merged[b] += local[slot * kBins + b];
      }
      ++slot;
    }
  }

  // From the filled upper half before `upper` to the one after it.
  Slice SliceAround(uint32_t upper) const {
    Slice slice;
    const auto previous = PreviousFilled(upper);
    const uint32_t first = previous.value_or(upper);
    for (uint32_t b = 0; b < first; ++b) slice.below += upper_[b];
    slice.reaches_down = slice.below == 0;
    int64_t total = slice.below;
    const uint32_t last = NextFilled(upper).value_or(upper);
    for (auto it = slots_.find(first); it != slots_.end() && it->first <= last; ++it) {
      for (uint32_t b = 0; b < kBins; ++b) {
        if (it->second[b] == 0) continue;
        total += it->second[b];
        slice.values.push_back(FromOrderedBits((it->first << 16) | b));
        slice.up_to.push_back(total);
      }
    }
    return slice;
  }

 private:
  std::optional<uint32_t> PreviousFilled(uint32_t upper) const {
    while (upper > 0) {
      if (upper_[--upper] > 0) return upper;
    }
    return std::nullopt;
  }
  std::optional<uint32_t> NextFilled(uint32_t upper) const {
    while (++upper < kBins) {
      if (upper_[upper] > 0) return upper;
    }
    return std::nullopt;
  }

  std::vector<int64_t> upper_;
  std::map<uint32_t, std::vector<int64_t>> slots_;
};

// Which of the evenly spaced thresholds a distance belongs to: the first that accepts it.
struct Grid {
  explicit Grid(const VerificationPlan& plan) : low(plan.grid_low) {
    const float width = plan.grid_high - plan.grid_low;
    if (width > 0 && std::isfinite(width)) scale = static_cast<float>(kGridPoints) / width;
    if (!std::isfinite(scale)) scale = 0;
  }
  REIDBENCH_ALWAYS_INLINE int Bin(float distance) const {
    const float at = (distance - low) * scale;
    const float above = at > 0 ? at : 0;
    return static_cast<int>(above < kGridPoints - 1 ? above : kGridPoints - 1);
  }
  // Largest distance of bin `bin`, which is not the last.
  float Threshold(int bin) const {
    uint32_t first = OrderedBits(-std::numeric_limits<float>::max());
    uint32_t last = OrderedBits(std::numeric_limits<float>::max());
    while (first < last) {
      const uint32_t middle = first + (last - first + 1) / 2;
      if (Bin(FromOrderedBits(middle)) <= bin) {
        first = middle;
      } else {
        last = middle - 1;
      }
    }
    return FromOrderedBits(first);
  }
  float low = 0;
  float scale = 0;
};

double StandardError(const std::vector<double>& shares) {
  const double n = static_cast<double>(shares.size());
  if (n < 2) return 1;
  double mean = 0;
  for (const double s : shares) mean += s / n;
  double squares = 0;
  for (const double s : shares) squares += (s - mean) * (s - mean);
  return std::sqrt(squares / (n - 1) / n);
}

// Standard error of the share of sampled impostors at most `t` away: rows and columns are both
// drawn, in clusters.
double ShareError(std::span<const float> sample, int64_t columns, float t) {
  const int64_t rows = static_cast<int64_t>(sample.size()) / columns;
  std::vector<double> row_share(static_cast<size_t>(rows));
  std::vector<double> column_count(static_cast<size_t>(columns));
  for (int64_t r = 0; r < rows; ++r) {
    int64_t accepted = 0;
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t hit = sample[static_cast<size_t>(r * columns + c)] <= t;
      accepted += hit;
      column_count[static_cast<size_t>(c)] += static_cast<double>(hit);
    }
    row_share[static_cast<size_t>(r)] =
        static_cast<double>(accepted) / static_cast<double>(columns);
  }
  for (double& c : column_count) c /= static_cast<double>(rows);
  return std::hypot(StandardError(row_share), StandardError(column_count));
}

}  // namespace

void SortFloats(std::vector<float>* values) {
  if (values->size() < 4096) {
    std::sort(values->begin(), values->end());
    return;
  }
  constexpr int kBits = 11;
  constexpr uint32_t kBuckets = 1u << kBits;
  std::array<std::vector<size_t>, 3> starts;
  for (auto& s : starts) s.assign(kBuckets, 0);
  for (const float v : *values) {
    const uint32_t bits = OrderedBits(v);
    for (uint32_t pass = 0; pass < 3; ++pass)
      ++starts[pass][(bits >> (pass * kBits)) & (kBuckets - 1)];
  }
  std::vector<float> other(values->size());
  for (uint32_t pass = 0; pass < 3; ++pass) {
    size_t total = 0;
    for (size_t& s : starts[pass]) total += std::exchange(s, total);
    for (const float v : *values) {
      other[starts[pass][(OrderedBits(v) >> (pass * kBits)) & (kBuckets - 1)]++] = v;
    }
    values->swap(other);
  }
}

VerificationPlan PlanVerification(std::span<const float> sample, int64_t columns,
                                  std::span<const float> genuine, double genuine_error,
                                  int64_t num_impostor, int64_t max_kept) {
  VerificationPlan plan;
  std::vector<float> impostors;
  impostors.reserve(sample.size());
  for (const float d : sample) {
    if (d != kUnreached) impostors.push_back(d);
  }
  plan.keep_up_to = -kUnreached;
  if (impostors.empty()) return plan;
  SortFloats(&impostors);
  const double n = static_cast<double>(impostors.size());
  const auto at_share = [&](double share) {
    const int64_t at = std::clamp<int64_t>(static_cast<int64_t>(share * n), 0,
                                           static_cast<int64_t>(impostors.size()) - 1);
    return impostors[static_cast<size_t>(at)];
  };
  plan.grid_low = impostors.front();
  plan.grid_high = impostors.back();
  if (!genuine.empty()) {
    plan.grid_low = std::min(plan.grid_low, genuine.front());
    plan.grid_high = std::max(plan.grid_high, genuine.back());
  }
  // A few sampled pairs more, for when the sample is too small to know its own error.
  const auto margin = [&](float t) {
    return kBracketErrors * ShareError(sample, columns, t) + 16 / n;
  };
  const double keep_share = kHighestLevel + margin(at_share(kHighestLevel));
  plan.keep_up_to = at_share(keep_share);
  if (genuine.empty()) return plan;

  const auto fnr = [&](float t) {
    return 1 - static_cast<double>(CountAtMost(genuine, t)) / static_cast<double>(genuine.size());
  };
  // First sampled distance at which FPR + shift reaches 1 - TPR.
  const auto crossing = [&](double shift) {
    return static_cast<size_t>(
        std::partition_point(impostors.begin(), impostors.end(),
                             [&](const float& d) {
                               return static_cast<double>(&d - impostors.data() + 1) / n + shift <
                                      fnr(d);
                             }) -
        impostors.begin());
  };
  const size_t middle = std::min(crossing(0), impostors.size() - 1);
  const double shift = margin(impostors[middle]) + kBracketErrors * genuine_error;
  const size_t low = crossing(shift);
  const size_t high = std::min(crossing(-shift), impostors.size() - 1);
  if (low > high) return plan;
  // Too wide a bracket is left out: the replay then finds the rate.
  if (static_cast<double>(high - low + 1) / n * static_cast<double>(num_impostor) >
      static_cast<double>(max_kept))
    return plan;
  plan.eer_low = low == 0 ? -std::numeric_limits<float>::max() : impostors[low];
  plan.eer_high = impostors[high];
  return plan;
}

struct VerificationCounter::Worker {
  DistanceLog nearest;
  DistanceLog around_eer;
  int64_t below_eer = 0;
  std::array<std::array<int64_t, kGridPoints>, 4> grid{};
};

VerificationCounter::VerificationCounter(const VerificationPlan& plan)
    : plan_(plan), workers_([] { return std::make_unique<Worker>(); }) {}
VerificationCounter::~VerificationCounter() = default;

void VerificationCounter::Count(const float* distances, int64_t count) {
  REIDBENCH_CHECK(count <= kMaxRow);
  Worker& worker = *workers_.local();
  if (plan_.KeepsEverything()) {
    worker.nearest.Append(distances, count, -kUnreached, std::numeric_limits<float>::max());
    return;
  }
  struct Counts {
    int32_t near = 0, below = 0, around = 0;
  };
  int32_t bins[kMaxRow];
  const Counts counts = ForActiveIsa(
      [=, plan = plan_, grid = Grid(plan_), bins = &bins[0]]() REIDBENCH_ALWAYS_INLINE {
        Counts c;
        for (int64_t i = 0; i < count; ++i)
          c.near |= static_cast<int32_t>(distances[i] <= plan.keep_up_to);
        if (plan.eer_low <= plan.eer_high) {
          for (int64_t i = 0; i < count; ++i) {
            c.below += distances[i] < plan.eer_low;
            c.around += distances[i] <= plan.eer_high;
          }
        }
        for (int64_t i = 0; i < count; ++i) bins[i] = grid.Bin(distances[i]);
        return c;
      });
  if (counts.near != 0) worker.nearest.Append(distances, count, -kUnreached, plan_.keep_up_to);
  worker.below_eer += counts.below;
  if (counts.around > counts.below)
    worker.around_eer.Append(distances, count, plan_.eer_low, plan_.eer_high);
  // Four tables, because equal bins in a row would wait for each other. Infinity falls into the
  // last bin, which is not read.
  for (int64_t i = 0; i < count; ++i)
    ++worker.grid[static_cast<size_t>(i) % 4][static_cast<size_t>(bins[i])];
}

VerificationResult VerificationCounter::Finish(std::span<const float> genuine,
                                               const ImpostorTotals& impostors,
                                               const Replay& replay) {
  VerificationResult result;
  result.num_genuine = static_cast<int64_t>(genuine.size());
  result.num_impostor = impostors.count;
  result.fpr_levels.assign(kFprLevels.begin(), kFprLevels.end());
  result.tpr_at_fpr.assign(kFprLevels.size(), std::nullopt);
  if (genuine.empty() || impostors.count == 0) return result;

  Slice nearest;
  Slice around;
  nearest.reaches_down = true;
  std::array<int64_t, kGridPoints> grid_counts{};
  int64_t near_size = 0;
  int64_t around_size = 0;
  for (const auto& worker : workers_) {
    near_size += worker->nearest.size();
    around_size += worker->around_eer.size();
    around.below += worker->below_eer;
    for (const auto& table : worker->grid) {
      for (size_t b = 0; b < kGridPoints; ++b) grid_counts[b] += table[b];
    }
  }
  nearest.values.reserve(static_cast<size_t>(near_size));
  around.values.reserve(static_cast<size_t>(around_size));
  for (const auto& worker : workers_) {
    worker->nearest.MoveTo(&nearest.values);
    worker->around_eer.MoveTo(&around.values);
  }
  workers_.clear();
  SortFloats(&nearest.values);
  SortFloats(&around.values);
  around.reaches_down = around.below == 0;
  const bool everything = plan_.KeepsEverything();

  BitCounter bits;
  std::array<uint32_t, kFprLevels.size()> level_upper{};
  uint32_t eer_upper = 0;
  bool need_bits = false;
  std::optional<EqualError> equal_error =
      FindEqualError(everything ? nearest : around, genuine, impostors.count);
  for (size_t l = 0; l < kFprLevels.size(); ++l) {
    if (MaxAccepted(kFprLevels[l], impostors.count) < 1) continue;
    result.tpr_at_fpr[l] = FindLevel(nearest, kFprLevels[l], genuine, impostors.count);
    need_bits |= !result.tpr_at_fpr[l];
  }
  need_bits |= !equal_error;
  if (need_bits) {
    replayed_ = true;
    bits.CountUpper(replay);
    for (size_t l = 0; l < kFprLevels.size(); ++l) {
      const int64_t accepted = MaxAccepted(kFprLevels[l], impostors.count);
      level_upper[l] = bits.FindUpper([&](int64_t up_to, float) { return up_to > accepted; });
      bits.Want(level_upper[l]);
    }
    eer_upper = bits.FindUpper([&](int64_t up_to, float largest) {
      return static_cast<double>(up_to) / static_cast<double>(impostors.count) >=
             1 - static_cast<double>(CountAtMost(genuine, largest)) /
                     static_cast<double>(genuine.size());
    });
    bits.Want(eer_upper);
    bits.CountLower(replay);
    for (size_t l = 0; l < kFprLevels.size(); ++l) {
      if (MaxAccepted(kFprLevels[l], impostors.count) < 1) continue;
      result.tpr_at_fpr[l] =
          FindLevel(bits.SliceAround(level_upper[l]), kFprLevels[l], genuine, impostors.count);
      REIDBENCH_CHECK(result.tpr_at_fpr[l].has_value());
    }
    equal_error = FindEqualError(bits.SliceAround(eer_upper), genuine, impostors.count);
    REIDBENCH_CHECK(equal_error.has_value());
  }
  result.eer = equal_error->rate;
  result.eer_threshold = equal_error->threshold;
  for (const auto& point : result.tpr_at_fpr) {
    if (point && point->max_fpr == kRecommendedLevel && point->threshold)
      result.recommended = point;
  }

  // d': means and variances, impostor variance from sums.
  const double num_genuine = static_cast<double>(genuine.size());
  const double num_impostor = static_cast<double>(impostors.count);
  double genuine_mean = 0;
  for (const float d : genuine) genuine_mean += d;
  genuine_mean /= num_genuine;
  double genuine_variance = 0;
  for (const float d : genuine) genuine_variance += (d - genuine_mean) * (d - genuine_mean);
  genuine_variance /= num_genuine;
  const double impostor_mean = impostors.sum / num_impostor;
  const double impostor_variance =
      std::max(0.0, impostors.sum_of_squares / num_impostor - impostor_mean * impostor_mean);
  const double spread = std::sqrt((genuine_variance + impostor_variance) / 2);
  if (spread > 0) result.d_prime = std::abs(impostor_mean - genuine_mean) / spread;

  // The curve: log-spaced up to the highest level from the nearest impostors, then the grid.
  const auto add_point = [&](float threshold, int64_t accepted) {
    const double fpr = static_cast<double>(accepted) / num_impostor;
    const double tpr = static_cast<double>(CountAtMost(genuine, threshold)) / num_genuine;
    if (!result.roc.empty() && fpr <= result.roc.back().fpr && tpr <= result.roc.back().tpr) return;
    if (!result.roc.empty() && threshold <= result.roc.back().threshold) return;
    result.roc.push_back({fpr, tpr, threshold});
  };
  if (!nearest.values.empty()) {
    const double top =
        std::min(kHighestLevel * num_impostor, static_cast<double>(nearest.values.size()));
    int64_t previous = 0;
    for (int i = 0; i <= kRocPointsBelow && top >= 1; ++i) {
      const int64_t rank =
          static_cast<int64_t>(std::pow(top, static_cast<double>(i) / kRocPointsBelow));
      if (rank <= previous) continue;
      const float t = nearest.values[static_cast<size_t>(rank) - 1];
      const int64_t accepted = nearest.AtMost(t);
      previous = accepted;
      add_point(t, accepted);
    }
  }
  if (everything) {
    const float low = std::min(genuine.front(), nearest.values.front());
    const float high = std::max(genuine.back(), nearest.values.back());
    for (int i = 1; i <= kGridPoints; ++i) {
      const float t =
          i == kGridPoints ? high : low + (high - low) * static_cast<float>(i) / kGridPoints;
      add_point(t, nearest.AtMost(t));
    }
  } else {
    const Grid grid(plan_);
    int64_t accepted = 0;
    for (int b = 0; b + 1 < kGridPoints && grid.scale > 0; ++b) {
      accepted += grid_counts[static_cast<size_t>(b)];
      add_point(grid.Threshold(b), accepted);
    }
  }
  return result;
}

}  // namespace reidbench
