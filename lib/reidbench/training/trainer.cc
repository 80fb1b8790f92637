#include "reidbench/training/trainer.h"

#include <fmt/core.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/embedding/flush_denormals.h"
#include "reidbench/embedding_torch/torch_support.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/training/losses.h"
#include "reidbench/training/sampler.h"
#include "reidbench/training/trained_network.h"

namespace reidbench {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kAdamEpsilon = 1e-8;

// Streams of the seed: initialisation uses those from 0 on, one a tensor.
// Images have 2^40 an epoch.
constexpr uint64_t kImageStream = uint64_t{1} << 40;
constexpr uint64_t kSamplerStream = uint64_t{1} << 62;

// Training images at the network's size, as many as fit in memory.
class ResizedImages {
 public:
  ResizedImages(const TrainOptions& options, TrainingImages images)
      : width_(options.width), height_(options.height), images_(std::move(images)) {
    const int64_t bytes = int64_t{3} * width_ * height_;
    const auto total = static_cast<int64_t>(images_.label.size());
    cached_.resize(static_cast<size_t>(std::min(total, options.cache_bytes / bytes)));
    ParallelFor(total, [&](int64_t item) {
      if (InterruptRequested()) return;
      RgbImage resized = Load(item);
      if (item < static_cast<int64_t>(cached_.size()))
        cached_[static_cast<size_t>(item)] = std::move(resized);
    });
    if (InterruptRequested()) throw Interrupted("interrupted while reading the training images");
  }

  const std::vector<int32_t>& label() const { return images_.label; }
  int num_classes() const { return images_.num_classes; }

  // Thread-safe.
  template <typename F>
  void Visit(int64_t item, const F& f) const {
    if (item < static_cast<int64_t>(cached_.size())) {
      f(cached_[static_cast<size_t>(item)]);
    } else {
      f(Load(item));
    }
  }

 private:
  RgbImage Load(int64_t item) const {
    RgbImage image;
    RgbImage resized;
    images_.load(item, &image);
    ResizeLikePillow(image, width_, height_, ResizeFilter::kBilinear, &resized);
    return resized;
  }

  int width_;
  int height_;
  TrainingImages images_;
  std::vector<RgbImage> cached_;
};

void RequireValid(const TrainOptions& options) {
  if (const std::vector<std::string> violations = options.Validate(); !violations.empty())
    ThrowConfig("training: {}", JoinText(violations, "; "));
}

// Sums over the images of a chunk or an epoch.
struct LossSums {
  double cross_entropy = 0;
  double triplet = 0;
  double contrastive = 0;
  int64_t correct = 0;
  int64_t images = 0;

  void operator+=(const LossSums& other) {
    cross_entropy += other.cross_entropy;
    triplet += other.triplet;
    contrastive += other.contrastive;
    correct += other.correct;
    images += other.images;
  }
  bool IsFinite() const {
    return std::isfinite(cross_entropy) && std::isfinite(triplet) && std::isfinite(contrastive);
  }
};

const Tensor& Require(const Checkpoint& checkpoint, const std::string& name, int64_t count) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end() ||
      static_cast<int64_t>(found->second.values.size()) != count) {
    ThrowModel("{}: not the state of this training: '{}' is missing or of another size",
               checkpoint.path, name);
  }
  return found->second;
}

}  // namespace

std::vector<std::string> TrainOptions::Validate() const {
  std::vector<std::string> violations = augment.Validate();
  const auto require = [&](bool ok, std::string text) {
    if (!ok) violations.push_back(std::move(text));
  };
  ImageSize least{1, 1};
  for (const Architecture& known : Architectures()) {
    if (known.name == architecture) least = SmallestImage(known.graph);
  }
  require(height >= least.height && height <= 4096,
          fmt::format("height is {}, expected {}..4096", height, least.height));
  require(width >= least.width && width <= 4096,
          fmt::format("width is {}, expected {}..4096", width, least.width));
  require(epochs >= 0 && epochs <= 100'000,
          fmt::format("epochs is {}, expected 0..100000", epochs));
  require(batch_size >= 2 && batch_size <= 4096,
          fmt::format("batch size is {}, expected 2..4096", batch_size));
  require(chunk_size >= 2, fmt::format("chunk size is {}, expected at least 2", chunk_size));
  require(images_per_person == 0 || (images_per_person >= 2 && images_per_person <= batch_size),
          fmt::format("images per person is {}, expected 0, or 2 up to the batch size {}",
                      images_per_person, batch_size));
  if (images_per_person >= 2) {
    require(chunk_size % images_per_person == 0 && batch_size % images_per_person == 0,
            fmt::format("batch size {} and chunk size {} are to be multiples of the {} images per "
                        "person",
                        batch_size, chunk_size, images_per_person));
    // A batch norm over one person takes away what sets the person apart from others.
    require(std::min(chunk_size, batch_size) >= 2 * images_per_person,
            fmt::format("batch size {} and chunk size {} are to hold at least 2 persons of {} "
                        "images",
                        batch_size, chunk_size, images_per_person));
  }
  require((triplet_weight == 0 && contrastive_weight == 0) || images_per_person >= 2,
          "the triplet and contrastive losses need at least 2 images per person in a batch");
  require(learning_rate > 0 && learning_rate <= 10,
          fmt::format("learning rate is {}, expected above 0, at most 10", learning_rate));
  require(final_learning_rate >= 0 && final_learning_rate <= 1,
          fmt::format("final learning rate is {}, expected a fraction 0..1", final_learning_rate));
  require(warmup_epochs >= 0, fmt::format("warm-up is {}, expected at least 0", warmup_epochs));
  require(weight_decay >= 0 && weight_decay < 1,
          fmt::format("weight decay is {}, expected at least 0, below 1", weight_decay));
  require(label_smoothing >= 0 && label_smoothing < 1,
          fmt::format("label smoothing is {}, expected at least 0, below 1", label_smoothing));
  require(triplet_weight >= 0 && std::isfinite(triplet_weight),
          fmt::format("triplet weight is {}, expected at least 0", triplet_weight));
  require(triplet_margin >= 0 && std::isfinite(triplet_margin),
          fmt::format("triplet margin is {}, expected at least 0", triplet_margin));
  require(contrastive_weight >= 0 && std::isfinite(contrastive_weight),
          fmt::format("contrastive weight is {}, expected at least 0", contrastive_weight));
  require(contrastive_temperature > 0 && std::isfinite(contrastive_temperature),
          fmt::format("contrastive temperature is {}, expected above 0", contrastive_temperature));
  require(clip_norm >= 0 && std::isfinite(clip_norm),
          fmt::format("largest gradient norm is {}, expected at least 0", clip_norm));
  require(cache_bytes >= 0, "the cache cannot be negative");
  return violations;
}

std::string TrainOptions::Describe() const {
  return fmt::format(
      "architecture={} height={} width={} epochs={} batch_size={} chunk_size={} "
      "images_per_person={} learning_rate={} final_learning_rate={} warmup_epochs={} "
      "weight_decay={} label_smoothing={} triplet_weight={} triplet_margin={} "
      "contrastive_weight={} "
      "contrastive_temperature={} clip_norm={} "
      "flip={} shift={} shift_extent={} erase={} erase_area={}..{} brightness={} contrast={} "
      "saturation={} white_balance={} degrade={} degrade_lowest={} device={} seed={}",
      architecture, height, width, epochs, batch_size, chunk_size, images_per_person, learning_rate,
      final_learning_rate, warmup_epochs, weight_decay, label_smoothing, triplet_weight,
      triplet_margin, contrastive_weight, contrastive_temperature, clip_norm,
      augment.flip_probability, augment.shift_probability, augment.shift_extent,
      augment.erase_probability, augment.erase_area_low, augment.erase_area_high,
      augment.brightness, augment.contrast, augment.saturation, augment.white_balance,
      augment.degrade_probability, augment.degrade_lowest, device, seed);
}

double ScheduledLearningRate(const TrainOptions& options, int epoch, int64_t step, int64_t steps) {
  constexpr double kWarmupStart = 0.1;
  const double at =
      epoch + static_cast<double>(step) / static_cast<double>(std::max<int64_t>(steps, 1));
  // A warm-up longer than half of a short training would leave nothing of the schedule.
  const double warmup = std::min<double>(options.warmup_epochs, 0.5 * options.epochs);
  if (at < warmup) return options.learning_rate * (kWarmupStart + (1 - kWarmupStart) * at / warmup);
  const double progress = (at - warmup) / std::max(options.epochs - warmup, 1e-9);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * std::min(progress, 1.0)));
  return options.learning_rate *
         (options.final_learning_rate + (1 - options.final_learning_rate) * cosine);
}

struct Trainer::Impl {
  TrainOptions options;
  at::Device device;
  ResizedImages images;
  NetworkParameters parameters;
  std::vector<std::unique_ptr<NetworkReplica>> replicas;  // one a chunk
  // AMSGrad, one number a parameter.
  at::Tensor mean;
  at::Tensor square;
  at::Tensor largest_square;
  int64_t steps = 0;
  int epochs = 0;

  Impl(const TrainOptions& given, TrainingImages training)
      : options(given),
        device(ParseTorchDevice(given.device)),
        images(given, std::move(training)),
        parameters(ArchitectureByName(given.architecture), images.num_classes(), given.seed,
                   device),
        mean(at::zeros_like(parameters.values())),
        square(at::zeros_like(parameters.values())),
        largest_square(at::zeros_like(parameters.values())) {
    if (device.is_cuda()) ForbidTf32();
  }

  void MakeReplicas(size_t wanted) {
    while (replicas.size() < wanted)
      replicas.push_back(std::make_unique<NetworkReplica>(&parameters));
  }

  // Forward and backward of some images of a batch; adds to the gradient of the replica.
  // `first` numbers the chunk's first image within the epoch: the stream of its random numbers.
  LossSums RunChunk(std::span<const int64_t> items, uint64_t first, double share,
                    NetworkReplica* replica) const {
    UseOneTorchThread();
    const ScopedFlushDenormals scope;
    const auto count = static_cast<int64_t>(items.size());
    const auto size = static_cast<size_t>(3) * static_cast<size_t>(options.height) *
                      static_cast<size_t>(options.width);
    at::Tensor pixels = at::empty({count, options.height, options.width, 3}, at::kFloat);
    at::Tensor label = at::empty({count}, at::kLong);
    for (size_t i = 0; i < items.size(); ++i) {
      Rng rng(options.seed, kImageStream * static_cast<uint64_t>(epochs + 1) + first + i);
      const std::span<float> out(pixels.data_ptr<float>() + i * size, size);
      images.Visit(items[i],
                   [&](const RgbImage& image) { Augment(image, options.augment, &rng, out); });
      label.data_ptr<int64_t>()[i] = images.label()[static_cast<size_t>(items[i])];
    }
    // The memory is channels-last as it is.
    const at::Tensor batch = pixels.permute({0, 3, 1, 2}).to(device);
    label = label.to(device);
    const NetworkReplica::Output output = replica->Forward(batch);
    const at::Tensor cross_entropy =
        at::cross_entropy_loss(output.logits, label, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                               options.label_smoothing);
    at::Tensor loss = cross_entropy;
    LossSums sums;
    sums.images = count;
    if (options.triplet_weight > 0) {
      const at::Tensor triplet =
          BatchHardTripletLoss(output.features, label, options.triplet_margin);
      loss = loss + options.triplet_weight * triplet;
      sums.triplet = static_cast<double>(count) * triplet.item<double>();
    }
    if (options.contrastive_weight > 0) {
      const at::Tensor contrastive =
          SupervisedContrastiveLoss(output.features, label, options.contrastive_temperature);
      loss = loss + options.contrastive_weight * contrastive;
      sums.contrastive = static_cast<double>(count) * contrastive.item<double>();
    }
    sums.cross_entropy = static_cast<double>(count) * cross_entropy.item<double>();
    sums.correct = output.logits.argmax(1).eq(label).sum().item<int64_t>();
    torch::autograd::backward({loss * share}, {});
    return sums;
  }

  LossSums RunStep(std::span<const int64_t> batch, uint64_t first, double learning_rate) {
    // Chunks of equal size but for the last; never a single image, whose batch norm is undefined.
    std::vector<std::pair<size_t, size_t>> chunks;
    const auto chunk_size = static_cast<size_t>(options.chunk_size);
    for (size_t begin = 0; begin < batch.size(); begin += chunk_size)
      chunks.emplace_back(begin, std::min(chunk_size, batch.size() - begin));
    if (chunks.size() > 1 && chunks.back().second < 2) {
      chunks.pop_back();
      ++chunks.back().second;
    }
    MakeReplicas(chunks.size());
    for (size_t c = 0; c < chunks.size(); ++c) {
      replicas[c]->gradient().zero_();
      replicas[c]->running().copy_(parameters.running());
    }
    std::vector<LossSums> sums(chunks.size());
    const auto run = [&](int64_t c) {
      const auto [begin, count] = chunks[static_cast<size_t>(c)];
      const double share = static_cast<double>(count) / static_cast<double>(batch.size());
      sums[static_cast<size_t>(c)] = RunChunk(batch.subspan(begin, count), first + begin, share,
                                              replicas[static_cast<size_t>(c)].get());
    };
    const auto num_chunks = static_cast<int64_t>(chunks.size());
    if (device.is_cuda()) {
      for (int64_t c = 0; c < num_chunks; ++c) run(c);
    } else {
      ParallelFor(num_chunks, run);
    }
    at::Tensor gradient = replicas[0]->gradient();
    at::Tensor running = replicas[0]->running().clone();
    for (size_t c = 1; c < chunks.size(); ++c) {
      gradient.add_(replicas[c]->gradient());
      running.add_(replicas[c]->running());
    }
    parameters.running().copy_(running.div_(static_cast<double>(chunks.size())));
    LossSums total;
    for (const LossSums& part : sums) total += part;
    if (total.IsFinite()) Update(gradient, learning_rate);
    return total;
  }

  // AMSGrad with L2 weight decay, in the order of torch.optim.Adam(amsgrad=True).
  void Update(at::Tensor& gradient, double learning_rate) {
    ++steps;
    if (options.clip_norm > 0) {
      const double norm = gradient.to(at::kDouble).norm().item<double>();
      if (norm > options.clip_norm) gradient.mul_(options.clip_norm / norm);
    }
    at::Tensor& values = parameters.values();
    if (options.weight_decay > 0) gradient.add_(values, options.weight_decay);
    mean.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    square.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    at::maximum_out(largest_square, largest_square, square);
    const double correction1 = 1 - std::pow(kBeta1, static_cast<double>(steps));
    const double correction2 = 1 - std::pow(kBeta2, static_cast<double>(steps));
    const at::Tensor denominator =
        largest_square.sqrt().div_(std::sqrt(correction2)).add_(kAdamEpsilon);
    values.addcdiv_(mean, denominator, -learning_rate / correction1);
  }
};

Trainer::Trainer(const TrainOptions& options, TrainingImages images) {
  RequireValid(options);
  REIDBENCH_CHECK(images.load != nullptr);
  if (images.num_classes < 2) {
    ThrowInput("training needs images of at least 2 persons, found {}", images.num_classes);
  }
  for (const int32_t label : images.label)
    REIDBENCH_CHECK(label >= 0 && label < images.num_classes);
  TuneAllocatorForInference();
  UseOneTorchThread();
  TranslateTorchErrors("preparing the training",
                       [&] { impl_ = std::make_unique<Impl>(options, std::move(images)); });
}

Trainer::~Trainer() = default;

bool Trainer::StartFrom(const std::filesystem::path& weights) {
  Checkpoint checkpoint = ReadCheckpoint(weights);
  const std::string wanted = impl_->options.architecture;
  std::map<std::string, Tensor> classifier;
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    const auto found = checkpoint.tensors.find(name);
    if (found != checkpoint.tensors.end()) classifier.emplace(name, found->second);
  }
  Network loaded = ToNetwork(std::move(checkpoint));
  if (loaded.name != wanted) {
    ThrowModel("{}: holds an {}, expected an {} to start from", weights.string(), loaded.name,
               wanted);
  }
  loaded.tensors.merge(classifier);
  const auto report = impl_->parameters.Load(loaded.tensors);
  REIDBENCH_CHECK(report.missing == 0);
  return report.classifier;
}

EpochSummary Trainer::RunEpoch(const std::function<void(int64_t, int64_t)>& progress) {
  Impl& impl = *impl_;
  const TrainOptions& options = impl.options;
  Rng rng(options.seed, kSamplerStream + static_cast<uint64_t>(impl.epochs));
  const std::vector<std::vector<int64_t>> batches =
      SampleEpoch(impl.images.label(), options.batch_size, options.images_per_person, &rng);
  const auto steps = static_cast<int64_t>(batches.size());
  EpochSummary summary;
  summary.epoch = impl.epochs + 1;
  summary.steps = steps;
  LossSums sums;
  TranslateTorchErrors("training", [&] {
    for (int64_t step = 0; step < steps; ++step) {
      if (InterruptRequested()) throw Interrupted("interrupted while training");
      const std::vector<int64_t>& batch = batches[static_cast<size_t>(step)];
      summary.learning_rate = ScheduledLearningRate(options, impl.epochs, step, steps);
      const LossSums part =
          impl.RunStep(batch, static_cast<uint64_t>(sums.images), summary.learning_rate);
      sums += part;
      if (!part.IsFinite()) {
        ThrowModel(
            "the loss is not finite in step {} of epoch {}: the training diverged; lower the "
            "learning rate ({}), or limit the norm of the gradient",
            step + 1, impl.epochs + 1, options.learning_rate);
      }
      if (progress) progress(step + 1, steps);
    }
  });
  ++impl.epochs;
  const auto images = static_cast<double>(std::max<int64_t>(sums.images, 1));
  summary.images = sums.images;
  summary.cross_entropy = sums.cross_entropy / images;
  summary.triplet = sums.triplet / images;
  summary.contrastive = sums.contrastive / images;
  summary.loss = summary.cross_entropy + options.triplet_weight * summary.triplet +
                 options.contrastive_weight * summary.contrastive;
  summary.accuracy = static_cast<double>(sums.correct) / images;
  return summary;
}

int Trainer::epochs_done() const { return impl_->epochs; }

Network Trainer::Weights() const { return impl_->parameters.Weights(); }

SavedCheckpoint Trainer::Save(bool with_classifier) const {
  SavedCheckpoint checkpoint;
  checkpoint.dicts.push_back(impl_->parameters.StateDict(with_classifier, impl_->steps));
  checkpoint.entries.emplace_back("epoch", static_cast<int64_t>(impl_->epochs));
  checkpoint.entries.emplace_back("arch", impl_->options.architecture);
  return checkpoint;
}

SavedCheckpoint Trainer::SaveResumable() const {
  SavedCheckpoint checkpoint = Save(/*with_classifier=*/true);
  SavedDict optimizer{"optimizer", {}};
  const auto add = [&](const char* name, const at::Tensor& tensor) {
    const at::Tensor values = tensor.cpu();
    const float* const data = values.data_ptr<float>();
    optimizer.tensors.push_back(
        {name, {values.numel()}, std::vector<float>(data, data + values.numel())});
  };
  add("exp_avg", impl_->mean);
  add("exp_avg_sq", impl_->square);
  add("max_exp_avg_sq", impl_->largest_square);
  // One digit of base 2^16 a number: the reader gives float32, which is exact to 2^24.
  constexpr int64_t kBase = 1 << 16;
  optimizer.tensors.push_back({"step",
                               {3},
                               std::vector<int64_t>{impl_->steps / kBase, impl_->steps % kBase,
                                                    static_cast<int64_t>(impl_->epochs)}});
  checkpoint.dicts.push_back(std::move(optimizer));
  return checkpoint;
}

void Trainer::Resume(const std::filesystem::path& path) {
  Impl& impl = *impl_;
  const auto report = impl.parameters.Load(ReadCheckpoint(path).tensors);
  if (report.missing > 0 || !report.classifier) {
    ThrowModel("{}: not the state of this training: {} tensors are missing or of another shape",
               path.string(), report.missing + (report.classifier ? 0 : 1));
  }
  const Checkpoint state = ReadCheckpoint(path, "optimizer");
  const auto load = [&](const char* name, at::Tensor& tensor) {
    const Tensor& values = Require(state, name, tensor.numel());
    tensor.copy_(
        at::from_blob(const_cast<float*>(values.values.data()), {tensor.numel()}, at::kFloat));
  };
  load("exp_avg", impl.mean);
  load("exp_avg_sq", impl.square);
  load("max_exp_avg_sq", impl.largest_square);
  const Tensor& step = Require(state, "step", 3);
  impl.steps = (static_cast<int64_t>(step.values[0]) << 16) + static_cast<int64_t>(step.values[1]);
  impl.epochs = static_cast<int>(step.values[2]);
}

}  // namespace reidbench
