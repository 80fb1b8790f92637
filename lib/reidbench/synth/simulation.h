// People walking a hall by social forces (Helbing and Molnar, Social force model for pedestrian
// dynamics, Phys. Rev. E 51, 1995; contact forces after Helbing, Farkas and Vicsek, Nature 407,
// 2000): they come through doors, look at shops, queue, cross each other, walk in groups, leave and
// come back. Single-threaded and deterministic; memory does not grow with time.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reidbench/synth/floor_plan.h"
#include "reidbench/synth/options.h"
#include "reidbench/synth/scene.h"

namespace reidbench {

enum class SynthActivity { kWalking, kLooking, kQueueing, kServed };
const char* SynthActivityName(SynthActivity activity);

// One person at one time.
struct SynthPerson {
  SynthFigure figure;
  SynthActivity activity = SynthActivity::kWalking;
  int zone = 0;  // of SynthFloorPlan::zones
};

// Everybody in the hall at one time, by ascending identity.
struct SynthMoment {
  double time_s = 0;
  std::vector<SynthPerson> people;
};

// From coming to going once; times in s, NaN where it did not happen.
struct SynthVisit {
  int64_t identity = 0;
  int number = 1;     // of the identity's visits
  int64_t group = 0;  // people of one group share it; 0 = alone
  double entry_s = 0;
  std::string entry;  // door
  double exit_s = 0;
  std::string exit;
  double queue_joined_s = 0;
  double queue_served_s = 0;
  double queue_left_s = 0;
  std::vector<double> zone_s;  // time spent, by zone
};

class SynthSimulation {
 public:
  static constexpr double kStepS = 0.05;

  // The plan must outlive it. Time 0 is a hall that has been busy for a while.
  SynthSimulation(const SynthOptions& options, const SynthFloorPlan& plan);
  ~SynthSimulation();

  const SynthMoment& Now() const;
  void Step();  // kStepS further

  // Visits that ended since the last call, in the order of their end.
  std::vector<SynthVisit> TakeFinishedVisits();
  // Those of everybody inside now, by identity; exit is not known.
  std::vector<SynthVisit> OpenVisits() const;
  int64_t IdentitiesSoFar() const;  // identities are 1..this

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// People between two moments of one simulation at `time_s`; those present in both only.
std::vector<SynthPerson> SynthPeopleAt(const SynthMoment& before, const SynthMoment& after,
                                       double time_s);

}  // namespace reidbench
