// Boxes with identities over the frames of a video, as MOT text files hold them. What trackers
// write, evaluators read, and re-linking corrects: none of these modules includes another, they
// meet here.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "reidbench/core/box.h"
#include "reidbench/core/ids.h"

namespace reidbench {

// One row of a ground truth, result or detection file.
struct TrackBox {
  FrameIndex frame{1};    // from 1
  TrackId id{-1};         // >= 0; -1 in detections
  BoxLtwh box;            // pixels, not clipped to the image
  double confidence = 1;  // column 7: a score (its range is the detector's), or in ground truth the
                          // mark (0 = ignore)
  int32_t class_id = -1;  // column 8 where the file has classes; -1 = not stated
  float visibility =
      std::numeric_limits<float>::quiet_NaN();  // column 9 of MOT16/17/20 ground truth, 0..1

  friend bool operator==(const TrackBox& a, const TrackBox& b) {
    const bool same_visibility = a.visibility == b.visibility ||
                                 (a.visibility != a.visibility && b.visibility != b.visibility);
    return a.frame == b.frame && a.id == b.id && a.box == b.box && a.confidence == b.confidence &&
           a.class_id == b.class_id && same_visibility;
  }
};

// All boxes of one video, in the order of the file: within a frame that order decides ties of the
// assignment.
struct TrackSet {
  std::string sequence;     // "MOT17-02-FRCNN"
  int64_t frame_count = 0;  // frames are 1..frame_count; 0 = not known
  std::vector<TrackBox> boxes;
};

}  // namespace reidbench
