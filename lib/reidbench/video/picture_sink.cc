#include "reidbench/video/picture_sink.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/encode.h"
#include "reidbench/imaging/opencv_memory.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int kJpegQuality = 90;

struct Codec {
  const char* name;
  char fourcc[5];
};
constexpr Codec kCodecs[] = {{"h264", "avc1"}, {"mpeg4", "mp4v"}};

class Video : public PictureSink {
 public:
  Video(const fs::path& path, const std::string& codec, double frame_rate, cv::Size size,
        std::string* used)
      // Before the encoder: OpenCV says the same of a folder it may not write to and of an encoder
      // it lacks.
      : path_(path), file_(path), size_(size) {
    // Errors are told by exceptions, not on stderr besides.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    for (const Codec& candidate : kCodecs) {
      if (codec != "auto" && codec != candidate.name) continue;
      const char* c = candidate.fourcc;
      try {
        if (writer_.open(file_.temporary_path().string(), cv::CAP_FFMPEG,
                         cv::VideoWriter::fourcc(c[0], c[1], c[2], c[3]), frame_rate, size_)) {
          *used = candidate.name;
          return;
        }
      } catch (const cv::Exception&) {
        // As if it had said no.
      }
    }
    ThrowIo(
        "{}: OpenCV has no encoder for {} in {} files at {} x {}\n  hint: --codec mpeg4, or a "
        "folder instead of a video: --output frames/",
        path_.string(), codec == "auto" ? "h264 or mpeg4" : codec, path_.extension().string(),
        size_.width, size_.height);
  }
  ~Video() override {
    if (finished_) return;
    try {
      writer_.release();
    } catch (const cv::Exception&) {
      // The file goes away.
    }
  }

  void Write(int64_t, const RgbImage& picture) override {
    REIDBENCH_CHECK(cv::Size(picture.width, picture.height) == size_);
    // OpenCV only reads what this points to.
    const cv::Mat rgb(size_, CV_8UC3, const_cast<uint8_t*>(picture.pixels.data()));
    try {
      WithOpencvMemory([&] {
        cv::cvtColor(rgb, bgr_, cv::COLOR_RGB2BGR);
        writer_.write(bgr_);
      });
    } catch (const cv::Exception& error) {
      ThrowIo("{}: cannot encode: {}", path_.string(), error.err);
    }
    ++written_;
  }

  void Finish() override {
    WithOpencvMemory([&] { writer_.release(); });
    // OpenCV does not say when the disk is full: the file tells.
    std::error_code error;
    const auto bytes = fs::file_size(file_.temporary_path(), error);
    int64_t found = -1;
    if (!error && bytes > 0) {
      cv::VideoCapture capture;
      try {
        if (capture.open(file_.temporary_path().string(), cv::CAP_FFMPEG))
          found = static_cast<int64_t>(capture.get(cv::CAP_PROP_FRAME_COUNT));
      } catch (const cv::Exception&) {
        // As unreadable as it gets.
      }
    }
    if (found != written_) {
      ThrowIo("{}: expected a video of {} frames, found {} after encoding: is the disk full?",
              path_.string(), written_, found < 0 ? "none" : std::to_string(found));
    }
    file_.Commit();
    finished_ = true;
  }

 private:
  fs::path path_;
  AtomicFile file_;
  cv::Size size_;
  cv::VideoWriter writer_;
  cv::Mat bgr_;
  int64_t written_ = 0;
  bool finished_ = false;
};

class PictureFolder : public PictureSink {
 public:
  PictureFolder(fs::path path, std::string picture)
      : folder_(std::move(path)), picture_(std::move(picture)) {}

  void Write(int64_t frame, const RgbImage& image) override {
    const std::vector<uint8_t> bytes =
        picture_ == "png" ? EncodePng(image, 1) : EncodeJpeg(image, kJpegQuality);
    WriteFileAtomically(
        folder_.path() / fmt::format("{:06}.{}", frame, picture_),
        std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  void Finish() override {
    folder_.CommitAmong();  // what lies there may be somebody's
  }

 private:
  AtomicFolder folder_;
  std::string picture_;
};

}  // namespace

bool NamesVideo(const fs::path& path) {
  const std::string ending = ToLower(path.extension().string());
  return ending == ".mp4" || ending == ".avi" || ending == ".mkv";
}

std::unique_ptr<PictureSink> MakeVideo(const fs::path& path, const std::string& codec,
                                       double frame_rate, int width, int height,
                                       std::string* used) {
  return std::make_unique<Video>(path, codec, frame_rate, cv::Size(width, height), used);
}

std::unique_ptr<PictureSink> MakePictureFolder(const fs::path& path, const std::string& picture) {
  return std::make_unique<PictureFolder>(path, picture);
}

}  // namespace reidbench
