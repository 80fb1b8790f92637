// The hall of a synthetic world: walls, doors, shops, pillars and kiosks, a queue before a counter,
// and those who never move.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/synth/options.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

// A gap in a wall through which people come and go.
struct SynthDoor {
  std::string name;  // "west1"
  Eigen::Vector2d center_m;
  Eigen::Vector2d inward;  // unit normal into the hall
  double half_width_m = 1;
  bool shop = false;  // people stay inside for a while and come out again

  // A point this far into the hall (negative: outside) and this far along the wall.
  Eigen::Vector2d At(double inward_m, double along_m = 0) const;
  double Depth(const Eigen::Vector2d& position_m) const;  // into the hall
  double Along(const Eigen::Vector2d& position_m) const;  // from the middle, along the wall
};

// A place to stand and look at something.
struct SynthSpot {
  Eigen::Vector2d position_m;
  double heading_rad = 0;
};

// Somebody who never moves: staff (class 7 of MOT17) or a mannequin (class 8).
struct SynthFixedFigure {
  SynthFigure figure;
  bool mannequin = false;
};

struct SynthFloorPlan {
  SynthScenery scenery;
  std::vector<SynthDoor> entrances;
  std::vector<SynthDoor> shops;
  std::vector<SynthSpot> windows;      // before shops and kiosks
  std::vector<Eigen::Vector2d> queue;  // places in the queue, the first at the counter
  double counter_heading_rad = 0;      // looking at it
  std::vector<SynthFixedFigure> fixed;
  std::vector<std::string> zones;  // names by number

  // Number of the zone: kOutside beyond the walls, kQueueZone where people queue.
  static constexpr int kOutside = 0;
  static constexpr int kQueueZone = 5;
  int ZoneAt(const Eigen::Vector2d& position_m) const;
  // Metres to the nearest obstacle's side; negative inside. `nearest` receives that side's point.
  double ObstacleDistance(const Eigen::Vector2d& position_m,
                          Eigen::Vector2d* nearest = nullptr) const;
  // The door whose gap holds this point of the wall or its way in, nullptr if none.
  const SynthDoor* DoorAt(const Eigen::Vector2d& position_m) const;

  Eigen::Vector2d queue_min_m{0, 0},
      queue_max_m{0, 0};  // where people queue; empty without a queue
};

// Numbers of fixed figures begin here, beyond those of the population.
inline constexpr int64_t kSynthFirstFixedIdentity = 900'001;

// `keep_clear` are ground points, the cameras' feet, near which no obstacle is put. Deterministic.
SynthFloorPlan MakeSynthFloorPlan(const SynthOptions& options,
                                  const std::vector<Eigen::Vector2d>& keep_clear);

}  // namespace reidbench
