// Embeddings with the labels that ranking and re-linking need. Exchanged by features, models,
// retrieval and relinking.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/box.h"
#include "core/ids.h"

namespace reidbench {

// One embedding a row, so that a row is contiguous: [n x d].
using FeatureMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
// A view of consecutive rows of a FeatureMatrix or of foreign row-major storage.
using FeatureView = Eigen::Map<const FeatureMatrix>;

inline FeatureView ViewOf(const FeatureMatrix& m) {
  return FeatureView(m.data(), m.rows(), m.cols());
}

// Part of a re-ID data set that an image belongs to. Numbers are those of `/split` in a feature
// file: do not renumber.
enum class Split : uint8_t { kTrain = 0, kVal = 1, kQuery = 2, kGallery = 3, kNone = 4 };

std::string_view SplitName(Split split);  // "train", "val", "query", "gallery", "none"
std::optional<Split> ParseSplit(std::string_view name);

// Every vector has features.rows() entries, or none where the data has no such label.
struct EmbeddingSet {
  FeatureMatrix features;  // [n x d]
  std::vector<PersonId> person_id;
  std::vector<CameraId> camera_id;
  std::vector<Split> split;
  std::vector<std::string> path;
  // Crops of tracks only:
  std::vector<FrameIndex> frame;
  std::vector<TrackId> track_id;
  std::vector<BoxLtwh> box_ltwh;
};

}  // namespace reidbench
