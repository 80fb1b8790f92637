// Several cameras as the one sequence that tracking metrics take: one camera after the other, frame
// by frame in turn, or together on the ground.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/mot_metrics/sequence.h"
#include "reidbench/sites/site_tracks.h"

namespace reidbench {

// All rows count, whatever their mark. Frame numbers are raised by `shift`; the frame count is the
// largest number of both sides. Throws Error(kInput) for an id that is twice in a frame.
MotSequence CameraSequence(const CameraTracks& camera, int64_t shift);

// Frames of a camera are raised by the frame counts of those before, and by `offset`: ids then meet
// within a camera only, and identities must hold over all of them.
MotSequence Concatenate(std::span<const MotSequence> cameras, int64_t offset = 0);

// Frame f of camera m (from 0) of V becomes f V + m: from one frame to the next the view changes.
MotSequence Interleave(std::span<const MotSequence> cameras);

// What most scores of a site start from.
struct SiteSequences {
  std::vector<MotSequence> cameras;  // of the ground truth
  MotSequence concatenated;
  // Of results that have an id twice in a frame: then there are no sequences.
  std::optional<Error> error;
};
SiteSequences PrepareSite(const SiteTracks& site);

// By how much frames are raised so that results in frame 0 stay where they are to the ground truth.
int64_t FrameShift(const SiteTracks& site);

// Where somebody stands in a frame.
struct GroundRow {
  int64_t frame = 1;
  int64_t id = 0;
  double x = 0, y = 0;  // m
};

// Rows by frame and id; a person that several cameras see has the place that the first one says.
// Rows without a place are left out.
std::vector<GroundRow> PoolGround(std::span<const CameraTracks* const> cameras, bool truth);

// Similarity max(0, 1 - distance / 2 m), so that 0.5 is a metre. Frames from 1 alone.
MotSequence GroundSequence(std::span<const GroundRow> truth, std::span<const GroundRow> results);

// For Accumulate (mtmc_metrics/accumulator.h): pairs up to a metre apart, in frames with people.
MotSequence GroundSequenceForAccumulator(std::span<const GroundRow> truth,
                                         std::span<const GroundRow> results);

}  // namespace reidbench
