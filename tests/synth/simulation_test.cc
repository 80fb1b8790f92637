#include "reidbench/synth/simulation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <set>

namespace reidbench {
namespace {

struct Watched {
  double nearest_obstacle = 1e9;
  double deepest_outside = 0;  // m beyond a wall without a door
  double mean_people = 0;
  double mean_speed = 0;    // of those who walk
  int64_t overlapping = 0;  // pairs nearer than 30 cm, by moment
  int64_t pairs = 0;        // nearer than 3 m
  double fastest = 0;
  double largest_turn = 0;  // rad per step
  std::vector<SynthVisit> visits;
  int64_t identities = 0;
};

Watched Watch(const SynthOptions& options, double seconds) {
  const SynthFloorPlan plan = MakeSynthFloorPlan(options, {});
  SynthSimulation simulation(options, plan);
  Watched seen;
  int64_t moments = 0, walking = 0;
  std::map<int64_t, SynthFigure> before;
  while (simulation.Now().time_s < seconds) {
    simulation.Step();
    const SynthMoment& now = simulation.Now();
    ++moments;
    seen.mean_people += static_cast<double>(now.people.size());
    for (size_t i = 0; i < now.people.size(); ++i) {
      const SynthFigure& a = now.people[i].figure;
      seen.nearest_obstacle = std::min(seen.nearest_obstacle, plan.ObstacleDistance(a.position_m));
      if (plan.DoorAt(a.position_m) == nullptr) {
        const Eigen::Vector2d low = plan.scenery.min_m - a.position_m;
        const Eigen::Vector2d high = a.position_m - plan.scenery.max_m;
        seen.deepest_outside = std::max({seen.deepest_outside, low.maxCoeff(), high.maxCoeff()});
      }
      if (a.speed_mps > 0.5) {
        seen.mean_speed += a.speed_mps;
        ++walking;
      }
      const auto old = before.find(a.identity);
      if (old != before.end()) {
        const double step = (a.position_m - old->second.position_m).norm();
        if (step < 0.5) seen.fastest = std::max(seen.fastest, step / SynthSimulation::kStepS);
        if (step < 0.5)
          seen.largest_turn = std::max(
              seen.largest_turn, std::abs(std::remainder(a.heading_rad - old->second.heading_rad,
                                                         2 * std::numbers::pi)));
      }
      for (size_t j = i + 1; j < now.people.size(); ++j) {
        const SynthFigure& b = now.people[j].figure;
        const double distance = (a.position_m - b.position_m).norm();
        if (distance < 3) ++seen.pairs;
        if (distance < 0.3) ++seen.overlapping;
      }
    }
    before.clear();
    for (const SynthPerson& person : now.people) before[person.figure.identity] = person.figure;
    for (SynthVisit& visit : simulation.TakeFinishedVisits()) seen.visits.push_back(visit);
  }
  seen.mean_people /= static_cast<double>(moments);
  seen.mean_speed /= static_cast<double>(std::max<int64_t>(1, walking));
  seen.identities = simulation.IdentitiesSoFar();
  return seen;
}

TEST(SynthSimulation, PeopleWalkAroundThingsAndReachTheirDoors) {
  for (const std::string& scene : SynthScenes()) {
    SynthOptions options = SynthSceneDefaults(scene);
    options.seed = 3;
    const Watched seen = Watch(options, 60);
    EXPECT_GT(seen.nearest_obstacle, 0.1) << scene;
    EXPECT_LT(seen.deepest_outside, 0.01) << scene;
    EXPECT_NEAR(seen.mean_people / options.PeopleAtATime(), 1, 0.15) << scene;
    EXPECT_GT(seen.mean_speed, 0.8) << scene;
    EXPECT_LT(seen.mean_speed, 1.5) << scene;
    EXPECT_LT(seen.fastest, 3.5) << scene;
    EXPECT_LT(seen.largest_turn, 0.21) << scene;
    EXPECT_LT(static_cast<double>(seen.overlapping), 0.02 * static_cast<double>(seen.pairs))
        << scene;
    // Everybody who left did so through a door, in reasonable time.
    ASSERT_GT(seen.visits.size(), 10u) << scene;
    for (const SynthVisit& visit : seen.visits) {
      EXPECT_FALSE(visit.exit.empty());
      EXPECT_GE(visit.exit_s, visit.entry_s);
      double in_zones = 0;
      for (const double seconds : visit.zone_s) in_zones += seconds;
      EXPECT_NEAR(in_zones, visit.exit_s - visit.entry_s, 0.11) << scene;
    }
  }
}

TEST(SynthSimulation, PeopleQueueAndAreServedInTurn) {
  SynthOptions options = SynthSceneDefaults("queue");
  options.queue_share = 1;
  options.service_s = 3;
  const Watched seen = Watch(options, 90);
  std::vector<std::pair<double, double>> served;  // joined, served
  for (const SynthVisit& visit : seen.visits) {
    if (std::isnan(visit.queue_left_s)) continue;
    EXPECT_LE(visit.queue_joined_s, visit.queue_served_s);
    EXPECT_LT(visit.queue_served_s, visit.queue_left_s);
    EXPECT_LE(visit.queue_left_s, visit.exit_s);
    served.emplace_back(visit.queue_joined_s, visit.queue_served_s);
  }
  ASSERT_GT(served.size(), 8u);
  std::sort(served.begin(), served.end());
  for (size_t k = 1; k < served.size(); ++k) EXPECT_GT(served[k].second, served[k - 1].second);
}

TEST(SynthSimulation, KnobsDoWhatTheySay) {
  SynthOptions options = SynthSceneDefaults("mall");
  options.shop_visits = 0;
  options.reentry = 0;
  // With the flow, some doors are for coming and the others for going. How often people then meet
  // hangs on the last bit of who walks where.
  const auto doors_both_ways = [&](double crossing_rate) {
    options.crossing_rate = crossing_rate;
    std::set<std::string> in, both;
    const Watched seen = Watch(options, 60);
    for (const SynthVisit& visit : seen.visits) {
      if (visit.entry_s > 0) in.insert(visit.entry);
    }
    for (const SynthVisit& visit : seen.visits) {
      if (visit.entry_s > 0 && in.contains(visit.exit)) both.insert(visit.exit);
    }
    return both.size();
  };
  EXPECT_EQ(doors_both_ways(0), 0u);
  EXPECT_GT(doors_both_ways(1), 1u);

  options.reentry = 1;
  options.reentry_gap_s = 5;
  const Watched returning = Watch(options, 60);
  options.reentry = 0;
  const Watched leaving = Watch(options, 60);
  EXPECT_LT(returning.identities, leaving.identities);
  std::map<int64_t, double> left;
  double gaps = 0;
  int count = 0;
  for (const SynthVisit& visit : returning.visits) {
    if (left.contains(visit.identity)) {
      gaps += visit.entry_s - left[visit.identity];
      ++count;
    }
    left[visit.identity] = visit.exit_s;
  }
  ASSERT_GT(count, 10);
  EXPECT_NEAR(gaps / count, 5, 1.5);
  for (const SynthVisit& visit : leaving.visits) EXPECT_EQ(visit.number, 1);

  options.speed_mps = 0.7;
  EXPECT_LT(Watch(options, 20).mean_speed, 0.85);
}

TEST(SynthSimulation, GroupsStayTogether) {
  SynthOptions options = SynthSceneDefaults("mall");
  options.groups = 1;
  options.shop_visits = 0;
  const SynthFloorPlan plan = MakeSynthFloorPlan(options, {});
  SynthSimulation simulation(options, plan);
  while (simulation.Now().time_s < 40) simulation.Step();
  std::map<int64_t, std::vector<int64_t>> groups;
  for (const SynthVisit& visit : simulation.OpenVisits()) {
    if (visit.group != 0 && visit.number == 1) groups[visit.group].push_back(visit.identity);
  }
  std::map<int64_t, Eigen::Vector2d> where;
  for (const SynthPerson& person : simulation.Now().people)
    where[person.figure.identity] = person.figure.position_m;
  int together = 0, apart = 0;
  for (const auto& [group, members] : groups) {
    for (size_t k = 1; k < members.size(); ++k)
      ++((where[members[k]] - where[members[0]]).norm() < 3 ? together : apart);
  }
  EXPECT_GT(together, 5);
  EXPECT_LT(apart, 0.2 * together);
}

TEST(SynthSimulation, SameSeedSamePeople) {
  SynthOptions options = SynthSceneDefaults("airport");
  options.seed = 11;
  const SynthFloorPlan plan = MakeSynthFloorPlan(options, {});
  SynthSimulation one(options, plan), two(options, plan);
  for (int k = 0; k < 200; ++k) {
    one.Step();
    two.Step();
  }
  ASSERT_EQ(one.Now().people.size(), two.Now().people.size());
  for (size_t k = 0; k < one.Now().people.size(); ++k) {
    EXPECT_EQ(one.Now().people[k].figure.identity, two.Now().people[k].figure.identity);
    EXPECT_EQ(one.Now().people[k].figure.position_m, two.Now().people[k].figure.position_m);
  }
}

TEST(SynthSimulation, InterpolatesBetweenMoments) {
  SynthMoment before, after;
  before.time_s = 1;
  after.time_s = 2;
  SynthPerson person;
  person.figure.identity = 4;
  person.figure.position_m = {1, 1};
  person.figure.heading_rad = 3.1;
  person.figure.gait_phase = 0.9;
  before.people = {person};
  person.figure.position_m = {2, 3};
  person.figure.heading_rad = -3.1;
  person.figure.gait_phase = 0.1;
  after.people = {person};
  person.figure.identity = 5;  // only just came
  after.people.push_back(person);
  const std::vector<SynthPerson> between = SynthPeopleAt(before, after, 1.5);
  ASSERT_EQ(between.size(), 1u);
  EXPECT_NEAR((between[0].figure.position_m - Eigen::Vector2d(1.5, 2)).norm(), 0, 1e-12);
  EXPECT_NEAR(std::abs(between[0].figure.heading_rad), std::numbers::pi, 1e-9);  // not through 0
  EXPECT_NEAR(std::remainder(between[0].figure.gait_phase, 1), 0, 1e-12);
}

}  // namespace
}  // namespace reidbench
