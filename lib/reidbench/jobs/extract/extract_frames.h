// The crops of tracks or detections as images of an extraction: from a folder of frames, as
// MOTChallenge and DanceTrack ship them, or from a video file. Every frame is decoded once,
// whatever the number of its boxes. Links no engine.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/jobs/extract/extract_pipeline.h"

namespace reidbench {

struct FrameCropsOptions {
  // A sequence folder (SEQ/img1/000001.jpg, or seqinfo.ini's imDir), a folder of frames, or a video
  // file. The number that ends a frame's name is the frame; a video's frames count from 1.
  std::filesystem::path frames;
  // A MOTChallenge text file: tracks, ground truth, or detections (all ids negative).
  std::filesystem::path boxes;
  ExifOrientation exif = ExifOrientation::kIgnore;  // of frames that are image files
  // Crops waiting for the worker that wants them; beyond this the oldest are dropped, and their
  // frame is decoded again if need be.
  size_t max_pending_bytes = size_t{256} << 20;
};

// Item = box. Items are ordered by frame, within a frame as in the file. Labels: frame, track_id
// (-1 for detections) and box_ltwh as in the file; person_id = track_id, 0 for detections;
// camera_id 0; split none; path "img1/000012.jpg#xywh=left,top,width,height" (a media fragment),
// for a video "clip.avi#frame=12&xywh=...". A crop is what CropImage cuts out.
class FrameCrops : public ImageSource {
 public:
  // Throws Error(kInput) with file:line for malformed boxes and for frames named twice or counted
  // from 0, Error(kIo) for what is missing: folder, file, or a frame that has a box.
  explicit FrameCrops(const FrameCropsOptions& options);
  ~FrameCrops() override;

  const FeatureLabels& labels() const override { return labels_; }
  // Besides the errors of ImageSource: Error(kInput) with the box's file:line when the box covers
  // no pixel of its frame, Error(kIo) when the video ends before the frame.
  void Load(int64_t item, ImageScratch* scratch) const override;

  const std::string& name() const { return name_; }  // "ADL-Rundle-6", "frames:clip.avi"
  // SHA-256 over frame, id and box of all items and the frames' names and sizes, or the video's
  // content.
  const std::string& fingerprint() const { return fingerprint_; }
  const std::vector<std::string>& warnings() const { return warnings_; }  // of the boxes' file
  int64_t frame_count() const { return static_cast<int64_t>(frames_.size()); }  // with boxes
  int64_t frames_decoded() const { return frames_decoded_; }                    // so far

 private:
  class VideoReader;

  enum class State { kIdle, kDecoding, kReady };

  // What the items of a frame need of it.
  struct Cut {
    std::shared_ptr<const RgbImage> image;  // instead of crops where those would be larger
    std::vector<RgbImage> crops;            // of each item; empty = covers no pixel
    size_t bytes = 0;
    int width = 0;  // of the frame
    int height = 0;
    std::string error;  // the frame is corrupt
  };

  // A frame with boxes, and what it holds while kReady.
  struct Frame {
    int64_t number = 0;
    size_t begin = 0;  // items
    size_t end = 0;
    std::filesystem::path file;  // of a folder
    State state = State::kIdle;
    bool done = false;  // every item was loaded
    Cut cut;
    std::vector<bool> taken;
    size_t left = 0;  // items not taken
  };

  std::vector<TrackBox> ReadBoxes(int64_t frame_count);
  void FindFrameFiles(const std::filesystem::path& folder);
  void Label(const std::vector<TrackBox>& boxes, const std::string& image_prefix);
  std::string Fingerprint() const;
  Cut CutBoxes(const Frame& frame, RgbImage&& image) const;
  RgbImage DecodeFile(const Frame& frame) const;
  void PassVideoTo(Frame* frame) const;
  void Publish(Frame* frame, Cut&& cut) const;
  void Release(Frame* frame) const;

  FrameCropsOptions options_;
  std::string name_;
  std::string fingerprint_;
  std::vector<std::string> warnings_;
  FeatureLabels labels_;
  std::vector<int32_t> line_;           // of each item, in the boxes' file
  std::vector<size_t> frame_of_;        // of each item, in frames_
  std::unique_ptr<VideoReader> video_;  // null for a folder
  mutable std::mutex video_mutex_;      // taken before mutex_
  mutable std::mutex mutex_;            // of frames_, ready_ and pending_bytes_
  mutable std::condition_variable decoded_;
  mutable std::vector<Frame> frames_;  // by number
  mutable std::set<size_t> ready_;     // indices of frames in state kReady
  mutable size_t pending_bytes_ = 0;
  mutable std::atomic<int64_t> frames_decoded_ = 0;
};

}  // namespace reidbench
