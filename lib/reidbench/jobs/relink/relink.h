// `reidbench relink`: tracks and the embeddings of their boxes -> the same boxes with corrected
// identities, a log of every decision, and, when asked for, interpolated gaps, galleries of crops
// as folders, and with ground truth what each decision was worth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "reidbench/relinking/relink.h"
#include "reidbench/results/relink.h"

namespace reidbench {

struct RelinkStageOptions {
  std::vector<std::filesystem::path> tracks;  // result files, or a folder with SEQ.txt
  std::filesystem::path features;   // feature file, or a folder with SEQ.h5; empty only with
                                    // allow_missing: motion alone
  std::filesystem::path sequences;  // folder of sequences whose seqinfo.ini say frame rate and size
  double frame_rate = 0;            // frames/s, over those; 0 = as they say, else 25
  std::string method;               // of Corrections(); empty: as the config file says, else the
                                    // first
  std::filesystem::path config;     // YAML with `method` and its options, or a name of
                                    // configs/relinking
  std::vector<std::string> options;    // "key=value", over the config file
  bool allow_missing = false;          // boxes without (finite) embedding are no error
  int interpolate = 0;                 // fill gaps of at most so many frames; 0 = none
  std::filesystem::path output;        // folder; empty: nothing is written
  bool force = false;                  // overwrite
  std::filesystem::path ground_truth;  // judge by this; empty: do not
  std::string benchmark = "MOT17";
  std::string split = "train";
  std::filesystem::path seqmap;
  std::filesystem::path galleries;  // folder for crops by identity; empty: none
  std::filesystem::path frames;     // of the galleries: a sequence, folder of frames, or folder of
                                    // sequences
  int gallery_crops = 50;           // most crops of one identity, evenly over its time; 0 = all
};

// Writes OUTPUT/SEQ.txt (the rows of the input byte for byte but for the id), OUTPUT/decisions.csv
// and .json; with interpolate also OUTPUT/interpolated/SEQ.txt and OUTPUT/interpolation.csv.
// Sequences in parallel; what is written does not depend on the number of threads. Throws
// Error(kUsage, kConfig, kInput, kIo) before anything is written for wrong options, malformed
// input, embeddings that do not belong to the tracks, and files that exist already. With
// `check_only` files and options are checked and nothing is run. `progress` (may be empty) is
// called from one thread at a time with sequences done and their number.
RelinkStageResult RunRelink(const RelinkStageOptions& options, bool check_only,
                            const std::function<void(int64_t, int64_t)>& progress);

}  // namespace reidbench
