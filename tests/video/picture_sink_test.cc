#include "reidbench/video/picture_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/video/frame_source.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

RgbImage Plain(uint8_t red, uint8_t green, uint8_t blue) {
  RgbImage image{64, 48, {}};
  for (int i = 0; i < 64 * 48; ++i) image.pixels.insert(image.pixels.end(), {red, green, blue});
  return image;
}

TEST(PictureSink, VideoIsCompleteOrAbsent) {
  const TempFolder folder;
  const fs::path path = folder.path() / "v.mp4";
  std::string codec;
  {
    const auto sink = MakeVideo(path, "mpeg4", 10, 64, 48, &codec);
    sink->Write(1, Plain(200, 100, 30));
  }
  EXPECT_THAT(ListFileNames(folder.path()), IsEmpty());
  const auto sink = MakeVideo(path, "mpeg4", 10, 64, 48, &codec);
  for (int f = 1; f <= 3; ++f) sink->Write(f, Plain(200, 100, 30));
  sink->Finish();
  EXPECT_EQ(codec, "mpeg4");
  EXPECT_THAT(ListFileNames(folder.path()), ElementsAre("v.mp4"));
  const auto video = OpenVideo(path);
  EXPECT_EQ(video->info().frame_rate, 10);
  Frame frame;
  for (int f = 1; f <= 3; ++f) {
    ASSERT_TRUE(video->Next(&frame));
    frame.Decode();
    EXPECT_NEAR(frame.picture.pixels[0], 200, 8);
    EXPECT_NEAR(frame.picture.pixels[1], 100, 8);
    EXPECT_NEAR(frame.picture.pixels[2], 30, 8);
  }
  EXPECT_FALSE(video->Next(&frame));
  EXPECT_THROW(MakeVideo(folder.path() / "v.mp4", "no such codec", 10, 64, 48, &codec), Error);
}

TEST(PictureSink, FolderKeepsWhatElseIsInIt) {
  const TempFolder folder;
  folder.Write("out/notes.txt", "mine");
  const fs::path path = folder.path() / "out";
  { MakePictureFolder(path, "png")->Write(1, Plain(1, 2, 3)); }
  EXPECT_THAT(ListFileNames(path), ElementsAre("notes.txt"));
  const auto sink = MakePictureFolder(path, "png");
  sink->Write(12, Plain(1, 2, 3));
  sink->Finish();
  EXPECT_THAT(ListFileNames(path), ElementsAre("000012.png", "notes.txt"));
  EXPECT_THAT(ListFolderNames(folder.path()), ElementsAre("out"));
  EXPECT_EQ(DecodeImageFile(path / "000012.png", ExifOrientation::kIgnore).pixels,
            Plain(1, 2, 3).pixels);
}

TEST(PictureSink, EndingsTellVideosFromFolders) {
  for (const char* name : {"a.mp4", "a.AVI", "a/b.mkv"}) EXPECT_TRUE(NamesVideo(name)) << name;
  for (const char* name : {"a", "a.mp4/b", "frames.jpg"}) EXPECT_FALSE(NamesVideo(name)) << name;
}

}  // namespace
}  // namespace reidbench
