// A motion-JPEG video in memory: every frame is a JPEG of its own, so that a test can damage one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reidbench {

namespace avi {

inline std::string Number(uint32_t value, int bytes = 4) {
  std::string text;
  for (int k = 0; k < bytes; ++k) text += static_cast<char>(value >> (8 * k) & 255);
  return text;
}

inline std::string Chunk(const std::string& name, const std::string& content) {
  return name + Number(static_cast<uint32_t>(content.size())) + content +
         std::string(content.size() % 2, '\0');
}

}  // namespace avi

// An AVI file of `jpegs` at 25 frames a second. `stated_frames` is what its header says (0: the
// truth).
inline std::string MotionJpegAvi(const std::vector<std::string>& jpegs, uint32_t width,
                                 uint32_t height, uint32_t stated_frames = 0) {
  using avi::Chunk;
  using avi::Number;
  const uint32_t frames = stated_frames > 0 ? stated_frames : static_cast<uint32_t>(jpegs.size());
  const std::string none = Number(0);
  const std::string avih = Number(40'000) + none + none + Number(0x10) + Number(frames) + none +
                           Number(1) + none + Number(width) + Number(height) + none + none + none +
                           none;
  const std::string strh = "vidsMJPG" + none + none + none + Number(1) + Number(25) + none +
                           Number(frames) + none + none + none + none + none;
  const std::string strf = Number(40) + Number(width) + Number(height) + Number(1, 2) +
                           Number(24, 2) + "MJPG" + Number(3 * width * height) + none + none +
                           none + none;
  std::string movie = "movi", index;
  for (const std::string& jpeg : jpegs) {
    index += "00dc" + Number(0x10) + Number(static_cast<uint32_t>(movie.size())) +
             Number(static_cast<uint32_t>(jpeg.size()));
    movie += Chunk("00dc", jpeg);
  }
  const std::string streams = "strl" + Chunk("strh", strh) + Chunk("strf", strf);
  return Chunk("RIFF", "AVI " +
                           Chunk("LIST", "hdrl" + Chunk("avih", avih) + Chunk("LIST", streams)) +
                           Chunk("LIST", movie) + Chunk("idx1", index));
}

}  // namespace reidbench
