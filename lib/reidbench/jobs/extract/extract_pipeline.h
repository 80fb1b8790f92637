// Images to a feature file: reading and decoding of later batches overlap with the network,
// finished batches go to a journal, and the journal becomes the feature file when the last one is
// in. Links no engine: the network is behind Embedder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "reidbench/datasets/reid_dataset.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/features/extraction_journal.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/imaging/preprocess.h"

namespace reidbench {

// Memory that a worker keeps between images.
struct ImageScratch {
  std::vector<uint8_t> file_bytes;
  RgbImage image;
};

// An image that is still to be decoded, into scratch->image: called once, on any thread. Throws
// Error(kInput) naming the image when it is corrupt, Error(kIo) when it cannot be read.
using PendingImage = std::function<void(ImageScratch* scratch)>;

// Where pixels and labels come from: items in a fixed order, pulled one after the other by one
// thread at a time, so that a source never has to keep or find again what has passed.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // Of all items, in order; as many person ids as there are items.
  virtual const FeatureLabels& labels() const = 0;
  // Of the next item; there is one. Throws Error(kIo).
  virtual PendingImage Next() = 0;
  // Leaves the next items out.
  virtual void Skip(int64_t items) = 0;
};

// The images of a re-ID data set, in its order.
class DatasetImages : public ImageSource {
 public:
  DatasetImages(const ReidDataset& dataset, ExifOrientation orientation);
  const FeatureLabels& labels() const override { return labels_; }
  PendingImage Next() override;
  void Skip(int64_t items) override { next_ += static_cast<size_t>(items); }

 private:
  std::filesystem::path root_;
  ExifOrientation orientation_;
  FeatureLabels labels_;
  size_t next_ = 0;
};

struct ExtractPipelineOptions {
  std::filesystem::path
      output;  // feature file; unfinished work lies beside it under JournalPath(output)
  PreprocessOptions preprocess;
  int batch_size = 0;  // images given to the network at once; 0 = DefaultBatchSize of the engine
  int threads = 0;     // 0 = all; the result does not depend on it
  bool skip_corrupt = false;  // leave corrupt images out instead of stopping at the first
  bool force = false;         // overwrite the output, discard another extraction's unfinished work
  FeatureType type = FeatureType::kFloat32;
};

struct ExtractResult {
  std::filesystem::path output;
  FeatureProvenance provenance;
  int64_t images = 0;   // of the data set
  int64_t rows = 0;     // in the file: images without those skipped
  int64_t resumed = 0;  // images taken over from an earlier, interrupted run
  int dim = 0;
  int batch_size = 0;
  int threads = 0;
  double seconds = 0;                 // of this run, for images - resumed
  std::vector<SkippedItem> skipped;   // corrupt images, also those found by the earlier run
  std::vector<std::string> warnings;  // about the input; "path:line: ..."
};

// Called a few times a second with images finished and images in all, from one thread at a time but
// not always the same.
using ProgressCallback = std::function<void(int64_t done, int64_t total)>;

// "<output>.partial"
std::filesystem::path JournalPath(const std::filesystem::path& output);

// What ExtractFeatures checks first. Throws Error(kUsage): wrong options, or an input size that the
// network does not take.
void RequireUsable(const ExtractPipelineOptions& options, const EmbedderInfo& info);

// `provenance` needs the fields that neither the embedder nor the options know: weights_file,
// normalized, dataset and dataset_fingerprint. Batches are fixed ranges of items, so that the bytes
// of the file depend on neither the number of threads nor interruptions. At most the batches in
// work are lost when the process is killed. Throws Error(kUsage) before any work: output exists,
// wrong options, input size that the network does not take, unfinished work of another extraction;
// Error(kInput) naming the first corrupt image, when all before it is safe in the journal;
// Error(kModel) naming the first image whose embedding is not finite; Error(kIo), when the disk is
// full for example; Interrupted after InterruptRequested().
ExtractResult ExtractFeatures(ImageSource& source, Embedder& embedder, FeatureProvenance provenance,
                              const ExtractPipelineOptions& options,
                              const ProgressCallback& progress = {});

}  // namespace reidbench
