#include "reidbench/sites/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "reidbench/core/files.h"
#include "reidbench/core/statistics.h"
#include "reidbench/core/text.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

using ::testing::HasSubstr;

// A camera 4 m above the ground that looks along y, 30 degrees down; 1,000 px focal length.
struct TiltedCamera {
  Matrix3 intrinsic{1000, 0, 640, 0, 1000, 360, 0, 0, 1};
  Matrix3 rotation{};
  Vector3 translation{};

  TiltedCamera() {
    const double s = 0.5, c = std::sqrt(0.75);
    rotation = {1, 0, 0, 0, -s, -c, 0, c, -s};  // image axes: right, down, forward
    for (int row = 0; row < 3; ++row) translation[row] = -4 * rotation[3 * row + 2];
  }
  Matrix34 matrix() const { return ComposeMatrix(intrinsic, rotation, translation); }
};

TEST(GroundProjection, ProjectsBothWays) {
  const GroundProjection camera = GroundProjection::FromMatrix(TiltedCamera().matrix(), "c1");
  // The middle of the picture looks 30 degrees down: 4 m / tan 30 away.
  const auto middle = camera.ToGround({640, 360});
  ASSERT_TRUE(middle);
  EXPECT_NEAR(middle->x, 0, 1e-9);
  EXPECT_NEAR(middle->y, 4 * std::sqrt(3.0), 1e-9);
  for (const ImagePoint pixel : {ImagePoint{100, 700}, {640, 360}, {1200, 50}}) {
    const auto place = camera.ToGround(pixel);
    ASSERT_TRUE(place);
    const auto back = camera.ToImage(*place);
    ASSERT_TRUE(back);
    EXPECT_NEAR(back->x, pixel.x, 1e-8);
    EXPECT_NEAR(back->y, pixel.y, 1e-8);
  }
}

TEST(GroundProjection, KnowsTheHorizonAndWhatIsBehind) {
  const TiltedCamera tilted;
  // A matrix times -1 is the same camera.
  Matrix34 negative = tilted.matrix();
  for (double& value : negative) value = -value;
  for (const Matrix34& matrix : {tilted.matrix(), negative}) {
    const GroundProjection camera = GroundProjection::FromMatrix(matrix, "c1");
    // The horizon is 30 degrees above the middle: 1000 tan 30 = 577 px.
    EXPECT_FALSE(camera.ToGround({640, 360 - 578}));
    EXPECT_TRUE(camera.ToGround({640, 360 - 577}));
    EXPECT_FALSE(camera.ToImage({0, -20}));
    EXPECT_LT(*camera.MetresPerPixel({640, 700}), 0.01);
    EXPECT_GT(*camera.MetresPerPixel({640, 360 - 570}), 10);
    EXPECT_EQ(camera.MetresPerPixel({640, 360 - 600}), std::nullopt);
  }
}

TEST(GroundProjection, HomographiesHaveNoSign) {
  // Ground from image: x = u / 100, y = 100 / v: the horizon is v = 0.
  Matrix3 h{1, 0, 0, 0, 0, 10000, 0, 100, 0};
  for (const double sign : {1.0, -1.0}) {
    Matrix3 signed_h = h;
    for (double& value : signed_h) value *= sign;
    const GroundProjection camera = GroundProjection::FromHomography(signed_h, {640, 720}, "c1");
    EXPECT_NEAR(camera.ToGround({640, 500})->y, 0.2, 1e-12);
    EXPECT_FALSE(camera.ToGround({640, -10}));
  }
}

TEST(GroundProjection, RefusesMatricesWithoutInverse) {
  EXPECT_THAT(MessageOf(ErrorKind::kInput,
                        [] {
                          GroundProjection::FromHomography({1, 2, 3, 2, 4, 6, 0, 0, 1}, {640, 720},
                                                           "site.yaml:3: camera c1");
                        }),
              HasSubstr("site.yaml:3: camera c1: expected a calibration with an inverse"));
}

TEST(LensDistortion, UndoesItself) {
  const LensDistortion lens{{1000, 0, 640, 0, 1000, 360, 0, 0, 1}, {-0.3, 0.1, 1e-3, -2e-3, 0.01}};
  // On the axis nothing moves; 0.5 focal lengths off it: 1 - 0.3/4 + 0.1/16 + 0.01/64 and
  // tangential.
  EXPECT_NEAR(lens.Distort({640, 360}).x, 640, 1e-12);
  const double radial = 1 - 0.3 * 0.25 + 0.1 * 0.0625 + 0.01 * 0.015625;
  EXPECT_NEAR(lens.Distort({1140, 360}).x, 640 + 1000 * (0.5 * radial - 2e-3 * 0.75), 1e-9);
  for (const ImagePoint pixel : {ImagePoint{100, 700}, {1200, 50}, {640, 360}}) {
    const ImagePoint back = lens.Distort(lens.Undistort(pixel));
    EXPECT_NEAR(back.x, pixel.x, 1e-7);
    EXPECT_NEAR(back.y, pixel.y, 1e-7);
  }
}

TEST(Rotation, TurnsByTheLengthOfTheAxis) {
  const Matrix3 quarter = RotationOf({0, 0, std::acos(0.0)});
  EXPECT_NEAR(quarter[1], -1, 1e-15);  // y becomes -x
  EXPECT_NEAR(quarter[3], 1, 1e-15);
  EXPECT_EQ(RotationOf({0, 0, 0})[0], 1);
}

TEST(CalibrationFiles, AreReadByCount) {
  const TempFolder folder;
  EXPECT_EQ(ReadNumbers(folder.Write("h.txt", "1 2 3\n4,5,6\n-7e1; +8 9"), 9)[6], -70);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { ReadNumbers(folder.Write("p.txt", "1 2"), 12); }),
              HasSubstr("p.txt: expected 12 numbers, found 2"));
  const std::string xml =
      "<opencv_storage><rvec>1.5 -2 3e-1</rvec><camera_matrix type_id=\"opencv-matrix\"><rows>3"
      "</rows><data>1 2 3 4 5 6 7 8 9</data></camera_matrix></opencv_storage>";
  EXPECT_EQ(XmlNumbers(xml, "rvec", 3, "f")[2], 0.3);
  EXPECT_EQ(XmlNumbers(xml, "camera_matrix", 9, "f")[8], 9);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { XmlNumbers(xml, "tvec", 3, "e.xml"); }),
              HasSubstr("e.xml: expected an element <tvec>"));
}

// WILDTRACK's calibration against its own annotation: the place of a person, projected, and the
// middle of the lower edge of the box. What is expected was computed with numpy.
TEST(Wildtrack, PlacesMeetFeet) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(REIDBENCH_SOURCE_DIR) / "../shared/golden/mtmc/wildtrack";
  if (!fs::exists(folder)) GTEST_SKIP() << "needs " << folder;
  std::map<std::pair<int64_t, int64_t>, GroundPoint> places;
  const std::string ground = ReadFileText(folder / "ground.csv");
  for (const std::string_view line : SplitText(ground, '\n')) {
    const std::vector<std::string_view> cells = SplitText(line, ',');
    if (cells.size() != 4 || !ParseInt(cells[0])) continue;
    places[{*ParseInt(cells[0]), *ParseInt(cells[1])}] = {*ParseDouble(cells[2]),
                                                          *ParseDouble(cells[3])};
  }
  struct Camera {
    std::string name;
    int64_t boxes;
    double dx, dy;  // medians of the absolute differences, px
  };
  for (const Camera& camera : {Camera{"CVLab1", 8732, 6.861896732286141, 0.8053468185080987},
                               {"CVLab4", 2240, 16.124594505066966, 0.7134567172807635},
                               {"IDIAP1", 3924, 9.615855357341388, 0.7285566337589333}}) {
    SCOPED_TRACE(camera.name);
    const std::vector<double> numbers = ReadNumbers(folder / camera.name / "P.txt", 12);
    Matrix34 matrix{};
    std::copy(numbers.begin(), numbers.end(), matrix.begin());
    const GroundProjection projection = GroundProjection::FromMatrix(matrix, camera.name);
    std::vector<double> dx, dy;
    const std::string boxes = ReadFileText(folder / camera.name / "gt.txt");
    for (const std::string_view line : SplitText(boxes, '\n')) {
      const std::vector<std::string_view> cells = SplitText(line, ',');
      if (cells.size() < 6) continue;
      const GroundPoint place = places.at({*ParseInt(cells[0]), *ParseInt(cells[1])});
      const auto pixel = projection.ToImage(place);
      ASSERT_TRUE(pixel);
      const auto back = projection.ToGround(*pixel);
      ASSERT_TRUE(back);
      EXPECT_NEAR(back->x, place.x, 1e-8);
      dx.push_back(std::abs(pixel->x - (*ParseDouble(cells[2]) + *ParseDouble(cells[4]) / 2)));
      dy.push_back(std::abs(pixel->y - (*ParseDouble(cells[3]) + *ParseDouble(cells[5]))));
    }
    EXPECT_EQ(static_cast<int64_t>(dx.size()), camera.boxes);
    EXPECT_NEAR(Quantile(dx, 0.5, QuantileRule::kInterpolated), camera.dx, 1e-6);
    EXPECT_NEAR(Quantile(dy, 0.5, QuantileRule::kInterpolated), camera.dy, 1e-6);
  }
}

}  // namespace
}  // namespace reidbench
