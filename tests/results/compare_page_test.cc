#include "reidbench/results/compare_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "reidbench/core/files.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/jobs/compare/compare.h"
#include "reidbench/results/json_values.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Person 1 walks right for 20 frames, is missed in 9 and 10, and is track 3 from 11 on; the
// corrected tracks call it 1 throughout.
class ComparePage : public ::testing::Test {
 protected:
  ComparePage() {
    folder_.Write("gt/A/seqinfo.ini", "[Sequence]\nseqLength=20\nimWidth=200\nimHeight=100\n");
    std::string truth, plain, corrected;
    for (int f = 1; f <= 20; ++f) {
      const std::string box = fmt::format("{},30,20,40", 20 + 5 * f);
      truth += fmt::format("{},1,{},1,1,1\n", f, box);
      if (f == 9 || f == 10) continue;
      plain += fmt::format("{},{},{},1,-1,-1,-1\n", f, f < 9 ? 1 : 3, box);
      corrected += fmt::format("{},1,{},1,-1,-1,-1\n", f, box);
    }
    folder_.Write("gt/A/gt/gt.txt", truth);
    folder_.Write("plain/A.txt", plain);
    folder_.Write("corrected/A.txt", corrected);
    CompareStageOptions options;
    options.ground_truth = folder_.path() / "gt";
    options.plain = folder_.path() / "plain";
    options.corrected = folder_.path() / "corrected";
    options.bootstrap.resamples = 0;
    options.timelines = true;
    result_ = RunCompare(options);
  }

  // Frames 1 to 20 but `without`, in SEQ/img1.
  void WriteFrames(int without) {
    RgbImage image{.width = 200, .height = 100, .pixels = std::vector<uint8_t>(200 * 100 * 3, 90)};
    const std::vector<uint8_t> bytes = EncodePng(image);
    for (int f = 1; f <= 20; ++f) {
      if (f != without) {
        folder_.Write(fmt::format("video/A/img1/{:06}.png", f),
                      std::string(bytes.begin(), bytes.end()));
      }
    }
  }

  Json Pictures(size_t max_bytes = size_t{1} << 20) const {
    return Json::parse(RenderSwitchPictures(
        result_, {.frames = folder_.path() / "video", .max_picture_bytes = max_bytes}));
  }

  TempFolder folder_;
  CompareStageResult result_;
};

TEST_F(ComparePage, HoldsTheJsonOfTheComparison) {
  ASSERT_EQ(result_.combined.fixed, 1);
  const std::string page = RenderComparePage(result_, {});
  const std::string start = "id=\"report-data\">";
  const size_t from = page.find(start) + start.size();
  const Json data = Json::parse(page.substr(from, page.find("</script", from) - from));
  EXPECT_EQ(data["parts"]["compare"], Json::parse(RenderCompareJson(result_)));
  EXPECT_EQ(data["title"], "plain against corrected, MOT17");
}

TEST_F(ComparePage, CutsPicturesOfASwitch) {
  WriteFrames(0);
  const Json pictures = Pictures();
  EXPECT_EQ(pictures["note"], "");
  const Json& own = pictures["sequences"]["A"]["plain"][0];
  EXPECT_EQ(own["before"]["frame"], 8);
  EXPECT_EQ(own["during"]["frame"], 9);
  EXPECT_EQ(own["after"]["frame"], 11);
  EXPECT_THAT(own["before"]["uri"].get<std::string>(), StartsWith("data:image/jpeg;base64,/9j/"));
  // A square of 1.5 * 40 px around the box: 20 and 10 px from its borders, box 20 x 40.
  EXPECT_EQ(own["before"]["box"], Json({0.3333, 0.1667, 0.3333, 0.6667}));
  EXPECT_FALSE(own["during"].contains("box"));
  EXPECT_THAT(pictures["sequences"]["A"]["corrected"], IsEmpty());
}

TEST_F(ComparePage, NotesMissingFrames) {
  WriteFrames(11);
  const Json pictures = Pictures();
  EXPECT_THAT(pictures["note"].get<std::string>(), HasSubstr("1 of 1 switches lack pictures"));
  EXPECT_TRUE(pictures["sequences"]["A"]["plain"][0]["after"].is_null());
  EXPECT_TRUE(pictures["sequences"]["A"]["plain"][0]["before"].is_object());
}

TEST_F(ComparePage, NotesFramesThatCannotBeRead) {
  WriteFrames(0);
  folder_.Write("video/A/img1/000008.png", "no picture");
  const Json pictures = Pictures();
  EXPECT_THAT(pictures["note"].get<std::string>(), HasSubstr("cannot be read"));
  EXPECT_TRUE(pictures["sequences"]["A"]["plain"][0]["before"].is_null());
}

TEST_F(ComparePage, StaysSmall) {
  WriteFrames(0);
  const Json pictures = Pictures(100);
  EXPECT_TRUE(pictures["sequences"]["A"]["plain"][0].is_null());
  EXPECT_THAT(pictures["note"].get<std::string>(), HasSubstr("to keep this file small"));
}

TEST_F(ComparePage, SaysHowToGetPictures) {
  EXPECT_THAT(Json::parse(RenderSwitchPictures(result_, {}))["note"].get<std::string>(),
              HasSubstr("--frames"));
}

}  // namespace
}  // namespace reidbench
