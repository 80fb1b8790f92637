// Boxes of one format -> files of another, read back and compared before they are put in place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/results/convert.h"

namespace reidbench {

struct ConvertStageOptions {
  std::filesystem::path input;  // file or folder
  std::string from = "auto";    // a name of BoxFormats()
  std::string to = "mot";
  std::filesystem::path output;     // file, where its ending is the format's; else a folder
  std::string rows = "auto";        // of MOT text: gt, results, detections
  std::string boxes = "size";       // what four columns of MOT-shaped rows say: BoxColumnNames()
  double scale = 1;                 // of every coordinate
  std::string image_size;           // "1920x1080"
  std::filesystem::path sequences;  // whose seqinfo.ini say size, length and rate
  int64_t frame_offset = 0;
  std::vector<std::string> classes;  // to keep: NAME or number, WHICH=NEW, none=NEW, * for the rest
  bool strict = false;               // whatever cannot come along is an error
  bool force = false;
};

// Choices of --boxes and --rows.
const std::vector<std::string>& BoxColumnNames();
const std::vector<std::string>& MotRowNames();
// auto and the names of all formats.
std::vector<std::string> FormatChoices(bool with_auto);

// Throws Error(kUsage), Error(kInput) with the place in the file, Error(kIo); and Error(kInternal)
// where what was written reads back as something else: then nothing is left behind. A dry run reads
// and fits, and writes nothing.
ConvertStageResult RunConvert(const ConvertStageOptions& options, bool dry_run);

}  // namespace reidbench
