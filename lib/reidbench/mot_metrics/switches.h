// Why did an identity switch happen? Lists the switches that CLEAR counts, gives each one cause,
// and says which of them a corrected run fixed, kept or introduced. README.md of this folder
// defines the causes, with an example of each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

// In the order in which they are looked for: the first that applies is the cause.
enum class SwitchCause {
  kDuplicate,  // both ids lie on the person at once
  kSwapped,    // the new id comes from another person, or the old one went to another person
  kLeft,       // the person was out of the picture in between
  kOccluded,   // something hid the person
  kMissed,     // the person was visible and no tracker box was on it
  kRenamed,    // the person was visible and found in every frame
};
inline constexpr int kSwitchCauses = 6;
std::string_view SwitchCauseName(SwitchCause cause);  // "duplicate", "swapped", ...

struct IdSwitch {
  int64_t last_frame = 0;  // of the last match before, with old_track
  int64_t frame = 0;       // of the match with new_track
  int64_t gt_id = 0;       // ids as in the files
  int64_t old_track = 0;
  int64_t new_track = 0;
  SwitchCause cause = SwitchCause::kRenamed;
  double hidden_share = 0;    // largest over last_frame..frame, 0..1
  int64_t absent_frames = 0;  // between, in which the person is not annotated or out of the image
  // Who hides the person where it is hidden most (kOccluded only); nullopt when no annotated box
  // does, as with hiding that only the visibility column tells.
  std::optional<int64_t> occluder_gt;
  std::optional<int64_t> occluder_track;  // the id on that person in that frame
  std::optional<int64_t> other_gt;        // the other person of kSwapped
  BoxLtwh gt_box_before;                  // of the person in last_frame and in frame
  BoxLtwh gt_box_after;
  BoxLtwh old_box;  // of old_track in last_frame, of new_track in frame
  BoxLtwh new_box;

  int64_t gap_frames() const { return frame - last_frame; }  // 1: the very next frame
};

struct SwitchOptions {
  // Share of the person's box that must be hidden for kOccluded, 0..1. Half: below it detectors
  // still find most people.
  double least_hidden = 0.5;
  int image_width = 0;  // px; 0 = not known: nothing counts as out of the image
  int image_height = 0;
  std::vector<int32_t> region_classes;  // of ground truth rows that are areas: they hide nobody

  std::vector<std::string> Validate() const;
};

// Every switch of CountClear(sequence), by frame, in a frame in the order of the ground truth file:
// their number is its id_switches. `ground_truth` and `results` are what `sequence` was prepared
// from.
std::vector<IdSwitch> FindSwitches(const MotSequence& sequence, const TrackSet& ground_truth,
                                   const TrackSet& results, const SwitchOptions& options);

using SwitchCounts = std::array<int64_t, kSwitchCauses>;  // by cause
SwitchCounts CountByCause(const std::vector<IdSwitch>& switches);

// Two runs of one sequence. A switch of the plain and one of the corrected run are the same event
// when they are of one ground truth id and their spans (last_frame, frame] are equal or, among
// those left over, intersect; each has at most one partner, earliest first.
enum class SwitchStatus {
  kFixed,       // plain only
  kRemaining,   // both
  kIntroduced,  // corrected only
};
std::string_view SwitchStatusName(SwitchStatus status);

struct SwitchComparison {
  std::vector<SwitchStatus> plain;      // of each: kFixed or kRemaining
  std::vector<SwitchStatus> corrected;  // of each: kRemaining or kIntroduced
  int64_t fixed = 0, remaining = 0, introduced = 0;
};
SwitchComparison CompareSwitches(const std::vector<IdSwitch>& plain,
                                 const std::vector<IdSwitch>& corrected);

// Which id was on a person when, by CLEAR's matches: runs of consecutive frames of one id.
struct IdentityRun {
  int64_t first_frame = 0;
  int64_t last_frame = 0;
  int64_t track = 0;

  friend bool operator==(const IdentityRun&, const IdentityRun&) = default;
};
struct IdentityTimeline {
  int64_t gt_id = 0;
  std::vector<IdentityRun> present;  // of the scored ground truth; .track is gt_id
  std::vector<IdentityRun> matched;
};
// By ground truth id, ascending.
std::vector<IdentityTimeline> IdentityTimelines(const MotSequence& sequence);

}  // namespace reidbench
