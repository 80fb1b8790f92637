// Which rows of a feature file are the embeddings of given boxes. A row belongs to the box of its
// frame with its coordinates (to a hundredth of a pixel), whatever the ids say: those of the file
// may be detections', or from before a correction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/features/feature_store.h"

namespace reidbench {

// The feature file of each sequence: `features` itself for a single one, or SEQ.h5 (else SEQ.npy or
// SEQ.npz) in the folder `features`. Throws Error(kIo) naming the file looked for, Error(kUsage)
// for one file and several sequences.
std::vector<std::filesystem::path> FindSequenceFeatures(const std::filesystem::path& features,
                                                        std::span<const std::string> sequences);

struct BoxRows {
  std::vector<int64_t> row;  // of each box; -1 = none
  int64_t missing = 0;       // boxes without a row
  size_t first_missing = 0;  // the first of them
};

// Of several rows with equal boxes in a frame, the one with the box's id is taken, else the first.
// Throws Error(kInput) when the file does not say which box a row belongs to.
BoxRows FindBoxRows(const FeatureFile& file, std::span<const TrackBox> boxes);

struct BoxEmbeddings {
  FeatureMatrix embeddings;
  std::vector<int64_t> row;  // in `embeddings`, of each box; -1 = none
};

// The embeddings of `boxes`, `rows` as FindBoxRows() gives them. A row with NaN or infinity throws
// Error(kInput), with `way_out` ("go on with --allow-missing") in its hint; or, with `drop_bad`,
// its box has none.
BoxEmbeddings ReadBoxEmbeddings(const FeatureFile& file, std::span<const TrackBox> boxes,
                                std::span<const int64_t> rows, bool drop_bad,
                                std::string_view way_out);

// "frame 12 box 10.00,20.00,40.00,90.00"
std::string DescribeBox(const TrackBox& box);

}  // namespace reidbench
