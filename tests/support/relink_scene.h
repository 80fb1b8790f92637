// Small tracks with embeddings of people that can be told apart, for tests of correction: a person
// has a direction of their own, give or take a little that differs from box to box.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/random.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

class RelinkScene {
 public:
  static constexpr int kDim = 32;

  // Person `person` as track `id` in frames first..last, walking in lane `person`.
  void Add(int64_t id, int person, int64_t first, int64_t last) {
    for (int64_t f = first; f <= last; ++f) {
      tracks.boxes.push_back({FrameIndex(f),
                              TrackId(id),
                              {20.0 * static_cast<double>(f), 150.0 * person, 40, 100},
                              0.5});
      persons.push_back(person);
    }
    tracks.frame_count = std::max(tracks.frame_count, last);
  }

  // Embeddings of all boxes so far, a row a box. `noise` is the length of what differs from box to
  // box, against 1 of what is the person's.
  RelinkInput Input(double noise = 0.2) {
    embeddings = FeatureMatrix(static_cast<int64_t>(persons.size()), kDim);
    Rng rng(7);
    const auto direction = [](Rng* random) {
      Eigen::RowVectorXf v(kDim);
      for (float& value : v) value = static_cast<float>(random->Normal());
      return Eigen::RowVectorXf(v.normalized());
    };
    for (int64_t i = 0; i < embeddings.rows(); ++i) {
      Rng own(static_cast<uint64_t>(100 + persons[static_cast<size_t>(i)]));
      AsEigen(embeddings).row(i) =
          (direction(&own) + static_cast<float>(noise) * direction(&rng)).normalized();
    }
    RelinkInput input;
    input.tracks = &tracks;
    input.embeddings = &embeddings;
    for (size_t i = 0; i < persons.size(); ++i)
      input.embedding_row.push_back(static_cast<int64_t>(i));
    input.frame_rate = 10;
    return input;
  }

  // The identity in `result` of track `id` in frame `frame`.
  int64_t IdAt(const TrackSet& result, int64_t id, int64_t frame) const {
    for (size_t i = 0; i < tracks.boxes.size(); ++i) {
      if (tracks.boxes[i].id.value == id && tracks.boxes[i].frame.value == frame)
        return result.boxes[i].id.value;
    }
    return -1;
  }

  // Track numbers in the order of first appearance: equal for equal partitions of the boxes.
  static std::vector<int64_t> Partition(const TrackSet& set) {
    std::vector<int64_t> ids;
    std::vector<int64_t> known;
    for (const TrackBox& box : set.boxes) {
      auto at = std::find(known.begin(), known.end(), box.id.value);
      if (at == known.end()) at = known.insert(known.end(), box.id.value);
      ids.push_back(at - known.begin());
    }
    return ids;
  }

  TrackSet tracks{"S", 0, {}};
  std::vector<int> persons;  // of each box
  FeatureMatrix embeddings;
};

}  // namespace reidbench
