#include "reidbench/video/frame_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/video/picture_sink.h"
#include "support/motion_jpeg.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kWidth = 64;
constexpr int kHeight = 48;

// One colour in the whole picture, which tells the frame: (R, G, B) = (20 f, 100, 240 - 20 f).
std::string Jpeg(int frame, int width = kWidth, int height = kHeight) {
  RgbImage image{width, height, {}};
  for (int i = 0; i < width * height; ++i) {
    image.pixels.insert(image.pixels.end(), {static_cast<uint8_t>(20 * frame), uint8_t{100},
                                             static_cast<uint8_t>(240 - 20 * frame)});
  }
  const std::vector<uint8_t> bytes = EncodeJpeg(image, 95);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> Jpegs(int frames) {
  std::vector<std::string> jpegs;
  for (int f = 1; f <= frames; ++f) jpegs.push_back(Jpeg(f));
  return jpegs;
}

// "1 2c 3m": the frames with their status; pictures must have the colour of their number.
std::string Pull(FrameSource* source) {
  std::string text;
  Frame frame;
  while (source->Next(&frame)) {
    frame.Decode();
    text += fmt::format("{}{}", text.empty() ? "" : " ", frame.number);
    if (frame.status == FrameStatus::kMissing) text += "m";
    if (frame.status == FrameStatus::kCorrupt) text += "c";
    EXPECT_EQ(frame.problem.empty(), frame.status != FrameStatus::kCorrupt);
    EXPECT_EQ(frame.picture.pixels.empty(), frame.status != FrameStatus::kPicture);
    if (frame.status != FrameStatus::kPicture) continue;
    EXPECT_NEAR(frame.picture.pixels[0], 20.0 * static_cast<double>(frame.number), 6);
    EXPECT_NEAR(frame.picture.pixels[2], 240 - 20.0 * static_cast<double>(frame.number), 6);
  }
  EXPECT_FALSE(source->Next(&frame));  // an end stays one
  return text;
}

class FrameSourceTest : public testing::Test {
 protected:
  std::unique_ptr<FrameSource> Video(const std::vector<std::string>& jpegs, uint32_t stated = 0) {
    return OpenFrames(folder_.Write("clip.avi", MotionJpegAvi(jpegs, kWidth, kHeight, stated)));
  }
  static std::string Refusal(const fs::path& path) {
    try {
      OpenFrames(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    ADD_FAILURE() << path << " was opened";
    return "";
  }

  TempFolder folder_;
};

TEST_F(FrameSourceTest, VideoTellsWhatItKnowsAndTheTimeOfItsFrames) {
  const auto video = Video(Jpegs(4));
  EXPECT_EQ(video->info().name, "clip.avi");
  EXPECT_EQ(video->info().frame_count, 4);
  EXPECT_EQ(video->info().frame_rate, 25);
  EXPECT_EQ(video->info().width, kWidth);
  EXPECT_EQ(video->info().height, kHeight);
  Frame frame;
  for (int f = 1; f <= 4; ++f) {
    ASSERT_TRUE(video->Next(&frame));
    EXPECT_EQ(frame.number, f);
    EXPECT_NEAR(frame.seconds.value_or(-1), (f - 1) / 25.0, 1e-9);
  }
  EXPECT_EQ(Pull(Video(Jpegs(9)).get()), "1 2 3 4 5 6 7 8 9");
}

TEST_F(FrameSourceTest, CorruptFramesOfAVideoAreNamedAndCountedWhereverTheyAre) {
  const std::string half = Jpeg(3).substr(0, Jpeg(3).size() / 2);
  for (const std::string& damaged : {std::string("nonsense, no JPEG at all"), half}) {
    std::vector<std::string> jpegs = Jpegs(9);
    for (const size_t f : {3, 6, 7, 9}) jpegs[f - 1] = damaged;
    EXPECT_EQ(Pull(Video(jpegs).get()), "1 2 3c 4 5 6c 7c 8 9c");
    jpegs[0] = damaged;
    EXPECT_EQ(Pull(Video(jpegs).get()), "1c 2 3c 4 5 6c 7c 8 9c");
    const auto video = Video(jpegs);
    Frame frame;
    video->SkipTo(6);
    ASSERT_TRUE(video->Next(&frame));
    EXPECT_THAT(frame.problem, HasSubstr("clip.avi: frame 6: corrupt"));
    EXPECT_NEAR(frame.seconds.value_or(-1), 5 / 25.0, 1e-9);
  }
}

TEST_F(FrameSourceTest, TheEndIsWhereTheFramesEnd) {
  const auto video = Video(Jpegs(5), 90);  // whatever the header says
  EXPECT_EQ(video->info().frame_count, 90);
  EXPECT_EQ(Pull(video.get()), "1 2 3 4 5");
  // Cut within frame 5.
  const std::string whole = MotionJpegAvi(Jpegs(5), kWidth, kHeight);
  const size_t at = whole.rfind(Jpeg(5));
  EXPECT_EQ(Pull(OpenFrames(folder_.Write("cut.avi", whole.substr(0, at + 200))).get()),
            "1 2 3 4 5c");
}

TEST_F(FrameSourceTest, SkipsForwardOnly) {
  const auto video = Video(Jpegs(9));
  Frame frame;
  for (const int64_t number : {2, 3, 7}) {
    video->SkipTo(number);
    ASSERT_TRUE(video->Next(&frame));
    EXPECT_EQ(frame.number, number);
    frame.Decode();
    EXPECT_NEAR(frame.picture.pixels[0], 20.0 * static_cast<double>(number), 6);
  }
  video->SkipTo(2);
  EXPECT_EQ(Pull(video.get()), "8 9");
  video->SkipTo(20);
  EXPECT_FALSE(video->Next(&frame));
}

TEST_F(FrameSourceTest, SizesThatAreNoMultipleOfABlock) {
  std::vector<std::string> jpegs;
  for (int f = 1; f <= 3; ++f) jpegs.push_back(Jpeg(f, 37, 29));
  const auto video = OpenFrames(folder_.Write("odd.avi", MotionJpegAvi(jpegs, 37, 29)));
  Frame frame;
  ASSERT_TRUE(video->Next(&frame));
  frame.Decode();
  ASSERT_EQ(frame.picture.pixels.size(), size_t{3 * 37 * 29});
  for (const size_t at : {size_t{0}, size_t{3 * 36}, size_t{3 * 37}, size_t{3 * (37 * 29 - 1)}}) {
    EXPECT_NEAR(frame.picture.pixels[at], 20, 6);
    EXPECT_NEAR(frame.picture.pixels[at + 1], 100, 6);
    EXPECT_NEAR(frame.picture.pixels[at + 2], 220, 6);
  }
}

TEST_F(FrameSourceTest, NamesAreNames) {
  const std::string avi = MotionJpegAvi(Jpegs(2), kWidth, kHeight);
  for (const char* name : {"a:b.avi", "http:x.mp4", "concat:a|b.avi", "%03d.avi", "a b.avi"}) {
    EXPECT_EQ(Pull(OpenFrames(folder_.Write(name, avi)).get()), "1 2") << name;
  }
}

TEST_F(FrameSourceTest, ListsOfOtherFilesAreNotFollowed) {
  const fs::path other = folder_.Write("other.avi", MotionJpegAvi(Jpegs(2), kWidth, kHeight));
  EXPECT_THAT(Refusal(folder_.Write("hls.mp4",
                                    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"
                                    "#EXTINF:1,\n" +
                                        other.string() + "\n#EXT-X-ENDLIST\n")),
              AllOf(HasSubstr("hls.mp4: expected a video"), HasSubstr("an HLS playlist")));
  EXPECT_THAT(Refusal(folder_.Write("list.mp4", "ffconcat version 1.0\nfile other.avi\n")),
              HasSubstr("a list of files to concatenate"));
  EXPECT_THAT(Refusal(folder_.Write("v.sdp",
                                    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 "
                                    "127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n")),
              HasSubstr("expected a video"));
  // A pattern that would match 1.jpg, and pictures that are no video.
  folder_.Write("1.jpg", Jpeg(1));
  EXPECT_THAT(Refusal(folder_.Write("%d.jpg", "text")), HasSubstr("expected a video"));
  EXPECT_THAT(Refusal(folder_.Write("noise.avi", "not a video at all")),
              HasSubstr("noise.avi: expected a video"));
  EXPECT_THAT(Refusal(folder_.Write("empty.mp4", "")), HasSubstr("expected a video"));
  EXPECT_THROW(OpenFrames(folder_.path() / "nowhere"), Error);
}

// Frames that depend on each other; h264, where OpenCV can write it, has B-frames.
TEST_F(FrameSourceTest, PredictedFramesHaveTimesAndNumbersAlsoWhereSomeAreDamaged) {
  static constexpr int kFrames = 40;
  const auto pull = [](FrameSource* source) {
    int64_t frames = 0, corrupt = 0;
    Frame frame;
    for (; source->Next(&frame); ++frames) {
      EXPECT_EQ(frame.number, frames + 1);
      EXPECT_NEAR(frame.seconds.value_or(-1), static_cast<double>(frames) / 25, 1e-3);
      corrupt += frame.status == FrameStatus::kCorrupt ? 1 : 0;
    }
    EXPECT_EQ(frames, kFrames);
    return corrupt;
  };
  for (const char* codec : {"auto", "mpeg4"}) {
    const fs::path path = folder_.path() / fmt::format("{}.mp4", codec);
    std::string used;
    const std::unique_ptr<PictureSink> sink = MakeVideo(path, codec, 25, 160, 120, &used);
    for (int f = 1; f <= kFrames; ++f) {
      RgbImage image{160, 120, std::vector<uint8_t>(size_t{3} * 160 * 120)};
      for (int y = 0; y < 120; ++y) {
        for (int x = 0; x < 3 * 160; ++x)  // a pattern that moves
          image.Row(y)[x] = static_cast<uint8_t>((x + 5 * f) * (y + 3 * f) / 16);
      }
      sink->Write(f, image);
    }
    sink->Finish();
    EXPECT_EQ(pull(OpenVideo(path).get()), 0) << used;
  }
  // Bits of MPEG-4 that make no sense are noticed; h264's arithmetic coding makes sense of most.
  std::string bytes = ReadFileText(folder_.path() / "mpeg4.mp4");
  uint32_t noise = 1;
  for (size_t k = 0; k < 200; ++k) {
    noise = noise * 1664525 + 1013904223;
    bytes[bytes.size() / 2 + k] = static_cast<char>(noise >> 24);
  }
  const int64_t corrupt = pull(OpenVideo(folder_.Write("damaged.mp4", bytes)).get());
  EXPECT_GE(corrupt, 1);
  EXPECT_LT(corrupt, 5);
}

TEST_F(FrameSourceTest, FoldersHaveMissingAndCorruptFramesToo) {
  for (const int f : {1, 2, 5}) folder_.Write(fmt::format("SEQ/img1/{:06}.jpg", f), Jpeg(f));
  folder_.Write("SEQ/img1/000004.jpg", Jpeg(4).substr(0, 300));
  EXPECT_EQ(Pull(OpenFrames(folder_.path() / "SEQ").get()), "1 2 3m 4c 5");
  folder_.Write("SEQ/seqinfo.ini",
                "[Sequence]\nseqLength=7\nframeRate=10\nimWidth=64\nimHeight=48\nimDir=img1\n");
  FrameFolder source(folder_.path() / "SEQ");
  EXPECT_EQ(source.info().name, "SEQ");
  EXPECT_EQ(source.info().frame_count, 7);
  EXPECT_EQ(source.info().width, 64);
  Frame frame;
  source.SkipTo(4);
  ASSERT_TRUE(source.Next(&frame));
  EXPECT_EQ(frame.seconds, 0.3);
  EXPECT_EQ(frame.status, FrameStatus::kPicture);  // nobody looked yet
  frame.Decode();
  EXPECT_EQ(frame.status, FrameStatus::kCorrupt);
  EXPECT_THAT(frame.problem, HasSubstr("000004.jpg: corrupt JPEG"));
  EXPECT_EQ(Pull(&source), "5 6m 7m");
}

TEST_F(FrameSourceTest, ForEachFrameDecodesThoseAskedForAndFinishesInOrder) {
  std::vector<std::string> jpegs = Jpegs(9);
  jpegs[4] = "damaged";
  const auto video = Video(jpegs);
  const int64_t numbers[] = {2, 3, 5, 9, 12};
  std::vector<std::string> finished;
  ForEachFrame(video.get(), numbers, "testing", [&](size_t k, const Frame& frame) {
    EXPECT_EQ(frame.number, numbers[k]);
    const std::string text = fmt::format("{} {}", frame.number, static_cast<int>(frame.status));
    return [&finished, text] { finished.push_back(text); };
  });
  EXPECT_THAT(finished, ElementsAre("2 0", "3 0", "5 1", "9 0", "12 2"));
}

}  // namespace
}  // namespace reidbench
