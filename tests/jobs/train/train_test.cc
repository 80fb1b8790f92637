#include "reidbench/jobs/train/train.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/networks/network.h"
#include "support/expect_error.h"
#include "support/synthetic_reid.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// What a kill leaves: nothing of this runs after the epoch.
struct Killed {};

class TrainStageTest : public testing::Test {
 protected:
  TrainStageTest() {
    SyntheticMarketOptions market;
    market.width = 32;
    market.height = 64;
    WriteSyntheticMarket(Path("world/reid"), market);
    options_.data = {Path("world")};
    options_.output = Path("x.pth");
    options_.evaluate_every = 2;
    TrainOptions& training = options_.training;
    training.height = 32;
    training.width = 16;
    training.epochs = 3;
    training.batch_size = 16;
    training.chunk_size = 8;
    training.warmup_epochs = 1;
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  TrainStageResult Run() const { return RunTrain(options_, {}); }
  std::string Message(ErrorKind kind) const {
    return MessageOf(kind, [&] { Run(); });
  }
  void RunUntil(int last_epoch) const {
    TrainStageCallbacks callbacks;
    callbacks.epoch = [&](const TrainedEpoch& epoch) {
      if (epoch.summary.epoch == last_epoch) throw Killed();
    };
    EXPECT_THROW(RunTrain(options_, callbacks), Killed);
  }

  TempFolder folder_;
  TrainStageOptions options_;
};

TEST_F(TrainStageTest, WritesWeightsAndLog) {
  const TrainStageResult result = Run();
  EXPECT_EQ(result.persons, 4);
  EXPECT_EQ(result.images, 24);
  EXPECT_EQ(result.queries, 18);
  EXPECT_EQ(result.gallery, 18 + 3);
  ASSERT_EQ(result.epochs.size(), 3u);
  EXPECT_FALSE(result.epochs[0].mean_ap.has_value());
  EXPECT_TRUE(result.epochs[1].mean_ap.has_value());
  EXPECT_EQ(result.epochs[2].mean_ap, result.mean_ap) << "the last epoch is always evaluated";
  const Network weights = LoadNetwork(options_.output);
  EXPECT_EQ(weights.name, "osnet_x0_25");
  EXPECT_EQ(weights.num_classes, 4);
  EXPECT_THAT(weights.notes, testing::Contains(HasSubstr("epoch 3")));
  const std::string log = ReadFileText(Path("x.csv"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 4);
  EXPECT_THAT(log, HasSubstr("epoch,learning_rate,loss"));
  EXPECT_FALSE(fs::exists(PartialPath(options_.output)));
}

TEST_F(TrainStageTest, ResumesWithTheBytesOfAnUninterruptedRun) {
  Run();
  const std::string weights = Sha256OfFile(options_.output);
  const std::string log = ReadFileText(Path("x.csv"));
  options_.output = Path("y.pth");
  RunUntil(2);
  EXPECT_FALSE(fs::exists(options_.output));
  // The unfinished state is weights like any others.
  EXPECT_EQ(LoadNetwork(PartialPath(options_.output)).name, "osnet_x0_25");
  const TrainStageResult result = Run();
  EXPECT_EQ(result.resumed_epochs, 2);
  EXPECT_EQ(result.epochs.size(), 1u);
  EXPECT_EQ(Sha256OfFile(options_.output), weights);
  EXPECT_EQ(ReadFileText(Path("y.csv")), log);
  EXPECT_FALSE(fs::exists(PartialPath(options_.output)));
}

TEST_F(TrainStageTest, DoesNotResumeAnotherTraining) {
  RunUntil(1);
  options_.training.learning_rate *= 2;
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("unfinished work of a training with other"));
  options_.force = true;
  EXPECT_EQ(Run().resumed_epochs, 0);
}

TEST_F(TrainStageTest, TrainsOnSeveralWorldsAndEvaluatesOnAnother) {
  SyntheticMarketOptions market;
  market.seed = 2;
  market.train_persons = 3;
  WriteSyntheticMarket(Path("second"), market);
  options_.data.push_back(Path("second"));
  options_.training.epochs = 0;
  TrainStageResult result = Run();
  EXPECT_EQ(result.persons, 4 + 3);
  EXPECT_EQ(result.queries, 18 + 18);
  EXPECT_TRUE(result.mean_ap.has_value()) << "an untrained network has scores too";

  options_.combine_all = true;
  options_.force = true;
  result = Run();
  EXPECT_EQ(result.persons, 4 + 6 + 3 + 6);
  EXPECT_EQ(result.queries, 0);
  EXPECT_THAT(result.notes, testing::Contains(HasSubstr("is not evaluated")));
  EXPECT_THAT(result.notes, testing::Contains(HasSubstr("6 images of no known person")));

  options_.data.pop_back();
  options_.test_data = {Path("second")};
  result = Run();
  EXPECT_EQ(result.persons, 4 + 6);
  EXPECT_EQ(result.queries, 18);
}

TEST_F(TrainStageTest, TrainsOnAnyDataSet) {
  options_.data.clear();
  options_.dataset.name = "market1501";
  options_.dataset.root = Path("world/reid");
  options_.training.epochs = 1;
  options_.classifier = false;
  EXPECT_EQ(Run().persons, 4);
  EXPECT_FALSE(LoadNetwork(options_.output).num_classes.has_value());
}

TEST_F(TrainStageTest, TheDataMayHaveNoTestImages) {
  for (const char* person : {"anna", "berta"}) {
    for (const char* image : {"c1_1.jpg", "c2_1.jpg", "c2_2.jpg"}) {
      const fs::path file = Path("people/train") / person / image;
      fs::create_directories(file.parent_path());
      fs::copy_file(Path("world/reid/bounding_box_train") /
                        ListFileNames(Path("world/reid/bounding_box_train")).front(),
                    file);
    }
  }
  options_.data.clear();
  options_.dataset.name = "folder";
  options_.dataset.root = Path("people");
  options_.training.epochs = 1;
  const TrainStageResult result = Run();
  EXPECT_EQ(result.persons, 2);
  EXPECT_FALSE(result.mean_ap.has_value());
  EXPECT_THAT(result.notes, testing::Contains(HasSubstr("is not evaluated")));
}

TEST_F(TrainStageTest, RefusesBadInputBeforeAnythingIsWritten) {
  options_.training.batch_size = 1;
  options_.training.label_smoothing = 2;
  EXPECT_THAT(Message(ErrorKind::kUsage),
              AllOf(HasSubstr("batch size is 1"), HasSubstr("label smoothing is 2")));
  options_.training.batch_size = 16;
  options_.training.label_smoothing = 0.1;

  options_.training.architecture = "osnet_x0_26";
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("did you mean 'osnet_x0_25'"));
  options_.training.architecture = "osnet_x0_25";

  options_.log = options_.output;
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("cannot be one file"));
  options_.log.clear();

  options_.init = Path("nothing.pth");
  EXPECT_THAT(Message(ErrorKind::kIo), HasSubstr("nothing.pth"));
  options_.init.clear();

  options_.data = {Path("nowhere")};
  EXPECT_THAT(Message(ErrorKind::kIo), HasSubstr("nowhere"));

  options_.data = {Path("world")};
  const fs::path train = Path("world/reid/bounding_box_train");
  const std::vector<std::string> names = ListFileNames(train);
  folder_.Write("world/reid/bounding_box_train/" + names.front(), "no picture");
  EXPECT_THAT(Message(ErrorKind::kInput), HasSubstr(names.front()));
  for (const std::string& name : names) {
    if (name.substr(0, 4) != names.front().substr(0, 4)) fs::remove(train / name);
  }
  EXPECT_THAT(Message(ErrorKind::kInput), HasSubstr("at least 2 persons in the training split"));
  EXPECT_FALSE(fs::exists(options_.output));
  EXPECT_FALSE(fs::exists(Path("x.csv")));

  folder_.Write("x.pth", "mine");
  EXPECT_THAT(Message(ErrorKind::kUsage), HasSubstr("x.pth: exists"));
}

TEST_F(TrainStageTest, DryRunChecksAndTrainsNothing) {
  options_.dry_run = true;
  EXPECT_EQ(Run().images, 24);
  EXPECT_FALSE(fs::exists(options_.output));
  EXPECT_FALSE(fs::exists(PartialPath(options_.output)));
}

}  // namespace
}  // namespace reidbench
