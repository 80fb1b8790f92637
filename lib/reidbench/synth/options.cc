#include "reidbench/synth/options.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

// Shoulder to shoulder people no longer walk (Weidmann, 1993: speed falls to zero at 5.4 people a
// square metre); above this, pictures show heads only.
constexpr double kMostDense = 1.5;

constexpr SynthKnob Real(const char* name, const char* group, double SynthOptions::*field,
                         double low, double high, const char* help) {
  return {name, group, field, nullptr, low, high, help};
}
constexpr SynthKnob Whole(const char* name, const char* group, int SynthOptions::*field, double low,
                          double high, const char* help) {
  return {name, group, nullptr, field, low, high, help};
}

using O = SynthOptions;
constexpr SynthKnob kKnobs[] = {
    Real("hall_width_m", "Hall", &O::hall_width_m, 5, 200, "Length of the hall along x, m"),
    Real("hall_depth_m", "Hall", &O::hall_depth_m, 2, 200, "Length of the hall along y, m"),
    Whole("entrances", "Hall", &O::entrances, 1, 12, "Doors through which people come and go"),
    Real("density", "People", &O::density, 0.002, kMostDense, "People per m2 of the hall"),
    Whole("people", "People", &O::people, 0, 5000, "People at a time instead of density; 0 = off"),
    Real("speed_mps", "People", &O::speed_mps, 0.3, 2.5, "Mean walking speed, m/s"),
    Real("crossing_rate", "People", &O::crossing_rate, 0, 1,
         "Share of trips across the flow and through the middle"),
    Real("groups", "People", &O::groups, 0, 1, "Share of people who walk in twos to fours"),
    Real("shop_visits", "People", &O::shop_visits, 0, 1,
         "Share of trips that stop at, or vanish into, a shop"),
    Real("queue_share", "People", &O::queue_share, 0, 1, "Share of trips that queue"),
    Real("service_s", "People", &O::service_s, 0.5, 120, "Mean time at the counter, s"),
    Real("reentry", "People", &O::reentry, 0, 1, "Share of leavers who come back"),
    Real("reentry_gap_s", "People", &O::reentry_gap_s, 0.5, 3600, "Mean time away, s"),
    Whole("staff", "People", &O::staff, 0, 20, "People who never leave their place (class 7)"),
    Whole("mannequins", "People", &O::mannequins, 0, 20, "Dummies (class 8)"),
    Real("hard_negatives", "People", &O::hard_negatives, 0, 1,
         "Share of people dressed nearly as somebody else"),
    Whole("cameras", "Cameras", &O::cameras, 1, 16, "Cameras"),
    Real("overlap", "Cameras", &O::overlap, 0, 1,
         "0: each camera watches its own part of the hall; 1: all the middle"),
    Whole("areas", "Cameras", &O::areas, 0, 16,
          "Parts of the hall that cameras share in turn, unseen ground between; 0 = as overlap"),
    Real("occlusion", "Cameras", &O::occlusion, 0, 1,
         "0: bare floor, high cameras; 1: many obstacles, cameras at head height"),
    Real("camera_height_m", "Cameras", &O::camera_height_m, 0.5, 15,
         "Height of the cameras at occlusion 0.5, m"),
    Real("camera_variation", "Cameras", &O::camera_variation, 0, 2,
         "How much exposure, colour, blur and noise differ"),
    Whole("image_width", "Cameras", &O::image_width, 160, 4096, "px"),
    Whole("image_height", "Cameras", &O::image_height, 120, 4096, "px"),
    Whole("frames", "Cameras", &O::frames, 1, 10'000'000,
          "Frames of the first camera; the others watch as long"),
    Real("clock_offset_s", "Cameras", &O::clock_offset_s, 0, 60,
         "Most that a camera starts after the first, s"),
    Real("clock_drift_ppm", "Cameras", &O::clock_drift_ppm, 0, 2000,
         "Most that a camera's clock runs fast or slow, millionths"),
    Real("calibration_error", "Cameras", &O::calibration_error, 0, 0.5,
         "How wrong the last camera's told calibration is, share of its distances"),
    Real("miss_rate", "Detector", &O::miss_rate, 0, 1, "Share of clear people missed at random"),
    Real("false_positives", "Detector", &O::false_positives, 0, 50, "Boxes of nobody, per frame"),
    Real("jitter", "Detector", &O::jitter, 0, 0.5, "Error of box edges, of the box's size"),
    Whole("reid_identities", "Re-ID set", &O::reid_identities, 0, 4000,
          "Persons of the re-ID set; 0 = no set"),
    Whole("reid_images", "Re-ID set", &O::reid_images, 2, 50, "Images of a person by each camera"),
    Real("reid_train", "Re-ID set", &O::reid_train, 0, 1, "Share of persons for training"),
};

}  // namespace

double SynthKnob::Get(const SynthOptions& options) const {
  return real != nullptr ? options.*real : static_cast<double>(options.*whole);
}

void SynthKnob::Set(SynthOptions* options, double value) const {
  if (real != nullptr) {
    options->*real = value;
  } else {
    options->*whole = static_cast<int>(std::clamp(value, -2e9, 2e9));
  }
}

std::span<const SynthKnob> SynthKnobs() { return kKnobs; }

int SynthDoorsOfWall(double length_m) { return std::max(0, static_cast<int>((length_m - 1) / 4)); }

std::vector<std::string> SynthScenes() { return {"corridor", "mall", "queue", "airport"}; }

SynthOptions SynthSceneDefaults(const std::string& scene) {
  const std::vector<std::string> scenes = SynthScenes();
  if (std::find(scenes.begin(), scenes.end(), scene) == scenes.end())
    ThrowUsage("scene: unknown '{}'{}", scene, SuggestName(scene, scenes));
  SynthOptions options;
  options.scene = scene;
  if (scene == "corridor") {
    options.hall_width_m = 32;
    options.hall_depth_m = 6;
    options.density = 0.12;
    options.shop_visits = 0.1;
    options.staff = 0;
    options.mannequins = 0;
    options.camera_height_m = 3.6;
  } else if (scene == "queue") {
    options.hall_width_m = 20;
    options.hall_depth_m = 13;
    options.entrances = 3;
    options.density = 0.11;
    options.crossing_rate = 0.4;
    options.shop_visits = 0.1;
    options.queue_share = 0.6;
    options.mannequins = 0;
  } else if (scene == "airport") {
    options.hall_width_m = 36;
    options.hall_depth_m = 20;
    options.entrances = 6;
    options.density = 0.07;
    options.crossing_rate = 0.6;
    options.groups = 0.4;
    options.queue_share = 0.25;
    options.staff = 3;
    options.camera_height_m = 5;
  }
  return options;
}

int SynthOptions::PeopleAtATime() const {
  if (people > 0) return people;
  return std::max(1, static_cast<int>(std::lround(density * Area())));
}

double SynthOptions::FrameRate(int camera_index) const {
  return frame_rate.size() == 1 ? frame_rate.front()
                                : frame_rate[static_cast<size_t>(camera_index)];
}

std::vector<std::string> SynthOptions::Validate() const {
  std::vector<std::string> broken;
  const auto add = [&]<typename... Args>(fmt::format_string<Args...> format, Args&&... args) {
    broken.push_back(fmt::format(format, std::forward<Args>(args)...));
  };
  const std::vector<std::string> scenes = SynthScenes();
  if (std::find(scenes.begin(), scenes.end(), scene) == scenes.end())
    add("scene: unknown '{}'{}", scene, SuggestName(scene, scenes));
  for (const SynthKnob& knob : kKnobs) {
    const double value = knob.Get(*this);
    if (!(value >= knob.low && value <= knob.high)) {
      const std::string name = knob.name;
      const char* rule = name == "camera_height_m" && value <= 0
                             ? " (a camera must hang above the ground)"
                         : name == "entrances" && value < 1 ? " (people must come from somewhere)"
                                                            : "";
      add("{}: expected {}..{}{}, found {}", name, knob.low, knob.high, rule, value);
    }
  }
  if (frame_rate.empty() ||
      (frame_rate.size() != 1 && static_cast<int>(frame_rate.size()) != cameras))
    add("frame_rate: expected one value, or one for each of {} cameras, found {}", cameras,
        frame_rate.size());
  for (const double rate : frame_rate) {
    if (!(rate >= 0.5 && rate <= 60))
      add("frame_rate: expected 0.5..60 per second, found {}", rate);
  }
  if (!broken.empty()) return broken;  // what follows combines values that are in range
  if (PeopleAtATime() / Area() > kMostDense) {
    add("people: {} in {:g} m2 are {:.4g} per m2; nobody can walk above {} per m2", PeopleAtATime(),
        Area(), PeopleAtATime() / Area(), kMostDense);
  }
  if (queue_share > 0 && hall_depth_m < 8 && hall_width_m < 8)
    add("queue_share: a queue needs a hall of 8 m, found {:g} x {:g} m", hall_width_m,
        hall_depth_m);
  // A counter takes the place of up to two.
  const int most = 2 * (SynthDoorsOfWall(hall_width_m) + SynthDoorsOfWall(hall_depth_m)) -
                   (queue_share > 0 ? 2 : 0);
  if (entrances > most)
    add("entrances: the walls of {:g} x {:g} m have room for {}, found {}", hall_width_m,
        hall_depth_m, most, entrances);
  if (areas > cameras) add("areas: {} cameras can watch as many at most, found {}", cameras, areas);
  if (reid_identities > 0) {
    const auto train = static_cast<int>(std::lround(reid_train * reid_identities));
    if (train == reid_identities)
      add("reid_train: leaves nobody of {} persons for the test", reid_identities);
  }
  return broken;
}

}  // namespace reidbench
