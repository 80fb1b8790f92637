// reidbench train: data sets -> weights of an OSNet.
#include "reidbench/jobs/train/train.h"

#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/network.h"
#include "reidbench/reporting/table.h"

using namespace reidbench;

namespace {

std::vector<std::string> ArchitectureNames() {
  std::vector<std::string> names;
  for (const Architecture& architecture : Architectures()) names.push_back(architecture.name);
  return names;
}

std::string Scores(const std::optional<double>& mean_ap, const std::optional<double>& rank1) {
  return fmt::format("mAP {} %, rank-1 {} %", Percent(mean_ap), Percent(rank1));
}

}  // namespace

int main(int argc, char** argv) {
  TrainStageOptions options;
  TrainOptions& training = options.training;
  AugmentOptions& augment = training.augment;
  int cache_mb = static_cast<int>(training.cache_bytes >> 20);
  bool no_classifier = false;

  Command command(
      "train", "Trains an OSNet on re-identification data sets and writes its weights.",
      "reidbench train --data world/ --arch osnet_x0_25 --output osnet_x0_25_world.pth\n"
      "reidbench train --dataset market1501 --root DIR --arch osnet_x0_25 --init "
      "osnet_x0_25_world.pth --output osnet_x0_25_market.pth");
  command.Output(OutputRole::kMadeFile, "Weights file to write, for example osnet.pth");
  command.Group("Data");
  command.Option("--data", &options.data,
                 "Folders of synthetic worlds or in Market-1501's layout; all of them together");
  command.Option("--dataset", &options.dataset.name,
                 "Instead: a name of datasets/*.yaml, a YAML file like those, 'folder' or 'list'");
  command.Option("--root", &options.dataset.root, "Folder of that data set");
  command.Option("--list", &options.dataset.list_file,
                 "CSV or JSON list of images, for --dataset list");
  command.Option("--split-index", &options.dataset.split_index,
                 "Which published split, where there are several (VIPeR)");
  command.Flag("--combine-all", &options.combine_all,
               "Train on the persons of the test split too; evaluation needs --test-data then");
  command.Option("--test-data", &options.test_data,
                 "Folders like --data to evaluate on, in place of the data's own test split");
  command.Option("--cache", &cache_mb, "MiB of resized images to keep in memory");
  command.Group("Network");
  command.Choice("--arch", &training.architecture, ArchitectureNames(), "Architecture to train");
  command.Option("--init", &options.init, "Weights to start from, else random ones by --seed");
  command.Option("--height", &training.height, "Height given to the network, px");
  command.Option("--width", &training.width, "Width given to the network, px");
  command.Option("--device", &training.device, "cpu or cuda:N");
  command.Group("Schedule");
  command.Option("--epochs", &training.epochs,
                 "Passes over the images; 0 writes the network as initialised");
  command.Option("--batch-size", &training.batch_size, "Images a step");
  command.Option("--images-per-person", &training.images_per_person,
                 "Images of each person in a batch; 0: drawn without regard to persons");
  command.Option("--chunk-size", &training.chunk_size,
                 "Images that one thread computes together, with a batch norm of their own");
  command.Option("--lr", &training.learning_rate, "Highest learning rate");
  command.Option("--final-lr", &training.final_learning_rate,
                 "Learning rate at the end of the cosine, as a fraction of the highest");
  command.Option("--warmup-epochs", &training.warmup_epochs,
                 "Epochs in which the learning rate rises");
  command.Option("--evaluate-every", &options.evaluate_every,
                 "Epochs between evaluations on the test split; 0: never");
  command.Group("Loss");
  command.Option("--weight-decay", &training.weight_decay, "L2 penalty");
  command.Option("--label-smoothing", &training.label_smoothing,
                 "Probability spread over the other persons");
  command.Option("--triplet", &training.triplet_weight,
                 "Weight of the batch-hard triplet loss against cross-entropy; 0: none");
  command.Option("--margin", &training.triplet_margin, "Margin of the triplet loss");
  command.Option("--contrastive", &training.contrastive_weight,
                 "Weight of the supervised contrastive loss; it starts faster; 0: none");
  command.Option("--temperature", &training.contrastive_temperature, "Its temperature");
  command.Option("--clip-norm", &training.clip_norm, "Largest norm of the gradient; 0: any");
  command.Group("Augmentation");
  command.Option("--flip", &augment.flip_probability, "Probability of mirroring an image");
  command.Option("--shift", &augment.shift_probability, "Probability of moving it in its frame");
  command.Option("--shift-extent", &augment.shift_extent, "How far at most, fraction of its size");
  command.Option("--erase", &augment.erase_probability, "Probability of erasing a rectangle");
  command.Option("--erase-area", &augment.erase_area_high, "Largest erased fraction of the image");
  command.Option("--brightness", &augment.brightness, "Jitter of the brightness, +- fraction");
  command.Option("--contrast", &augment.contrast, "Jitter of the contrast, +- fraction");
  command.Option("--saturation", &augment.saturation, "Jitter of the saturation, +- fraction");
  command.Option("--white-balance", &augment.white_balance,
                 "Jitter of each colour channel, +- fraction");
  command.Option("--degrade", &augment.degrade_probability,
                 "Probability of scaling an image down and up again");
  command.Group("Output");
  command.Option("--log", &options.log, "CSV file of all epochs (default: the output as .csv)");
  command.Flag("--no-classifier", &no_classifier,
               "Leave the classifier out of the weights: a smaller file, and all that re-"
               "identification needs");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    options.dry_run = common.dry_run;
    options.classifier = !no_classifier;
    training.seed = common.seed;
    training.cache_bytes = static_cast<int64_t>(cache_mb) << 20;
    const bool has_dataset = !options.dataset.root.empty() || !options.dataset.list_file.empty();
    if (options.data.empty() && !has_dataset) {
      ThrowUsage(
          "--data is missing: name the folder of a synthetic world (or give --dataset and --root)");
    }
    if (!options.data.empty() && (has_dataset || command.WasGiven("--dataset")))
      ThrowUsage("--data and --dataset with --root are two ways to say the same: give one of them");

    TrainStageCallbacks callbacks;
    const auto note = [&](const std::string& text) { PrintNote(common, text); };
    std::unique_ptr<Progress> progress;
    const auto start = std::chrono::steady_clock::now();
    int64_t images = 0;
    callbacks.prepared = [&](const TrainStageResult& result) {
      for (const std::string& text : result.notes) note(text);
      note(fmt::format("{} images of {} persons; evaluated with {} queries in {} gallery images",
                       WithThousands(result.images), WithThousands(result.persons),
                       WithThousands(result.queries), WithThousands(result.gallery)));
      if (result.resumed_epochs > 0) {
        note(fmt::format("{} epochs were done by an earlier, interrupted run",
                         result.resumed_epochs));
      }
    };
    callbacks.progress = [&](int64_t done, int64_t total) {
      if (!progress) progress = std::make_unique<Progress>("train", "steps", common.quiet);
      progress->Update(done, total);
    };
    callbacks.epoch = [&](const TrainedEpoch& epoch) {
      progress.reset();
      const EpochSummary& s = epoch.summary;
      images += s.images;
      note(fmt::format("epoch {}/{}: loss {:.4f}, {} % of the training images named right{}",
                       s.epoch, training.epochs, s.loss, Percent(s.accuracy, 1),
                       epoch.mean_ap ? "; " + Scores(epoch.mean_ap, epoch.rank1) : ""));
    };
    const TrainStageResult result = RunTrain(options, callbacks);
    if (common.dry_run) return FinishDryRun(common);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    note(fmt::format("{} images/s in {}",
                     std::llround(static_cast<double>(images) / elapsed.count()),
                     FormatDuration(elapsed.count())));
    WriteResult(common,
                {.json = [&] { return RenderTrainJson(result); },
                 .csv = [&] { return RenderTrainTable(result, TableFormat::kCsv); },
                 .tables = [&](TableFormat format) { return RenderTrainTable(result, format); }});
    return kExitOk;
  });
}
