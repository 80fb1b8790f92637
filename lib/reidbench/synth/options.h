// What a synthetic world is made of: every value with its unit, range and meaning. One table serves
// the command line, the YAML files, the checks and the record that is written beside the pictures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reidbench {

struct SynthOptions {
  std::string scene = "mall";  // floor plan: a name of SynthScenes()
  uint64_t seed = 0;

  // The hall.
  double hall_width_m = 26;
  double hall_depth_m = 16;
  int entrances = 4;

  // People.
  double density = 0.1;  // of the hall, on average
  int people = 0;
  double speed_mps = 1.25;
  double crossing_rate = 0.5;
  double groups = 0.3;
  double shop_visits = 0.4;
  double queue_share = 0;
  double service_s = 7;
  double reentry = 0.35;
  double reentry_gap_s = 8;
  int staff = 1;
  int mannequins = 2;
  double hard_negatives = 0.15;

  // Cameras.
  int cameras = 3;
  double overlap = 0.35;
  int areas = 0;
  double occlusion = 0.5;
  double camera_height_m = 4;
  double camera_variation = 1;
  int image_width = 960;
  int image_height = 540;
  int frames = 600;                       // of the first camera; the others watch as long
  std::vector<double> frame_rate = {25};  // frames per second, 0.5..60: of all cameras, or of each
  double clock_offset_s = 0;
  double clock_drift_ppm = 0;
  bool hide_clocks = false;  // from the site's description
  double calibration_error = 0;
  // No pictures: boxes by projecting bodies, embeddings drawn beside them. For many people and
  // cameras.
  bool sketch = false;

  // The detector.
  bool perfect_detections = false;
  double miss_rate = 0.008;
  double false_positives = 0.4;
  double jitter = 0.025;

  // The re-ID set.
  int reid_identities = 60;
  int reid_images = 4;
  double reid_train = 0.5;

  // One sentence for each value out of range or rule broken; empty = a world can be made.
  std::vector<std::string> Validate() const;
  double Area() const { return hall_width_m * hall_depth_m; }
  // Whom the hall holds at a time, on average.
  int PeopleAtATime() const;
  double FrameRate(int camera_index) const;  // from 0
  // Whether cameras must be told apart by their clocks.
  bool HasClocks() const { return clock_offset_s > 0 || clock_drift_ppm > 0; }
};

// One value of SynthOptions that is a number.
struct SynthKnob {
  const char* name;                      // "crossing_rate"
  const char* group;                     // "People"
  double SynthOptions::*real = nullptr;  // one of the two
  int SynthOptions::*whole = nullptr;
  double low;
  double high;
  const char* help;

  double Get(const SynthOptions& options) const;
  void Set(SynthOptions* options, double value) const;
};

// All of them, in the order of the struct.
std::span<const SynthKnob> SynthKnobs();

// Doors that fit into a wall of this length, 4 m apart.
int SynthDoorsOfWall(double length_m);

// Names of floor plans: corridor, mall, queue, airport.
std::vector<std::string> SynthScenes();

// The defaults of a floor plan. Throws Error(kUsage) for an unknown name.
SynthOptions SynthSceneDefaults(const std::string& scene);

}  // namespace reidbench
