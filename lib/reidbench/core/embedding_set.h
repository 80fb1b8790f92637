// Embeddings as matrices and the parts of a data set they belong to. Exchanged by features, models,
// retrieval and relinking; the labels of the rows are FeatureLabels (features/feature_store.h).
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/core/ids.h"

namespace reidbench {

// One embedding a row, so that a row is contiguous: [n x d].
using FeatureMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
// A view of consecutive rows of a FeatureMatrix or of foreign row-major storage.
using FeatureView = Eigen::Map<const FeatureMatrix>;

inline FeatureView ViewOf(const FeatureMatrix& m) {
  return FeatureView(m.data(), m.rows(), m.cols());
}
// Rows [begin, begin + count).
inline FeatureView ViewOf(const FeatureMatrix& m, int64_t begin, int64_t count) {
  return FeatureView(m.data() + begin * m.cols(), count, m.cols());
}

// Part of a re-ID data set that an image belongs to. Numbers are those of `/split` in a feature
// file: do not renumber.
enum class Split : uint8_t { kTrain = 0, kVal = 1, kQuery = 2, kGallery = 3, kNone = 4 };

std::string_view SplitName(Split split);  // "train", "val", "query", "gallery", "none"
std::optional<Split> ParseSplit(std::string_view name);

}  // namespace reidbench
