#include "reidbench/tracking/tracker.h"

#include <cmath>

#include "reidbench/tracking/boosttrack.h"
#include "reidbench/tracking/botsort.h"
#include "reidbench/tracking/bytetrack.h"
#include "reidbench/tracking/deepocsort.h"
#include "reidbench/tracking/deepsort.h"
#include "reidbench/tracking/hybridsort.h"
#include "reidbench/tracking/ocsort.h"
#include "reidbench/tracking/sort.h"
#include "reidbench/tracking/strongsort.h"

namespace reidbench {

namespace {

constexpr double kLargestCoordinate = 1e9;

}  // namespace

bool IsTrackable(const BoxLtwh& box) {
  constexpr double kLeastSide = 1e-3;
  // Written so that NaN fails.
  return std::abs(box.left) <= kLargestCoordinate && std::abs(box.top) <= kLargestCoordinate &&
         box.width >= kLeastSide && box.width <= kLargestCoordinate && box.height >= kLeastSide &&
         box.height <= kLargestCoordinate;
}

bool IsWithinReach(const BoxCorners& box) {
  return std::abs(box.left) <= kLargestCoordinate && std::abs(box.top) <= kLargestCoordinate &&
         std::abs(box.right) <= kLargestCoordinate && std::abs(box.bottom) <= kLargestCoordinate;
}

const std::vector<TrackerMethod>& Trackers() {
  // A new tracker adds its entry here.
  static const std::vector<TrackerMethod> trackers = {
      MakeMethod<SortOptions, TrackerFactory>("sort", "Kalman filter and IoU (Bewley et al., 2016)",
                                              {}, MakeSort),
      MakeMethod<ByteTrackOptions, TrackerFactory>("bytetrack",
                                                   "two associations by score (Zhang et al., 2022)",
                                                   {.unit_scores = true}, MakeByteTrack),
      MakeMethod<OcSortOptions, TrackerFactory>(
          "ocsort", "direction, last observation, filter re-run over gaps (Cao et al., 2023)",
          {.unit_scores = true}, MakeOcSort),
      MakeMethod<DeepSortOptions, TrackerFactory>("deepsort",
                                                  "appearance, then IoU (Wojke et al., 2017)",
                                                  {.embeddings = true}, MakeDeepSort),
      MakeMethod<BotSortOptions, TrackerFactory>(
          "botsort", "ByteTrack with camera motion and appearance (Aharon et al., 2022)",
          {.unit_scores = true, .can_use_embeddings = true, .can_use_affines = true}, MakeBotSort),
      MakeMethod<StrongSortOptions, TrackerFactory>(
          "strongsort", "DeepSORT with a moving average of embeddings (Du et al., 2023)",
          {.unit_scores = true, .can_use_embeddings = true, .can_use_affines = true},
          MakeStrongSort),
      MakeMethod<DeepOcSortOptions, TrackerFactory>(
          "deepocsort", "OC-SORT with appearance and camera motion (Maggiolino et al., 2023)",
          {.unit_scores = true, .can_use_embeddings = true, .can_use_affines = true},
          MakeDeepOcSort),
      MakeMethod<HybridSortOptions, TrackerFactory>(
          "hybridsort", "OC-SORT with weak cues: scores, heights, corners (Yang et al., 2024)",
          {.unit_scores = true, .can_use_embeddings = true, .can_use_affines = true},
          MakeHybridSort),
      MakeMethod<BoostTrackOptions, TrackerFactory>(
          "boosttrack", "BoostTrack++: scores raised by similarity (Stanojevic et al., 2024)",
          {.unit_scores = true, .can_use_embeddings = true, .can_use_affines = true},
          MakeBoostTrack),
  };
  return trackers;
}

const TrackerMethod& TrackerByName(std::string_view name) {
  return MethodByName(Trackers(), "tracker", name);
}

std::unique_ptr<Tracker> MakeTracker(std::string_view name) {
  const ConfigNode nothing;
  ConfigReader section(nothing);
  return TrackerByName(name).read(&section)();
}

}  // namespace reidbench
