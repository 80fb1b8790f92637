#include "reidbench/jobs/extract/extract.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/jobs/extract/extract_frames.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

// Images and labels, and what the feature file says of them.
struct Source {
  std::unique_ptr<ImageSource> images;
  std::string name;
  std::string fingerprint;
  std::vector<std::string> warnings;
};

Source OpenSource(const ExtractOptions& options) {
  Source source;
  if (options.frames.empty() && options.boxes.empty()) {
    const ReidDataset dataset = LoadReidDataset(options.dataset);
    source.images = std::make_unique<DatasetImages>(dataset, options.preprocess.exif);
    source.name = dataset.name;
    source.fingerprint = dataset.fingerprint;
    return source;
  }
  if (options.boxes.empty())
    ThrowUsage("--boxes is missing: name the tracks or detections to cut out of --frames");
  if (options.frames.empty())
    ThrowUsage("--frames is missing: name the folder of frames, or the video, of --boxes");
  FrameCropsOptions crops_options;
  crops_options.frames = options.frames;
  crops_options.boxes = options.boxes;
  crops_options.exif = options.preprocess.exif;
  auto crops = std::make_unique<FrameCrops>(crops_options);
  source.name = crops->name();
  source.fingerprint = crops->fingerprint();
  source.warnings = crops->warnings();
  source.images = std::move(crops);
  return source;
}

}  // namespace

ExtractResult RunExtract(const ExtractOptions& options, const ProgressCallback& progress) {
  // Cheapest first: a wrong output name must not cost the loading of a network.
  PreprocessOptions preprocess = options.preprocess;
  preprocess.height = options.height.value_or(preprocess.height);
  preprocess.width = options.width.value_or(preprocess.width);
  if (const std::vector<std::string> violations = preprocess.Validate(); !violations.empty()) {
    ThrowUsage("preprocessing: {}", JoinText(violations, "; "));
  }
  RequireWritable(options.output, options.force);
  const Source source = OpenSource(options);
  EmbedderOptions embedder_options = options.embedder;
  embedder_options.height = options.height.value_or(0);
  embedder_options.width = options.width.value_or(0);
  const std::unique_ptr<Embedder> embedder = MakeEmbedder(options.weights, embedder_options);
  const EmbedderInfo& info = embedder->info();
  if (!options.height && info.native_height > 0) preprocess.height = info.native_height;
  if (!options.width && info.native_width > 0) preprocess.width = info.native_width;

  ExtractPipelineOptions pipeline;
  pipeline.output = options.output;
  pipeline.preprocess = preprocess;
  if (UsesRawPixels(options.embedder.engine)) {
    pipeline.preprocess.mean = {0, 0, 0};
    pipeline.preprocess.std = {1, 1, 1};
    pipeline.preprocess.scale_to_unit = true;
  }
  std::vector<std::string> warnings = source.warnings;
  if (!info.weights_choice.empty()) warnings.push_back(info.weights_choice);
  if (info.native_height > 0 && info.native_width > 0 &&
      (preprocess.height != info.native_height || preprocess.width != info.native_width)) {
    warnings.push_back(fmt::format("{}: made for images of {}x{} px (height x width), given {}x{}",
                                   options.weights.string(), info.native_height, info.native_width,
                                   preprocess.height, preprocess.width));
  }
  pipeline.batch_size = options.batch_size;
  pipeline.threads = options.threads;
  pipeline.skip_corrupt = options.skip_corrupt;
  pipeline.force = options.force;
  pipeline.type = options.type;
  RequireUsable(pipeline, info);
  if (options.dry_run) {
    ExtractResult result;
    result.images = static_cast<int64_t>(source.images->labels().person_id.size());
    result.warnings = std::move(warnings);
    return result;
  }

  FeatureProvenance provenance;
  // Networks of one file differ by their entry.
  provenance.weights_file = options.weights.filename().string();
  if (!options.embedder.weights_entry.empty())
    provenance.weights_file += "#" + options.embedder.weights_entry;
  provenance.normalized = options.embedder.normalize;
  provenance.dataset = source.name;
  provenance.dataset_fingerprint = source.fingerprint;
  ExtractResult result = ExtractFeatures(*source.images, *embedder, provenance, pipeline, progress);
  result.warnings = std::move(warnings);
  return result;
}

std::string RenderExtractTable(const ExtractResult& result, TableFormat format) {
  Table table(
      {{"features", Align::kLeft}, {"rows"}, {"numbers"}, {"left out"}, {"network", Align::kLeft}});
  table.AddRow({result.output.string(), std::to_string(result.rows), std::to_string(result.dim),
                std::to_string(result.skipped.size()), result.provenance.architecture});
  return table.Render(format);
}

std::string RenderExtractJson(const ExtractResult& result) {
  Json skipped = Json::array();
  for (const SkippedItem& item : result.skipped) skipped.push_back(item.reason);
  const FeatureProvenance& made = result.provenance;
  const Json json = {{"schema", kExtractSchema},
                     {"output", result.output.string()},
                     {"images", result.images},
                     {"rows", result.rows},
                     {"dim", result.dim},
                     {"resumed", result.resumed},
                     {"skipped", skipped},
                     {"dataset", made.dataset},
                     {"architecture", made.architecture},
                     {"weights", made.weights_file},
                     {"weights_sha256", made.weights_sha256},
                     {"engine", made.engine},
                     {"precision", made.precision},
                     {"preprocessing", made.preprocessing},
                     {"normalized", made.normalized},
                     {"batch_size", result.batch_size},
                     {"threads", result.threads},
                     {"seconds", result.seconds},
                     {"warnings", result.warnings}};
  return DumpJson(json);
}

}  // namespace reidbench
