#include "reidbench/mtmc_metrics/moda.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "reidbench/matching/assignment.h"

namespace reidbench {
namespace {

void SortByFrame(std::vector<GroundCell>* cells) {
  std::stable_sort(cells->begin(), cells->end(),
                   [](const GroundCell& a, const GroundCell& b) { return a.frame < b.frame; });
}

std::span<const GroundCell> CellsOf(const std::vector<GroundCell>& sorted, int64_t frame) {
  const auto less = [](const GroundCell& cell, int64_t f) { return cell.frame < f; };
  const auto begin = std::lower_bound(sorted.begin(), sorted.end(), frame, less);
  const auto end = std::lower_bound(begin, sorted.end(), frame + 1, less);
  return {begin, end};
}

// The distances of the matched pairs, in cells: as many pairs as possible, then the cheapest.
std::vector<double> MatchCells(std::span<const GroundCell> truth,
                               std::span<const GroundCell> found) {
  if (truth.empty() || found.empty()) return {};
  const double forbidden =
      (kModaReachCells + 1) * static_cast<double>(std::min(truth.size(), found.size()) + 1);
  std::vector<double> cost(truth.size() * found.size(), forbidden);
  for (size_t g = 0; g < truth.size(); ++g) {
    for (size_t d = 0; d < found.size(); ++d) {
      const auto dx = static_cast<double>(truth[g].x - found[d].x);
      const auto dy = static_cast<double>(truth[g].y - found[d].y);
      const double distance = std::sqrt(dx * dx + dy * dy);
      if (distance <= kModaReachCells) cost[g * found.size() + d] = distance;
    }
  }
  const std::vector<int32_t> match = LinearSumAssignment(static_cast<int32_t>(truth.size()),
                                                         static_cast<int32_t>(found.size()), cost);
  std::vector<double> distances;
  for (size_t g = 0; g < truth.size(); ++g) {
    if (match[g] == kUnassigned) continue;
    const double distance = cost[g * found.size() + match[g]];
    if (distance != forbidden) distances.push_back(distance);
  }
  return distances;
}

void AddModaFrame(size_t truth, size_t found, std::span<const double> distances, ModaScore* score,
                  double* closeness) {
  const auto tp = static_cast<int64_t>(distances.size());
  ++score->frames;
  score->gt += static_cast<int64_t>(truth);
  score->tp += tp;
  score->fn += static_cast<int64_t>(truth) - tp;
  score->fp += static_cast<int64_t>(found) - tp;
  for (const double distance : distances) {
    if (distance == kModaReachCells) ++score->pairs_at_reach;
    *closeness += 1 - distance / kModaReachCells;
  }
}

void SetModaRatios(double closeness, ModaScore* score) {
  const auto gt = static_cast<double>(score->gt), tp = static_cast<double>(score->tp);
  const auto fp = static_cast<double>(score->fp), fn = static_cast<double>(score->fn);
  if (gt > 0) {
    score->moda = 100 * (1 - (fn + fp) / gt);
    score->recall = 100 * tp / gt;
  }
  if (tp > 0) score->modp = 100 * closeness / tp;
  if (tp + fp > 0) score->precision = 100 * tp / (tp + fp);
}

}  // namespace

ModaScores ScoreModa(std::vector<GroundCell> truth, std::vector<GroundCell> detections) {
  SortByFrame(&truth);
  SortByFrame(&detections);
  ModaScores out;
  double matlab_closeness = 0, python_closeness = 0;
  // What the port has counted up to its last frame with people.
  ModaScore port;
  double port_closeness = 0;
  for (size_t begin = 0; begin < detections.size();) {
    const int64_t frame = detections[begin].frame;
    const std::span<const GroundCell> found = CellsOf(detections, frame);
    const std::span<const GroundCell> people = CellsOf(truth, frame);
    begin += found.size();
    std::vector<double> distances = MatchCells(people, found);
    AddModaFrame(people.size(), found.size(), distances, &out.matlab, &matlab_closeness);
    std::erase(distances, kModaReachCells);
    AddModaFrame(people.size(), found.size(), distances, &port, &port_closeness);
    if (people.empty()) continue;
    out.python = port;
    python_closeness = port_closeness;
  }
  SetModaRatios(matlab_closeness, &out.matlab);
  SetModaRatios(python_closeness, &out.python);
  ModaScore& python = out.python;
  python.moda = std::max(0.0, python.moda.value_or(0));
  for (std::optional<double>* ratio : {&python.modp, &python.precision, &python.recall})
    *ratio = ratio->value_or(0);
  return out;
}

}  // namespace reidbench
