#include "reidbench/jobs/relink/relink_galleries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/encode.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Frame f is grey 10 * f; two boxes a frame, one of them half outside the image.
class RelinkGalleries : public ::testing::Test {
 protected:
  RelinkGalleries() {
    for (int f = 1; f <= 12; ++f) {
      RgbImage image;
      image.width = 64;
      image.height = 48;
      image.pixels.assign(size_t{3} * 64 * 48, static_cast<uint8_t>(10 * f));
      const std::vector<uint8_t> png = EncodePng(image);
      folder_.Write(fmt::format("img1/{:06}.png", f),
                    {reinterpret_cast<const char*>(png.data()), png.size()});
      before_.boxes.push_back({FrameIndex(f), TrackId(f <= 6 ? 3 : 5), {4, 4, 10, 20}});
      before_.boxes.push_back({FrameIndex(f), TrackId(8), {-6, 30, 12, 40}});
    }
    after_ = before_;
    for (TrackBox& box : after_.boxes) {
      if (box.id.value == 5) box.id = TrackId(3);
    }
    options_.output = folder_.path() / "galleries";
    options_.frames = folder_.path() / "img1";
    options_.crops_per_id = 0;
  }

  TempFolder folder_;
  TrackSet before_{"S", 12, {}};
  TrackSet after_;
  GalleryOptions options_;
};

TEST_F(RelinkGalleries, OneFolderAnIdentity) {
  EXPECT_EQ(SaveGalleries(before_, after_, options_), 48);
  EXPECT_THAT(ListFolderNames(options_.output), ElementsAre("after", "before"));
  EXPECT_THAT(ListFolderNames(options_.output / "before"), ElementsAre("3", "5", "8"));
  EXPECT_THAT(ListFolderNames(options_.output / "after"), ElementsAre("3", "8"));
  EXPECT_EQ(ListFileNames(options_.output / "before/3").size(), 6u);
  EXPECT_EQ(ListFileNames(options_.output / "after/3").size(), 12u);
  const RgbImage crop =
      DecodeImageFile(options_.output / "after/3/000011.jpg", ExifOrientation::kIgnore);
  EXPECT_EQ(crop.width, 10);
  EXPECT_EQ(crop.height, 20);
  EXPECT_NEAR(crop.pixels[0], 110, 2);
  const RgbImage cut =
      DecodeImageFile(options_.output / "before/8/000001.jpg", ExifOrientation::kIgnore);
  EXPECT_EQ(cut.width, 6);
  EXPECT_EQ(cut.height, 18);
}

TEST_F(RelinkGalleries, FewCropsAreSpreadOverTheTime) {
  options_.crops_per_id = 3;
  SaveGalleries(before_, after_, options_);
  EXPECT_THAT(ListFileNames(options_.output / "after/3"),
              ElementsAre("000003.jpg", "000007.jpg", "000011.jpg"));
  EXPECT_THAT(ListFileNames(options_.output / "before/5"),
              ElementsAre("000008.jpg", "000010.jpg", "000012.jpg"));
}

TEST_F(RelinkGalleries, ReplacesOnlyItsOwn) {
  CheckGalleryOutput(options_, false);
  SaveGalleries(before_, after_, options_);
  EXPECT_THAT([&] { CheckGalleryOutput(options_, false); },
              ThrowsMessage<Error>(HasSubstr("--force")));
  CheckGalleryOutput(options_, true);
  SaveGalleries(after_, after_, options_);
  EXPECT_THAT(ListFolderNames(options_.output / "before"), ElementsAre("3", "8"));
  folder_.Write("galleries/before/notes.txt");
  EXPECT_THAT([&] { CheckGalleryOutput(options_, true); },
              ThrowsMessage<Error>(HasSubstr("found other things")));
}

TEST_F(RelinkGalleries, MissingFramesAreNamed) {
  for (const char* name : {"000004.png", "000009.png"}) fs::remove(options_.frames / name);
  EXPECT_THAT([&] { CheckGalleryFrames(before_, options_); },
              ThrowsMessage<Error>(HasSubstr("none for 4 boxes, first of frame 4")));
}

}  // namespace
}  // namespace reidbench
