#include "reidbench/jobs/extract/extract_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/imaging/crop.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/jobs/track/track_detections.h"
#include "support/expect_error.h"
#include "support/motion_jpeg.h"
#include "support/temp_folder.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kWidth = 64;
constexpr int kHeight = 48;
constexpr int kFrames = 12;

// Every pixel of every frame is different.
RgbImage MakeFrame(int number) {
  RgbImage image{kWidth, kHeight, {}};
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      image.pixels.insert(image.pixels.end(),
                          {static_cast<uint8_t>(3 * x), static_cast<uint8_t>(5 * y),
                           static_cast<uint8_t>(20 * number)});
    }
  }
  return image;
}

std::string Text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

class SumEmbedder : public Embedder {
 public:
  SumEmbedder() {
    info_.engine = "fake";
    info_.architecture = "fake_net";
    info_.precision = "fp32";
    info_.device = "cpu";
    info_.dim = 2;
    info_.input_height = 64;
    info_.input_width = 32;
    info_.batch_size = 4;
    info_.weights_sha256 = std::string(64, 'e');
  }
  const EmbedderInfo& info() const override { return info_; }
  void Embed(const ImageBatch& images, float* embeddings) override {
    if (calls_left-- == 0) ThrowModel("device lost");
    const auto floats = static_cast<size_t>(3 * images.height * images.width);
    for (int i = 0; i < images.count; ++i) {
      const float* pixels = images.nchw + static_cast<size_t>(i) * floats;
      embeddings[2 * i] = std::accumulate(pixels, pixels + floats / 2, 0.0f);
      embeddings[2 * i + 1] = std::accumulate(pixels + floats / 2, pixels + floats, 0.0f);
    }
  }

  std::atomic<int> calls_left = 1 << 20;

 private:
  EmbedderInfo info_;
};

class ExtractFramesTest : public testing::Test {
 protected:
  ExtractFramesTest() {
    for (int f = 1; f <= kFrames; ++f) {
      folder_.Write(fmt::format("SEQ/img1/{:06}.png", f), Text(EncodePng(MakeFrame(f))));
    }
    options_.frames = folder_.path() / "SEQ";
  }
  void WriteBoxes(std::string_view text) { options_.boxes = folder_.Write("boxes.txt", text); }
  // Some boxes in each frame, 42 in all, in an order of frames that jumps.
  void WriteManyBoxes(bool tracks) {
    std::string text;
    for (int k = 0; k < kFrames; ++k) {
      const int f = (5 * k) % kFrames + 1;
      for (int b = 0; b < 2 + f % 4; ++b) {
        text += fmt::format("{},{},{}.25,{},{},{}.5,0.9,-1,-1,-1\n", f, tracks ? b : -1, 5 * b + f,
                            3 * b, 6 + b, 20 - b);
      }
    }
    WriteBoxes(text);
  }
  std::string MessageOf(ErrorKind kind, int64_t item = -1) const {
    return reidbench::MessageOf(kind, [&] {
      FrameCrops crops(options_);
      ImageScratch scratch;
      for (int64_t i = 0; i <= item; ++i) crops.Next()(&scratch);
    });
  }
  ExtractResult Extract(FrameCrops&& crops, const std::string& output, int threads,
                        bool skip_corrupt = false, int calls_left = 1 << 20) const {
    SumEmbedder embedder;
    embedder.calls_left = calls_left;
    FeatureProvenance provenance;
    provenance.dataset = crops.name();
    provenance.dataset_fingerprint = crops.fingerprint();
    ExtractPipelineOptions options;
    options.output = folder_.path() / output;
    options.preprocess.preset = "custom";
    options.preprocess.height = 64;
    options.preprocess.width = 32;
    options.threads = threads;
    options.skip_corrupt = skip_corrupt;
    return ExtractFeatures(crops, embedder, provenance, options);
  }

  TempFolder folder_;
  FrameCropsOptions options_;
};

TEST_F(ExtractFramesTest, CropsHaveThePixelsOfTheirBoxesAndLabels) {
  WriteBoxes(
      "3,7,10,20,4,3,1,-1,-1,-1\n"
      "1,7,-5,-5,7.9,8,1,-1,-1,-1\n"      // clipped at the left and top
      "3,0,62.9,40,50,50,1,-1,-1,-1\n");  // and at the right and bottom
  FrameCrops crops(options_);
  EXPECT_EQ(crops.name(), "SEQ");
  EXPECT_EQ(crops.frame_count(), 2);
  EXPECT_THAT(crops.warnings(), IsEmpty());
  const FeatureLabels& labels = crops.labels();
  EXPECT_THAT(labels.frame, ElementsAre(FrameIndex(1), FrameIndex(3), FrameIndex(3)));
  EXPECT_THAT(labels.track_id, ElementsAre(TrackId(7), TrackId(7), TrackId(0)));
  EXPECT_THAT(labels.person_id, ElementsAre(PersonId(7), PersonId(7), PersonId(0)));
  EXPECT_THAT(labels.camera_id, Each(CameraId(0)));
  EXPECT_THAT(labels.split, Each(Split::kNone));
  EXPECT_EQ(labels.box_ltwh[0], (BoxLtwh{-5, -5, 7.9, 8}));
  EXPECT_THAT(labels.path,
              ElementsAre("img1/000001.png#xywh=-5,-5,7.9,8", "img1/000003.png#xywh=10,20,4,3",
                          "img1/000003.png#xywh=62.9,40,50,50"));
  const PixelRect expected[] = {{0, 0, 2, 3}, {10, 20, 14, 23}, {62, 40, 64, 48}};
  const int frame[] = {1, 3, 3};
  ImageScratch scratch;
  for (int64_t i = 0; i < 3; ++i) {
    crops.Next()(&scratch);
    const PixelRect& rect = expected[i];
    ASSERT_EQ(scratch.image.width, rect.right - rect.left);
    ASSERT_EQ(scratch.image.height, rect.bottom - rect.top);
    const RgbImage whole = MakeFrame(frame[i]);
    for (int y = rect.top; y < rect.bottom; ++y) {
      EXPECT_EQ(std::vector<uint8_t>(scratch.image.Row(y - rect.top),
                                     scratch.image.Row(y - rect.top) + 3 * scratch.image.width),
                std::vector<uint8_t>(whole.Row(y) + 3 * rect.left, whole.Row(y) + 3 * rect.right));
    }
  }
}

TEST_F(ExtractFramesTest, DecodesEachFrameOnceWithAnyNumberOfThreads) {
  WriteManyBoxes(true);
  std::string expected;
  for (const int threads : {1, 2, 4}) {
    FrameCrops crops(options_);
    const std::string name = fmt::format("{}.h5", threads);
    EXPECT_EQ(Extract(std::move(crops), name, threads).rows, 42);
    EXPECT_EQ(crops.frames_decoded(), kFrames);
    const std::string bytes = ReadFileText(folder_.path() / name);
    if (expected.empty()) expected = bytes;
    EXPECT_EQ(bytes, expected) << threads;
  }
}

TEST_F(ExtractFramesTest, BoxesLargerThanTheFrameInAllGiveTheSameOnAnyNumberOfThreads) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("{},-1,{},0,{},48,0.5,-1,-1,-1\n", i % kFrames + 1, i % 7, 64 - i % 9);
  }
  WriteBoxes(text);
  Extract(FrameCrops(options_), "a.h5", 1);
  Extract(FrameCrops(options_), "b.h5", 4);
  EXPECT_EQ(ReadFileText(folder_.path() / "a.h5"), ReadFileText(folder_.path() / "b.h5"));
}

TEST_F(ExtractFramesTest, SkippedItemsAreLeftOut) {
  WriteManyBoxes(true);
  FrameCrops all(options_), rest(options_);
  ImageScratch expected, found;
  rest.Skip(17);
  for (int i = 0; i < 42; ++i) {
    all.Next()(&expected);
    if (i < 17) continue;
    rest.Next()(&found);
    EXPECT_EQ(found.image.pixels, expected.image.pixels) << i;
  }
  EXPECT_LT(rest.frames_decoded(), kFrames);
}

TEST_F(ExtractFramesTest, DetectionsServeTheTrackers) {
  folder_.Write("SEQ/seqinfo.ini", "[Sequence]\nname=SEQ\nimDir=img1\nseqLength=12\n");
  WriteManyBoxes(false);
  FrameCrops crops(options_);
  EXPECT_THAT(crops.labels().track_id, Each(TrackId(-1)));
  EXPECT_THAT(crops.labels().person_id, Each(PersonId(0)));
  Extract(std::move(crops), "SEQ.h5", 2);
  const fs::path features = folder_.path() / "SEQ.h5";
  const auto files = FindMotBoxes(MotFileKind::kDetections, std::vector{options_.boxes});
  const SequenceDetections detections = ReadDetections(files.at(0), false);
  DetectionEmbeddings embeddings(features, detections);
  const FeatureFile file(features);
  int64_t row = 0;
  for (int64_t f = 1; f <= detections.frame_count; ++f) {
    const FeatureView view = embeddings.Frame(f);
    ASSERT_EQ(static_cast<size_t>(view.rows()), detections.Frame(f).size());
    for (int64_t i = 0; i < view.rows(); ++i, ++row) {
      EXPECT_EQ(view(i, 0), file.ReadRows(std::vector<int64_t>{row})(0, 0));
    }
  }
  EXPECT_EQ(row, 42);
}

TEST_F(ExtractFramesTest, TakesAFolderOfFrames) {
  for (int f = 1; f <= 2; ++f) {
    folder_.Write(fmt::format("flat/frame_{:08}.jpg", f), Text(EncodeJpeg(MakeFrame(f), 90)));
  }
  folder_.Write("flat/notes.txt");
  folder_.Write("flat/._frame_00000001.jpg");
  options_.frames = folder_.path() / "flat/";
  WriteBoxes("2 1 0 0 10 10 1 -1 -1 -1\n");
  FrameCrops crops(options_);
  EXPECT_EQ(crops.name(), "frames:flat");
  EXPECT_THAT(crops.labels().path, ElementsAre("frame_00000002.jpg#xywh=0,0,10,10"));
  ImageScratch scratch;
  crops.Next()(&scratch);
  const RgbImage whole =
      DecodeImageFile(folder_.path() / "flat/frame_00000002.jpg", ExifOrientation::kIgnore);
  EXPECT_TRUE(std::equal(whole.Row(0), whole.Row(0) + 30, scratch.image.Row(0)));
}

TEST_F(ExtractFramesTest, FingerprintTellsBoxesIdsAndFrames) {
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n2,1,0,0,10,10,1,-1,-1,-1\n");
  const std::string first = FrameCrops(options_).fingerprint();
  EXPECT_EQ(first.size(), 64u);
  // Neither the score nor the way of writing belongs to the crops.
  WriteBoxes("1 1 0 0 10.0 10 0.5 -1 -1 -1\n2 1 0 0 10 10 1 -1 -1 -1\n");
  EXPECT_EQ(FrameCrops(options_).fingerprint(), first);
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n2,2,0,0,10,10,1,-1,-1,-1\n");
  EXPECT_NE(FrameCrops(options_).fingerprint(), first);
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n2,1,0,0,10,10.5,1,-1,-1,-1\n");
  EXPECT_NE(FrameCrops(options_).fingerprint(), first);
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n2,1,0,0,10,10,1,-1,-1,-1\n");
  folder_.Write("SEQ/img1/000002.png", Text(EncodePng(MakeFrame(2), 0)));
  EXPECT_NE(FrameCrops(options_).fingerprint(), first);
}

TEST_F(ExtractFramesTest, MissingFrameIsNamedBeforeAnyWork) {
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n30,1,0,0,10,10,1,-1,-1,-1\n13,1,0,0,9,9,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kIo),
              AllOf(HasSubstr("boxes.txt:3: expected an image of frame 13"),
                    HasSubstr("2 of 3 frames"), HasSubstr("frames 1 to 12")));
}

TEST_F(ExtractFramesTest, BoxOutsideItsFrameIsNamedOrLeftOut) {
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n2,1,64,0,10,10,1,-1,-1,-1\n2,2,3,3,10,10,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput, 1),
              AllOf(HasSubstr("boxes.txt:2: expected a box that covers pixels of frame 2 (64x48)"),
                    HasSubstr("left 64")));
  FrameCrops crops(options_);
  const ExtractResult result = Extract(std::move(crops), "f.h5", 1, true);
  ASSERT_EQ(result.skipped.size(), 1u);
  EXPECT_EQ(result.skipped[0].item, 1);
  const FeatureFile file(result.output);
  EXPECT_THAT(file.labels().track_id, ElementsAre(TrackId(1), TrackId(2)));
  EXPECT_THAT(file.labels().frame, ElementsAre(FrameIndex(1), FrameIndex(2)));
  EXPECT_THAT(file.skipped(), ElementsAre("img1/000002.png#xywh=64,0,10,10"));
}

TEST_F(ExtractFramesTest, CorruptFrameIsDecodedOnceAndNamed) {
  const std::string good = Text(EncodePng(MakeFrame(2)));
  folder_.Write("SEQ/img1/000002.png", good.substr(0, good.size() / 2));
  WriteManyBoxes(true);
  FrameCrops crops(options_);
  const ExtractResult result = Extract(std::move(crops), "f.h5", 2, true);
  EXPECT_EQ(result.skipped.size(), 4u);  // the boxes of frame 2
  for (const SkippedItem& item : result.skipped)
    EXPECT_THAT(item.reason, HasSubstr("000002.png: corrupt"));
  EXPECT_EQ(crops.frames_decoded(), kFrames - 1);
}

TEST_F(ExtractFramesTest, RefusesBadFiles) {
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n1,2,x,0,10,10,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("boxes.txt:2: expected a number"));
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n1,-1,0,0,10,10,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("boxes.txt:2: expected id >= 0"));
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n1,1,5,0,10,10,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("boxes.txt:2"));
  WriteBoxes("");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("there are no boxes"));
  options_.boxes = folder_.path() / "gone.txt";
  EXPECT_THAT(MessageOf(ErrorKind::kIo), HasSubstr("gone.txt"));
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n");
  folder_.Write("SEQ/img1/1.jpg");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("for frame 1"));
  folder_.Write("zero/000000.jpg");
  options_.frames = folder_.path() / "zero";
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("counted from 1"));
  folder_.Write("none/notes.txt");
  options_.frames = folder_.path() / "none";
  EXPECT_THAT(MessageOf(ErrorKind::kIo), HasSubstr("found none"));
  options_.frames = folder_.path() / "nowhere";
  EXPECT_THAT(MessageOf(ErrorKind::kIo), HasSubstr("nowhere: expected a folder of frames"));
  options_.frames = folder_.Write("noise.avi", "not a video at all");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("noise.avi: expected a video"));
}

TEST_F(ExtractFramesTest, FramesBeyondTheSequenceAreNamedWithTheirLine) {
  folder_.Write("SEQ/seqinfo.ini", "[Sequence]\nname=SEQ\nimDir=img1\nseqLength=12\n");
  WriteBoxes("1,1,0,0,10,10,1,-1,-1,-1\n13,1,0,0,10,10,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kInput), HasSubstr("boxes.txt:2: expected frame 1..12"));
}

// ---- Video ----

class ExtractVideoTest : public ExtractFramesTest {
 protected:
  ExtractVideoTest() { WriteVideo(); }

  // Frames all of one colour, (R, G, B) = (20 f, 100, 240 - 20 f); `damaged` ones hold no JPEG.
  void WriteVideo(const std::vector<int>& damaged = {}) {
    std::vector<std::string> jpegs;
    for (int f = 1; f <= kFrames; ++f) {
      RgbImage image{kWidth, kHeight, {}};
      for (int i = 0; i < kWidth * kHeight; ++i) {
        image.pixels.insert(image.pixels.end(), {static_cast<uint8_t>(20 * f), uint8_t{100},
                                                 static_cast<uint8_t>(240 - 20 * f)});
      }
      jpegs.push_back(Text(EncodeJpeg(image, 95)));
    }
    for (const int f : damaged) jpegs[f - 1] = "damaged";
    options_.frames = folder_.Write("clip.avi", MotionJpegAvi(jpegs, kWidth, kHeight, 50));
  }
};

TEST_F(ExtractVideoTest, FramesCountFromOneAndColoursAreRgb) {
  WriteBoxes("12,1,0,0,10,10,1,-1,-1,-1\n1,1,0,0,10,10,1,-1,-1,-1\n5,2,3,4,6,7,1,-1,-1,-1\n");
  FrameCrops crops(options_);
  EXPECT_EQ(crops.name(), "frames:clip.avi");
  EXPECT_EQ(crops.labels().path[1], "clip.avi#frame=5&xywh=3,4,6,7");
  ImageScratch scratch;
  for (const int f : {1, 5, 12}) {
    crops.Next()(&scratch);
    EXPECT_NEAR(scratch.image.pixels[0], 20 * f, 6);
    EXPECT_NEAR(scratch.image.pixels[1], 100, 6);
    EXPECT_NEAR(scratch.image.pixels[2], 240 - 20 * f, 6);
  }
  EXPECT_EQ(scratch.image.width, 10);
}

TEST_F(ExtractVideoTest, IsReadOnceWithAnyNumberOfThreads) {
  WriteManyBoxes(true);
  std::string expected;
  for (const int threads : {1, 2, 4}) {
    FrameCrops crops(options_);
    const std::string name = fmt::format("{}.h5", threads);
    EXPECT_EQ(Extract(std::move(crops), name, threads).rows, 42);
    EXPECT_EQ(crops.frames_decoded(), kFrames);
    const std::string bytes = ReadFileText(folder_.path() / name);
    if (expected.empty()) expected = bytes;
    EXPECT_EQ(bytes, expected) << threads;
  }
}

TEST_F(ExtractVideoTest, GoesOnInTheMiddleOfAFrame) {
  WriteManyBoxes(true);
  Extract(FrameCrops(options_), "whole.h5", 1);
  EXPECT_THROW(Extract(FrameCrops(options_), "f.h5", 1, false, 4), Error);
  EXPECT_EQ(Extract(FrameCrops(options_), "f.h5", 2).resumed, 16);  // frames 1-4 have 3 + 4 + 5 + 2
  EXPECT_EQ(ReadFileText(folder_.path() / "f.h5"), ReadFileText(folder_.path() / "whole.h5"));
}

TEST_F(ExtractVideoTest, ShortVideoIsAnError) {
  WriteBoxes("13,1,0,0,10,10,1,-1,-1,-1\n1,1,0,0,10,10,1,-1,-1,-1\n");
  EXPECT_THAT(MessageOf(ErrorKind::kIo, 1),
              AllOf(HasSubstr("boxes.txt:1: expected frame 13"),
                    HasSubstr("after frame 12 (its header says 50 frames)")));
}

TEST_F(ExtractVideoTest, AFrameThatDoesNotDecodeIsNamedAndCanBeLeftOut) {
  WriteManyBoxes(true);
  WriteVideo({3, 12});
  EXPECT_THAT(MessageOf(ErrorKind::kInput, 40), HasSubstr("clip.avi: frame 3: corrupt"));
  FrameCrops crops(options_);
  const ExtractResult result = Extract(std::move(crops), "f.h5", 2, true);
  EXPECT_EQ(result.skipped.size(), 5u + 2u);  // boxes of the two frames
  EXPECT_EQ(result.rows, 42 - 7);
  EXPECT_THAT(result.skipped.back().reason, HasSubstr("frame 12: corrupt"));
  EXPECT_EQ(crops.frames_decoded(), kFrames - 2);
  // Nobody asked for the damaged frame.
  WriteBoxes("2,1,0,0,10,10,1,-1,-1,-1\n5,1,0,0,10,10,1,-1,-1,-1\n");
  EXPECT_EQ(Extract(FrameCrops(options_), "g.h5", 2).rows, 2);
}

}  // namespace
}  // namespace reidbench
