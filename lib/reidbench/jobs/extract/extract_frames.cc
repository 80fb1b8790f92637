#include "reidbench/jobs/extract/extract_frames.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <span>
#include <system_error>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/imaging/crop.h"

namespace reidbench {

namespace fs = std::filesystem;

// The crops of one frame, made by whoever wants the first of them.
class FrameCrops::CutFrame {
 public:
  CutFrame(const Boxes& boxes, std::span<const BoxLtwh> box_px, std::atomic<int64_t>* decoded)
      : first_(boxes.begin), box_px_(box_px), decoded_(*decoded) {}

  Frame* frame() { return &frame_; }

  void Cut() {
    std::call_once(once_, [this] {
      frame_.Decode();
      if (frame_.status != FrameStatus::kPicture) return;
      ++decoded_;
      width_ = frame_.picture.width;
      height_ = frame_.picture.height;
      size_t bytes = 0;
      for (const BoxLtwh& box : box_px_) {
        const auto rect = CropRect(box, width_, height_);
        if (rect) {
          bytes += size_t{3} * static_cast<size_t>(rect->right - rect->left) *
                   static_cast<size_t>(rect->bottom - rect->top);
        }
      }
      if (bytes >= frame_.picture.pixels.size()) return;  // then the whole picture is less
      crops_.resize(box_px_.size());
      for (size_t k = 0; k < crops_.size(); ++k) {
        // An empty crop says that there are no pixels.
        static_cast<void>(CropImage(frame_.picture, box_px_[k], &crops_[k]));
      }
      frame_.picture = {};
    });
  }

  // Of an item, once. False when its box covers no pixel.
  bool Take(size_t item, RgbImage* crop) {
    Cut();
    if (frame_.status != FrameStatus::kPicture) throw Error(ErrorKind::kInput, frame_.problem);
    const size_t k = item - first_;
    if (crops_.empty()) return CropImage(frame_.picture, box_px_[k], crop);
    *crop = std::move(crops_[k]);
    return crop->width > 0;
  }

  int width() const { return width_; }
  int height() const { return height_; }

 private:
  const size_t first_;  // item
  const std::span<const BoxLtwh> box_px_;
  std::atomic<int64_t>& decoded_;
  std::once_flag once_;
  Frame frame_;
  std::vector<RgbImage> crops_;
  int width_ = 0, height_ = 0;
};

FrameCrops::FrameCrops(const FrameCropsOptions& options) : options_(options) {
  if (!IsFolder(options.frames) && !IsFile(options.frames)) {
    ThrowIo("{}: expected a folder of frames or a video file, found nothing there",
            options.frames.string());
  }
  is_video_ = IsFile(options.frames);
  Sha256 hash;
  if (is_video_) {
    const std::string file = options.frames.filename().string();
    name_ = "frames:" + file;
    Label(ReadBoxes(0));
    for (size_t i = 0; i < labels_.path.size(); ++i)
      labels_.path[i] =
          fmt::format("{}#frame={}&{}", file, labels_.frame[i].value, labels_.path[i]);
    source_ = OpenVideo(options.frames);
    hash.Update(Sha256OfFile(options.frames) + "\n");
  } else {
    auto folder = std::make_unique<FrameFolder>(options.frames, options.exif);
    const bool is_plain = folder->folder().images == options.frames;
    name_ = (is_plain ? "frames:" : "") + folder->info().name;
    Label(ReadBoxes(folder->info().frame_count));
    RequireImages(*folder);
    for (size_t i = 0; i < labels_.path.size(); ++i) {
      const fs::path& file = folder->images().at(labels_.frame[i].value);
      labels_.path[i] = fmt::format(
          "{}#{}", file.lexically_relative(options.frames).generic_string(), labels_.path[i]);
    }
    source_ = std::move(folder);
  }
  for (const Boxes& frame : frames_) {
    if (!is_video_) {
      const fs::path& file = static_cast<FrameFolder&>(*source_).images().at(frame.number);
      std::error_code error;
      const uintmax_t size = fs::file_size(file, error);
      if (error) ThrowIo("{}: {}", file.string(), error.message());
      hash.Update(fmt::format("{} {}\n", file.filename().string(), size));
    }
    for (size_t i = frame.begin; i < frame.end; ++i) {
      const BoxLtwh& box = labels_.box_ltwh[i];
      hash.Update(fmt::format("{} {} {} {} {} {}\n", frame.number, labels_.track_id[i].value,
                              box.left, box.top, box.width, box.height));
    }
  }
  fingerprint_ = hash.HexDigest();
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

void FrameCrops::Label(const std::vector<TrackBox>& boxes) {
  for (const TrackBox& box : boxes) {
    const size_t item = labels_.frame.size();
    if (frames_.empty() || frames_.back().number != box.frame.value)
      frames_.push_back({box.frame.value, item, item});
    frames_.back().end = item + 1;
    frame_of_.push_back(frames_.size() - 1);
    labels_.frame.push_back(box.frame);
    labels_.track_id.push_back(box.id);
    labels_.box_ltwh.push_back(box.box);
    labels_.person_id.emplace_back(std::max<int64_t>(box.id.value, 0));
    labels_.camera_id.emplace_back(0);
    labels_.split.push_back(Split::kNone);
    labels_.path.push_back(
        fmt::format("xywh={},{},{},{}", box.box.left, box.box.top, box.box.width, box.box.height));
  }
}

void FrameCrops::RequireImages(const FrameFolder& folder) const {
  const auto& images = folder.images();
  const auto is_missing = [&](const Boxes& frame) { return !images.contains(frame.number); };
  const auto first = std::find_if(frames_.begin(), frames_.end(), is_missing);
  if (first == frames_.end()) return;
  ThrowIo(
      "{}:{}: expected an image of frame {} in {}, found none ({} of {} frames with boxes are "
      "missing; there are {})",
      options_.boxes.string(), line_[first->begin], first->number, folder.folder().images.string(),
      std::count_if(first, frames_.end(), is_missing), frames_.size(),
      images.empty()
          ? "no images"
          : fmt::format("frames {} to {}", images.begin()->first, images.rbegin()->first));
}

std::shared_ptr<FrameCrops::CutFrame> FrameCrops::PullFrame(const Boxes& boxes) {
  auto cut = std::make_shared<CutFrame>(
      boxes, std::span(labels_.box_ltwh).subspan(boxes.begin, boxes.end - boxes.begin),
      &frames_decoded_);
  source_->SkipTo(boxes.number);
  if (!source_->Next(cut->frame())) {
    const int64_t last = source_->next() - 1, stated = source_->info().frame_count;
    ThrowIo("{}:{}: expected frame {} in {}, found the end of the video after frame {}{}",
            options_.boxes.string(), line_[boxes.begin], boxes.number, options_.frames.string(),
            last, stated > last ? fmt::format(" (its header says {} frames)", stated) : "");
  }
  if (is_video_) cut->Cut();
  return cut;
}

PendingImage FrameCrops::Next() {
  const size_t item = next_item_++;
  const Boxes& boxes = frames_[frame_of_[item]];
  if (frame_ == nullptr || frame_->frame()->number != boxes.number) frame_ = PullFrame(boxes);
  return [this, item, frame = frame_](ImageScratch* scratch) {
    if (!frame->Take(item, &scratch->image)) RefuseBox(item, frame->width(), frame->height());
  };
}

void FrameCrops::RefuseBox(size_t item, int width, int height) const {
  const BoxLtwh& box = labels_.box_ltwh[item];
  ThrowInput(
      "{}:{}: expected a box that covers pixels of frame {} ({}x{}), found left {}, top {}, width "
      "{}, height {}",
      options_.boxes.string(), line_[item], labels_.frame[item].value, width, height, box.left,
      box.top, box.width, box.height);
}

}  // namespace reidbench
