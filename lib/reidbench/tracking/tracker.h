// What every online tracker is: detections of one frame in, boxes with identities out. Trackers see
// no files; SORT, ByteTrack, OC-SORT and DeepSORT stand beside this header, README.md in this
// folder shows how to add one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/reader.h"
#include "reidbench/core/embedding_set.h"
#include "reidbench/core/tracks.h"

namespace reidbench {

// False for what trackers leave out: boxes narrower or lower than a thousandth of a pixel, and
// coordinates beyond 1e9, NaN or infinite, with which filters cannot calculate.
bool IsTrackable(const BoxLtwh& box);

struct FrameInput {
  FrameIndex frame{1};
  // Box, confidence and class of each detection; frame and id are not looked at. Boxes that are not
  // IsTrackable() are left out.
  std::span<const TrackBox> detections;
  // [detections x d], one embedding a detection, of any length > 0. Only trackers that say so in
  // NeedsEmbeddings() look at it; no rows otherwise.
  FeatureView embeddings{nullptr, 0, 0};
};

class Tracker {
 public:
  virtual ~Tracker() = default;

  // Takes the next frame. Frames ascend without gaps: a frame without detections is an empty input.
  // Returns the boxes reported for this frame in ascending order of identity (from 1), valid until
  // the next call. Throws Error(kInput) when embeddings are needed and not there.
  virtual std::span<const TrackBox> Step(const FrameInput& input) = 0;

  virtual bool NeedsEmbeddings() const { return false; }
};

// Makes a fresh tracker for each sequence; may be called from several threads.
using TrackerFactory = std::function<std::unique_ptr<Tracker>()>;

// "sort", "bytetrack", ...: every tracker of this module.
std::vector<std::string> TrackerNames();

// Reads the options of tracker `name` from a section such as configs/trackers/<name>.yaml holds;
// absent keys keep the published defaults. Errors in the section are collected by the reader: call
// its Finish() before using the factory. Throws Error(kUsage) for an unknown name.
TrackerFactory ReadTracker(std::string_view name, ConfigReader* section);

// Tracker `name` with its published defaults. Throws Error(kUsage) for an unknown name.
std::unique_ptr<Tracker> MakeTracker(std::string_view name);

}  // namespace reidbench
