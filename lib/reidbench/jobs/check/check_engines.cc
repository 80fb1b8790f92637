#include "reidbench/jobs/check/check_engines.h"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/name_pattern.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/embedding/engines.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/networks/network.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

double ThreadCpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::vector<fs::path> ImageFiles(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (!IsFolder(path)) {
      files.push_back(path);
      continue;
    }
    const size_t before = files.size();
    for (const std::string& name : ListFileNames(path)) {
      if (IsImageName(name)) files.push_back(path / name);
    }
    if (files.size() == before) ThrowUsage("--images {}: no image in this folder", path.string());
  }
  return files;
}

// Patches of colour under noise: as a network sees them, more like photographs than noise alone.
RgbImage GeneratedImage(Rng& rng, int height, int width) {
  constexpr int kPatch = 16;
  RgbImage image{width, height, std::vector<uint8_t>(static_cast<size_t>(3) * width * height)};
  const int across = width / kPatch + 1;
  std::vector<double> patches(static_cast<size_t>(3) * across * (height / kPatch + 1));
  for (double& value : patches) value = rng.Uniform(0, 255);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double patch = patches[3 * (y / kPatch * across + x / kPatch) + c];
        image.Row(y)[3 * x + c] =
            static_cast<uint8_t>(std::clamp(patch + 20 * rng.Normal(), 0.0, 255.0));
      }
    }
  }
  return image;
}

std::vector<float> Pixels(const EnginesOptions& options, const PreprocessOptions& preprocess,
                          int* count) {
  const std::vector<fs::path> files = ImageFiles(options.images);
  *count = files.empty() ? options.generated : static_cast<int>(files.size());
  const size_t size = static_cast<size_t>(3) * preprocess.height * preprocess.width;
  std::vector<float> pixels(*count * size);
  Preprocessor preprocessor(preprocess);
  Rng rng(options.seed);
  for (int i = 0; i < *count; ++i) {
    const RgbImage image = files.empty() ? GeneratedImage(rng, preprocess.height, preprocess.width)
                                         : DecodeImageFile(files[i], preprocess.exif);
    preprocessor.Run(image, pixels.data() + i * size);
  }
  return pixels;
}

// Fills in what follows from the embeddings [count x dim].
void Compare(const std::vector<float>& reference, const std::vector<float>& actual, int count,
             EngineComparison* comparison) {
  const size_t dim = reference.size() / count;
  comparison->cosine = 1.0;
  comparison->difference = 0.0;
  for (size_t begin = 0; begin < reference.size(); begin += dim) {
    double dot = 0, squares = 0, reference_squares = 0, worst = 0;
    for (size_t i = begin; i < begin + dim; ++i) {
      const double a = actual[i], b = reference[i];
      dot += a * b;
      squares += a * a;
      reference_squares += b * b;
      worst = std::max(worst, std::abs(a - b));
    }
    const double norms = std::sqrt(squares * reference_squares);
    // Two embeddings of zeros are equal; a single one has no direction.
    const double cosine = norms > 0 ? dot / norms : (squares == reference_squares ? 1.0 : 0.0);
    comparison->cosine = std::min(*comparison->cosine, cosine);
    if (reference_squares > 0) worst /= std::sqrt(reference_squares);
    comparison->difference = std::max(*comparison->difference, worst);
  }
  comparison->ok = comparison->precision == "fp32" ? *comparison->cosine >= kFp32Cosine &&
                                                         *comparison->difference <= kFp32Difference
                                                   : *comparison->cosine >= kBf16Cosine;
}

// The reason why an engine does not run on these weights or this machine; empty when it does.
std::string Unavailable(const EngineType& type, const std::string& precision,
                        const Network& weights) {
  if (type.input == EngineInput::kOnnx && weights.format != CheckpointFormat::kOnnx)
    return "reads ONNX files only";
  if (weights.name == kUnnamedNetwork && precision != "fp32") return "for OSNet only";
  try {
    if (type.require != nullptr) type.require(precision);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// Null and the reason where an engine lacks what the network is made of. That the network itself is
// in order the reference has shown before.
std::unique_ptr<Embedder> TryEmbedder(const fs::path& weights, const EmbedderOptions& options,
                                      std::string* reason) {
  try {
    return MakeEmbedder(weights, options);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kModel && e.kind() != ErrorKind::kUsage) throw;
    *reason = e.what();
    return nullptr;
  }
}

// Image by image on all threads: its speed is of no interest.
std::vector<float> ReferenceEmbeddings(const Network& weights, const ImageBatch& images,
                                       EnginesResult* result) {
  EngineComparison comparison;
  EmbedderOptions options;
  options.engine = comparison.engine = "reference";
  comparison.precision = options.precision;
  const std::unique_ptr<Embedder> embedder = MakeNetworkEmbedder(weights, options);
  comparison.version = embedder->info().engine;
  const size_t size = static_cast<size_t>(3) * images.height * images.width;
  const int dim = embedder->info().dim;
  std::vector<float> embeddings(static_cast<size_t>(images.count) * dim);
  ParallelFor(images.count, [&](int64_t i) {
    embedder->Embed({images.nchw + i * size, 1, images.height, images.width, images.cameras + i},
                    &embeddings[i * dim]);
  });
  Compare(embeddings, embeddings, images.count, &comparison);
  result->engines.push_back(std::move(comparison));
  return embeddings;
}

}  // namespace

bool EnginesResult::ok() const {
  return std::all_of(engines.begin(), engines.end(), [](const auto& e) { return e.ok; });
}

std::vector<Finding> EnginesResult::findings() const {
  std::vector<Finding> findings;
  for (const EngineComparison& e : engines) {
    if (e.ok) continue;
    Finding& finding = findings.emplace_back();
    finding.kind = FindingKind::kEngineDiffers;
    finding.severity = FindingSeverity::kProblem;
    finding.place = e.engine + " " + e.precision;
    finding.message = fmt::format(
        "the embeddings of {} in {} differ from the reference's by {:.1e} of their norm, cosine "
        "{:.5f}",
        e.version, e.precision, *e.difference, *e.cosine);
    finding.mend = "take another --engine or --precision on this machine";
  }
  return findings;
}

EnginesResult CompareEngines(const EnginesOptions& options) {
  const Network weights = LoadNetwork(options.weights, options.weights_entry);
  PreprocessOptions preprocess = PreprocessPreset("torchreid");
  preprocess.height = static_cast<int>(weights.graph.height);
  preprocess.width = static_cast<int>(weights.graph.width);
  EnginesResult result;
  result.architecture = weights.name;
  result.height = preprocess.height;
  result.width = preprocess.width;
  const std::vector<float> pixels = Pixels(options, preprocess, &result.images);
  // Networks that take the camera beside the image: all are of the first.
  const std::vector<float> cameras(static_cast<size_t>(result.images), 0.0f);
  const ImageBatch batch{pixels.data(), result.images, result.height, result.width, cameras.data()};
  const std::vector<float> reference = ReferenceEmbeddings(weights, batch, &result);
  for (const EngineType& type : EngineTypes()) {
    if (type.input == EngineInput::kNothing || !type.for_work) continue;
    for (const std::string& precision : type.precisions) {
      EngineComparison comparison;
      comparison.engine = type.name;
      comparison.precision = precision;
      comparison.unavailable = Unavailable(type, precision, weights);
      if (comparison.unavailable.empty()) {
        EmbedderOptions embedder_options;
        embedder_options.engine = type.name;
        embedder_options.precision = precision;
        embedder_options.weights_entry = options.weights_entry;
        const std::unique_ptr<Embedder> embedder =
            TryEmbedder(options.weights, embedder_options, &comparison.unavailable);
        if (embedder == nullptr) {
          result.engines.push_back(std::move(comparison));
          continue;
        }
        comparison.version = embedder->info().engine;
        std::vector<float> embeddings(reference.size());
        embedder->Embed(batch, embeddings.data());  // warms up, too
        const double start = ThreadCpuSeconds();
        embedder->Embed(batch, embeddings.data());
        comparison.images_per_cpu_second = result.images / (ThreadCpuSeconds() - start);
        Compare(reference, embeddings, result.images, &comparison);
      }
      result.engines.push_back(std::move(comparison));
    }
  }
  return result;
}

std::string RenderEnginesTable(const EnginesResult& result, TableFormat format) {
  Table table({{"engine", Align::kLeft},
               {"precision", Align::kLeft},
               {"cosine"},
               {"difference / norm"},
               {"images per CPU second"},
               {"", Align::kLeft}},
              fmt::format("{} on {} images of {} x {}, the worst of them, against the reference",
                          result.architecture, result.images, result.height, result.width));
  for (const EngineComparison& e : result.engines) {
    if (!e.unavailable.empty()) {
      table.AddRow({e.engine, e.precision, "n/a", "n/a", "n/a", e.unavailable});
      continue;
    }
    table.AddRow({e.version, e.precision, Number(e.cosine, 7), fmt::format("{:.1e}", *e.difference),
                  Number(e.images_per_cpu_second, 1), e.ok ? "ok" : "DIFFERS"});
  }
  return table.Render(format);
}

std::string RenderEnginesJson(const EnginesResult& result) {
  const auto or_null = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  Json engines = Json::array();
  for (const EngineComparison& e : result.engines) {
    engines.push_back({{"engine", e.engine},
                       {"precision", e.precision},
                       {"version", e.version.empty() ? Json(nullptr) : Json(e.version)},
                       {"unavailable", e.unavailable.empty() ? Json(nullptr) : Json(e.unavailable)},
                       {"cosine", or_null(e.cosine)},
                       {"difference", or_null(e.difference)},
                       {"images_per_cpu_second", or_null(e.images_per_cpu_second)},
                       {"ok", e.ok}});
  }
  const Json json = {{"schema", kEnginesSchema},
                     {"architecture", result.architecture},
                     {"images", result.images},
                     {"height", result.height},
                     {"width", result.width},
                     {"engines", engines},
                     {"findings", FindingsJson(result.findings())},
                     {"ok", result.ok()}};
  return DumpJson(json);
}

}  // namespace reidbench
