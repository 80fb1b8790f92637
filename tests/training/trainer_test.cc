#include "reidbench/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "embedding/osnet_reference.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/training/evaluation.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using testing::HasSubstr;

// Person p has a colour of its own, with noise.
void DrawPerson(int person, int64_t item, RgbImage* image) {
  Rng rng(99, static_cast<uint64_t>(item));
  *image = {16, 32, std::vector<uint8_t>(3 * 16 * 32)};
  const double brightness = rng.Uniform(0.7, 1.1);
  for (size_t i = 0; i < image->pixels.size(); ++i) {
    const bool lit = (person >> (i % 3)) & 1;
    image->pixels[i] = static_cast<uint8_t>(
        std::clamp(brightness * (lit ? 170 : 60) + 20 * rng.Normal(), 0.0, 255.0));
  }
}

TrainingImages Persons(int persons, int images_each) {
  TrainingImages images;
  images.num_classes = persons;
  for (int i = 0; i < persons * images_each; ++i) images.label.push_back(i / images_each);
  images.load = [images_each](int64_t item, RgbImage* image) {
    DrawPerson(static_cast<int>(item) / images_each, item, image);
  };
  return images;
}

TrainOptions Small() {
  TrainOptions options;
  options.height = 32;
  options.width = 16;
  options.epochs = 3;
  options.batch_size = 16;
  options.chunk_size = 8;
  options.learning_rate = 0.003;
  options.warmup_epochs = 1;
  options.seed = 5;
  return options;
}

std::string Bytes(const Trainer& trainer) { return TorchZipBytes(trainer.SaveResumable()); }

TEST(Trainer, LearnsToTellTwoPersonsApart) {
  TrainOptions options = Small();
  options.epochs = 12;
  options.augment.erase_probability = 0;
  Trainer trainer(options, Persons(2, 24));
  std::vector<EpochSummary> epochs;
  while (trainer.epochs_done() < options.epochs) epochs.push_back(trainer.RunEpoch());
  EXPECT_LT(epochs.back().loss, 0.8 * epochs.front().loss);
  EXPECT_GE(epochs.back().accuracy, 0.9) << "of images with colours and place changed";
  EXPECT_EQ(epochs.back().images, 48);
  EXPECT_EQ(epochs.back().epoch, 12);

  // Other images of the two, in other cameras, through the engine that extraction uses.
  EvaluationImages test;
  test.num_queries = 4;
  for (int i = 0; i < 16; ++i) {
    test.person.emplace_back(1 + i % 2);
    test.camera.emplace_back(i < 4 ? 1 : 2);
  }
  test.load = [](int64_t item, RgbImage* image) {
    DrawPerson(static_cast<int>(item) % 2, 1000 + item, image);
  };
  const EvaluationScores scores = EvaluateRetrieval(trainer.Weights(), test, 32, 16, "cpu");
  EXPECT_EQ(scores.num_queries, 4);
  // Chance is about 0.5. Processors round differently, so that not all of them end at exactly 1.
  EXPECT_GE(scores.mean_ap, 0.95);
  EXPECT_EQ(scores.rank1, 1.0);
}

TEST(Trainer, TheTripletLossFalls) {
  TrainOptions options = Small();
  options.epochs = 10;
  options.chunk_size = 16;
  options.triplet_weight = 1;
  options.augment.erase_probability = 0;
  Trainer trainer(options, Persons(6, 8));
  const EpochSummary first = trainer.RunEpoch();
  EXPECT_NEAR(first.loss, first.cross_entropy + first.triplet, 1e-9);
  EXPECT_GT(first.triplet, 0);
  EpochSummary last;
  while (trainer.epochs_done() < options.epochs) last = trainer.RunEpoch();
  EXPECT_LT(last.triplet, first.triplet);
}

TEST(Trainer, TheContrastiveLossFalls) {
  TrainOptions options = Small();
  options.epochs = 12;
  options.chunk_size = 16;
  options.contrastive_weight = 0.5;
  options.augment.erase_probability = 0;
  Trainer trainer(options, Persons(6, 8));
  const EpochSummary first = trainer.RunEpoch();
  EXPECT_NEAR(first.loss, first.cross_entropy + 0.5 * first.contrastive, 1e-9);
  EpochSummary last;
  while (trainer.epochs_done() < options.epochs) last = trainer.RunEpoch();
  EXPECT_LT(last.contrastive, 0.9 * first.contrastive);
}

TEST(Trainer, TheBytesDoNotDependOnThreads) {
  std::vector<std::string> bytes;
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    Trainer trainer(Small(), Persons(6, 6));
    trainer.RunEpoch();
    trainer.RunEpoch();
    bytes.push_back(Bytes(trainer));
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST(Trainer, TheCacheDoesNotChangeTheBytes) {
  TrainOptions options = Small();
  Trainer cached(options, Persons(4, 5));
  options.cache_bytes = 7 * 3 * 16 * 32;  // seven of twenty images
  Trainer reading(options, Persons(4, 5));
  cached.RunEpoch();
  reading.RunEpoch();
  EXPECT_EQ(Bytes(cached), Bytes(reading));
}

TEST(Trainer, ResumesWithTheBytesOfAnUninterruptedRun) {
  const TempFolder folder;
  const auto path = folder.path() / "state.pth";
  Trainer whole(Small(), Persons(4, 6));
  whole.RunEpoch();
  WriteFileAtomically(path, Bytes(whole));
  const EpochSummary expected = whole.RunEpoch();

  Trainer resumed(Small(), Persons(4, 6));
  resumed.Resume(path);
  EXPECT_EQ(resumed.epochs_done(), 1);
  const EpochSummary summary = resumed.RunEpoch();
  EXPECT_EQ(summary.loss, expected.loss);
  EXPECT_EQ(Bytes(resumed), Bytes(whole));

  std::string message;
  Trainer other(Small(), Persons(5, 6));
  message = MessageOf(ErrorKind::kModel, [&] { other.Resume(path); });
  EXPECT_THAT(message, HasSubstr("not the state of this training"));
}

TEST(Trainer, WeightsGoThroughAFileUnchanged) {
  const TempFolder folder;
  const auto path = folder.path() / "x.pth";
  Trainer trainer(Small(), Persons(4, 6));
  trainer.RunEpoch();
  for (const bool classifier : {true, false}) {
    WriteFileAtomically(path, TorchZipBytes(trainer.Save(classifier)));
    const Network read = LoadNetwork(path);
    const Network kept = trainer.Weights();
    EXPECT_EQ(read.name, "osnet_x0_25");
    EXPECT_EQ(read.num_classes, classifier ? std::optional<int64_t>(4) : std::nullopt);
    ASSERT_EQ(read.tensors.size(), kept.tensors.size());
    for (const auto& [name, tensor] : kept.tensors) {
      EXPECT_EQ(read.tensors.at(name).shape, tensor.shape) << name;
      EXPECT_EQ(read.tensors.at(name).values, tensor.values) << name;
    }
  }
}

TEST(Trainer, StartsFromGivenWeights) {
  const TempFolder folder;
  const auto path = folder.path() / "x.pth";
  Trainer first(Small(), Persons(4, 6));
  first.RunEpoch();
  WriteFileAtomically(path, TorchZipBytes(first.Save(true)));
  TrainOptions options = Small();
  options.seed = 77;
  Trainer same_classes(options, Persons(4, 6));
  EXPECT_TRUE(same_classes.StartFrom(path));
  EXPECT_EQ(same_classes.Weights().tensors.at("fc.0.weight").values,
            first.Weights().tensors.at("fc.0.weight").values);
  Trainer more_classes(options, Persons(5, 6));
  EXPECT_FALSE(more_classes.StartFrom(path));

  options.architecture = "osnet_ain_x0_25";
  Trainer other(options, Persons(4, 6));
  std::string message;
  message = MessageOf(ErrorKind::kModel, [&] { other.StartFrom(path); });
  EXPECT_THAT(message, HasSubstr("holds an osnet_x0_25, expected an osnet_ain_x0_25"));
}

TEST(Trainer, ALossThatIsNotFiniteStopsIt) {
  // Weights that overflow float32 in the first layers.
  Network weights = RandomOsnetWeights("osnet_x0_25", 1);
  SavedCheckpoint checkpoint;
  SavedDict& dict = checkpoint.dicts.emplace_back(SavedDict{"state_dict", {}});
  for (auto& [name, tensor] : weights.tensors) {
    if (name == "conv5.conv.weight") std::fill(tensor.values.begin(), tensor.values.end(), 1e38f);
    dict.tensors.push_back({name, tensor.shape, tensor.values});
  }
  const TempFolder folder;
  WriteFileAtomically(folder.path() / "x.pth", TorchZipBytes(checkpoint));
  Trainer trainer(Small(), Persons(4, 6));
  trainer.StartFrom(folder.path() / "x.pth");
  std::string message;
  message = MessageOf(ErrorKind::kModel, [&] { trainer.RunEpoch(); });
  EXPECT_THAT(message, HasSubstr("not finite in step 1 of epoch 1"));
}

TEST(Trainer, RefusesWhatCannotBeTrained) {
  std::string message;
  message = MessageOf(ErrorKind::kInput, [&] { Trainer(Small(), Persons(1, 6)); });
  EXPECT_THAT(message, HasSubstr("at least 2 persons, found 1"));

  TrainOptions options = Small();
  options.device = "cuda:99";
  message = MessageOf(ErrorKind::kUsage, [&] { Trainer(options, Persons(2, 6)); });

  options = Small();
  options.learning_rate = 0;
  options.height = 8;
  options.images_per_person = 3;
  message = MessageOf(ErrorKind::kConfig, [&] { Trainer(options, Persons(2, 6)); });
  EXPECT_THAT(message, AllOf(HasSubstr("learning rate is 0"), HasSubstr("height is 8"),
                             HasSubstr("multiples of the 3 images per person")));
  options = Small();
  options.images_per_person = 8;
  message = MessageOf(ErrorKind::kConfig, [&] { Trainer(options, Persons(2, 6)); });
  EXPECT_THAT(message, HasSubstr("chunk size 8 are to hold at least 2 persons of 8 images"));

  TrainingImages corrupt = Persons(2, 6);
  corrupt.load = [](int64_t item, RgbImage* image) {
    if (item == 5) ThrowInput("five.jpg: corrupt");
    DrawPerson(0, item, image);
  };
  message = MessageOf(ErrorKind::kInput, [&] { Trainer(Small(), corrupt); });
  EXPECT_THAT(message, HasSubstr("five.jpg"));
}

TEST(Trainer, TheLearningRateRisesAndFallsAsACosine) {
  TrainOptions options;
  options.epochs = 20;
  options.warmup_epochs = 5;
  options.learning_rate = 1;
  EXPECT_NEAR(ScheduledLearningRate(options, 0, 0, 10), 0.1, 1e-12);
  EXPECT_NEAR(ScheduledLearningRate(options, 2, 5, 10), 0.55, 1e-12);
  EXPECT_NEAR(ScheduledLearningRate(options, 5, 0, 10), 1, 1e-12);
  EXPECT_NEAR(ScheduledLearningRate(options, 12, 5, 10), 0.5, 1e-12);
  EXPECT_LT(ScheduledLearningRate(options, 19, 9, 10), 0.001);
  options.final_learning_rate = 0.1;
  EXPECT_NEAR(ScheduledLearningRate(options, 12, 5, 10), 0.55, 1e-12);
}

}  // namespace
}  // namespace reidbench
