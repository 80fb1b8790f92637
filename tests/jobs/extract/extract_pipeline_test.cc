#include "reidbench/jobs/extract/extract_pipeline.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/random.h"
#include "support/expect_error.h"
#include "support/synthetic_reid.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kDim = 6;
constexpr int kBatch = 4;

// A function of the pixels, and of the whole batch: the bytes of the file show when an image came
// in another batch.
class FakeEmbedder : public Embedder {
 public:
  FakeEmbedder() {
    info_.engine = "fake";
    info_.architecture = "fake_net";
    info_.precision = "fp32";
    info_.device = "cpu";
    info_.dim = kDim;
    info_.input_height = 64;
    info_.input_width = 32;
    info_.batch_size = kBatch;
    info_.weights_sha256 = std::string(64, 'e');
  }
  const EmbedderInfo& info() const override { return info_; }
  EmbedderInfo& mutable_info() { return info_; }

  void Embed(const ImageBatch& images, float* embeddings) override {
    const int call = ++calls;
    if (on_call) on_call(call);
    const auto floats = static_cast<size_t>(3 * images.height * images.width);
    for (int i = 0; i < images.count; ++i) {
      const float* pixels = images.nchw + static_cast<size_t>(i) * floats;
      for (int d = 0; d < kDim; ++d) {
        float sum = 0.01f * static_cast<float>(images.count) + 0.1f * static_cast<float>(i);
        for (size_t p = static_cast<size_t>(d); p < floats; p += 97) sum += pixels[p];
        embeddings[i * kDim + d] = sum;
      }
    }
  }

  std::atomic<int> calls = 0;
  std::function<void(int)> on_call;

 private:
  EmbedderInfo info_;
};

// One folder of images for all tests: 4 + 6 persons, query, gallery, training.
const ReidDataset& SharedDataset() {
  static const TempFolder folder;
  static const ReidDataset dataset = [] {
    // A child process reads the parent's.
    const char* parent = std::getenv("REIDBENCH_TEST_MARKET");
    const fs::path root = parent != nullptr ? fs::path(parent) : folder.path() / "market";
    if (parent == nullptr) WriteSyntheticMarket(root);
    ReidDatasetOptions options;
    options.root = root;
    return LoadReidDataset(options);
  }();
  return dataset;
}

ExtractPipelineOptions Options(const fs::path& output, int threads = 2) {
  ExtractPipelineOptions options;
  options.output = output;
  options.preprocess.preset = "custom";
  options.preprocess.height = 64;
  options.preprocess.width = 32;
  options.threads = threads;
  return options;
}

FeatureProvenance Provenance() {
  FeatureProvenance provenance;
  provenance.weights_file = "fake.pth";
  provenance.dataset = SharedDataset().name;
  provenance.dataset_fingerprint = SharedDataset().fingerprint;
  return provenance;
}

ExtractResult Extract(const ReidDataset& dataset, Embedder& embedder,
                      const ExtractPipelineOptions& options,
                      const ProgressCallback& progress = {}) {
  DatasetImages images(dataset, ExifOrientation::kIgnore);
  return ExtractFeatures(images, embedder, Provenance(), options, progress);
}

class ExtractPipelineTest : public testing::Test {
 protected:
  fs::path File(const std::string& name) const { return folder_.path() / name; }
  // The bytes that an undisturbed extraction gives.
  std::string Expected(const ReidDataset& dataset = SharedDataset(),
                       bool skip_corrupt = false) const {
    FakeEmbedder embedder;
    ExtractPipelineOptions options = Options(File("expected.h5"), 1);
    options.skip_corrupt = skip_corrupt;
    options.force = true;
    Extract(dataset, embedder, options);
    return ReadFileText(File("expected.h5"));
  }
  // The message of the Error that an extraction ends in.
  std::string MessageOf(const ReidDataset& dataset, Embedder& embedder,
                        const ExtractPipelineOptions& options, ErrorKind kind) const {
    return reidbench::MessageOf(kind, [&] { Extract(dataset, embedder, options); });
  }
  // A copy of the data set with some images damaged.
  ReidDataset WithCorrupt(const std::vector<size_t>& items) const {
    ReidDataset dataset = SharedDataset();
    fs::copy(dataset.root, File("damaged"), fs::copy_options::recursive);
    dataset.root = File("damaged");
    for (const size_t item : items) {
      const fs::path path = dataset.root / dataset.images[item].path;
      WriteFileAtomically(path, ReadFileText(path).substr(0, 300));
    }
    return dataset;
  }

  TempFolder folder_;
};

TEST_F(ExtractPipelineTest, WritesEveryImageInOrderWithItsLabels) {
  FakeEmbedder embedder;
  std::vector<int64_t> progress;
  const ReidDataset& dataset = SharedDataset();
  const auto n = static_cast<int64_t>(dataset.images.size());
  const ExtractResult result =
      Extract(dataset, embedder, Options(File("f.h5")), [&](int64_t done, int64_t total) {
        EXPECT_EQ(total, n);
        progress.push_back(done);
      });
  EXPECT_EQ(result.rows, n);
  EXPECT_EQ(result.images, n);
  EXPECT_EQ(result.resumed, 0);
  EXPECT_EQ(result.batch_size, kBatch);
  EXPECT_EQ(embedder.calls, (n + kBatch - 1) / kBatch);
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.front(), 0);
  EXPECT_EQ(progress.back(), n);
  EXPECT_FALSE(fs::exists(JournalPath(File("f.h5"))));

  const FeatureFile file(File("f.h5"));
  ASSERT_EQ(file.rows(), n);
  std::vector<int64_t> rows(static_cast<size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  const FeatureMatrix features = file.ReadRows(rows);
  Preprocessor preprocessor(Options("").preprocess);
  std::vector<float> pixels(3 * 64 * 32 * kBatch);
  for (int64_t i = 0; i < n; ++i) {
    const ReidImage& image = dataset.images[static_cast<size_t>(i)];
    EXPECT_EQ(file.labels().path[static_cast<size_t>(i)], image.path);
    EXPECT_EQ(file.labels().person_id[static_cast<size_t>(i)], image.person);
    EXPECT_EQ(file.labels().camera_id[static_cast<size_t>(i)], image.camera);
    EXPECT_EQ(file.labels().split[static_cast<size_t>(i)], image.split);
  }
  // The second batch by hand.
  for (int i = 0; i < kBatch; ++i) {
    const fs::path path = dataset.root / dataset.images[static_cast<size_t>(kBatch + i)].path;
    preprocessor.Run(DecodeImageFile(path, ExifOrientation::kIgnore),
                     pixels.data() + i * 3 * 64 * 32);
  }
  FeatureMatrix expected(kBatch, kDim);
  FakeEmbedder().Embed({pixels.data(), kBatch, 64, 32}, expected.data());
  for (int64_t i = 0; i < kBatch; ++i)
    EXPECT_TRUE(std::ranges::equal(features.row(kBatch + i), expected.row(i))) << i;

  EXPECT_EQ(file.provenance().weights_file, "fake.pth");
  EXPECT_EQ(file.provenance().weights_sha256, std::string(64, 'e'));
  EXPECT_EQ(file.provenance().architecture, "fake_net");
  EXPECT_EQ(file.provenance().engine, "fake");
  EXPECT_EQ(file.provenance().preprocessing, Options("").preprocess.Describe());
  EXPECT_EQ(file.provenance().dataset_fingerprint, dataset.fingerprint);
}

TEST_F(ExtractPipelineTest, BytesDoNotDependOnThreads) {
  const std::string expected = Expected();
  for (const int threads : {1, 2, 4}) {
    for (const char* device : {"cpu", "cuda:0"}) {
      FakeEmbedder embedder;
      embedder.mutable_info().device = device;
      // Every third batch takes longer, so that later ones overtake it.
      embedder.on_call = [](int call) {
        if (call % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      };
      const fs::path output = File(fmt::format("{}{}.h5", device, threads));
      Extract(SharedDataset(), embedder, Options(output, threads));
      EXPECT_EQ(ReadFileText(output), expected) << threads << " " << device;
    }
  }
}

TEST_F(ExtractPipelineTest, WritesFloat16) {
  FakeEmbedder embedder;
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.type = FeatureType::kFloat16;
  Extract(SharedDataset(), embedder, options);
  EXPECT_LT(fs::file_size(File("f.h5")), Expected().size());
}

TEST_F(ExtractPipelineTest, StopsAtFirstCorruptImageAndKeepsWorkBeforeIt) {
  const ReidDataset dataset = WithCorrupt({9, 10, 21});
  for (const int threads : {1, 4}) {
    FakeEmbedder embedder;
    const fs::path output = File(fmt::format("f{}.h5", threads));
    EXPECT_THAT(
        MessageOf(dataset, embedder, Options(output, threads), ErrorKind::kInput),
        AllOf(HasSubstr(dataset.images[9].path), HasSubstr("(8 of "), HasSubstr("--skip-corrupt")));
    EXPECT_FALSE(fs::exists(output));
    // Repaired, it goes on behind the two batches that were safe.
    for (const size_t item : {9, 10, 21}) {
      fs::copy_file(SharedDataset().root / dataset.images[item].path,
                    dataset.root / dataset.images[item].path, fs::copy_options::overwrite_existing);
    }
    EXPECT_EQ(Extract(dataset, embedder, Options(output, threads)).resumed, 8);
    EXPECT_EQ(ReadFileText(output), Expected());
    fs::remove_all(File("damaged"));
    WithCorrupt({9, 10, 21});
  }
}

TEST_F(ExtractPipelineTest, SkipsCorruptImagesOnRequest) {
  // One, a whole batch, and the last image.
  const size_t last = SharedDataset().images.size() - 1;
  const ReidDataset dataset = WithCorrupt({1, 8, 9, 10, 11, last});
  ExtractPipelineOptions options = Options(File("f.h5"), 4);
  options.skip_corrupt = true;
  FakeEmbedder embedder;
  const ExtractResult result = Extract(dataset, embedder, options);
  EXPECT_EQ(result.rows, static_cast<int64_t>(dataset.images.size()) - 6);
  ASSERT_EQ(result.skipped.size(), 6u);
  EXPECT_EQ(result.skipped[0].item, 1);
  EXPECT_THAT(result.skipped[0].reason, HasSubstr(dataset.images[1].path));
  EXPECT_EQ(ReadFileText(File("f.h5")), Expected(dataset, true));
  const FeatureFile file(File("f.h5"));
  EXPECT_THAT(file.skipped(), ElementsAre(dataset.images[1].path, dataset.images[8].path,
                                          dataset.images[9].path, dataset.images[10].path,
                                          dataset.images[11].path, dataset.images[last].path));
  EXPECT_EQ(file.labels().path[1], dataset.images[2].path);
  EXPECT_EQ(file.labels().person_id[1], dataset.images[2].person);
}

TEST_F(ExtractPipelineTest, SkippedWorkIsNotTakenOverByAStrictRun) {
  const ReidDataset dataset = WithCorrupt({1});
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.skip_corrupt = true;
  FakeEmbedder broken;
  broken.on_call = [](int call) {
    if (call == 5) throw Error(ErrorKind::kModel, "device lost");
  };
  EXPECT_EQ(MessageOf(dataset, broken, options, ErrorKind::kModel), "device lost");
  FakeEmbedder embedder;
  EXPECT_THAT(MessageOf(dataset, embedder, Options(File("f.h5")), ErrorKind::kInput),
              HasSubstr(dataset.images[1].path));
  EXPECT_EQ(embedder.calls, 0);
}

TEST_F(ExtractPipelineTest, AllCorruptIsAnError) {
  std::vector<size_t> all(SharedDataset().images.size());
  std::iota(all.begin(), all.end(), 0);
  const ReidDataset dataset = WithCorrupt(all);
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.skip_corrupt = true;
  FakeEmbedder embedder;
  EXPECT_THAT(MessageOf(dataset, embedder, options, ErrorKind::kInput),
              HasSubstr("images are corrupt"));
}

TEST_F(ExtractPipelineTest, MissingImageIsNotCorrupt) {
  ReidDataset dataset = SharedDataset();
  dataset.images[3].path = "query/gone.jpg";
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.skip_corrupt = true;
  FakeEmbedder embedder;
  EXPECT_THAT(MessageOf(dataset, embedder, options, ErrorKind::kIo),
              HasSubstr("gone.jpg: cannot open"));
}

TEST_F(ExtractPipelineTest, NotFiniteEmbeddingNamesTheImage) {
  class NanEmbedder : public FakeEmbedder {
   public:
    void Embed(const ImageBatch& images, float* embeddings) override {
      FakeEmbedder::Embed(images, embeddings);
      if (images.count == 3)
        embeddings[2 * kDim + 1] = std::nanf("");  // the batch with the skipped image
    }
  };
  const ReidDataset dataset = WithCorrupt({5});
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.skip_corrupt = true;
  NanEmbedder embedder;
  EXPECT_THAT(MessageOf(dataset, embedder, options, ErrorKind::kModel),
              AllOf(HasSubstr(dataset.images[7].path), HasSubstr("NaN")));
}

TEST_F(ExtractPipelineTest, ChecksBeforeAnyWork) {
  FakeEmbedder embedder;
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.preprocess.width = 48;
  EXPECT_THAT(MessageOf(SharedDataset(), embedder, options, ErrorKind::kUsage),
              AllOf(HasSubstr("fake_net takes images of 64x32"), HasSubstr("64x48")));
  options = Options(File("f.h5"));
  options.batch_size = -1;
  EXPECT_THAT(MessageOf(SharedDataset(), embedder, options, ErrorKind::kUsage),
              HasSubstr("--batch-size -1"));
  options = Options(File("f.h5"));
  options.preprocess.std[1] = 0;
  MessageOf(SharedDataset(), embedder, options, ErrorKind::kUsage);
  EXPECT_THAT(MessageOf(SharedDataset(), embedder, Options(File("no/f.h5")), ErrorKind::kIo),
              HasSubstr("folder does not exist"));
  folder_.Write("f.h5", "somebody's");
  EXPECT_THAT(MessageOf(SharedDataset(), embedder, Options(File("f.h5")), ErrorKind::kUsage),
              HasSubstr("--force"));
  ReidDataset empty = SharedDataset();
  empty.images.clear();
  EXPECT_THAT(MessageOf(empty, embedder, Options(File("g.h5")), ErrorKind::kInput),
              HasSubstr("has no images"));
  EXPECT_EQ(embedder.calls, 0);
  EXPECT_THAT(ListFileNames(folder_.path()), ElementsAre("f.h5"));
}

TEST_F(ExtractPipelineTest, TwoRunsDoNotShareAJournal) {
  FakeEmbedder first, second;
  std::string message;
  first.on_call = [&](int call) {
    if (call == 3)
      message = MessageOf(SharedDataset(), second, Options(File("f.h5")), ErrorKind::kIo);
  };
  Extract(SharedDataset(), first, Options(File("f.h5")));
  EXPECT_THAT(message, HasSubstr("another reidbench process is writing it"));
  EXPECT_EQ(second.calls, 0);
}

// A run that ends in an error of the device after `calls` batches leaves a journal.
void RunInto(const fs::path& output, int calls, int threads = 1) {
  FakeEmbedder broken;
  broken.on_call = [calls](int call) {
    if (call > calls) throw Error(ErrorKind::kModel, "device lost");
  };
  EXPECT_THROW(Extract(SharedDataset(), broken, Options(output, threads)), Error);
}

TEST_F(ExtractPipelineTest, AnotherExtractionsWorkNeedsForce) {
  RunInto(File("f.h5"), 3);
  FakeEmbedder embedder;
  embedder.mutable_info().weights_sha256 = std::string(64, 'f');
  embedder.mutable_info().engine = "fake 2";
  EXPECT_THAT(MessageOf(SharedDataset(), embedder, Options(File("f.h5")), ErrorKind::kUsage),
              AllOf(HasSubstr("f.h5.partial"), HasSubstr("engine: 'fake' there, 'fake 2' now"),
                    HasSubstr("weights:"), HasSubstr("--force")));
  EXPECT_EQ(embedder.calls, 0);
  ExtractPipelineOptions options = Options(File("f.h5"));
  options.force = true;
  EXPECT_EQ(Extract(SharedDataset(), embedder, options).resumed, 0);
}

TEST_F(ExtractPipelineTest, ResumesFromJournalCutAnywhere) {
  const std::string expected = Expected();
  RunInto(File("f.h5"), 8);
  const std::string journal = ReadFileText(JournalPath(File("f.h5")));
  Rng rng(11);
  int64_t most = 0;
  for (int i = 0; i < 40; ++i) {
    const fs::path output = File(fmt::format("cut{}.h5", i));
    const size_t size = i == 0 ? journal.size() : rng.Below(journal.size());
    WriteFileAtomically(JournalPath(output), journal.substr(0, size));
    FakeEmbedder embedder;
    const ExtractResult result = Extract(SharedDataset(), embedder, Options(output));
    EXPECT_EQ(result.resumed % kBatch, 0);
    EXPECT_EQ(embedder.calls * kBatch + result.resumed,
              (result.images + kBatch - 1) / kBatch * kBatch);
    most = std::max(most, result.resumed);
    ASSERT_EQ(ReadFileText(output), expected) << size;
    EXPECT_FALSE(fs::exists(JournalPath(output)));
  }
  EXPECT_EQ(most, 8 * kBatch);
}

TEST_F(ExtractPipelineTest, FullDiskKeepsFinishedWork) {
  const std::string expected = Expected();
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  // In the header, in a record, and in the final file, which is larger than the journal here.
  for (const rlim_t limit : {100, 2000, 5000}) {
    struct rlimit small = before;
    small.rlim_cur = limit;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    FakeEmbedder embedder;
    const std::string message = reidbench::MessageOf(
        ErrorKind::kIo, [&] { Extract(SharedDataset(), embedder, Options(File("f.h5"))); });
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_THAT(message, AllOf(HasSubstr("File too large"), HasSubstr("finished work is kept"),
                               HasSubstr("run the same command again")))
        << limit;
    EXPECT_FALSE(fs::exists(File("f.h5")));
  }
  ::signal(SIGXFSZ, old_handler);
  FakeEmbedder embedder;
  EXPECT_GT(Extract(SharedDataset(), embedder, Options(File("f.h5"))).resumed, 0);
  EXPECT_EQ(ReadFileText(File("f.h5")), expected);
}

// ---- Processes that are killed. The child is this program again, running the test below. ----

// Runs slowly enough to be caught anywhere. Only meant to be started by SpawnChild.
TEST_F(ExtractPipelineTest, DISABLED_ChildExtracts) {
  const char* output = std::getenv("REIDBENCH_TEST_OUTPUT");
  ASSERT_NE(output, nullptr);
  InstallInterruptHandler("extract", 60'000);  // a slow build is not cut short
  FakeEmbedder embedder;
  embedder.on_call = [](int) { std::this_thread::sleep_for(std::chrono::milliseconds(4)); };
  try {
    Extract(SharedDataset(), embedder, Options(output, 2));
  } catch (const Interrupted& interrupted) {
    std::fprintf(stderr, "%s\n", interrupted.what());
    std::_Exit(kExitInterrupted);
  }
}

pid_t SpawnChild(const fs::path& output, const fs::path& log) {
  std::vector<std::string> environment = {"REIDBENCH_TEST_OUTPUT=" + output.string(),
                                          "REIDBENCH_TEST_MARKET=" + SharedDataset().root.string()};
  std::vector<char*> environment_pointers;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment_pointers.push_back(*variable);
  for (std::string& variable : environment) environment_pointers.push_back(variable.data());
  environment_pointers.push_back(nullptr);
  std::vector<std::string> arguments = {"child", "--gtest_also_run_disabled_tests",
                                        "--gtest_filter=ExtractPipelineTest.DISABLED_ChildExtracts",
                                        "--gtest_output="};
  std::vector<char*> argument_pointers;
  for (std::string& argument : arguments) argument_pointers.push_back(argument.data());
  argument_pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int stream : {1, 2}) {
    ::posix_spawn_file_actions_addopen(&actions, stream, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0666);
  }
  pid_t child = 0;
  const int status = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr,
                                   argument_pointers.data(), environment_pointers.data());
  ::posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(status, 0);
  return child;
}

// Bytes of a file that may not exist yet.
uintmax_t SizeOf(const fs::path& path) {
  std::error_code missing;
  const uintmax_t size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

TEST_F(ExtractPipelineTest, SurvivesKillAtRandomMoments) {
  const std::string expected = Expected();
  Rng rng(5);
  int kills = 0, finished = 0;
  uintmax_t kept = 0;
  for (int round = 0; kills < 20; ++round) {
    ASSERT_LT(round, 200) << "children end before they are killed";
    const fs::path output = File(fmt::format("k{}.h5", finished));
    const pid_t child = SpawnChild(output, File("log"));
    // Once the journal grows, at a random moment of the work; sometimes earlier, while the process
    // starts.
    const uintmax_t before = SizeOf(JournalPath(output));
    if (rng.Below(5) != 0) {
      for (int i = 0; i < 5000 && SizeOf(JournalPath(output)) == before && !fs::exists(output);
           ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(rng.Below(40'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const uintmax_t after = SizeOf(JournalPath(output));
    if (WIFSIGNALED(status)) {
      ASSERT_EQ(WTERMSIG(status), SIGKILL);
      ++kills;
      EXPECT_TRUE(fs::exists(output) || after >= before) << "lost finished work";
      kept = std::max(kept, after);
    } else {
      ASSERT_EQ(WEXITSTATUS(status), 0) << ReadFileText(File("log"));
    }
    if (fs::exists(output)) {
      ASSERT_EQ(ReadFileText(output), expected);
      ++finished;
    }
  }
  EXPECT_GT(kept, 0u);
  // Whatever the last kill left is completed.
  FakeEmbedder embedder;
  ExtractPipelineOptions options = Options(File(fmt::format("k{}.h5", finished)));
  options.force = true;
  Extract(SharedDataset(), embedder, options);
  EXPECT_EQ(ReadFileText(options.output), expected);
}

TEST_F(ExtractPipelineTest, InterruptFlushesAndSaysHowToGoOn) {
  const std::string expected = Expected();
  const fs::path output = File("f.h5");
  const pid_t child = SpawnChild(output, File("log"));
  while (SizeOf(JournalPath(output)) < 1500) {
    ASSERT_FALSE(fs::exists(output));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::kill(child, SIGINT);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  const std::string log = ReadFileText(File("log"));
  ASSERT_TRUE(WIFEXITED(status)) << log;
  EXPECT_EQ(WEXITSTATUS(status), kExitInterrupted) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("interrupted; finished work is kept in"),
                         HasSubstr("run the same command again to resume")));
  FakeEmbedder embedder;
  EXPECT_GT(Extract(SharedDataset(), embedder, Options(output)).resumed, 0);
  EXPECT_EQ(ReadFileText(output), expected);
}

}  // namespace
}  // namespace reidbench
