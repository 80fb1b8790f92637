// Names of files that are no UTF-8, as in archives packed long ago: every command writes its JSON
// all the same, with U+FFFD in their place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/features/feature_store.h"
#include "support/relink_files.h"
#include "support/run_program.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// "naïve" in Latin-1.
const std::string kName = "na\xefve";
const std::string kShown = "na\xef\xbf\xbdve";

class LatinNames : public ::testing::Test {
 protected:
  LatinNames() {
    scene_.Add(31, 0, 1, 20);
    scene_.Add(44, 0, 25, 40);
    scene_.Input();
    folder_.Write("tracks/" + kName + ".txt", TrackRows(scene_.tracks));
    folder_.Write("train/" + kName + "/gt/gt.txt", TruthRows(scene_));
    folder_.Write("train/" + kName + "/det/det.txt", TrackRows(scene_.tracks));
    folder_.Write("train/" + kName + "/seqinfo.ini",
                  "[Sequence]\nseqLength=40\nframeRate=10\nimWidth=900\nimHeight=300\n");
    WriteFeatures(folder_.path() / "features" / (kName + ".h5"), scene_);
  }

  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  // Runs a command for its JSON, which must be whole and show the name.
  Json Run(std::vector<std::string> words) const {
    const std::string command = words.front();
    words.insert(words.end(), {"--format", "json"});
    const ProgramResult result = RunReidbench(words);
    EXPECT_EQ(result.code, kExitOk) << command << ": " << result.err;
    EXPECT_THAT(result.out, HasSubstr(kShown)) << command;
    return Json::parse(result.out);
  }

  RelinkScene scene_;
  TempFolder folder_;
};

TEST_F(LatinNames, Score) {
  const Json json = Run({"score", "--gt", Path("train"), "--tracks", Path("tracks"), "--switches",
                         Path("switches.json")});
  EXPECT_TRUE(json["trackers"]["tracks"]["sequences"].contains(kShown));
}

TEST_F(LatinNames, Track) {
  Run({"track", "--detections", Path("train"), "--tracker", "sort", "--output", Path("out"), "--gt",
       Path("train")});
  EXPECT_TRUE(std::filesystem::exists(Path("out/" + kName + ".txt")));
}

TEST_F(LatinNames, Relink) {
  Run({"relink", "--tracks", Path("tracks"), "--features", Path("features"), "--sequences",
       Path("train"), "--output", Path("corrected"), "--gt", Path("train")});
  EXPECT_TRUE(std::filesystem::exists(Path("corrected/decisions.json")));
}

TEST_F(LatinNames, Compare) {
  Run({"compare", "--gt", Path("train"), "--plain", Path("tracks"), "--corrected", Path("tracks"),
       "--bootstrap", "0", "--html", Path("page.html")});
}

TEST_F(LatinNames, Check) {
  Run({"check", "--gt", Path("train"), "--tracks", Path("tracks"), "--detections", Path("train")});
}

TEST_F(LatinNames, Synth) {
  Run({"synth", "--output", Path(kName), "--set", "cameras=1", "--set", "frames=20"});
}

TEST_F(LatinNames, Rank) {
  FeatureLabels labels;
  for (const int64_t person : {1, 1}) labels.person_id.emplace_back(person);
  for (const int64_t camera : {1, 2}) labels.camera_id.emplace_back(camera);
  labels.split = {Split::kQuery, Split::kGallery};
  FeatureFileWriter writer(Path(kName + ".h5"), 2, labels, {}, {});
  writer.Append(std::vector<float>{1, 0, 1, 0.5F});
  writer.Finish();
  Run({"rank", Path(kName + ".h5"), "--bootstrap", "0"});
}

TEST_F(LatinNames, Run) {
  const std::string yaml = folder_.Write("x.yaml",
                                         "question: Does it run?\n"
                                         "data: {sequences: " +
                                             Path("train") + "}\ntrackers: [{name: sort}]\n");
  // The folder in the experiment is text; the names of sequences are the disk's.
  const Json json = Run({"run", yaml, "--output", Path("out"), "--quiet"});
  EXPECT_EQ(json["status"], "finished");
}

}  // namespace
}  // namespace reidbench
