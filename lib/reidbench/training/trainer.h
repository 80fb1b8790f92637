// Trains an OSNet: label-smoothed cross-entropy, triplet and contrastive loss, AMSGrad (Reddi et
// al., ICLR 2018), cosine schedule with warm-up. Defaults are torchreid's published recipe for
// OSNet where it has one. No LibTorch type shows here.
//
// A batch is divided into chunks of a fixed size that run in parallel, each with batch norms over
// its own images ("ghost batch norm", Hoffer et al., NeurIPS 2017; what data-parallel training on
// several GPUs does too). Gradients and running statistics are combined in the order of the chunks:
// on a CPU the numbers are the same for any number of threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reidbench/imaging/image.h"
#include "reidbench/networks/network.h"
#include "reidbench/training/augmentation.h"
#include "reidbench/weights/torch_writer.h"

namespace reidbench {

struct TrainOptions {
  std::string architecture = "osnet_x0_25";
  int height = kPersonHeight;  // px, of the network input, which it must fit
  int width = kPersonWidth;    // px
  int epochs = 150;            // 0: the network as it was initialised
  int batch_size = 64;
  int chunk_size = 32;                   // images of one chunk, at least 2 persons'
  int images_per_person = 4;             // K of identity-balanced batches; 0: plain shuffling
  double learning_rate = 0.0015;         // > 0, highest of the schedule
  double final_learning_rate = 0.0;      // >= 0, fraction of the highest at the end
  int warmup_epochs = 5;                 // rise from a tenth of learning_rate over so many epochs
  double weight_decay = 5e-4;            // >= 0, L2, added to the gradient
  double label_smoothing = 0.1;          // 0..1
  double triplet_weight = 0.0;           // >= 0, against 1 of cross-entropy; 0: none
  double triplet_margin = 0.3;           // >= 0
  double contrastive_weight = 0.0;       // >= 0, of the supervised contrastive loss; 0: none
  double contrastive_temperature = 0.1;  // > 0
  double clip_norm = 0.0;                // >= 0, largest L2 norm of the gradient; 0: any
  AugmentOptions augment;
  std::string device = "cpu";       // "cpu" or "cuda:N"
  int64_t cache_bytes = 1ll << 30;  // resized images kept in memory; the rest is read every epoch
  uint64_t seed = 0;                // of initialisation, batches and augmentation

  std::vector<std::string> Validate() const;  // every violation; empty when valid
  // All that determines the result, as "name=value" words: not the cache.
  std::string Describe() const;
};

// Images with their class, counted from 0 without gaps.
struct TrainingImages {
  std::vector<int32_t> label;
  int num_classes = 0;
  // Decodes image `item`. Called from several threads at once. May throw Error.
  std::function<void(int64_t item, RgbImage* image)> load;
};

// Means over the images of an epoch.
struct EpochSummary {
  int epoch = 0;  // from 1
  int64_t steps = 0;
  int64_t images = 0;
  double learning_rate = 0;  // of the last step
  double loss = 0;           // the sum of the next three, weighted
  double cross_entropy = 0;
  double triplet = 0;      // 0 where it is off
  double contrastive = 0;  // likewise
  double accuracy = 0;     // share of training images that the classifier named right, 0..1
};

class Trainer {
 public:
  // Decodes all images once, so that a corrupt one stops the run before it starts. Throws
  // Error(kConfig) for options that do not validate, Error(kUsage) for a device that is not there,
  // Error(kInput) for fewer than two persons or a corrupt image.
  Trainer(const TrainOptions& options, TrainingImages images);
  ~Trainer();

  // Starts from weights of the same architecture instead of random ones; the classifier is taken
  // over when it has as many classes. Returns whether it was. Throws as LoadNetwork.
  bool StartFrom(const std::filesystem::path& weights);

  // One pass over the images. `progress` (may be empty) is called after each step with steps done
  // and their number. Throws Error(kModel) when the loss is not finite and Interrupted on Ctrl-C;
  // the network is then not to be used any more.
  EpochSummary RunEpoch(const std::function<void(int64_t, int64_t)>& progress = {});
  int epochs_done() const;

  // The network for inference.
  Network Weights() const;
  // For TorchZipBytes, in torchreid's layout: state_dict, epoch, arch.
  SavedCheckpoint Save(bool with_classifier) const;
  // The same and what is needed to go on: the moments of the optimiser.
  SavedCheckpoint SaveResumable() const;
  // Continues where the file of a SaveResumable() stopped; the same bytes follow as without
  // interruption. Throws Error(kModel) when the file does not fit.
  void Resume(const std::filesystem::path& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Learning rate of step `step` (from 0) of an epoch (from 0) that has so many steps.
double ScheduledLearningRate(const TrainOptions& options, int epoch, int64_t step, int64_t steps);

}  // namespace reidbench
