#include "reidbench/jobs/relink/relink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/jobs/score/score.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/relinking/corrections.h"
#include "reidbench/results/relink.h"
#include "support/expect_error.h"
#include "support/relink_files.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;
using Json = nlohmann::json;

// Two sequences. In A, persons 0 and 1 come back under new ids after frame 20; in B nothing is
// wrong.
class RelinkStageTest : public ::testing::Test {
 protected:
  RelinkStageTest() {
    a_.Add(1, 0, 1, 20);
    a_.Add(2, 1, 1, 20);
    a_.Add(3, 1, 26, 50);
    a_.Add(4, 0, 29, 50);
    b_.Add(7, 2, 1, 30);
    b_.Add(9, 3, 1, 30);
    for (const auto& [name, scene] : {std::pair{"A", &a_}, std::pair{"B", &b_}}) {
      scene->Input();
      folder_.Write(fmt::format("tracks/{}.txt", name), TrackRows(scene->tracks));
      folder_.Write(fmt::format("train/{}/gt/gt.txt", name), TruthRows(*scene));
      folder_.Write(fmt::format("train/{}/seqinfo.ini", name),
                    "[Sequence]\nseqLength=50\nframeRate=10\nimWidth=1200\nimHeight=800\n");
      WriteFeatures(Path("features") / fmt::format("{}.h5", name), *scene);
    }
    options_.tracks = {Path("tracks")};
    options_.features = Path("features");
    options_.sequences = Path("train");
    options_.method = "gallery-mean";
    options_.output = Path("corrected");
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  RelinkStageResult Run() { return RunRelink(options_, false, nullptr); }
  std::string Output(const std::string& name) const { return ReadFileText(options_.output / name); }

  TempFolder folder_;
  RelinkScene a_;
  RelinkScene b_;
  RelinkStageOptions options_;
};

TEST_F(RelinkStageTest, RowsStayByteForByteButForTheId) {
  const RelinkStageResult result = Run();
  EXPECT_THAT(ListFileNames(options_.output),
              ElementsAre("A.txt", "B.txt", "decisions.csv", "decisions.json"));
  EXPECT_EQ(Output("B.txt"), ReadFileText(Path("tracks/B.txt")));
  std::string expected;
  const std::string before = ReadFileText(Path("tracks/A.txt"));
  for (const std::string_view row : SplitText(before, '\n')) {
    if (row.empty()) continue;
    const size_t comma = row.find(',');
    std::string changed(row);
    if (changed[comma + 1] == '3') changed[comma + 1] = '2';
    if (changed[comma + 1] == '4') changed[comma + 1] = '1';
    expected += changed + "\n";
  }
  EXPECT_EQ(Output("A.txt"), expected);
  ASSERT_EQ(result.sequences.size(), 2u);
  const RelinkedSequence& a = result.sequences[0];
  EXPECT_EQ(a.tracks_before, 4);
  EXPECT_EQ(a.tracks_after, 2);
  EXPECT_EQ(a.links, 2);
  EXPECT_EQ(a.frame_rate, 10);
  EXPECT_EQ(a.boxes_without_embedding, 0);
  EXPECT_EQ(result.Total().boxes, static_cast<int64_t>(a_.persons.size() + b_.persons.size()));
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST_F(RelinkStageTest, EveryMethodRunsAndGivesTheSameOnAnyNumberOfThreads) {
  for (const std::string& method : MethodNames(Corrections())) {
    options_.method = method;
    options_.output = Path(method + "-1");
    {
      const ThreadLimit limit(1);
      Run();
    }
    options_.output = Path(method + "-4");
    const ThreadLimit limit(4);
    Run();
    for (const char* name : {"A.txt", "B.txt", "decisions.csv", "decisions.json"}) {
      EXPECT_EQ(ReadFileText(Path(method + "-1") / name), ReadFileText(Path(method + "-4") / name));
    }
  }
}

TEST_F(RelinkStageTest, DecisionsAreLogged) {
  options_.ground_truth = Path("train");
  const RelinkStageResult result = Run();
  const std::string csv = Output("decisions.csv");
  const auto lines = SplitText(Trim(csv), '\n');
  EXPECT_TRUE(
      StartsWith(lines[0], "sequence,decision,kind,accepted,step,track_before,track_after"));
  EXPECT_TRUE(StartsWith(lines[1], "A,0,link,1,appearance,2,3,20,26,0.6,")) << lines[1];
  const Json json = Json::parse(Output("decisions.json"));
  EXPECT_EQ(json["schema"], "reidbench.relink.decisions/1");
  ASSERT_EQ(json["sequences"]["A"].size(), result.sequences[0].decisions.size());
  const Json& link = json["sequences"]["A"][0];
  EXPECT_EQ(link["track_after"], 3);
  EXPECT_TRUE(link["log_likelihood_ratio"].is_null());  // this method knows none
  EXPECT_EQ(link["verdict"], "right");
  // Without it person 1 keeps 25 of 45 boxes: 45 + 42 boxes, 20 of them not identified.
  EXPECT_NEAR(link["idf1_change_if_undone"].get<double>(), 67.0 / 87 - 1, 1e-12);
  EXPECT_EQ(link["idsw_change_if_undone"], 1);
  EXPECT_EQ(json["sequences"]["B"].size(), 0u);
}

TEST_F(RelinkStageTest, ScoresAreThoseOfTheWrittenFiles) {
  options_.ground_truth = Path("train");
  const RelinkStageResult result = Run();
  ScoreStageOptions score;
  score.ground_truth = options_.ground_truth;
  score.bootstrap.resamples = 0;
  for (const bool corrected : {false, true}) {
    score.tracks = {corrected ? options_.output : Path("tracks")};
    const MotCounts theirs = RunScore(score).trackers[0].classes[0].sequences[0];
    const MotCounts& ours = corrected ? *result.sequences[0].corrected : *result.sequences[0].plain;
    for (const char* field : {"HOTA", "AssA", "IDF1", "IDSW", "MOTA"})
      EXPECT_EQ(FieldValue(Summarize(ours), field), FieldValue(Summarize(theirs), field)) << field;
  }
  const Json json = Json::parse(RenderRelinkJson(result));
  EXPECT_EQ(json["schema"], "reidbench.relink/1");
  EXPECT_EQ(json["ALL"]["scores"]["corrected"]["IDF1"], 1.0);
  EXPECT_EQ(json["sequences"]["A"]["decisions_taken"]["right"], 2);
  EXPECT_EQ(json["sequences"]["A"]["decisions_taken"]["links"]["right"], 2);
  EXPECT_EQ(json["sequences"]["A"]["link_precision"], 1.0);
  EXPECT_TRUE(json["sequences"]["B"]["link_precision"].is_null());
  EXPECT_THAT(RenderRelinkTables(result, TableFormat::kText),
              AllOf(HasSubstr("gallery-mean"), HasSubstr("ALL"), HasSubstr("right")));
  EXPECT_THAT(RenderRelinkCsv(result), HasSubstr("IDF1_corrected"));
}

TEST_F(RelinkStageTest, InterpolationIsBookedApart) {
  options_.interpolate = 5;
  const RelinkStageResult result = Run();
  EXPECT_EQ(result.sequences[0].interpolated_boxes, 5);  // 21..25; the other gap is of 8
  const std::string plain = Output("A.txt");
  const std::string filled = Output("interpolated/A.txt");
  const MotFile file = ParseMotText(filled, "A.txt", {});
  EXPECT_EQ(file.tracks.boxes.size(), a_.persons.size() + 5);
  for (const std::string_view row : SplitText(plain, '\n')) EXPECT_THAT(filled, HasSubstr(row));
  EXPECT_EQ(Output("interpolation.csv"),
            "sequence,track,frame_before,frame_after,boxes_added\nA,2,20,26,5\n");
}

TEST_F(RelinkStageTest, InterpolatedRowsStandAtTheirFrame) {
  folder_.Write("one/A.txt", "1,1,0,0,10,20,1\n1,2,50,0,10,20,1\n3,1,20,0,10,20,1");
  options_.tracks = {Path("one")};
  options_.features.clear();
  options_.allow_missing = true;
  options_.interpolate = 1;
  Run();
  EXPECT_EQ(Output("interpolated/A.txt"),
            "1,1,0,0,10,20,1\n1,2,50,0,10,20,1\n2,1,10,0,10,20,1,-1,-1,-1\n3,1,20,0,10,20,1\n");
}

TEST_F(RelinkStageTest, WithoutFeaturesMotionAloneLinksAndSaysSo) {
  std::string rows;
  const auto walk = [&](int id, int lane, int first, int last) {
    for (int f = first; f <= last; ++f)
      rows += fmt::format("{},{},{},{},40,100,1\n", f, id, 100 + f, 150 * lane);
  };
  for (const int lane : {1, 2, 3}) {
    walk(10 + lane, lane, 1, 10 * lane);  // found again by the tracker itself
    walk(10 + lane, lane, 10 * lane + 3, 50);
  }
  walk(1, 5, 1, 20);
  walk(2, 5, 29, 50);
  folder_.Write("motion/C.txt", rows);
  options_.tracks = {Path("motion")};
  options_.features.clear();
  options_.sequences.clear();
  options_.frame_rate = 10;
  options_.method = "relink";
  options_.allow_missing = true;
  const RelinkStageResult result = Run();
  EXPECT_EQ(result.sequences[0].links, 1);
  EXPECT_EQ(result.sequences[0].tracks_after, 4);
  const Json calibration = Json::parse(RenderRelinkJson(result))["sequences"]["C"]["calibration"];
  EXPECT_EQ(calibration["motion_alone"],
            (Json{{"memory_frames", 3}, {"own_gaps", 3}, {"links", 1}, {"frames_bridged", 8}}));
  EXPECT_THAT(RenderRelinkTables(result, TableFormat::kText),
              HasSubstr("C: no box has an embedding: 1 link by motion alone over 8 frames"));
  EXPECT_THAT(Output("decisions.csv"), HasSubstr("C,0,link,1,motion,1,2,20,29,0.8,"));
  // With embeddings there is nothing to say.
  options_.tracks = {Path("tracks/A.txt")};
  options_.features = Path("features/A.h5");
  options_.allow_missing = false;
  options_.output = Path("with");
  const Json with = Json::parse(RenderRelinkJson(Run()));
  EXPECT_TRUE(with["sequences"]["A"]["calibration"]["motion_alone"].is_null());
}

TEST_F(RelinkStageTest, MissingEmbeddingsStopItUnlessAllowed) {
  WriteFeatures(Path("features/A.h5"), a_, 20);  // without track 1
  EXPECT_THAT([&] { Run(); },
              ThrowsMessage<Error>(AllOf(
                  HasSubstr("A.h5: expected an embedding for every box of"),
                  HasSubstr("found none for 20 of 87, first frame 1 box 20.00,0.00,40.00,100.00 "
                            "(id 1)"),
                  HasSubstr("--allow-missing"))));
  EXPECT_FALSE(fs::exists(options_.output));
  options_.allow_missing = true;
  const RelinkStageResult result = Run();
  EXPECT_EQ(result.sequences[0].boxes_without_embedding, 20);
  EXPECT_EQ(result.sequences[0].tracks_without_embedding, 1);
  EXPECT_EQ(result.sequences[0].links, 1);  // 3 to 2; 4 has nobody to be
  EXPECT_THAT(RenderRelinkTables(result, TableFormat::kText), HasSubstr("without embedding"));
}

TEST_F(RelinkStageTest, FeaturesOfAnotherSequenceAreToldAsSuch) {
  options_.tracks = {Path("tracks/A.txt")};
  options_.features = Path("features/B.h5");
  EXPECT_THAT([&] { Run(); },
              ThrowsMessage<Error>(AllOf(HasSubstr("found none for 87 of 87"),
                                         HasSubstr("of other tracks or another sequence"),
                                         HasSubstr("extracted from S"))));
  options_.allow_missing = true;
  EXPECT_THAT(Run().warnings, ElementsAre(HasSubstr("everything is decided by motion alone")));
}

TEST_F(RelinkStageTest, BadRowsStopItUnlessAllowed) {
  {
    // The writer refuses NaN, so it is put there afterwards.
    const hid_t file = H5Fopen(Path("features/A.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t data = H5Dopen2(file, "/features", H5P_DEFAULT);
    std::vector<float> values(a_.persons.size() * RelinkScene::kDim);
    H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    values[3 * RelinkScene::kDim + 5] = std::numeric_limits<float>::quiet_NaN();
    values[4 * RelinkScene::kDim] = std::numeric_limits<float>::infinity();
    H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    H5Dclose(data);
    H5Fclose(file);
  }
  EXPECT_THAT([&] { Run(); },
              ThrowsMessage<Error>(AllOf(HasSubstr("NaN or infinity in 2 of 87 rows, first row 3"),
                                         HasSubstr("frame 4 box"), HasSubstr("id 1"))));
  EXPECT_FALSE(fs::exists(options_.output));
  options_.allow_missing = true;
  const RelinkStageResult result = Run();
  EXPECT_EQ(result.sequences[0].boxes_without_embedding, 2);
  EXPECT_EQ(result.sequences[0].tracks_without_embedding, 0);
  EXPECT_EQ(result.sequences[0].links, 2);
}

TEST_F(RelinkStageTest, RefusesToOverwrite) {
  Run();
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("corrected/")));
  options_.force = true;
  EXPECT_NO_THROW(Run());
  options_.output = Path("tracks");
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("another folder")));
}

TEST_F(RelinkStageTest, OptionsComeFromFlagsAndFiles) {
  options_.options = {"threshold=0"};
  EXPECT_EQ(Run().sequences[0].links, 0);
  options_.options.clear();
  options_.method.clear();
  options_.config = "split_connect";
  options_.output = Path("split");
  EXPECT_EQ(Run().method, "split-connect");
  options_.method = "relink";
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("split_connect is for the method")));
  options_.config.clear();
  options_.options = {"threshold=0.1"};
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("threshold")));
  options_.options = {"window_s=-1"};
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("window_s")));
  options_.options.clear();
  options_.method = "relnk";
  EXPECT_THAT([&] { Run(); }, ThrowsMessage<Error>(HasSubstr("did you mean 'relink'")));
}

TEST_F(RelinkStageTest, TheShippedConfigsSayTheDefaults) {
  for (const auto& [config, method] :
       {std::pair{"relink", "relink"}, std::pair{"gallery_mean", "gallery-mean"},
        std::pair{"split_connect", "split-connect"}}) {
    options_.method = method;
    options_.config.clear();
    options_.output = Path(fmt::format("{}-default", method));
    Run();
    options_.method.clear();
    options_.config = config;
    options_.output = Path(fmt::format("{}-config", method));
    Run();
    EXPECT_EQ(ReadFileText(Path(fmt::format("{}-default", method)) / "decisions.csv"),
              ReadFileText(Path(fmt::format("{}-config", method)) / "decisions.csv"));
  }
}

TEST_F(RelinkStageTest, AnUnknownFrameRateIsSaid) {
  options_.sequences.clear();
  EXPECT_THAT(Run().warnings,
              ElementsAre(HasSubstr("A: the frame rate is not known"), HasSubstr("B: ")));
  options_.frame_rate = 10;
  options_.force = true;
  EXPECT_THAT(Run().warnings, IsEmpty());
}

TEST_F(RelinkStageTest, CheckingWritesNothing) {
  RunRelink(options_, true, nullptr);
  EXPECT_FALSE(fs::exists(options_.output));
  folder_.Write("tracks/B.txt", "1,1,0,0,10,20,1\n");
  EXPECT_THROW(RunRelink(options_, true, nullptr), Error);
}

TEST_F(RelinkStageTest, WrongUse) {
  const auto error = [&](RelinkStageOptions options) {
    return MessageOfExit(kExitUsage, [&] { RunRelink(options, true, nullptr); });
  };
  RelinkStageOptions wrong = options_;
  wrong.tracks.clear();
  EXPECT_THAT(error(wrong), HasSubstr("--tracks is missing"));
  wrong = options_;
  wrong.features.clear();
  EXPECT_THAT(error(wrong), HasSubstr("--features is missing"));
  wrong = options_;
  wrong.tracks = {Path("tracks/A.txt"), Path("tracks")};
  EXPECT_THAT(error(wrong), HasSubstr("sequence A is given more than once"));
  wrong = options_;
  wrong.interpolate = -1;
  EXPECT_THAT(error(wrong), HasSubstr("--interpolate -1"));
  wrong = options_;
  wrong.galleries = Path("galleries");
  EXPECT_THAT(error(wrong), HasSubstr("--frames belong together"));
  wrong = options_;
  wrong.frame_rate = -3;
  EXPECT_THAT(error(wrong), HasSubstr("--frame-rate -3"));
}

// Another number, in silence, is the one thing that damage may not give.
TEST_F(RelinkStageTest, ADamagedByteOfTheFeaturesIsNoticed) {
  options_.tracks = {Path("tracks/A.txt")};
  options_.features = Path("features/A.h5");
  options_.force = true;
  Run();
  const std::string sound = Output("A.txt") + Output("decisions.csv");
  const std::vector<uint8_t> whole = ReadFileBytes(options_.features);
  for (size_t i = 0; i < whole.size(); i += 97) {
    std::vector<uint8_t> damaged = whole;
    damaged[i] ^= 0x04;
    WriteFileAtomically(options_.features,
                        {reinterpret_cast<const char*>(damaged.data()), damaged.size()});
    try {
      Run();
      EXPECT_EQ(Output("A.txt") + Output("decisions.csv"), sound) << i;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("A.h5")) << i;
    }
  }
}

}  // namespace
}  // namespace reidbench
