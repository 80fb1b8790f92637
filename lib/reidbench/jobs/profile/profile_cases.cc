#include "reidbench/jobs/profile/profile_cases.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/jobs/profile/profile_inputs.h"
#include "reidbench/profiling/isolated.h"
#include "reidbench/profiling/measure.h"
#include "reidbench/profiling/walkers.h"
#include "reidbench/relinking/relink.h"
#include "reidbench/retrieval/ranking.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

struct Size {
  int width, height;
};

// What is varied.
struct Variants {
  std::vector<int> threads;
  std::vector<Size> crops, frames;
  std::vector<int> batches;
  std::vector<int> track_densities, relink_densities;
  std::vector<std::string> trackers;
  std::vector<std::pair<int, int>> rankings;  // queries, gallery
  int rows = 10'000;                          // of a feature file
  double seconds = 0.5;                       // of a look
};

std::vector<int> AroundMean(double mean, int most) {
  std::set<int> values = {1};
  for (const double factor : {0.5, 1.0, 2.0})
    values.insert(std::clamp(static_cast<int>(std::lround(factor * mean)), 1, most));
  return {values.begin(), values.end()};
}

Variants VariantsOf(const ProfileOptions& options) {
  const int all = ResolveThreads(options.threads);
  Variants vary;
  vary.threads = all > 1 ? std::vector<int>{1, all} : std::vector<int>{1};
  if (options.workload) {
    const Workload& w = *options.workload;
    vary.threads = {all};
    vary.crops = {{static_cast<int>(w.crop_width), static_cast<int>(w.crop_height)}};
    if (w.decode_frame != StagePlace::kNone)
      vary.frames = {{static_cast<int>(w.frame_width), static_cast<int>(w.frame_height)}};
    vary.batches = AroundMean(w.people_per_frame, static_cast<int>(w.batch));
    vary.track_densities = {std::max(1, static_cast<int>(std::lround(w.people_per_frame)))};
    vary.relink_densities = vary.track_densities;
    vary.trackers = {w.tracker};
    vary.seconds = options.quick ? 0.4 : 1.0;
    return vary;
  }
  vary.crops = {{64, 128}, {128, 256}};
  vary.frames = {{960, 540}, {1920, 1080}};
  vary.batches = {1, 4, 16};
  vary.track_densities = {5, 20, 80};
  vary.relink_densities = {5, 20, 60};
  for (const TrackerMethod& tracker : Trackers()) {
    if (!tracker.needs.BeyondBoxes()) vary.trackers.push_back(tracker.name);
  }
  vary.rankings = {{100, 1'000}, {100, 10'000}, {1'000, 10'000}, {100, 100'000}};
  if (options.quick) {
    vary.threads = {all};
    vary.frames = {{1920, 1080}};
    vary.batches = {1, 16};
    vary.track_densities = {5, 40};
    vary.relink_densities = {5, 20};
    vary.rankings = {{100, 1'000}, {100, 10'000}};
    vary.seconds = 0.15;
  }
  return vary;
}

StageMeasurement Describe(const ProfileCase& c, const std::string& unit, const Measurement& m) {
  StageMeasurement stage;
  stage.stage = c.stage;
  stage.variant = c.variant;
  stage.unit = unit;
  stage.rate = m.items_per_s;
  stage.latency_ms = m.latency_ms;
  stage.cpu_ms_per_item = m.cpu_ms_per_item;
  stage.samples = m.calls;
  return stage;
}

MeasureOptions Looks(double seconds, int threads) {
  MeasureOptions options;
  options.seconds = seconds;
  options.threads = threads;
  return options;
}

std::vector<RgbImage> Decoded(const std::vector<JpegFile>& files) {
  std::vector<RgbImage> images(files.size());
  for (size_t i = 0; i < files.size(); ++i)
    DecodeImage(files[i], "generated", ExifOrientation::kIgnore, &images[i]);
  return images;
}

double PixelBytes(Size size) { return 3.0 * size.width * size.height; }

StageMeasurement Decode(const ProfileCase& c, const std::vector<JpegFile>& files, double seconds) {
  const int threads = static_cast<int>(*c.variant.Number("threads"));
  const Measurement m = MeasureCalls(
      [&](int thread) -> TimedCall {
        return [&files, i = static_cast<size_t>(thread), image = RgbImage()]() mutable {
          DecodeImage(files[i++ % files.size()], "generated", ExifOrientation::kIgnore, &image);
          return 1;
        };
      },
      Looks(seconds, threads));
  StageMeasurement stage = Describe(c, "images", m);
  const Size size{static_cast<int>(*c.variant.Number("width")),
                  static_cast<int>(*c.variant.Number("height"))};
  const auto bytes = static_cast<double>(*c.variant.Number("jpeg_bytes"));
  stage.gb_per_s = 1e-9 * m.items_per_s * (PixelBytes(size) + bytes);
  return stage;
}

StageMeasurement Resize(const ProfileCase& c, const std::vector<JpegFile>& files, double seconds) {
  const std::vector<RgbImage> images = Decoded(files);
  const PreprocessOptions options = PreprocessPreset("torchreid");
  const size_t values = size_t{3} * options.height * options.width;
  const Measurement m = MeasureCalls(
      [&](int thread) -> TimedCall {
        auto preprocessor = std::make_shared<Preprocessor>(options);
        auto chw = std::make_shared<std::vector<float>>(values);
        return [&images, preprocessor, chw, i = static_cast<size_t>(thread)]() mutable {
          preprocessor->Run(images[i++ % images.size()], chw->data());
          return 1;
        };
      },
      Looks(seconds, static_cast<int>(*c.variant.Number("threads"))));
  StageMeasurement stage = Describe(c, "images", m);
  const Size size{images.front().width, images.front().height};
  stage.gb_per_s =
      1e-9 * m.items_per_s * (PixelBytes(size) + static_cast<double>(values * sizeof(float)));
  return stage;
}

StageMeasurement Embed(const ProfileCase& c, const Network& weights, const EngineProvider& engines,
                       uint64_t seed, double seconds) {
  EmbedderOptions options;
  options.engine = c.variant.Word("engine");
  options.precision = c.variant.Word("precision");
  const std::unique_ptr<Embedder> embedder = engines.make(weights, options);
  const Graph& graph = weights.graph;
  const auto height = static_cast<int>(graph.height), width = static_cast<int>(graph.width);
  const int batch = static_cast<int>(*c.variant.Number("batch"));
  const auto values = static_cast<size_t>(graph.channels * height * width * batch);
  const Measurement m = MeasureCalls(
      [&](int thread) -> TimedCall {
        // Any pixels will do: time does not depend on them.
        auto pixels = std::make_shared<std::vector<float>>(values);
        Rng rng(seed, static_cast<uint64_t>(thread));
        for (float& p : *pixels) p = static_cast<float>(rng.Uniform(-2, 2));
        auto rows =
            std::make_shared<std::vector<float>>(static_cast<size_t>(batch) * embedder->info().dim);
        auto cameras = std::make_shared<std::vector<float>>(static_cast<size_t>(batch));
        return [&, pixels, rows, cameras] {
          embedder->Embed({pixels->data(), batch, height, width, cameras->data()}, rows->data());
          return batch;
        };
      },
      Looks(seconds, static_cast<int>(*c.variant.Number("threads"))));
  StageMeasurement stage = Describe(c, "images", m);
  const auto macs = static_cast<double>(CountMacs(graph));
  stage.gflops = 2e-9 * macs * m.items_per_s;
  // What has to move whatever the engine does: weights once a call, pixels in, embeddings out.
  const double bytes = 4 * (static_cast<double>(CountParameters(graph)) / batch +
                            static_cast<double>(values) / batch + embedder->info().dim);
  stage.gb_per_s = 1e-9 * bytes * m.items_per_s;
  return stage;
}

StageMeasurement Write(const ProfileCase& c, uint64_t seed, double seconds) {
  const int64_t rows = *c.variant.Number("rows");
  const int64_t dim = *c.variant.Number("dim");
  const bool half = c.variant.Word("type") == "float16";
  FeatureLabels labels;
  for (int64_t i = 0; i < rows; ++i) {
    labels.frame.emplace_back(1 + i / 10);
    labels.track_id.emplace_back(i % 10);
    labels.box_ltwh.push_back({10.0 * static_cast<double>(i % 10), 0, 40, 90});
  }
  std::vector<float> values(static_cast<size_t>(rows * dim));
  Rng rng(seed);
  for (float& v : values) v = static_cast<float>(rng.Uniform());
  FeatureProvenance provenance;
  provenance.dataset = "generated";
  const ScratchFolder scratch;
  const Measurement m = MeasureCalls(
      [&](int) -> TimedCall {
        return [&] {
          FeatureFileWriter writer(scratch.path() / "features.h5", static_cast<int>(dim), labels,
                                   provenance, {},
                                   half ? FeatureType::kFloat16 : FeatureType::kFloat32);
          writer.Append(values);
          writer.Finish();
          return rows;
        };
      },
      Looks(seconds, 1));
  StageMeasurement stage = Describe(c, "rows", m);
  stage.gb_per_s = 1e-9 * m.items_per_s * static_cast<double>(dim) * (half ? 2 : 4);
  return stage;
}

StageMeasurement Track(const ProfileCase& c, uint64_t seed, double seconds) {
  const std::string name = c.variant.Word("tracker");
  const WalkerScene scene =
      MakeWalkers({.people = static_cast<int>(*c.variant.Number("boxes_per_frame")),
                   .frames = kTrackedFrames,
                   .seed = seed + 7});
  const Measurement m = MeasureCalls(
      [&](int) -> TimedCall {
        return [&, tracker = std::shared_ptr<Tracker>(MakeTracker(name)), f = 0]() mutable {
          if (f == kTrackedFrames) {
            tracker = MakeTracker(name);
            f = 0;
          }
          tracker->Step({FrameIndex(f + 1), scene.frames[f], {}});
          ++f;
          return 1;
        };
      },
      Looks(seconds, static_cast<int>(*c.variant.Number("threads"))));
  return Describe(c, "frames", m);
}

StageMeasurement RelinkTracks(const ProfileCase& c, uint64_t seed, double seconds) {
  const GeneratedTracks generated =
      MakeBrokenTracks(static_cast<int>(*c.variant.Number("boxes_per_frame")), kRelinkFrames,
                       static_cast<int>(*c.variant.Number("dim")), seed + 7);
  const RelinkInput input = RelinkInputOf(generated, 25);
  const ThreadLimit limit(1);
  const Measurement m = MeasureCalls(
      [&](int) -> TimedCall {
        return [&] {
          return static_cast<int64_t>(Relink(input, RelinkOptions()).tracks.boxes.size());
        };
      },
      Looks(seconds, 1));
  return Describe(c, "boxes", m);
}

StageMeasurement RankGallery(const ProfileCase& c, uint64_t seed, double seconds) {
  const int64_t queries = *c.variant.Number("queries"), gallery = *c.variant.Number("gallery");
  const int64_t dim = *c.variant.Number("dim");
  Rng rng(seed);
  const auto features = [&](int64_t rows) {
    FeatureMatrix m(rows, dim);
    for (int64_t i = 0; i < m.size(); ++i) m.data()[i] = static_cast<float>(rng.Uniform(-1, 1));
    return m;
  };
  const FeatureMatrix query = features(queries), from = features(gallery);
  // Market-1501's 4.5 images a person and camera rule, with 6 cameras.
  const int64_t persons = std::max<int64_t>(gallery / 20, 2);
  std::vector<PersonId> query_person, gallery_person;
  std::vector<CameraId> query_camera, gallery_camera;
  for (int64_t i = 0; i < queries; ++i) {
    query_person.emplace_back(1 + static_cast<int64_t>(rng.Below(persons)));
    query_camera.emplace_back(1 + static_cast<int64_t>(rng.Below(6)));
  }
  for (int64_t i = 0; i < gallery; ++i) {
    gallery_person.emplace_back(1 + static_cast<int64_t>(rng.Below(persons)));
    gallery_camera.emplace_back(1 + static_cast<int64_t>(rng.Below(6)));
  }
  RankingInput input{ViewOf(query),  ViewOf(from), query_person,
                     gallery_person, query_camera, gallery_camera};
  const ThreadLimit limit(static_cast<int>(*c.variant.Number("threads")));
  const Measurement m = MeasureCalls(
      [&](int) -> TimedCall { return [&] { return Rank(input, RankingOptions()).num_queries; }; },
      Looks(seconds, 1));
  StageMeasurement stage = Describe(c, "queries", m);
  const auto pairs = static_cast<double>(gallery);
  stage.gflops = 2e-9 * pairs * static_cast<double>(dim) * m.items_per_s;
  stage.gb_per_s =
      4e-9 * static_cast<double>(dim) * (pairs / static_cast<double>(queries) + 1) * m.items_per_s;
  return stage;
}

void RequireEngine(const ProfileOptions& options, const EngineProvider& engines) {
  if (options.engine == "auto" && options.precision == "auto") return;
  const bool known =
      std::any_of(engines.choices.begin(), engines.choices.end(), [&](const EngineChoice& choice) {
        return (options.engine == "auto" || options.engine == choice.engine) &&
               (options.precision == "auto" || options.precision == choice.precision);
      });
  if (known) return;
  std::vector<std::string> names;
  for (const EngineChoice& choice : engines.choices)
    names.push_back(choice.engine + " " + choice.precision);
  ThrowUsage("engine {} with precision {}: not on this processor or in this build; it has: {}",
             options.engine, options.precision, names.empty() ? "none" : JoinText(names, ", "));
}

bool Wants(const ProfileOptions& options, const std::string& stage) {
  if (options.workload) {
    const auto runs = [&](const std::string& name) {
      for (const auto& [known, place] : StagesOf(*options.workload)) {
        if (known == name) return place != StagePlace::kNone;
      }
      return false;
    };
    return runs(stage) || (stage == "decode" && runs("decode_frame"));
  }
  return options.stages.empty() ||
         std::find(options.stages.begin(), options.stages.end(), stage) != options.stages.end();
}

}  // namespace

EngineChoice EngineFor(const Workload& workload, const EngineProvider& engines) {
  for (const EngineChoice& choice : engines.choices) {
    if ((workload.engine == "auto" || workload.engine == choice.engine) &&
        workload.precision == choice.precision)
      return choice;
  }
  ProfileOptions wanted;
  wanted.engine = workload.engine;
  wanted.precision = workload.precision;
  RequireEngine(wanted, engines);
  return {};
}

ProfileCaseList ListProfileCases(const ProfileOptions& options, const EngineProvider& engines,
                                 bool check_only) {
  for (const std::string& stage : options.stages) {
    const std::vector<std::string>& known = ProfileStageNames();
    if (std::find(known.begin(), known.end(), stage) == known.end())
      ThrowUsage("--stages: unknown stage '{}'{}", stage, SuggestName(stage, known));
  }
  RequireEngine(options, engines);
  const Variants vary = VariantsOf(options);
  const uint64_t seed = options.seed;
  const double seconds = options.look_s > 0 ? options.look_s : vary.seconds;
  ProfileCaseList list;
  const auto add = [&](const std::string& stage, StageVariant variant, auto run) {
    ProfileCase c{stage, std::move(variant), nullptr};
    const ProfileCase named = c;
    c.run = [named, run] { return run(named); };
    list.cases.push_back(std::move(c));
  };

  std::vector<Architecture> architectures;
  std::shared_ptr<Network> weights;
  if (!options.weights.empty()) {
    weights = std::make_shared<Network>(LoadNetwork(options.weights));
    architectures = {{weights->name, "", weights->graph}};
  } else if (options.workload) {
    architectures = {ArchitectureByName(options.workload->architecture)};
  } else {
    std::vector<std::string> names = options.architectures;
    if (names.empty()) names = {"osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0"};
    if (options.quick && options.architectures.empty()) names = {"osnet_x0_25"};
    for (const std::string& name : names) architectures.push_back(ArchitectureByName(name));
  }
  const int64_t dim = DimOf(architectures.front().graph);

  const auto pictures = [&](Size size, bool crops) {
    if (check_only) return std::make_shared<GeneratedPictures>();
    const std::string packed =
        RunIsolated([&] {
          return PackPictures(crops ? MakeCrops(size.width, size.height, kGeneratedCrops, seed)
                                    : MakeFrames(size.width, size.height, 2, seed));
        }).output;
    return std::make_shared<GeneratedPictures>(UnpackPictures(packed));
  };
  std::vector<std::pair<Size, std::shared_ptr<GeneratedPictures>>> all_pictures;
  if (Wants(options, "decode") || Wants(options, "resize")) {
    for (const Size size : vary.crops) all_pictures.emplace_back(size, pictures(size, true));
    for (const Size size : vary.frames) all_pictures.emplace_back(size, pictures(size, false));
  }
  for (const char* stage : {"decode", "resize"}) {
    if (!Wants(options, stage)) continue;
    const bool decode = std::string_view(stage) == "decode";
    for (const auto& [size, made] : all_pictures) {
      const bool frame = !made->frames.empty();
      if (frame && !decode) continue;  // networks are fed with crops
      for (const int threads : vary.threads) {
        StageVariant variant;
        variant.numbers = {{"width", size.width}, {"height", size.height}, {"threads", threads}};
        if (decode) {
          variant.numbers.insert(variant.numbers.end() - 1,
                                 {"jpeg_bytes", std::llround(made->MeanBytes())});
        }
        add(stage, variant, [made = made, frame, decode, seconds](const ProfileCase& c) {
          const std::vector<JpegFile>& files = frame ? made->frames : made->crops;
          return decode ? Decode(c, files, seconds) : Resize(c, files, seconds);
        });
      }
    }
  }

  if (Wants(options, "embed")) {
    std::vector<EngineChoice> choices;
    if (options.workload) {
      choices = {EngineFor(*options.workload, engines)};
    } else {
      for (const EngineChoice& choice : engines.choices) {
        if ((options.engine == "auto" || options.engine == choice.engine) &&
            (options.precision == "auto" || options.precision == choice.precision))
          choices.push_back(choice);
      }
    }
    if (choices.empty())
      list.warnings.emplace_back("embed was not measured: this build has no engine");
    for (const Architecture& architecture : architectures) {
      for (const EngineChoice& choice : choices) {
        // LibTorch is the reference, not what is planned with: its best batch is enough.
        const bool reference = !options.workload && options.engine == "auto" &&
                               choice.engine != choices.front().engine;
        if (reference && options.quick) continue;
        // Other precisions are for OSNet only.
        if (architecture.name == kUnnamedNetwork && choice.precision != "fp32") continue;
        if (architecture.name == kUnnamedNetwork && options.engine == "auto") {
          // An engine may lack one of its layers.
          try {
            RunIsolated([&] {
              EmbedderOptions trial;
              trial.engine = choice.engine;
              trial.precision = choice.precision;
              engines.make(*weights, trial);
              return std::string();
            });
          } catch (const Error& error) {
            list.warnings.push_back(fmt::format("embed was not measured with engine {}: {}",
                                                choice.engine, error.what()));
            continue;
          }
        }
        for (const int batch : vary.batches) {
          if (reference && batch != vary.batches.back()) continue;
          for (const int threads : vary.threads) {
            StageVariant variant;
            variant.words = {{"architecture", architecture.name},
                             {"engine", choice.engine},
                             {"precision", choice.precision}};
            variant.numbers = {{"batch", batch}, {"threads", threads}};
            add("embed", variant,
                [architecture, weights, &engines, seed, seconds](const ProfileCase& c) {
                  return Embed(c, weights ? *weights : RandomNetwork(architecture), engines, seed,
                               seconds);
                });
          }
        }
      }
    }
  }

  if (Wants(options, "write")) {
    for (const char* type : {"float32", "float16"}) {
      StageVariant variant;
      variant.words = {{"type", type}};
      variant.numbers = {{"dim", dim}, {"rows", vary.rows}, {"threads", 1}};
      add("write", variant,
          [seed, seconds](const ProfileCase& c) { return Write(c, seed, seconds); });
    }
  }
  if (Wants(options, "track")) {
    for (const std::string& tracker : vary.trackers) {
      const MethodNeeds& needs = TrackerByName(tracker).needs;
      if (needs.BeyondBoxes()) {
        ThrowUsage("tracker '{}' cannot be measured: it needs the {} of a video", tracker,
                   needs.embeddings ? "embeddings" : "pictures");
      }
      for (const int boxes : vary.track_densities) {
        StageVariant variant;
        variant.words = {{"tracker", tracker}};
        variant.numbers = {{"boxes_per_frame", boxes},
                           {"threads", options.workload ? vary.threads.back() : 1}};
        add("track", variant,
            [seed, seconds](const ProfileCase& c) { return Track(c, seed, seconds); });
      }
    }
  }
  if (Wants(options, "relink")) {
    for (const int boxes : vary.relink_densities) {
      StageVariant variant;
      variant.numbers = {
          {"boxes_per_frame", boxes}, {"frames", kRelinkFrames}, {"dim", dim}, {"threads", 1}};
      add("relink", variant,
          [seed, seconds](const ProfileCase& c) { return RelinkTracks(c, seed, seconds); });
    }
  }
  if (Wants(options, "rank")) {
    for (const auto& [queries, gallery] : vary.rankings) {
      for (const int threads : vary.threads) {
        StageVariant variant;
        variant.numbers = {
            {"queries", queries}, {"gallery", gallery}, {"dim", dim}, {"threads", threads}};
        add("rank", variant,
            [seed, seconds](const ProfileCase& c) { return RankGallery(c, seed, seconds); });
      }
    }
  }
  return list;
}

}  // namespace reidbench
