#include "reidbench/synth/floor_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "reidbench/core/random.h"

namespace reidbench {
namespace {

using Eigen::Vector2d;

// Zone numbers, in the order of SynthFloorPlan::zones.
enum Zone {
  kOutside = SynthFloorPlan::kOutside,
  kFloor,
  kCentre,
  kNorth,
  kSouth,
  kQueue = SynthFloorPlan::kQueueZone
};

constexpr double kCounterClearance = 3.8;  // m along the wall behind it

struct Wall {
  const char* name;
  Vector2d begin;
  Vector2d end;
  Vector2d inward;
};

// Doors in the order in which a scene uses them: round the walls, the middle of each wall first.
std::vector<SynthDoor> DoorSlots(const SynthOptions& options) {
  const double w = options.hall_width_m;
  const double d = options.hall_depth_m;
  const Wall west{"west", {0, 0}, {0, d}, {1, 0}};
  const Wall east{"east", {w, 0}, {w, d}, {-1, 0}};
  const Wall south{"south", {0, 0}, {w, 0}, {0, 1}};
  const Wall north{"north", {0, d}, {w, d}, {0, -1}};
  std::vector<Wall> order = {west, east, south, north};
  if (options.scene == "airport") order = {south, west, south, east, north};
  if (options.scene == "queue") order = {west, south, north};  // the counter is in the east

  std::vector<std::vector<SynthDoor>> by_wall;
  for (const Wall& wall : {west, east, south, north}) {
    const double length = (wall.end - wall.begin).norm();
    const int count = SynthDoorsOfWall(length);
    std::vector<SynthDoor> slots;
    for (int k = 0; k < count; ++k) {
      SynthDoor door;
      door.name = fmt::format("{}{}", wall.name, k + 1);
      door.center_m = wall.begin + (wall.end - wall.begin) * ((k + 0.5) / count);
      door.inward = wall.inward;
      // Nobody comes in behind the counter.
      if (options.queue_share > 0 && wall.inward.x() < 0 &&
          std::abs(door.center_m.y() - 0.5 * d) < kCounterClearance) {
        continue;
      }
      slots.push_back(door);
    }
    // From the middle outwards.
    std::stable_sort(slots.begin(), slots.end(), [&](const SynthDoor& a, const SynthDoor& b) {
      const Vector2d middle = 0.5 * (wall.begin + wall.end);
      return (a.center_m - middle).norm() + 1e-9 < (b.center_m - middle).norm();
    });
    by_wall.push_back(std::move(slots));
  }
  std::vector<SynthDoor> doors;
  const auto take = [&](const Wall& wall) {
    const size_t index = wall.inward.x() > 0   ? 0
                         : wall.inward.x() < 0 ? 1
                         : wall.inward.y() > 0 ? 2
                                               : 3;
    if (by_wall[index].empty()) return;
    doors.push_back(by_wall[index].front());
    by_wall[index].erase(by_wall[index].begin());
  };
  for (int round = 0; round < 200; ++round) {
    for (const Wall& wall : order) take(wall);
    if (round > 60) {  // the walls that a scene avoids come last
      for (const Wall& wall : {west, east, south, north}) take(wall);
    }
  }
  return doors;
}

double BoxDistance(const SynthObstacle& box, const Vector2d& position, Vector2d* nearest) {
  const double c = std::cos(box.yaw_rad);
  const double s = std::sin(box.yaw_rad);
  const Vector2d offset = position - box.center_m;
  const Vector2d local{c * offset.x() + s * offset.y(), -s * offset.x() + c * offset.y()};
  const Vector2d clamped{std::clamp(local.x(), -box.half_size_m.x(), box.half_size_m.x()),
                         std::clamp(local.y(), -box.half_size_m.y(), box.half_size_m.y())};
  Vector2d on_side = clamped;
  double distance = (local - clamped).norm();
  if (distance == 0) {  // inside: the nearest of the four sides
    const Vector2d gap{box.half_size_m.x() - std::abs(local.x()),
                       box.half_size_m.y() - std::abs(local.y())};
    const int axis = gap.x() < gap.y() ? 0 : 1;
    on_side[axis] = local[axis] < 0 ? -box.half_size_m[axis] : box.half_size_m[axis];
    distance = -gap[axis];
  }
  if (nearest != nullptr)
    *nearest = box.center_m +
               Vector2d(c * on_side.x() - s * on_side.y(), s * on_side.x() + c * on_side.y());
  return distance;
}

class Planner {
 public:
  Planner(const SynthOptions& options, const std::vector<Vector2d>& keep_clear)
      : options_(options), keep_clear_(keep_clear), rng_(options.seed, 0x504c414e) {}

  SynthFloorPlan Make() {
    SynthScenery& scenery = plan_.scenery;
    scenery.min_m = {0, 0};
    scenery.max_m = {options_.hall_width_m, options_.hall_depth_m};
    scenery.look_seed = rng_.Next();
    scenery.ambient = 0.42 + 0.12 * rng_.Uniform();
    const double turn = rng_.Uniform(0, 2 * std::numbers::pi);
    scenery.light_direction =
        Eigen::Vector3d(0.4 * std::cos(turn), 0.4 * std::sin(turn), -0.9).normalized();
    plan_.zones = {"outside", "floor", "centre", "north", "south", "queue"};
    PlaceDoors();
    if (options_.queue_share > 0) PlaceQueue();
    PlaceObstacles();
    PlaceFixed();
    return std::move(plan_);
  }

 private:
  void PlaceDoors() {
    std::vector<SynthDoor> slots = DoorSlots(options_);
    const auto entrances = std::min(slots.size(), static_cast<size_t>(options_.entrances));
    plan_.entrances.assign(slots.begin(), slots.begin() + static_cast<long>(entrances));
    size_t shops = options_.scene == "corridor" ? 2 : options_.scene == "queue" ? 1 : 5;
    if (options_.shop_visits == 0) shops = 0;
    for (size_t k = entrances; k < slots.size() && plan_.shops.size() < shops; ++k) {
      if (slots[k].inward.y() == 0) continue;  // shops line the long walls
      SynthDoor shop = slots[k];
      shop.name = "shop_" + shop.name;
      shop.shop = true;
      plan_.shops.push_back(shop);
      for (const double side : {-1.7, 1.7}) {
        const Vector2d spot = shop.At(0.9, side);
        if (spot.x() > 1 && spot.x() < options_.hall_width_m - 1)
          plan_.windows.push_back({spot, std::atan2(-shop.inward.y(), -shop.inward.x())});
      }
    }
  }

  void PlaceQueue() {
    const double w = options_.hall_width_m;
    const double d = options_.hall_depth_m;
    SynthObstacle counter;
    counter.half_size_m = {0.35, std::min(1.6, d / 5)};
    counter.center_m = {w - 2.2, d * 0.5};
    counter.height_m = 1.1;
    counter.look_seed = rng_.Next();
    plan_.scenery.obstacles.push_back(counter);
    counter_ = counter.center_m;
    plan_.counter_heading_rad = 0;
    // Back and forth, 0.85 m a person, lanes 1.25 m apart.
    const int per_lane = std::max(3, static_cast<int>(std::min(7.0, 0.38 * w) / 0.85));
    const int lanes = std::clamp(static_cast<int>((d / 2 - 1.5) / 1.25), 1, 3);
    const Vector2d head = counter.center_m - Vector2d(counter.half_size_m.x() + 0.55, 0);
    for (int lane = 0; lane < lanes; ++lane) {
      for (int k = 0; k < per_lane; ++k) {
        const int along = lane % 2 == 0 ? k : per_lane - 1 - k;
        plan_.queue.emplace_back(head.x() - 0.85 * along, head.y() + 1.25 * lane);
      }
    }
    plan_.queue_min_m = {head.x() - 0.85 * per_lane, head.y() - 0.8};
    plan_.queue_max_m = {counter.center_m.x() + 0.4, head.y() + 1.25 * lanes - 0.4};
  }

  bool IsClear(const SynthObstacle& obstacle) const {
    const double radius = obstacle.half_size_m.norm();
    const Vector2d& center = obstacle.center_m;
    const double margin = radius + 1.1;
    if (center.x() < margin || center.y() < margin || center.x() > options_.hall_width_m - margin ||
        center.y() > options_.hall_depth_m - margin) {
      return false;
    }
    for (const auto* doors : {&plan_.entrances, &plan_.shops}) {
      for (const SynthDoor& door : *doors) {
        if ((door.At(1) - center).norm() < radius + 1.8) return false;
      }
    }
    for (const Vector2d& foot : keep_clear_) {
      if ((foot - center).norm() < radius + 3) return false;
    }
    for (const SynthObstacle& other : plan_.scenery.obstacles) {
      if ((other.center_m - center).norm() < radius + other.half_size_m.norm() + 1.4) return false;
    }
    if (!plan_.queue.empty()) {
      const Vector2d nearest = center.cwiseMax(plan_.queue_min_m).cwiseMin(plan_.queue_max_m);
      if ((nearest - center).norm() < radius + 1) return false;
    }
    return true;
  }

  void PlaceObstacles() {
    // Twice the scene's usual number at occlusion 1, none at 0.
    const double area = options_.Area();
    const double scale = 2 * options_.occlusion * area;
    // A narrow hall has no room for many.
    const double pillar_m2 = options_.scene == "corridor" ? 100 : 60;
    const auto pillars = static_cast<int>(std::lround(scale / pillar_m2));
    const auto kiosks =
        options_.scene == "corridor" ? 0 : static_cast<int>(std::lround(scale / 130));
    for (int k = 0, tries = 0; k < pillars && tries < 40 * pillars; ++tries) {
      SynthObstacle pillar;
      const double half = rng_.Uniform(0.22, 0.36);
      pillar.half_size_m = {half, half};
      pillar.height_m = 3;
      // Rows at a third of the depth, as buildings have them.
      const double row = rng_.Below(2) == 0 ? 0.3 : 0.7;
      pillar.center_m = {rng_.Uniform(0, options_.hall_width_m),
                         options_.hall_depth_m * (row + rng_.Uniform(-0.03, 0.03))};
      pillar.look_seed = rng_.Next();
      if (!IsClear(pillar)) continue;
      plan_.scenery.obstacles.push_back(pillar);
      ++k;
    }
    for (int k = 0, tries = 0; k < kiosks && tries < 40 * kiosks; ++tries) {
      SynthObstacle kiosk;
      kiosk.half_size_m = {rng_.Uniform(0.5, 1.1), rng_.Uniform(0.35, 0.6)};
      kiosk.height_m = rng_.Below(3) == 0 ? 2.1 : rng_.Uniform(0.9, 1.3);
      kiosk.yaw_rad = rng_.Below(2) == 0 ? 0 : rng_.Uniform(-0.6, 0.6);
      kiosk.center_m = {rng_.Uniform(0, options_.hall_width_m),
                        rng_.Uniform(0, options_.hall_depth_m)};
      kiosk.look_seed = rng_.Next();
      if (!IsClear(kiosk)) continue;
      plan_.scenery.obstacles.push_back(kiosk);
      const Vector2d away(-std::sin(kiosk.yaw_rad), std::cos(kiosk.yaw_rad));
      const Vector2d front = kiosk.center_m - away * (kiosk.half_size_m.y() + 0.65);
      plan_.windows.push_back({front, std::atan2(away.y(), away.x())});
      ++k;
    }
  }

  void PlaceFixed() {
    int64_t identity = kSynthFirstFixedIdentity;
    for (int k = 0; k < options_.staff + options_.mannequins; ++k) {
      SynthFixedFigure fixed;
      fixed.mannequin = k >= options_.staff;
      fixed.figure.identity = identity++;
      if (k == 0 && !fixed.mannequin && !plan_.queue.empty()) {
        fixed.figure.position_m = counter_ + Vector2d(0.85, 0);
        fixed.figure.heading_rad = std::numbers::pi;
        plan_.fixed.push_back(fixed);
        continue;
      }
      // Along the walls, looking into the hall, out of everybody's way.
      for (int tries = 0; tries < 200; ++tries) {
        const bool north = rng_.Below(2) == 0;
        const double x = rng_.Uniform(1, options_.hall_width_m - 1);
        fixed.figure.position_m = {x, north ? options_.hall_depth_m - 0.6 : 0.6};
        fixed.figure.heading_rad =
            (north ? -0.5 : 0.5) * std::numbers::pi + rng_.Uniform(-0.4, 0.4);
        bool clear = true;
        for (const auto* doors : {&plan_.entrances, &plan_.shops}) {
          for (const SynthDoor& door : *doors)
            clear = clear && (door.center_m - fixed.figure.position_m).norm() > 1.6;
        }
        for (const SynthSpot& spot : plan_.windows)
          clear = clear && (spot.position_m - fixed.figure.position_m).norm() > 0.8;
        for (const SynthFixedFigure& other : plan_.fixed)
          clear = clear && (other.figure.position_m - fixed.figure.position_m).norm() > 0.9;
        if (!clear || plan_.ObstacleDistance(fixed.figure.position_m) < 0.5) continue;
        plan_.fixed.push_back(fixed);
        break;
      }
    }
  }

  const SynthOptions& options_;
  const std::vector<Vector2d>& keep_clear_;
  Rng rng_;
  SynthFloorPlan plan_;
  Vector2d counter_{0, 0};
};

}  // namespace

Vector2d SynthDoor::At(double inward_m, double along_m) const {
  return center_m + inward * inward_m + Vector2d(-inward.y(), inward.x()) * along_m;
}
double SynthDoor::Depth(const Vector2d& position_m) const {
  return (position_m - center_m).dot(inward);
}
double SynthDoor::Along(const Vector2d& position_m) const {
  return (position_m - center_m).dot(Vector2d(-inward.y(), inward.x()));
}

int SynthFloorPlan::ZoneAt(const Vector2d& p) const {
  const Vector2d& size = scenery.max_m;
  if (p.x() < 0 || p.y() < 0 || p.x() > size.x() || p.y() > size.y()) return kOutside;
  if (!queue.empty() && (p.array() >= queue_min_m.array()).all() &&
      (p.array() <= queue_max_m.array()).all()) {
    return kQueue;
  }
  const Vector2d part = p.cwiseQuotient(size);
  if (part.y() < 0.2) return kSouth;
  if (part.y() > 0.8) return kNorth;
  return part.x() > 1.0 / 3 && part.x() < 2.0 / 3 ? kCentre : kFloor;
}

double SynthFloorPlan::ObstacleDistance(const Vector2d& position_m, Vector2d* nearest) const {
  double least = std::numeric_limits<double>::infinity();
  for (const SynthObstacle& obstacle : scenery.obstacles) {
    Vector2d point;
    const double distance = BoxDistance(obstacle, position_m, &point);
    if (distance >= least) continue;
    least = distance;
    if (nearest != nullptr) *nearest = point;
  }
  return least;
}

const SynthDoor* SynthFloorPlan::DoorAt(const Vector2d& position_m) const {
  for (const auto* doors : {&entrances, &shops}) {
    for (const SynthDoor& door : *doors) {
      const double depth = door.Depth(position_m);
      if (depth > -3 && depth < 0.6 && std::abs(door.Along(position_m)) < door.half_width_m)
        return &door;
    }
  }
  return nullptr;
}

SynthFloorPlan MakeSynthFloorPlan(const SynthOptions& options,
                                  const std::vector<Vector2d>& keep_clear) {
  return Planner(options, keep_clear).Make();
}

}  // namespace reidbench
