#include "reidbench/jobs/score/score_inputs.h"

#include <fmt/core.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <numeric>
#include <system_error>
#include <utility>

#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

std::vector<size_t> LargestFirst(const std::vector<MotSequenceFiles>& sequences) {
  std::vector<uintmax_t> size(sequences.size(), 0);
  for (size_t i = 0; i < size.size(); ++i) {
    std::error_code failed;
    const uintmax_t bytes = std::filesystem::file_size(sequences[i].ground_truth, failed);
    if (!failed) size[i] = bytes;
  }
  std::vector<size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return size[a] > size[b]; });
  return order;
}

void ThrowErrors(const std::vector<SequenceMessages>& all) {
  std::vector<std::string> messages;
  ErrorKind kind = ErrorKind::kInput;
  for (const SequenceMessages& sequence : all) {
    for (const Error& error : sequence.errors) {
      if (messages.empty()) kind = error.kind();
      if (std::find(messages.begin(), messages.end(), error.what()) == messages.end())
        messages.emplace_back(error.what());
    }
  }
  if (!messages.empty()) throw Error(kind, JoinText(messages, "\n"));
}

void WarnOfForm(const TrackSet& tracks, const std::filesystem::path& path, const TruthSample* truth,
                const PictureSize& picture, SequenceMessages* messages) {
  BoxExaminationOptions options;
  options.picture = picture;
  options.truth = truth;
  options.most_boxes = 4096;
  if (const auto finding = BoxFormFinding(ExamineBoxes(tracks.boxes, options), path))
    messages->warnings.push_back(WarningText(*finding));
}

}  // namespace

MotReadOptions ReadOptionsOf(const MotBenchmark& benchmark, MotFileKind kind, int64_t frame_count) {
  MotReadOptions read;
  read.kind = kind;
  read.frame_count = frame_count;
  read.has_classes = benchmark.has_classes;
  if (benchmark.preprocess) read.known_classes = benchmark.known_classes;
  read.result_classes.clear();
  for (const MotClass& c : benchmark.classes) read.result_classes.push_back(c.id);
  if (benchmark.preprocess) {
    read.counted_classes = read.result_classes;
    read.region_classes = benchmark.ignored_classes;
  }
  // A result of a part of the video may count its frames from the part's first.
  if (kind == MotFileKind::kResult && benchmark.frames != FramePart::kAll &&
      benchmark.results_renumbered && frame_count > 0)
    read.frame_count = ScoredFrames(benchmark, frame_count).size();
  return read;
}

FrameRange RequireScoredFrames(const MotBenchmark& benchmark, int64_t frame_count,
                               const std::filesystem::path& file) {
  const FrameRange range = ScoredFrames(benchmark, frame_count);
  if (range.size() == 0) {
    ThrowInput("{}: expected a video long enough for the part {} scores, found {} frames",
               file.string(), benchmark.name, frame_count);
  }
  return range;
}

TrackSet ReadGroundTruth(const MotSequenceFiles& files, const MotBenchmark& benchmark) {
  TrackSet truth =
      ReadMotFile(files.ground_truth,
                  ReadOptionsOf(benchmark, MotFileKind::kGroundTruth, files.frame_count))
          .tracks;
  RequireScoredFrames(benchmark, truth.frame_count, files.ground_truth);
  truth.sequence = files.name;
  return truth;
}

SequenceReader::SequenceReader(const MotBenchmark& benchmark, const MotSequenceFiles& files,
                               SequenceMessages* messages)
    : benchmark_(benchmark),
      messages_(messages),
      read_(ReadOptionsOf(benchmark, MotFileKind::kGroundTruth, files.frame_count)),
      range_{1, files.frame_count},
      truth_path_(files.ground_truth) {
  if (std::optional<MotFile> file = Read(files.ground_truth)) {
    added_to_frames_ = file->added_to_frames;
    truth_ = std::move(file->tracks);
  }
  int64_t frames = files.frame_count;
  if (truth_) truth_->sequence = files.name;
  if (benchmark.frames != FramePart::kAll && truth_) {
    frames = truth_->frame_count;
    try {
      range_ = RequireScoredFrames(benchmark, frames, files.ground_truth);
    } catch (const Error& error) {
      messages->errors.push_back(error);
      has_frames_ = false;
      return;
    }
    KeepFrames(range_, &*truth_);
  }
  read_ = ReadOptionsOf(benchmark, MotFileKind::kResult, frames);
  video_frames_ = frames;
  if (!truth_) return;
  if (!files.sequence_info.empty()) picture_ = PictureSizeOf(ReadSequenceInfo(files.sequence_info));
  WarnOfForm(*truth_, files.ground_truth, nullptr, picture_, messages_);
  if (!picture_.known()) picture_ = ExtentOf(truth_->boxes);
  sample_ = TruthSample(*truth_);
}

void SequenceReader::Examine(const TrackSet& result, const std::filesystem::path& path) const {
  WarnOfForm(result, path, &sample_, picture_, messages_);
}

void SequenceReader::DropUnstatedVisibility() {
  if (!truth_) return;
  if (const int64_t dropped = reidbench::DropUnstatedVisibility(&truth_->boxes); dropped > 0) {
    messages_->warnings.push_back(WarningText(
        VisibilityFinding(dropped, static_cast<int64_t>(truth_->boxes.size()), truth_path_)));
  }
}

std::optional<TrackSet> SequenceReader::ReadResult(const std::filesystem::path& path) {
  std::optional<TrackSet> result = ReadBeside(path);
  // Without the ground truth it is not known which frames are scored.
  if (result && truth_ && benchmark_.frames != FramePart::kAll && !benchmark_.results_renumbered)
    KeepFrames(range_, &*result);
  return result;
}

std::optional<TrackSet> SequenceReader::ReadDetections(const std::filesystem::path& path) {
  read_ = ReadOptionsOf(benchmark_, MotFileKind::kDetections, video_frames_);
  std::optional<TrackSet> detections = ReadBeside(path);
  if (detections && truth_ && benchmark_.frames != FramePart::kAll)
    KeepFrames(range_, &*detections);
  return detections;
}

std::optional<TrackSet> SequenceReader::ReadBeside(const std::filesystem::path& path) {
  std::optional<MotFile> file = Read(path);
  if (file && truth_ && file->added_to_frames != added_to_frames_ && !file->tracks.boxes.empty()) {
    messages_->warnings.push_back(
        fmt::format("{}: {} counts frames from 0, {} from 1, as far as their first frames show",
                    path.string(), added_to_frames_ != 0 ? "the ground truth" : "this file",
                    added_to_frames_ != 0 ? "this file" : "the ground truth"));
  }
  if (!file) return std::nullopt;
  return std::move(file->tracks);
}

std::optional<MotFile> SequenceReader::Read(const std::filesystem::path& path) {
  try {
    MotFile file = ReadMotFile(path, read_);
    messages_->warnings.insert(messages_->warnings.end(), file.warnings.begin(),
                               file.warnings.end());
    return file;
  } catch (const Error& error) {
    messages_->errors.push_back(error);
    return std::nullopt;
  }
}

SwitchOptions SwitchOptionsOf(const MotSequenceFiles& files, const MotBenchmark& benchmark) {
  SwitchOptions options;
  options.region_classes = benchmark.ignored_classes;
  if (files.sequence_info.empty()) return options;
  const SequenceInfo info = ReadSequenceInfo(files.sequence_info);
  options.image_width = static_cast<int>(info.image_width.value_or(0));
  options.image_height = static_cast<int>(info.image_height.value_or(0));
  return options;
}

std::vector<std::string> ForEachSequence(
    const std::vector<MotSequenceFiles>& sequences, const std::string& doing,
    const std::function<void(size_t, SequenceMessages*)>& body) {
  const std::vector<size_t> order = LargestFirst(sequences);
  std::vector<SequenceMessages> messages(sequences.size());
  ParallelFor(static_cast<int64_t>(order.size()), [&](int64_t k) {
    if (InterruptRequested()) return;
    const size_t index = order[k];
    tbb::this_task_arena::isolate([&] { body(index, &messages[index]); });
  });
  if (InterruptRequested()) throw Interrupted("interrupted while " + doing);
  ThrowErrors(messages);
  std::vector<std::string> warnings;
  for (SequenceMessages& sequence : messages) {
    for (std::string& warning : sequence.warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
        warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

}  // namespace reidbench
