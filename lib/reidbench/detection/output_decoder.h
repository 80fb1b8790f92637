// From a detector's outputs to candidates: boxes with scores, before non-maximum suppression.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "reidbench/detection/description.h"
#include "reidbench/detection/nms.h"

namespace reidbench {

struct OutputShape {
  std::string name;
  std::vector<int64_t> shape;  // with the axis of images, which is 1
};
std::string DescribeOutputs(std::span<const OutputShape> outputs);  // "'output' [1, 3549, 85]"

// What is to be seen in outputs whose description is wrong, over pictures.
struct DecodeSigns {
  int64_t pictures = 0;
  int64_t candidates = 0;  // with the least score or more
  int64_t in_unit = 0;     // of these: every number of the box, as the network gives it, is below 2
  int64_t beyond_unit = 0;  // one of them is above 4
  int64_t inverted = 0;     // end before they begin
  // Scores of people, or what they are computed from.
  int64_t scores = 0;
  double least = std::numeric_limits<double>::infinity();
  double largest = -std::numeric_limits<double>::infinity();

  void Add(const DecodeSigns& other);
};

// Throws Error(kConfig), saying which key is wrong, for boxes or scores that cannot be what the
// description says they are.
void RequirePlausible(const DecodeSigns& signs, const DetectorDescription& description);
// Sentences for what may be right: no candidate at all.
std::vector<std::string> Suspicions(const DecodeSigns& signs,
                                    const DetectorDescription& description);

class OutputDecoder {
 public:
  // Binds outputs by the description's names, or, where it has none, by what names and shapes say
  // without doubt. Throws Error(kConfig) for names that the network has not, shapes that do not fit
  // the description, and doubt; all with the outputs that there are.
  OutputDecoder(const DetectorDescription& description, std::vector<OutputShape> outputs);

  // With the names that were bound.
  const DetectorDescription& description() const { return description_; }

  // `outputs`: the numbers of each, in the order given to the constructor. Boxes in pixels of the
  // input, or of the picture where they come so. Scores are at least description.score; classes
  // are those of people, and all others where these suppress people. Throws Error(kConfig) for
  // scores outside 0..1, Error(kModel) for numbers that are not finite. Thread-safe.
  std::vector<ScoredBox> Decode(std::span<const float* const> outputs, DecodeSigns* signs) const;

 private:
  struct Matrix;  // numbers by candidate and column

  size_t IndexOf(const std::string& name) const;
  void Bind();
  void BindLevels();
  void BindParts();
  Matrix RowsOf(size_t output, int64_t rows, const char* what) const;
  [[noreturn]] void Refuse(const std::string& why) const;
  int64_t CellsOf(int stride) const;
  void CheckShapes() const;

  template <typename Scores, typename Box>
  void Collect(int64_t rows, const Scores& scores, const Box& box, std::vector<ScoredBox>* found,
               DecodeSigns* signs) const;
  void DecodeRows(std::span<const float* const> outputs, std::vector<ScoredBox>* found,
                  DecodeSigns* signs) const;
  void DecodeFinished(std::span<const float* const> outputs, std::vector<ScoredBox>* found,
                      DecodeSigns* signs) const;
  void DecodeSeparate(std::span<const float* const> outputs, std::vector<ScoredBox>* found,
                      DecodeSigns* signs) const;
  void DecodeLevels(std::span<const float* const> outputs, std::vector<ScoredBox>* found,
                    DecodeSigns* signs) const;

  DetectorDescription description_;
  std::vector<OutputShape> outputs_;
};

}  // namespace reidbench
