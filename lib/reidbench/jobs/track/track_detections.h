// The detections of a sequence as trackers take them, frame by frame, and for trackers that want it
// the embedding of every detection from a feature file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/datasets/box_sanity.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/features/feature_store.h"

namespace reidbench {

// One sequence's detections, ordered by frame (within a frame as in the file).
struct SequenceDetections {
  std::string name;
  int64_t frame_count = 0;           // of seqinfo.ini, else the last frame with a detection
  std::optional<double> frame_rate;  // of seqinfo.ini, as is the picture
  PictureSize picture;
  std::vector<TrackBox> boxes;      // by frame
  std::vector<size_t> frame_begin;  // [frame_count + 1], offsets into boxes; frame f at f - 1
  int64_t untrackable = 0;          // boxes that trackers leave out
  bool scores_in_unit_range = true;
  std::vector<std::string> warnings;

  std::span<const TrackBox> Frame(int64_t frame) const {
    const size_t begin = frame_begin[static_cast<size_t>(frame) - 1];
    return std::span(boxes).subspan(begin, frame_begin[static_cast<size_t>(frame)] - begin);
  }
};

// Throws Error(kInput) with file:line for malformed rows, and for a sequence of more than ten
// million frames. `ignore_scores` sets every score to 1.
SequenceDetections ReadDetections(const MotBoxFiles& files, bool ignore_scores);

// The embeddings of a sequence's detections, read from its feature file in blocks of frames. A
// detection's row is the one of its frame with its box (to a hundredth of a pixel).
class DetectionEmbeddings {
 public:
  // Throws Error(kInput) when a detection has no row; names the first and counts the rest.
  DetectionEmbeddings(const std::filesystem::path& path, const SequenceDetections& detections);

  // [detections of the frame x d], in their order; valid until the next call. Frames must ascend.
  FeatureView Frame(int64_t frame);

 private:
  const SequenceDetections& detections_;
  std::unique_ptr<FeatureFile> file_;
  std::vector<int64_t> row_;  // by detection
  int dim_ = 0;
  FeatureMatrix block_;
  size_t block_begin_ = 0;  // detections in block_
  size_t block_end_ = 0;
};

}  // namespace reidbench
