// reidbench extract: images -> embeddings in an HDF5 file.
#include "reidbench/jobs/extract/extract.h"

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/embedding/engines.h"
#include "reidbench/weights/default_weights.h"

namespace {

using namespace reidbench;

std::vector<Split> SplitsOf(const std::vector<std::string>& names) {
  if (names.size() == 1 && names.front() == "all") return {};
  std::vector<Split> splits;
  for (const std::string& name : names) {
    const auto split = ParseSplit(name);
    if (!split)
      ThrowUsage("--splits: unknown split '{}'; known: train, val, query, gallery, none, or all",
                 name);
    splits.push_back(*split);
  }
  return splits;
}

void ThreeValues(const std::string& flag, const std::vector<double>& values,
                 std::array<float, 3>* target) {
  if (values.empty()) return;
  if (values.size() != 3)
    ThrowUsage("{}: expected three numbers (red, green, blue), found {}", flag, values.size());
  for (size_t c = 0; c < 3; ++c) (*target)[c] = static_cast<float>(values[c]);
}

}  // namespace

int main(int argc, char** argv) {
  ExtractOptions options;
  std::string preset = "torchreid";
  std::vector<double> mean;
  std::vector<double> std_dev;
  std::string filter;
  std::vector<std::string> splits = {"query", "gallery", "none"};
  std::string type = "float32";

  Command command(
      "extract",
      "Turns the images of a data set, or the boxes of a video, into embeddings in an HDF5 file.",
      "reidbench extract --dataset market1501 --root DIR --weights "
      "osnet_x0_25_msmt17.pth --output features.h5\n"
      "reidbench extract --frames MOT17-02/ --boxes tracks.txt --weights "
      "osnet_x0_25_msmt17.pth --output MOT17-02.h5");
  command.Output(OutputRole::kMadeFile, "Feature file to write, for example features.h5");
  command.Group("Data");
  command.Option("--dataset", &options.dataset.name,
                 "A name of datasets/*.yaml, a YAML file like those, 'folder' or 'list'");
  command.Option("--root", &options.dataset.root, "Folder of the data set");
  command.Option("--list", &options.dataset.list_file,
                 "CSV or JSON list of images, for --dataset list");
  command.Option(
      "--splits", &splits,
      "Splits to extract: train val query gallery none, or all (default: query gallery none)");
  command.Option("--split-index", &options.dataset.split_index,
                 "Which published split, where there are several (VIPeR)");
  command.Flag("--distractors-500k", &options.dataset.distractors_500k,
               "Add Market-1501's +500K distractors to the gallery");
  command.Flag("--skip-corrupt", &options.skip_corrupt,
               "Leave corrupt images, and boxes outside their frame, out and list them, instead of "
               "stopping");
  command.Group("Tracks");
  command.Option("--frames", &options.frames,
                 "Instead of a data set: a MOTChallenge sequence, a folder of frames, or a video");
  command.Option("--boxes", &options.boxes,
                 "MOTChallenge text file of tracks or detections to cut out of the frames");
  command.Group("Network");
  command.Option("--weights", &options.weights,
                 "Weights file: torch checkpoint or ONNX (default: weights from synthetic people)");
  command.Option("--weights-entry", &options.embedder.weights_entry,
                 "Of a checkpoint with several networks, the key or prefix of one: ema");
  command.Choice("--engine", &options.embedder.engine, EngineNames(),
                 "onednn: OSNet and any usual ONNX network; libtorch: OSNet and like ones; opencv: "
                 "ONNX by OpenCV; auto: the fastest; histogram: colours of stripes, a baseline "
                 "without weights; reference: plain loops, slow, to hold the others against");
  command.Option("--device", &options.embedder.device, "cpu or cuda:N");
  command.Option(
      "--precision", &options.embedder.precision,
      "Arithmetic of the network: fp32; onednn also bf16; libtorch on CUDA also fp16, bf16");
  command.Flag("--normalize", &options.embedder.normalize,
               "L2-normalise the embeddings (torchreid does not)");
  command.Option("--batch-size", &options.batch_size,
                 "Images given to the network at once; 0 = what suits the engine");
  command.Choice("--feature-type", &type, {"float32", "float16"}, "Number type in the file");
  command.Group("Pixels");
  command.Choice("--preset", &preset, {"torchreid", "fastreid"},
                 "Resize filter, EXIF rule and normalisation of that program");
  command.Option("--height", &options.height,
                 "Height given to the network, px (else what it was made for)");
  command.Option("--width", &options.width,
                 "Width given to the network, px (else what it was made for)");
  command.Choice("--filter", &filter, {"bilinear", "bicubic"}, "Resize filter, else the preset's");
  command.Option("--mean", &mean, "Per channel, of values in 0..1");
  command.Option("--std", &std_dev, "Per channel, of values in 0..1");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.threads = common.threads;
    options.force = common.force;
    if (options.weights.empty() && options.embedder.engine == "opencv")
      ThrowUsage("--weights is missing: engine opencv needs an ONNX file");
    if (UsesRawPixels(options.embedder.engine) && (!mean.empty() || !std_dev.empty()))
      ThrowUsage("--mean and --std: engine histogram takes colours as they are");
    if (!options.frames.empty() || !options.boxes.empty()) {
      for (const char* flag :
           {"--dataset", "--root", "--list", "--splits", "--split-index", "--distractors-500k"}) {
        if (command.WasGiven(flag)) {
          ThrowUsage(
              "{} is for data sets, --frames and --boxes are for tracks: give one or the other",
              flag);
        }
      }
    } else if (options.dataset.root.empty() && options.dataset.list_file.empty()) {
      ThrowUsage(
          "--root is missing: name the folder of the data set (or give --frames and --boxes)");
    }
    options.dataset.splits = SplitsOf(splits);
    options.type = type == "float16" ? FeatureType::kFloat16 : FeatureType::kFloat32;
    PreprocessOptions& preprocess = options.preprocess;
    preprocess = PreprocessPreset(preset);
    if (!filter.empty())
      preprocess.filter = filter == "bicubic" ? ResizeFilter::kBicubic : ResizeFilter::kBilinear;
    ThreeValues("--mean", mean, &preprocess.mean);
    ThreeValues("--std", std_dev, &preprocess.std);
    if (const auto violations = preprocess.Validate(); !violations.empty())
      ThrowUsage("{}", JoinText(violations, "\n"));
    options.dry_run = common.dry_run;
    const bool uses_default_weights =
        options.weights.empty() && options.embedder.engine != "histogram";
    if (uses_default_weights) {
      options.weights = DefaultWeights();
      PrintWarning(DefaultWeightsWarning());
    }

    ExtractResult result;
    {
      Progress progress("extract", "images", common.quiet);
      result =
          RunExtract(options, [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    for (const SkippedItem& item : result.skipped)
      result.warnings.push_back("left out: " + item.reason);
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common, WithThousands(result.images) + " images");
    if (uses_default_weights) result.warnings.emplace_back(DefaultWeightsWarning());
    if (result.resumed > 0) {
      PrintNote(common, fmt::format("{} images were done by an earlier, interrupted run",
                                    WithThousands(result.resumed)));
    }
    WriteResult(common,
                {.json = [&] { return RenderExtractJson(result); },
                 .csv = [&] { return RenderExtractTable(result, TableFormat::kCsv); },
                 .tables = [&](TableFormat format) { return RenderExtractTable(result, format); }});
    return kExitOk;
  });
}
