// What `reidbench detect` found: tables, JSON (kDetectSchema) and CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/reporting/table.h"

namespace reidbench {

struct DetectedSequence {
  std::string name;
  std::string file;  // det.txt
  int64_t frames = 0;
  int64_t looked_at = 0;  // of these, that are pictures
  int64_t missing = 0, corrupt = 0;
  int64_t boxes = 0;
  int64_t frames_with_boxes = 0;
};

struct DetectStageResult {
  std::string detector;     // the file
  std::string sha256;       // of it
  std::string recognised;   // why it is read as it is
  std::string description;  // how it is read, two lines
  std::string engine;
  double score = 0;  // least score
  std::vector<DetectedSequence> sequences;
  double seconds = 0;
  std::vector<std::string> warnings;
};

std::string RenderDetectTables(const DetectStageResult& result, TableFormat format);
// A row a sequence.
std::string RenderDetectCsv(const DetectStageResult& result);
std::string RenderDetectJson(const DetectStageResult& result);

}  // namespace reidbench
