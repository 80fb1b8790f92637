#include "reidbench/results/score.h"

#include <fmt/core.h>

#include <algorithm>
#include <system_error>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"
#include "reidbench/results/switches.h"

namespace reidbench {
namespace {

// Families that TrackEval prints unless asked for more.
bool IsUsual(std::string_view family) { return family != "VACE"; }

// TrackEval's cell: percent with five digits, counts as they are.
std::string Cell(const MotField& field, std::optional<double> value) {
  if (!value) return "n/a";
  if (field.is_count() && !field.over_alphas)
    return fmt::format("{}", static_cast<int64_t>(*value));
  return fmt::format("{:.5g}", 100 * *value);
}

std::string PercentFive(std::optional<double> value) {
  return value ? fmt::format("{:.5g}", 100 * *value) : "n/a";
}

// Calls visit(field, value) for all fields of a family, in their order.
template <typename Visit>
void ForEachValue(std::string_view family, const MotSummary& summary, const Visit& visit) {
  for (const MotField& field : MotFields()) {
    if (field.family == family) visit(field, field.get(summary));
  }
}

std::vector<std::string_view> Families() {
  std::vector<std::string_view> families;
  for (const MotField& field : MotFields()) {
    if (families.empty() || families.back() != field.family) families.push_back(field.family);
  }
  return families;
}

MotSummary Combined(const ClassScore& score) { return Summarize(Combine(score.sequences)); }

Table FamilyTable(const TrackerScore& tracker, const ClassScore& score,
                  const std::vector<std::string>& sequences, std::string_view family) {
  std::vector<Table::Column> columns{{std::string(family), Align::kLeft}};
  for (const MotField& field : MotFields()) {
    if (field.family == family && !field.is_detail) columns.push_back({std::string(field.name)});
  }
  Table table(columns, fmt::format("{}: {}-{}", family, tracker.name, score.scored.name));
  const auto add = [&](const std::string& name, const MotSummary& summary) {
    std::vector<std::string> row{name};
    ForEachValue(family, summary, [&](const MotField& field, const MotValue& value) {
      if (!field.is_detail) row.push_back(Cell(field, value.value));
    });
    table.AddRow(std::move(row));
  };
  for (size_t i = 0; i < sequences.size(); ++i) add(sequences[i], Summarize(score.sequences[i]));
  add("COMBINED", Combined(score));
  return table;
}

Table RankedTable(const ScoreStageResult& result) {
  static constexpr std::string_view kShown[] = {"HOTA", "DetA", "AssA",   "MOTA",  "IDF1",
                                                "IDSW", "Frag", "CLR_FP", "CLR_FN"};
  std::vector<Table::Column> columns{{"#"}, {"tracker", Align::kLeft}};
  for (const std::string_view name : kShown) columns.push_back(CompetingColumn(name));
  Table table(columns, fmt::format("{}, COMBINED, by HOTA", result.benchmark.name));
  for (size_t t = 0; t < result.trackers.size(); ++t) {
    std::vector<std::string> row{fmt::format("{}", t + 1), result.trackers[t].name};
    const MotSummary combined = Combined(result.trackers[t].classes.front());
    for (const std::string_view name : kShown)
      row.push_back(Cell(FindMotField(name), FieldValue(combined, name)));
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

Json ValuesJson(const MotValues& values) {
  Json out = Json::object();
  for (size_t f = 0; f < values.size(); ++f) {
    const MotField& field = MotFields()[f];
    Json& fields = out[std::string(field.family)];
    const std::string name(field.name);
    if (!field.over_alphas) {
      fields[name] = ScoreJson(field, values[f].value);
      continue;
    }
    fields[name] = OrNull(values[f].value);
    Json& alphas = fields[name + "_alpha"] = Json::array();
    for (const double value : values[f].alphas) alphas.push_back(ScoreJson(field, value));
  }
  return out;
}

Json SummaryJson(const MotSummary& summary) { return ValuesJson(ListValues(summary)); }

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
  MotValues by_class;
  MotValues by_detection;
};

ClassAverages AverageOf(const TrackerScore& tracker) {
  std::vector<MotValues> classes;
  MotCounts sum;
  for (const ClassScore& score : tracker.classes) {
    classes.push_back(ListValues(Combined(score)));
    sum += Combine(score.sequences);
  }
  return {AverageClasses(classes), ListValues(Summarize(sum))};
}

// As Python prints a float: 1.0, not 1.
std::string PythonFloat(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

// TrackEval's order of columns: within a family first the plain fields, then each alpha field with
// its mean as ___AUC.
std::vector<std::pair<std::string, std::string>> DetailedCells(const MotSummary& summary) {
  std::vector<std::pair<std::string, std::string>> cells;
  for (const std::string_view family : Families()) {
    if (!IsUsual(family)) continue;
    ForEachValue(family, summary, [&](const MotField& field, const MotValue& value) {
      if (field.over_alphas || !field.in_trackeval || field.name == "Frames") return;
      cells.emplace_back(field.name,
                         field.is_count()
                             ? fmt::format("{}", static_cast<int64_t>(value.value.value_or(0)))
                             : (value.value ? PythonFloat(*value.value) : std::string("nan")));
    });
    ForEachValue(family, summary, [&](const MotField& field, const MotValue& value) {
      if (!field.over_alphas || !field.in_trackeval) return;
      for (int a = 0; a < kAlphas; ++a) {
        cells.emplace_back(
            fmt::format("{}___{}", field.name, static_cast<int>(100 * HotaAlphas()[a])),
            PythonFloat(value.alphas[a]));
      }
      cells.emplace_back(fmt::format("{}___AUC", field.name), PythonFloat(value.value.value_or(0)));
    });
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

// The counts behind one sequence's values.
MotCounts CountsFromJson(const JsonReader& families) {
  MotValues values(MotFields().size());
  for (size_t f = 0; f < values.size(); ++f) {
    const MotField& field = MotFields()[f];
    if (field.put == nullptr) continue;  // follows from the others
    const JsonReader family = families.At(std::string(field.family));
    const std::string name(field.name);
    if (!field.over_alphas) {
      values[f].value = family.At(name).OptionalNumber();
      continue;
    }
    const std::vector<JsonReader> alphas = family.At(name + "_alpha").Items();
    for (size_t a = 0; a < std::min<size_t>(alphas.size(), kAlphas); ++a)
      values[f].alphas[a] = alphas[a].Number();
  }
  return RestoreCounts(values);
}

}  // namespace

std::string RenderScoreTables(const ScoreStageResult& result, TableFormat format) {
  std::vector<std::string> parts;
  if (result.trackers.size() > 1) parts.push_back(RankedTable(result).Render(format));
  for (const TrackerComparison& c : result.comparisons)
    parts.push_back(ComparisonTable(c).Render(format));
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      for (const std::string_view family : Families()) {
        if (IsUsual(family))
          parts.push_back(FamilyTable(tracker, score, result.sequences, family).Render(format));
      }
      if (!score.intervals.empty()) parts.push_back(IntervalTable(tracker, score).Render(format));
    }
  }
  return JoinText(parts, "\n");
}

std::string RenderScoreCsv(const ScoreStageResult& result) {
  std::string out = "tracker,class,sequence,metric,value\n";
  const auto add = [&](const std::string& tracker, const std::string& scored,
                       const std::string& sequence, const MotValues& values) {
    const std::string of =
        fmt::format("{},{},{}", CsvName(tracker), CsvName(scored), CsvName(sequence));
    for (size_t f = 0; f < values.size(); ++f)
      out += fmt::format("{},{},{}\n", of, MotFields()[f].name, ScoreDigits(values[f].value));
  };
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes) {
      for (size_t i = 0; i < result.sequences.size(); ++i) {
        add(tracker.name, score.scored.name, result.sequences[i],
            ListValues(Summarize(score.sequences[i])));
      }
      add(tracker.name, score.scored.name, "COMBINED", ListValues(Combined(score)));
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
  out["schema"] = kScoreSchema;
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
    entry["classes"]["cls_comb_cls_av"]["COMBINED"] = ValuesJson(average.by_class);
    entry["classes"]["cls_comb_det_av"]["COMBINED"] = ValuesJson(average.by_detection);
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
  return DumpJson(out, 2);
}

ScoreStageResult ScoreFromJson(const Json& json, const std::string& place) {
  RequireSchema(json, kScoreSchema, "reidbench score --format json", place);
  const JsonReader root(json, place);
  ScoreStageResult result;
  result.benchmark.name = root.At("benchmark").Text();
  for (const auto& [name, entry] : root.At("trackers").Entries()) {
    TrackerScore& tracker = result.trackers.emplace_back();
    tracker.name = name;
    const auto add_class = [&, &sequences = result.sequences](const std::string& scored,
                                                              const JsonReader& of_class) {
      ClassScore& score = tracker.classes.emplace_back();
      score.scored.name = scored;
      sequences.clear();
      for (const auto& [sequence, families] : of_class.At("sequences").Entries()) {
        sequences.push_back(sequence);
        score.sequences.push_back(CountsFromJson(families));
      }
    };
    const std::optional<JsonReader> classes = entry.Find("classes");
    if (!classes) {
      add_class("", entry);
      continue;
    }
    for (const auto& [scored, of_class] : classes->Entries()) {
      if (of_class.Find("sequences")) add_class(scored, of_class);  // else an average of classes
    }
  }
  result.warnings = root.At("warnings").Texts();
  return result;
}

std::string RenderTrackEvalSummary(const ClassScore& score) {
  // Its order: HOTA, CLEAR with sMOTA behind the counts, Identity, Count.
  std::vector<std::pair<std::string, std::string>> cells, late;
  for (const std::string_view family : Families()) {
    if (!IsUsual(family)) continue;
    ForEachValue(family, Combined(score), [&](const MotField& field, const MotValue& value) {
      if (field.is_detail || !field.in_trackeval) return;
      (field.name == "sMOTA" ? late : cells).emplace_back(field.name, Cell(field, value.value));
    });
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
