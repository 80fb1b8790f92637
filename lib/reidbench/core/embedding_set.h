// Embeddings as matrices and the parts of a data set they belong to. Exchanged by features, models,
// retrieval and relinking; the labels of the rows are FeatureLabels (features/feature_store.h).
// Their layout depends neither on compiler flags nor on another library; code that calculates takes
// an Eigen view of them (core/eigen_views.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/core/ids.h"

namespace reidbench {

// Memory that begins on a line of the cache: vector loads do not cross lines, and sums over it run
// in the same order wherever it was allocated.
template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, size_t) { ::operator delete(p, kLine); }
  bool operator==(const LineAllocator&) const { return true; }
};
using AlignedFloats = std::vector<float, LineAllocator<float>>;

// A view of consecutive rows of a FeatureMatrix or of foreign row-major storage, which must outlive
// it.
class FeatureView {
 public:
  FeatureView() = default;
  FeatureView(const float* data, int64_t rows, int64_t cols)
      : data_(data), rows_(rows), cols_(cols) {}

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  const float* data() const { return data_; }
  float operator()(int64_t row, int64_t col) const { return data_[row * cols_ + col]; }
  std::span<const float> row(int64_t i) const {
    return {data_ + i * cols_, static_cast<size_t>(cols_)};
  }

 private:
  const float* data_ = nullptr;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
};

// One embedding a row, so that a row is contiguous: [n x d].
class FeatureMatrix {
 public:
  FeatureMatrix() = default;
  // Of zeros.
  FeatureMatrix(int64_t rows, int64_t cols)
      : rows_(rows), cols_(cols), values_(static_cast<size_t>(rows * cols)) {}

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  int64_t size() const { return rows_ * cols_; }
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  float& operator()(int64_t row, int64_t col) { return data()[row * cols_ + col]; }
  float operator()(int64_t row, int64_t col) const { return data()[row * cols_ + col]; }
  std::span<float> row(int64_t i) { return {data() + i * cols_, static_cast<size_t>(cols_)}; }
  std::span<const float> row(int64_t i) const {
    return {data() + i * cols_, static_cast<size_t>(cols_)};
  }
  friend bool operator==(const FeatureMatrix&, const FeatureMatrix&) = default;

 private:
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  AlignedFloats values_;
};

inline FeatureView ViewOf(const FeatureMatrix& m) { return {m.data(), m.rows(), m.cols()}; }

// Part of a re-ID data set that an image belongs to. Numbers are those of `/split` in a feature
// file: do not renumber.
enum class Split : uint8_t { kTrain = 0, kVal = 1, kQuery = 2, kGallery = 3, kNone = 4 };

std::string_view SplitName(Split split);  // "train", "val", "query", "gallery", "none"
std::optional<Split> ParseSplit(std::string_view name);

}  // namespace reidbench
