// Features as Python people save them: numpy's .npy (rows x dimensions, or deep_sort's form) and
// .npz (arrays with the names of a feature file's datasets). README.md says which. Formats: NEP 1.
// Private to lib/reidbench/features.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reidbench/features/feature_content.h"

namespace reidbench {

class NumpyFeatures {
 public:
  // The whole content of a .npy or .npz file. Throws Error(kInput) or Error(kModel, of the archive)
  // naming the file and the array.
  NumpyFeatures(std::vector<uint8_t> bytes, const std::string& name);
  ~NumpyFeatures();

  FeatureContent& content();
  void ReadRows(int64_t begin, int64_t count, float* out) const;
  // What to do for labels that the file lacks: lines of Python.
  const std::string& how_to_label() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What a file is that is no HDF5, .npy or .npz by its first bytes, and how to convert it; empty
// where nothing is recognised.
std::string DescribeForeignFeatures(std::span<const uint8_t> head, const std::string& name);

}  // namespace reidbench
