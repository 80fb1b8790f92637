// A street without images: people who walk through a scene, each with an appearance of their own,
// and the harm that trackers do to their tracks.
#pragma once

#include <cmath>
#include <map>
#include <vector>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/random.h"
#include "reidbench/relinking/relink.h"

namespace reidbench {

class Street {
 public:
  static constexpr int kPeople = 12;
  static constexpr int kFrames = 200;
  static constexpr int kDim = 32;
  static constexpr double kRate = 25;

  explicit Street(uint64_t seed) : rng_(seed) {
    tracks_.sequence = "street";
    tracks_.frame_count = kFrames;
    std::vector<Eigen::RowVectorXf> look;
    for (int p = 0; p < kPeople; ++p) look.push_back(RandomUnit(1));
    std::vector<Eigen::RowVectorXf> rows;
    for (int frame = 1; frame <= kFrames; ++frame) {
      for (int p = 1; p <= kPeople; ++p) {
        tracks_.boxes.push_back(
            {FrameIndex(frame),
             TrackId(p),
             {PlaceX(p, frame), 300 + 30.0 * (p / 2), 40 + 0.3 * rng_.Normal(), 100}});
        person_.push_back(p);
        rows.push_back(look[p - 1] + 0.35F * RandomUnit(1));
      }
    }
    embeddings_ = FeatureMatrix(static_cast<int64_t>(rows.size()), kDim);
    for (size_t i = 0; i < rows.size(); ++i)
      AsEigen(embeddings_).row(static_cast<int64_t>(i)) = rows[i] / rows[i].norm();
  }

  RelinkInput Input() const {
    RelinkInput input;
    input.tracks = &tracks_;
    input.embeddings = &embeddings_;
    for (size_t i = 0; i < tracks_.boxes.size(); ++i) input.embedding_row.push_back(row_of(i));
    input.frame_rate = kRate;
    input.image_width = 1280;
    input.image_height = 720;
    return input;
  }
  const TrackSet& tracks() const { return tracks_; }

  // Neighbours 2k and 2k+1 share a line on the ground and walk through each other.
  int64_t Meeting(int a, int b) const {
    int64_t best = 1;
    for (int f = 1; f <= kFrames; ++f) {
      if (std::abs(PlaceX(a, f) - PlaceX(b, f)) <
          std::abs(PlaceX(a, static_cast<int>(best)) - PlaceX(b, static_cast<int>(best)))) {
        best = f;
      }
    }
    return best;
  }

  // Person's boxes in [from, to] are missing, and it goes on as `id`.
  void Interrupt(int person, int64_t from, int64_t to, int64_t id) {
    Keep([&](size_t i) {
      if (person_[i] != person) return true;
      const int64_t frame = tracks_.boxes[i].frame.value;
      if (frame > to) tracks_.boxes[i].id = TrackId(id);
      return frame < from || frame > to;
    });
  }

  // Person hurries out over the right border before frame `from` and is back after `to` as `id`.
  void WalkOut(int person, int64_t from, int64_t to, int64_t id) {
    for (size_t i = 0; i < person_.size(); ++i) {
      if (person_[i] != person) continue;
      const int64_t frame = tracks_.boxes[i].frame.value;
      const double pace = 9;
      if (frame < from) {
        tracks_.boxes[i].box.left = 1236 - pace * static_cast<double>(from - 1 - frame);
      } else if (frame > to) {
        tracks_.boxes[i].box.left = 1236 - pace * static_cast<double>(frame - to - 1);
      }
    }
    Interrupt(person, from, to, id);
  }

  // From `frame` on the two persons' boxes bear each other's ids.
  void Exchange(int a, int b, int64_t frame) {
    std::map<std::pair<int, int64_t>, TrackId> id;
    for (size_t i = 0; i < person_.size(); ++i)
      id[{person_[i], tracks_.boxes[i].frame.value}] = tracks_.boxes[i].id;
    for (size_t i = 0; i < person_.size(); ++i) {
      const int64_t f = tracks_.boxes[i].frame.value;
      if (f < frame || (person_[i] != a && person_[i] != b)) continue;
      const auto other = id.find({person_[i] == a ? b : a, f});
      if (other != id.end()) tracks_.boxes[i].id = other->second;
    }
  }

  // Gaps, new ids and swaps at random.
  void Damage(uint64_t seed) {
    Rng rng(seed, 1);
    for (int p = 1; p + 1 < kPeople; p += 4) Exchange(p + 1, p + 2, Meeting(p + 1, p + 2));
    int64_t fresh = 100;
    for (int p = 1; p <= kPeople; ++p) {
      const auto from = static_cast<int64_t>(20 + rng.Below(150));
      Interrupt(p, from, from + static_cast<int64_t>(3 + rng.Below(25)), fresh++);
    }
  }

  void ReplaceEmbeddingsByNoise() {
    for (int64_t i = 0; i < embeddings_.size(); ++i)
      embeddings_.data()[i] = static_cast<float>(rng_.Normal());
  }

  // Share of boxes whose id is that of their person under the best majority naming.
  double Purity(const TrackSet& tracks) const {
    std::map<int64_t, std::map<int, int>> persons_of;
    std::map<int, std::map<int64_t, int>> ids_of;
    for (size_t i = 0; i < person_.size(); ++i) {
      ++persons_of[tracks.boxes[i].id.value][person_[i]];
      ++ids_of[person_[i]][tracks.boxes[i].id.value];
    }
    const auto most = [](const auto& counts) {
      auto best = counts.begin();
      for (auto c = counts.begin(); c != counts.end(); ++c) {
        if (c->second > best->second) best = c;
      }
      return best->first;
    };
    double right = 0;
    for (size_t i = 0; i < person_.size(); ++i) {
      const int64_t id = tracks.boxes[i].id.value;
      right += most(persons_of[id]) == person_[i] && most(ids_of[person_[i]]) == id;
    }
    return right / static_cast<double>(person_.size());
  }

  int64_t IdAt(const TrackSet& tracks, int person, int64_t frame) const {
    for (size_t i = 0; i < person_.size(); ++i) {
      if (person_[i] == person && tracks.boxes[i].frame.value == frame)
        return tracks.boxes[i].id.value;
    }
    return -1;
  }

 private:
  double PlaceX(int person, int frame) const {
    const double pace = 2.5 + 0.2 * person;
    return person % 2 == 0 ? 200 + 12 * person + pace * frame
                           : 200 + pace * kFrames - 12 * person - pace * frame + 40;
  }

  Eigen::RowVectorXf RandomUnit(float length) {
    Eigen::RowVectorXf v(kDim);
    for (int k = 0; k < kDim; ++k) v[k] = static_cast<float>(rng_.Normal());
    return v * (length / v.norm());
  }

  int64_t row_of(size_t i) const { return row_.empty() ? static_cast<int64_t>(i) : row_[i]; }

  template <typename Wanted>
  void Keep(const Wanted& wanted) {
    std::vector<TrackBox> boxes;
    std::vector<int> person;
    std::vector<int64_t> row;
    for (size_t i = 0; i < person_.size(); ++i) {
      const bool keep = wanted(i);
      if (!keep) continue;
      boxes.push_back(tracks_.boxes[i]);
      person.push_back(person_[i]);
      row.push_back(row_of(i));
    }
    tracks_.boxes = boxes;
    person_ = person;
    row_ = row;
  }

  Rng rng_;
  TrackSet tracks_;
  FeatureMatrix embeddings_;
  std::vector<int> person_;   // of each box
  std::vector<int64_t> row_;  // of each box; empty = its place
};

}  // namespace reidbench
