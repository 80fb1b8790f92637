#include "reidbench/synth/sketch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reidbench/core/random.h"
#include "reidbench/synth/appearance.h"

namespace reidbench {
namespace {

using Eigen::Vector2d;
using Eigen::Vector3d;

constexpr double kBoardHalfWidth_m = 0.27;
constexpr int kBoardColumns = 5;
constexpr int kBoardRows = 10;

// Lengths of what an embedding is made of, against the identity's 1. People, sides, cameras and
// moments differ in few directions, as those of trained networks do; crops differ in all. Between
// cameras a mean of many crops then has rank-1 of about 0.8 among 60 people: what published
// networks reach on cameras that they have not seen.
constexpr int kDirections = 32;
constexpr double kBodySide = 0.4;       // a body seen from front, back and sides
constexpr double kCameraColours = 0.6;  // of all people of a camera, at camera_variation 1
constexpr double kCameraOwn = 0.55;     // of one person in a camera, at camera_variation 1
constexpr double kMomentNoise = 0.3;    // what neighbouring crops share: light, pose
constexpr double kCropNoise = 0.7;      // from crop to crop
constexpr double kLookAlike = 0.75;

bool Hides(const SynthObstacle& obstacle, const Vector3d& from, const Vector3d& to) {
  const double c = std::cos(obstacle.yaw_rad), s = std::sin(obstacle.yaw_rad);
  const auto local = [&](const Vector3d& p) {
    const double x = p.x() - obstacle.center_m.x(), y = p.y() - obstacle.center_m.y();
    return Vector3d(c * x + s * y, -s * x + c * y, p.z());
  };
  const Vector3d a = local(from);
  const Vector3d d = local(to) - a;
  const Vector3d low(-obstacle.half_size_m.x(), -obstacle.half_size_m.y(), 0);
  const Vector3d high(obstacle.half_size_m.x(), obstacle.half_size_m.y(), obstacle.height_m);
  double enter = 0, leave = 1;
  for (int axis = 0; axis < 3; ++axis) {
    if (std::abs(d[axis]) < 1e-12) {
      if (a[axis] < low[axis] || a[axis] > high[axis]) return false;
      continue;
    }
    double first = (low[axis] - a[axis]) / d[axis], second = (high[axis] - a[axis]) / d[axis];
    if (first > second) std::swap(first, second);
    enter = std::max(enter, first);
    leave = std::min(leave, second);
  }
  return enter < leave;
}

// A normal vector of length about `length` in the first `directions`.
void AddDirection(uint64_t seed, uint64_t stream, double length, std::vector<double>* sum,
                  int directions = kDirections) {
  Rng rng(seed, stream);
  const double scale = length / std::sqrt(static_cast<double>(directions));
  for (int k = 0; k < directions; ++k) (*sum)[static_cast<size_t>(k)] += scale * rng.Normal();
}

void AddIdentity(const SynthOptions& options, int64_t identity, double length,
                 std::vector<double>* sum) {
  const int64_t like = SynthHardNegativeOf(options.seed, identity, {options.hard_negatives});
  const double own = like < 0 ? 1 : std::sqrt(1 - kLookAlike * kLookAlike);
  AddDirection(options.seed, (0x534b4900ULL << 32) + static_cast<uint64_t>(identity), length * own,
               sum);
  if (like >= 0) AddIdentity(options, like, length * kLookAlike, sum);
}

}  // namespace

std::vector<SynthTarget> SketchTargets(const SynthCamera& camera,
                                       std::span<const SynthObstacle> obstacles,
                                       std::span<const SynthFigure> figures,
                                       std::span<const double> heights_m) {
  struct Board {
    size_t figure;
    double depth_m;
    BoxLtwh box;
    Vector3d foot, right;
  };
  std::vector<Board> boards;
  for (size_t k = 0; k < figures.size(); ++k) {
    const Vector3d foot(figures[k].position_m.x(), figures[k].position_m.y(), 0);
    const Vector3d head = foot + Vector3d(0, 0, heights_m[k]);
    const Vector3d right = camera.camera_from_world.row(0).transpose() * kBoardHalfWidth_m;
    double left_px = 1e300, right_px = -1e300, top_px = 1e300, bottom_px = -1e300;
    bool before = true;
    for (const Vector3d& point : {Vector3d(foot - right), Vector3d(foot + right),
                                  Vector3d(head - right), Vector3d(head + right)}) {
      const Vector3d pixel = camera.Project(point);
      before = before && pixel.z() > 0.2;
      if (!before) break;
      left_px = std::min(left_px, pixel.x());
      right_px = std::max(right_px, pixel.x());
      top_px = std::min(top_px, pixel.y());
      bottom_px = std::max(bottom_px, pixel.y());
    }
    if (!before || right_px <= 0 || bottom_px <= 0 || left_px >= camera.width_px ||
        top_px >= camera.height_px) {
      continue;
    }
    boards.push_back({k,
                      camera.Project(foot + Vector3d(0, 0, 0.5 * heights_m[k])).z(),
                      {left_px, top_px, right_px - left_px, bottom_px - top_px},
                      foot,
                      right});
  }
  std::vector<SynthTarget> targets;
  for (const Board& board : boards) {
    SynthTarget target;
    target.identity = figures[board.figure].identity;
    target.box = board.box;
    double left = 1e300, right = -1e300, top = 1e300, bottom = -1e300;
    int seen = 0;
    for (int row = 0; row < kBoardRows; ++row) {
      for (int column = 0; column < kBoardColumns; ++column) {
        const double across = (column + 0.5) / kBoardColumns, up = (row + 0.5) / kBoardRows;
        const double u = board.box.left + across * board.box.width;
        const double v = board.box.top + board.box.height * (1 - up);
        if (u < 0 || v < 0 || u >= camera.width_px || v >= camera.height_px) continue;
        bool hidden = false;
        for (const Board& other : boards) {
          // A body fills the middle of its box.
          hidden = hidden ||
                   (other.depth_m < board.depth_m &&
                    std::abs(u - other.box.left - 0.5 * other.box.width) < 0.4 * other.box.width &&
                    v > other.box.top && v < other.box.top + other.box.height);
        }
        if (hidden) continue;
        const Vector3d point = board.foot + (2 * across - 1) * board.right +
                               Vector3d(0, 0, up * heights_m[board.figure]);
        if (std::any_of(obstacles.begin(), obstacles.end(), [&](const SynthObstacle& obstacle) {
              return Hides(obstacle, camera.position_m, point);
            })) {
          continue;
        }
        ++seen;
        left = std::min(left, board.box.left + column * board.box.width / kBoardColumns);
        right = std::max(right, board.box.left + (column + 1) * board.box.width / kBoardColumns);
        top = std::min(top, board.box.top + board.box.height * (1 - (row + 1.0) / kBoardRows));
        bottom = std::max(bottom, board.box.top + board.box.height * (1 - 1.0 * row / kBoardRows));
      }
    }
    target.visibility = static_cast<double>(seen) / (kBoardRows * kBoardColumns);
    if (seen > 0) target.visible_box = {left, top, right - left, bottom - top};
    targets.push_back(target);
  }
  return targets;
}

std::vector<float> SketchEmbedding(const SynthOptions& options, const SynthCamera& camera,
                                   const SketchCrop& crop, uint64_t noise_seed) {
  std::vector<double> sum(kSketchDim, 0);
  const uint64_t id = static_cast<uint64_t>(crop.identity);
  if (crop.identity >= 0) {
    // What is hidden shows somebody else.
    const double own = std::clamp(1.25 * crop.visibility, 0.0, 1.0);
    AddIdentity(options, crop.identity, own, &sum);
    AddDirection(options.seed, (0x534b4601ULL << 32) + id,
                 own * kBodySide * std::cos(crop.facing_rad), &sum);
    AddDirection(options.seed, (0x534b4602ULL << 32) + id,
                 own * kBodySide * std::sin(crop.facing_rad), &sum);
    AddDirection(options.seed ^ 0x43414d4500ULL ^ static_cast<uint64_t>(camera.id),
                 (0x534b4603ULL << 32) + id, own * kCameraOwn * options.camera_variation, &sum);
    if (crop.hidden_by >= 0) AddIdentity(options, crop.hidden_by, 1 - own, &sum);
  }
  AddDirection(options.seed, 0x534b4300ULL + static_cast<uint64_t>(camera.id),
               kCameraColours * options.camera_variation, &sum);
  AddDirection(options.seed ^ 0x4d4f4d00ULL ^ static_cast<uint64_t>(camera.id),
               (static_cast<uint64_t>(crop.moment) << 24) + id,
               crop.identity >= 0 ? kMomentNoise : 1, &sum);
  AddDirection(noise_seed, 0x534b4e00ULL, kCropNoise, &sum, kSketchDim);
  double length = 0;
  for (const double value : sum) length += value * value;
  length = std::sqrt(length);
  std::vector<float> embedding(kSketchDim);
  for (int c = 0; c < kSketchDim; ++c)
    embedding[static_cast<size_t>(c)] = static_cast<float>(sum[static_cast<size_t>(c)] / length);
  return embedding;
}

}  // namespace reidbench
