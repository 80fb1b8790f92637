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

std::vector<double> Differences(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = b[i] - a[i];
  return difference;
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

  const ResampledValues resampled =
      Bootstrap(n, options, Drawing::kInterleavedStreams, [&](std::span<const size_t> drawn) {
        MotCounts a, b;
        for (const size_t unit : drawn) {
          a += units_a[unit];
          b += units_b[unit];
        }
        return Differences(Values(a, options.fields), Values(b, options.fields));
      });
  const Permutations permuted =
      Permute(n, options, Drawing::kInterleavedStreams, /*exact_if_few=*/true,
              [&](std::span<const uint8_t> swapped) {
                MotCounts a, b;
                for (size_t k = 0; k < n; ++k) {
                  a += swapped[k] != 0 ? units_b[k] : units_a[k];
                  b += swapped[k] != 0 ? units_a[k] : units_b[k];
                }
                return Differences(Values(a, options.fields), Values(b, options.fields));
              });
  for (size_t f = 0; f < out.size(); ++f) {
    SetInterval(resampled, f, options, &out[f]);
    if (!std::isnan(out[f].difference))
      out[f].p_value = permuted.PValue(f, out[f].difference, 1e-12);
  }
  return out;
}

}  // namespace reidbench
