// Embeddings on disk: an HDF5 file that h5py reads with no knowledge of reidbench. README.md in this folder is its
// specification.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/embedding_set.h"

namespace reidbench {

inline constexpr int kFeatureSchemaVersion = 1;

// Where features come from. Two files may be ranked together only if everything but the data set agrees.
struct FeatureProvenance {
  std::string weights_sha256;
  std::string weights_file;         // base name, for people
  std::string architecture;
  std::string preprocessing;        // PreprocessOptions::Describe()
  std::string engine;
  std::string precision;
  bool normalized = false;
  std::string dataset;              // "market1501"
  std::string dataset_fingerprint;  // ReidDataset::fingerprint
  std::string reidbench_version;

  friend bool operator==(const FeatureProvenance&, const FeatureProvenance&) = default;
};

// One line per field in which the two differ, except the data set's; empty when they may be mixed.
std::vector<std::string> ProvenanceDifferences(const FeatureProvenance& a, const FeatureProvenance& b);

enum class FeatureType { kFloat32, kFloat16 };

// Labels of all rows, without features. Vectors as in EmbeddingSet.
struct FeatureLabels {
  std::vector<PersonId> person_id;
  std::vector<CameraId> camera_id;
  std::vector<Split> split;
  std::vector<std::string> path;
  std::vector<FrameIndex> frame;   // crops of tracks only, like the next two
  std::vector<TrackId> track_id;
  std::vector<BoxLtwh> box_ltwh;
};

// Reads a feature file. All of it on the calling thread: Debian's HDF5 has one global lock.
// Throws Error(kIo) or Error(kInput) naming file and dataset: truncated, foreign, newer schema, NaN rows, ragged labels.
class FeatureFile {
 public:
  explicit FeatureFile(const std::filesystem::path& path);
  ~FeatureFile();
  FeatureFile(FeatureFile&&) noexcept;

  int64_t rows() const;
  int dim() const;
  const std::string& path() const;
  const FeatureProvenance& provenance() const;
  const FeatureLabels& labels() const;
  const std::vector<std::string>& skipped() const;  // paths of corrupt images that --skip-corrupt left out

  // Rows of `rows` (any order) into `out` [rows.size() x dim], as float32. Throws Error(kInput) on NaN or infinity, naming
  // the first such row and its image.
  void ReadRows(std::span<const int64_t> rows, float* out) const;
  FeatureMatrix ReadRows(std::span<const int64_t> rows) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes a feature file whole: under a temporary name, renamed when complete. Rows in order.
class FeatureFileWriter {
 public:
  // `labels` of all rows must be known beforehand; `type` is that on disk.
  FeatureFileWriter(const std::filesystem::path& path, int dim, const FeatureLabels& labels,
                    const FeatureProvenance& provenance, const std::vector<std::string>& skipped,
                    FeatureType type = FeatureType::kFloat32);
  ~FeatureFileWriter();  // without Finish() nothing is left behind
  void Append(std::span<const float> rows);  // a whole number of rows
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
