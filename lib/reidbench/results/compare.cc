#include "reidbench/results/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"
#include "reidbench/results/switches.h"

namespace reidbench {
namespace {

std::string ShareCell(std::optional<double> share) {
  return share ? Percent(share, 0) + " %" : "n/a";
}

std::vector<Table::Column> FieldColumns(std::vector<Table::Column> first) {
  for (const std::string_view field : kComparedFields) first.push_back({std::string(field)});
  return first;
}

Table SequencesTable(const CompareStageResult& result) {
  Table table(FieldColumns({{"sequence", Align::kLeft}, {"run", Align::kLeft}}), "By sequence");
  const auto add = [&](const std::string& name, const ComparedScores& counts) {
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
  for (const ComparedSequence& sequence : result.sequences) add(sequence.name, sequence.scores);
  add("COMBINED", result.combined);
  return table;
}

Table CausesTable(const CompareStageResult& result) {
  Table table(
      {{"cause", Align::kLeft}, {"plain"}, {"fixed"}, {"remaining"}, {"introduced"}, {"corrected"}},
      "Identity switches by cause");
  const ComparedScores& c = result.combined;
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

// The numbers of a field in JSON's order; ci95 is the interval.
struct ComparedPart {
  const char* key;
  std::optional<double> ComparedValue::*number;  // null: the interval
  bool is_score = true;                          // else a share or a probability
};
constexpr ComparedPart kComparedParts[] = {
    {"plain", &ComparedValue::plain},
    {"corrected", &ComparedValue::corrected},
    {"delta", &ComparedValue::difference},
    {"ci95", nullptr},
    {"p", &ComparedValue::p_value, false},
    {"ceiling_link", &ComparedValue::ceiling_link},
    {"ceiling_split_link", &ComparedValue::ceiling_split_link},
    {"share_link", &ComparedValue::share_link, false},
    {"share_split_link", &ComparedValue::share_split_link, false}};

Json StepJson(const ComparedStep& step) {
  Json out = Json::object();
  for (size_t f = 0; f < step.scores.size(); ++f)
    out[std::string(kComparedFields[f])] =
        ScoreJson(FindMotField(kComparedFields[f]), step.scores[f]);
  return out;
}

Json ComparedJson(const ComparedScores& counts) {
  Json out = Json::object();
  for (const ComparedPart& part : kComparedParts) {
    Json& fields = out[part.key] = Json::object();
    for (const ComparedValue& v : counts.values) {
      Json& entry = fields[std::string(v.field)];
      if (part.number == nullptr) {
        if (v.low && v.high) entry = {*v.low, *v.high};
      } else {
        entry = part.is_score ? ScoreJson(FindMotField(v.field), v.*part.number)
                              : OrNull(v.*part.number);
      }
    }
  }
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
  Json out = ComparedJson(sequence.scores);
  out["frames"] = sequence.scores.frames;
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
  for (size_t k = 0; k < result.combined.steps.size(); ++k) {
    Json& row = out.emplace_back(Json::object());
    row["name"] = result.combined.steps[k].name;
    row["COMBINED"] = StepJson(result.combined.steps[k]);
    Json& sequences = row["sequences"] = Json::object();
    for (const ComparedSequence& sequence : result.sequences)
      sequences[sequence.name] = StepJson(sequence.scores.steps[k]);
  }
  return out;
}

// The fields of IdentityCounts, under their names.
constexpr std::pair<const char*, int64_t IdentityCounts::*> kUnitFields[] = {
    {"IDTP", &IdentityCounts::tp}, {"IDFN", &IdentityCounts::fn}, {"IDFP", &IdentityCounts::fp}};

Json UnitsJson(const std::vector<IdentityCounts>& units) {
  Json out = Json::object();
  for (const auto& [name, member] : kUnitFields) {
    Json& list = out[name] = Json::array();
    for (const IdentityCounts& unit : units) list.push_back(unit.*member);
  }
  return out;
}

std::vector<IdentityCounts> UnitsFromJson(const JsonReader& json) {
  std::vector<IdentityCounts> units(json.At("IDTP").Items().size());
  for (const auto& [name, member] : kUnitFields) {
    const std::vector<JsonReader> list = json.At(name).Items();
    for (size_t k = 0; k < std::min(units.size(), list.size()); ++k)
      units[k].*member = list[k].Integer(0);
  }
  return units;
}

void ReadCauses(const JsonReader& json, SwitchCounts* counts) {
  for (int c = 0; c < kSwitchCauses; ++c)
    (*counts)[c] = json.At(std::string(SwitchCauseName(static_cast<SwitchCause>(c)))).Integer(0);
}

ComparedScores ScoresFromJson(const JsonReader& json) {
  ComparedScores scores;
  for (const std::string_view field : kComparedFields) {
    ComparedValue& value = scores.values.emplace_back();
    value.field = field;
    for (const ComparedPart& part : kComparedParts) {
      const JsonReader entry = json.At(part.key).At(std::string(field));
      if (part.number != nullptr) {
        value.*part.number = entry.OptionalNumber();
      } else if (!entry.json().is_null()) {
        const std::vector<JsonReader> ends = entry.Items();
        value.low = ends.front().Number();
        value.high = ends.back().Number();
      }
    }
  }
  const JsonReader switches = json.At("switches");
  scores.fixed = switches.At("fixed").Integer(0);
  scores.remaining = switches.At("remaining").Integer(0);
  scores.introduced = switches.At("introduced").Integer(0);
  ReadCauses(switches.At("by_cause"), &scores.plain_causes);
  ReadCauses(switches.At("fixed_by_cause"), &scores.fixed_causes);
  ReadCauses(switches.At("introduced_by_cause"), &scores.introduced_causes);
  ReadCauses(switches.At("corrected_by_cause"), &scores.corrected_causes);
  scores.interpolated_boxes = json.At("interpolated_boxes").Integer(0);
  return scores;
}

}  // namespace

const ComparedValue& ComparedScores::Of(std::string_view field) const {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const ComparedValue& v) { return v.field == field; });
  REIDBENCH_CHECK(found != values.end());
  return *found;
}

Table ComparedMetricsTable(const CompareStageResult& result) {
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

Table AblationTable(const std::vector<ComparedStep>& steps, const std::string& caption) {
  std::vector<Table::Column> columns{{"step", Align::kLeft}};
  for (const std::string_view field : kComparedFields) columns.push_back(CompetingColumn(field));
  columns.push_back({"IDF1 change"});
  Table table(columns, caption);
  std::optional<double> previous;
  for (const ComparedStep& step : steps) {
    std::vector<std::string> row{step.name};
    std::optional<double> idf1;
    for (size_t f = 0; f < step.scores.size(); ++f) {
      row.push_back(ScoreCell(kComparedFields[f], step.scores[f]));
      if (kComparedFields[f] == "IDF1") idf1 = step.scores[f];
    }
    row.push_back(previous && idf1 ? SignedPercent(*idf1 - *previous) : "");
    previous = idf1;
    table.AddRow(std::move(row));
  }
  return table;
}

std::string RenderCompareTables(const CompareStageResult& result, TableFormat format) {
  std::vector<std::string> parts{ComparedMetricsTable(result).Render(format)};
  if (result.sequences.size() > 1) parts.push_back(SequencesTable(result).Render(format));
  // Papers have one row a method, however few there are.
  const bool is_paper = format == TableFormat::kMarkdown || format == TableFormat::kLatex;
  if (is_paper || result.combined.steps.size() > 2)
    parts.push_back(AblationTable(result.combined.steps, "Step by step, COMBINED").Render(format));
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
  const auto add = [&](const std::string& name, const ComparedScores& counts) {
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
    for (const ComparedStep& step : counts.steps) {
      if (step.name == "plain" || step.name == "corrected") continue;  // above, with more columns
      for (size_t f = 0; f < step.scores.size(); ++f)
        row(step.name, kComparedFields[f], step.scores[f]);
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
  for (const ComparedSequence& sequence : result.sequences) add(sequence.name, sequence.scores);
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
  out["schema"] = kCompareSchema;
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
  out["units"] = result.resampled.empty() ? Json(nullptr)
                                          : Json{{"plain", UnitsJson(result.units.plain)},
                                                 {"corrected", UnitsJson(result.units.corrected)}};
  out["warnings"] = result.warnings;
  return DumpJson(out);
}

CompareStageResult CompareFromJson(const Json& json, const std::string& place) {
  RequireSchema(json, kCompareSchema, "reidbench compare --format json", place);
  const JsonReader root(json, place);
  CompareStageResult result;
  result.headline = root.At("headline").Text();
  result.benchmark.name = root.At("benchmark").Text();
  result.plain = root.At("plain").Text();
  result.corrected = root.At("corrected").Text();
  result.resamples = static_cast<int>(root.At("resamples").Integer(0));
  if (const auto resampled = root.Find("resampled")) result.resampled = resampled->Text();
  result.combined = ScoresFromJson(root.At("COMBINED"));
  for (const JsonReader& row : root.At("ablation").Items()) {
    ComparedStep& step = result.combined.steps.emplace_back();
    step.name = row.At("name").Text();
    for (const std::string_view field : kComparedFields)
      step.scores.push_back(row.At("COMBINED").At(std::string(field)).OptionalNumber());
  }
  if (const auto units = root.Find("units")) {
    result.units.plain = UnitsFromJson(units->At("plain"));
    result.units.corrected = UnitsFromJson(units->At("corrected"));
  }
  result.warnings = root.At("warnings").Texts();
  return result;
}

}  // namespace reidbench
