#include "reidbench/experiment/run_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/reporting/report_page.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

std::string Dump(const RunJson& json) {
  return json.dump(-1, ' ', false, RunJson::error_handler_t::replace);
}

RunJson Without(const RunJson& object, const std::set<std::string>& keys) {
  RunJson kept = RunJson::object();
  for (const auto& [key, value] : object.items()) {
    if (!keys.contains(key)) kept[key] = value;
  }
  return kept;
}

// {"columns": [...], "rows": [[...], ...]} of objects with the same keys.
RunJson PackRows(const RunJson& objects, const std::set<std::string>& without = {}) {
  RunJson columns = RunJson::array(), rows = RunJson::array();
  if (!objects.empty()) {
    for (const auto& [key, value] : objects.front().items()) {
      if (!without.contains(key)) columns.push_back(key);
    }
  }
  for (const RunJson& object : objects) {
    RunJson& row = rows.emplace_back(RunJson::array());
    for (const RunJson& key : columns) row.push_back(object.value(key, RunJson(nullptr)));
  }
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

// A comparison in two parts: numbers, and what makes pages large.
struct PackedComparison {
  std::string key;                      // "0/1": configuration and correction
  RunJson compare;                      // without its details
  RunJson details = RunJson::object();  // by sequence: {"switches", "timelines"}
  RunJson crops, decisions;
  double score = 0;
};

PackedComparison Pack(const RunJson& compare, const std::string& select) {
  PackedComparison packed;
  packed.compare = Without(compare, {"sequences"});
  const RunJson score = compare.at("COMBINED").at("corrected").value(select, RunJson(nullptr));
  packed.score = score.is_number() ? score.get<double>() : 0;
  RunJson& sequences = packed.compare["sequences"] = RunJson::object();
  for (const auto& [name, entry] : compare.at("sequences").items()) {
    RunJson& kept = sequences[name] = Without(entry, {"timelines"});
    RunJson& details = packed.details[name] = RunJson::object();
    if (entry.contains("switches") && entry["switches"].contains("list")) {
      kept["switches"].erase("list");
      for (const auto& [run, list] : entry["switches"]["list"].items())
        details["switches"][run] = PackRows(list, {"boxes"});
    }
    if (entry.contains("timelines")) details["timelines"] = PackRows(entry["timelines"]);
  }
  return packed;
}

RunJson ReadJson(const fs::path& file) {
  if (!IsFile(file)) return nullptr;
  try {
    return RunJson::parse(ReadFileText(file));
  } catch (const RunJson::exception& error) {
    ThrowInput("{}: damaged: {}; remove its folder and run again", file.string(), error.what());
  }
}

RunJson PackDecisions(const RunJson& decisions) {
  if (!decisions.is_object()) return nullptr;
  RunJson packed = RunJson::object();
  for (const auto& [name, list] : decisions.at("sequences").items()) packed[name] = PackRows(list);
  return {{"method", decisions.value("method", "")}, {"sequences", std::move(packed)}};
}

class RunPage {
 public:
  RunPage(const RunJson& record, const RunPageOptions& options)
      : record_(record), options_(options) {}

  std::string Render() {
    RunJson run = Without(record_, {"stages", "results"});
    RunJson& stages = run["stages"] = RunJson::array();
    for (const RunJson& stage : record_.value("stages", RunJson::array()))
      stages.push_back(Without(stage, {"key", "command_line", "artifact", "exit_code"}));
    const RunJson& all = record_.at("results");
    RunJson& results = run["results"] = Without(all, {"tracking"});
    if (all.contains("tracking")) results["tracking"] = Tracking(all["tracking"]);

    std::vector<ReportPart> parts = {{"run", Dump(run)},
                                     {"run_details", Dump(Of(&PackedComparison::details))},
                                     {"run_crops", Dump(Of(&PackedComparison::crops))},
                                     {"run_decisions", Dump(Of(&PackedComparison::decisions))}};
    if (const RunJson ranked = ReadJson(ArtifactFile("/retrieval", kRankedFile));
        ranked.is_object())
      parts.push_back({"ranked", Dump(ranked)});
    return RenderReportPage(record_.value("experiment", "experiment"), parts);
  }

 private:
  fs::path ArtifactFile(const std::string& slot, const char* file) const {
    const fs::path folder = options_.artifact_of ? options_.artifact_of(slot) : fs::path();
    return folder.empty() ? folder : folder / file;
  }

  RunJson Tracking(const RunJson& tracking) {
    RunJson out = RunJson::array();
    for (size_t i = 0; i < tracking.size(); ++i) {
      RunJson& entry = out.emplace_back(Without(tracking[i], {"track", "score", "corrections"}));
      RunJson& corrections = entry["corrections"] = RunJson::array();
      const RunJson& all = tracking[i].at("corrections");
      for (size_t j = 0; j < all.size(); ++j) {
        RunJson& correction =
            corrections.emplace_back(Without(all[j], {"relink", "score", "compare", "ablation"}));
        const RunJson& compare = all[j].at("compare");
        if (!compare.is_object()) continue;
        PackedComparison packed = Pack(compare, options_.select);
        correction["compare"] = std::move(packed.compare);
        packed.key = fmt::format("{}/{}", i, j);
        const std::string slot = fmt::format("/tracking/{}/corrections/{}", i, j);
        packed.crops = ReadJson(ArtifactFile(slot + "/compare", kPicturesFile));
        packed.decisions = PackDecisions(ReadJson(ArtifactFile(slot + "/relink", kDecisionsFile)));
        comparisons_.push_back(std::move(packed));
      }
    }
    Limit();
    return out;
  }

  // What makes the page too large becomes null.
  void Limit() {
    std::vector<PackedComparison*> order;
    for (PackedComparison& packed : comparisons_) order.push_back(&packed);
    std::stable_sort(
        order.begin(), order.end(),
        [](const PackedComparison* a, const PackedComparison* b) { return a->score > b->score; });
    size_t bytes = 0;
    // Who was where and when of all comparisons is worth more than the evidence of the first.
    for (RunJson PackedComparison::*part :
         {&PackedComparison::details, &PackedComparison::decisions, &PackedComparison::crops}) {
      for (PackedComparison* packed : order) {
        const size_t size = Dump(packed->*part).size();
        if (bytes + size > options_.max_detail_bytes) {
          packed->*part = nullptr;
        } else {
          bytes += size;
        }
      }
    }
  }

  RunJson Of(RunJson PackedComparison::*part) const {
    RunJson out = RunJson::object();
    for (const PackedComparison& packed : comparisons_) {
      if (!(packed.*part).is_null()) out[packed.key] = packed.*part;
    }
    return out;
  }

  const RunJson& record_;
  const RunPageOptions& options_;
  std::vector<PackedComparison> comparisons_;
};

}  // namespace

std::string RenderRunPage(const RunJson& record, const RunPageOptions& options) {
  return RunPage(record, options).Render();
}

}  // namespace reidbench
