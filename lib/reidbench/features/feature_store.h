// Embeddings on disk: an HDF5 file that h5py reads with no knowledge of reidbench, and what other
// programs' files of features are read as. README.md in this folder is the specification.
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

#include "reidbench/core/embedding_set.h"

namespace reidbench {

inline constexpr int kFeatureSchemaVersion = 1;

// Where features come from. Two files may be ranked together only if everything but the data set
// agrees.
struct FeatureProvenance {
  std::string weights_sha256;
  std::string weights_file;  // base name, for people; "x.pth#ema" where an entry was chosen
  std::string architecture;
  std::string preprocessing;  // PreprocessOptions::Describe()
  std::string engine;
  std::string precision;
  bool normalized = false;
  std::string dataset;              // "market1501"
  std::string dataset_fingerprint;  // ReidDataset::fingerprint
  std::string reidbench_version;

  friend bool operator==(const FeatureProvenance&, const FeatureProvenance&) = default;
};

// One line per field in which the two differ ("preprocessing: 'torchreid ...' against 'fastreid
// ...'"); empty when their features may be compared. The data set, the weights' file name and
// reidbench's version may differ.
std::vector<std::string> ProvenanceDifferences(const FeatureProvenance& a,
                                               const FeatureProvenance& b);

enum class FeatureType { kFloat32, kFloat16 };

// Labels of all rows, without features. Every vector has one entry a row, or none where the data
// has no such label. Rows carry person_id, camera_id and split, or frame and track_id, or all five;
// path and box_ltwh are optional.
struct FeatureLabels {
  std::vector<PersonId> person_id;
  std::vector<CameraId> camera_id;
  std::vector<Split> split;
  std::vector<std::string> path;
  std::vector<FrameIndex> frame;  // crops of tracks only, like the next two
  std::vector<TrackId> track_id;
  std::vector<BoxLtwh> box_ltwh;
};

// Reads a feature file: labels and provenance when opened, features on request. What is damaged is
// never read as something else where the file has checksums (all that FeatureFileWriter writes),
// and no damage can crash: libhdf5 reads what is not proven in a process of its own. A numpy file
// may have no labels. Every size is held against the file before memory is taken. Throws Error(kIo)
// or Error(kInput) naming file and dataset: truncated, damaged, foreign (with the lines of Python
// that convert it), newer schema, ragged labels.
class FeatureFile {
 public:
  explicit FeatureFile(const std::filesystem::path& path);
  ~FeatureFile();
  FeatureFile(FeatureFile&&) noexcept;

  // The same from a whole file in memory, for tests and fuzzers; `name` appears in messages.
  static FeatureFile FromBytes(std::span<const uint8_t> bytes, const std::string& name);

  int64_t rows() const;
  int dim() const;
  const std::string& path() const;
  const FeatureProvenance& provenance() const;
  const FeatureLabels& labels() const;
  const std::vector<std::string>& skipped()
      const;  // paths of corrupt images that --skip-corrupt left out

  // For messages on labels that are not there: how to add them to a file of this kind; "" for HDF5.
  std::string HowToLabel() const;

  // Rows of `rows` (any order, repeats allowed) into `out` [rows.size() x dim], as float32, with at
  // most 8 MiB of scratch. Reads in ascending order of rows, neighbours together. Throws
  // Error(kInput) on damage, and on NaN or infinity, naming the first such row and its image;
  // Error(kIo) when the file cannot be read.
  void ReadRows(std::span<const int64_t> rows, float* out) const;
  FeatureMatrix ReadRows(std::span<const int64_t> rows) const;
  // The same without the check: returns the positions in `rows`, ascending, of those with NaN or
  // infinity, for the caller to judge.
  std::vector<size_t> ReadRowsUnchecked(std::span<const int64_t> rows, float* out) const;

 private:
  struct Impl;
  explicit FeatureFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Writes a feature file whole: under a temporary name, renamed when complete. Rows in order. Equal
// arguments give equal bytes: nothing in the file depends on time, host or memory layout. Throws
// Error(kIo) when the file cannot be created or the disk is full.
class FeatureFileWriter {
 public:
  // `labels` of all rows must be known beforehand; `type` is that on disk.
  FeatureFileWriter(const std::filesystem::path& path, int dim, const FeatureLabels& labels,
                    const FeatureProvenance& provenance, const std::vector<std::string>& skipped,
                    FeatureType type = FeatureType::kFloat32);
  ~FeatureFileWriter();  // without Finish() nothing is left behind
  // A whole number of rows. Throws Error(kInput) on NaN, infinity, and on values that float16
  // cannot hold.
  void Append(std::span<const float> rows);
  void Finish();  // after the last row

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
