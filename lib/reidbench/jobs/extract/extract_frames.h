// The crops of tracks or detections as images of an extraction: from a folder of frames, as
// MOTChallenge and DanceTrack ship them, or from a video file. Every frame is decoded once,
// whatever the number of its boxes. Links no engine.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/jobs/extract/extract_pipeline.h"
#include "reidbench/video/frame_source.h"

namespace reidbench {

struct FrameCropsOptions {
  // A sequence folder (SEQ/img1/000001.jpg, or seqinfo.ini's imDir), a folder of frames, or a video
  // file. The number that ends a frame's name is the frame; a video's frames count from 1.
  std::filesystem::path frames;
  // A MOTChallenge text file: tracks, ground truth, or detections (all ids negative).
  std::filesystem::path boxes;
  ExifOrientation exif = ExifOrientation::kIgnore;  // of frames that are image files
};

// Item = box. Items are ordered by frame, within a frame as in the file. Labels: frame, track_id
// (-1 for detections) and box_ltwh as in the file; person_id = track_id, 0 for detections;
// camera_id 0; split none; path "img1/000012.jpg#xywh=left,top,width,height" (a media fragment),
// for a video "clip.avi#frame=12&xywh=...". A crop is what CropImage cuts out. Folders are decoded
// by those who want their crops; a video frame's crops are cut out when it is pulled, so that few
// whole frames are in memory.
class FrameCrops : public ImageSource {
 public:
  // Throws Error(kInput) with file:line for malformed boxes and for frames named twice or counted
  // from 0, Error(kIo) for what is missing: folder, file, or a frame that has a box.
  explicit FrameCrops(const FrameCropsOptions& options);
  ~FrameCrops() override;

  const FeatureLabels& labels() const override { return labels_; }
  // Besides the errors of ImageSource: Error(kInput) with the box's file:line when the box covers
  // no pixel of its frame, Error(kIo) when the video ends before the frame.
  PendingImage Next() override;
  void Skip(int64_t items) override { next_item_ += static_cast<size_t>(items); }

  const std::string& name() const { return name_; }  // "ADL-Rundle-6", "frames:clip.avi"
  // SHA-256 over frame, id and box of all items and the frames' names and sizes, or the video's
  // content.
  const std::string& fingerprint() const { return fingerprint_; }
  const std::vector<std::string>& warnings() const { return warnings_; }  // of the boxes' file
  int64_t frame_count() const { return static_cast<int64_t>(frames_.size()); }  // with boxes
  int64_t frames_decoded() const { return frames_decoded_; }                    // so far

 private:
  class CutFrame;

  // A frame with boxes.
  struct Boxes {
    int64_t number = 0;
    size_t begin = 0;  // items
    size_t end = 0;
  };

  std::vector<TrackBox> ReadBoxes(int64_t frame_count);
  void Label(const std::vector<TrackBox>& boxes);
  void RequireImages(const FrameFolder& folder) const;
  std::shared_ptr<CutFrame> PullFrame(const Boxes& boxes);
  [[noreturn]] void RefuseBox(size_t item, int width, int height) const;

  FrameCropsOptions options_;
  std::string name_;
  std::string fingerprint_;
  std::vector<std::string> warnings_;
  FeatureLabels labels_;
  std::vector<int32_t> line_;     // of each item, in the boxes' file
  std::vector<size_t> frame_of_;  // of each item, in frames_
  std::vector<Boxes> frames_;     // by number
  std::unique_ptr<FrameSource> source_;
  bool is_video_ = false;
  size_t next_item_ = 0;
  std::shared_ptr<CutFrame> frame_;  // of the item pulled last
  std::atomic<int64_t> frames_decoded_ = 0;
};

}  // namespace reidbench
