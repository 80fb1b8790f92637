#include "reidbench/jobs/score_detections/score_detections.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/results/detections.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class ScoreDetections : public ::testing::Test {
 protected:
  ScoreDetections() {
    options_.ground_truth = folder_.path() / "train";
    options_.detections = {folder_.path() / "det"};
    options_.bootstrap.resamples = 0;
  }

  // One person a frame.
  void WriteTruth(const std::string& sequence, int frames) const {
    std::string text;
    for (int f = 1; f <= frames; ++f) text += std::to_string(f) + ",1,100,50,40,100,1,1,1\n";
    folder_.Write("train/" + sequence + "/gt/gt.txt", text);
    folder_.Write(
        "train/" + sequence + "/seqinfo.ini",
        "[Sequence]\nseqLength=" + std::to_string(frames) + "\nimWidth=640\nimHeight=480\n");
  }
  // Who is found in the first `found` frames, and nobody in as many as `wrong`.
  static std::string Rows(int found, int wrong, double score = 0.9) {
    std::string text;
    for (int f = 1; f <= found; ++f)
      text += fmt::format("{},-1,100,50,40,100,{},-1,-1,-1\n", f, score);
    for (int f = 1; f <= wrong; ++f) text += fmt::format("{},-1,400,50,40,100,0.2,-1,-1,-1\n", f);
    return text;
  }
  Json Run() const { return Json::parse(RenderDetectionsJson(RunScoreDetections(options_))); }

  const TempFolder folder_;
  ScoreDetectionsOptions options_;
};

TEST_F(ScoreDetections, HasTheFieldsThatOthersReadInEverySequenceAndCombined) {
  WriteTruth("A", 2);
  WriteTruth("B", 6);
  folder_.Write("det/A/det/det.txt", Rows(2, 0));
  folder_.Write("det/B/det/det.txt", Rows(2, 2));
  const Json json = Run();
  EXPECT_EQ(json["schema"], "reidbench.detections/1");
  EXPECT_EQ(json["benchmark"], "MOT17");
  const Json& detector = json["detectors"]["det"];
  for (const Json* of :
       {&detector["sequences"]["A"], &detector["sequences"]["B"], &detector["COMBINED"]}) {
    for (const char* field :
         {"AP", "AP50", "AP75", "MR2", "JI", "MODA", "MODP", "recall", "precision"})
      EXPECT_TRUE(of->at(field).is_number()) << field;
  }
  EXPECT_DOUBLE_EQ(detector["sequences"]["A"]["AP"].get<double>(), 1);
  EXPECT_DOUBLE_EQ(detector["COMBINED"]["recall"].get<double>(), 4.0 / 8);
  EXPECT_DOUBLE_EQ(detector["COMBINED"]["MODA"].get<double>(), 1 - (4.0 + 2) / 8);
  EXPECT_DOUBLE_EQ(detector["COMBINED"]["AP"].get<double>(), 51.0 / 101);
  EXPECT_EQ(detector["COMBINED"]["AP_small"], nullptr);  // nobody is
  EXPECT_EQ(detector["errors"]["background"]["count"], 2);
  EXPECT_EQ(detector["errors"]["missed"]["count"], 4);
  EXPECT_DOUBLE_EQ(detector["best_threshold"]["F1"]["score"].get<double>(), 0.9);
  EXPECT_EQ(detector["recall_by"]["height"][2]["people"], 8);
  EXPECT_THAT(json["warnings"], IsEmpty());
}

TEST_F(ScoreDetections, UnderstandsTheLayouts) {
  WriteTruth("A", 2);
  WriteTruth("B", 2);
  folder_.Write("flat/A.txt", Rows(2, 0));
  folder_.Write("flat/B.txt", Rows(0, 0));
  folder_.Write("plain/A/det.txt", Rows(2, 0));  // as `detect` writes them
  folder_.Write("plain/B/det.txt", Rows(0, 0));
  folder_.Write("many/A/det/x/det.txt", Rows(1, 0));
  folder_.Write("many/A/det/y/det.txt", Rows(2, 0));
  folder_.Write("many/B/det/x/det.txt", Rows(1, 0));
  folder_.Write("many/B/det/y/det.txt", Rows(2, 0));
  for (const char* name : {"flat", "plain"}) {
    options_.detections = {folder_.path() / name};
    EXPECT_DOUBLE_EQ(Run()["detectors"][name]["COMBINED"]["recall"].get<double>(), 0.5) << name;
  }
  options_.detections = {folder_.path() / "many", folder_.path() / "flat"};
  const DetectionsResult result = RunScoreDetections(options_);
  std::vector<std::string> names;
  for (const DetectorScore& detector : result.detectors) names.push_back(detector.name);
  EXPECT_THAT(names, ElementsAre("y", "x", "flat"));  // by AP, equal ones as given
  // One sequence and one file belong together, whatever their names.
  options_.ground_truth = folder_.path() / "train/A/gt/gt.txt";
  options_.detections = {folder_.path() / "flat/B.txt"};
  EXPECT_EQ(Run()["detectors"]["B"]["COMBINED"]["recall"], 0);
}

TEST_F(ScoreDetections, MissingAndOtherSequencesAreNamed) {
  WriteTruth("A", 2);
  WriteTruth("B", 2);
  folder_.Write("det/A/det/det.txt", Rows(2, 0));
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { Run(); }), HasSubstr("none for B (1 of 2 missing)"));
  folder_.Write("det/B/det/det.txt", Rows(2, 0));
  folder_.Write("det/C/det/det.txt", Rows(2, 0));
  EXPECT_THAT(Run()["warnings"][0].get<std::string>(), HasSubstr("detections of C"));
  options_.detections = {folder_.path() / "nowhere"};
  EXPECT_THAT(MessageOf(ErrorKind::kIo, [&] { Run(); }), HasSubstr("nowhere"));
}

TEST_F(ScoreDetections, BadRowsAreErrorsAndNothingIsScored) {
  WriteTruth("A", 2);
  folder_.Write("det/A.txt", "1,-1,100,50,40\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Run(); }), HasSubstr("A.txt:1"));
  folder_.Write("det/A.txt", "3,-1,100,50,40,100,0.9\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Run(); }), HasSubstr("frame 1..2"));
  folder_.Write("det/A.txt", "1,-1,100,50,40,100,nan\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Run(); }), HasSubstr("score"));
}

TEST_F(ScoreDetections, RulesOfMot17LeaveOutTheHiddenAndForgiveDistractors) {
  folder_.Write("train/A/gt/gt.txt",
                "1,1,100,50,40,100,1,1,1\n1,2,200,50,40,100,1,1,0.3\n1,3,300,50,40,100,0,8,1\n");
  folder_.Write("train/A/seqinfo.ini", "[Sequence]\nseqLength=1\n");
  folder_.Write("det/A.txt",
                "1,-1,100,50,40,100,0.5\n1,-1,200,50,40,100,0.9\n1,-1,300,50,40,100,0.8\n");
  Json json = Run()["detectors"]["det"];
  EXPECT_EQ(json["COMBINED"]["GT"], 1);
  EXPECT_EQ(json["COMBINED"]["FP"], 0);
  EXPECT_EQ(json["removed"], 2);
  EXPECT_EQ(json["hidden"], 1);
  options_.preprocess = false;
  json = Run()["detectors"]["det"];
  EXPECT_EQ(json["COMBINED"]["GT"], 2);
  EXPECT_EQ(json["COMBINED"]["FP"], 1);
  options_.preprocess = true;
  options_.benchmark = "MOT20";  // 0.3 is visible enough
  EXPECT_EQ(Run()["detectors"]["det"]["COMBINED"]["GT"], 2);
  options_.benchmark = "visdrone";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("rules of one class"));
}

// A column of zeros is no visibility: everybody would be hidden, silently.
TEST_F(ScoreDetections, VisibilityThatIsNoneHidesNobody) {
  folder_.Write("train/A/gt/gt.txt", "1,1,100,50,40,100,1,1,0\n");
  folder_.Write("train/A/seqinfo.ini", "[Sequence]\nseqLength=1\n");
  folder_.Write("det/A.txt", Rows(1, 0));
  const Json json = Run();
  EXPECT_EQ(json["detectors"]["det"]["COMBINED"]["GT"], 1);
  EXPECT_THAT(json["warnings"], ::testing::SizeIs(1));
}

TEST_F(ScoreDetections, DoubtfulScoresAreSaid) {
  WriteTruth("A", 3);
  const auto warning = [&](const std::string& rows) {
    folder_.Write("det/A.txt", rows);
    const Json warnings = Run()["warnings"];
    return warnings.empty() ? std::string() : warnings.back().get<std::string>();
  };
  EXPECT_EQ(warning(Rows(3, 2)), "");
  EXPECT_THAT(warning(Rows(0, 0)), HasSubstr("no detections"));
  EXPECT_THAT(warning(Rows(3, 0)), HasSubstr("all scores are 0.9"));
  EXPECT_THAT(warning(Rows(3, 2, 17)), HasSubstr("not from 0 to 1"));
  options_.rules.max_detections = 1;
  EXPECT_THAT(warning(Rows(3, 2)), HasSubstr("2 of 2 pictures are left out"));
}

TEST_F(ScoreDetections, TheSecondHalfTakesDetectionsOfTheWholeVideo) {
  WriteTruth("A", 10);
  folder_.Write("det/A.txt", Rows(7, 0));
  options_.benchmark = "mot17_half_val";  // frames 7 to 10
  const Json json = Run()["detectors"]["det"]["COMBINED"];
  EXPECT_EQ(json["GT"], 4);
  EXPECT_EQ(json["TP"], 1);
  EXPECT_EQ(json["FP"], 0);
}

TEST_F(ScoreDetections, ComparesDetectorsOverSequences) {
  for (const char* sequence : {"A", "B", "C"}) {
    WriteTruth(sequence, 4);
    folder_.Write(std::string("good/") + sequence + ".txt", Rows(4, 0));
    folder_.Write(std::string("bad/") + sequence + ".txt", Rows(2, 1));
  }
  options_.detections = {folder_.path() / "bad", folder_.path() / "good"};
  options_.bootstrap.resamples = 100;
  const Json json = Run();
  ASSERT_EQ(json["comparisons"].size(), 1u);
  EXPECT_EQ(json["comparisons"][0]["best"], "good");
  const Json& recall = json["comparisons"][0]["metrics"]["recall"];
  EXPECT_DOUBLE_EQ(recall["difference"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(recall["p"].get<double>(), 0.25);
  EXPECT_EQ(json["detectors"]["bad"]["intervals"]["recall"].size(), 2u);
}

TEST_F(ScoreDetections, ThreadsDoNotMatter) {
  for (const char* sequence : {"A", "B", "C", "D"}) {
    WriteTruth(sequence, 5);
    folder_.Write(std::string("det/") + sequence + ".txt", Rows(2 + sequence[0] % 3, 2));
  }
  options_.bootstrap.resamples = 100;
  std::vector<std::string> texts;
  for (const int threads : {1, 3}) {
    const ThreadLimit limit(threads);
    texts.push_back(RenderDetectionsJson(RunScoreDetections(options_)));
  }
  EXPECT_EQ(texts[0], texts[1]);
}

constexpr const char* kCoco =
    R"({"images": [{"id": 2, "width": 640, "height": 480}, {"id": 1}, {"id": 3}],
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
        "annotations": [
          {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 100], "area": 4000},
          {"id": 2, "image_id": 2, "category_id": 18, "bbox": [0, 0, 40, 100], "area": 4000}]})";

// Person: one match; dog: a false one before the match. AP is the mean, the rest of the person.
TEST_F(ScoreDetections, ReadsCocosFiles) {
  options_.ground_truth = folder_.Write("gt.json", kCoco);
  options_.detections = {folder_.Write("dt.json", R"([
    {"image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 100], "score": 0.9},
    {"image_id": 3, "category_id": 18, "bbox": [0, 0, 40, 100], "score": 0.8},
    {"image_id": 2, "category_id": 18, "bbox": [0, 0, 40, 100], "score": 0.7}])")};
  Json json = Run();
  EXPECT_EQ(json["benchmark"], "COCO");
  EXPECT_EQ(json["class"], "person");
  Json detector = json["detectors"]["dt"];
  EXPECT_NEAR(detector["COMBINED"]["AP"].get<double>(), 0.75, 1e-12);
  EXPECT_NEAR(detector["classes"]["dog"]["AP"].get<double>(), 0.5, 1e-12);
  EXPECT_EQ(detector["COMBINED"]["GT"], 1);
  EXPECT_EQ(detector["COMBINED"]["FP"], 0);
  EXPECT_EQ(detector["COMBINED"]["pictures"], 3);
  EXPECT_EQ(detector["sequences"]["gt"]["MODA"], 1);
  options_.class_name = "Dog";
  EXPECT_EQ(Run()["detectors"]["dt"]["COMBINED"]["FP"], 1);
  options_.class_name = "dogs";
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("did you mean 'dog'"));
  options_.detections = {folder_.Write("det.txt", Rows(1, 0))};
  options_.class_name.clear();
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("COCO's results"));
}

TEST_F(ScoreDetections, OfSeveralClassesWithoutAPersonOnlyApIsGiven) {
  std::string text = kCoco;
  text.replace(text.find("person"), 6, "hamster");
  options_.ground_truth = folder_.Write("gt.json", text);
  options_.detections = {folder_.Write("dt.json", "[]")};
  const Json json = Run();
  EXPECT_EQ(json["class"], nullptr);
  EXPECT_EQ(json["detectors"]["dt"]["COMBINED"]["AP"], 0);
  for (const char* field : {"MR2", "JI", "MODA", "recall", "GT", "FN"})
    EXPECT_EQ(json["detectors"]["dt"]["COMBINED"][field], nullptr) << field;
  EXPECT_THAT(json["warnings"][0].get<std::string>(), HasSubstr("--class"));
}

TEST_F(ScoreDetections, EveryFormatHasEveryDetector) {
  WriteTruth("A", 4);
  folder_.Write("det/A.txt", Rows(2, 1));
  const DetectionsResult result = RunScoreDetections(options_);
  EXPECT_THAT(RenderDetectionsCsv(result), HasSubstr("det,COMBINED,recall,0.5\n"));
  const std::string text = RenderDetectionsTables(result, TableFormat::kText);
  for (const char* word : {"COMBINED", "50.00", "localisation", "visibility", "MODA"})
    EXPECT_THAT(text, HasSubstr(word));
  EXPECT_THAT(RenderDetectionsTables(result, TableFormat::kMarkdown), HasSubstr("|---"));
}

TEST_F(ScoreDetections, OptionsAreChecked) {
  WriteTruth("A", 1);
  folder_.Write("det/A.txt", Rows(1, 0));
  options_.rules.max_detections = 0;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("--max-detections 0"));
  options_.rules.max_detections = 100;
  options_.bootstrap.resamples = 5;
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("--bootstrap"));
  options_.bootstrap.resamples = 0;
  options_.detections.push_back(options_.detections.front());
  EXPECT_THAT(MessageOf(ErrorKind::kUsage, [&] { Run(); }), HasSubstr("more than once"));
}

}  // namespace
}  // namespace reidbench
