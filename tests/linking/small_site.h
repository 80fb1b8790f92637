// Tracklets of a few people on one ground, as several cameras would see them.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "reidbench/core/random.h"
#include "reidbench/linking/linking.h"

namespace reidbench {

struct SmallSite {
  static constexpr int kDim = 32;

  SiteLinkInput input;
  std::vector<int64_t> person;  // of each tracklet
  Rng rng{11};
  double look_noise = 0.35;  // of a tracklet's gallery, against 1
  double place_noise = 0.1;  // m

  explicit SmallSite(int32_t cameras) {
    for (int32_t c = 0; c < cameras; ++c) input.cameras.push_back("c" + std::to_string(c + 1));
    input.sums.resize(0, kDim);
  }

  std::vector<float> Look(int64_t id) const {
    std::vector<float> look(kDim);
    Rng own(77, static_cast<uint64_t>(id));
    double sum = 0;
    for (float& value : look) {
      value = static_cast<float>(own.Normal());
      sum += static_cast<double>(value) * value;
    }
    for (float& value : look) value /= static_cast<float>(std::sqrt(sum));
    return look;
  }

  // `place(t)` in metres; empty: the camera knows no places. `late_s`: of the camera's clock.
  void Add(int64_t id, int32_t camera, double first_s, double last_s,
           const std::function<std::pair<double, double>(double)>& place, double late_s = 0) {
    SiteTracklet tracklet;
    tracklet.camera = camera;
    tracklet.track = static_cast<int64_t>(person.size()) + 1;
    tracklet.first_s = first_s;
    tracklet.last_s = last_s;
    tracklet.first_frame = std::llround(first_s * 10) + 1;
    tracklet.last_frame = std::llround(last_s * 10) + 1;
    tracklet.runs = {{tracklet.first_frame, tracklet.last_frame}};
    tracklet.clean_s = last_s - first_s;
    if (place) {
      for (auto cell = static_cast<int64_t>(std::ceil(first_s / kCell_s)); cell * kCell_s < last_s;
           ++cell) {
        const auto [x, y] = place((static_cast<double>(cell) + 0.5) * kCell_s + late_s);
        tracklet.trail.push_back({cell, static_cast<float>(x + place_noise * rng.Normal()),
                                  static_cast<float>(y + place_noise * rng.Normal()), 0.15F});
      }
      const auto end = [&](bool tail) {
        const TrailPoint& p = tail ? tracklet.trail.back() : tracklet.trail.front();
        const auto [x0, y0] = place(static_cast<double>(p.cell) * kCell_s);
        const auto [x1, y1] = place(static_cast<double>(p.cell + 5) * kCell_s);
        return GroundMotion{p.x, p.y, (x1 - x0) / (5 * kCell_s), (y1 - y0) / (5 * kCell_s), 0.15};
      };
      tracklet.head = end(false);
      tracklet.tail = end(true);
    }
    const std::vector<float> look = Look(id);
    input.sums.conservativeResize(input.sums.rows() + 1, kDim);
    for (int k = 0; k < kDim; ++k) {
      input.sums(input.sums.rows() - 1, k) =
          look[static_cast<size_t>(k)] +
          static_cast<float>(look_noise * rng.Normal() / std::sqrt(static_cast<double>(kDim)));
    }
    input.tracklets.push_back(std::move(tracklet));
    person.push_back(id);
  }

  // People who walk in circles of their own round the middle of a square of 12 m.
  static std::function<std::pair<double, double>(double)> Circle(int64_t id) {
    return [id](double t) {
      const double phase = 2.4 * static_cast<double>(id);
      const double radius = 1.5 + 0.55 * static_cast<double>(id % 8);
      const double angle = phase + (id % 2 == 0 ? 1 : -1) * 1.2 * t / radius;
      return std::pair(radius * std::cos(angle), radius * std::sin(angle));
    };
  }

  // Every camera sees everybody, in tracklets of `long_s`.
  void Crowd(int64_t people, int32_t cameras, double seconds, double long_s, double late_s = 0) {
    for (int32_t c = 0; c < cameras; ++c) {
      for (int64_t id = 0; id < people; ++id) {
        for (double t = 0.3 * static_cast<double>(c); t + long_s < seconds; t += long_s + 1)
          Add(id, c, t, t + long_s, Circle(id), c == 1 ? late_s : 0);
      }
    }
  }

  // Rooms in a row: everybody goes through all of them, `gap_s` between.
  void Corridor(int64_t people, int32_t cameras, double every_s, double stay_s, double gap_s) {
    for (int64_t id = 0; id < people; ++id) {
      double t = every_s * static_cast<double>(id);
      for (int32_t c = 0; c < cameras; ++c) {
        Add(id, c, t, t + stay_s, nullptr);
        t += stay_s + gap_s + rng.Uniform(-1, 1);
      }
    }
  }
};

// Of links taken: right and wrong.
inline std::pair<int, int> CountLinks(const SmallSite& site, const SiteLinkResult& result) {
  int right = 0, wrong = 0;
  for (const LinkDecision& d : result.decisions) {
    if (!d.accepted) continue;
    ++(site.person[static_cast<size_t>(d.before)] == site.person[static_cast<size_t>(d.after)]
           ? right
           : wrong);
  }
  return {right, wrong};
}

}  // namespace reidbench
