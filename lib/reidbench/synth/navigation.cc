#include "reidbench/synth/navigation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

namespace reidbench {
namespace {

using Eigen::Vector2d;

constexpr double kCell = 0.25;       // m
constexpr double kOutsideDoors = 3;  // m of floor behind doors
constexpr double kClearance = 0.3;   // m between the middle of a person and things
constexpr float kFar = std::numeric_limits<float>::infinity();

}  // namespace

SynthNavigation::SynthNavigation(const SynthFloorPlan& plan) {
  origin_m_ = plan.scenery.min_m - Vector2d(kOutsideDoors, kOutsideDoors);
  const Vector2d size =
      plan.scenery.max_m - plan.scenery.min_m + 2 * Vector2d(kOutsideDoors, kOutsideDoors);
  columns_ = static_cast<int>(std::ceil(size.x() / kCell));
  rows_ = static_cast<int>(std::ceil(size.y() / kCell));
  free_.resize(static_cast<size_t>(columns_) * static_cast<size_t>(rows_));
  for (size_t cell = 0; cell < free_.size(); ++cell) {
    const Vector2d p = CenterOf(static_cast<int>(cell));
    const Vector2d low = p - plan.scenery.min_m;
    const Vector2d high = plan.scenery.max_m - p;
    bool free = std::min(low.minCoeff(), high.minCoeff()) > kClearance;
    if (!free) {
      const SynthDoor* door = plan.DoorAt(p);
      free = door != nullptr && std::abs(door->Along(p)) < door->half_width_m - kClearance;
    }
    if (free && plan.ObstacleDistance(p) < kClearance) free = false;
    for (const SynthFixedFigure& fixed : plan.fixed)
      free = free && (fixed.figure.position_m - p).norm() > 0.45;
    free_[cell] = free ? 1 : 0;
  }
}

int SynthNavigation::CellOf(const Vector2d& position_m) const {
  const Vector2d offset = (position_m - origin_m_) / kCell;
  const int x = std::clamp(static_cast<int>(offset.x()), 0, columns_ - 1);
  const int y = std::clamp(static_cast<int>(offset.y()), 0, rows_ - 1);
  return y * columns_ + x;
}

Vector2d SynthNavigation::CenterOf(int cell) const {
  return origin_m_ + kCell * Vector2d(cell % columns_ + 0.5, cell / columns_ + 0.5);
}

int SynthNavigation::FreeCellNear(const Vector2d& position_m) const {
  const int cell = CellOf(position_m);
  if (free_[static_cast<size_t>(cell)]) return cell;
  int best = -1;
  double least = std::numeric_limits<double>::infinity();
  for (int reach = 1; reach <= 4 && best < 0; ++reach) {
    for (int dy = -reach; dy <= reach; ++dy) {
      for (int dx = -reach; dx <= reach; ++dx) {
        const int x = cell % columns_ + dx;
        const int y = cell / columns_ + dy;
        if (x < 0 || y < 0 || x >= columns_ || y >= rows_) continue;
        const int other = y * columns_ + x;
        if (!free_[static_cast<size_t>(other)]) continue;
        const double distance = (CenterOf(other) - position_m).norm();
        if (distance < least) {
          least = distance;
          best = other;
        }
      }
    }
  }
  return best < 0 ? cell : best;
}

SynthNavigation::Field SynthNavigation::DistancesTo(const Vector2d& goal_m) const {
  Field field(free_.size(), kFar);
  using Item = std::pair<float, int>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> open;
  const int goal = FreeCellNear(goal_m);
  field[static_cast<size_t>(goal)] = 0;
  open.emplace(0.0f, goal);
  while (!open.empty()) {
    const auto [distance, cell] = open.top();
    open.pop();
    if (distance > field[static_cast<size_t>(cell)]) continue;
    const int x = cell % columns_;
    const int y = cell / columns_;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        if (x + dx < 0 || y + dy < 0 || x + dx >= columns_ || y + dy >= rows_) continue;
        const int next = (y + dy) * columns_ + x + dx;
        if (next == cell || !free_[static_cast<size_t>(next)]) continue;
        // A diagonal step must not cut a corner.
        if (dx != 0 && dy != 0 &&
            (!free_[static_cast<size_t>(y * columns_ + x + dx)] ||
             !free_[static_cast<size_t>((y + dy) * columns_ + x)]))
          continue;
        const auto step = static_cast<float>(kCell * (dx != 0 && dy != 0 ? std::sqrt(2.0) : 1.0));
        if (distance + step < field[static_cast<size_t>(next)]) {
          field[static_cast<size_t>(next)] = distance + step;
          open.emplace(distance + step, next);
        }
      }
    }
  }
  return field;
}

bool SynthNavigation::IsFree(const Vector2d& position_m) const {
  return free_[static_cast<size_t>(CellOf(position_m))] != 0;
}

bool SynthNavigation::IsStraight(const Vector2d& from_m, const Vector2d& to_m) const {
  const Vector2d way = to_m - from_m;
  const int steps = static_cast<int>(way.norm() / (0.5 * kCell)) + 1;
  for (int k = 1; k <= steps; ++k) {
    if (!IsFree(from_m + way * (static_cast<double>(k) / steps))) return false;
  }
  return true;
}

double SynthNavigation::Distance(const Field& field, const Vector2d& from_m) const {
  return field[static_cast<size_t>(FreeCellNear(from_m))];
}

Vector2d SynthNavigation::NextPoint(const Field& field, const Vector2d& from_m,
                                    const Vector2d& goal_m) const {
  constexpr int kLongest = 60;  // cells looked ahead: 15 m
  constexpr int kStride = 4;    // cells between lines of sight
  const bool near = (goal_m - from_m).norm() < kLongest * kCell;
  if (near && IsStraight(from_m, goal_m)) return goal_m;
  int cell = FreeCellNear(from_m);
  Vector2d best = CenterOf(cell);
  for (int k = 1; k <= kLongest; ++k) {
    int next = cell;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const int x = cell % columns_ + dx;
        const int y = cell / columns_ + dy;
        if (x < 0 || y < 0 || x >= columns_ || y >= rows_) continue;
        const int other = y * columns_ + x;
        if (field[static_cast<size_t>(other)] < field[static_cast<size_t>(next)]) next = other;
      }
    }
    if (next == cell) return near ? goal_m : CenterOf(cell);
    cell = next;
    if (k == 1) {
      best = CenterOf(cell);
    } else if (k % kStride == 0) {
      if (!IsStraight(from_m, CenterOf(cell))) break;
      best = CenterOf(cell);
    }
  }
  return best;
}

}  // namespace reidbench
