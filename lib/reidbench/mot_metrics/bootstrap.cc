#include "reidbench/mot_metrics/bootstrap.h"

#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/mot_metrics/fields.h"

namespace reidbench {
namespace {

std::vector<double> Values(const MotCounts& sum, const std::vector<std::string>& fields) {
  const MotSummary summary = Summarize(sum);
  std::vector<double> values;
  for (const std::string& name : fields)
    values.push_back(FieldValue(summary, name).value_or(std::nan("")));
  return values;
}

void CheckOptions(const MotBootstrapOptions& options) {
  const std::vector<std::string> violations = options.Validate();
  if (!violations.empty()) ThrowUsage("bootstrap: {}", JoinText(violations, "; "));
  for (const std::string& field : options.fields) FindMotField(field);  // throws for an unknown one
}

// Of a MotInterval or MotDifference.
template <typename Row>
void SetInterval(const ResampledValues& resampled, size_t value, const BootstrapOptions& options,
                 Row* row) {
  const auto interval = PercentileInterval(resampled, value, options.confidence);
  if (!interval) return;  // some resample has no value
  row->low = interval->low;
  row->high = interval->high;
}

struct UnitsView {
  UnitsView(std::span<const MotCounts> units_a, std::span<const MotCounts> units_b)
      : a(units_a), b(units_b) {}
  std::span<const MotCounts> a, b;
};

// Of each field the means over the pairs. `add_units(pair, &a, &b)` adds up the units that take
// part.
struct MeanValues {
  std::vector<double> a, b;

  std::vector<double> Differences() const {
    std::vector<double> difference(a.size());
    for (size_t i = 0; i < a.size(); ++i) difference[i] = b[i] - a[i];
    return difference;
  }
};
template <typename AddUnits>
MeanValues MeansOf(std::span<const UnitsView> pairs, const std::vector<std::string>& fields,
                   const AddUnits& add_units) {
  MeanValues means{std::vector<double>(fields.size()), std::vector<double>(fields.size())};
  for (const UnitsView& pair : pairs) {
    MotCounts a, b;
    add_units(pair, &a, &b);
    const std::vector<double> values_a = Values(a, fields), values_b = Values(b, fields);
    for (size_t f = 0; f < fields.size(); ++f) {
      means.a[f] += values_a[f] / static_cast<double>(pairs.size());
      means.b[f] += values_b[f] / static_cast<double>(pairs.size());
    }
  }
  return means;
}

std::vector<MotDifference> CompareMeans(std::span<const UnitsView> pairs,
                                        const MotBootstrapOptions& options) {
  CheckOptions(options);
  const size_t n = pairs.empty() ? 0 : pairs.front().a.size();
  for (const UnitsView& pair : pairs) {
    if (pair.a.size() != n || pair.b.size() != n) {
      ThrowInput("expected the same sequences for all trackers, found {} and {} units", n,
                 pair.a.size() != n ? pair.a.size() : pair.b.size());
    }
  }
  const auto means = [&](const auto& add_units) {
    return MeansOf(pairs, options.fields, add_units);
  };
  const MeanValues values = means([](const UnitsView& pair, MotCounts* a, MotCounts* b) {
    *a = Combine(pair.a);
    *b = Combine(pair.b);
  });
  const std::vector<double> differences = values.Differences();
  std::vector<MotDifference> out(options.fields.size());
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].field = options.fields[f];
    out[f].value_a = values.a[f];
    out[f].value_b = values.b[f];
    out[f].difference = differences[f];
  }
  if (options.resamples == 0 || n < 2) return out;

  const ResampledValues resampled =
      Bootstrap(n, options, Drawing::kInterleavedStreams, [&](std::span<const size_t> drawn) {
        return means([&](const UnitsView& pair, MotCounts* a, MotCounts* b) {
                 for (const size_t unit : drawn) {
                   *a += pair.a[unit];
                   *b += pair.b[unit];
                 }
               })
            .Differences();
      });
  const Permutations permuted =
      Permute(n, options, Drawing::kInterleavedStreams, /*exact_if_few=*/true,
              [&](std::span<const uint8_t> swapped) {
                return means([&](const UnitsView& pair, MotCounts* a, MotCounts* b) {
                         for (size_t k = 0; k < n; ++k) {
                           *a += swapped[k] != 0 ? pair.b[k] : pair.a[k];
                           *b += swapped[k] != 0 ? pair.a[k] : pair.b[k];
                         }
                       })
                    .Differences();
              });
  for (size_t f = 0; f < out.size(); ++f) {
    SetInterval(resampled, f, options, &out[f]);
    if (!std::isnan(out[f].difference))
      out[f].p_value = permuted.PValue(f, out[f].difference, 1e-12);
  }
  return out;
}

}  // namespace

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
  const ResampledValues resampled = Bootstrap(units.size(), options, Drawing::kInterleavedStreams,
                                              [&](std::span<const size_t> drawn) {
                                                MotCounts sum;
                                                for (const size_t unit : drawn) sum += units[unit];
                                                return Values(sum, options.fields);
                                              });
  for (size_t f = 0; f < out.size(); ++f) SetInterval(resampled, f, options, &out[f]);
  return out;
}

std::vector<MotDifference> CompareScores(std::span<const MotCounts> units_a,
                                         std::span<const MotCounts> units_b,
                                         const MotBootstrapOptions& options) {
  const UnitsView pair(units_a, units_b);
  return CompareMeans({&pair, 1}, options);
}

std::vector<MotDifference> CompareMeanScores(std::span<const PairedUnits> pairs,
                                             const MotBootstrapOptions& options) {
  std::vector<UnitsView> views;
  for (const PairedUnits& units : pairs) views.emplace_back(units.a, units.b);
  return CompareMeans(views, options);
}

}  // namespace reidbench
