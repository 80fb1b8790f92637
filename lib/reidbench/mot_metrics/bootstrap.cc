#include "reidbench/mot_metrics/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

// Streams of the seed: resample r of the bootstrap uses 2r, permutation r uses 2r + 1.
Rng BootstrapStream(uint64_t seed, int64_t r) { return Rng(seed, static_cast<uint64_t>(2 * r)); }
Rng PermutationStream(uint64_t seed, int64_t r) {
  return Rng(seed, static_cast<uint64_t>(2 * r + 1));
}

std::vector<double> Values(const MotCounts& sum, const std::vector<std::string>& fields) {
  const std::vector<MotFamily> families = ListFields(Summarize(sum));
  std::vector<double> values;
  for (const std::string& name : fields) {
    for (const MotFamily& family : families) {
      for (const MotField& field : family.fields) {
        if (field.name == name) values.push_back(field.value.value_or(std::nan("")));
      }
    }
  }
  return values;
}

void CheckFields(const std::vector<std::string>& fields) {
  const MotSummary empty = Summarize(MotCounts());
  for (const std::string& field : fields) FieldValue(empty, field);  // throws for an unknown one
}

void CheckOptions(const MotBootstrapOptions& options) {
  const std::vector<std::string> violations = options.Validate();
  if (!violations.empty()) ThrowUsage("bootstrap: {}", JoinText(violations, "; "));
  CheckFields(options.fields);
}

// Linear interpolation between order statistics; nullopt when a resample had no value.
std::optional<double> Quantile(std::vector<double> values, double q) {
  if (values.empty() ||
      std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) {
    return std::nullopt;
  }
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

// column f of rows [resamples][fields].
std::vector<double> Column(const std::vector<std::vector<double>>& rows, size_t f) {
  std::vector<double> column;
  column.reserve(rows.size());
  for (const std::vector<double>& row : rows) column.push_back(row[f]);
  return column;
}

std::vector<double> Differences(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = b[i] - a[i];
  return difference;
}

}  // namespace

std::vector<std::string> MotBootstrapOptions::Validate() const {
  std::vector<std::string> violations;
  if (resamples != 0 && resamples < 100) {
    violations.push_back(fmt::format("resamples: expected 0 or at least 100, found {}", resamples));
  }
  if (!(confidence > 0 && confidence < 1)) {
    violations.push_back(fmt::format("confidence: expected between 0 and 1, found {}", confidence));
  }
  return violations;
}

std::vector<MotInterval> BootstrapScores(std::span<const MotCounts> units,
                                         const MotBootstrapOptions& options) {
  CheckOptions(options);
  const std::vector<double> values = Values(Combine(units), options.fields);
  std::vector<MotInterval> out(options.fields.size());
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].field = options.fields[f];
    out[f].value = values[f];
  }
  if (options.resamples == 0 || units.size() < 2) return out;
  std::vector<std::vector<double>> resampled(options.resamples);
  ParallelFor(options.resamples, [&](int64_t r) {
    Rng rng = BootstrapStream(options.seed, r);
    MotCounts sum;
    for (size_t k = 0; k < units.size(); ++k) sum += units[rng.Below(units.size())];
    resampled[r] = Values(sum, options.fields);
  });
  const double tail = (1 - options.confidence) / 2;
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].low = Quantile(Column(resampled, f), tail);
    out[f].high = Quantile(Column(resampled, f), 1 - tail);
  }
  return out;
}

std::vector<MotDifference> CompareScores(std::span<const MotCounts> units_a,
                                         std::span<const MotCounts> units_b,
                                         const MotBootstrapOptions& options) {
  CheckOptions(options);
  if (units_a.size() != units_b.size()) {
    ThrowInput("expected the same sequences for both trackers, found {} and {} units",
               units_a.size(), units_b.size());
  }
  const size_t n = units_a.size();
  const std::vector<double> values_a = Values(Combine(units_a), options.fields);
  const std::vector<double> values_b = Values(Combine(units_b), options.fields);
  std::vector<MotDifference> out(options.fields.size());
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].field = options.fields[f];
    out[f].value_a = values_a[f];
    out[f].value_b = values_b[f];
    out[f].difference = values_b[f] - values_a[f];
  }
  if (options.resamples == 0 || n < 2) return out;

  std::vector<std::vector<double>> resampled(options.resamples);
  ParallelFor(options.resamples, [&](int64_t r) {
    Rng rng = BootstrapStream(options.seed, r);
    MotCounts a, b;
    for (size_t k = 0; k < n; ++k) {
      const size_t unit = rng.Below(n);
      a += units_a[unit];
      b += units_b[unit];
    }
    resampled[r] = Differences(Values(a, options.fields), Values(b, options.fields));
  });

  const bool exact = n < 31 && (int64_t{1} << n) <= options.resamples;
  const int64_t permutations = exact ? int64_t{1} << n : options.resamples;
  std::vector<std::vector<double>> permuted(permutations);
  ParallelFor(permutations, [&](int64_t r) {
    Rng rng = PermutationStream(options.seed, r);
    MotCounts a, b;
    for (size_t k = 0; k < n; ++k) {
      const bool swap = exact ? ((r >> k) & 1) != 0 : rng.Below(2) != 0;
      a += swap ? units_b[k] : units_a[k];
      b += swap ? units_a[k] : units_b[k];
    }
    permuted[r] = Differences(Values(a, options.fields), Values(b, options.fields));
  });

  const double tail = (1 - options.confidence) / 2;
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].low = Quantile(Column(resampled, f), tail);
    out[f].high = Quantile(Column(resampled, f), 1 - tail);
    if (std::isnan(out[f].difference)) continue;
    // Sums in another order round differently: the observed arrangement must count itself.
    const double least = std::abs(out[f].difference) - 1e-12;
    const int64_t as_large =
        std::count_if(permuted.begin(), permuted.end(),
                      [&](const std::vector<double>& row) { return std::abs(row[f]) >= least; });
    out[f].p_value =
        exact ? static_cast<double>(as_large) / static_cast<double>(permutations)
              : static_cast<double>(1 + as_large) / static_cast<double>(1 + permutations);
  }
  return out;
}

}  // namespace reidbench
