#include "reidbench/results/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <utility>

#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

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
  table.AddRow({"MACs at 256x128", count(weights.num_macs)});
  table.AddRow({"classes", count(weights.num_classes)});
  table.AddRow({"tensors", WithThousands(weights.num_tensors)});
  table.AddRow({"bytes", WithThousands(weights.file_bytes)});
  table.AddRow({"SHA-256", weights.sha256});
  for (const std::string& note : weights.notes) table.AddRow({"note", note});
  return table;
}

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
          {"problems", audit.problems()},
          {"notes", audit.notes()},
          {"ok", audit.ok}};
}

Json WeightsJson(const WeightsSummary& weights) {
  return {
      {"path", weights.path},
      {"architecture", OrNull(weights.architecture)},
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

Json MotStatisticsJson(const MotBoxStatistics& s) {
  return {{"frames", s.frames},
          {"frames_with_boxes", s.frames_with_boxes},
          {"boxes", s.boxes},
          {"boxes_not_scored", s.boxes_not_scored},
          {"ids", OrNull(s.ids())},
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

// What readers of the first version look for: oddities of rows, and problems.
std::vector<std::string> Warnings(const MotCheckResult& mot) {
  std::vector<std::string> warnings;
  for (const Finding& finding : mot.findings) {
    if (finding.severity == FindingSeverity::kProblem || finding.kind == FindingKind::kOddRows)
      warnings.push_back(WarningText(finding));
  }
  return warnings;
}

// How the findings of one thing are printed: notes, then problems, then the verdict.
std::string FindingsText(std::span<const Finding> findings, bool with_place,
                         const std::string& what, const std::string& verb) {
  std::string text;
  for (const FindingSeverity severity : {FindingSeverity::kNote, FindingSeverity::kProblem}) {
    for (const Finding& finding : findings) {
      if (finding.severity != severity) continue;
      text += fmt::format("{}: {}\n", severity == FindingSeverity::kNote ? "note" : "PROBLEM",
                          finding.message);
      if (with_place && !finding.place.empty()) text += fmt::format("  in {}\n", finding.place);
      if (!finding.mend.empty()) text += fmt::format("  hint: {}\n", finding.mend);
    }
  }
  return text + fmt::format("{} {}\n", what,
                            HasProblem(findings) ? (verb == "is" ? "has problems" : "have problems")
                                                 : verb + " in order");
}

Json MotJson(const MotCheckResult& mot) {
  return {{"benchmark", mot.benchmark},
          {"ground_truth", MotFilesJson(mot.ground_truth)},
          {"tracks", MotFilesJson(mot.tracks)},
          {"detections", MotFilesJson(mot.detections)},
          {"warnings", Warnings(mot)}};
}

std::optional<double> Ratio(double part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return part / static_cast<double>(whole);
}

std::string ShortNumber(std::optional<double> value) {
  return value ? fmt::format("{:.4g}", *value) : "n/a";
}

Table SummaryTable(MotFileKind kind, const std::vector<MotFileSummary>& files,
                   const std::string& caption) {
  const bool truth = kind == MotFileKind::kGroundTruth;
  const bool identities = kind != MotFileKind::kDetections;
  std::vector<Table::Column> columns;
  if (kind == MotFileKind::kResult) columns.push_back({"tracker", Align::kLeft});
  columns.insert(columns.end(), {{"sequence", Align::kLeft}, {"frames"}, {"empty"}, {"boxes"}});
  if (truth) columns.push_back({"not scored"});
  if (identities) columns.insert(columns.end(), {{"ids"}, {"median length"}});
  columns.insert(columns.end(), {{"per frame"}, {"most"}, {"IoU>0.3 %"}});
  if (truth) columns.insert(columns.end(), {{"visibility"}, {"below half %"}});
  if (!truth) columns.insert(columns.end(), {{"score from"}, {"to"}});

  Table table(columns, caption);
  const auto add = [&](const std::string& tracker, const std::string& sequence,
                       const MotBoxStatistics& s) {
    std::vector<std::string> cells;
    if (kind == MotFileKind::kResult) cells.push_back(tracker);
    cells.push_back(sequence);
    cells.push_back(WithThousands(s.frames));
    cells.push_back(WithThousands(s.frames - s.frames_with_boxes));
    cells.push_back(WithThousands(s.boxes));
    if (truth) cells.push_back(WithThousands(s.boxes_not_scored));
    if (identities) {
      cells.push_back(WithThousands(s.ids().value_or(0)));
      cells.push_back(ShortNumber(s.median_track_length()));
    }
    cells.push_back(Number(s.boxes_per_frame(), 2));
    cells.push_back(WithThousands(s.most_boxes_in_a_frame));
    cells.push_back(Percent(s.overlapped(), 1));
    if (truth) {
      cells.push_back(Number(s.mean_visibility(), 3));
      cells.push_back(Percent(s.half_hidden(), 1));
    } else {
      cells.push_back(ShortNumber(s.lowest_score));
      cells.push_back(ShortNumber(s.highest_score));
    }
    table.AddRow(std::move(cells));
  };
  for (size_t begin = 0, end = 0; begin < files.size(); begin = end) {
    MotBoxStatistics sum;
    for (; end < files.size() && files[end].tracker == files[begin].tracker; ++end) {
      add(files[end].tracker, files[end].sequence, files[end].boxes);
      sum += files[end].boxes;
    }
    if (end - begin > 1) add(files[begin].tracker, "all", sum);
  }
  return table;
}

// One table each of ground truth, tracks and detections, with a sum below several files.
std::vector<Table> MotCheckTables(const MotCheckResult& result) {
  std::vector<Table> tables;
  if (!result.ground_truth.empty()) {
    tables.push_back(SummaryTable(MotFileKind::kGroundTruth, result.ground_truth,
                                  fmt::format("Ground truth, rules of {}", result.benchmark)));
  }
  if (!result.tracks.empty())
    tables.push_back(SummaryTable(MotFileKind::kResult, result.tracks, "Tracks"));
  if (!result.detections.empty())
    tables.push_back(SummaryTable(MotFileKind::kDetections, result.detections, "Detections"));
  return tables;
}

std::vector<Table> SiteCheckTables(const SiteCheckResult& site) {
  Table cameras(
      {{"camera", Align::kLeft},
       {"boxes"},
       {"ids"},
       {"calibration m"},
       {"px"},
       {"scale"},
       {"near horizon %"},
       {"clock s"}},
      fmt::format("{}, by its {}", site.name, site.by_truth ? "ground truth" : "results"));
  for (const SiteCheckCamera& c : site.cameras) {
    cameras.AddRow({c.name, WithThousands(c.boxes), WithThousands(c.ids), Number(c.median_m, 3),
                    Number(c.median_px, 1), Number(c.scale, 4), Percent(c.beyond_horizon, 1),
                    Number(c.clock_shift_s, 3)});
  }
  std::vector<Table> tables = {cameras};
  if (site.pairs.empty()) return tables;
  Table pairs({{"first", Align::kLeft},
               {"second", Align::kLeft},
               {"agree", Align::kLeft},
               {"median m"},
               {"clock s"},
               {"scale"}},
              "Cameras that show the same ground");
  for (const SiteCheckPair& p : site.pairs) {
    const auto known = [&](double value) {
      return p.agree ? std::optional<double>(value) : std::nullopt;
    };
    pairs.AddRow({p.first, p.second, p.agree ? "yes" : "no", Number(known(p.median_m), 3),
                  Number(known(p.clock_shift_s), 3), Number(known(p.scale), 4)});
  }
  tables.push_back(pairs);
  return tables;
}

Json SiteCheckJson(const SiteCheckResult& site) {
  Json json = {{"name", site.name},
               {"by_truth", site.by_truth},
               {"cameras", Json::array()},
               {"pairs", Json::array()}};
  for (const SiteCheckCamera& c : site.cameras) {
    json["cameras"].push_back({{"name", c.name},
                               {"boxes", c.boxes},
                               {"ids", c.ids},
                               {"calibrated", c.calibrated},
                               {"median_m", OrNull(c.median_m)},
                               {"median_px", OrNull(c.median_px)},
                               {"scale", OrNull(c.scale)},
                               {"beyond_horizon", OrNull(c.beyond_horizon)},
                               {"clock_shift_s", OrNull(c.clock_shift_s)}});
  }
  for (const SiteCheckPair& p : site.pairs) {
    json["pairs"].push_back({{"cameras", {p.first, p.second}},
                             {"agree", p.agree},
                             {"median_m", p.median_m},
                             {"clock_shift_s", p.clock_shift_s},
                             {"scale", p.scale}});
  }
  return json;
}

}  // namespace

std::optional<int64_t> MotBoxStatistics::ids() const {
  if (!has_identities) return std::nullopt;
  return static_cast<int64_t>(track_lengths.size());
}

std::optional<double> MotBoxStatistics::median_track_length() const {
  const size_t n = track_lengths.size();
  if (n == 0) return std::nullopt;
  return static_cast<double>(track_lengths[(n - 1) / 2] + track_lengths[n / 2]) / 2;
}

std::optional<double> MotBoxStatistics::boxes_per_frame() const {
  return Ratio(static_cast<double>(boxes), frames);
}

std::optional<double> MotBoxStatistics::overlapped() const {
  return Ratio(static_cast<double>(overlapped_boxes), boxes);
}

std::optional<double> MotBoxStatistics::mean_visibility() const {
  return Ratio(visibility_sum, boxes_with_visibility);
}

std::optional<double> MotBoxStatistics::half_hidden() const {
  return Ratio(static_cast<double>(boxes_half_hidden), boxes_with_visibility);
}

MotBoxStatistics& MotBoxStatistics::operator+=(const MotBoxStatistics& other) {
  has_identities = has_identities || other.has_identities;
  frames += other.frames;
  frames_with_boxes += other.frames_with_boxes;
  boxes += other.boxes;
  boxes_not_scored += other.boxes_not_scored;
  most_boxes_in_a_frame = std::max(most_boxes_in_a_frame, other.most_boxes_in_a_frame);
  overlapped_boxes += other.overlapped_boxes;
  const auto middle = track_lengths.insert(track_lengths.end(), other.track_lengths.begin(),
                                           other.track_lengths.end());
  std::inplace_merge(track_lengths.begin(), middle, track_lengths.end());
  boxes_with_visibility += other.boxes_with_visibility;
  boxes_half_hidden += other.boxes_half_hidden;
  visibility_sum += other.visibility_sum;
  if (other.lowest_score)
    lowest_score = std::min(lowest_score.value_or(*other.lowest_score), *other.lowest_score);
  if (other.highest_score)
    highest_score = std::max(highest_score.value_or(*other.highest_score), *other.highest_score);
  return *this;
}

std::vector<Finding> CheckResult::findings() const {
  std::vector<Finding> all;
  if (audit) all = audit->findings;
  if (weights) {
    for (Finding& finding : WeightsFindings(*weights)) all.push_back(std::move(finding));
  }
  if (mot) all.insert(all.end(), mot->findings.begin(), mot->findings.end());
  if (zones) all.insert(all.end(), zones->findings.begin(), zones->findings.end());
  if (site) all.insert(all.end(), site->findings.begin(), site->findings.end());
  return all;
}

std::vector<Finding> WeightsFindings(const WeightsSummary& weights) {
  std::vector<Finding> findings;
  const auto add = [&](FindingKind kind, const std::string& message) {
    Finding& finding = findings.emplace_back();
    finding.kind = kind;
    finding.place = weights.path;
    finding.message = message;
  };
  if (!weights.architecture)
    add(FindingKind::kWeightsNotOsnet, "not an OSNet: " + weights.not_osnet_reason);
  for (const std::string& note : weights.notes) add(FindingKind::kWeightsReading, note);
  return findings;
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
      blocks.push_back(verdict + FindingsText(result.audit->findings, false, "the data set", "is"));
    }
  }
  if (result.mot) {
    for (const Table& table : MotCheckTables(*result.mot)) blocks.push_back(table.Render(format));
    if (format == TableFormat::kText)
      blocks.push_back(FindingsText(result.mot->findings, true, "the tracking files", "are"));
  }
  if (result.zones) {
    Table table({{"zones file", Align::kLeft}, {"lines"}, {"zones"}});
    table.AddRow({result.zones->path, std::to_string(result.zones->lines),
                  std::to_string(result.zones->zones)});
    blocks.push_back(table.Render(format));
    if (format == TableFormat::kText)
      blocks.push_back(FindingsText(result.zones->findings, true, "the zones", "are"));
  }
  if (result.site) {
    for (const Table& table : SiteCheckTables(*result.site)) blocks.push_back(table.Render(format));
    if (format == TableFormat::kText)
      blocks.push_back(FindingsText(result.site->findings, true, "the site", "is"));
  }
  return JoinText(blocks, "\n");
}

std::string RenderCheckJson(const CheckResult& result) {
  const Json json = {
      {"schema", kCheckSchema},
      {"weights", result.weights ? WeightsJson(*result.weights) : Json(nullptr)},
      {"dataset", result.audit ? DatasetJson(*result.dataset, *result.audit) : Json(nullptr)},
      {"mot", result.mot ? MotJson(*result.mot) : Json(nullptr)},
      {"zones", result.zones ? Json{{"path", result.zones->path},
                                    {"lines", result.zones->lines},
                                    {"zones", result.zones->zones}}
                             : Json(nullptr)},
      {"site", result.site ? SiteCheckJson(*result.site) : Json(nullptr)},
      {"findings", FindingsJson(result.findings())},
      {"ok", result.ok()},
      {"warnings", result.mot ? Warnings(*result.mot) : std::vector<std::string>()}};
  return DumpJson(json);
}

}  // namespace reidbench
