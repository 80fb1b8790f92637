// Where finished pictures go, in order: one video file, or a folder of numbered pictures. Under
// another name until Finish(), so that nothing half-written looks whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "reidbench/imaging/image.h"

namespace reidbench {

// Whether `path` names a video by its ending; every other name is a folder.
bool NamesVideo(const std::filesystem::path& path);

class PictureSink {
 public:
  virtual ~PictureSink() = default;
  // Of the size given when the sink was made; `frame` is its number in the sequence. Not
  // thread-safe. Throws Error(kIo).
  virtual void Write(int64_t frame, const RgbImage& picture) = 0;
  virtual void Finish() = 0;
};

// `codec` is "h264", "mpeg4" or "auto"; the one taken goes to `used`. Throws Error(kIo) when OpenCV
// has no such encoder or the file cannot be made.
std::unique_ptr<PictureSink> MakeVideo(const std::filesystem::path& path, const std::string& codec,
                                       double frame_rate, int width, int height, std::string* used);

// 000001.jpg or .png; `picture` is "jpg" or "png". An existing folder keeps its other files.
std::unique_ptr<PictureSink> MakePictureFolder(const std::filesystem::path& path,
                                               const std::string& picture);

}  // namespace reidbench
