// What `reidbench convert` read, wrote and could not carry over: tables, JSON (kConvertSchema),
// CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reidbench/formats/box_format.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

struct ConvertedSequence {
  std::string name;
  int64_t frames = 0;  // stated, or up to the last box
  int64_t boxes = 0, tracks = 0;
};

struct ConvertStageResult {
  std::string input, output;
  std::string from, to;  // names of formats
  std::string rows;      // of MOT text: "gt", "results" or "detections"; empty otherwise
  std::vector<ConvertedSequence> sequences;
  std::vector<std::string> files;  // in the folder `output`; of a single file its own
  std::vector<ClassChange> classes;
  int64_t left_out = 0;  // boxes, by --classes
  std::vector<BoxLoss> losses;
  // Of reading the written files back and comparing them with what was to be written.
  double largest_px = 0, largest_value = 0;  // difference
  std::string where;                         // of the largest
  std::vector<std::string> warnings, notes;

  int64_t Boxes() const;
  // Nothing was lost and every number is the same.
  bool Lossless() const { return losses.empty() && largest_px == 0 && largest_value == 0; }
};

// "12 scores dropped: KITTI tracking labels has no score"
std::string DescribeLoss(const BoxLoss& loss);

std::string RenderConvertTables(const ConvertStageResult& result, TableFormat format);
// A row a sequence.
std::string RenderConvertCsv(const ConvertStageResult& result);
std::string RenderConvertJson(const ConvertStageResult& result);

}  // namespace reidbench
