#include "reidbench/results/detections.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

std::string DetectionCell(const DetectionField& field, std::optional<double> value) {
  if (!value) return "n/a";
  switch (field.kind) {
    case DetectionField::Kind::kCount:
      return fmt::format("{:.0f}", *value);
    case DetectionField::Kind::kRate:
      return Number(value, 2);
    case DetectionField::Kind::kRatio:
      return Percent(value);
  }
  return "";
}

Json DetectionJson(const DetectionField& field, std::optional<double> value) {
  if (!value) return nullptr;
  if (field.kind == DetectionField::Kind::kCount) return static_cast<int64_t>(*value);
  return *value;
}

Json DetectionSummaryJson(const DetectionSummary& summary) {
  Json out = Json::object();
  for (const DetectionField& field : DetectionFields())
    out[std::string(field.name)] = DetectionJson(field, field.get(summary));
  return out;
}

Json ThresholdJson(const std::optional<BestThreshold>& best) {
  if (!best) return nullptr;
  return {{"score", best->threshold}, {"value", best->value}, {"held_out", OrNull(best->held_out)}};
}

std::optional<double> RecallOf(const RecallBin& bin) {
  if (bin.truth == 0) return std::nullopt;
  return static_cast<double>(bin.found) / static_cast<double>(bin.truth);
}

// Calls visit(what, name of the bin, bin) for all tables.
template <typename Visit>
void ForEachRecallBin(const RecallTables& tables, const Visit& visit) {
  const auto go = [&](std::string_view what, const auto& names, const auto& bins) {
    for (size_t i = 0; i < bins.size(); ++i) visit(what, names[i], bins[i]);
  };
  go("height", kHeightBins, tables.height);
  go("visibility", kVisibilityBins, tables.visibility);
  go("crowding", kCrowdingBins, tables.crowding);
}

Json RecallJson(const RecallTables& tables) {
  Json out = Json::object();
  ForEachRecallBin(tables, [&](std::string_view what, std::string_view name, const RecallBin& bin) {
    out[std::string(what)].push_back({{"bin", std::string(name)},
                                      {"people", bin.truth},
                                      {"found", bin.found},
                                      {"recall", OrNull(RecallOf(bin))}});
  });
  return out;
}

Json CurveJson(const std::vector<CurvePoint>& curve) {
  Json score = Json::array(), recall = Json::array(), precision = Json::array();
  for (const CurvePoint& point : curve) {
    score.push_back(point.score);
    recall.push_back(point.recall);
    precision.push_back(point.precision);
  }
  return {{"score", score}, {"recall", recall}, {"precision", precision}};
}

Json DetectionErrorsJson(const std::vector<ErrorShare>& errors) {
  Json out = Json::object();
  for (const ErrorShare& error : errors) {
    out[std::string(DetectionErrorName(error.error))] = {
        {"count", error.count}, {"share", OrNull(error.share)}, {"AP50", OrNull(error.ap50)}};
  }
  return out;
}

Json DetectorJson(const DetectorScore& detector, const DetectionsResult& result) {
  Json out = Json::object();
  Json& sequences = out["sequences"] = Json::object();
  for (size_t i = 0; i < result.sequences.size(); ++i)
    sequences[result.sequences[i]] = DetectionSummaryJson(detector.sequences[i]);
  out["COMBINED"] = DetectionSummaryJson(detector.combined);
  if (!detector.intervals.empty()) {
    Json& intervals = out["intervals"] = Json::object();
    for (const DetectionInterval& i : detector.intervals)
      intervals[std::string(i.field)] = Json::array({OrNull(i.low), OrNull(i.high)});
  }
  if (!detector.classes.empty()) {
    Json& classes = out["classes"] = Json::object();
    for (size_t c = 0; c < result.classes.size(); ++c) {
      const CocoSummary& coco = detector.classes[c];
      classes[result.classes[c]] = {{"AP", OrNull(coco.ap)},
                                    {"AP50", OrNull(coco.ap50)},
                                    {"AP75", OrNull(coco.ap75)},
                                    {"AR", OrNull(coco.ar)}};
    }
  }
  if (!result.scored_class) return out;
  out["best_threshold"] = {{"F1", ThresholdJson(detector.best_f1)},
                           {"MODA", ThresholdJson(detector.best_moda)}};
  out["errors"] = DetectionErrorsJson(detector.errors);
  out["recall_by"] = RecallJson(detector.recall);
  out["curve"] = CurveJson(detector.curve);
  out["removed"] = detector.removed;
  out["hidden"] = detector.hidden;
  return out;
}

Table DetectorsTable(const DetectionsResult& result) {
  std::vector<Table::Column> columns{{"#"}, {"detector", Align::kLeft}};
  for (const DetectionField& field : DetectionFields()) {
    if (field.is_usual) columns.push_back({std::string(field.name), Align::kRight, field.better});
  }
  Table table(columns, fmt::format("{}, COMBINED, by AP", result.benchmark));
  for (size_t d = 0; d < result.detectors.size(); ++d) {
    std::vector<std::string> row{fmt::format("{}", d + 1), result.detectors[d].name};
    for (const DetectionField& field : DetectionFields()) {
      if (field.is_usual)
        row.push_back(DetectionCell(field, field.get(result.detectors[d].combined)));
    }
    table.AddRow(std::move(row));
  }
  return table;
}

Table DetectedSequencesTable(const DetectorScore& detector, const DetectionsResult& result) {
  std::vector<Table::Column> columns{{"sequence", Align::kLeft}};
  for (const DetectionField& field : DetectionFields()) {
    if (field.is_usual) columns.push_back({std::string(field.name)});
  }
  Table table(
      columns,
      fmt::format("Detections: {}-{} (%)", detector.name,
                  result.scored_class.value_or(fmt::format("{} classes", result.classes.size()))));
  const auto add = [&](const std::string& name, const DetectionSummary& summary) {
    std::vector<std::string> row{name};
    for (const DetectionField& field : DetectionFields()) {
      if (field.is_usual) row.push_back(DetectionCell(field, field.get(summary)));
    }
    table.AddRow(std::move(row));
  };
  for (size_t i = 0; i < result.sequences.size(); ++i)
    add(result.sequences[i], detector.sequences[i]);
  add("COMBINED", detector.combined);
  return table;
}

Table FurtherTable(const DetectorScore& detector) {
  Table table({{"metric", Align::kLeft}, {"value"}}, fmt::format("Further: {}", detector.name));
  for (const DetectionField& field : DetectionFields()) {
    if (!field.is_usual)
      table.AddRow({std::string(field.title), DetectionCell(field, field.get(detector.combined))});
  }
  return table;
}

Table RecallTable(const DetectorScore& detector) {
  Table table({{"people by", Align::kLeft}, {"", Align::kLeft}, {"people"}, {"recall %"}},
              fmt::format("Recall: {}", detector.name));
  ForEachRecallBin(detector.recall,
                   [&](std::string_view what, std::string_view name, const RecallBin& bin) {
                     if (bin.truth == 0) return;
                     table.AddRow({std::string(what), std::string(name),
                                   fmt::format("{}", bin.truth), Percent(RecallOf(bin))});
                   });
  return table;
}

Table DetectionErrorsTable(const DetectorScore& detector) {
  Table table({{"error", Align::kLeft}, {"boxes"}, {"share %"}, {"AP50 without"}},
              fmt::format("Errors: {}", detector.name));
  for (const ErrorShare& error : detector.errors) {
    table.AddRow({std::string(DetectionErrorName(error.error)), fmt::format("{}", error.count),
                  Percent(error.share), SignedPercent(error.ap50)});
  }
  return table;
}

Table ThresholdsTable(const DetectorScore& detector) {
  Table table({{"best by", Align::kLeft}, {"score"}, {"value %"}, {"chosen on the others %"}},
              fmt::format("Threshold: {}", detector.name));
  const auto add = [&](const std::string& name, const std::optional<BestThreshold>& best) {
    if (!best) return;
    table.AddRow({name, fmt::format("{:.4g}", best->threshold), Percent(best->value),
                  Percent(best->held_out)});
  };
  add("F1", detector.best_f1);
  add("MODA", detector.best_moda);
  return table;
}

Table DetectionIntervalsTable(const DetectorScore& detector) {
  Table table({{"metric", Align::kLeft}, {"value"}, {"from"}, {"to"}},
              fmt::format("Confidence intervals: {}", detector.name));
  for (const DetectionInterval& i : detector.intervals)
    table.AddRow({std::string(i.field), Percent(i.value), Percent(i.low), Percent(i.high)});
  return table;
}

Table DetectorComparisonTable(const DetectorComparison& comparison) {
  Table table(
      {{"metric", Align::kLeft}, {"other"}, {"best"}, {"difference"}, {"from"}, {"to"}, {"p"}},
      fmt::format("{} against {}", comparison.best, comparison.other));
  for (const DetectionDifference& d : comparison.differences) {
    table.AddRow({std::string(d.field), Percent(d.value_a), Percent(d.value_b),
                  SignedPercent(d.difference), Percent(d.low), Percent(d.high), Number(d.p_value)});
  }
  return table;
}

}  // namespace

std::string RenderDetectionsTables(const DetectionsResult& result, TableFormat format) {
  std::vector<std::string> parts;
  if (result.detectors.size() > 1) parts.push_back(DetectorsTable(result).Render(format));
  for (const DetectorComparison& comparison : result.comparisons)
    parts.push_back(DetectorComparisonTable(comparison).Render(format));
  for (const DetectorScore& detector : result.detectors) {
    parts.push_back(DetectedSequencesTable(detector, result).Render(format));
    parts.push_back(FurtherTable(detector).Render(format));
    if (!detector.intervals.empty())
      parts.push_back(DetectionIntervalsTable(detector).Render(format));
    if (!result.scored_class) continue;
    for (const Table& table :
         {RecallTable(detector), DetectionErrorsTable(detector), ThresholdsTable(detector)}) {
      if (!table.empty()) parts.push_back(table.Render(format));
    }
  }
  return JoinText(parts, "\n");
}

std::string RenderDetectionsCsv(const DetectionsResult& result) {
  std::string out = "detector,sequence,metric,value\n";
  const auto add = [&](const std::string& detector, const std::string& sequence,
                       const DetectionSummary& summary) {
    const std::string of = fmt::format("{},{}", CsvCell(detector), CsvCell(sequence));
    for (const DetectionField& field : DetectionFields())
      out += fmt::format("{},{},{}\n", of, field.name, ScoreDigits(field.get(summary)));
  };
  for (const DetectorScore& detector : result.detectors) {
    for (size_t i = 0; i < result.sequences.size(); ++i)
      add(detector.name, result.sequences[i], detector.sequences[i]);
    add(detector.name, "COMBINED", detector.combined);
  }
  return out;
}

std::string RenderDetectionsJson(const DetectionsResult& result) {
  Json out = Json::object();
  out["schema"] = kDetectionsSchema;
  out["version"] = std::string(Version());
  out["benchmark"] = result.benchmark;
  out["class"] = OrNull(result.scored_class);
  out["max_detections"] = result.rules.max_detections;
  out["least_score"] = OrNull(result.rules.least_score);
  Json& detectors = out["detectors"] = Json::object();
  for (const DetectorScore& detector : result.detectors)
    detectors[detector.name] = DetectorJson(detector, result);
  if (!result.comparisons.empty()) {
    Json& comparisons = out["comparisons"] = Json::array();
    for (const DetectorComparison& comparison : result.comparisons) {
      Json& entry = comparisons.emplace_back(Json::object());
      entry["best"] = comparison.best;
      entry["other"] = comparison.other;
      for (const DetectionDifference& d : comparison.differences) {
        entry["metrics"][std::string(d.field)] = {
            {"best", OrNull(d.value_b)},
            {"other", OrNull(d.value_a)},
            {"difference", OrNull(d.difference)},
            {"interval", Json::array({OrNull(d.low), OrNull(d.high)})},
            {"p", OrNull(d.p_value)}};
      }
    }
  }
  out["warnings"] = result.warnings;
  return DumpJson(out, 2);
}

}  // namespace reidbench
