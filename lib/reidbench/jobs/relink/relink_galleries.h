// Crops of identities as folders, before and after a correction: OUTPUT/before/ID/FRAME.jpg and
// OUTPUT/after/ID/FRAME.jpg. What a person looks through to see whether an identity is one person.
#pragma once

#include <cstdint>
#include <filesystem>

#include "reidbench/core/tracks.h"

namespace reidbench {

struct GalleryOptions {
  std::filesystem::path output;  // created; its before/ and after/ belong to the galleries
  std::filesystem::path frames;  // folder of the sequence, or of its frames (FrameFolder)
  int crops_per_id = 50;         // evenly over the identity's boxes in time, >= 0; 0 = all
};

// Refuses to overwrite without `force`, and ever what galleries would not have written. Throws
// Error(kUsage).
void CheckGalleryOutput(const GalleryOptions& options, bool force);

// Throws Error(kIo) for frames that have boxes and no image, and what FrameFolder throws.
void CheckGalleryFrames(const TrackSet& tracks, const GalleryOptions& options);

// `before` and `after` have the same boxes. Frames are decoded once and in parallel; a folder is
// complete or absent, and replaces an earlier one. Returns the number of files; boxes without a
// pixel inside the image have none. Throws Error(kInput) for corrupt images, Error(kIo).
int64_t SaveGalleries(const TrackSet& before, const TrackSet& after, const GalleryOptions& options);

}  // namespace reidbench
