#include "reidbench/tracking/appearance.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/row_products.h"

namespace reidbench {

void UnitEmbeddings::Read(const FrameInput& input, bool needed) {
  const auto detections = static_cast<int64_t>(input.detections.size());
  const int64_t given_rows = input.embeddings.rows();
  if (detections == 0) {
    rows_ = FeatureMatrix(0, dim_);
    return;
  }
  if (given_rows == 0 && !needed && dim_ == 0) {
    without_ = true;
    return;
  }
  if (given_rows != detections || without_) {
    ThrowInput("frame {}: expected {}, found {}", input.frame.value,
               without_ ? std::string("no embeddings, as in the frames before")
                        : fmt::format("one embedding for each of {} detections", detections),
               given_rows);
  }
  const int64_t dim = input.embeddings.cols();
  if (dim_ != 0 && dim != dim_) {
    ThrowInput("frame {}: expected embeddings of {} values as before, found {}", input.frame.value,
               dim_, dim);
  }
  dim_ = dim;
  rows_ = FeatureMatrix(detections, dim);
  for (int64_t i = 0; i < detections; ++i) {
    const std::span<const float> from = input.embeddings.row(i);
    const float length = std::sqrt(Dot(from.data(), from.data(), dim));
    if (!(length > 0) || !std::isfinite(length)) {
      ThrowInput(
          "frame {}: expected embeddings of finite length > 0, found length {} for detection {}",
          input.frame.value, length, i + 1);
    }
    std::ranges::transform(from, rows_.row(i).begin(), [&](float value) { return value / length; });
  }
}

void AverageEmbedding::Blend(std::span<const float> embedding, double keep) {
  const auto old_share = static_cast<float>(keep);
  const auto new_share = static_cast<float>(1 - keep);
  for (size_t i = 0; i < mean_.size(); ++i)
    mean_[i] = old_share * mean_[i] + new_share * embedding[i];
  const float length =
      std::sqrt(Dot(mean_.data(), mean_.data(), static_cast<int64_t>(mean_.size())));
  if (!(length > 0)) return Start(embedding);  // opposite embeddings of equal weight
  for (float& value : mean_) value /= length;
}

double AverageEmbedding::Cosine(std::span<const float> embedding) const {
  return static_cast<double>(
      Dot(mean_.data(), embedding.data(), static_cast<int64_t>(mean_.size())));
}

void CosineTable::Fill(const UnitEmbeddings& embeddings, std::span<const size_t> detections,
                       std::span<const AverageEmbedding* const> averages) {
  FeatureMatrix left(static_cast<int64_t>(detections.size()), embeddings.dim());
  for (size_t i = 0; i < detections.size(); ++i)
    std::ranges::copy(embeddings.row(detections[i]), left.row(static_cast<int64_t>(i)).begin());
  FeatureMatrix right(static_cast<int64_t>(averages.size()), embeddings.dim());
  for (size_t t = 0; t < averages.size(); ++t)
    std::ranges::copy(averages[t]->mean(), right.row(static_cast<int64_t>(t)).begin());
  cosines_ = RightFactor(ViewOf(right)).LeftTimes(ViewOf(left));
}

}  // namespace reidbench
