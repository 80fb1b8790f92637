// `reidbench extract`: data set, or frames and boxes, + weights -> feature file.
#pragma once

#include <filesystem>
#include <string>

#include "reidbench/datasets/reid_dataset.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/jobs/extract/extract_pipeline.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

struct ExtractOptions {
  ReidDatasetOptions dataset;
  // Instead of a data set: the boxes of a tracks or detections file, cut from a folder of frames or
  // a video (see FrameCropsOptions). Both or neither.
  std::filesystem::path frames;
  std::filesystem::path boxes;
  std::filesystem::path weights;  // empty for engine "histogram"
  std::filesystem::path output;
  EmbedderOptions embedder;
  PreprocessOptions preprocess;  // engine "histogram" takes colours as they are: no mean, no std
  int batch_size = 0;            // like the next ones, see ExtractPipelineOptions
  int threads = 0;
  bool skip_corrupt = false;
  bool force = false;
  FeatureType type = FeatureType::kFloat32;
  // Images get the size that the network was made for, where it says one, not that of `preprocess`.
  bool native_size = false;
  bool dry_run = false;  // check everything, load data set and weights, compute nothing
};

// Checks everything that can be wrong, loads data set and weights, and only then computes. Throws
// as ExtractFeatures, LoadReidDataset, FrameCrops and MakeEmbedder do.
ExtractResult RunExtract(const ExtractOptions& options, const ProgressCallback& progress = {});

// What was written.
std::string RenderExtractTable(const ExtractResult& result, TableFormat format);
std::string RenderExtractJson(const ExtractResult& result);  // kExtractSchema

}  // namespace reidbench
