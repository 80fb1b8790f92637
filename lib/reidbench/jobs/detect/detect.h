// `reidbench detect`: people in the pictures of sequences and videos, one det.txt each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/detection/detector.h"
#include "reidbench/results/detect.h"

namespace reidbench {

struct DetectStageOptions {
  // Each a MOTChallenge sequence, a folder of such, a folder of frames, or a video.
  std::vector<std::filesystem::path> frames;
  DetectorOptions detector;
  std::filesystem::path output;  // folder for SEQ/det.txt
  int every = 1;                 // frames 1, 1 + every, ...
  bool force = false;            // overwrite
};

// Where pictures come from; a video without its ending and a folder without its path are the name.
struct DetectSource {
  std::string name;
  std::filesystem::path path;
};
// Throws Error(kIo) for what is not there, Error(kUsage) for two of one name. Opens nothing.
std::vector<DetectSource> FindDetectSources(std::span<const std::filesystem::path> frames);

// Writes "frame,-1,left,top,width,height,score,-1,-1,-1", frames from 1, in each the best first;
// pictures in parallel, the same bytes for any number of threads. Throws Error(kUsage) before
// anything is read for files that exist already; Error(kInput, kIo, kModel, kConfig) for what is
// wrong with the pictures, the network or its description. With `check_only` all is opened and
// nothing computed. `progress` (may be empty) gets frames done and their number, as far as known.
DetectStageResult RunDetect(const DetectStageOptions& options, bool check_only,
                            const std::function<void(int64_t, int64_t)>& progress);

}  // namespace reidbench
