#include "reidbench/jobs/link/link.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "reidbench/core/files.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/features/feature_store.h"
#include "reidbench/jobs/synth/synth.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A sketched world, and tracks that lose everybody now and then.
class LinkedWorld : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    Make("world", [](SynthOptions*) {});
  }
  static void TearDownTestSuite() { delete folder_; }

  template <typename Change>
  static fs::path Make(const std::string& name, Change change) {
    SynthStageOptions options;
    options.world = SynthSceneDefaults("mall");
    options.world.seed = 3;
    options.world.cameras = 3;
    options.world.overlap = 1;
    options.world.people = 9;
    options.world.frames = 500;
    options.world.frame_rate = {10};
    options.world.sketch = true;
    options.world.perfect_detections = true;
    change(&options.world);
    options.output = folder_->path() / name;
    RunSynth(options, false, nullptr);
    WriteTracks(options.output);
    return options.output;
  }

  // Frame and place.
  static std::string BoxKey(const std::vector<std::string_view>& fields) {
    return fmt::format("{} {} {} {}", fields[0], fields[2], fields[3], fields[4]);
  }

  // Boxes of the detector under the person's number and that of the stretch of ten seconds.
  static void WriteTracks(const fs::path& world) {
    for (const std::string& camera : ListFolderNames(world / "site")) {
      std::map<std::string, int64_t> person_at;
      const std::string truth = ReadFileText(world / "site" / camera / "gt.txt");
      for (const std::string_view line : SplitText(Trim(truth), '\n')) {
        const auto fields = SplitText(line, ',');
        person_at[BoxKey(fields)] = *ParseInt(fields[1]);
      }
      std::string tracks;
      const std::string found = ReadFileText(world / "mot/train" / camera / "det/det.txt");
      for (const std::string_view line : SplitText(Trim(found), '\n')) {
        const auto fields = SplitText(line, ',');
        const int64_t person = person_at.at(BoxKey(fields));
        const int64_t stretch = *ParseInt(fields[0]) / 100;
        tracks += fmt::format("{},{},{},{},{},{},0.9,-1,-1,-1\n", fields[0], 100 * person + stretch,
                              fields[2], fields[3], fields[4], fields[5]);
      }
      CreateFolders(world / "tracks");
      WriteFileAtomically(world / "tracks" / (camera + ".txt"), tracks);
    }
  }

  static LinkStageOptions Options(const fs::path& world) {
    LinkStageOptions options;
    options.site = world / "site.yaml";
    options.tracks = world / "tracks";
    options.features = world / "features";
    options.judge = true;
    return options;
  }
  static fs::path World() { return folder_->path() / "world"; }

  // Other numbers for the embeddings of every box.
  static fs::path NoiseFeatures(const fs::path& world) {
    const fs::path folder = world / "noise";
    CreateFolders(folder);
    Rng rng(5);
    for (const std::string& camera : ListFolderNames(world / "site")) {
      const FeatureFile file(world / "features" / (camera + ".h5"));
      std::vector<float> rows(static_cast<size_t>(file.rows()) * 16);
      for (float& value : rows) value = static_cast<float>(rng.Normal());
      FeatureFileWriter writer(folder / (camera + ".h5"), 16, file.labels(), {}, {});
      writer.Append(rows);
      writer.Finish();
    }
    return folder;
  }

  static TempFolder* folder_;
};
TempFolder* LinkedWorld::folder_ = nullptr;

TEST_F(LinkedWorld, GoesMostOfTheWayToPerfectLinks) {
  const LinkStageResult result = RunLink(Options(World()), false, nullptr);
  ASSERT_TRUE(result.truth);
  EXPECT_GT(result.truth->Share().value(), 0.7);
  EXPECT_GT(result.truth->Precision().value(), 0.95);
  EXPECT_GT(result.truth->perfect_link.idf1(), result.truth->plain.idf1() + 0.2);
  EXPECT_THAT(result.notes, IsEmpty());
  for (const char* baseline : {"nearest-mean", "agglomerative", "hungarian"}) {
    LinkStageOptions options = Options(World());
    options.method = baseline;
    const LinkStageResult plain = RunLink(options, false, nullptr);
    EXPECT_GT(result.truth->linked.idf1(), plain.truth->linked.idf1()) << baseline;
  }
}

TEST_F(LinkedWorld, WritesTheSameRowsWithOtherIds) {
  const TempFolder out;
  LinkStageOptions options = Options(World());
  options.output = out.path() / "global";
  const LinkStageResult result = RunLink(options, false, nullptr);
  std::set<int64_t> ids;
  for (const LinkedCamera& camera : result.cameras) {
    const std::string before = ReadFileText(World() / "tracks" / (camera.name + ".txt"));
    const std::string after = ReadFileText(options.output / (camera.name + ".txt"));
    const auto a = SplitText(before, '\n');
    const auto b = SplitText(after, '\n');
    ASSERT_EQ(a.size(), b.size());
    std::set<std::pair<std::string, std::string>> in_frame;
    for (size_t k = 0; k + 1 < a.size(); ++k) {
      const auto x = SplitText(a[k], ',');
      const auto y = SplitText(b[k], ',');
      ids.insert(*ParseInt(y[1]));
      EXPECT_TRUE(in_frame.emplace(y[0], y[1]).second) << b[k];
      EXPECT_EQ(x[0], y[0]);
      EXPECT_EQ(a[k].substr(a[k].find(',', a[k].find(',') + 1)),
                b[k].substr(b[k].find(',', b[k].find(',') + 1)));
    }
  }
  EXPECT_EQ(static_cast<int64_t>(ids.size()), result.people);
  EXPECT_EQ(*ids.begin(), 1);
  const auto json = nlohmann::json::parse(ReadFileText(options.output / "decisions.json"));
  EXPECT_EQ(json["schema"], "reidbench.link/1");
  EXPECT_GT(json["decisions"].size(), 10u);
  EXPECT_FALSE(json.contains("seconds"));  // equal runs give equal bytes
  // Nothing is overwritten, and times can be taken along.
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { RunLink(options, false, nullptr); }),
              HasSubstr("--force"));
  LinkStageOptions again = Options(World());
  again.transitions = options.output / "transitions.json";
  const LinkStageResult taken = RunLink(again, false, nullptr);
  for (int32_t a = 0; a < 3; ++a) {
    for (int32_t b = 0; b < 3; ++b)
      EXPECT_EQ(taken.transitions.Seen(a, b), result.transitions.Seen(a, b));
  }
}

TEST_F(LinkedWorld, NoiseIsNoticedAndDoesNoHarm) {
  LinkStageOptions options = Options(World());
  options.features = NoiseFeatures(World());
  const LinkStageResult result = RunLink(options, false, nullptr);
  EXPECT_THAT(result.notes, ::testing::Contains(HasSubstr("do not tell people apart")));
  EXPECT_GE(result.truth->linked.idf1(), result.truth->plain.idf1() - 0.005);
}

TEST_F(LinkedWorld, WrongClocksAndCalibrationsAreNoticedAndDoNoHarm) {
  const fs::path late = Make("late", [](SynthOptions* o) {
    o->clock_offset_s = 4;
    o->hide_clocks = true;
  });
  const LinkStageResult clocks = RunLink(Options(late), false, nullptr);
  EXPECT_THAT(clocks.notes, ::testing::Contains(HasSubstr("its clock is")));
  EXPECT_GT(clocks.truth->linked.idf1(), clocks.truth->plain.idf1());
  const fs::path wrong = Make("wrong", [](SynthOptions* o) { o->calibration_error = 0.4; });
  const LinkStageResult places = RunLink(Options(wrong), false, nullptr);
  EXPECT_THAT(places.notes, ::testing::Not(IsEmpty()));
  EXPECT_GT(places.truth->linked.idf1(), places.truth->plain.idf1());
}

TEST_F(LinkedWorld, ToldClocksAreFollowed) {
  const fs::path told = Make("told", [](SynthOptions* o) {
    o->clock_offset_s = 4;
    o->clock_drift_ppm = 200;
  });
  const LinkStageResult result = RunLink(Options(told), false, nullptr);
  EXPECT_THAT(result.notes, IsEmpty());
  EXPECT_GT(result.truth->Share().value(), 0.7);
}

TEST_F(LinkedWorld, BadInputIsOneClearError) {
  LinkStageOptions options = Options(World());
  options.features = World() / "nothing";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { RunLink(options, true, nullptr); }),
              HasSubstr("--features"));
  const TempFolder other;
  const std::string name = ListFolderNames(World() / "site").front();
  other.Write("tracks/" + name + ".txt", "1,1,0,0,10,20,1\n");
  options = Options(World());
  options.tracks = other.path() / "tracks";
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunLink(options, true, nullptr); }),
              HasSubstr("the results lack camera"));
  for (const std::string& camera : ListFolderNames(World() / "site"))
    other.Write("tracks/" + camera + ".txt", "1,1,0,0,10,20,1\n1,1,5,5,10,20,1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunLink(options, true, nullptr); }),
              HasSubstr("id 1 twice in frame 1"));
  for (const std::string& camera : ListFolderNames(World() / "site"))
    other.Write("tracks/" + camera + ".txt", "1,1,0,0,10,20,1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { RunLink(options, false, nullptr); }),
              HasSubstr("1 of 1 boxes have no embedding"));
  options = Options(World());
  options.options = {"margn=2"};
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { RunLink(options, true, nullptr); }),
              HasSubstr("margin"));
}

}  // namespace
}  // namespace reidbench
