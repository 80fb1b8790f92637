// FFmpeg's libraries themselves and not OpenCV's VideoCapture over them: that one returns false for
// a packet that does not decode as for the end, counts on as if the frame had not been there, gives
// B-frames at the end the time 0, and opens playlists. Pixels are as its are: swscale with bicubic
// flags.
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <cmath>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/imaging/exif.h"
#include "reidbench/video/frame_source.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Formats that hold a video themselves. Not among them: those that name other files or hosts (hls,
// concat, dash, sdp, rtsp, imf), and image2, which takes '%' in a name for a pattern.
constexpr char kContainers[] =
    "mov,mp4,avi,matroska,webm,mpegts,mpeg,mpegvideo,h264,hevc,av1,obu,m4v,mjpeg,mjpeg_2000,flv,"
    "asf,"
    "ogg,ivf,yuv4mpegpipe,gif,apng,mxf,nut,dv,rm,wtv,nsv,cavsvideo,vc1,h263,dhav";
// A damaged decoder that only ever fails must not be asked for ever.
constexpr int kMostFailuresAtEnd = 1000;

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(&pointer);
  }
};
using FormatPointer = std::unique_ptr<AVFormatContext, Free<avformat_close_input>>;
using CodecPointer = std::unique_ptr<AVCodecContext, Free<avcodec_free_context>>;
using PacketPointer = std::unique_ptr<AVPacket, Free<av_packet_free>>;
using PicturePointer = std::unique_ptr<AVFrame, Free<av_frame_free>>;

std::string ErrorText(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

// As EXIF counts orientations: what turns the picture as the container asks.
int OrientationOf(const AVStream& stream) {
  const uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) return 1;
  const double turn = -av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix));
  if (!std::isfinite(turn)) return 1;
  switch ((std::lround(turn / 90) % 4 + 4) % 4) {  // quarters clockwise
    case 1:
      return 6;
    case 2:
      return 3;
    case 3:
      return 8;
    default:
      return 1;
  }
}

void ConvertToRgb(const AVFrame& picture, int orientation, RgbImage* image) {
  struct FreeScaler {
    void operator()(SwsContext* context) const { sws_freeContext(context); }
  };
  static thread_local std::unique_ptr<SwsContext, FreeScaler> scaler;
  static thread_local std::array<int, 3> made_for;
  static thread_local std::vector<uint8_t> padded;
  const int width = picture.width, height = picture.height;
  // Not sws_getCachedContext: it takes a full-range format (yuvj420p) and its limited twin for one.
  if (const std::array wanted = {width, height, picture.format}; !scaler || made_for != wanted) {
    const auto format = static_cast<AVPixelFormat>(picture.format);
    scaler.reset(sws_getContext(width, height, format, width, height, AV_PIX_FMT_RGB24, SWS_BICUBIC,
                                nullptr, nullptr, nullptr));
    made_for = wanted;
  }
  if (!scaler) ThrowInput("pictures of an unknown pixel format");
  image->width = width;
  image->height = height;
  image->pixels.resize(size_t{3} * width * height);
  // swscale writes whole blocks, beyond the end of a row that is no multiple of them.
  const int row = 3 * width;
  const bool direct = width % 32 == 0;
  const int stride = direct ? row : (row + 127) / 64 * 64;
  if (!direct) padded.resize(static_cast<size_t>(stride) * height + 64);
  uint8_t* const planes[] = {direct ? image->pixels.data() : padded.data()};
  sws_scale(scaler.get(), picture.data, picture.linesize, 0, height, planes, &stride);
  if (!direct) {
    for (int y = 0; y < height; ++y)
      std::memcpy(image->Row(y), padded.data() + static_cast<size_t>(stride) * y, row);
  }
  ApplyOrientation(orientation, image);
}

class VideoFile : public FrameSource {
 public:
  explicit VideoFile(const fs::path& path) : path_(path.string()) {
    av_log_set_level(AV_LOG_QUIET);  // errors are told by exceptions, not on stderr besides
    OpenContainer();
    OpenDecoder();
    info_.name = path.filename().string();
    info_.frame_count = stream_->nb_frames;
    const AVRational rate = av_guess_frame_rate(format_.get(), stream_, nullptr);
    if (rate.num > 0 && rate.den > 0) info_.frame_rate = av_q2d(rate);
    orientation_ = OrientationOf(*stream_);
    info_.width = decoder_->width;
    info_.height = decoder_->height;
    if (orientation_ > 4) std::swap(info_.width, info_.height);
  }

  bool Next(Frame* frame) override {
    if (!Advance()) return false;
    frame->Begin(next_++);
    frame->seconds = Seconds();
    frame->status = FrameStatus::kPicture;
    frame->name = fmt::format("{}: frame {}", path_, frame->number);
    const auto corrupt = [&](const std::string& reason) {
      frame->status = FrameStatus::kCorrupt;
      frame->problem = fmt::format("{}: corrupt: {}", frame->name, reason);
    };
    if (!lost_.empty()) {
      corrupt(problem_);
      lost_.pop_front();
      return true;
    }
    has_picture_ = false;
    if (picture_->decode_error_flags != 0 || (picture_->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      corrupt("parts of it are missing");
      return true;
    }
    const std::shared_ptr<AVFrame> picture(av_frame_alloc(), Free<av_frame_free>());
    av_frame_move_ref(picture.get(), picture_.get());
    frame->decode = [picture, orientation = orientation_](RgbImage* image) {
      ConvertToRgb(*picture, orientation, image);
    };
    return true;
  }

  void SkipTo(int64_t number) override {
    for (; next_ < number && Advance(); ++next_) {
      if (InterruptRequested()) throw Interrupted("interrupted while looking for a frame");
      if (lost_.empty()) {
        has_picture_ = false;
      } else {
        lost_.pop_front();
      }
    }
  }

 private:
  void OpenContainer() {
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    av_dict_set(&options, "format_whitelist", kContainers, 0);
    AVFormatContext* format = nullptr;
    // With the protocol in front, what follows is a name and nothing but a name.
    int failed = avformat_open_input(&format, ("file:" + path_).c_str(), nullptr, &options);
    av_dict_free(&options);
    format_.reset(format);
    if (failed == 0) failed = avformat_find_stream_info(format, nullptr);
    if (failed < 0) Refuse(ErrorText(failed));
    const int index = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    // A song's cover is no video.
    if (index < 0 || (format->streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0)
      Refuse("no video stream");
    for (unsigned s = 0; s < format->nb_streams; ++s) format->streams[s]->discard = AVDISCARD_ALL;
    stream_ = format->streams[index];
    stream_->discard = AVDISCARD_DEFAULT;
  }

  void OpenDecoder() {
    const AVCodecParameters& parameters = *stream_->codecpar;
    const AVCodec* codec = avcodec_find_decoder(parameters.codec_id);
    if (codec == nullptr)
      Refuse(fmt::format("no decoder for {}", avcodec_get_name(parameters.codec_id)));
    decoder_.reset(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder_.get(), &parameters);
    decoder_->pkt_timebase = stream_->time_base;
    decoder_->thread_count = 0;
    // A picture of its own is whole or corrupt, as an image file is; others conceal what is missing
    // and say so in their flags.
    const AVCodecDescriptor* descriptor = avcodec_descriptor_get(parameters.codec_id);
    if (descriptor != nullptr && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY) != 0) {
      decoder_->err_recognition |= AV_EF_EXPLODE;
    } else {
      // Frames side by side are handed out before all that is missing in them is flagged: which of
      // them were corrupt would depend on the threads.
      decoder_->thread_type = FF_THREAD_SLICE;
    }
    if (const int failed = avcodec_open2(decoder_.get(), codec, nullptr); failed < 0)
      Refuse(ErrorText(failed));
  }

  [[noreturn]] void Refuse(const std::string& found) const {
    const std::string text = ReadFirstBytes();
    std::string what = found;
    for (const auto& [beginning, kind] :
         {std::pair{"#EXTM3U", "an HLS playlist"},
          std::pair{"ffconcat", "a list of files to concatenate"}}) {
      if (text.starts_with(beginning)) what = fmt::format("{}, which only names other files", kind);
    }
    ThrowInput(
        "{}: expected a video that FFmpeg's libraries decode, found none ({})\n  hint: convert it, "
        "or extract its frames into a folder: 000001.jpg, 000002.jpg ...",
        path_, what);
  }

  std::string ReadFirstBytes() const {
    std::ifstream stream(path_, std::ios::binary);
    std::string text(16, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
  }

  // Makes sure that something is there to be given out, lost_ before picture_; false at the end.
  bool Advance() {
    if (!lost_.empty() || has_picture_) return true;
    if (at_end_) return false;
    has_picture_ = Receive();
    at_end_ = !has_picture_;
    // Pictures come in the order of their times: packets that should have been shown before this
    // one are those that failed, or have no picture of their own.
    const int64_t shown = at_end_ ? std::numeric_limits<int64_t>::max() : TimeOf(*picture_);
    while (!waiting_.empty() && *waiting_.begin() < shown) {
      if (failed_ > 0) {
        lost_.push_back(*waiting_.begin());
        --failed_;
      }
      waiting_.erase(waiting_.begin());
    }
    if (const auto own = waiting_.find(shown); own != waiting_.end()) waiting_.erase(own);
    for (; failed_untimed_ > 0; --failed_untimed_) lost_.push_back(AV_NOPTS_VALUE);
    if (first_time_ == AV_NOPTS_VALUE && (has_picture_ || !lost_.empty()))
      first_time_ = lost_.empty() ? shown : lost_.front();
    return !lost_.empty() || has_picture_;
  }

  // The decoder's next picture; false at the end. Packets that fail on the way are counted.
  bool Receive() {
    for (int failures_at_end = 0; failures_at_end < kMostFailuresAtEnd;) {
      int result = avcodec_receive_frame(decoder_.get(), picture_.get());
      if (result == 0) return true;
      if (result == AVERROR_EOF) return false;
      int64_t time = waiting_.empty() ? AV_NOPTS_VALUE : *waiting_.begin();
      if (result == AVERROR(EAGAIN)) {
        result = av_read_frame(format_.get(), packet_.get());
        if (result < 0) {
          avcodec_send_packet(decoder_.get(), nullptr);  // gives what it still holds
          draining_ = true;
          continue;
        }
        time = packet_->pts;
        const bool counts = packet_->stream_index == stream_->index;
        if (counts && time != AV_NOPTS_VALUE && (packet_->flags & AV_PKT_FLAG_DISCARD) == 0)
          waiting_.insert(time);
        result = counts ? avcodec_send_packet(decoder_.get(), packet_.get()) : 0;
        av_packet_unref(packet_.get());
        if (result >= 0 || result == AVERROR(EAGAIN)) continue;
      }
      ++(time == AV_NOPTS_VALUE ? failed_untimed_ : failed_);
      problem_ = ErrorText(result);
      if (draining_) ++failures_at_end;
    }
    return false;
  }

  static int64_t TimeOf(const AVFrame& picture) { return picture.best_effort_timestamp; }

  // Of what is to be given out next.
  std::optional<double> Seconds() const {
    const int64_t time = lost_.empty() ? TimeOf(*picture_) : lost_.front();
    if (time == AV_NOPTS_VALUE || first_time_ == AV_NOPTS_VALUE) return std::nullopt;
    return static_cast<double>(time - first_time_) * av_q2d(stream_->time_base);
  }

  std::string path_;
  FormatPointer format_;
  AVStream* stream_ = nullptr;
  CodecPointer decoder_;
  int orientation_ = 1;
  PacketPointer packet_{av_packet_alloc()};
  PicturePointer picture_{av_frame_alloc()};
  bool has_picture_ = false;
  bool draining_ = false;
  bool at_end_ = false;
  int64_t first_time_ = AV_NOPTS_VALUE;
  // Times are in units of the stream.
  std::multiset<int64_t> waiting_;  // of packets whose picture has not come yet
  int64_t failed_ = 0;              // packets among them that failed, not yet in lost_
  int64_t failed_untimed_ = 0;      // the same for packets without a time
  std::deque<int64_t> lost_;        // of corrupt frames to be given out before the picture
  std::string problem_;             // what the decoder said last
};

}  // namespace

std::unique_ptr<FrameSource> OpenVideo(const fs::path& path) {
  return std::make_unique<VideoFile>(path);
}

std::unique_ptr<FrameSource> OpenFrames(const fs::path& path, ExifOrientation exif) {
  if (IsFolder(path)) return std::make_unique<FrameFolder>(path, exif);
  if (IsFile(path)) return OpenVideo(path);
  ThrowIo("{}: expected a folder of frames or a video file, found nothing there", path.string());
}

}  // namespace reidbench
