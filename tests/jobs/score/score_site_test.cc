#include "reidbench/jobs/score/score_site.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/core/files.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kGolden = fs::path(REIDBENCH_TEST_DATA) / "mtmc";

nlohmann::json ReadGolden(const fs::path& name) {
  return nlohmann::json::parse(ReadFileText(kGolden / name));
}

// Ground truth and results in one folder.
SiteScoreOptions Options(const fs::path& site, const std::vector<std::string>& dialects) {
  SiteScoreOptions options;
  options.site = options.tracks = site;
  options.dialects = dialects;
  options.bootstrap.resamples = 0;
  return options;
}

nlohmann::json ScoreAll(const fs::path& site, const std::vector<std::string>& dialects = {"all"}) {
  return nlohmann::json::parse(RenderSiteScoreJson(RunSiteScore(Options(site, dialects))));
}

// Counts exactly, everything else within 1e-9; what the reference has must be ours, too.
void ExpectSameScore(const nlohmann::json& wanted, const nlohmann::json& found,
                     const std::string& at) {
  if (wanted.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      if (key == "literal_matlab_offset") continue;  // a slip of the program, not its rule
      ASSERT_TRUE(found.contains(key)) << at << "." << key;
      ExpectSameScore(value, found[key], at + "." + key);
    }
  } else if (wanted.is_array()) {
    ASSERT_EQ(wanted.size(), found.size()) << at;
    for (size_t k = 0; k < wanted.size(); ++k)
      ExpectSameScore(wanted[k], found[k], fmt::format("{}[{}]", at, k));
  } else if (wanted.is_number_float()) {
    ASSERT_TRUE(found.is_number()) << at;
    const double value = wanted.get<double>();
    EXPECT_NEAR(found.get<double>(), value, 1e-9 * std::max(1.0, std::abs(value))) << at;
  } else {
    EXPECT_EQ(wanted, found) << at;
  }
}

class GoldenSites : public ::testing::TestWithParam<int> {};

TEST_P(GoldenSites, AreScoredAsTheirProgramsDo) {
  const std::string name = fmt::format("S{:02}", GetParam());
  const nlohmann::json found = ScoreAll(kGolden / "scenes" / name)["site"]["dialects"];
  nlohmann::json expected = ReadGolden(fs::path("expected") / (name + ".json"));
  // Metropolis orders the rows of a frame by an unstable sort, which decides between boxes that are
  // equally good: switches where distances tie, and whole identities where several results stand on
  // one spot. Which boxes are found does not depend on it.
  if (name == "S08") expected["metropolis_3d"]["CLEAR"] = nlohmann::json::object();
  if (name == "S14") {
    const nlohmann::json hota = expected["metropolis_3d"]["HOTA"];
    expected["metropolis_3d"]["HOTA"] = nlohmann::json::object();
    for (const char* field : {"HOTA_TP", "HOTA_FN", "HOTA_FP", "DetA", "DetRe", "DetPr", "LocA"})
      expected["metropolis_3d"]["HOTA"][field] = hota[field];
  }
  for (const auto& [dialect, wanted] : expected.items()) {
    SCOPED_TRACE(name + " " + dialect);
    ASSERT_TRUE(found.contains(dialect));
    if (wanted.value("status", "ok") != "error") {
      ExpectSameScore(wanted, found[dialect], dialect);
    } else if (dialect == "aicity") {
      // Its program cannot take decimals and stops when no box is left; the rule has an answer.
      EXPECT_EQ(found[dialect]["status"], "ok");
    } else {
      EXPECT_EQ(found[dialect]["status"], "error");
      EXPECT_THAT(found[dialect]["reason"].get<std::string>(), HasSubstr("twice in frame"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scenes, GoldenSites, ::testing::Range(1, 17));

// An input of tests/golden/mtmc/edge_cases.json on disk.
class EdgeCase {
 public:
  explicit EdgeCase(const std::string& name) {
    static const nlohmann::json all = ReadGolden("edge_cases.json");
    for (const nlohmann::json& entry : all["cases"]) {
      if (entry["name"] != name) continue;
      for (const auto& [file, text] : entry["files"].items())
        folder_.Write(file, text.get<std::string>());
      reference_ = entry["reference"];
      if (entry.contains("roi_image_both_cameras")) Paint(entry["roi_image_both_cameras"]);
      return;
    }
    ADD_FAILURE() << "no edge case " << name;
  }

  SiteScoreResult Score(const std::vector<std::string>& dialects = {"all"}) const {
    return RunSiteScore(Options(folder_.path(), dialects));
  }
  nlohmann::json Json() const {
    return nlohmann::json::parse(RenderSiteScoreJson(Score()))["site"]["dialects"];
  }
  std::string Warnings() const { return fmt::format("{}", fmt::join(Score().warnings, "\n")); }
  std::string Error() const {
    return MessageOf(ErrorKind::kInput, [&] { Score(); });
  }
  const nlohmann::json& reference() const { return reference_; }

 private:
  // As PGM or PPM, which are read whatever the file is called.
  void Paint(const nlohmann::json& roi) {
    const int width = roi["size"][0], height = roi["size"][1];
    const bool colour = roi["mode"] == "RGB";
    const std::vector<int> white = roi.value("white_box", std::vector<int>{0, 0, 0, 0});
    std::string picture = fmt::format("P{}\n{} {}\n255\n", colour ? 6 : 5, width, height);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool inside = x >= white[0] && x < white[2] && y >= white[1] && y < white[3];
        picture.append(colour ? 3 : 1, static_cast<char>(inside ? 255 : roi["fill"].get<int>()));
      }
    }
    for (const char* camera : {"c001", "c002"})
      folder_.Write(std::string(camera) + "/roi.png", picture);
  }

  TempFolder folder_;
  nlohmann::json reference_;
};

TEST(EdgeSites, ThatAreInOrderSayNothing) {
  for (const char* name :
       {"baseline", "same_id_in_two_cameras_same_frame", "iou_exactly_half", "exactly_one_metre",
        "exactly_half_a_metre", "rows_out_of_order", "decimal_boxes", "frame_gap_huge"}) {
    SCOPED_TRACE(name);
    const EdgeCase edge(name);
    EXPECT_THAT(edge.Score().warnings, IsEmpty());
    EXPECT_EQ(edge.Json()["duke"]["IDTP"], edge.reference()["duke"]["IDTP"]);
    ExpectSameScore(edge.reference()["mvmhat"], edge.Json()["mvmhat"], "mvmhat");
    ExpectSameScore(edge.reference()["wildtrack_moda"], edge.Json()["wildtrack_moda"], "moda");
  }
}

TEST(EdgeSites, ThatNoDialectDefinesAreRefused) {
  EXPECT_THAT(EdgeCase("gt_same_id_twice_in_camera_frame").Error(),
              HasSubstr("c001/gt.txt: expected each ground truth id once in a frame, found id 1 "
                        "twice in frame 2"));
  EXPECT_THAT(EdgeCase("camera_names_mismatch").Error(),
              HasSubstr("no camera in common: the ground truth has c001, c002, the results have "
                        "c003, c004"));
  EXPECT_THAT(EdgeCase("negative_pred_id").Error(),
              HasSubstr("c001/pred.txt:1: expected an id from 0, found -1"));
  EXPECT_THAT(EdgeCase("negative_box_size").Error(), HasSubstr("found -40 x -80"));
}

TEST(EdgeSites, RepeatedResultsStopOnlyDialectsThatRefuseThem) {
  const EdgeCase edge("pred_same_id_twice_in_camera_frame");
  const nlohmann::json found = edge.Json();
  for (const char* name : {"aicity", "metropolis_2d", "metropolis_3d", "mcta", "mvmhat"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(found[name]["status"], "ok");
  }
  EXPECT_EQ(found["aicity"]["removed"]["repeated"], 1);
  EXPECT_EQ(found["duke"]["status"], "error");
  EXPECT_THAT(edge.Warnings(), HasSubstr("duke: sequence c001: expected each id once per frame"));
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { edge.Score({"duke"}); }),
              HasSubstr("found tracker id 11 twice in frame 2"));
}

TEST(EdgeSites, OfOddCamerasAreScoredWithAWord) {
  EXPECT_THAT(EdgeCase("pred_camera_absent_from_gt").Warnings(),
              HasSubstr("camera c003: results without ground truth are ignored"));
  EXPECT_THAT(EdgeCase("pred_missing_for_one_camera").Warnings(), HasSubstr("camera c001: "));
  // The rule, not the slip of the MATLAB program, which lays the second camera over the first.
  const EdgeCase missing("pred_missing_for_one_camera");
  ExpectSameScore(missing.reference()["duke"]["intended_rule"], missing.Json()["duke"], "duke");
  const EdgeCase nothing("no_predictions_at_all");
  EXPECT_THAT(nothing.Warnings(), HasSubstr("the results hold no box"));
  EXPECT_EQ(nothing.Json()["duke"]["IDFN"], 16);
  EXPECT_EQ(nothing.Json()["duke"]["IDF1"], 0);
  EXPECT_TRUE(nothing.Json()["mcta"]["mcta"].is_null());
}

TEST(EdgeSites, FramesFromZeroCountAsIfFromOne) {
  const EdgeCase both("frames_0_based");
  EXPECT_THAT(both.Warnings(), HasSubstr("frames count from 0"));
  for (const char* name : {"trackeval_concat", "metropolis_2d"})
    EXPECT_EQ(both.Json()[name]["Identity"]["IDTP"], 16) << name;
  EXPECT_EQ(both.Json()["aicity"]["idtp"], 16);
  const EdgeCase results("pred_0_based_gt_1_based");
  EXPECT_THAT(results.Warnings(),
              HasSubstr("a shift of 1 frame would raise the score: the results fit best with +1"));
  EXPECT_EQ(results.Json()["duke"]["IDTP"], 12);
  ExpectSameScore(results.reference()["metropolis_2d"]["IDTP"],
                  results.Json()["metropolis_2d"]["Identity"]["IDTP"], "metropolis_2d");
}

TEST(EdgeSites, OddPlacesAreNamed) {
  EXPECT_THAT(EdgeCase("world_in_centimetres").Warnings(),
              HasSubstr("the results look like centimetres"));
  EXPECT_THAT(EdgeCase("world_of_one_person_differs_between_cameras").Warnings(),
              HasSubstr("at most 3.0 m"));
  const EdgeCase missing("world_columns_missing");
  EXPECT_EQ(missing.Json()["duke"]["IDTP"], 16);
  EXPECT_EQ(missing.Json()["metropolis_2d"]["Identity"]["IDTP"], 16);
  for (const char* name : {"metropolis_3d", "bev_1m", "aicity2024_3d", "wildtrack_moda"}) {
    EXPECT_EQ(missing.Json()[name]["status"], "not applicable") << name;
    EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { missing.Score({name}); }),
                HasSubstr("the ground truth has no places on the ground"));
  }
}

TEST(EdgeSites, OddIdsAndMarksAreNamed) {
  EXPECT_THAT(EdgeCase("id_zero").Warnings(), HasSubstr("mvmhat: id 0 means \"not linked\""));
  EXPECT_EQ(EdgeCase("id_zero").Json()["duke"]["IDTP"], 16);
  EXPECT_THAT(EdgeCase("gt_conf_zero").Warnings(),
              HasSubstr("16 of 16 ground truth rows have mark 0"));
  EXPECT_EQ(EdgeCase("gt_conf_zero").Json()["trackeval_concat"]["Identity"]["IDTP"], 16);
  EXPECT_THAT(EdgeCase("gt_id_only_in_one_camera").Warnings(),
              HasSubstr("aicity: 1 of 3 ground truth ids are in one camera only"));
}

TEST(EdgeSites, MasksAreUsedUprightAndGrey) {
  const EdgeCase landscape("roi_landscape");
  ExpectSameScore(landscape.reference()["aicity"], landscape.Json()["aicity"], "aicity");
  EXPECT_THAT(landscape.Score().warnings, IsEmpty());
  const EdgeCase portrait("roi_portrait");
  EXPECT_THAT(portrait.Warnings(), HasSubstr("camera c001: its mask is higher than wide"));
  EXPECT_EQ(portrait.Json()["aicity"]["idtp"], 8);  // the person at x < 200
  EXPECT_THAT(EdgeCase("roi_almost_white").Warnings(), HasSubstr("its mask has no white (255)"));
  for (const char* name : {"roi_colour", "roi_colour_box_at_top"}) {
    const EdgeCase colour(name);
    EXPECT_THAT(colour.Warnings(), HasSubstr("camera c001: its mask has colours")) << name;
    EXPECT_EQ(colour.Json()["aicity"]["removed"]["roi"], 16) << name;
  }
}

TEST(SiteScore, NeedsADialectThatCanScore) {
  const fs::path site = kGolden / "scenes" / "S01";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { ScoreAll(site, {"dukes"}); }),
              HasSubstr("unknown dialect 'dukes'; did you mean 'duke'?"));
  EXPECT_EQ(ScoreAll(site, {"metropolis-2d", "per-camera"})["site"]["dialects"].size(), 2u);
}

TEST(SiteScore, SumsUpSeveralSites) {
  const nlohmann::json found = ScoreAll(kGolden / "scenes");
  EXPECT_EQ(found["sites"].size(), 16u);
  nlohmann::json expected = ReadGolden("expected/_over_scenes.json");
  expected.erase("meta");
  ExpectSameScore(expected, found["over_sites"], "over_sites");
}

TEST(SiteScore, ListsWhatTheDataAllow) {
  const fs::path site = kGolden / "scenes" / "S10";
  const SiteScoreResult result = RunSiteScore(Options(site, {}));
  const std::string text = RenderSiteScoreTables(result, TableFormat::kText);
  EXPECT_THAT(text, HasSubstr("duke_unfiltered"));  // the site has polygons
  EXPECT_THAT(text, HasSubstr("aicity   single_camera"));
  EXPECT_THAT(RenderSiteScoreCsv(result), HasSubstr("S10,duke,IDTP,52\n"));
  EXPECT_THAT(RenderSiteScoreCsv(result), HasSubstr("\nS10,metropolis_2d,Identity.IDTP,68\n"));
}

}  // namespace
}  // namespace reidbench
