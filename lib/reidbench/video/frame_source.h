// Pictures of one camera in their order, pulled frame by frame: a MOTChallenge sequence, a folder
// of frames, or a video file. Who wants them needs to know neither which it is nor what decodes it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "reidbench/datasets/mot_layout.h"
#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

enum class FrameStatus {
  kPicture,
  kCorrupt,  // was recorded, but does not decode
  kMissing,  // the sequence counts it, but there is no picture
};

struct Frame {
  int64_t number = 0;             // from 1, as boxes count frames
  std::string name;               // for messages: its file, or "clip.avi: frame 3"
  std::optional<double> seconds;  // since the first frame, where the source tells
  FrameStatus status = FrameStatus::kMissing;
  std::string problem;  // of a corrupt frame: what is wrong, behind its name
  RgbImage picture;     // empty before Decode(), and of frames that are corrupt or missing

  // What the source begins with: a missing frame. The memory of the picture is kept.
  void Begin(int64_t frame_number);
  // Fills `picture`, on any thread and once; finds out here at the latest that a frame is corrupt.
  // Throws Error(kIo) when a file cannot be read.
  void Decode();

  std::function<void(RgbImage*)>
      decode;  // set by the source: throws Error(kInput) for corrupt ones
};

struct FrameSourceInfo {
  std::string name;  // of the sequence, the folder or the file
  // What seqinfo.ini or the container says; 0 and nullopt: nothing. Containers of cut or damaged
  // videos say a wrong number of frames: only the end of the video tells.
  int64_t frame_count = 0;
  std::optional<double> frame_rate;
  int width = 0, height = 0;  // px
};

// One thread at a time pulls; what takes long is left to Frame::Decode().
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  const FrameSourceInfo& info() const { return info_; }
  int64_t next() const { return next_; }  // number of the frame that Next() gives, if any

  // The next frame, whatever its status; false at the end. Throws Error(kIo).
  virtual bool Next(Frame* frame) = 0;
  // Leaves frames out, so that Next() gives frame `number` if the source is that long. Files of a
  // folder are not even opened; a video is decoded up to there, because frames depend on earlier
  // ones and seeking in damaged videos loses count. Never goes back. Throws Interrupted.
  virtual void SkipTo(int64_t number) = 0;

 protected:
  FrameSourceInfo info_;
  int64_t next_ = 1;
};

// A sequence folder (seqinfo.ini, else img1/) or a plain folder of pictures: FindFrameFolder and
// FindFrameImages say which, and throw. Numbers without a picture are missing frames, up to
// seqLength or the last picture; a sequence with a seqinfo.ini may have no picture at all.
class FrameFolder : public FrameSource {
 public:
  explicit FrameFolder(const std::filesystem::path& path,
                       ExifOrientation exif = ExifOrientation::kIgnore);
  bool Next(Frame* frame) override;
  void SkipTo(int64_t number) override { next_ = std::max(next_, number); }

  int64_t last() const { return last_; }  // the last frame's number
  const MotFrameFolder& folder() const { return folder_; }
  const std::map<int64_t, std::filesystem::path>& images() const { return images_; }

 private:
  MotFrameFolder folder_;
  std::map<int64_t, std::filesystem::path> images_;  // by number
  ExifOrientation exif_;
  int64_t last_ = 0;
};

// A video that FFmpeg's libraries decode. Frames count from 1 in the order in which they are shown;
// a frame that does not decode is corrupt, and those behind it keep their numbers. The file's
// content says what it is and no other file is ever opened: playlists are refused, ':' and '%' in
// a name are letters. Rotation that the container asks for is applied. Throws Error(kIo) when the
// file cannot be read and Error(kInput) when it is no video.
std::unique_ptr<FrameSource> OpenVideo(const std::filesystem::path& path);

// A folder or a video. Throws Error(kIo) besides when there is neither.
std::unique_ptr<FrameSource> OpenFrames(const std::filesystem::path& path,
                                        ExifOrientation exif = ExifOrientation::kIgnore);

// Pulls the frames `numbers` (ascending) and calls work(index in `numbers`, decoded frame) for each
// in parallel; what it returns, unless empty, is called one after the other in the order of the
// frames. Frames behind the end come as missing. Holds a few frames a thread at a time. Throws what
// these throw, and Interrupted("interrupted while " + doing).
using FrameWork = std::function<std::function<void()>(size_t, const Frame&)>;
void ForEachFrame(FrameSource* source, std::span<const int64_t> numbers, const std::string& doing,
                  const FrameWork& work);

}  // namespace reidbench
