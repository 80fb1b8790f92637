// Reads the sequences of a tracking benchmark as its rules want them: what the stages share that
// score results against ground truth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/tracks.h"
#include "reidbench/datasets/box_sanity.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/switches.h"

namespace reidbench {

// How the rules want files of a video of `frame_count` frames (0: not known) to be read.
MotReadOptions ReadOptionsOf(const MotBenchmark& benchmark, MotFileKind kind, int64_t frame_count);

// The frames that are scored. Throws Error(kInput) naming `file` when the video is too short for
// the part that is.
FrameRange RequireScoredFrames(const MotBenchmark& benchmark, int64_t frame_count,
                               const std::filesystem::path& file);

// All frames, not only the scored ones. Throws Error(kInput) with file:line for malformed rows, and
// when the video is too short.
TrackSet ReadGroundTruth(const MotSequenceFiles& files, const MotBenchmark& benchmark);

// What a task has to say about its sequence; thrown and printed together with those of the others.
struct SequenceMessages {
  std::vector<std::string> warnings;
  std::vector<Error> errors;
};

// Ground truth and results of one sequence, restricted to the frames that are scored. Malformed
// files are noted in the messages, so that one run names all of them.
class SequenceReader {
 public:
  // Reads the ground truth.
  SequenceReader(const MotBenchmark& benchmark, const MotSequenceFiles& files,
                 SequenceMessages* messages);

  // False when the video has no frame that is scored: then there is nothing to read.
  bool HasFrames() const { return has_frames_; }
  // Empty when its file is malformed: a bad ground truth does not keep the results from being
  // checked. A caller may reset it when the rows are not needed any more.
  std::optional<TrackSet>& truth() { return truth_; }
  std::optional<TrackSet> ReadResult(const std::filesystem::path& path);
  // Their frames are those of the video, also where results count from a part's first.
  std::optional<TrackSet> ReadDetections(const std::filesystem::path& path);
  // As seqinfo.ini says it; 0 where nothing does.
  PictureSize StatedPicture() const { return picture_.estimated ? PictureSize() : picture_; }

  // Warns where the boxes of a result, as ReadResult gave it, fit in another form than that of MOT
  // files, or match nothing.
  void Examine(const TrackSet& result, const std::filesystem::path& path) const;
  // Visibility that is none (DropUnstatedVisibility) is not looked at by FindSwitches, with a note.
  void DropUnstatedVisibility();

 private:
  std::optional<MotFile> Read(const std::filesystem::path& path);
  // Rows of a file beside the ground truth; notes where frames are counted from another number.
  std::optional<TrackSet> ReadBeside(const std::filesystem::path& path);

  const MotBenchmark& benchmark_;
  SequenceMessages* const messages_;
  MotReadOptions read_;
  int64_t video_frames_ = 0;  // 0: not known
  FrameRange range_;
  bool has_frames_ = true;
  int64_t added_to_frames_ = 0;  // of the ground truth
  std::filesystem::path truth_path_;
  std::optional<TrackSet> truth_;
  PictureSize picture_;
  TruthSample sample_;
};

// What FindSwitches wants to know: the image size of a sequence, where its seqinfo.ini tells it,
// and which rows are regions.
SwitchOptions SwitchOptionsOf(const MotSequenceFiles& files, const MotBenchmark& benchmark);

// Calls body(index, messages of that sequence) for all in parallel, the largest first so that the
// longest does not start last, and each on one thread's account: a thread that waits for a part of
// its sequence does not start another one and hold both in memory. Throws all errors as one, and
// Interrupted("interrupted while " + doing). Returns the warnings in the order of the sequences,
// each once.
std::vector<std::string> ForEachSequence(
    const std::vector<MotSequenceFiles>& sequences, const std::string& doing,
    const std::function<void(size_t, SequenceMessages*)>& body);

}  // namespace reidbench
