#include "reidbench/flow/tool_rules.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

PlanePoint LowerMiddle(const BoxLtwh& box) {
  return {box.left + box.width / 2, box.top + box.height};
}
PlanePoint MiddleOf(const BoxLtwh& box) {
  return {box.left + box.width / 2, box.top + box.height / 2};
}

class SupervisionTool : public FlowTool {
 public:
  SupervisionTool(const FlowScene& scene, int threshold)
      : scene_(scene), length_(static_cast<size_t>(std::max(2, threshold + 1))) {
    counts_.tool = "supervision";
    counts_.version = "0.26";
    counts_.lines.assign(scene.zones.lines.size(), {0, 0});
    counts_.zones.resize(scene.zones.zones.size());
    history_.resize(counts_.lines.size());
    first_.resize(counts_.zones.size());
    last_.resize(counts_.zones.size());
    inside_.assign(counts_.zones.size(), 0);
  }

  void Step(int64_t frame, std::span<const FlowRow> rows) override {
    ++frames_;
    for (const FlowRow& row : rows) {
      ids_.insert(row.id);
      for (size_t l = 0; l < history_.size(); ++l) StepLine(l, row);
      for (size_t z = 0; z < inside_.size(); ++z) StepZone(z, frame, row);
    }
  }

  ToolCounts Finish() override {
    for (size_t z = 0; z < inside_.size(); ++z) {
      if (frames_ > 0)
        counts_.zones[z].inside_mean =
            static_cast<double>(inside_[z]) / static_cast<double>(frames_);
      double sum = 0;
      for (const auto& [id, last] : last_[z])
        sum += static_cast<double>(last - first_[z].at(id)) / scene_.frame_rate;
      if (!last_[z].empty()) counts_.zones[z].time_s = sum / static_cast<double>(last_[z].size());
    }
    counts_.unique = static_cast<int64_t>(ids_.size());
    return counts_;
  }

 private:
  void StepLine(size_t l, const FlowRow& row) {
    const FlowLine& line = scene_.zones.lines[l];
    const BoxLtwh& b = row.box;
    const PlanePoint corners[] = {{b.left, b.top},
                                  {b.left, b.top + b.height},
                                  {b.left + b.width, b.top},
                                  {b.left + b.width, b.top + b.height}};
    const double length = DistanceOf(line.from, line.to);
    bool left = false, right = false;
    for (const PlanePoint& corner : corners) {
      const double along = ((corner.x - line.from.x) * (line.to.x - line.from.x) +
                            (corner.y - line.from.y) * (line.to.y - line.from.y)) /
                           length;
      if (along < 0 || along > length) return;
      const double side = CrossOf(line.from, line.to, corner);
      left = left || side < 0;
      right = right || side > 0;
    }
    if (left && right) return;
    std::deque<bool>& history = history_[l][row.id];
    history.push_back(right);
    if (history.size() > length_) history.pop_front();
    if (history.size() < length_) return;
    if (std::count(history.begin(), history.end(), history.front()) > 1) return;
    ++*(right ? counts_.lines[l].in : counts_.lines[l].out);
  }

  void StepZone(size_t z, int64_t frame, const FlowRow& row) {
    const PlanePoint foot = LowerMiddle(row.box);
    const PlanePoint pixel = {std::ceil(foot.x), std::ceil(foot.y)};
    if (!InsidePolygon(scene_.zones.zones[z].polygon, pixel, EdgeRule::kInside)) return;
    ++inside_[z];
    first_[z].try_emplace(row.id, frame);
    last_[z][row.id] = frame;
  }

  const FlowScene scene_;
  const size_t length_;
  ToolCounts counts_;
  std::vector<std::map<int64_t, std::deque<bool>>> history_;
  std::vector<std::map<int64_t, int64_t>> first_, last_;
  std::vector<int64_t> inside_;
  std::set<int64_t> ids_;
  int64_t frames_ = 0;
};

class UltralyticsTool : public FlowTool {
 public:
  explicit UltralyticsTool(const FlowScene& scene) : scene_(scene) {
    counts_.tool = "ultralytics";
    counts_.version = "8.3";
    counts_.lines.assign(scene.zones.lines.size(), {0, 0});
    counts_.zones.resize(scene.zones.zones.size());
    counted_lines_.resize(counts_.lines.size());
    counted_zones_.resize(counts_.zones.size());
    inside_.assign(counts_.zones.size(), 0);
  }

  void Step(int64_t /*frame*/, std::span<const FlowRow> rows) override {
    ++frames_;
    for (const FlowRow& row : rows) {
      const PlanePoint now = MiddleOf(row.box);
      const auto [found, fresh] = before_.try_emplace(row.id, now);
      const PlanePoint before = found->second;
      found->second = now;
      if (fresh) continue;
      for (size_t l = 0; l < counted_lines_.size(); ++l) {
        const FlowLine& line = scene_.zones.lines[l];
        if (counted_lines_[l].count(row.id) > 0 || !SegmentsMeet(line.from, line.to, before, now))
          continue;
        const bool steep = std::abs(line.from.x - line.to.x) < std::abs(line.from.y - line.to.y);
        const bool in = steep ? now.x > before.x : now.y > before.y;
        ++*(in ? counts_.lines[l].in : counts_.lines[l].out);
        counted_lines_[l].insert(row.id);
      }
      for (size_t z = 0; z < counted_zones_.size(); ++z) {
        if (!InsidePolygon(scene_.zones.zones[z].polygon, now, EdgeRule::kOutside)) continue;
        ++inside_[z];
        counted_zones_[z].insert(row.id);
      }
    }
  }

  ToolCounts Finish() override {
    for (size_t z = 0; z < inside_.size(); ++z) {
      counts_.zones[z].entered = static_cast<int64_t>(counted_zones_[z].size());
      if (frames_ > 0)
        counts_.zones[z].inside_mean =
            static_cast<double>(inside_[z]) / static_cast<double>(frames_);
    }
    counts_.unique = static_cast<int64_t>(before_.size());
    return counts_;
  }

 private:
  const FlowScene scene_;
  ToolCounts counts_;
  std::map<int64_t, PlanePoint> before_;
  std::vector<std::set<int64_t>> counted_lines_, counted_zones_;
  std::vector<int64_t> inside_;
  int64_t frames_ = 0;
};

class DeepStreamTool : public FlowTool {
 public:
  explicit DeepStreamTool(const FlowScene& scene) : scene_(scene) {
    counts_.tool = "deepstream";
    counts_.version = "7";
    counts_.lines.resize(scene.zones.lines.size());
    for (ToolLineCount& line : counts_.lines) line.in = 0;
    counts_.zones.resize(scene.zones.zones.size());
    inside_.assign(counts_.zones.size(), 0);
  }

  void Step(int64_t /*frame*/, std::span<const FlowRow> rows) override {
    ++frames_;
    for (const FlowRow& row : rows) {
      const PlanePoint now = LowerMiddle(row.box);
      const auto [found, fresh] = before_.try_emplace(row.id, now);
      const PlanePoint before = found->second;
      found->second = now;
      for (size_t z = 0; z < inside_.size(); ++z) {
        if (InsidePolygon(scene_.zones.zones[z].polygon, now, EdgeRule::kInside)) ++inside_[z];
      }
      if (fresh) continue;
      for (size_t l = 0; l < counts_.lines.size(); ++l) {
        const FlowLine& line = scene_.zones.lines[l];
        if (SegmentsMeet(line.from, line.to, before, now) &&
            CrossOf(line.from, line.to, before) < 0 && CrossOf(line.from, line.to, now) >= 0)
          ++*counts_.lines[l].in;
      }
    }
  }

  ToolCounts Finish() override {
    for (size_t z = 0; z < inside_.size() && frames_ > 0; ++z)
      counts_.zones[z].inside_mean = static_cast<double>(inside_[z]) / static_cast<double>(frames_);
    return counts_;
  }

 private:
  const FlowScene scene_;
  ToolCounts counts_;
  std::map<int64_t, PlanePoint> before_;
  std::vector<int64_t> inside_;
  int64_t frames_ = 0;
};

class OpenDataCamTool : public FlowTool {
 public:
  explicit OpenDataCamTool(const FlowScene& scene) {
    counts_.tool = "opendatacam";
    counts_.version = "3";
    counts_.lines.resize(scene.zones.lines.size());
    counts_.zones.resize(scene.zones.zones.size());
  }
  void Step(int64_t /*frame*/, std::span<const FlowRow> rows) override {
    for (const FlowRow& row : rows) {
      if (!first_) first_ = row.id;
      largest_ = std::max(largest_, row.id);
    }
  }
  ToolCounts Finish() override {
    counts_.unique = first_ ? largest_ - *first_ : 0;
    return counts_;
  }

 private:
  ToolCounts counts_;
  std::optional<int64_t> first_;
  int64_t largest_ = 0;
};

class FrigateTool : public FlowTool {
 public:
  FrigateTool(const FlowScene& scene, int inertia) : scene_(scene), inertia_(inertia) {
    counts_.tool = "frigate";
    counts_.version = "0.14";
    counts_.lines.resize(scene.zones.lines.size());
    counts_.zones.resize(scene.zones.zones.size());
    score_.resize(counts_.zones.size());
    entered_.resize(counts_.zones.size());
    inside_.assign(counts_.zones.size(), 0);
  }
  void Step(int64_t /*frame*/, std::span<const FlowRow> rows) override {
    ++frames_;
    for (const FlowRow& row : rows) {
      ids_.insert(row.id);
      for (size_t z = 0; z < score_.size(); ++z) {
        int& score = score_[z][row.id];
        if (InsidePolygon(scene_.zones.zones[z].polygon, LowerMiddle(row.box), EdgeRule::kInside)) {
          if (score >= inertia_) {
            ++inside_[z];
            entered_[z].insert(row.id);
          } else {
            ++score;
          }
        } else if (score > 0 && score < inertia_) {
          --score;
        }
      }
    }
  }
  ToolCounts Finish() override {
    for (size_t z = 0; z < score_.size(); ++z) {
      counts_.zones[z].entered = static_cast<int64_t>(entered_[z].size());
      if (frames_ > 0)
        counts_.zones[z].inside_mean =
            static_cast<double>(inside_[z]) / static_cast<double>(frames_);
    }
    counts_.unique = static_cast<int64_t>(ids_.size());
    return counts_;
  }

 private:
  const FlowScene scene_;
  const int inertia_;
  ToolCounts counts_;
  std::vector<std::map<int64_t, int>> score_;
  std::vector<std::set<int64_t>> entered_;
  std::vector<int64_t> inside_;
  std::set<int64_t> ids_;
  int64_t frames_ = 0;
};

}  // namespace

std::vector<std::string> FlowToolNames() {
  return {"supervision", "ultralytics", "deepstream", "opendatacam", "frigate"};
}

std::unique_ptr<FlowTool> MakeFlowTool(std::string_view name, const FlowScene& scene,
                                       const FlowToolOptions& options) {
  if (name == "supervision")
    return std::make_unique<SupervisionTool>(scene, options.supervision_threshold);
  if (name == "ultralytics") return std::make_unique<UltralyticsTool>(scene);
  if (name == "deepstream") return std::make_unique<DeepStreamTool>(scene);
  if (name == "opendatacam") return std::make_unique<OpenDataCamTool>(scene);
  if (name == "frigate") return std::make_unique<FrigateTool>(scene, options.frigate_inertia);
  const std::vector<std::string> names = FlowToolNames();
  ThrowUsage("--rules: unknown program '{}'{}", std::string(name),
             SuggestName(name, std::span<const std::string>(names)));
}

}  // namespace reidbench
