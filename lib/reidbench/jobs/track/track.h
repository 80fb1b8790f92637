// `reidbench track`: detections -> tracks, one MOT file a sequence; with ground truth also their
// scores, and for whole grids of options the best ones, chosen with and without the sequence they
// are scored on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/results/track.h"

namespace reidbench {

struct TrackStageOptions {
  std::vector<std::filesystem::path> detections;  // FindMotBoxes says which layouts
  std::string tracker;                            // of Trackers(); empty: as the config file says
  std::filesystem::path config;      // YAML with `tracker` and its options, or a name of
                                     // configs/trackers; empty: published defaults
  std::vector<std::string> options;  // "key=value", over the config file
  std::vector<std::string> sweep;    // "key=a,b,c"; all combinations are run
  std::filesystem::path features;    // feature file or folder, for trackers with embeddings
  std::filesystem::path affines;     // camera motion: a file, or a folder of SEQ.txt
  bool ignore_scores = false;        // every detection's score is 1
  std::filesystem::path output;      // folder for SEQ.txt (in a sweep: COMBINATION/SEQ.txt), or
                                     // empty: nothing is written
  int decimals = 2;    // of the coordinates written, 0..9; 2 in the programs compared with
  bool force = false;  // overwrite
  std::vector<std::string> post;       // of PostSteps(), each applied to the tracks by itself: also
                                       // OUTPUT/STEP/SEQ.txt; not with a sweep
  std::filesystem::path ground_truth;  // score against this; empty: do not
  std::string benchmark = "MOT17";     // rules of the scores
  std::string split = "train";
  std::filesystem::path seqmap;
  std::string select = "HOTA";  // field by which options are chosen: HOTA, IDF1, MOTA, ...
};

// Runs sequences and combinations in parallel; what is written and scored does not depend on the
// number of threads. Throws Error(kUsage, kConfig, kInput, kIo) before anything is written for
// wrong options, malformed input, and files that exist already. With `check_only` everything is
// read and checked and nothing run. `progress` (may be empty) is called from one thread at a time
// with sequences done and their number.
TrackStageResult RunTrack(const TrackStageOptions& options, bool check_only,
                          const std::function<void(int64_t, int64_t)>& progress);

// Result rows "frame,id,left,top,width,height,score,-1,-1,-1" with so many decimals for the box.
std::string FormatTracks(const std::vector<TrackBox>& rows, int decimals);

// `value` as FormatTracks prints it and a reader reads it: scores are those of the written files.
double RoundedAsPrinted(double value, int decimals);

}  // namespace reidbench
