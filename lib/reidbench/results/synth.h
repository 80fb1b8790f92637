// What `reidbench synth` made: tables, JSON (kSynthSchema) and CSV.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/reporting/table.h"
#include "reidbench/synth/options.h"

namespace reidbench {

// What one camera saw.
struct SynthCameraSummary {
  std::string sequence;
  double frame_rate = 0;
  int64_t frames = 0;
  int64_t persons = 0;       // identities of class 1
  int64_t boxes = 0;         // of them
  int64_t hidden_boxes = 0;  // less than a tenth visible
  int64_t detections = 0;
  int64_t false_detections = 0;          // of nobody
  std::array<int64_t, 10> visibility{};  // boxes by tenth of visibility
  std::array<int64_t, 401> heights{};  // visible boxes by height in px; the last counts taller ones

  int MedianHeight() const;
};

struct SynthReidSummary {
  int64_t train_persons = 0, test_persons = 0;
  int64_t train_images = 0, query_images = 0, gallery_images = 0;
  int64_t distractors = 0, junk = 0;
};

struct SynthStageResult {
  SynthOptions world;
  std::filesystem::path output;
  std::vector<SynthCameraSummary> cameras;
  int64_t persons = 0;  // who were in the hall while the cameras watched
  int64_t visits = 0;
  int64_t reentries = 0;   // visits after the first
  int64_t crossings = 0;   // pairs who passed within 1 m at more than 60 degrees
  double mean_people = 0;  // in the hall at a time
  double seconds = 0;      // watched by the first camera
  SynthReidSummary reid;
  std::vector<std::string> notes;
};

std::string RenderSynthTables(const SynthStageResult& result, TableFormat format);
// A row per camera.
std::string RenderSynthCsv(const SynthStageResult& result);
std::string RenderSynthJson(const SynthStageResult& result);

}  // namespace reidbench
