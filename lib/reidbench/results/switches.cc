#include "reidbench/results/switches.h"

#include <fmt/core.h>

#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

Json BoxJson(const BoxLtwh& box) { return Json::array({box.left, box.top, box.width, box.height}); }

std::string IdOrEmpty(const std::optional<int64_t>& id) {
  return id ? fmt::format("{}", *id) : std::string();
}

}  // namespace

Json CausesJson(const SwitchCounts& counts) {
  Json out = Json::object();
  for (int c = 0; c < kSwitchCauses; ++c)
    out[std::string(SwitchCauseName(static_cast<SwitchCause>(c)))] = counts[c];
  return out;
}

Json SwitchJson(const IdSwitch& s, bool boxes) {
  Json out = {{"frame", s.frame},
              {"last_frame", s.last_frame},
              {"gap_frames", s.gap_frames()},
              {"gt_id", s.gt_id},
              {"old_track", s.old_track},
              {"new_track", s.new_track},
              {"cause", SwitchCauseName(s.cause)},
              {"hidden_share", s.hidden_share},
              {"absent_frames", s.absent_frames},
              {"occluder_gt", OrNull(s.occluder_gt)},
              {"occluder_track", OrNull(s.occluder_track)},
              {"other_gt", OrNull(s.other_gt)}};
  if (boxes) {
    out["boxes"] = {{"gt_before", BoxJson(s.gt_box_before)},
                    {"gt_after", BoxJson(s.gt_box_after)},
                    {"old", BoxJson(s.old_box)},
                    {"new", BoxJson(s.new_box)}};
  }
  return out;
}

std::vector<Table::Column> SwitchColumns(std::vector<Table::Column> first) {
  for (const char* name :
       {"frame", "last_frame", "gap_frames", "gt_id", "old_track", "new_track", "cause",
        "hidden_share", "absent_frames", "occluder_gt", "occluder_track", "other_gt"}) {
    first.push_back({name});
  }
  return first;
}

std::vector<std::string> SwitchCells(std::vector<std::string> first, const IdSwitch& s) {
  for (const int64_t number :
       {s.frame, s.last_frame, s.gap_frames(), s.gt_id, s.old_track, s.new_track}) {
    first.push_back(fmt::format("{}", number));
  }
  first.emplace_back(SwitchCauseName(s.cause));
  first.push_back(fmt::format("{:.4f}", s.hidden_share));
  first.push_back(fmt::format("{}", s.absent_frames));
  for (const std::optional<int64_t>& id : {s.occluder_gt, s.occluder_track, s.other_gt})
    first.push_back(IdOrEmpty(id));
  return first;
}

SwitchCounts CountByCause(const ClassScore& score) {
  SwitchCounts sum{};
  for (const std::vector<IdSwitch>& sequence : score.switches) {
    const SwitchCounts counts = CountByCause(sequence);
    for (int c = 0; c < kSwitchCauses; ++c) sum[c] += counts[c];
  }
  return sum;
}

std::string RenderSwitchesCsv(const ScoreStageResult& result) {
  Table table(SwitchColumns({{"tracker"}, {"class"}, {"sequence"}}));
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      for (size_t i = 0; i < score.switches.size(); ++i) {
        for (const IdSwitch& s : score.switches[i])
          table.AddRow(SwitchCells({tracker.name, score.scored.name, result.sequences[i]}, s));
      }
    }
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderSwitchesJson(const ScoreStageResult& result) {
  Json out = Json::object();
  out["schema"] = kSwitchesSchema;
  out["version"] = std::string(Version());
  out["benchmark"] = result.benchmark.name;
  Json& trackers = out["trackers"] = Json::object();
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      Json& entry = trackers[tracker.name][score.scored.name] = Json::object();
      entry["by_cause"] = CausesJson(CountByCause(score));
      Json& sequences = entry["sequences"] = Json::object();
      for (size_t i = 0; i < score.switches.size(); ++i) {
        Json& list = sequences[result.sequences[i]] = Json::array();
        for (const IdSwitch& s : score.switches[i]) list.push_back(SwitchJson(s, true));
      }
    }
  }
  return DumpJson(out);
}

void CheckSwitchesFile(const std::filesystem::path& path, bool force) {
  const std::string extension = ToLower(path.extension().string());
  if (extension != ".csv" && extension != ".json")
    ThrowUsage("--switches {}: expected a name that ends in .csv or .json", path.string());
  RequireWritable(path, force);
}

void WriteSwitches(const ScoreStageResult& result, const std::filesystem::path& path, bool force) {
  CheckSwitchesFile(path, force);
  const bool json = ToLower(path.extension().string()) == ".json";
  WriteFileAtomically(path, json ? RenderSwitchesJson(result) : RenderSwitchesCsv(result));
}

}  // namespace reidbench
