// Reads the golden answers of tests/golden/{ranking,rerank}: HDF5 with the plain C library, so that
// the tests do not depend on the feature store.
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/ids.h"
#include "reidbench/retrieval/ranking.h"

namespace reidbench {

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& relative)
      : file_(H5Fopen((std::string(REIDBENCH_TEST_DATA "/") + relative).c_str(), H5F_ACC_RDONLY,
                      H5P_DEFAULT)) {
    if (file_ < 0) throw std::runtime_error("cannot open golden file " + relative);
  }
  ~GoldenFile() { H5Fclose(file_); }
  GoldenFile(const GoldenFile&) = delete;
  GoldenFile& operator=(const GoldenFile&) = delete;

  FeatureMatrix Matrix(const std::string& name) const {
    std::vector<hsize_t> shape;
    std::vector<float> values = Read<float>(name, H5T_NATIVE_FLOAT, &shape);
    FeatureMatrix matrix(static_cast<int64_t>(shape.at(0)), static_cast<int64_t>(shape.at(1)));
    std::copy(values.begin(), values.end(), matrix.data());
    return matrix;
  }
  std::vector<double> Doubles(const std::string& name) const {
    return Read<double>(name, H5T_NATIVE_DOUBLE, nullptr);
  }
  std::vector<int64_t> Ints(const std::string& name) const {
    return Read<int64_t>(name, H5T_NATIVE_INT64, nullptr);
  }
  template <typename Id>
  std::vector<Id> Ids(const std::string& name) const {
    std::vector<Id> ids;
    for (const int64_t value : Ints(name)) ids.push_back(Id(value));
    return ids;
  }
  double Attribute(const std::string& group, const std::string& name) const {
    const hid_t attribute =
        H5Aopen_by_name(file_, group.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    double value = 0;
    const bool failed = attribute < 0 || H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0;
    if (attribute >= 0) H5Aclose(attribute);
    if (failed) throw std::runtime_error("cannot read golden attribute " + name);
    return value;
  }

 private:
  template <typename T>
  std::vector<T> Read(const std::string& name, hid_t type, std::vector<hsize_t>* shape) const {
    const hid_t dataset = H5Dopen2(file_, name.c_str(), H5P_DEFAULT);
    if (dataset < 0) throw std::runtime_error("no golden dataset " + name);
    const hid_t space = H5Dget_space(dataset);
    std::vector<hsize_t> dims(static_cast<size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, dims.data(), nullptr);
    size_t size = 1;
    for (const hsize_t d : dims) size *= d;
    std::vector<T> values(size);
    H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Sclose(space);
    H5Dclose(dataset);
    if (shape != nullptr) *shape = dims;
    return values;
  }

  hid_t file_;
};

// Features and labels, with a RankingInput that points into them.
struct LabelledFeatures {
  FeatureMatrix query, gallery;
  std::vector<PersonId> query_person, gallery_person;
  std::vector<CameraId> query_camera, gallery_camera;

  RankingInput Input() const {
    return {ViewOf(query),  ViewOf(gallery), query_person,
            gallery_person, query_camera,    gallery_camera};
  }
};

inline LabelledFeatures ReadLabelled(const GoldenFile& file) {
  return {file.Matrix("query_features"),      file.Matrix("gallery_features"),
          file.Ids<PersonId>("query_pids"),   file.Ids<PersonId>("gallery_pids"),
          file.Ids<CameraId>("query_camids"), file.Ids<CameraId>("gallery_camids")};
}

}  // namespace reidbench
