// Do the boxes of a file mean what MOT files mean, left, top, width, height in pixels of this
// video? Programs write corners, centres, fractions of the picture, or pixels of a picture that was
// resized before; read as MOT, such files give scores near or below 0 without a word. Boxes are
// held against the picture and, where there is one, a sample of the ground truth. Files that are
// right are judged in one pass; other readings are tried only where that fails.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/finding.h"
#include "reidbench/core/tracks.h"
#include "reidbench/datasets/mot_files.h"

namespace reidbench {

// px; 0 = not known.
struct PictureSize {
  double width = 0;
  double height = 0;
  bool estimated = false;  // from the extent of the ground truth
  bool known() const { return width > 0 && height > 0; }
};

PictureSize PictureSizeOf(const SequenceInfo& info);
// Where nothing tells the size: the right and the lower end of the boxes. People who are cut by the
// border make it a little too large.
PictureSize ExtentOf(std::span<const TrackBox> ground_truth);

// The ground truth of a few frames, spread over the video.
class TruthSample {
 public:
  TruthSample() = default;
  explicit TruthSample(const TrackSet& ground_truth);

  bool empty() const { return boxes_.empty(); }
  std::span<const int64_t> frames() const { return frames_; }  // ascending
  std::span<const TrackBox> Of(size_t index) const {           // of frames()[index]
    return std::span(boxes_).subspan(begin_[index], begin_[index + 1] - begin_[index]);
  }
  // Of another file: the boxes `offset` frames after those of frames()[index], by index.
  std::vector<std::vector<TrackBox>> Select(std::span<const TrackBox> boxes, int64_t offset) const;

 private:
  std::vector<int64_t> frames_;
  std::vector<size_t> begin_;
  std::vector<TrackBox> boxes_;
};

// A way to read columns 3 to 6.
struct BoxReading {
  enum class Shape { kSize, kCorners, kCentre };
  Shape shape = Shape::kSize;  // left,top,width,height; x1,y1,x2,y2; cx,cy,w,h
  bool swapped = false;        // the vertical axis first
  bool relative = false;       // fractions of the picture
  // Pixel = scale * value + offset, horizontally and vertically, after all of that.
  bool scaled = false;
  std::array<double, 2> scale{1, 1};
  std::array<double, 2> offset{0, 0};

  BoxLtwh Apply(const BoxLtwh& columns, const PictureSize& picture) const;
  std::string Name() const;  // "x1,y1,x2,y2"
};

struct BoxExamination {
  int64_t boxes = 0;  // looked at
  // Of these:
  int64_t outside = 0;       // end outside the picture, by more than a hundredth of its size
  int64_t away = 0;          // have their centre outside
  int64_t tiny = 0;          // have an area, but a side under 2 px
  int64_t without_area = 0;  // width or height of 0 or less
  int64_t relative = 0;      // lie in 0..1
  PictureSize picture;
  // In the sampled frames of the ground truth:
  int64_t compared = 0;
  int64_t matched = 0;                // have an IoU of 0.5 or more with somebody
  std::optional<BoxReading> reading;  // that fits where the one of MOT files does not
};

struct BoxExaminationOptions {
  PictureSize picture;
  const TruthSample* truth = nullptr;  // nullptr: there is none
  // 0: every box; otherwise about so many, spread over the file, for the counts that need no
  // ground truth.
  int64_t most_boxes = 0;
};

BoxExamination ExamineBoxes(std::span<const TrackBox> boxes, const BoxExaminationOptions& options);

// What is wrong with the boxes as a whole: kBoxesInAnotherForm, kBoxesOutsidePicture or
// kBoxesMatchNothing, and a mend; nullopt where they are in order. `path` is the file's.
std::optional<Finding> BoxFormFinding(const BoxExamination& examination,
                                      const std::filesystem::path& path);

// How well boxes lie on the people of the frame before theirs, of their own and of the one after:
// mean IoU of those sampled people who have a box in all three; nullopt for fewer than 50 of them.
// The middle one is the largest unless frames are numbered one too high or too low.
std::optional<std::array<double, 3>> OverlapsByShift(const TruthSample& truth,
                                                     std::span<const TrackBox> boxes);

// Visibility of ground truth outside 0..1, or without a single value above 0, is not stated: sets
// it to NaN and returns of how many boxes. Annotation tools write 0 or -1 where a column must be.
int64_t DropUnstatedVisibility(std::vector<TrackBox>* ground_truth);
// The note about it.
Finding VisibilityFinding(int64_t dropped, int64_t boxes, const std::filesystem::path& path);

}  // namespace reidbench
