// `reidbench compare --html`: a report page of a comparison, with pictures of its switches where
// the video's frames are at hand.
#pragma once

#include <filesystem>
#include <string>

#include "reidbench/results/compare.h"

namespace reidbench {

struct ComparePageOptions {
  std::filesystem::path frames;  // FindSequenceFrames says which layouts; empty: no pictures
  // Upper limit of all pictures together, bytes of the page. Switches that correction fixed or
  // introduced come first.
  size_t max_picture_bytes = size_t{3} << 20;
  // decisions.json of `reidbench relink`: the evidence beside each switch; empty: none.
  std::filesystem::path decisions = {};
};

// `result` must have timelines (has_timelines). Missing frames are told by a note
// in the page. Throws Error(kInput) for decisions that are not those of `reidbench relink`.
std::string RenderComparePage(const CompareStageResult& result, const ComparePageOptions& options);

// {"note": text or "", "sequences": {SEQ: {"plain": [{"before", "during", "after"} or null, ...],
// "corrected": ...}}}: the pictures alone, for pages of more than one comparison.
std::string RenderSwitchPictures(const CompareStageResult& result,
                                 const ComparePageOptions& options);

}  // namespace reidbench
