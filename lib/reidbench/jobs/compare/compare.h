// `reidbench compare`: what did correcting identities win? Plain against corrected tracks, per
// sequence and COMBINED: scores with paired intervals, the ceilings of perfect correction, identity
// switches by cause and which of them were fixed or introduced, and ablation rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/bootstrap.h"
#include "reidbench/results/compare.h"

namespace reidbench {

struct CompareStageOptions {
  std::filesystem::path ground_truth;  // datasets/mot_layout.h says which layouts
  std::filesystem::path plain;         // one tracker's folder or file
  std::filesystem::path corrected;     // the same boxes with other ids
  std::vector<std::string> ablation;   // "NAME=PATH", in the order of the steps
  // The corrected tracks with gaps filled, which is booked as a step of its own after them. Empty:
  // none.
  std::filesystem::path interpolated;
  std::string benchmark = "MOT17";  // a name of configs/protocols or a YAML file
  std::string split = "train";      // of TrackEval's layout
  std::filesystem::path seqmap;
  bool preprocess = true;           // false: TrackEval's DO_PREPROC False
  bool allow_interpolated = false;  // corrected runs may have boxes that the plain one has not
  bool timelines = false;           // keep which id was on whom when
  // What is resampled: blocks of so many frames, or 0 = whole sequences. Not given: sequences when
  // there are at least kSequencesToResample, else blocks of DefaultBlockFrames.
  std::optional<int64_t> block_frames;
  MotBootstrapOptions bootstrap;  // .fields are kComparedFields, whatever they are set to
};

// With fewer sequences an exact permutation test cannot go below p = 2/2^5.
inline constexpr size_t kSequencesToResample = 6;
// 50 frames, two seconds of usual video: longer than most occlusions, so that blocks are nearly
// independent; a tenth of the video where that is shorter.
int64_t DefaultBlockFrames(int64_t frame_count);

// Sequences in parallel, one a thread in memory; the result does not depend on the number of
// threads. Throws Error(kInput) for malformed files and for runs whose boxes differ, naming the
// first box that does; Error(kIo) for missing sequences; Error(kUsage). With `check_only` all files
// are read and their boxes compared, and nothing is scored.
CompareStageResult RunCompare(const CompareStageOptions& options, bool check_only = false);

}  // namespace reidbench
