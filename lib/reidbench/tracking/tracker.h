// What every online tracker is: detections of one frame in, boxes with identities out. Trackers see
// no files; each stands in a file of its own beside this header, README.md in this folder lists
// them and shows how to add one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/config/method.h"
#include "reidbench/core/affine.h"
#include "reidbench/core/embedding_set.h"
#include "reidbench/core/tracks.h"
#include "reidbench/matching/iou.h"

namespace reidbench {

struct RgbImage;  // imaging/image.h; trackers only pass it on to what looks at pictures

// False for what trackers leave out: boxes narrower or lower than a thousandth of a pixel, and
// coordinates beyond 1e9, NaN or infinite, with which filters cannot calculate.
bool IsTrackable(const BoxLtwh& box);

// False for corners beyond 1e9, NaN or infinite: where a filter leads after absurd camera motions,
// and what a negative area or ratio gives. Such tracks end.
bool IsWithinReach(const BoxCorners& box);

struct FrameInput {
  FrameIndex frame{1};
  // Box, confidence and class of each detection; frame and id are not looked at. Boxes that are not
  // IsTrackable() are left out.
  std::span<const TrackBox> detections;
  // The rest is there for trackers whose entry says that they need it, may be there for those whose
  // entry says that they can use it, and is empty for the others.
  // [detections x d], one embedding a detection, of any length > 0.
  FeatureView embeddings;
  const RgbImage* picture = nullptr;
  // From the frame before to this one; the first frame has none.
  std::optional<Affine> affine = std::nullopt;
};

class Tracker {
 public:
  virtual ~Tracker() = default;

  // Takes the next frame. Frames ascend without gaps: a frame without detections is an empty input.
  // Returns the boxes reported for this frame in ascending order of identity (from 1), valid until
  // the next call. Throws Error(kInput) when embeddings are needed and not there.
  virtual std::span<const TrackBox> Step(const FrameInput& input) = 0;
};

// Makes a fresh tracker for each sequence; may be called from several threads.
using TrackerFactory = std::function<std::unique_ptr<Tracker>()>;

using TrackerMethod = Method<TrackerFactory>;
// Every tracker of this module: the plainest first.
const std::vector<TrackerMethod>& Trackers();

// Throws Error(kUsage) for an unknown name.
const TrackerMethod& TrackerByName(std::string_view name);
// With its published defaults.
std::unique_ptr<Tracker> MakeTracker(std::string_view name);

}  // namespace reidbench
