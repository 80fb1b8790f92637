#include "reidbench/video/frame_source.h"

#include <tbb/parallel_pipeline.h>

#include <algorithm>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"

namespace reidbench {

namespace fs = std::filesystem;

void Frame::Begin(int64_t frame_number) {
  number = frame_number;
  seconds.reset();
  status = FrameStatus::kMissing;
  problem.clear();
  picture.width = picture.height = 0;
  picture.pixels.clear();
  decode = nullptr;
}

void Frame::Decode() {
  if (!decode) return;
  try {
    decode(&picture);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    status = FrameStatus::kCorrupt;
    problem = error.what();
    picture = {};
  }
  decode = nullptr;
}

FrameFolder::FrameFolder(const fs::path& path, ExifOrientation exif)
    : folder_(FindFrameFolder(path)), images_(FindFrameImages(folder_.images)), exif_(exif) {
  info_.name = folder_.name;
  if (!folder_.info) return;
  info_.frame_count = folder_.info->frame_count;
  info_.frame_rate = folder_.info->frame_rate;
  info_.width = static_cast<int>(folder_.info->image_width.value_or(0));
  info_.height = static_cast<int>(folder_.info->image_height.value_or(0));
}

bool FrameFolder::Next(Frame* frame) {
  if (next_ > std::max(info_.frame_count, images_.rbegin()->first)) return false;
  frame->Begin(next_++);
  if (info_.frame_rate) frame->seconds = static_cast<double>(frame->number - 1) / *info_.frame_rate;
  const auto image = images_.find(frame->number);
  if (image == images_.end()) return true;
  frame->status = FrameStatus::kPicture;
  frame->decode = [&path = image->second, exif = exif_](RgbImage* picture) {
    DecodeImage(ReadFileBytes(path), path.string(), exif, picture);
  };
  return true;
}

void ForEachFrame(FrameSource* source, std::span<const int64_t> numbers, const std::string& doing,
                  const FrameWork& work) {
  struct Pulled {
    size_t index = 0;
    std::shared_ptr<Frame> frame;  // TBB copies what it passes on
  };
  using InOrder = std::function<void()>;
  size_t next = 0;
  bool at_end = false;
  const auto pull = [&](tbb::flow_control& control) -> Pulled {
    if (next == numbers.size() || InterruptRequested()) {
      control.stop();
      return {};
    }
    Pulled pulled{next, std::make_shared<Frame>()};
    const int64_t number = numbers[next++];
    source->SkipTo(number);
    at_end = at_end || !source->Next(pulled.frame.get());
    if (at_end) pulled.frame->Begin(number);
    return pulled;
  };
  const auto decode = [&](const Pulled& pulled) -> InOrder {
    static thread_local RgbImage memory;  // stays mapped between frames
    Frame& frame = *pulled.frame;
    frame.picture = std::move(memory);
    frame.Decode();
    InOrder in_order = work(pulled.index, frame);
    memory = std::move(frame.picture);
    return in_order;
  };
  const auto finish = [](const InOrder& in_order) {
    if (in_order) in_order();
  };
  const size_t in_flight = static_cast<size_t>(2 * ResolveThreads(0) + 4);
  tbb::parallel_pipeline(
      in_flight, tbb::make_filter<void, Pulled>(tbb::filter_mode::serial_in_order, pull) &
                     tbb::make_filter<Pulled, InOrder>(tbb::filter_mode::parallel, decode) &
                     tbb::make_filter<InOrder, void>(tbb::filter_mode::serial_in_order, finish));
  if (InterruptRequested()) throw Interrupted("interrupted while " + doing);
}

}  // namespace reidbench
