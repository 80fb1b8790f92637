#include "reidbench/sites/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two cameras, described; one person in each, and the results that find him.
class DescribedSite : public ::testing::Test {
 protected:
  DescribedSite() {
    for (const char* camera : {"north", "south"}) {
      folder_.Write(std::string("truth/") + camera + ".txt", "1,1,100,400,40,100,1\n");
      folder_.Write(std::string("tracks/") + camera + ".txt", "1,9,100,400,40,100,0.5\n");
    }
  }

  Site Load(const std::string& more = "", const std::string& north = "",
            const std::string& south = "") const {
    return LoadSite(
        folder_.Write("site.yaml", more +
                                       "cameras:\n"
                                       "  south:\n    truth: truth/south.txt\n" +
                                       south + "  north:\n    truth: truth/north.txt\n" + north));
  }
  SiteReading Read(const Site& site) const {
    return ReadSiteTracks(site, folder_.path() / "tracks");
  }

  TempFolder folder_;
};

TEST_F(DescribedSite, HasItsCamerasByName) {
  const SiteReading reading = Read(Load("name: hall\n"));
  EXPECT_EQ(reading.tracks.name, "hall");
  ASSERT_EQ(reading.tracks.cameras.size(), 2u);
  EXPECT_EQ(reading.tracks.cameras[0].name, "north");
  EXPECT_TRUE(reading.tracks.cameras[0].has_truth);
  EXPECT_EQ(reading.tracks.cameras[0].results.front().id, 9);
}

TEST_F(DescribedSite, PlacesFeetOnTheGround) {
  // x = u / 100, y = v / 100 in metres.
  const std::string homography =
      "    calibration:\n      homography: [[1, 0, 0], [0, 1, 0], [0, 0, 100]]\n";
  const SiteReading reading = Read(Load("", homography));
  // The middle of the lower edge: (120, 500).
  EXPECT_EQ(reading.tracks.cameras[0].truth.front().ground, (GroundPoint{1.2, 5}));
  EXPECT_EQ(reading.tracks.cameras[1].truth.front().ground, std::nullopt);
  const std::string centimetres = homography + "      unit: cm\n";
  EXPECT_EQ(Read(Load("", centimetres)).tracks.cameras[0].truth.front().ground,
            (GroundPoint{0.012, 0.05}));
}

TEST_F(DescribedSite, TakesEveryFormOfCalibration) {
  // A camera 5 m above (0, 0) that looks straight down; 500 px focal length.
  const std::string inner = "      intrinsic: [[500, 0, 320], [0, 500, 240], [0, 0, 1]]\n";
  const std::vector<std::string> forms = {
      "      matrix: [[500, 0, -320, 1600], [0, -500, -240, 1200], [0, 0, -1, 5]]\n",
      inner +
          "      rotation: [[1, 0, 0], [0, -1, 0], [0, 0, -1]]\n"
          "      translation: [0, 0, 500]\n      unit: cm\n",
      inner +
          "      rotation: [3.141592653589793, 0, 0]\n      translation: [0, 0, 5]\n"
          "      distortion: [0, 0, 0, 0, 0]\n",
      "      matrix: p.txt\n",
      "      intrinsic_xml: intr.xml\n      extrinsic_xml: extr.xml\n      unit: cm\n"};
  folder_.Write("p.txt", "500 0 -320 1600\n0 -500 -240 1200\n0 0 -1 5\n");
  folder_.Write("intr.xml",
                "<a><camera_matrix><data>500 0 320 0 500 240 0 0 1</data></camera_matrix>"
                "<distortion_coefficients><data>0 0 0 0 0</data></distortion_coefficients></a>");
  folder_.Write("extr.xml", "<a><rvec>3.141592653589793 0 0</rvec><tvec>0 0 500</tvec></a>");
  for (const std::string& form : forms) {
    SCOPED_TRACE(form);
    const Site site = Load("", "    calibration:\n" + form);
    ASSERT_TRUE(site.cameras[0].projection);
    const auto place = site.cameras[0].projection->ToGround({420, 240});
    ASSERT_TRUE(place);
    EXPECT_NEAR(place->x, 1, 1e-9);  // 100 px of 500 at 5 m
    EXPECT_NEAR(place->y, 0, 1e-9);
  }
}

TEST_F(DescribedSite, FollowsClocks) {
  folder_.Write("truth/north.txt", "1,1,0,0,9,9,1\n26,1,0,0,9,9,1\n");
  // Half as many frames a second, a second late.
  const SiteReading reading =
      Read(Load("frame_rate: 50\n", "    frame_rate: 25\n    clock: {offset_s: 1}\n"));
  std::vector<int64_t> frames;
  for (const SiteBox& box : reading.tracks.cameras[0].truth) frames.push_back(box.frame);
  EXPECT_THAT(frames, ElementsAre(51, 101));
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] {
                          folder_.Write("truth/north.txt", "1,1,0,0,9,9,1\n2,1,0,0,9,9,1\n");
                          Read(Load("frame_rate: 10\n", "    frame_rate: 25\n"));
                        }),
              HasSubstr("camera north: its frames 1 and 2 are both frame 1 of the site"));
}

TEST_F(DescribedSite, RefusesCamerasThatDoNotFit) {
  folder_.Write("tracks/nroth.txt", "1,9,0,0,9,9,1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Read(Load()); }),
              HasSubstr("has no camera 'nroth'; did you mean 'north'?"));
  std::filesystem::remove(folder_.path() / "tracks/nroth.txt");
  std::filesystem::remove(folder_.path() / "tracks/north.txt");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Read(Load()); }),
              HasSubstr("the results lack camera north of"));
}

TEST_F(DescribedSite, RefusesLocalIdsThatMeet) {
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Read(Load("result_ids: local\n")); }),
              HasSubstr("id 9 is in the results of cameras north and south, yet"));
  Read(Load("result_ids: global\n"));
}

TEST_F(DescribedSite, RefusesCalibrationWithoutInverse) {
  EXPECT_THAT(
      MessageOf(
          ErrorKind::kInput,
          [&] { Load("", "    calibration:\n      homography: [1, 2, 3, 2, 4, 6, 0, 0, 1]\n"); }),
      HasSubstr("camera north: expected a calibration with an inverse"));
}

TEST_F(DescribedSite, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Load("", "    hommography: 1\n"); }),
              HasSubstr("hommography"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Load("", "    calibration: {unit: cm}\n"); }),
              HasSubstr("expected one of homography, matrix, intrinsic"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Load("", "    polygon: [[1, 2], [3, 4]]\n"); }),
              HasSubstr("at least three points"));
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Load("", "    frame_rate: 25\n"); }),
              HasSubstr("expected a frame_rate of the site"));
}

TEST(AiCitySite, HasOneFileOfAllCameras) {
  const TempFolder folder;
  folder.Write("gt.txt", "41 1 1 0 0 9 9 1.5 2\n42 1 1 0 0 9 9 1.5 2\n");
  folder.Write("track1.txt", "42 7 1 0 0 9 9 -1 -1\n");
  const std::string site =
      "truth_rows: gt.txt\ncameras:\n  c041:\n    start: 1\n  c042:\n    start: 1\n";
  const SiteReading reading =
      ReadSiteTracks(LoadSite(folder.Write("site.yaml", site)), folder.path() / "track1.txt");
  ASSERT_EQ(reading.tracks.cameras.size(), 2u);
  EXPECT_EQ(reading.tracks.cameras[0].truth.front().ground, (GroundPoint{1.5, 2}));
  EXPECT_TRUE(reading.tracks.cameras[0].results.empty());
  EXPECT_EQ(reading.tracks.cameras[1].results.front().id, 7);
  folder.Write("track1.txt", "7 7 1 0 0 9 9\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [&] {
                          ReadSiteTracks(LoadSite(folder.path() / "site.yaml"),
                                         folder.path() / "track1.txt");
                        }),
              HasSubstr("has no camera '7'"));
}

TEST(FolderSite, IsReadWithItsScene) {
  const TempFolder folder;
  folder.Write("scene.json",
               R"({"image": [640, 360], "units": "m", "cameras": ["a", "b"],
                   "duke": {"interval": [5, 27], "start": {"a": 4},
                            "roi": {"a": [[0, 0], [9, 0], [9, 9]]}}})");
  folder.Write("a/gt.txt", "1,1,0,0,9,9,1,2,3\n");
  folder.Write("a/pred.txt", "1,1,0,0,9,9,1,2,3\n");
  folder.Write("b/pred.txt", "");
  const SiteReading reading = ReadSiteTracks(LoadSite(folder.path()), folder.path());
  const CameraTracks& a = reading.tracks.cameras[0];
  EXPECT_EQ(a.start, 4);
  EXPECT_EQ(a.image_width, 640);
  EXPECT_EQ(a.polygon.size(), 3u);
  EXPECT_EQ(reading.tracks.interval->last, 27);
  EXPECT_EQ(a.truth.front().ground, (GroundPoint{2, 3}));  // nine columns, but the scene says so
  EXPECT_FALSE(reading.tracks.cameras[1].has_truth);
}

TEST(ReadSiteResults, KeepsTheCamerasFramesAndOrder) {
  const TempFolder folder;
  folder.Write("site.yaml",
               "frame_rate: 20\ncameras:\n  a:\n    truth: a.txt\n    frame_rate: 10\n    clock: "
               "{offset_s: 3}\n  b:\n    truth: a.txt\n");
  folder.Write("a.txt", "1,5,0,0,10,20,1\n");
  folder.Write("r/a.txt", "2,7,0,0,10,20,1,4,5,0\n1,7,0,0,10,20,1,-1,-1,-1\n");
  folder.Write("r/b.txt", "1,7,0,0,10,20,1\n");
  const Site site = LoadSite(folder.path() / "site.yaml");
  const std::vector<SiteResults> results = ReadSiteResults(site, folder.path() / "r");
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].camera.name, "a");
  EXPECT_EQ(results[0].camera.clock_offset_s, 3);
  ASSERT_EQ(results[0].boxes.size(), 2u);
  EXPECT_EQ(results[0].boxes[0].frame, 2);  // neither sorted nor moved to the site's clock
  EXPECT_TRUE(results[0].boxes[0].ground.has_value());
  EXPECT_FALSE(results[0].boxes[1].ground.has_value());
  // The truth is read without results.
  const SiteReading truth = ReadSiteTruth(site);
  ASSERT_EQ(truth.tracks.cameras.size(), 2u);
  EXPECT_EQ(truth.tracks.cameras[0].truth.size(), 1u);
  EXPECT_EQ(truth.tracks.cameras[0].truth[0].frame, 61);
  EXPECT_TRUE(truth.tracks.cameras[0].results.empty());

  std::filesystem::remove(folder.path() / "r/b.txt");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ReadSiteResults(site, folder.path() / "r"); }),
              ::testing::HasSubstr("the results lack camera b"));
  folder.Write("r/b.txt", "1,7,0,0,10,20,1\n");
  folder.Write("r/c.txt", "1,7,0,0,10,20,1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ReadSiteResults(site, folder.path() / "r"); }),
              ::testing::HasSubstr("has no camera 'c'"));
}

}  // namespace
}  // namespace reidbench
