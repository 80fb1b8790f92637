// What trackers remember of how somebody looks: embeddings of length 1 of the detections of a
// frame, and their exponential moving average in a track.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reidbench/core/embedding_set.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {

// The embeddings of a frame's detections, each divided by its length.
class UnitEmbeddings {
 public:
  // Rows are the input's detections, those that are not IsTrackable() included. Without embeddings
  // (which `needed` forbids) given() is false, and stays so for the whole sequence. Throws
  // Error(kInput) for another number of rows than of detections, for a length that is not finite
  // and above 0, and where frames differ in dimension or in having embeddings at all.
  void Read(const FrameInput& input, bool needed);

  bool given() const { return dim_ > 0; }
  std::span<const float> row(size_t detection) const {
    return rows_.row(static_cast<int64_t>(detection));
  }
  int64_t dim() const { return dim_; }

 private:
  bool without_ = false;  // a frame with detections had none
  int64_t dim_ = 0;
  FeatureMatrix rows_;
};

// The appearance of a track: mean <- keep mean + (1 - keep) embedding, divided by its length (Wang
// et al., "Towards real-time multi-object tracking", ECCV 2020).
class AverageEmbedding {
 public:
  bool empty() const { return mean_.empty(); }
  void Start(std::span<const float> embedding) { mean_.assign(embedding.begin(), embedding.end()); }
  void Blend(std::span<const float> embedding, double keep);
  std::span<const float> mean() const { return mean_; }
  // Of unit vectors.
  double Cosine(std::span<const float> embedding) const;

 private:
  AlignedFloats mean_;
};

// Cosines of all pairs of detections and averages, [detections x averages], in the order of one
// dense matrix product.
class CosineTable {
 public:
  void Fill(const UnitEmbeddings& embeddings, std::span<const size_t> detections,
            std::span<const AverageEmbedding* const> averages);
  double at(size_t detection, size_t average) const {
    return static_cast<double>(
        cosines_(static_cast<int64_t>(detection), static_cast<int64_t>(average)));
  }

 private:
  FeatureMatrix cosines_;
};

}  // namespace reidbench
