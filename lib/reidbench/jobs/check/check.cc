#include "reidbench/jobs/check/check.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "reidbench/core/text.h"
#include "reidbench/imaging/decode.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;

std::string CameraText(const std::vector<CameraId>& cameras) {
  std::vector<std::string> names;
  for (CameraId camera : cameras) names.push_back(fmt::format("{}", camera.value));
  return JoinText(names, " ");
}

std::vector<Table> DatasetTables(const ReidDataset& dataset, const ReidAudit& audit) {
  std::vector<Table> tables;
  Table splits({{"split", Align::kLeft},
                {"images"},
                {"persons"},
                {"distractors"},
                {"junk dropped"},
                {"cameras", Align::kLeft}},
               fmt::format("{} in {}", dataset.name, dataset.root.string()));
  for (const ReidAudit::SplitCounts& split : audit.splits) {
    splits.AddRow({std::string(SplitName(split.split)), WithThousands(split.images),
                   WithThousands(split.persons), WithThousands(split.distractors),
                   WithThousands(split.junk), CameraText(split.cameras)});
  }
  tables.push_back(std::move(splits));
  if (!audit.official.empty()) {
    Table official({{"count", Align::kLeft}, {"published"}, {"found"}, {"", Align::kLeft}},
                   fmt::format("Against the published figures ({})", audit.official_source));
    for (const ReidAudit::CountCheck& check : audit.official) {
      const char* verdict = check.matches()  ? "ok"
                            : check.verified ? "DIFFERS"
                                             : "differs (published figure uncertain)";
      official.AddRow(
          {check.what, WithThousands(check.expected), WithThousands(check.found), verdict});
    }
    tables.push_back(std::move(official));
  }
  if (audit.matching) {
    Table matching({{"queries", Align::kLeft}, {"count"}, {"for example", Align::kLeft}});
    const auto first = [](const std::vector<std::string>& examples) {
      return JoinText(examples, ", ");
    };
    matching.AddRow({"in all", WithThousands(audit.matching->queries), ""});
    matching.AddRow({"with a valid match", WithThousands(audit.matching->valid), ""});
    matching.AddRow({"whose person is not in the gallery",
                     WithThousands(audit.matching->without_person),
                     first(audit.matching->without_person_examples)});
    matching.AddRow({"with matches of their own camera only",
                     WithThousands(audit.matching->same_camera_only),
                     first(audit.matching->same_camera_examples)});
    tables.push_back(std::move(matching));
  }
  if (!audit.corrupt.empty()) {
    Table corrupt({{"corrupt image", Align::kLeft}, {"reason", Align::kLeft}});
    for (const ReidAudit::CorruptImage& image : audit.corrupt)
      corrupt.AddRow({image.path, image.reason});
    tables.push_back(std::move(corrupt));
  }
  return tables;
}

Table WeightsTable(const WeightsSummary& weights) {
  Table table({{"weights", Align::kLeft}, {weights.path, Align::kLeft}});
  const auto count = [](std::optional<int64_t> value) {
    return value ? WithThousands(*value) : std::string("n/a");
  };
  table.AddRow(
      {"architecture", weights.architecture.value_or("not an OSNet: " + weights.not_osnet_reason)});
  table.AddRow({"format", std::string(CheckpointFormatName(weights.format))});
  table.AddRow({"parameters", count(weights.num_parameters)});
  table.AddRow(
      {weights.num_macs ? fmt::format("MACs at {}x{}", weights.height, weights.width) : "MACs",
       count(weights.num_macs)});
  table.AddRow({"classes", count(weights.num_classes)});
  table.AddRow({"tensors", WithThousands(weights.num_tensors)});
  table.AddRow({"bytes", WithThousands(weights.file_bytes)});
  table.AddRow({"SHA-256", weights.sha256});
  for (const std::string& note : weights.notes) table.AddRow({"note", note});
  return table;
}

Json OrNull(std::optional<int64_t> value) { return value ? Json(*value) : Json(nullptr); }

Json DatasetJson(const ReidDataset& dataset, const ReidAudit& audit) {
  Json splits = Json::array();
  for (const ReidAudit::SplitCounts& split : audit.splits) {
    Json cameras = Json::array();
    for (CameraId camera : split.cameras) cameras.push_back(camera.value);
    splits.push_back({{"split", SplitName(split.split)},
                      {"images", split.images},
                      {"persons", split.persons},
                      {"distractors", split.distractors},
                      {"junk", split.junk},
                      {"cameras", cameras}});
  }
  Json official = Json::array();
  for (const ReidAudit::CountCheck& check : audit.official) {
    official.push_back({{"what", check.what},
                        {"published", check.expected},
                        {"found", check.found},
                        {"verified", check.verified},
                        {"matches", check.matches()}});
  }
  Json matching = nullptr;
  if (audit.matching) {
    matching = {{"queries", audit.matching->queries},
                {"valid", audit.matching->valid},
                {"without_person", audit.matching->without_person},
                {"same_camera_only", audit.matching->same_camera_only}};
  }
  Json corrupt = Json::array();
  for (const ReidAudit::CorruptImage& image : audit.corrupt) {
    corrupt.push_back({{"path", image.path}, {"reason", image.reason}});
  }
  return {{"name", dataset.name},
          {"root", dataset.root.string()},
          {"fingerprint", dataset.fingerprint},
          {"splits", splits},
          {"official", official},
          {"matching", matching},
          {"train_test_persons", audit.train_test_persons},
          {"query_gallery_images", audit.query_gallery_images},
          {"decoded_images", audit.decoded_images},
          {"corrupt", corrupt},
          {"problems", audit.problems},
          {"notes", audit.notes},
          {"ok", audit.ok}};
}

Json WeightsJson(const WeightsSummary& weights) {
  return {
      {"path", weights.path},
      {"architecture", weights.architecture ? Json(*weights.architecture) : Json(nullptr)},
      {"not_osnet_reason", weights.architecture ? Json(nullptr) : Json(weights.not_osnet_reason)},
      {"format", CheckpointFormatName(weights.format)},
      {"parameters", OrNull(weights.num_parameters)},
      {"macs", OrNull(weights.num_macs)},
      {"classes", OrNull(weights.num_classes)},
      {"tensors", weights.num_tensors},
      {"bytes", weights.file_bytes},
      {"sha256", weights.sha256},
      {"notes", weights.notes}};
}

Json OrNull(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json MotStatisticsJson(const MotBoxStatistics& s) {
  return {{"frames", s.frames},
          {"frames_with_boxes", s.frames_with_boxes},
          {"boxes", s.boxes},
          {"boxes_not_scored", s.boxes_not_scored},
          {"ids", s.ids() ? Json(*s.ids()) : Json(nullptr)},
          {"median_track_length", OrNull(s.median_track_length())},
          {"boxes_per_frame", OrNull(s.boxes_per_frame())},
          {"most_boxes_in_a_frame", s.most_boxes_in_a_frame},
          {"overlapped", OrNull(s.overlapped())},
          {"mean_visibility", OrNull(s.mean_visibility())},
          {"half_hidden", OrNull(s.half_hidden())},
          {"lowest_score", OrNull(s.lowest_score)},
          {"highest_score", OrNull(s.highest_score)}};
}

Json MotFilesJson(const std::vector<MotFileSummary>& files) {
  Json out = Json::array();
  for (const MotFileSummary& file : files) {
    Json entry = {{"sequence", file.sequence}, {"path", file.path.string()}};
    if (!file.tracker.empty()) entry["tracker"] = file.tracker;
    entry.update(MotStatisticsJson(file.boxes));
    out.push_back(std::move(entry));
  }
  return out;
}

Json MotJson(const MotCheckResult& mot) {
  return {{"benchmark", mot.benchmark},
          {"ground_truth", MotFilesJson(mot.ground_truth)},
          {"tracks", MotFilesJson(mot.tracks)},
          {"detections", MotFilesJson(mot.detections)},
          {"warnings", mot.warnings}};
}

}  // namespace

CheckResult RunCheck(const CheckOptions& options,
                     const std::function<void(int64_t, int64_t)>& progress) {
  CheckResult result;
  if (!options.mot.empty()) result.mot = CheckMotFiles(options.mot);
  if (!options.weights.empty()) result.weights = SummarizeWeights(options.weights);
  if (options.dataset) {
    result.dataset = LoadReidDataset(*options.dataset);
    if (options.read_only) return result;
    AuditOptions audit;
    audit.progress = progress;
    if (options.decode_images) {
      audit.decode = [](const std::filesystem::path& path) -> std::optional<std::string> {
        DecodeImageFile(path, ExifOrientation::kIgnore);  // its error is the finding
        return std::nullopt;
      };
    }
    result.audit = AuditReidDataset(*result.dataset, audit);
  }
  return result;
}

std::string RenderCheckTables(const CheckResult& result, TableFormat format) {
  std::vector<std::string> blocks;
  if (result.weights) blocks.push_back(WeightsTable(*result.weights).Render(format));
  if (result.audit) {
    for (const Table& table : DatasetTables(*result.dataset, *result.audit))
      blocks.push_back(table.Render(format));
    if (format == TableFormat::kText) {
      std::string verdict;
      if (result.audit->decoded_images > 0) {
        verdict += fmt::format("{} images decoded, {} corrupt\n",
                               WithThousands(result.audit->decoded_images),
                               WithThousands(static_cast<int64_t>(result.audit->corrupt.size())));
      }
      for (const std::string& note : result.audit->notes)
        verdict += fmt::format("note: {}\n", note);
      for (const std::string& problem : result.audit->problems)
        verdict += fmt::format("PROBLEM: {}\n", problem);
      blocks.push_back(verdict + (result.audit->ok ? "the data set is in order\n"
                                                   : "the data set has problems\n"));
    }
  }
  if (result.mot) {
    for (const Table& table : MotCheckTables(*result.mot)) blocks.push_back(table.Render(format));
    if (format == TableFormat::kText) blocks.emplace_back("the tracking files are in order\n");
  }
  return JoinText(blocks, "\n");
}

std::string RenderCheckJson(const CheckResult& result) {
  const Json json = {
      {"schema", "reidbench.check/1"},
      {"weights", result.weights ? WeightsJson(*result.weights) : Json(nullptr)},
      {"dataset", result.audit ? DatasetJson(*result.dataset, *result.audit) : Json(nullptr)},
      {"mot", result.mot ? MotJson(*result.mot) : Json(nullptr)},
      {"ok", result.ok()}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace reidbench
