#include "reidbench/experiment/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/relinking/corrections.h"
#include "reidbench/results/run_page.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWorldSequences = "world/mot/train";
// Pictures of the switches of all comparisons together: a page stays small enough to send.
constexpr size_t kPictureKib = 3072, kMostComparisonsWithPictures = 12;
constexpr int kDefaultInterpolation = 20;  // frames, of an ablation that does not say

// One way of making tracks.
struct Configuration {
  std::string name;  // "yolo11x sort max_age=30"
  const ExperimentDetections* detections;
  const ExperimentTracker* tracker;
  ExperimentOptions options;  // one value each
};

struct CorrectionChoice {
  std::string name;
  const ExperimentCorrection* correction;
  ExperimentOptions options;
};

std::string JoinNames(const std::vector<std::string>& parts) {
  std::vector<std::string> given;
  for (const std::string& part : parts) {
    if (!part.empty()) given.push_back(part);
  }
  return JoinText(given, " ");
}

std::vector<Configuration> ListConfigurations(const ExperimentSpec& spec) {
  std::vector<Configuration> configurations;
  for (const ExperimentDetections& detections : spec.detections) {
    for (const ExperimentTracker& tracker : spec.trackers) {
      for (ExperimentOptions& options : ExpandSweep(tracker.options)) {
        const std::string swept = SweptName(tracker.options, options);
        const std::string detector = spec.detections.size() > 1 ? detections.name : "";
        configurations.push_back({.name = JoinNames({detector, tracker.label, swept}),
                                  .detections = &detections,
                                  .tracker = &tracker,
                                  .options = std::move(options)});
      }
    }
  }
  return configurations;
}

std::vector<CorrectionChoice> ListCorrections(const ExperimentSpec& spec) {
  std::vector<CorrectionChoice> choices;
  for (const ExperimentCorrection& correction : spec.corrections) {
    for (ExperimentOptions& options : ExpandSweep(correction.options)) {
      choices.push_back(
          {.name = JoinNames({correction.label, SweptName(correction.options, options)}),
           .correction = &correction,
           .options = std::move(options)});
    }
  }
  return choices;
}

// The steps before the whole correction: names of rows and options of the method.
struct AblationStep {
  std::string name;
  ExperimentOptions options;
};

std::vector<AblationStep> AblationSteps(const CorrectionChoice& choice) {
  std::vector<AblationStep> steps;
  const Correction* known = FindMethod(Corrections(), choice.correction->method);
  if (known == nullptr) return steps;  // what `relink` complains about, before anything runs
  for (const AblationRow& row : known->ablation) {
    AblationStep& step = steps.emplace_back(AblationStep{row.name, choice.options});
    for (const std::string& option : row.without) step.options.push_back({option, {"false"}});
  }
  return steps;
}

int InterpolationOf(const ExperimentCorrection& correction) {
  if (correction.interpolate > 0) return correction.interpolate;
  return correction.ablation ? kDefaultInterpolation : 0;
}

Json OptionsJson(const ExperimentOptions& options) {
  Json json = Json::object();
  for (const ExperimentOption& option : options)
    json[option.key] =
        option.values.size() == 1 ? Json(option.values.front()) : Json(option.values);
  return json;
}

void AddWords(const std::vector<std::string>& words, std::vector<StageArgument>* arguments) {
  for (const std::string& word : words) arguments->push_back(Word(word));
}

// Options of a command as flags; `true` is a flag alone, `false` leaves it out.
void AddOptions(const ExperimentOptions& options, std::vector<StageArgument>* arguments) {
  for (const ExperimentOption& option : options) {
    if (option.values == std::vector<std::string>{"false"}) continue;
    std::string flag = "--" + option.key;
    for (char& c : flag) {
      if (c == '_') c = '-';
    }
    AddWords({flag}, arguments);
    if (option.values != std::vector<std::string>{"true"}) AddWords(option.values, arguments);
  }
}

class Planner {
 public:
  Planner(const ExperimentSpec& spec, const std::optional<fs::path>& world)
      : spec_(spec), world_(world) {}

  ExperimentPlan Make() {
    if (!spec_.weights.empty() && !IsFile(spec_.weights))
      errors_.push_back(fmt::format("{}: model.weights: no such file", spec_.weights.string()));
    if (!spec_.expect.empty() && !IsFile(spec_.expect))
      errors_.push_back(fmt::format("{}: rank.expect: no such file", spec_.expect.string()));
    if (spec_.reid && !IsFolder(spec_.reid->root))
      errors_.push_back(
          fmt::format("{}: data.reid.root: no such folder", spec_.reid->root.string()));
    if (spec_.world) AddWorld();
    if (!spec_.trackers.empty()) FindSequences();
    ThrowIfWrong();
    if (spec_.retrieval) AddRetrieval();
    const std::vector<Configuration> configurations = ListConfigurations(spec_);
    comparisons_ = configurations.size() * ListCorrections(spec_).size();
    for (size_t i = 0; i < configurations.size(); ++i) AddConfiguration(configurations[i], i);
    if (!configurations.empty() && !spec_.world) {
      ExperimentStage check;
      check.id = "ground truth";
      check.command = "check";
      check.arguments = {Word("--gt"), GroundTruth()};
      AddRules(&check);
      plan_.checks.push_back(std::move(check));
    }
    ThrowIfWrong();
    return std::move(plan_);
  }

 private:
  void ThrowIfWrong() const {
    if (!errors_.empty()) ThrowIo("{}", JoinText(errors_, "\n"));
  }

  // The index of the stage, which is made only once however often it is asked for.
  size_t Add(ExperimentStage stage) {
    Json key = Json::array({stage.command});
    for (const StageArgument& a : stage.arguments) {
      Json entries = Json::array();
      for (const StageArgument::ViewEntry& entry : a.entries)
        entries.push_back({entry.name, entry.stage, entry.file});
      key.push_back(
          {static_cast<int>(a.kind), a.prefix, a.text, a.path.string(), a.stage, entries});
    }
    const auto [found, is_new] = index_.try_emplace(DumpJson(key, -1), plan_.stages.size());
    if (is_new) {
      plan_.stages.push_back(std::move(stage));
    } else {
      std::vector<std::string>& slots = plan_.stages[found->second].slots;
      slots.insert(slots.end(), stage.slots.begin(), stage.slots.end());
    }
    return found->second;
  }

  void AddWorld() {
    ExperimentStage stage;
    stage.id = "synth";
    stage.command = "synth";
    stage.arguments = {Word("--config"), InputArgument(spec_.world->config), Word("--seed"),
                       Word(fmt::format("{}", spec_.world->seed))};
    AddOptions(spec_.world->options, &stage.arguments);
    AddWords({"--format", "json", "--output"}, &stage.arguments);
    stage.arguments.push_back(OutputArgument("world"));
    stage.result = "stdout.txt";
    stage.slots = {"/world"};
    stage.exclusive = true;
    world_stage_ = Add(std::move(stage));
  }

  void FindSequences() {
    if (spec_.world && !world_) {
      MotSequenceFiles stand_in;
      stand_in.name = "CAMERA";
      sequences_.push_back(stand_in);
      plan_.sequences_known = false;
    } else {
      const fs::path root = spec_.world ? *world_ / kWorldSequences : spec_.sequences;
      sequences_ = FindMotSequences({.path = root,
                                     .benchmark = spec_.benchmark,
                                     .split = spec_.split,
                                     .seqmap = spec_.seqmap});
    }
    for (const MotSequenceFiles& sequence : sequences_) {
      plan_.sequences.push_back(sequence.name);
      if (spec_.world) continue;
      if (sequence.sequence_info.empty()) {
        errors_.push_back(fmt::format(
            "{}: data.sequences: expected a folder of sequences or one (with its seqinfo.ini)",
            sequence.ground_truth.string()));
        continue;
      }
      for (const ExperimentDetections& detections : spec_.detections) {
        const fs::path file = FolderOf(sequence) / DetectionFile(detections);
        if (!IsFile(file))
          errors_.push_back(fmt::format("{}: no such file of detections", file.string()));
      }
    }
  }

  static fs::path FolderOf(const MotSequenceFiles& sequence) {
    return sequence.sequence_info.parent_path();
  }
  static fs::path DetectionFile(const ExperimentDetections& detections) {
    return fs::path("det") / detections.name / "det.txt";
  }

  // A file or folder of a sequence; `contents` (of it) are what a command reads there.
  StageArgument SequenceArgument(const MotSequenceFiles& sequence, const fs::path& inside,
                                 std::vector<fs::path> contents) const {
    if (spec_.world) {
      std::string path = std::string(kWorldSequences) + "/" + sequence.name;
      if (!inside.empty()) path += "/" + inside.string();
      return ArtifactArgument(world_stage_, path);
    }
    return InputArgument(inside.empty() ? FolderOf(sequence) : FolderOf(sequence) / inside,
                         std::move(contents));
  }

  StageArgument GroundTruth() const {
    if (spec_.world) return ArtifactArgument(world_stage_, kWorldSequences);
    std::vector<fs::path> contents;
    for (const MotSequenceFiles& sequence : sequences_) {
      contents.push_back(sequence.ground_truth);
      contents.push_back(sequence.sequence_info);
    }
    return InputArgument(spec_.sequences, std::move(contents));
  }

  // Where frame rates and image sizes stand.
  StageArgument SequenceInfos() const {
    if (spec_.world) return ArtifactArgument(world_stage_, kWorldSequences);
    std::vector<fs::path> contents;
    for (const MotSequenceFiles& sequence : sequences_) contents.push_back(sequence.sequence_info);
    return InputArgument(spec_.sequences, std::move(contents));
  }

  void AddRules(ExperimentStage* stage) const {
    AddWords({"--benchmark", spec_.benchmark, "--split", spec_.split}, &stage->arguments);
    if (!spec_.seqmap.empty()) {
      AddWords({"--seqmap"}, &stage->arguments);
      stage->arguments.push_back(InputArgument(spec_.seqmap));
    }
    stage->reads.push_back(IsFile(spec_.benchmark) ? fs::path(spec_.benchmark)
                                                   : DataDir() / "configs" / "protocols");
  }

  void AddModel(ExperimentStage* stage) const {
    if (!spec_.weights.empty()) {
      AddWords({"--weights"}, &stage->arguments);
      stage->arguments.push_back(InputArgument(spec_.weights));
    } else if (const fs::path models = DataDir() / "configs" / "models"; IsFolder(models)) {
      stage->reads.push_back(models);
    }
    AddOptions(spec_.model, &stage->arguments);
    stage->exclusive = true;
    stage->resumable = true;
    AddWords({"--format", "json"}, &stage->arguments);
    stage->result = "stdout.txt";
  }

  void AddRetrieval() {
    ExperimentStage extract;
    extract.id = "extract re-ID set";
    extract.command = "extract";
    if (spec_.world) {
      AddWords({"--dataset", "market_layout", "--root"}, &extract.arguments);
      extract.arguments.push_back(ArtifactArgument(world_stage_, "world/reid"));
    } else {
      AddWords({"--dataset", spec_.reid->dataset, "--root"}, &extract.arguments);
      extract.arguments.push_back(InputArgument(spec_.reid->root));
      const fs::path shipped = DataDir() / "datasets" / (spec_.reid->dataset + ".yaml");
      if (IsFile(shipped)) extract.reads.push_back(shipped);
      if (IsFile(spec_.reid->dataset)) extract.reads.emplace_back(spec_.reid->dataset);
      AddOptions(spec_.reid->options, &extract.arguments);
    }
    AddModel(&extract);
    AddWords({"--output"}, &extract.arguments);
    extract.arguments.push_back(OutputArgument("features.h5"));
    const size_t features = Add(std::move(extract));

    ExperimentStage rank;
    rank.id = "rank";
    rank.command = "rank";
    rank.arguments = {ArtifactArgument(features, "features.h5")};
    AddOptions(spec_.rank, &rank.arguments);
    if (!spec_.expect.empty()) {
      AddWords({"--expect"}, &rank.arguments);
      rank.arguments.push_back(InputArgument(spec_.expect));
    }
    AddWords({"--images"}, &rank.arguments);
    // The images were read by the extraction already: their content is part of its key.
    rank.arguments.push_back(spec_.world ? ArtifactArgument(world_stage_, "world/reid")
                                         : InputArgument(spec_.reid->root));
    AddWords({"--ranked"}, &rank.arguments);
    rank.arguments.push_back(OutputArgument(kRankedFile));
    AddWords({"--seed", fmt::format("{}", spec_.seed), "--per-query"}, &rank.arguments);
    rank.arguments.push_back(OutputArgument("queries.json"));
    AddWords({"--format", "json", "--output"}, &rank.arguments);
    rank.arguments.push_back(OutputArgument("rank.json"));
    rank.result = "rank.json";
    rank.slots = {"/retrieval"};
    rank.exclusive = true;
    Add(std::move(rank));
  }

  // The appearance of the boxes that `boxes` lists, one file a sequence, as a folder for
  // --features.
  StageArgument AddFeatures(const std::string& of,
                            const std::function<StageArgument(const MotSequenceFiles&)>& boxes) {
    StageArgument view;
    view.kind = StageArgument::Kind::kView;
    view.text = "features";
    for (const MotSequenceFiles& sequence : sequences_) {
      ExperimentStage extract;
      extract.id = fmt::format("extract {} {}", of, sequence.name);
      extract.command = "extract";
      AddWords({"--frames"}, &extract.arguments);
      std::vector<fs::path> contents;
      if (!spec_.world) {
        const fs::path frames = FindFrameFolder(FolderOf(sequence)).images;
        if (IsFolder(frames)) contents = {frames, sequence.sequence_info};
      }
      extract.arguments.push_back(SequenceArgument(sequence, "", contents));
      AddWords({"--boxes"}, &extract.arguments);
      extract.arguments.push_back(boxes(sequence));
      AddModel(&extract);
      const std::string file = sequence.name + ".h5";
      AddWords({"--output"}, &extract.arguments);
      extract.arguments.push_back(OutputArgument(file));
      view.entries.push_back({file, Add(std::move(extract)), file});
    }
    return view;
  }

  size_t AddScore(const std::string& of, const StageArgument& tracks, const std::string& slot) {
    ExperimentStage score;
    score.id = "score " + of;
    score.command = "score";
    score.arguments = {Word("--gt"), GroundTruth(), Word("--tracks"), tracks};
    AddRules(&score);
    AddOptions(spec_.score, &score.arguments);
    AddWords({"--seed", fmt::format("{}", spec_.seed), "--format", "json", "--output"},
             &score.arguments);
    score.arguments.push_back(OutputArgument("score.json"));
    score.result = "score.json";
    score.slots = {slot};
    return Add(std::move(score));
  }

  // Of the tracks, and beside them of `corrected` where that is a stage's artifact.
  void AddFlow(const std::string& of, const StageArgument& tracks,
               const std::optional<StageArgument>& corrected, const std::string& slot) {
    if (!spec_.flow) return;
    ExperimentStage flow;
    flow.id = "flow " + of;
    flow.command = "flow";
    flow.arguments = {Word("--gt"), GroundTruth(), Word("--tracks"), tracks};
    if (corrected) {
      AddWords({"--corrected"}, &flow.arguments);
      flow.arguments.push_back(*corrected);
    }
    AddWords({"--zones"}, &flow.arguments);
    flow.arguments.push_back(InputArgument(spec_.flow->zones));
    AddOptions(spec_.flow->options, &flow.arguments);
    AddWords({"--seed", fmt::format("{}", spec_.seed), "--format", "json"}, &flow.arguments);
    flow.result = "stdout.txt";
    flow.slots = {slot};
    Add(std::move(flow));
  }

  void AddConfiguration(const Configuration& configuration, size_t i) {
    ExperimentStage track;
    track.id = "track " + configuration.name;
    track.command = "track";
    AddWords({"--detections"}, &track.arguments);
    const fs::path file = DetectionFile(*configuration.detections);
    const auto detections_of = [&](const MotSequenceFiles& sequence) {
      std::vector<fs::path> contents;
      if (!spec_.world) contents = {FolderOf(sequence) / file, sequence.sequence_info};
      return SequenceArgument(sequence, file, contents);
    };
    for (const MotSequenceFiles& sequence : sequences_)
      track.arguments.push_back(detections_of(sequence));
    AddWords({"--tracker", configuration.tracker->tracker}, &track.arguments);
    if (!configuration.tracker->config.empty()) {
      AddWords({"--tracker-config"}, &track.arguments);
      track.arguments.push_back(InputArgument(configuration.tracker->config));
    }
    for (const ExperimentOption& option : configuration.options)
      AddWords({"--option", fmt::format("{}={}", option.key, option.values.front())},
               &track.arguments);
    if (configuration.detections->ignore_scores) AddWords({"--ignore-scores"}, &track.arguments);
    // A name that nobody knows is what `track` complains about, before anything runs.
    const TrackerMethod* tracker = FindMethod(Trackers(), configuration.tracker->tracker);
    if (tracker != nullptr && tracker->needs.embeddings) {
      AddWords({"--features"}, &track.arguments);
      track.arguments.push_back(
          AddFeatures(JoinNames({"detections", configuration.detections->name}), detections_of));
    }
    AddWords({"--format", "json", "--output"}, &track.arguments);
    track.arguments.push_back(OutputArgument("tracks"));
    track.result = "stdout.txt";
    track.slots = {fmt::format("/tracking/{}/track", i)};
    const size_t tracked = Add(std::move(track));

    const StageArgument tracks = ArtifactArgument(tracked, "tracks");
    AddScore(configuration.name, tracks, fmt::format("/tracking/{}/score", i));
    AddFlow(configuration.name, tracks, std::nullopt, fmt::format("/tracking/{}/flow", i));
    if (spec_.corrections.empty()) return;
    const StageArgument features =
        AddFeatures(configuration.name, [&](const MotSequenceFiles& sequence) {
          return ArtifactArgument(tracked, "tracks/" + sequence.name + ".txt");
        });
    const std::vector<CorrectionChoice> choices = ListCorrections(spec_);
    for (size_t j = 0; j < choices.size(); ++j)
      AddCorrection(configuration.name, tracks, features, choices[j],
                    fmt::format("/tracking/{}/corrections/{}", i, j));
  }

  size_t AddRelink(const std::string& id, const StageArgument& tracks,
                   const StageArgument& features, const ExperimentCorrection& correction,
                   const ExperimentOptions& options) {
    ExperimentStage relink;
    relink.id = "relink " + id;
    relink.command = "relink";
    relink.arguments = {
        Word("--tracks"),    tracks,          Word("--features"), features,
        Word("--sequences"), SequenceInfos(), Word("--method"),   Word(correction.method)};
    for (const ExperimentOption& option : options)
      AddWords({"--option", fmt::format("{}={}", option.key, option.values.front())},
               &relink.arguments);
    if (correction.allow_missing) AddWords({"--allow-missing"}, &relink.arguments);
    if (const int frames = InterpolationOf(correction); frames > 0)
      AddWords({"--interpolate", fmt::format("{}", frames)}, &relink.arguments);
    AddWords({"--format", "json", "--output"}, &relink.arguments);
    relink.arguments.push_back(OutputArgument("corrected"));
    relink.result = "stdout.txt";
    return Add(std::move(relink));
  }

  // Pictures of the switches, where there are frames and the page has room for those of every
  // comparison.
  void AddPictures(ExperimentStage* compare) const {
    if (comparisons_ > kMostComparisonsWithPictures) return;
    std::vector<fs::path> frames;
    if (!spec_.world) {
      for (const MotSequenceFiles& sequence : sequences_) {
        if (const fs::path images = FindFrameFolder(FolderOf(sequence)).images; IsFolder(images))
          frames.push_back(images);
      }
      if (frames.empty()) return;
    }
    AddWords({"--frames"}, &compare->arguments);
    compare->arguments.push_back(spec_.world ? ArtifactArgument(world_stage_, kWorldSequences)
                                             : InputArgument(spec_.sequences, frames));
    AddWords({"--picture-kib", fmt::format("{}", kPictureKib / std::max<size_t>(1, comparisons_)),
              "--pictures"},
             &compare->arguments);
    compare->arguments.push_back(OutputArgument(kPicturesFile));
  }

  void AddSlot(size_t stage, const std::string& slot) { plan_.stages[stage].slots.push_back(slot); }

  void AddCorrection(const std::string& tracked, const StageArgument& tracks,
                     const StageArgument& features, const CorrectionChoice& choice,
                     const std::string& slot) {
    const std::string id = tracked + " " + choice.name;
    const ExperimentCorrection& correction = *choice.correction;
    const size_t corrected = AddRelink(id, tracks, features, correction, choice.options);
    AddSlot(corrected, slot + "/relink");
    AddScore(id, ArtifactArgument(corrected, "corrected"), slot + "/score");
    AddFlow(id, tracks, ArtifactArgument(corrected, "corrected"), slot + "/flow");

    ExperimentStage compare;
    compare.id = "compare " + id;
    compare.command = "compare";
    compare.arguments = {Word("--gt"),        GroundTruth(),
                         Word("--plain"),     tracks,
                         Word("--corrected"), ArtifactArgument(corrected, "corrected")};
    if (correction.ablation) {
      const std::vector<AblationStep> steps = AblationSteps(choice);
      for (size_t k = 0; k < steps.size(); ++k) {
        const size_t step = AddRelink(fmt::format("{} {}", id, steps[k].name), tracks, features,
                                      correction, steps[k].options);
        AddSlot(step, fmt::format("{}/ablation/{}/relink", slot, k));
        AddWords({"--ablation"}, &compare.arguments);
        compare.arguments.push_back(ArtifactArgument(step, "corrected", steps[k].name + "="));
      }
    }
    if (InterpolationOf(correction) > 0) {
      AddWords({"--interpolated"}, &compare.arguments);
      compare.arguments.push_back(ArtifactArgument(corrected, "corrected/interpolated"));
    }
    AddWords({"--timelines"}, &compare.arguments);
    AddPictures(&compare);
    AddRules(&compare);
    AddOptions(spec_.compare, &compare.arguments);
    AddWords({"--seed", fmt::format("{}", spec_.seed), "--format", "json", "--output"},
             &compare.arguments);
    compare.arguments.push_back(OutputArgument("compare.json"));
    compare.result = "compare.json";
    compare.slots = {slot + "/compare"};
    Add(std::move(compare));
  }

  const ExperimentSpec& spec_;
  const std::optional<fs::path>& world_;
  ExperimentPlan plan_;
  std::map<std::string, size_t> index_;
  size_t world_stage_ = 0;
  size_t comparisons_ = 0;
  std::vector<MotSequenceFiles> sequences_;
  std::vector<std::string> errors_;
};

}  // namespace

ExperimentPlan MakePlan(const ExperimentSpec& spec, const std::optional<fs::path>& world) {
  return Planner(spec, world).Make();
}

Json MakeResults(const ExperimentSpec& spec) {
  Json results = Json::object();
  if (spec.world) results["world"] = nullptr;
  if (spec.retrieval) results["retrieval"] = nullptr;
  if (spec.trackers.empty()) return results;
  Json& tracking = results["tracking"] = Json::array();
  const std::vector<CorrectionChoice> choices = ListCorrections(spec);
  for (const Configuration& configuration : ListConfigurations(spec)) {
    Json entry = {{"name", configuration.name},
                  {"detections", configuration.detections->name.empty()
                                     ? Json(nullptr)
                                     : Json(configuration.detections->name)},
                  {"tracker", configuration.tracker->tracker},
                  {"label", configuration.tracker->label},
                  {"options", OptionsJson(configuration.options)},
                  {"track", nullptr},
                  {"score", nullptr}};
    if (spec.flow) entry["flow"] = nullptr;
    Json& corrections = entry["corrections"] = Json::array();
    for (const CorrectionChoice& choice : choices) {
      Json correction = {{"name", choice.name},
                         {"method", choice.correction->method},
                         {"options", OptionsJson(choice.options)},
                         {"relink", nullptr},
                         {"score", nullptr},
                         {"compare", nullptr}};
      if (spec.flow) correction["flow"] = nullptr;
      if (choice.correction->ablation) {
        Json& ablation = correction["ablation"] = Json::array();
        for (const AblationStep& step : AblationSteps(choice))
          ablation.push_back(
              {{"name", step.name}, {"options", OptionsJson(step.options)}, {"relink", nullptr}});
      }
      corrections.push_back(std::move(correction));
    }
    tracking.push_back(std::move(entry));
  }
  return results;
}

}  // namespace reidbench
