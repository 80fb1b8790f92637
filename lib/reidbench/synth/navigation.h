// Ways through a hall: shortest distances to a goal on a grid of free floor, and the farthest point
// of that way which can be reached straight on.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "reidbench/synth/floor_plan.h"

namespace reidbench {

class SynthNavigation {
 public:
  explicit SynthNavigation(const SynthFloorPlan& plan);

  // Metres from every cell of the grid to the goal; infinity where no way leads.
  using Field = std::vector<float>;
  Field DistancesTo(const Eigen::Vector2d& goal_m) const;

  bool IsFree(const Eigen::Vector2d& position_m) const;
  // Whether the straight way between two points is free.
  bool IsStraight(const Eigen::Vector2d& from_m, const Eigen::Vector2d& to_m) const;
  double Distance(const Field& field, const Eigen::Vector2d& from_m) const;
  // Where to walk straight on from here to come to the goal; the goal itself once it is in sight.
  Eigen::Vector2d NextPoint(const Field& field, const Eigen::Vector2d& from_m,
                            const Eigen::Vector2d& goal_m) const;

 private:
  int CellOf(const Eigen::Vector2d& position_m) const;  // clamped to the grid
  Eigen::Vector2d CenterOf(int cell) const;
  // The free cell nearest to the position among its neighbours.
  int FreeCellNear(const Eigen::Vector2d& position_m) const;

  int columns_ = 0;
  int rows_ = 0;
  Eigen::Vector2d origin_m_{0, 0};
  std::vector<char> free_;
};

}  // namespace reidbench
