#include "reidbench/jobs/extract/extract_frames.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/videoio.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/imaging/crop.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Without a trailing slash, "." and "..", so that the last part is a name.
fs::path Normal(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

// The frames of a video in their order. Not thread-safe.
class FrameCrops::VideoReader {
 public:
  explicit VideoReader(const fs::path& path) : path_(path) {
    // Errors are told by exceptions, not on stderr besides.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    Rewind();
  }

  int64_t next() const { return next_; }  // number of the frame that Grab gets

  void Rewind() {
    // Not CAP_ANY, which would take a picture's name for a pattern of many.
    for (const int backend : {cv::CAP_FFMPEG, cv::CAP_OPENCV_MJPEG}) {
      try {
        if (capture_.open(path_.string(), backend)) {
          next_ = 1;
          return;
        }
      } catch (const cv::Exception&) {
        // A backend that cannot read the file; perhaps the next can.
      }
    }
    ThrowInput(
        "{}: expected a video that OpenCV reads (through FFmpeg), found none\n  hint: convert it, "
        "or extract its frames into a folder: 000001.jpg, 000002.jpg ...",
        path_.string());
  }

  // Decodes the next frame; false at the end of the video.
  bool Grab() {
    try {
      if (!capture_.grab()) return false;
    } catch (const cv::Exception& error) {
      ThrowInput("{}: frame {}: {}", path_.string(), next_, error.err);
    }
    ++next_;
    return true;
  }

  // The frame grabbed last.
  RgbImage Retrieve() {
    try {
      if (!capture_.retrieve(bgr_)) bgr_.release();
    } catch (const cv::Exception& error) {
      ThrowInput("{}: frame {}: {}", path_.string(), next_ - 1, error.err);
    }
    if (bgr_.empty() || bgr_.type() != CV_8UC3) {
      ThrowInput("{}: frame {}: expected 8-bit colour, found {}", path_.string(), next_ - 1,
                 bgr_.empty() ? "no picture" : "another kind of picture");
    }
    RgbImage image;
    image.width = bgr_.cols;
    image.height = bgr_.rows;
    image.pixels.resize(size_t{3} * image.width * image.height);
    for (int y = 0; y < image.height; ++y) {
      const uint8_t* from = bgr_.ptr<uint8_t>(y);
      uint8_t* to = image.Row(y);
      for (int x = 0; x < image.width; ++x, from += 3, to += 3) {
        to[0] = from[2];
        to[1] = from[1];
        to[2] = from[0];
      }
    }
    return image;
  }

 private:
  fs::path path_;
  cv::VideoCapture capture_;
  cv::Mat bgr_;
  int64_t next_ = 1;
};

FrameCrops::FrameCrops(const FrameCropsOptions& options) : options_(options) {
  const fs::path source = Normal(options.frames);
  if (IsFile(source)) {
    name_ = "frames:" + source.filename().string();
    Label(ReadBoxes(0), source.filename().string() + "#frame=");
    video_ = std::make_unique<VideoReader>(options.frames);
  } else if (IsFolder(source)) {
    fs::path images = options.frames;
    int64_t frame_count = 0;
    bool is_sequence = true;
    if (IsFile(source / "seqinfo.ini")) {
      const SequenceInfo info = ReadSequenceInfo(options.frames / "seqinfo.ini");
      frame_count = info.frame_count;
      images /= info.image_dir.empty() ? "img1" : info.image_dir;
    } else if (IsFolder(source / "img1")) {
      images /= "img1";
    } else {
      is_sequence = false;
    }
    name_ = (is_sequence ? "" : "frames:") + source.filename().string();
    const std::vector<TrackBox> boxes = ReadBoxes(frame_count);
    Label(boxes, "");
    FindFrameFiles(images);
    for (size_t i = 0; i < labels_.path.size(); ++i) {
      const fs::path& file = frames_[frame_of_[i]].file;
      labels_.path[i] = file.lexically_relative(options.frames).generic_string() + labels_.path[i];
    }
  } else {
    ThrowIo("{}: expected a folder of frames or a video file, found nothing there",
            options.frames.string());
  }
  fingerprint_ = Fingerprint();
}

FrameCrops::~FrameCrops() = default;

// By frame; fills line_.
std::vector<TrackBox> FrameCrops::ReadBoxes(int64_t frame_count) {
  const std::string text = ReadFileText(options_.boxes);
  MotReadOptions read;
  read.frame_count = frame_count;
  read.has_classes = false;  // of any class
  read.kind = MotFileKind::kDetections;
  MotFile file = ParseMotText(text, options_.boxes.string(), read);
  // The ids tell tracks from detections. Those of tracks are held against the rules of results.
  if (std::any_of(file.tracks.boxes.begin(), file.tracks.boxes.end(),
                  [](const TrackBox& box) { return box.id.value >= 0; })) {
    read.kind = MotFileKind::kResult;
    file = ParseMotText(text, options_.boxes.string(), read);
  }
  if (file.tracks.boxes.empty()) ThrowInput("{}: there are no boxes", options_.boxes.string());
  warnings_ = std::move(file.warnings);

  const std::vector<TrackBox>& boxes = file.tracks.boxes;
  std::vector<size_t> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return boxes[a].frame < boxes[b].frame; });
  std::vector<TrackBox> sorted;
  sorted.reserve(boxes.size());
  for (const size_t row : order) {
    sorted.push_back(boxes[row]);
    line_.push_back(file.line[row]);
  }
  return sorted;
}

void FrameCrops::Label(const std::vector<TrackBox>& boxes, const std::string& image_prefix) {
  for (const TrackBox& box : boxes) {
    const size_t item = labels_.frame.size();
    if (frames_.empty() || frames_.back().number != box.frame.value) {
      Frame& frame = frames_.emplace_back();
      frame.number = box.frame.value;
      frame.begin = item;
    }
    frames_.back().end = item + 1;
    frame_of_.push_back(frames_.size() - 1);
    labels_.frame.push_back(box.frame);
    labels_.track_id.push_back(box.id);
    labels_.box_ltwh.push_back(box.box);
    labels_.person_id.emplace_back(std::max<int64_t>(box.id.value, 0));
    labels_.camera_id.emplace_back(0);
    labels_.split.push_back(Split::kNone);
    const std::string frame =
        image_prefix.empty() ? "#" : fmt::format("{}{}&", image_prefix, box.frame.value);
    labels_.path.push_back(fmt::format("{}xywh={},{},{},{}", frame, box.box.left, box.box.top,
                                       box.box.width, box.box.height));
  }
}

void FrameCrops::FindFrameFiles(const fs::path& folder) {
  const std::map<int64_t, fs::path> files = FindFrameImages(folder);
  int64_t missing = 0;
  const Frame* first_missing = nullptr;
  for (Frame& frame : frames_) {
    const auto at = files.find(frame.number);
    if (at != files.end()) {
      frame.file = at->second;
    } else if (missing++ == 0) {
      first_missing = &frame;
    }
  }
  if (missing > 0) {
    ThrowIo(
        "{}:{}: expected an image of frame {} in {}, found none ({} of {} frames with boxes are "
        "missing; there are frames {} to {})",
        options_.boxes.string(), line_[first_missing->begin], first_missing->number,
        folder.string(), missing, frames_.size(), files.begin()->first, files.rbegin()->first);
  }
}

std::string FrameCrops::Fingerprint() const {
  Sha256 hash;
  if (video_ != nullptr) hash.Update(Sha256OfFile(options_.frames) + "\n");
  for (const Frame& frame : frames_) {
    if (video_ == nullptr) {
      std::error_code error;
      const uintmax_t size = fs::file_size(frame.file, error);
      if (error) ThrowIo("{}: {}", frame.file.string(), error.message());
      hash.Update(fmt::format("{} {}\n", frame.file.filename().string(), size));
    }
    for (size_t i = frame.begin; i < frame.end; ++i) {
      const BoxLtwh& box = labels_.box_ltwh[i];
      hash.Update(fmt::format("{} {} {} {} {} {}\n", frame.number, labels_.track_id[i].value,
                              box.left, box.top, box.width, box.height));
    }
  }
  return hash.HexDigest();
}

RgbImage FrameCrops::DecodeFile(const Frame& frame) const {
  return DecodeImageFile(frame.file, options_.exif);
}

FrameCrops::Cut FrameCrops::CutBoxes(const Frame& frame, RgbImage&& image) const {
  ++frames_decoded_;
  Cut cut;
  cut.width = image.width;
  cut.height = image.height;
  for (size_t i = frame.begin; i < frame.end; ++i) {
    const auto rect = CropRect(labels_.box_ltwh[i], image.width, image.height);
    if (!rect) continue;
    cut.bytes += size_t{3} * static_cast<size_t>(rect->right - rect->left) *
                 static_cast<size_t>(rect->bottom - rect->top);
    if (cut.bytes >= image.pixels.size()) {
      cut.bytes = image.pixels.size();
      cut.image = std::make_shared<const RgbImage>(std::move(image));
      return cut;
    }
  }
  cut.crops.resize(frame.end - frame.begin);
  for (size_t i = frame.begin; i < frame.end; ++i) {
    // An empty crop says that there are no pixels.
    static_cast<void>(CropImage(image, labels_.box_ltwh[i], &cut.crops[i - frame.begin]));
  }
  return cut;
}

// Under mutex_. The frame stays until it is asked for, whatever the memory is.
void FrameCrops::Publish(Frame* frame, Cut&& cut) const {
  const auto index = static_cast<size_t>(frame - frames_.data());
  frame->cut = std::move(cut);
  frame->taken.assign(frame->end - frame->begin, false);
  frame->left = frame->taken.size();
  frame->state = State::kReady;
  pending_bytes_ += frame->cut.bytes;
  ready_.insert(index);
  while (pending_bytes_ > options_.max_pending_bytes && ready_.size() > 1) {
    const size_t oldest = *ready_.begin() == index ? *std::next(ready_.begin()) : *ready_.begin();
    Release(&frames_[oldest]);
  }
  decoded_.notify_all();
}

// Under mutex_.
void FrameCrops::Release(Frame* frame) const {
  pending_bytes_ -= frame->cut.bytes;
  ready_.erase(static_cast<size_t>(frame - frames_.data()));
  frame->cut = {};
  frame->taken = {};
  frame->state = State::kIdle;
}

// Under video_mutex_. Decodes up to `frame`; frames on the way that others will ask for are cut
// too, so that the video is read once although workers ask for its frames out of order. Ends with
// mutex_ free and `frame` not yet published when it throws.
void FrameCrops::PassVideoTo(Frame* frame) const {
  if (frame->number < video_->next()) video_->Rewind();
  auto wanted = std::lower_bound(frames_.begin(), frames_.end(), video_->next(),
                                 [](const Frame& f, int64_t number) { return f.number < number; });
  while (video_->next() <= frame->number) {
    if (InterruptRequested())
      throw Interrupted("interrupted; run the same command again to resume");
    const int64_t number = video_->next();
    if (!video_->Grab()) {
      ThrowIo("{}:{}: expected frame {} in {}, found the end of the video after frame {}",
              options_.boxes.string(), line_[frame->begin], frame->number, options_.frames.string(),
              number - 1);
    }
    if (wanted->number != number) continue;
    Frame* passed = &*wanted++;
    {
      const std::lock_guard lock(mutex_);
      if (passed != frame && (passed->done || passed->state == State::kReady)) continue;
    }
    Cut cut;
    try {
      cut = CutBoxes(*passed, video_->Retrieve());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      cut.error = error.what();
    }
    const std::lock_guard lock(mutex_);
    Publish(passed, std::move(cut));
  }
}

void FrameCrops::Load(int64_t item, ImageScratch* scratch) const {
  const auto i = static_cast<size_t>(item);
  Frame* frame = &frames_[frame_of_[i]];
  const size_t k = i - frame->begin;
  std::unique_lock lock(mutex_);
  while (frame->state != State::kReady || frame->taken[k]) {
    if (frame->state == State::kReady) {  // an item is loaded once more
      Release(frame);
    } else if (frame->state == State::kDecoding) {
      decoded_.wait(lock);
    } else if (video_ != nullptr) {
      lock.unlock();
      const std::lock_guard video_lock(video_mutex_);
      lock.lock();
      if (frame->state == State::kReady) continue;  // somebody passed it meanwhile
      lock.unlock();
      PassVideoTo(frame);
      lock.lock();
    } else {
      frame->state = State::kDecoding;
      lock.unlock();
      Cut cut;
      try {
        try {
          cut = CutBoxes(*frame, DecodeFile(*frame));
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::kInput) throw;
          cut.error = error.what();
        }
      } catch (...) {
        lock.lock();
        frame->state = State::kIdle;
        decoded_.notify_all();
        throw;
      }
      lock.lock();
      Publish(frame, std::move(cut));
    }
  }

  const int width = frame->cut.width;
  const int height = frame->cut.height;
  const std::string error = frame->cut.error;
  const std::shared_ptr<const RgbImage> image = frame->cut.image;
  if (error.empty() && image == nullptr) scratch->image = std::move(frame->cut.crops[k]);
  frame->taken[k] = true;
  if (--frame->left == 0) {
    frame->done = true;
    Release(frame);
  }
  lock.unlock();

  if (!error.empty()) throw Error(ErrorKind::kInput, error);
  const BoxLtwh& box = labels_.box_ltwh[i];
  const bool covers =
      image != nullptr ? CropImage(*image, box, &scratch->image) : scratch->image.width > 0;
  if (!covers) {
    ThrowInput(
        "{}:{}: expected a box that covers pixels of frame {} ({}x{}), found left {}, top {}, "
        "width {}, height {}",
        options_.boxes.string(), line_[i], frame->number, width, height, box.left, box.top,
        box.width, box.height);
  }
}

}  // namespace reidbench
