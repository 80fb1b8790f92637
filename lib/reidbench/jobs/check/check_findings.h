// What may be wrong with a tracking file although every row of it can be read: boxes in another
// form, detections given as tracks, the ground truth scored against itself, frames that are
// shifted, skipped or missing, scores that cannot be any.
#pragma once

#include <filesystem>
#include <vector>

#include "reidbench/core/finding.h"
#include "reidbench/datasets/box_sanity.h"
#include "reidbench/datasets/mot_files.h"

namespace reidbench {

// What is known about the sequence of a file.
struct SequenceContext {
  PictureSize picture;
  TruthSample truth;        // empty: there is no ground truth
  int64_t first_frame = 0;  // of the ground truth's boxes; 0: none
  int64_t last_frame = 0;
  int64_t frames_between = 1;  // 5: it has boxes in every fifth frame only
};

// Of ground truth as it was read; `picture` as far as it is known.
SequenceContext ContextOf(const TrackSet& ground_truth, const PictureSize& picture);

// In the order of the manual's sections. `file` is as ReadMotFile gave it; of ground truth,
// `context` has only the picture.
std::vector<Finding> TrackingFindings(const MotFile& file, MotFileKind kind,
                                      const std::filesystem::path& path,
                                      const SequenceContext& context);

}  // namespace reidbench
