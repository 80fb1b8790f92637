// `reidbench render`: tracks drawn over the frames of their sequence, as a video or as pictures;
// plain and corrected side by side, with a ring where an identity switched and where correction
// gave the earlier one back; and a short clip of every switch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace reidbench {

struct RenderStageOptions {
  std::filesystem::path sequence;      // SEQ with its frames, a folder of frames, or a video
  std::filesystem::path tracks;        // one result file
  std::filesystem::path corrected;     // the same boxes with other ids, shown beside; empty: none
  std::filesystem::path ground_truth;  // tells who is who and what is a switch; empty: ids alone do
  std::string benchmark = "MOT17";     // rules by which boxes belong to persons
  // .mp4, .avi or .mkv: a video; any other name: a folder of pictures 000001.jpg; empty: none.
  std::filesystem::path output;
  std::filesystem::path clips;  // folder for SEQ_frame000123_person7_occluded.mp4; empty: none
  double clip_seconds = 2;      // before and after the switch, 0.1..60
  std::string frames;           // "A-B", "A-" or "A"; empty: all
  double scale = 1;             // of the pictures' sides, 0.1..4
  double frame_rate = 0;        // of the video, 1..240; 0: that of the sequence, else 25
  std::string codec = "auto";   // h264, mpeg4 or auto: the first of the two that there is
  std::string picture = "jpg";  // of a folder: jpg or png
  double trail_seconds = 0;     // how long the way of a box's foot point stays, 0..60
  bool force = false;           // overwrite

  std::vector<std::string> Validate() const;
};

struct RenderStageResult {
  int64_t frames = 0;                        // written, clips included
  int64_t missing_frames = 0;                // of those, grey because there was no picture
  std::vector<std::filesystem::path> files;  // videos, or the folder of pictures
  std::string codec;                         // "h264" or "mpeg4"; empty for pictures
  int width = 0, height = 0;                 // px of what was written
  double frame_rate = 0;
  double seconds = 0;
  int64_t switches = 0;    // of the plain tracks, in the frames written
  int64_t given_back = 0;  // of those, those that correction fixed; without ground truth: pieces
                           // that got an earlier identity back
  std::vector<std::string> warnings;
};

// Frames are decoded and drawn in parallel and written in order; memory does not grow with the
// video. The pictures do not depend on the number of threads. With `check_only` all is read and
// nothing written. Throws Error(kUsage) for wrong options and files that exist already, kInput for
// malformed input (tracks beyond the sequence, frames of different sizes), kIo when the output
// cannot be written or OpenCV has no encoder. A frame that is missing or cannot be decoded is drawn
// grey and warned about. `progress` gets frames done and their number.
RenderStageResult RunRender(const RenderStageOptions& options, bool check_only,
                            const std::function<void(int64_t, int64_t)>& progress);

}  // namespace reidbench
