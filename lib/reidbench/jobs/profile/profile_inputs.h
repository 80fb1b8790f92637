// What `reidbench profile` measures on: pictures of synthetic people and finished tracks with
// embeddings, made from a seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/tracks.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

using JpegFile = std::vector<uint8_t>;

inline constexpr int kGeneratedCrops = 32;  // in turn, so that no cache holds one crop alone
inline constexpr int kTrackedFrames = 400;  // of walkers, before a tracker begins anew

struct GeneratedPictures {
  std::vector<JpegFile> crops;   // one person each, all of one size
  std::vector<JpegFile> frames;  // the hall they walk in

  double MeanBytes() const;  // of the crops, else of the frames
};

// Renders people in a hall, cuts them out of the picture, resizes to width x height px, and encodes
// as cameras do. Runs on the calling thread. `count` crops, >= 1.
GeneratedPictures MakeCrops(int width, int height, int count, uint64_t seed);
// The hall itself.
GeneratedPictures MakeFrames(int width, int height, int count, uint64_t seed);

// For handing pictures from process to process.
std::string PackPictures(const GeneratedPictures& pictures);
GeneratedPictures UnpackPictures(std::string_view packed);

// Finished tracks of walkers: lost now and then and found again under another identity.
struct GeneratedTracks {
  TrackSet tracks;
  FeatureMatrix embeddings;  // a row a box
};
GeneratedTracks MakeBrokenTracks(int people, int frames, int dim, uint64_t seed);
// What Relink takes; it points into `generated`.
RelinkInput RelinkInputOf(const GeneratedTracks& generated, double frame_rate);

}  // namespace reidbench
