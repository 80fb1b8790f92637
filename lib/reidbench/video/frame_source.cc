#include "reidbench/video/frame_source.h"

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"

namespace reidbench {

namespace fs = std::filesystem;

void Frame::Begin(int64_t frame_number) {
  number = frame_number;
  name.clear();
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
    : folder_(FindFrameFolder(path)), exif_(exif) {
  try {
    images_ = FindFrameImages(folder_.images);
    last_ = images_.rbegin()->first;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kIo || !folder_.info) throw;
  }
  info_.name = folder_.name;
  if (!folder_.info) return;
  info_.frame_count = folder_.info->frame_count;
  info_.frame_rate = folder_.info->frame_rate;
  info_.width = static_cast<int>(folder_.info->image_width.value_or(0));
  info_.height = static_cast<int>(folder_.info->image_height.value_or(0));
  last_ = std::max(last_, info_.frame_count);
}

bool FrameFolder::Next(Frame* frame) {
  if (next_ > last_) return false;
  frame->Begin(next_++);
  if (info_.frame_rate) frame->seconds = static_cast<double>(frame->number - 1) / *info_.frame_rate;
  const auto image = images_.find(frame->number);
  if (image == images_.end()) return true;
  frame->status = FrameStatus::kPicture;
  frame->name = image->second.string();
  frame->decode = [&path = image->second, exif = exif_](RgbImage* picture) {
    DecodeImage(ReadFileBytes(path), path.string(), exif, picture);
  };
  return true;
}

void ForEachFrame(FrameSource* source, std::span<const int64_t> numbers, const std::string& doing,
                  const FrameWork& work) {
  struct Job {
    size_t index = 0;
    Frame frame;
    std::function<void()> in_order;
    // Held by each stage, which nobody else is in: only this shows the hand-over to
    // ThreadSanitizer, which does not see into TBB. So do the other two for what the serial stages
    // use.
    std::mutex mutex;
  };
  using Pointer = std::shared_ptr<Job>;
  std::mutex pull_mutex, finish_mutex;
  size_t next = 0;
  bool at_end = false;
  const auto pull = [&](tbb::flow_control& control) -> Pointer {
    const std::lock_guard serial(pull_mutex);
    if (next == numbers.size() || InterruptRequested()) {
      control.stop();
      return nullptr;
    }
    const auto job = std::make_shared<Job>();
    const std::lock_guard own(job->mutex);
    job->index = next;
    const int64_t number = numbers[next++];
    source->SkipTo(number);
    at_end = at_end || !source->Next(&job->frame);
    if (at_end) job->frame.Begin(number);
    return job;
  };
  const auto decode = [&](const Pointer& job) {
    const std::lock_guard own(job->mutex);
    static thread_local RgbImage memory;  // stays mapped between frames
    if (job->frame.decode) job->frame.picture = std::move(memory);
    job->frame.Decode();
    job->in_order = work(job->index, job->frame);
    memory = std::move(job->frame.picture);
    return job;
  };
  const auto finish = [&](const Pointer& job) {
    const std::lock_guard serial(finish_mutex);
    const std::lock_guard own(job->mutex);
    if (job->in_order) job->in_order();
  };
  const auto threads = static_cast<size_t>(tbb::this_task_arena::max_concurrency());
  tbb::parallel_pipeline(
      std::min<size_t>(threads, 16) + 4,
      tbb::make_filter<void, Pointer>(tbb::filter_mode::serial_in_order, pull) &
          tbb::make_filter<Pointer, Pointer>(tbb::filter_mode::parallel, decode) &
          tbb::make_filter<Pointer, void>(tbb::filter_mode::serial_in_order, finish));
  if (InterruptRequested()) throw Interrupted("interrupted while " + doing);
}

}  // namespace reidbench
