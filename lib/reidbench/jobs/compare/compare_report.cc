#include "reidbench/jobs/compare/compare_report.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/jobs/score/score_switches.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;

std::string ShareCell(std::optional<double> share) {
  return share ? Percent(share, 0) + " %" : "n/a";
}

Table MetricsTable(const CompareStageResult& result) {
  std::string caption = fmt::format("Plain: {}, corrected: {}; rules of {}", result.plain,
                                    result.corrected, result.benchmark.name);
  if (!result.resampled.empty()) {
    caption += fmt::format("; {:g} % intervals over {}", 100 * result.confidence, result.resampled);
  }
  Table table({{"metric", Align::kLeft},
               {"plain"},
               {"corrected"},
               {"change"},
               {"from"},
               {"to"},
               {"p"},
               {"best linking"},
               {"reached"},
               {"best split+link"},
               {"reached"}},
              caption);
  for (const ComparedValue& v : result.combined.values) {
    table.AddRow({std::string(v.field), ScoreCell(v.field, v.plain),
                  ScoreCell(v.field, v.corrected), ScoreChangeCell(v.field, v.difference),
                  ScoreEndCell(v.field, v.low), ScoreEndCell(v.field, v.high), Number(v.p_value),
                  ScoreCell(v.field, v.ceiling_link), ShareCell(v.share_link),
                  ScoreCell(v.field, v.ceiling_split_link), ShareCell(v.share_split_link)});
  }
  return table;
}

std::vector<Table::Column> FieldColumns(std::vector<Table::Column> first) {
  for (const std::string_view field : kComparedFields) first.push_back({std::string(field)});
  return first;
}

Table SequencesTable(const CompareStageResult& result) {
  Table table(FieldColumns({{"sequence", Align::kLeft}, {"run", Align::kLeft}}), "By sequence");
  const auto add = [&](const std::string& name, const ComparedCounts& counts) {
    std::vector<std::string> plain{name, "plain"}, corrected{name, "corrected"},
        change{name, "change"};
    for (const ComparedValue& v : counts.values) {
      plain.push_back(ScoreCell(v.field, v.plain));
      corrected.push_back(ScoreCell(v.field, v.corrected));
      change.push_back(ScoreChangeCell(v.field, v.difference));
    }
    for (std::vector<std::string>* row : {&plain, &corrected, &change})
      table.AddRow(std::move(*row));
  };
  for (const ComparedSequence& sequence : result.sequences) add(sequence.name, sequence.counts);
  add("COMBINED", result.combined);
  return table;
}

// Plain, the steps, corrected, interpolated: names and counts.
std::vector<std::pair<std::string, const MotCounts*>> AblationRows(const CompareStageResult& result,
                                                                   const ComparedCounts& counts) {
  std::vector<std::pair<std::string, const MotCounts*>> rows{{"plain", &counts.plain}};
  for (size_t k = 0; k < result.ablation.size(); ++k)
    rows.emplace_back(result.ablation[k], &counts.ablation[k]);
  rows.emplace_back("corrected", &counts.corrected);
  if (result.has_interpolated) rows.emplace_back("interpolated", &counts.interpolated);
  return rows;
}

Table AblationTable(const CompareStageResult& result) {
  std::vector<Table::Column> columns{{"step", Align::kLeft}};
  for (const std::string_view field : kComparedFields) columns.push_back(CompetingColumn(field));
  columns.push_back({"IDF1 change"});
  Table table(columns, "Step by step, COMBINED");
  std::optional<double> previous;
  for (const auto& [name, counts] : AblationRows(result, result.combined)) {
    const MotSummary summary = Summarize(*counts);
    std::vector<std::string> row{name};
    for (const std::string_view field : kComparedFields)
      row.push_back(ScoreCell(field, FieldValue(summary, field)));
    const std::optional<double> idf1 = FieldValue(summary, "IDF1");
    row.push_back(previous && idf1 ? SignedPercent(*idf1 - *previous) : "");
    previous = idf1;
    table.AddRow(std::move(row));
  }
  return table;
}

Table CausesTable(const CompareStageResult& result) {
  Table table(
      {{"cause", Align::kLeft}, {"plain"}, {"fixed"}, {"remaining"}, {"introduced"}, {"corrected"}},
      "Identity switches by cause");
  const ComparedCounts& c = result.combined;
  const auto add = [&](std::string name, int64_t plain, int64_t fixed, int64_t introduced,
                       int64_t corrected) {
    // A switch that remains counts under the cause that it has in the plain run.
    table.AddRow({std::move(name), fmt::format("{}", plain), fmt::format("{}", fixed),
                  fmt::format("{}", plain - fixed), fmt::format("{}", introduced),
                  fmt::format("{}", corrected)});
  };
  int64_t corrected = 0;
  for (int k = 0; k < kSwitchCauses; ++k) {
    add(std::string(SwitchCauseName(static_cast<SwitchCause>(k))), c.plain_causes[k],
        c.fixed_causes[k], c.introduced_causes[k], c.corrected_causes[k]);
    corrected += c.corrected_causes[k];
  }
  add("all", c.fixed + c.remaining, c.fixed, c.introduced, corrected);
  return table;
}

Json ScoresJson(const MotCounts& counts) {
  Json out = Json::object();
  const MotSummary summary = Summarize(counts);
  for (const std::string_view name : kComparedFields) {
    const MotField& field = FindMotField(name);
    out[std::string(name)] = ScoreJson(field, field.get(summary).value);
  }
  return out;
}

Json ComparedJson(const ComparedCounts& counts) {
  Json delta = Json::object(), interval = Json::object(), p = Json::object(),
       share_link = Json::object(), share_split_link = Json::object();
  for (const ComparedValue& v : counts.values) {
    const std::string name(v.field);
    delta[name] = ScoreJson(FindMotField(v.field), v.difference);
    interval[name] = v.low && v.high ? Json::array({*v.low, *v.high}) : Json(nullptr);
    p[name] = OrNull(v.p_value);
    share_link[name] = OrNull(v.share_link);
    share_split_link[name] = OrNull(v.share_split_link);
  }
  Json out = {{"plain", ScoresJson(counts.plain)},
              {"corrected", ScoresJson(counts.corrected)},
              {"delta", std::move(delta)},
              {"ci95", std::move(interval)},
              {"p", std::move(p)},
              {"ceiling_link", ScoresJson(counts.ceiling_link)},
              {"ceiling_split_link", ScoresJson(counts.ceiling_split_link)},
              {"share_link", std::move(share_link)},
              {"share_split_link", std::move(share_split_link)}};
  out["interpolated_boxes"] = counts.interpolated_boxes;
  out["switches"] = {{"by_cause", CausesJson(counts.plain_causes)},
                     {"fixed", counts.fixed},
                     {"remaining", counts.remaining},
                     {"introduced", counts.introduced},
                     {"fixed_by_cause", CausesJson(counts.fixed_causes)},
                     {"introduced_by_cause", CausesJson(counts.introduced_causes)},
                     {"corrected_by_cause", CausesJson(counts.corrected_causes)}};
  return out;
}

Json SwitchListJson(const std::vector<IdSwitch>& switches, const std::vector<SwitchStatus>& status,
                    bool boxes) {
  Json list = Json::array();
  for (size_t k = 0; k < switches.size(); ++k) {
    Json& entry = list.emplace_back(SwitchJson(switches[k], boxes));
    entry["status"] = SwitchStatusName(status[k]);
  }
  return list;
}

Json RunsJson(const std::vector<IdentityRun>& runs, bool with_track) {
  Json out = Json::array();
  for (const IdentityRun& run : runs) {
    Json& entry = out.emplace_back(Json::array({run.first_frame, run.last_frame}));
    if (with_track) entry.push_back(run.track);
  }
  return out;
}

Json TimelinesJson(const ComparedSequence& sequence) {
  Json out = Json::array();
  // Both runs are of the same ground truth, so the timelines are of the same persons.
  for (size_t k = 0; k < sequence.plain_timelines.size(); ++k) {
    const IdentityTimeline& plain = sequence.plain_timelines[k];
    out.push_back({{"gt_id", plain.gt_id},
                   {"present", RunsJson(plain.present, false)},
                   {"plain", RunsJson(plain.matched, true)},
                   {"corrected", RunsJson(sequence.corrected_timelines[k].matched, true)}});
  }
  return out;
}

Json SequenceJson(const CompareStageResult& result, const ComparedSequence& sequence) {
  Json out = ComparedJson(sequence.counts);
  out["frames"] = sequence.counts.plain.boxes.frames;
  out["switches"]["list"] = {
      {"plain",
       SwitchListJson(sequence.plain_switches, sequence.status.plain, result.has_timelines)},
      {"corrected", SwitchListJson(sequence.corrected_switches, sequence.status.corrected,
                                   result.has_timelines)}};
  if (result.has_timelines) out["timelines"] = TimelinesJson(sequence);
  return out;
}

Json AblationJson(const CompareStageResult& result) {
  Json out = Json::array();
  const auto combined = AblationRows(result, result.combined);
  for (size_t k = 0; k < combined.size(); ++k) {
    Json& row = out.emplace_back(Json::object());
    row["name"] = combined[k].first;
    row["COMBINED"] = ScoresJson(*combined[k].second);
    Json& sequences = row["sequences"] = Json::object();
    for (const ComparedSequence& sequence : result.sequences)
      sequences[sequence.name] = ScoresJson(*AblationRows(result, sequence.counts)[k].second);
  }
  return out;
}

}  // namespace

std::string RenderCompareTables(const CompareStageResult& result, TableFormat format) {
  std::vector<std::string> parts{MetricsTable(result).Render(format)};
  if (result.sequences.size() > 1) parts.push_back(SequencesTable(result).Render(format));
  // Papers have one row a method, however few there are.
  const bool is_paper = format == TableFormat::kMarkdown || format == TableFormat::kLatex;
  if (is_paper || !result.ablation.empty() || result.has_interpolated)
    parts.push_back(AblationTable(result).Render(format));
  parts.push_back(CausesTable(result).Render(format));
  parts.push_back((format == TableFormat::kLatex ? "% " : "") + result.headline + "\n");
  return JoinText(parts, "\n");
}

std::string RenderCompareCsv(const CompareStageResult& result) {
  Table table({{"sequence"},
               {"run"},
               {"metric"},
               {"value"},
               {"change"},
               {"low"},
               {"high"},
               {"p"},
               {"share_link"},
               {"share_split_link"}});
  const auto add = [&](const std::string& name, const ComparedCounts& counts) {
    const auto row = [&](const std::string& run, std::string_view metric,
                         std::optional<double> value) {
      table.AddRow({name, run, std::string(metric), ScoreDigits(value), "", "", "", "", "", ""});
    };
    for (const ComparedValue& v : counts.values) row("plain", v.field, v.plain);
    for (const ComparedValue& v : counts.values) {
      table.AddRow({name, "corrected", std::string(v.field), ScoreDigits(v.corrected),
                    ScoreDigits(v.difference), ScoreDigits(v.low), ScoreDigits(v.high),
                    ScoreDigits(v.p_value), ScoreDigits(v.share_link),
                    ScoreDigits(v.share_split_link)});
    }
    for (const ComparedValue& v : counts.values) row("ceiling_link", v.field, v.ceiling_link);
    for (const ComparedValue& v : counts.values)
      row("ceiling_split_link", v.field, v.ceiling_split_link);
    for (const auto& [run, run_counts] : AblationRows(result, counts)) {
      if (run == "plain" || run == "corrected") continue;  // above, with more columns
      const MotSummary summary = Summarize(*run_counts);
      for (const std::string_view field : kComparedFields)
        row(run, field, FieldValue(summary, field));
    }
    const auto causes = [&](const std::string& run, const SwitchCounts& by_cause) {
      for (int c = 0; c < kSwitchCauses; ++c) {
        row(run, fmt::format("switches_{}", SwitchCauseName(static_cast<SwitchCause>(c))),
            static_cast<double>(by_cause[c]));
      }
    };
    causes("plain", counts.plain_causes);
    causes("corrected", counts.corrected_causes);
    row("corrected", "switches_fixed", static_cast<double>(counts.fixed));
    row("corrected", "switches_remaining", static_cast<double>(counts.remaining));
    row("corrected", "switches_introduced", static_cast<double>(counts.introduced));
  };
  for (const ComparedSequence& sequence : result.sequences) add(sequence.name, sequence.counts);
  add("COMBINED", result.combined);
  return table.Render(TableFormat::kCsv);
}

std::string RenderComparedSwitches(const CompareStageResult& result) {
  Table table(SwitchColumns({{"sequence"}, {"run"}, {"status"}}));
  for (const ComparedSequence& sequence : result.sequences) {
    const auto add = [&](const char* run, const std::vector<IdSwitch>& switches,
                         const std::vector<SwitchStatus>& status) {
      for (size_t k = 0; k < switches.size(); ++k) {
        table.AddRow(SwitchCells({sequence.name, run, std::string(SwitchStatusName(status[k]))},
                                 switches[k]));
      }
    };
    add("plain", sequence.plain_switches, sequence.status.plain);
    add("corrected", sequence.corrected_switches, sequence.status.corrected);
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderCompareJson(const CompareStageResult& result) {
  Json out = Json::object();
  out["schema"] = "reidbench.compare/1";
  out["version"] = std::string(Version());
  out["headline"] = result.headline;
  out["benchmark"] = result.benchmark.name;
  out["plain"] = result.plain;
  out["corrected"] = result.corrected;
  out["resamples"] = result.resamples;
  out["resampled"] = result.resampled.empty() ? Json(nullptr) : Json(result.resampled);
  Json& sequences = out["sequences"] = Json::object();
  for (const ComparedSequence& sequence : result.sequences)
    sequences[sequence.name] = SequenceJson(result, sequence);
  out["COMBINED"] = ComparedJson(result.combined);
  out["ablation"] = AblationJson(result);
  out["warnings"] = result.warnings;
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace reidbench
