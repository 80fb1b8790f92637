#include "reidbench/jobs/track/track_detections.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/features/box_rows.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Far beyond any video; a slip in the frame column must not make the tracker walk through empty
// frames for hours.
constexpr int64_t kMostFrames = 10'000'000;
constexpr size_t kEmbeddingsInMemory = 16'384;

}  // namespace

SequenceDetections ReadDetections(const MotBoxFiles& files, bool ignore_scores) {
  SequenceDetections out;
  out.name = files.name;
  MotReadOptions read;
  read.kind = MotFileKind::kDetections;
  if (!files.sequence_info.empty()) {
    const SequenceInfo info = ReadSequenceInfo(files.sequence_info);
    read.frame_count = info.frame_count;
    out.frame_rate = info.frame_rate;
    out.picture = PictureSizeOf(info);
  }
  MotFile file = ReadMotFile(files.boxes, read);
  out.frame_count = file.tracks.frame_count;
  if (out.frame_count > kMostFrames) {
    ThrowInput(
        "{}: expected at most {} frames, found frame {}\n  hint: a tracker goes through every "
        "frame; "
        "if these are times, number the frames 1, 2, 3, ...",
        files.boxes.string(), WithThousands(kMostFrames), WithThousands(out.frame_count));
  }
  out.warnings = std::move(file.warnings);
  out.boxes = std::move(file.tracks.boxes);
  std::stable_sort(out.boxes.begin(), out.boxes.end(),
                   [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });
  out.frame_begin.assign(static_cast<size_t>(out.frame_count) + 1, 0);
  for (TrackBox& box : out.boxes) {
    ++out.frame_begin[static_cast<size_t>(box.frame.value)];
    if (ignore_scores) box.confidence = 1;
    if (!(box.confidence >= 0 && box.confidence <= 1)) out.scores_in_unit_range = false;
    if (!IsTrackable(box.box)) ++out.untrackable;
  }
  for (size_t f = 1; f < out.frame_begin.size(); ++f) out.frame_begin[f] += out.frame_begin[f - 1];
  return out;
}

DetectionEmbeddings::DetectionEmbeddings(const fs::path& path, const SequenceDetections& detections)
    : detections_(detections) {
  file_ = std::make_unique<FeatureFile>(path);
  dim_ = file_->dim();
  BoxRows found = FindBoxRows(*file_, detections.boxes);
  row_ = std::move(found.row);
  if (found.missing > 0) {
    ThrowInput(
        "{}: expected an embedding for every detection of sequence {}, found none for {} of {}, "
        "first {}\n  hint: extract the features again from the same detection file",
        path.string(), detections.name, found.missing, detections.boxes.size(),
        DescribeBox(detections.boxes[found.first_missing]));
  }
}

FeatureView DetectionEmbeddings::Frame(int64_t frame) {
  const size_t begin = detections_.frame_begin[static_cast<size_t>(frame) - 1];
  const size_t end = detections_.frame_begin[static_cast<size_t>(frame)];
  if (end > block_end_) {
    // Whole frames, at least this one.
    size_t last = static_cast<size_t>(frame);
    while (last + 1 < detections_.frame_begin.size() &&
           detections_.frame_begin[last + 1] - begin <= kEmbeddingsInMemory) {
      ++last;
    }
    block_begin_ = begin;
    block_end_ = detections_.frame_begin[last];
    block_ = file_->ReadRows(std::span(row_).subspan(block_begin_, block_end_ - block_begin_));
  }
  return FeatureView(block_.data() + static_cast<int64_t>(begin - block_begin_) * dim_,
                     static_cast<int64_t>(end - begin), dim_);
}

}  // namespace reidbench
