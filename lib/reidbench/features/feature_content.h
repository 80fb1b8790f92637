// What a feature file holds, whatever its format: labels are read the same way from HDF5 and from
// numpy's archives. Private to lib/reidbench/features.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/features/feature_store.h"

namespace reidbench {

inline constexpr const char* kFeatureSchema = "reidbench.features";
inline constexpr std::array<Split, 5> kFeatureSplits = {Split::kTrain, Split::kVal, Split::kQuery,
                                                        Split::kGallery, Split::kNone};
inline constexpr int64_t kMaxFeatureDim = 1 << 20;

struct FeatureContent {
  int64_t rows = 0;
  int dim = 0;
  FeatureType type = FeatureType::kFloat32;
  // Where the rows lie in the file, one after the other, little-endian, of `type`; none where they
  // are packed or of another type.
  std::optional<uint64_t> payload;
  FeatureProvenance provenance;
  FeatureLabels labels;
  std::vector<std::string> skipped;

  uint64_t payload_bytes() const {
    return static_cast<uint64_t>(rows) * static_cast<uint64_t>(dim) *
           (type == FeatureType::kFloat16 ? 2 : 4);
  }
};

// Named columns: datasets of HDF5, arrays of an archive. All throw Error(kInput).
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;
  virtual std::string Name(std::string_view column) const = 0;  // "dataset /split", for messages
  virtual bool Has(const char* column) const = 0;
  virtual bool IsText(const char* column) const = 0;
  virtual std::vector<int64_t> Integers(const char* column, uint64_t rows) const = 0;
  virtual std::vector<std::string> Strings(const char* column, uint64_t rows) const = 0;
  virtual std::vector<double> Doubles(const char* column, uint64_t rows,
                                      uint64_t columns) const = 0;
};

// The labels of content->rows rows. Without any label nothing is set, unless they are `required`.
// Throws Error(kInput) beginning with `file`.
void LoadLabels(const ColumnSource& source, const std::string& file, bool required,
                FeatureContent* content);

}  // namespace reidbench
