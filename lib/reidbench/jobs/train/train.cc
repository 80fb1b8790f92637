#include "reidbench/jobs/train/train.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"
#include "reidbench/training/evaluation.h"
#include "reidbench/weights/checkpoint.h"
#include "reidbench/weights/torch_writer.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLogHeader =
    "epoch,learning_rate,loss,cross_entropy,triplet,contrastive,accuracy,images,mAP,rank1\n";
constexpr const char* kRunDict = "training_run";  // in the unfinished file: log and fingerprint

struct ImageFile {
  fs::path path;
  PersonId person{0};  // unique over all sets; 0: distractor
  CameraId camera{0};  // unique over all sets
};

void Decode(const std::vector<ImageFile>& files, int64_t item, RgbImage* image) {
  *image = DecodeImageFile(files[static_cast<size_t>(item)].path, ExifOrientation::kIgnore);
}

ReidDataset LoadFolder(const fs::path& folder) {
  ReidDatasetOptions options;
  options.name = "market_layout";
  options.root = IsFolder(folder / "reid") ? folder / "reid" : folder;
  return LoadReidDataset(options);
}

std::vector<ReidDataset> LoadFolders(const std::vector<fs::path>& folders) {
  std::vector<ReidDataset> sets;
  for (const fs::path& folder : folders) sets.push_back(LoadFolder(folder));
  return sets;
}

// Persons and cameras of different sets are different ones.
std::vector<ImageFile> FilesOf(const std::vector<ReidDataset>& sets,
                               const std::set<Split>& splits) {
  constexpr int64_t kPersonsPerSet = 1'000'000'000;
  constexpr int64_t kCamerasPerSet = 1'000'000;
  std::vector<ImageFile> files;
  for (size_t s = 0; s < sets.size(); ++s) {
    const auto set = static_cast<int64_t>(s);
    for (const ReidImage& image : sets[s].images) {
      if (!splits.contains(image.split) || image.person.value < 0) continue;
      if (image.person.value >= kPersonsPerSet || image.camera.value >= kCamerasPerSet) {
        ThrowInput("{}: expected persons below {} and cameras below {}",
                   (sets[s].root / image.path).string(), kPersonsPerSet, kCamerasPerSet);
      }
      const int64_t person =
          image.person.value == 0 ? 0 : set * kPersonsPerSet + image.person.value;
      files.push_back({sets[s].root / image.path, PersonId(person),
                       CameraId(set * kCamerasPerSet + image.camera.value)});
    }
  }
  return files;
}

EvaluationImages EvaluationOf(const std::vector<ReidDataset>& sets) {
  EvaluationImages images;
  std::vector<ImageFile> files = FilesOf(sets, {Split::kQuery});
  images.num_queries = static_cast<int64_t>(files.size());
  std::vector<ImageFile> gallery = FilesOf(sets, {Split::kGallery});
  std::move(gallery.begin(), gallery.end(), std::back_inserter(files));
  for (const ImageFile& file : files) {
    images.person.push_back(file.person);
    images.camera.push_back(file.camera);
  }
  images.load = [files = std::move(files)](int64_t item, RgbImage* image) {
    Decode(files, item, image);
  };
  return images;
}

bool CanEvaluate(const EvaluationImages& images) {
  return images.num_queries > 0 && images.num_queries < static_cast<int64_t>(images.person.size());
}

// Numbers the persons in ascending order of set and id.
TrainingImages TrainingOf(std::vector<ImageFile> files, std::vector<std::string>* notes) {
  // Distractors are nobody in particular.
  const size_t with_distractors = files.size();
  std::erase_if(files, [](const ImageFile& file) { return file.person.value == 0; });
  if (files.size() < with_distractors) {
    notes->push_back(
        fmt::format("{} images of no known person are left out",
                    WithThousands(static_cast<int64_t>(with_distractors - files.size()))));
  }
  std::map<PersonId, int64_t> images_of;
  for (const ImageFile& file : files) ++images_of[file.person];
  std::map<PersonId, int32_t> label_of;
  int64_t single = 0;
  for (const auto& [person, count] : images_of) {
    label_of.emplace(person, static_cast<int32_t>(label_of.size()));
    if (count == 1) ++single;
  }
  if (single > 0) {
    notes->push_back(
        fmt::format("{} of {} persons have a single image: there is little to learn from them",
                    WithThousands(single), WithThousands(static_cast<int64_t>(images_of.size()))));
  }
  TrainingImages images;
  images.num_classes = static_cast<int>(label_of.size());
  for (const ImageFile& file : files) images.label.push_back(label_of.at(file.person));
  images.load = [files = std::move(files)](int64_t item, RgbImage* image) {
    Decode(files, item, image);
  };
  return images;
}

std::string LogRow(const TrainedEpoch& epoch) {
  const EpochSummary& s = epoch.summary;
  const auto score = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.6f}", *value) : std::string();
  };
  return fmt::format("{},{:.9f},{:.6f},{:.6f},{:.6f},{:.6f},{:.6f},{},{},{}\n", s.epoch,
                     s.learning_rate, s.loss, s.cross_entropy, s.triplet, s.contrastive, s.accuracy,
                     s.images, score(epoch.mean_ap), score(epoch.rank1));
}

SavedTensor TextTensor(std::string name, const std::string& text) {
  return {std::move(name),
          {static_cast<int64_t>(text.size())},
          std::vector<uint8_t>(text.begin(), text.end())};
}

std::string TextOf(const Checkpoint& checkpoint, const std::string& name) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end())
    ThrowModel("{}: damaged: it has no '{}'", checkpoint.path, name);
  std::string text;
  for (const float value : found->second.values) text += static_cast<char>(value);
  return text;
}

class TrainStage {
 public:
  TrainStage(const TrainStageOptions& options, const TrainStageCallbacks& callbacks)
      : options_(options), callbacks_(callbacks) {
    result_.output = options.output;
    result_.architecture = options.training.architecture;
    // Beside a device or a pipe there is no place for a log nor for unfinished work.
    if (IsStream(options.output)) {
      scratch_.emplace();
      partial_ = scratch_->path() / "unfinished.pth";
      result_.log = options.log;
    } else {
      partial_ = PartialPath(options.output);
      result_.log =
          options.log.empty() ? fs::path(options.output).replace_extension(".csv") : options.log;
    }
  }

  TrainStageResult Run() {
    CheckOptions();
    ReadData();
    const bool resume = FindUnfinished();
    Trainer trainer(options_.training, std::move(training_));
    if (resume) {
      trainer.Resume(partial_);
      result_.resumed_epochs = trainer.epochs_done();
    } else if (!options_.init.empty() && trainer.StartFrom(options_.init)) {
      result_.notes.push_back("the classifier of the initial weights is taken over as well");
    }
    if (callbacks_.prepared) callbacks_.prepared(result_);
    if (options_.dry_run) return std::move(result_);

    const int epochs = options_.training.epochs;
    while (trainer.epochs_done() < epochs) RunEpoch(&trainer);
    // Not known when nothing was left to train.
    if (!result_.mean_ap) Evaluate(trainer, &result_.mean_ap, &result_.rank1);
    WriteWeights(trainer);
    return std::move(result_);
  }

 private:
  void CheckOptions() {
    if (const auto violations = options_.training.Validate(); !violations.empty())
      ThrowUsage("{}", JoinText(violations, "\n"));
    ArchitectureByName(options_.training.architecture);
    if (options_.evaluate_every < 0)
      ThrowUsage("evaluations are every {} epochs, expected at least 0", options_.evaluate_every);
    RequireWritable(options_.output, options_.force);
    // A log beside unfinished work is that work's own.
    if (result_.log.empty()) return;
    RequireWritable(result_.log, options_.force || IsFile(partial_));
    if (fs::weakly_canonical(result_.log) == fs::weakly_canonical(options_.output))
      ThrowUsage("{}: the log and the weights cannot be one file", result_.log.string());
  }

  void ReadData() {
    std::vector<ReidDataset> sets = LoadFolders(options_.data);
    if (sets.empty()) sets.push_back(LoadReidDataset(options_.dataset));
    const std::vector<ReidDataset> test_sets = LoadFolders(options_.test_data);

    std::set<Split> splits = {Split::kTrain};
    if (options_.combine_all) splits = {Split::kTrain, Split::kVal, Split::kQuery, Split::kGallery};
    training_ = TrainingOf(FilesOf(sets, splits), &result_.notes);
    if (training_.num_classes < 2) {
      ThrowInput("{}: training needs images of at least 2 persons{}, found {}",
                 sets.front().root.string(), options_.combine_all ? "" : " in the training split",
                 training_.num_classes);
    }
    if (!test_sets.empty()) {
      evaluation_ = EvaluationOf(test_sets);
    } else if (!options_.combine_all) {
      evaluation_ = EvaluationOf(sets);
    }
    result_.images = static_cast<int64_t>(training_.label.size());
    result_.persons = training_.num_classes;
    if (CanEvaluate(evaluation_)) {
      result_.queries = evaluation_.num_queries;
      result_.gallery = static_cast<int64_t>(evaluation_.person.size()) - evaluation_.num_queries;
    } else {
      result_.notes.push_back(
          "there are no test images (queries and a gallery): the network is not evaluated");
    }

    Sha256 hash;
    hash.Update(options_.training.Describe());
    for (const ReidDataset& set : sets) hash.Update("\ntrain " + set.fingerprint);
    for (const ReidDataset& set : test_sets) hash.Update("\ntest " + set.fingerprint);
    hash.Update(fmt::format("\ncombine_all={} evaluate_every={} classifier={}",
                            options_.combine_all, options_.evaluate_every, options_.classifier));
    if (!options_.init.empty()) hash.Update("\ninit " + Sha256OfFile(options_.init));
    fingerprint_ = hash.HexDigest();
  }

  bool FindUnfinished() {
    log_ = kLogHeader;
    if (!IsFile(partial_)) return false;
    std::string found;
    std::string log;
    try {
      const Checkpoint run = ReadCheckpoint(partial_, kRunDict);
      found = TextOf(run, "fingerprint");
      log = TextOf(run, "log");
    } catch (const Error&) {
      if (!options_.force) throw;
    }
    if (found == fingerprint_) {
      log_ = std::move(log);
      return true;
    }
    if (!options_.force) {
      ThrowUsage(
          "{}: unfinished work of a training with other data or options; give those again to "
          "finish it, choose another --output, or add --force to discard it",
          partial_.string());
    }
    return false;
  }

  void RunEpoch(Trainer* trainer) {
    const auto done = static_cast<int64_t>(trainer->epochs_done());
    const auto epochs = static_cast<int64_t>(options_.training.epochs);
    TrainedEpoch epoch;
    try {
      epoch.summary = trainer->RunEpoch([&](int64_t step, int64_t steps) {
        if (callbacks_.progress) callbacks_.progress(done * steps + step, epochs * steps);
      });
    } catch (const Error& error) {
      if (done == 0 || !IsFile(partial_)) throw;
      throw Error(error.kind(), fmt::format("{}; the network after epoch {} is kept in {}",
                                            error.what(), done, partial_.string()));
    }
    const bool is_last = done + 1 == epochs;
    if (options_.evaluate_every > 0 && (is_last || (done + 1) % options_.evaluate_every == 0))
      Evaluate(*trainer, &epoch.mean_ap, &epoch.rank1);
    if (is_last) {
      result_.mean_ap = epoch.mean_ap;
      result_.rank1 = epoch.rank1;
    }
    log_ += LogRow(epoch);
    // The state first: a log that is a row behind is completed by the next run.
    SavedCheckpoint state = trainer->SaveResumable();
    state.dicts.push_back(
        {kRunDict, {TextTensor("fingerprint", fingerprint_), TextTensor("log", log_)}});
    WriteFileAtomically(partial_, TorchZipBytes(state));
    WriteLog();
    if (callbacks_.epoch) callbacks_.epoch(epoch);
    result_.epochs.push_back(std::move(epoch));
  }

  void WriteLog() const {
    if (!result_.log.empty()) WriteFileAtomically(result_.log, log_);
  }

  void Evaluate(const Trainer& trainer, std::optional<double>* mean_ap,
                std::optional<double>* rank1) const {
    if (options_.evaluate_every == 0 || !CanEvaluate(evaluation_)) return;
    const EvaluationScores scores =
        EvaluateRetrieval(trainer.Weights(), evaluation_, options_.training.height,
                          options_.training.width, options_.training.device);
    *mean_ap = scores.mean_ap;
    *rank1 = scores.rank1;
  }

  void WriteWeights(const Trainer& trainer) const {
    SavedCheckpoint weights = trainer.Save(options_.classifier);
    if (result_.mean_ap) weights.entries.emplace_back("mAP", *result_.mean_ap);
    if (result_.rank1) weights.entries.emplace_back("rank1", *result_.rank1);
    weights.entries.emplace_back("options", options_.training.Describe());
    weights.entries.emplace_back("reidbench", std::string(Version()));
    WriteLog();
    WriteFileAtomically(options_.output, TorchZipBytes(weights));
    std::error_code ignored;
    fs::remove(partial_, ignored);
  }

  const TrainStageOptions& options_;
  const TrainStageCallbacks& callbacks_;
  std::optional<ScratchFolder> scratch_;
  fs::path partial_;
  TrainStageResult result_;
  TrainingImages training_;
  EvaluationImages evaluation_;
  std::string fingerprint_;
  std::string log_;
};

}  // namespace

TrainStageResult RunTrain(const TrainStageOptions& options, const TrainStageCallbacks& callbacks) {
  return TrainStage(options, callbacks).Run();
}

std::string RenderTrainTable(const TrainStageResult& result, TableFormat format) {
  Table table({{"weights", Align::kLeft},
               {"network", Align::kLeft},
               {"images"},
               {"persons"},
               {"epochs"},
               {"mAP"},
               {"rank-1"},
               {"log", Align::kLeft}});
  table.AddRow({result.output.string(), result.architecture, std::to_string(result.images),
                std::to_string(result.persons),
                std::to_string(result.resumed_epochs + static_cast<int>(result.epochs.size())),
                Percent(result.mean_ap), Percent(result.rank1), result.log.string()});
  return table.Render(format);
}

std::string RenderTrainJson(const TrainStageResult& result) {
  Json epochs = Json::array();
  for (const TrainedEpoch& epoch : result.epochs) {
    epochs.push_back({{"epoch", epoch.summary.epoch},
                      {"loss", epoch.summary.loss},
                      {"accuracy", epoch.summary.accuracy},
                      {"mAP", OrNull(epoch.mean_ap)},
                      {"rank1", OrNull(epoch.rank1)}});
  }
  const Json json = {{"schema", kTrainSchema},
                     {"output", result.output.string()},
                     {"log", result.log.string()},
                     {"architecture", result.architecture},
                     {"images", result.images},
                     {"persons", result.persons},
                     {"queries", result.queries},
                     {"gallery", result.gallery},
                     {"mAP", OrNull(result.mean_ap)},
                     {"rank1", OrNull(result.rank1)},
                     {"resumed_epochs", result.resumed_epochs},
                     {"epochs", epochs},
                     {"notes", result.notes}};
  return DumpJson(json);
}

fs::path PartialPath(const fs::path& output) {
  fs::path path = output;
  path += ".partial";
  return path;
}

}  // namespace reidbench
