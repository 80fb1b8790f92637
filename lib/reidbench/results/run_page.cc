#include "reidbench/results/run_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <vector>

#include "reidbench/core/files.h"
#include "reidbench/results/report_page.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

std::string Dump(const Json& json) { return DumpJson(json, -1); }

Json Without(const Json& object, const std::set<std::string>& keys) {
  Json kept = Json::object();
  for (const auto& [key, value] : object.items()) {
    if (!keys.contains(key)) kept[key] = value;
  }
  return kept;
}

// {"columns": [...], "rows": [[...], ...]} of objects with the same keys.
Json PackObjects(const Json& objects, const std::set<std::string>& without = {}) {
  Json columns = Json::array(), rows = Json::array();
  if (!objects.empty()) {
    for (const auto& [key, value] : objects.front().items()) {
      if (!without.contains(key)) columns.push_back(key);
    }
  }
  for (const Json& object : objects) {
    Json& row = rows.emplace_back(Json::array());
    for (const Json& key : columns)
      row.push_back(object.value(key.get_ref<const std::string&>(), Json(nullptr)));
  }
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

// A comparison in two parts: numbers, and what makes pages large.
struct PackedComparison {
  std::string key;                // "0/1": configuration and correction
  Json compare;                   // without its details
  Json details = Json::object();  // by sequence: {"switches", "timelines"}
  Json crops, decisions;
  double score = 0;
};

PackedComparison Pack(const Json& compare, const std::string& select) {
  PackedComparison packed;
  packed.compare = Without(compare, {"sequences", "units"});
  const Json score = compare.at("COMBINED").at("corrected").value(select, Json(nullptr));
  packed.score = score.is_number() ? score.get<double>() : 0;
  Json& sequences = packed.compare["sequences"] = Json::object();
  for (const auto& [name, entry] : compare.at("sequences").items()) {
    Json& kept = sequences[name] = Without(entry, {"timelines"});
    Json& details = packed.details[name] = Json::object();
    if (entry.contains("switches") && entry["switches"].contains("list")) {
      kept["switches"].erase("list");
      for (const auto& [run, list] : entry["switches"]["list"].items())
        details["switches"][run] = PackObjects(list, {"boxes"});
    }
    if (entry.contains("timelines")) details["timelines"] = PackObjects(entry["timelines"]);
  }
  return packed;
}

// Null where the artifact has no such file.
Json ReadArtifact(const fs::path& file) { return IsFile(file) ? ReadJson(file) : Json(nullptr); }

Json PackDecisions(const Json& decisions) {
  if (!decisions.is_object()) return nullptr;
  Json packed = Json::object();
  for (const auto& [name, list] : decisions.at("sequences").items())
    packed[name] = PackObjects(list);
  return {{"method", decisions.value("method", "")}, {"sequences", std::move(packed)}};
}

class RunPage {
 public:
  RunPage(const Json& record, const RunPageOptions& options) : record_(record), options_(options) {}

  std::string Render() {
    Json run = Without(record_, {"stages", "results"});
    Json& stages = run["stages"] = Json::array();
    for (const Json& stage : record_.value("stages", Json::array()))
      stages.push_back(Without(stage, {"key", "command_line", "artifact", "exit_code"}));
    const Json& all = record_.at("results");
    Json& results = run["results"] = Without(all, {"tracking"});
    if (all.contains("tracking")) results["tracking"] = Tracking(all["tracking"]);

    std::vector<ReportPart> parts = {{"run", Dump(run)},
                                     {"run_details", Dump(Of(&PackedComparison::details))},
                                     {"run_crops", Dump(Of(&PackedComparison::crops))},
                                     {"run_decisions", Dump(Of(&PackedComparison::decisions))}};
    if (const Json ranked = ReadArtifact(ArtifactFile("/retrieval", kRankedFile));
        ranked.is_object())
      parts.push_back({"ranked", Dump(ranked)});
    return RenderReportPage(record_.value("experiment", "experiment"), parts);
  }

 private:
  fs::path ArtifactFile(const std::string& slot, const char* file) const {
    const fs::path folder = options_.artifact_of ? options_.artifact_of(slot) : fs::path();
    return folder.empty() ? folder : folder / file;
  }

  Json Tracking(const Json& tracking) {
    Json out = Json::array();
    for (size_t i = 0; i < tracking.size(); ++i) {
      Json& entry = out.emplace_back(Without(tracking[i], {"track", "score", "corrections"}));
      Json& corrections = entry["corrections"] = Json::array();
      const Json& all = tracking[i].at("corrections");
      for (size_t j = 0; j < all.size(); ++j) {
        Json& correction =
            corrections.emplace_back(Without(all[j], {"relink", "score", "compare", "ablation"}));
        const Json& compare = all[j].at("compare");
        if (!compare.is_object()) continue;
        PackedComparison packed = Pack(compare, options_.select);
        correction["compare"] = std::move(packed.compare);
        packed.key = fmt::format("{}/{}", i, j);
        const std::string slot = fmt::format("/tracking/{}/corrections/{}", i, j);
        packed.crops = ReadArtifact(ArtifactFile(slot + "/compare", kPicturesFile));
        packed.decisions =
            PackDecisions(ReadArtifact(ArtifactFile(slot + "/relink", kDecisionsFile)));
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
    for (Json PackedComparison::*part :
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

  Json Of(Json PackedComparison::*part) const {
    Json out = Json::object();
    for (const PackedComparison& packed : comparisons_) {
      if (!(packed.*part).is_null()) out[packed.key] = packed.*part;
    }
    return out;
  }

  const Json& record_;
  const RunPageOptions& options_;
  std::vector<PackedComparison> comparisons_;
};

}  // namespace

std::string RenderRunPage(const Json& record, const RunPageOptions& options) {
  return RunPage(record, options).Render();
}

}  // namespace reidbench
