#include "reidbench/synth/simulation.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numbers>
#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/synth/navigation.h"

namespace reidbench {
namespace {

using Eigen::Vector2d;

// Helbing and Molnar's values.
constexpr double kRelaxationS = 0.5;
constexpr double kRepulsion = 2.1;       // m2/s2
constexpr double kRepulsionRange = 0.3;  // m
constexpr double kStepAheadS = 2;        // of the other person, for the ellipse
constexpr double kWallRepulsion = 10;    // m2/s2
constexpr double kWallRange = 0.2;       // m
constexpr double kBehind = 0.5;          // weight of what is out of sight
const double kCosineOfSight = std::cos(100 * std::numbers::pi / 180);

// Bodies: people do not walk through each other.
constexpr double kBodyRadius = 0.24;  // m
constexpr double kContact = 80;       // 1/s2
constexpr double kSeen = 3;           // m; forces of people farther away are below 1 cm/s2

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kWarmUpS = 30;
constexpr int kMostVisits = 5;  // of one person

struct Leg {
  enum Kind { kVia, kWindow, kShop, kQueue, kExit } kind = kVia;
  size_t index = 0;   // of via points, windows, shops, or entrances
  double stay_s = 0;  // at a window, in a shop
};

struct Agent {
  int64_t identity = 0;
  int64_t group = 0;
  Vector2d position{0, 0};
  Vector2d velocity{0, 0};
  double wished_speed = 1.3;
  double heading = 0;
  double shown_speed = 0;
  double phase = 0;
  Vector2d offset{0, 0};  // of own goals from the group's
  std::deque<Leg> legs;
  Vector2d next{0, 0};  // where to walk straight on
  int replan_in = 0;    // steps
  double stay_left_s = 0;
  bool staying = false;
  double face = 0;    // heading while staying
  double slow_s = 0;  // how long it hardly moved although it wished to
  double service_left_s = -1;
  SynthActivity activity = SynthActivity::kWalking;
  SynthVisit visit;
  bool gone = false;
};

// Somebody who will come in.
struct Arrival {
  double time_s = 0;
  bool from_shop = false;
  size_t door = 0;
  Agent agent;  // with its identity; legs are planned anew unless it comes out of a shop
};

bool IsThrough(const SynthDoor& door, const Vector2d& position) {
  return door.Depth(position) < -1.1 && std::abs(door.Along(position)) < door.half_width_m + 0.2;
}

double Wrapped(double angle) { return std::remainder(angle, 2 * std::numbers::pi); }

}  // namespace

const char* SynthActivityName(SynthActivity activity) {
  switch (activity) {
    case SynthActivity::kWalking:
      return "walking";
    case SynthActivity::kLooking:
      return "looking";
    case SynthActivity::kQueueing:
      return "queueing";
    case SynthActivity::kServed:
      return "served";
  }
  return "walking";
}

struct SynthSimulation::Impl {
  Impl(const SynthOptions& given, const SynthFloorPlan& floor_plan)
      : options(given), plan(floor_plan), navigation(floor_plan), rng(given.seed, 0x57414c4b) {
    for (const SynthDoor& door : plan.entrances) to_entrance.push_back(FieldOf(door.At(-1.6)));
    for (const SynthDoor& door : plan.shops) to_shop.push_back(FieldOf(door.At(-1.6)));
    for (const SynthSpot& spot : plan.windows) to_window.push_back(FieldOf(spot.position_m));
    for (const Vector2d& place : plan.queue) to_queue.push_back(FieldOf(place));
    MakeViaPoints();
    target = options.PeopleAtATime();
    moment.time_s = -kWarmUpS;
    Fill();
    const auto steps = static_cast<int>(std::lround(kWarmUpS / kStepS));
    for (int k = 0; k < steps; ++k) Advance();
    finished.clear();  // whoever left before time 0 was never there
    Publish();
  }

  SynthNavigation::Field FieldOf(const Vector2d& goal) const {
    return navigation.DistancesTo(goal);
  }

  // Free places of the hall that trips lead over; the first half lies in the middle.
  void MakeViaPoints() {
    const Vector2d size = plan.scenery.max_m;
    for (int k = 0; k < 24; ++k) {
      for (int tries = 0; tries < 200; ++tries) {
        const bool middle = k < 12;
        const double low = middle ? 0.33 : 0.08;
        Vector2d p{size.x() * rng.Uniform(low, 1 - low), size.y() * rng.Uniform(0.25, 0.75)};
        if (!navigation.IsFree(p) || plan.ZoneAt(p) == SynthFloorPlan::kQueueZone) continue;
        SynthNavigation::Field field = FieldOf(p);
        if (!std::isfinite(navigation.Distance(field, plan.entrances.front().At(0.5)))) continue;
        via.push_back(p);
        via_is_central.push_back(middle);
        to_via.push_back(std::move(field));
        break;
      }
    }
  }

  // Neither people nor their order of identity depend on anything but the seed.
  Agent NewPerson() {
    Agent agent;
    agent.identity = ++identities;
    agent.visit.identity = agent.identity;
    agent.wished_speed = std::clamp(options.speed_mps * (1 + 0.19 * rng.Normal()),
                                    0.5 * options.speed_mps, 1.6 * options.speed_mps);
    agent.phase = rng.Uniform();
    return agent;
  }

  // Sorted along the hall: the main flow leads from the first half to the second.
  std::vector<size_t> DoorsAlong() const {
    std::vector<size_t> order(plan.entrances.size());
    for (size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return plan.entrances[a].center_m.x() < plan.entrances[b].center_m.x();
    });
    return order;
  }

  void PlanTrip(Agent* agent, std::optional<size_t> entry, bool crossing) {
    agent->legs.clear();
    const std::vector<size_t> along = DoorsAlong();
    size_t exit = 0;
    if (crossing || along.size() == 1) {
      exit = rng.Below(along.size());
      if (entry && along.size() > 1) {
        while (exit == *entry) exit = rng.Below(along.size());
      }
      if (!via.empty() && (along.size() == 1 || rng.Uniform() < 0.75))
        agent->legs.push_back({Leg::kVia, RandomVia(true), 0});
    } else {
      const size_t half = (along.size() + 1) / 2;
      exit = along[half + rng.Below(along.size() - half)];
      if (!via.empty() && rng.Uniform() < 0.4)
        agent->legs.push_back({Leg::kVia, RandomVia(false), 0});
    }
    if (rng.Uniform() < options.shop_visits) {
      if (!plan.shops.empty() && rng.Uniform() < 0.35) {
        agent->legs.push_back({Leg::kShop, rng.Below(plan.shops.size()),
                               options.reentry_gap_s * rng.Uniform(0.5, 1.5)});
      } else if (!plan.windows.empty()) {
        const size_t window = rng.Below(plan.windows.size());
        agent->legs.push_back({Leg::kWindow, window, rng.Uniform(4, 14)});
      }
    }
    if (!plan.queue.empty() && rng.Uniform() < options.queue_share)
      agent->legs.push_back({Leg::kQueue, 0, 0});
    agent->legs.push_back({Leg::kExit, exit, 0});
    agent->staying = false;
    agent->replan_in = 0;
    agent->activity = SynthActivity::kWalking;
  }

  size_t RandomVia(bool central) {
    for (int tries = 0; tries < 50; ++tries) {
      const size_t k = rng.Below(via.size());
      if (via_is_central[k] == central) return k;
    }
    return rng.Below(via.size());
  }

  size_t RandomEntry(bool crossing) {
    const std::vector<size_t> along = DoorsAlong();
    if (crossing || along.size() == 1) return rng.Below(along.size());
    return along[rng.Below((along.size() + 1) / 2)];
  }

  // People who are somewhere on their way, so that time 0 is not an empty hall.
  void Fill() {
    for (int k = 0; k < target; ++k) {
      Agent agent = NewPerson();
      const Vector2d size = plan.scenery.max_m;
      bool placed = false;
      for (int tries = 0; tries < 300 && !placed; ++tries) {
        agent.position = {rng.Uniform(0.4, size.x() - 0.4), rng.Uniform(0.4, size.y() - 0.4)};
        placed = navigation.IsFree(agent.position) && !Crowded(agent.position, 0.55) &&
                 navigation.Distance(to_entrance.front(), agent.position) < 1e6;
      }
      if (!placed) {
        --identities;
        return;
      }
      PlanTrip(&agent, std::nullopt, rng.Uniform() < options.crossing_rate);
      agent.heading = rng.Uniform(-std::numbers::pi, std::numbers::pi);
      BeginVisit(&agent, "start");
      agents.push_back(std::move(agent));
    }
  }

  bool Crowded(const Vector2d& position, double distance) const {
    return std::any_of(agents.begin(), agents.end(), [&](const Agent& other) {
      return (other.position - position).norm() < distance;
    });
  }

  void BeginVisit(Agent* agent, const std::string& door) {
    SynthVisit& visit = agent->visit;
    visit.group = agent->group;
    visit.entry = door;
    visit.entry_s = moment.time_s;
    visit.exit.clear();
    visit.exit_s = visit.queue_joined_s = visit.queue_served_s = visit.queue_left_s = kNan;
    visit.zone_s.assign(plan.zones.size(), 0);
  }

  void EndVisit(Agent* agent, const std::string& door) {
    agent->visit.exit = door;
    agent->visit.exit_s = moment.time_s;
    finished.push_back(agent->visit);
    agent->gone = true;
  }

  // One group of new people, or one who comes back, through one door.
  void Spawn() {
    for (size_t k = 0; k < arrivals.size(); ++k) {
      Arrival& arrival = arrivals[k];
      if (arrival.time_s > moment.time_s) continue;
      const SynthDoor& door =
          arrival.from_shop ? plan.shops[arrival.door] : plan.entrances[arrival.door];
      const Vector2d place = door.At(-1.4, rng.Uniform(-0.4, 0.4));
      if (Crowded(place, 0.7)) continue;
      Agent agent = std::move(arrival.agent);
      const size_t door_index = arrival.door;
      arrivals.erase(arrivals.begin() + static_cast<long>(k));
      --k;
      if (agent.legs.empty()) {  // else it comes out of a shop and goes on
        PlanTrip(&agent, door_index, rng.Uniform() < options.crossing_rate);
        agent.wished_speed *= rng.Uniform(0.92, 1.08);
      }
      EnterAt(std::move(agent), door, place);
    }
    const auto missing = target - static_cast<int>(agents.size());
    if (missing <= 0 || rng.Uniform() > 0.5 * missing * kStepS) return;
    const bool crossing = rng.Uniform() < options.crossing_rate;
    const size_t entry = RandomEntry(crossing);
    const SynthDoor& door = plan.entrances[entry];
    if (Crowded(door.At(-1.4), 1.2)) return;
    // A group counts as often as it has members: the share is of people.
    size_t members = 1;
    if (rng.Uniform() < options.groups / (options.groups + 2.6 * (1 - options.groups))) {
      const double u = rng.Uniform();
      members = u < 0.6 ? 2 : u < 0.85 ? 3 : 4;
    }
    Agent first = NewPerson();
    if (members > 1) first.group = ++groups;
    PlanTrip(&first, entry, crossing);
    const std::deque<Leg> legs = first.legs;
    const double speed = first.wished_speed * (members > 1 ? 0.92 : 1);
    const int64_t group = first.group;
    for (size_t m = 0; m < members; ++m) {
      Agent agent = m == 0 ? std::move(first) : NewPerson();
      agent.group = group;
      agent.legs = legs;
      agent.wished_speed = members > 1 ? speed : agent.wished_speed;
      const double side = (static_cast<double>(m) - 0.5 * static_cast<double>(members - 1)) * 0.62;
      agent.offset = members > 1 ? Vector2d(side, 0.3 * rng.Normal()) : Vector2d(0, 0);
      // Abreast through the door while it is wide enough, else behind each other.
      const double row = members > 2 ? static_cast<double>(m / 2) * 0.7 : 0;
      const double column = members > 2 ? (m % 2 == 0 ? -0.35 : 0.35) : side;
      EnterAt(std::move(agent), door, door.At(-1.4 - row, column));
    }
  }

  void EnterAt(Agent agent, const SynthDoor& door, const Vector2d& place) {
    agent.position = place;
    agent.velocity = door.inward * (0.8 * agent.wished_speed);
    agent.heading = std::atan2(door.inward.y(), door.inward.x());
    agent.shown_speed = agent.velocity.norm();
    agent.gone = false;
    agent.replan_in = 0;
    agent.slow_s = 0;
    BeginVisit(&agent, door.name);
    agents.push_back(std::move(agent));
  }

  const SynthNavigation::Field& FieldOf(const Leg& leg) const {
    switch (leg.kind) {
      case Leg::kVia:
        return to_via[leg.index];
      case Leg::kWindow:
        return to_window[leg.index];
      case Leg::kShop:
        return to_shop[leg.index];
      case Leg::kQueue:
        return to_queue[leg.index];
      case Leg::kExit:
        return to_entrance[leg.index];
    }
    return to_entrance.front();
  }

  Vector2d GoalOf(const Agent& agent) const {
    const Leg& leg = agent.legs.front();
    switch (leg.kind) {
      case Leg::kVia:
        return via[leg.index] + agent.offset;
      case Leg::kWindow:
        return plan.windows[leg.index].position_m + agent.offset;
      case Leg::kShop:
        return plan.shops[leg.index].At(-1.6, 0.5 * agent.offset.x());
      case Leg::kQueue:
        return plan.queue[leg.index];
      case Leg::kExit:
        return plan.entrances[leg.index].At(-1.6, 0.5 * agent.offset.x());
    }
    return agent.position;
  }

  // Where the agent stands in the line, or npos.
  size_t PlaceInQueue(int64_t identity) const {
    for (size_t k = 0; k < line.size(); ++k) {
      if (line[k] == identity) return k;
    }
    return std::string::npos;
  }

  // What the agent does next: arrivals at goals, stays, service. Returns the velocity it wishes.
  Vector2d Decide(Agent* agent) {
    Leg& leg = agent->legs.front();
    if (leg.kind == Leg::kQueue) {
      if (agent->replan_in <= 0 && PlaceInQueue(agent->identity) == std::string::npos) {
        if (line.size() >= plan.queue.size()) {  // full: goes away
          NextLeg(agent);
          return {0, 0};
        }
        leg.index = line.size();
      }
      const size_t place = PlaceInQueue(agent->identity);
      if (place != std::string::npos) return Queue(agent, place);
    }
    const Vector2d goal = GoalOf(*agent);
    const double distance = (goal - agent->position).norm();
    if (agent->staying) {
      agent->stay_left_s -= kStepS;
      if (agent->stay_left_s <= 0) {
        NextLeg(agent);
        return {0, 0};
      }
      // Stands, and goes back when pushed away.
      return distance > 0.35 ? Vector2d((goal - agent->position) * 0.8) : Vector2d(0, 0);
    }
    const auto kind = leg.kind;  // the leg itself may be gone below
    switch (kind) {
      case Leg::kVia:
        if (distance < 1.3) NextLeg(agent);
        break;
      case Leg::kWindow:
        if (distance < 0.45 || (distance < 1.2 && agent->slow_s > 1)) {
          agent->staying = true;
          agent->activity = SynthActivity::kLooking;
          agent->stay_left_s = leg.stay_s;
          agent->face = plan.windows[leg.index].heading_rad;
          return {0, 0};
        }
        break;
      case Leg::kQueue:
        if (distance < 1.5) {
          line.push_back(agent->identity);
          agent->visit.queue_joined_s = moment.time_s;
          agent->activity = SynthActivity::kQueueing;
          agent->service_left_s = -1;
          return Queue(agent, line.size() - 1);
        }
        break;
      case Leg::kShop:
        if (IsThrough(plan.shops[leg.index], agent->position)) {
          LeaveThroughShop(agent);
          return {0, 0};
        }
        break;
      case Leg::kExit:
        if (IsThrough(plan.entrances[leg.index], agent->position)) {
          Leave(agent);
          return {0, 0};
        }
        break;
    }
    if (agent->legs.empty()) return {0, 0};
    if (--agent->replan_in <= 0) {
      agent->next =
          navigation.NextPoint(FieldOf(agent->legs.front()), agent->position, GoalOf(*agent));
      agent->replan_in = 6;
    }
    const Vector2d way = agent->next - agent->position;
    const double length = way.norm();
    if (length < 1e-6) return {0, 0};
    // Slower only where one stops.
    const double slow = kind == Leg::kWindow ? std::min(1.0, distance / 0.8) : 1;
    return way / length * (agent->wished_speed * slow);
  }

  Vector2d Queue(Agent* agent, size_t place) {
    const Vector2d way = plan.queue[place] - agent->position;
    const double distance = way.norm();
    const Vector2d ahead =
        place == 0 ? Vector2d(plan.queue[0] + Vector2d(1, 0)) : plan.queue[place - 1];
    agent->face = std::atan2(ahead.y() - agent->position.y(), ahead.x() - agent->position.x());
    agent->activity = SynthActivity::kQueueing;
    if (place == 0 && distance < 0.5) {
      if (agent->service_left_s < 0) {
        agent->service_left_s = options.service_s * (0.4 - 0.6 * std::log(1 - rng.Uniform()));
        agent->visit.queue_served_s = moment.time_s;
      }
      agent->activity = SynthActivity::kServed;
      agent->service_left_s -= kStepS;
      if (agent->service_left_s <= 0) {
        line.erase(line.begin());
        agent->visit.queue_left_s = moment.time_s;
        NextLeg(agent);
        return {0, 0};
      }
    }
    if (distance < 0.12) return {0, 0};
    return way / distance * std::min(0.85 * agent->wished_speed, 1.6 * distance);
  }

  void NextLeg(Agent* agent) {
    if (agent->legs.size() > 1) agent->legs.pop_front();
    agent->staying = false;
    agent->replan_in = 0;
    agent->slow_s = 0;
    agent->service_left_s = -1;
    agent->activity = SynthActivity::kWalking;
  }

  void LeaveThroughShop(Agent* agent) {
    const Leg leg = agent->legs.front();
    NextLeg(agent);
    EndVisit(agent, plan.shops[leg.index].name);
    Arrival back;
    back.time_s = moment.time_s + leg.stay_s;
    back.from_shop = true;
    back.door = leg.index;
    back.agent = *agent;
    ++back.agent.visit.number;
    arrivals.push_back(std::move(back));
  }

  void Leave(Agent* agent) {
    EndVisit(agent, plan.entrances[agent->legs.front().index].name);
    if (agent->visit.number >= kMostVisits || rng.Uniform() >= options.reentry) return;
    Arrival back;
    back.time_s = moment.time_s + options.reentry_gap_s * (0.4 - 0.6 * std::log(1 - rng.Uniform()));
    back.door = RandomEntry(true);
    back.agent = *agent;
    back.agent.legs.clear();
    back.agent.group = 0;
    back.agent.offset = {0, 0};
    ++back.agent.visit.number;
    arrivals.push_back(std::move(back));
  }

  Vector2d ForceOfPerson(const Agent& agent, const Vector2d& wished_direction,
                         const Vector2d& other_position, const Vector2d& other_velocity,
                         bool same_group) const {
    const Vector2d r = agent.position - other_position;
    const double distance = std::max(1e-3, r.norm());
    if (distance > kSeen) return {0, 0};
    Vector2d force{0, 0};
    if (!same_group) {
      // The other's next step makes an ellipse of its private sphere.
      const Vector2d step = other_velocity * kStepAheadS;
      const Vector2d r2 = r - step;
      const double d2 = std::max(1e-3, r2.norm());
      const double step_length = step.norm();
      const double b2 = (distance + d2) * (distance + d2) - step_length * step_length;
      const double b = 0.5 * std::sqrt(std::max(1e-6, b2));
      const double size =
          kRepulsion / kRepulsionRange * std::exp(-b / kRepulsionRange) * (distance + d2) / (4 * b);
      force = size * (r / distance + r2 / d2);
      const double most = 8;
      if (force.norm() > most) force *= most / force.norm();
      if (wished_direction.dot(-r) < distance * kCosineOfSight) force *= kBehind;
    }
    const double overlap = 2 * kBodyRadius - distance;
    if (overlap > 0) force += kContact * overlap / distance * r;
    return force;
  }

  Vector2d ForceOfThings(const Agent& agent) const {
    const auto push = [](double distance) {
      return kWallRepulsion / kWallRange * std::exp(-std::max(0.0, distance) / kWallRange);
    };
    Vector2d force{0, 0};
    const Vector2d& p = agent.position;
    const SynthDoor* door = plan.DoorAt(p);
    if (door != nullptr) {  // between its posts
      const double along = door->Along(p);
      const Vector2d sideways(-door->inward.y(), door->inward.x());
      force += sideways *
               (push(door->half_width_m + along - 0.1) - push(door->half_width_m - along - 0.1));
    } else {
      const Vector2d low = p - plan.scenery.min_m;
      const Vector2d high = plan.scenery.max_m - p;
      force += Vector2d(push(low.x()) - push(high.x()), push(low.y()) - push(high.y()));
    }
    Vector2d nearest;
    const double distance = plan.ObstacleDistance(p, &nearest);
    if (distance < 1.5 && distance > 1e-6) force += push(distance) * (p - nearest) / distance;
    return force;
  }

  // No force may press anybody into a thing.
  void KeepOut(Agent* agent) const {
    constexpr double kSkin = 0.2;
    Vector2d& p = agent->position;
    Vector2d nearest;
    const double distance = plan.ObstacleDistance(p, &nearest);
    if (distance < kSkin) {
      // Inside, the distance is negative: the quotient points out of the thing in both cases.
      const Vector2d out =
          std::abs(distance) > 1e-9 ? Vector2d((p - nearest) / distance) : Vector2d(1, 0);
      p = nearest + out * kSkin;
    }
    if (const SynthDoor* door = plan.DoorAt(p)) {
      const Vector2d sideways(-door->inward.y(), door->inward.x());
      const double along = door->Along(p);
      const double most = door->half_width_m - kSkin;
      if (door->Depth(p) < kSkin) p += sideways * (std::clamp(along, -most, most) - along);
      return;
    }
    p = p.cwiseMax(plan.scenery.min_m + Vector2d(kSkin, kSkin))
            .cwiseMin(plan.scenery.max_m - Vector2d(kSkin, kSkin));
  }

  void Advance() {
    moment.time_s = -kWarmUpS + kStepS * static_cast<double>(++total_steps);
    Spawn();
    std::vector<Vector2d> wished(agents.size());
    for (size_t i = 0; i < agents.size(); ++i) wished[i] = Decide(&agents[i]);
    std::vector<Vector2d> force(agents.size());
    for (size_t i = 0; i < agents.size(); ++i) {
      const Agent& agent = agents[i];
      Vector2d sum = (wished[i] - agent.velocity) / kRelaxationS;
      const double length = wished[i].norm();
      const Vector2d direction = length > 1e-6 ? Vector2d(wished[i] / length) : Vector2d(0, 0);
      Vector2d middle{0, 0};
      int members = 0;
      // People in a queue accept being close.
      const bool queueing =
          agent.activity == SynthActivity::kQueueing || agent.activity == SynthActivity::kServed;
      for (size_t j = 0; j < agents.size(); ++j) {
        if (i == j) continue;
        const Agent& other = agents[j];
        if ((agent.position - other.position).squaredNorm() > kSeen * kSeen && agent.group == 0)
          continue;
        const bool same_group = agent.group != 0 && agent.group == other.group;
        if (same_group) {
          middle += other.position;
          ++members;
        }
        // After a while of standing still people squeeze past each other.
        const double squeeze = queueing ? 0.15 : agent.slow_s > 3 ? 0.35 : 1;
        sum +=
            squeeze * ForceOfPerson(agent, direction, other.position, other.velocity, same_group);
      }
      for (const SynthFixedFigure& fixed : plan.fixed)
        sum += ForceOfPerson(agent, direction, fixed.figure.position_m, {0, 0}, false);
      if (members > 0 && !agent.staying && !queueing) {
        const Vector2d away = middle / members - agent.position;
        const double distance = away.norm();
        if (distance > 1.1) sum += away / distance * std::min(2.0, 1.2 * (distance - 1.1));
      }
      sum += ForceOfThings(agent);
      force[i] = sum;
    }
    for (size_t i = 0; i < agents.size(); ++i) Move(&agents[i], wished[i], force[i]);
    agents.erase(
        std::remove_if(agents.begin(), agents.end(), [](const Agent& agent) { return agent.gone; }),
        agents.end());
  }

  void Move(Agent* agent, const Vector2d& wished, const Vector2d& force) {
    if (agent->gone) return;
    agent->velocity += force * kStepS;
    const double speed = agent->velocity.norm();
    const double fastest = wished.norm() < 0.05 ? 0.5 : 1.3 * agent->wished_speed;
    if (speed > fastest) agent->velocity *= fastest / speed;
    const Vector2d before = agent->position;
    agent->position += agent->velocity * kStepS;
    KeepOut(agent);
    const Vector2d moved = agent->position - before;
    const double real_speed = std::min(moved.norm() / kStepS, 2 * agent->wished_speed);
    agent->slow_s = wished.norm() > 0.3 && real_speed < 0.2
                        ? agent->slow_s + kStepS
                        : std::max(0.0, agent->slow_s - 2 * kStepS);
    if (agent->slow_s > 6) {  // gives up this way and takes another look
      agent->velocity += Vector2d(rng.Uniform(-1, 1), rng.Uniform(-1, 1));
      agent->replan_in = 0;
      agent->slow_s = 2;
    }

    // What is seen: bodies turn and change speed smoothly.
    agent->shown_speed += (real_speed - agent->shown_speed) * std::min(1.0, kStepS / 0.2);
    double towards = agent->heading;
    if (agent->shown_speed > 0.25) {
      towards = std::atan2(agent->velocity.y(), agent->velocity.x());
    } else if (agent->staying || agent->activity != SynthActivity::kWalking) {
      towards = agent->face;
    }
    const double turn = Wrapped(towards - agent->heading) * std::min(1.0, kStepS / 0.3);
    agent->heading = Wrapped(agent->heading + std::clamp(turn, -4 * kStepS, 4 * kStepS));
    // A step cycle is longer the faster one walks.
    const double cycle_m = 0.65 + 0.55 * agent->shown_speed;
    agent->phase += moved.norm() / cycle_m;
    agent->phase -= std::floor(agent->phase);
    agent->visit.zone_s[static_cast<size_t>(plan.ZoneAt(agent->position))] += kStepS;
  }

  void Publish() {
    moment.people.clear();
    for (const Agent& agent : agents) {
      SynthPerson person;
      person.figure.identity = agent.identity;
      person.figure.position_m = agent.position;
      person.figure.heading_rad = agent.heading;
      person.figure.speed_mps = agent.shown_speed < 0.1 ? 0 : agent.shown_speed;
      person.figure.gait_phase = agent.phase;
      person.activity = agent.activity;
      person.zone = plan.ZoneAt(agent.position);
      moment.people.push_back(person);
    }
    std::sort(moment.people.begin(), moment.people.end(),
              [](const SynthPerson& a, const SynthPerson& b) {
                return a.figure.identity < b.figure.identity;
              });
  }

  SynthOptions options;
  const SynthFloorPlan& plan;
  SynthNavigation navigation;
  Rng rng;
  int target = 0;
  std::vector<SynthNavigation::Field> to_entrance, to_shop, to_window, to_queue, to_via;
  std::vector<Vector2d> via;
  std::vector<bool> via_is_central;
  std::vector<Agent> agents;
  std::vector<Arrival> arrivals;
  std::vector<int64_t> line;  // identities in the queue, the first at the counter
  std::vector<SynthVisit> finished;
  SynthMoment moment;
  int64_t identities = 0;
  int64_t groups = 0;
  int64_t total_steps = 0;
};

SynthSimulation::SynthSimulation(const SynthOptions& options, const SynthFloorPlan& plan)
    : impl_(std::make_unique<Impl>(options, plan)) {}
SynthSimulation::~SynthSimulation() = default;

const SynthMoment& SynthSimulation::Now() const { return impl_->moment; }

void SynthSimulation::Step() {
  impl_->Advance();
  impl_->Publish();
}

std::vector<SynthVisit> SynthSimulation::TakeFinishedVisits() {
  return std::exchange(impl_->finished, {});
}

std::vector<SynthVisit> SynthSimulation::OpenVisits() const {
  std::vector<SynthVisit> visits;
  for (const Agent& agent : impl_->agents) visits.push_back(agent.visit);
  std::sort(visits.begin(), visits.end(),
            [](const SynthVisit& a, const SynthVisit& b) { return a.identity < b.identity; });
  return visits;
}

int64_t SynthSimulation::IdentitiesSoFar() const { return impl_->identities; }

std::vector<SynthPerson> SynthPeopleAt(const SynthMoment& before, const SynthMoment& after,
                                       double time_s) {
  const double span = after.time_s - before.time_s;
  const double part = span > 0 ? std::clamp((time_s - before.time_s) / span, 0.0, 1.0) : 0;
  std::vector<SynthPerson> people;
  size_t b = 0;
  for (const SynthPerson& a : before.people) {
    while (b < after.people.size() && after.people[b].figure.identity < a.figure.identity) ++b;
    if (b == after.people.size() || after.people[b].figure.identity != a.figure.identity) continue;
    const SynthFigure& from = a.figure;
    const SynthFigure& to = after.people[b].figure;
    SynthPerson person = a;
    person.figure.position_m = from.position_m + part * (to.position_m - from.position_m);
    person.figure.heading_rad =
        Wrapped(from.heading_rad + part * Wrapped(to.heading_rad - from.heading_rad));
    person.figure.speed_mps = from.speed_mps + part * (to.speed_mps - from.speed_mps);
    double phase = to.gait_phase - from.gait_phase;
    phase -= std::round(phase);
    person.figure.gait_phase = from.gait_phase + part * phase;
    person.figure.gait_phase -= std::floor(person.figure.gait_phase);
    people.push_back(person);
  }
  return people;
}

}  // namespace reidbench
