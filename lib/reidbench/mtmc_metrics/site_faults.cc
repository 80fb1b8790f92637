#include "reidbench/mtmc_metrics/site_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "reidbench/core/statistics.h"
#include "reidbench/matching/iou.h"
#include "reidbench/mtmc_metrics/frame_index.h"

namespace reidbench {
namespace {

constexpr size_t kSampledFrames = 400;      // of a camera; enough for a mean to settle
constexpr double kClearlyBetter = 1.02;     // how much better a shift must fit to be worth a word
constexpr double kUnlikelyMetres = 10;      // between places of boxes that overlap
constexpr double kNotableSpreadMetres = 1;  // the reach of the dialects on the ground
constexpr double kSureOverlap = 0.5;        // IoU

// Evenly spread frames with people.
std::vector<int64_t> SampleFrames(const FrameIndexOfBoxes& truth) {
  const std::vector<int64_t>& all = truth.frames();
  const size_t step = std::max<size_t>(1, all.size() / kSampledFrames);
  std::vector<int64_t> frames;
  for (size_t k = 0; k < all.size(); k += step) frames.push_back(all[k]);
  return frames;
}

// Calls visit(person, the result that overlaps most or nullptr, its IoU) for people of `frames`.
template <typename Visit>
void ForEachBestOverlap(const CameraTracks& camera, const FrameIndexOfBoxes& truth,
                        const FrameIndexOfBoxes& results, const std::vector<int64_t>& frames,
                        int64_t shift, const Visit& visit) {
  for (const int64_t frame : frames) {
    const std::span<const uint32_t> candidates = results.Of(frame - shift);
    for (const uint32_t g : truth.Of(frame)) {
      const BoxCorners person = CornersOf(camera.truth[g].box);
      const SiteBox* best = nullptr;
      double best_iou = 0;
      for (const uint32_t r : candidates) {
        const double iou = Iou(person, CornersOf(camera.results[r].box));
        if (iou <= best_iou) continue;
        best_iou = iou;
        best = &camera.results[r];
      }
      visit(camera.truth[g], best, best_iou);
    }
  }
}

void FindShiftFaults(const SiteTracks& site, std::vector<SiteFault>* faults) {
  std::vector<std::pair<std::string, int64_t>> moved;
  size_t cameras = 0;
  for (const CameraTracks& camera : site.cameras) {
    const std::optional<ShiftFit> fit = FitShift(camera, 1);
    if (!fit) continue;
    ++cameras;
    if (fit->best != 0) moved.emplace_back(camera.name, fit->best);
  }
  if (moved.empty()) return;
  const bool alike =
      moved.size() == cameras && std::all_of(moved.begin(), moved.end(), [&](const auto& camera) {
        return camera.second == moved.front().second;
      });
  if (alike) {
    faults->push_back(
        {"frame_shift", "",
         fmt::format(
             "a shift of 1 frame would raise the score: the results fit best "
             "with {:+} added to their frame numbers{}",
             moved.front().second,
             site.results_from_zero ? " (they count from 0, the ground truth does not)" : "")});
    return;
  }
  for (const auto& [camera, shift] : moved) {
    faults->push_back({"frame_shift", camera,
                       fmt::format("camera {}: a shift of 1 frame would raise the score: its "
                                   "results fit best with {:+} added to their frame numbers",
                                   camera, shift)});
  }
}

void FindUnitFaults(const SiteTracks& site, std::vector<SiteFault>* faults) {
  std::vector<double> distance, ratio;
  for (const CameraTracks& camera : site.cameras) {
    const FrameIndexOfBoxes truth(camera.truth), results(camera.results);
    ForEachBestOverlap(camera, truth, results, SampleFrames(truth), 0,
                       [&](const SiteBox& person, const SiteBox* found, double iou) {
                         if (iou < kSureOverlap || !person.ground || !found->ground) return;
                         distance.push_back(std::hypot(person.ground->x - found->ground->x,
                                                       person.ground->y - found->ground->y));
                         const double length = std::hypot(person.ground->x, person.ground->y);
                         if (length > 0) {
                           ratio.push_back(std::hypot(found->ground->x, found->ground->y) / length);
                         }
                       });
  }
  if (distance.empty()) return;
  const double median = Quantile(std::move(distance), 0.5, QuantileRule::kInterpolated);
  if (median <= kUnlikelyMetres) return;
  const double scale =
      ratio.empty() ? 0 : Quantile(std::move(ratio), 0.5, QuantileRule::kInterpolated);
  std::string guess;
  for (const auto& [factor, unit] : {std::pair{100.0, "the results look like centimetres"},
                                     std::pair{0.01, "the ground truth looks like centimetres"},
                                     std::pair{1000.0, "the results look like millimetres"}}) {
    if (std::abs(scale / factor - 1) < 0.2) guess = fmt::format(": {}", unit);
  }
  faults->push_back(
      {"unit", "",
       fmt::format("places of overlapping boxes are {:.1f} m apart (median), which no detector is "
                   "wrong by{}",
                   median, guess)});
}

void FindSpreadFaults(const SiteTracks& site, std::vector<SiteFault>* faults) {
  struct Place {
    GroundPoint first;
    double spread = 0;
    int64_t cameras = 0;
  };
  // A frame and an id in one key; both are far below 2^32 in anything that a camera films, and a
  // collision would only blur a warning.
  std::unordered_map<uint64_t, Place> places;
  std::unordered_set<int64_t> frames;
  for (const CameraTracks& camera : site.cameras) {
    for (const int64_t frame : SampleFrames(FrameIndexOfBoxes(camera.truth))) frames.insert(frame);
  }
  for (const CameraTracks& camera : site.cameras) {
    for (const SiteBox& box : camera.truth) {
      if (!box.ground || frames.count(box.frame) == 0) continue;
      Place& place = places[static_cast<uint64_t>(box.frame) << 32 ^ static_cast<uint64_t>(box.id)];
      if (place.cameras++ == 0) place.first = *box.ground;
      place.spread = std::max(
          place.spread, std::hypot(box.ground->x - place.first.x, box.ground->y - place.first.y));
    }
  }
  int64_t shared = 0, spread = 0;
  double largest = 0;
  for (const auto& [key, place] : places) {
    if (place.cameras < 2) continue;
    ++shared;
    if (place.spread > kNotableSpreadMetres) ++spread;
    largest = std::max(largest, place.spread);
  }
  if (spread == 0) return;
  faults->push_back(
      {"spread", "",
       fmt::format("cameras disagree by more than a metre about where a person stands in {} of {} "
                   "frames and people looked at (at most {:.1f} m): on the ground the first "
                   "camera by name decides",
                   spread, shared, largest)});
}

}  // namespace

std::optional<ShiftFit> FitShift(const CameraTracks& camera, int64_t most_frames) {
  if (camera.truth.empty() || camera.results.empty()) return std::nullopt;
  const FrameIndexOfBoxes truth(camera.truth), results(camera.results);
  const std::vector<int64_t> frames = SampleFrames(truth);
  const auto fit_of = [&](int64_t shift) {
    double sum = 0;
    int64_t people = 0;
    ForEachBestOverlap(camera, truth, results, frames, shift,
                       [&](const SiteBox&, const SiteBox*, double iou) {
                         sum += iou;
                         ++people;
                       });
    return sum / static_cast<double>(people);
  };
  ShiftFit fit;
  fit.fit = fit.fit_unmoved = fit_of(0);
  for (int64_t size = 1; size <= most_frames; ++size) {
    for (const int64_t shift : {-size, size}) {
      const double moved = fit_of(shift);
      if (moved <= fit.fit || moved <= kClearlyBetter * fit.fit_unmoved) continue;
      fit.fit = moved;
      fit.best = shift;
    }
  }
  return fit;
}

std::vector<SiteFault> FindSiteFaults(const SiteTracks& site) {
  std::vector<SiteFault> faults;
  FindShiftFaults(site, &faults);
  FindUnitFaults(site, &faults);
  FindSpreadFaults(site, &faults);
  return faults;
}

}  // namespace reidbench
