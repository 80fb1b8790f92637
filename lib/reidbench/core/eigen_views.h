// Eigen's view of embeddings, and its matrices, for code that calculates with them. What Eigen owns
// stays inside a program: its layout follows from the flags it is compiled with.
#pragma once

#include <Eigen/Core>

#include "reidbench/core/embedding_set.h"

namespace reidbench {

using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Eigen::Map<const RowMatrix> AsEigen(FeatureView view) {
  return {view.data(), view.rows(), view.cols()};
}
inline Eigen::Map<const RowMatrix> AsEigen(const FeatureMatrix& m) { return AsEigen(ViewOf(m)); }
inline Eigen::Map<RowMatrix> AsEigen(FeatureMatrix& m) { return {m.data(), m.rows(), m.cols()}; }

inline Eigen::Map<const Eigen::RowVectorXf> EigenRow(FeatureView view, int64_t row) {
  return {view.row(row).data(), view.cols()};
}
inline Eigen::Map<const Eigen::RowVectorXf> EigenRow(const FeatureMatrix& m, int64_t row) {
  return EigenRow(ViewOf(m), row);
}

inline FeatureView ViewOf(const RowMatrix& m) { return {m.data(), m.rows(), m.cols()}; }
// Rows [begin, begin + count).
inline FeatureView ViewOf(const RowMatrix& m, int64_t begin, int64_t count) {
  return {m.data() + begin * m.cols(), count, m.cols()};
}

}  // namespace reidbench
