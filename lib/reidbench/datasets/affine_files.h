// The motion of a camera as text: a line a frame, the frame and the 2x3 matrix that maps points of
// the frame before to this one, row by row, separated by spaces, tabs or commas. Frame 1 may be
// left out: nothing comes before it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reidbench/core/affine.h"

namespace reidbench {

// Entry f - 1 leads into frame f; empty: no motion is known.
using AffineTrack = std::vector<Affine>;

// The file of each sequence: `affines` itself for a single one, or SEQ.txt in the folder `affines`.
// Throws Error(kIo) naming the file looked for, Error(kUsage) for one file and several sequences.
std::vector<std::filesystem::path> FindAffineFiles(const std::filesystem::path& affines,
                                                   std::span<const std::string> sequences);

// One matrix for each of `frame_count` frames. Throws Error(kIo) when the file cannot be read and
// Error(kInput) with file:line for malformed rows, and for frames that are missing, given twice or
// beyond the sequence, which are those of another one.
AffineTrack ReadAffines(const std::filesystem::path& path, int64_t frame_count);

// The motion into `frame`; nullopt for the first one and where no motion is known.
std::optional<Affine> MotionInto(const AffineTrack& motion, int64_t frame);

}  // namespace reidbench
