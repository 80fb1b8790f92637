#include "stages/extract.h"

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

namespace reidbench {

ExtractResult RunExtract(const ExtractOptions& options, const ProgressCallback& progress) {
  // Cheapest first: a wrong output name must not cost the loading of a network.
  if (const std::vector<std::string> violations = options.preprocess.Validate();
      !violations.empty()) {
    ThrowUsage("preprocessing: {}", JoinText(violations, "; "));
  }
  RequireWritable(options.output, options.force);
  const ReidDataset dataset = LoadReidDataset(options.dataset);
  const std::unique_ptr<Embedder> embedder = MakeEmbedder(options.weights, options.embedder);

  ExtractPipelineOptions pipeline;
  pipeline.output = options.output;
  pipeline.preprocess = options.preprocess;
  pipeline.batch_size = options.batch_size;
  pipeline.threads = options.threads;
  pipeline.skip_corrupt = options.skip_corrupt;
  pipeline.force = options.force;
  pipeline.type = options.type;
  RequireUsable(pipeline, embedder->info());
  if (options.dry_run) {
    ExtractResult result;
    result.images = static_cast<int64_t>(dataset.images.size());
    return result;
  }

  FeatureProvenance provenance;
  provenance.weights_file = options.weights.filename().string();
  provenance.normalized = options.embedder.normalize;
  provenance.dataset = dataset.name;
  provenance.dataset_fingerprint = dataset.fingerprint;
  return ExtractFeatures(DatasetImages(dataset, options.preprocess.exif), *embedder, provenance,
                         pipeline, progress);
}

}  // namespace reidbench
