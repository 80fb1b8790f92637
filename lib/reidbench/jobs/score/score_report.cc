#include "reidbench/jobs/score/score_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/jobs/score/score_switches.h"
#include "reidbench/results/headline_scores.h"
#include "reidbench/results/json_values.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;
using Kind = MotField::Kind;

// Families that TrackEval prints unless asked for more.
bool IsUsual(std::string_view family) { return family != "VACE"; }

// What TrackEval lists as the summary of a family.
bool IsSummaryField(std::string_view name) {
  static constexpr std::string_view kDetails[] = {"HOTA_TP",      "HOTA_FN",
                                                  "HOTA_FP",      "CLR_F1",
                                                  "FP_per_frame", "MOTAL",
                                                  "MOTP_sum",     "CLR_Frames",
                                                  "Frames",       "STDA",
                                                  "FDA",          "VACE_IDs",
                                                  "VACE_GT_IDs",  "num_non_empty_timesteps"};
  return std::find(std::begin(kDetails), std::end(kDetails), name) == std::end(kDetails);
}

// TrackEval's cell: percent with five digits, counts as they are.
std::string Cell(const MotField& field) {
  if (!field.value) return "n/a";
  if (field.kind == Kind::kCount) return fmt::format("{}", static_cast<int64_t>(*field.value));
  return fmt::format("{:.5g}", 100 * *field.value);
}

std::string PercentFive(std::optional<double> value) {
  return value ? fmt::format("{:.5g}", 100 * *value) : "n/a";
}

MotSummary Combined(const ClassScore& score) { return Summarize(Combine(score.sequences)); }

Table FamilyTable(const TrackerScore& tracker, const ClassScore& score,
                  const std::vector<std::string>& sequences, size_t family) {
  const std::vector<MotFamily> combined = ListFields(Combined(score));
  std::vector<Table::Column> columns{{std::string(combined[family].name), Align::kLeft}};
  for (const MotField& field : combined[family].fields) {
    if (IsSummaryField(field.name)) columns.push_back({std::string(field.name), Align::kRight});
  }
  Table table(columns,
              fmt::format("{}: {}-{}", combined[family].name, tracker.name, score.scored.name));
  const auto add = [&](const std::string& name, const MotFamily& values) {
    std::vector<std::string> row{name};
    for (const MotField& field : values.fields) {
      if (IsSummaryField(field.name)) row.push_back(Cell(field));
    }
    table.AddRow(std::move(row));
  };
  for (size_t i = 0; i < sequences.size(); ++i)
    add(sequences[i], ListFields(Summarize(score.sequences[i]))[family]);
  add("COMBINED", combined[family]);
  return table;
}

Table RankedTable(const ScoreStageResult& result) {
  static constexpr std::string_view kShown[] = {"HOTA", "DetA", "AssA",   "MOTA",  "IDF1",
                                                "IDSW", "Frag", "CLR_FP", "CLR_FN"};
  std::vector<Table::Column> columns{{"#"}, {"tracker", Align::kLeft}};
  for (const std::string_view name : kShown) {
    columns.push_back({std::string(name), Align::kRight, BetterOfScore(name)});
  }
  Table table(columns, fmt::format("{}, COMBINED, by HOTA", result.benchmark.name));
  for (size_t t = 0; t < result.trackers.size(); ++t) {
    std::vector<std::string> row{fmt::format("{}", t + 1), result.trackers[t].name};
    const std::vector<MotFamily> families =
        ListFields(Combined(result.trackers[t].classes.front()));
    for (const std::string_view name : kShown) {
      for (const MotFamily& family : families) {
        for (const MotField& field : family.fields) {
          if (field.name == name) row.push_back(Cell(field));
        }
      }
    }
    table.AddRow(std::move(row));
  }
  return table;
}

Table IntervalTable(const TrackerScore& tracker, const ClassScore& score) {
  Table table({{"metric", Align::kLeft}, {"value"}, {"from"}, {"to"}},
              fmt::format("Confidence intervals: {}-{}", tracker.name, score.scored.name));
  for (const MotInterval& i : score.intervals) {
    table.AddRow({i.field, PercentFive(i.value), PercentFive(i.low), PercentFive(i.high)});
  }
  return table;
}

Table ComparisonTable(const TrackerComparison& c) {
  Table table(
      {{"metric", Align::kLeft}, {"other"}, {"best"}, {"difference"}, {"from"}, {"to"}, {"p"}},
      fmt::format("{} against {}", c.best, c.other));
  for (const MotDifference& d : c.differences) {
    table.AddRow({d.field, PercentFive(d.value_a), PercentFive(d.value_b),
                  SignedPercent(d.difference, 3), PercentFive(d.low), PercentFive(d.high),
                  Number(d.p_value)});
  }
  return table;
}

Json ValueJson(Kind kind, double value) {
  return kind == Kind::kCount || kind == Kind::kAlphaCounts ? Json(static_cast<int64_t>(value))
                                                            : Json(value);
}

Json SummaryJson(const MotSummary& summary) {
  Json out = Json::object();
  for (const MotFamily& family : ListFields(summary)) {
    Json& fields = out[std::string(family.name)] = Json::object();
    for (const MotField& field : family.fields) {
      const std::string name(field.name);
      const bool by_alpha = field.kind == Kind::kAlphaCounts || field.kind == Kind::kAlphaRatios;
      if (!field.value) {
        fields[name] = nullptr;
      } else {
        fields[name] = by_alpha ? Json(*field.value) : ValueJson(field.kind, *field.value);
      }
      if (!by_alpha) continue;
      Json& values = fields[name + "_alpha"] = Json::array();
      for (const double value : field.alphas) values.push_back(ValueJson(field.kind, value));
    }
  }
  return out;
}

Json ClassJson(const ClassScore& score, const std::vector<std::string>& sequences) {
  Json out = Json::object();
  Json& rows = out["sequences"] = Json::object();
  for (size_t i = 0; i < sequences.size(); ++i)
    rows[sequences[i]] = SummaryJson(Summarize(score.sequences[i]));
  out["COMBINED"] = SummaryJson(Combined(score));
  if (!score.intervals.empty()) {
    Json& intervals = out["intervals"] = Json::object();
    for (const MotInterval& i : score.intervals)
      intervals[i.field] = Json::array({OrNull(i.low), OrNull(i.high)});
  }
  if (!score.switches.empty()) out["switches"] = CausesJson(CountByCause(score));
  return out;
}

struct ClassAverages {
  MotSummary by_class;
  MotSummary by_detection;
};

ClassAverages AverageOf(const TrackerScore& tracker) {
  std::vector<MotSummary> summaries;
  MotCounts sum;
  for (const ClassScore& score : tracker.classes) {
    summaries.push_back(Combined(score));
    sum += Combine(score.sequences);
  }
  return {AverageClasses(summaries), Summarize(sum)};
}

// As Python prints a float: 1.0, not 1.
std::string PythonFloat(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string CsvName(const std::string& name) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// TrackEval's order of columns: within a family first the plain fields, then each alpha field with
// its mean as ___AUC.
std::vector<std::pair<std::string, std::string>> DetailedCells(const MotSummary& summary) {
  std::vector<std::pair<std::string, std::string>> cells;
  for (const MotFamily& family : ListFields(summary)) {
    if (!IsUsual(family.name)) continue;
    for (const MotField& field : family.fields) {
      const bool plain =
          field.kind == Kind::kCount || field.kind == Kind::kRatio || field.kind == Kind::kSum;
      if (!plain || field.name == "Frames") continue;
      cells.emplace_back(field.name,
                         field.kind == Kind::kCount
                             ? fmt::format("{}", static_cast<int64_t>(field.value.value_or(0)))
                             : (field.value ? PythonFloat(*field.value) : std::string("nan")));
    }
    for (const MotField& field : family.fields) {
      if (field.kind != Kind::kAlphaCounts && field.kind != Kind::kAlphaRatios) continue;
      for (int a = 0; a < kAlphas; ++a) {
        cells.emplace_back(
            fmt::format("{}___{}", field.name, static_cast<int>(100 * HotaAlphas()[a])),
            PythonFloat(field.alphas[a]));
      }
      cells.emplace_back(fmt::format("{}___AUC", field.name), PythonFloat(field.value.value_or(0)));
    }
  }
  return cells;
}

std::filesystem::path FolderOf(const ScoreStageResult& result, const TrackerScore& tracker,
                               const std::filesystem::path& folder) {
  if (result.trackers.size() == 1) return folder;
  std::string name = tracker.name;  // may be a path where two trackers share a name
  std::replace(name.begin(), name.end(), '/', '_');
  return folder / name;
}

}  // namespace

std::string RenderScoreTables(const ScoreStageResult& result, TableFormat format) {
  std::vector<std::string> parts;
  if (result.trackers.size() > 1) parts.push_back(RankedTable(result).Render(format));
  for (const TrackerComparison& c : result.comparisons)
    parts.push_back(ComparisonTable(c).Render(format));
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      const std::vector<MotFamily> families = ListFields(MotSummary());
      for (size_t f = 0; f < families.size(); ++f) {
        if (IsUsual(families[f].name))
          parts.push_back(FamilyTable(tracker, score, result.sequences, f).Render(format));
      }
      if (!score.intervals.empty()) parts.push_back(IntervalTable(tracker, score).Render(format));
    }
  }
  return JoinText(parts, "\n");
}

std::string RenderScoreCsv(const ScoreStageResult& result) {
  std::string out = "tracker,class,sequence,metric,value\n";
  const auto add = [&](const std::string& tracker, const std::string& scored,
                       const std::string& sequence, const MotSummary& summary) {
    const std::string of =
        fmt::format("{},{},{}", CsvName(tracker), CsvName(scored), CsvName(sequence));
    for (const MotFamily& family : ListFields(summary)) {
      for (const MotField& field : family.fields)
        out += fmt::format("{},{},{}\n", of, field.name,
                           field.value ? fmt::format("{}", *field.value) : "");
    }
  };
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      for (size_t i = 0; i < result.sequences.size(); ++i) {
        add(tracker.name, score.scored.name, result.sequences[i], Summarize(score.sequences[i]));
      }
      add(tracker.name, score.scored.name, "COMBINED", Combined(score));
    }
    if (tracker.classes.size() > 1) {
      const ClassAverages average = AverageOf(tracker);
      add(tracker.name, "cls_comb_cls_av", "COMBINED", average.by_class);
      add(tracker.name, "cls_comb_det_av", "COMBINED", average.by_detection);
    }
  }
  return out;
}

std::string RenderScoreJson(const ScoreStageResult& result) {
  Json out = Json::object();
  out["schema"] = "reidbench.score/1";
  out["version"] = std::string(Version());
  out["benchmark"] = result.benchmark.name;
  out["alphas"] = HotaAlphas();
  Json& trackers = out["trackers"] = Json::object();
  for (const TrackerScore& tracker : result.trackers) {
    if (tracker.classes.size() == 1) {
      trackers[tracker.name] = ClassJson(tracker.classes.front(), result.sequences);
      continue;
    }
    const ClassAverages average = AverageOf(tracker);
    Json& entry = trackers[tracker.name] = Json::object();
    for (const ClassScore& score : tracker.classes) {
      entry["classes"][score.scored.name] = ClassJson(score, result.sequences);
    }
    entry["classes"]["cls_comb_cls_av"]["COMBINED"] = SummaryJson(average.by_class);
    entry["classes"]["cls_comb_det_av"]["COMBINED"] = SummaryJson(average.by_detection);
  }
  if (!result.comparisons.empty()) {
    Json& comparisons = out["comparisons"] = Json::array();
    for (const TrackerComparison& c : result.comparisons) {
      Json& entry = comparisons.emplace_back(Json::object());
      entry["best"] = c.best;
      entry["other"] = c.other;
      for (const MotDifference& d : c.differences) {
        entry["metrics"][d.field] = {{"best", d.value_b},
                                     {"other", d.value_a},
                                     {"difference", d.difference},
                                     {"interval", Json::array({OrNull(d.low), OrNull(d.high)})},
                                     {"p", OrNull(d.p_value)}};
      }
    }
  }
  out["warnings"] = result.warnings;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string RenderTrackEvalSummary(const ClassScore& score) {
  // Its order: HOTA, CLEAR with sMOTA behind the counts, Identity, Count.
  std::vector<std::pair<std::string, std::string>> cells, late;
  for (const MotFamily& family : ListFields(Combined(score))) {
    if (!IsUsual(family.name)) continue;
    for (const MotField& field : family.fields) {
      if (!IsSummaryField(field.name)) continue;
      (field.name == "sMOTA" ? late : cells).emplace_back(field.name, Cell(field));
    }
    cells.insert(cells.end(), late.begin(), late.end());
    late.clear();
  }
  std::vector<std::string> names, values;
  for (const auto& [name, value] : cells) {
    names.push_back(name);
    values.push_back(value);
  }
  return JoinText(names, " ") + "\r\n" + JoinText(values, " ") + "\r\n";
}

std::string RenderTrackEvalDetailed(const ClassScore& score,
                                    const std::vector<std::string>& sequences) {
  std::vector<std::pair<std::string, size_t>> sorted;  // it sorts the sequences
  for (size_t i = 0; i < sequences.size(); ++i) sorted.emplace_back(sequences[i], i);
  std::sort(sorted.begin(), sorted.end());
  std::string out = "seq";
  for (const auto& [name, value] : DetailedCells(Combined(score))) out += "," + name;
  out += "\r\n";
  const auto add = [&](const std::string& name, const MotSummary& summary) {
    out += CsvName(name);
    for (const auto& [field, value] : DetailedCells(summary)) out += "," + value;
    out += "\r\n";
  };
  for (const auto& [name, i] : sorted) add(name, Summarize(score.sequences[i]));
  add("COMBINED", Combined(score));
  return out;
}

std::vector<std::filesystem::path> TrackEvalPaths(const ScoreStageResult& result,
                                                  const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      const std::filesystem::path where = FolderOf(result, tracker, folder);
      paths.push_back(where / (score.scored.name + "_summary.txt"));
      paths.push_back(where / (score.scored.name + "_detailed.csv"));
    }
  }
  return paths;
}

void WriteTrackEvalFiles(const ScoreStageResult& result, const std::filesystem::path& folder,
                         bool force) {
  const std::vector<std::filesystem::path> paths = TrackEvalPaths(result, folder);
  for (const std::filesystem::path& path : paths) {
    CreateFolders(path.parent_path());
    RequireWritable(path, force);
  }
  size_t next = 0;
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      WriteFileAtomically(paths[next++], RenderTrackEvalSummary(score));
      WriteFileAtomically(paths[next++], RenderTrackEvalDetailed(score, result.sequences));
    }
  }
}

}  // namespace reidbench
