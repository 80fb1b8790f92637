#include "reidbench/results/run.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "reidbench/core/text.h"
#include "reidbench/mot_metrics/bootstrap.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"
#include "reidbench/results/track.h"

namespace reidbench {
namespace {

std::string CountText(std::optional<double> value) {
  return value ? WithThousands(std::llround(*value)) : "n/a";
}

std::string SecondsText(std::optional<double> seconds) {
  return seconds ? fmt::format("{:.2f}", *seconds) : "n/a";
}

std::string SignedInterval(std::optional<double> low, std::optional<double> high) {
  return low && high ? fmt::format("{} .. {}", SignedPercent(low), SignedPercent(high)) : "";
}

// A value that the runner writes when its stage has finished.
const Json& ValueOf(const JsonReader& object, const std::string& key) {
  static const Json nothing = nullptr;
  const std::optional<JsonReader> found = object.Find(key);
  return found ? found->json() : nothing;
}

RunStage ReadRunStage(const JsonReader& json) {
  RunStage stage;
  stage.id = json.At("id").Text();
  stage.status = json.At("status").Text();
  const auto number = [&](const char* key) {
    const std::optional<JsonReader> found = json.Find(key);
    return found ? std::optional(found->Number()) : std::nullopt;
  };
  stage.seconds = number("seconds");
  stage.cpu_seconds = number("cpu_seconds");
  stage.peak_rss_bytes = number("peak_rss_bytes");
  if (const auto error = json.Find("error")) stage.error = error->Text();
  stage.warnings = WarningsOf(json.json());
  return stage;
}

Json ReadFlow(const JsonReader& entry, const std::string& place) {
  const Json& flow = ValueOf(entry, "flow");
  if (!flow.is_null()) RequireSchema(flow, kFlowSchema, "reidbench flow", place);
  return flow;
}

RunConfiguration ReadConfiguration(const JsonReader& json, const std::string& place) {
  RunConfiguration configuration;
  configuration.name = json.At("name").Text();
  configuration.score = ValueOf(json, "score");
  configuration.flow = ReadFlow(json, place);
  if (const Json& track = ValueOf(json, "track"); !track.is_null()) {
    const TrackStageResult tracked = TrackFromJson(track, place);
    if (!tracked.runs.empty())
      configuration.frames_per_s = tracked.runs.front().Total().FramesPerSecond();
  }
  for (const JsonReader& entry : json.At("corrections").Items()) {
    RunCorrection& correction = configuration.corrections.emplace_back();
    correction.name = entry.At("name").Text();
    correction.score = ValueOf(entry, "score");
    correction.flow = ReadFlow(entry, place);
    if (const Json& compare = ValueOf(entry, "compare"); !compare.is_null())
      correction.compare = CompareFromJson(compare, place);
  }
  return configuration;
}

JointChange ReadJoint(const JsonReader& json) {
  JointChange joint;
  joint.trackers = json.At("trackers").Integer(1);
  joint.plain = json.At("plain").Number();
  joint.corrected = json.At("corrected").Number();
  joint.difference = json.At("delta").Number();
  if (const auto interval = json.Find("ci95"); interval && interval->Items().size() == 2) {
    joint.low = interval->Items()[0].Number();
    joint.high = interval->Items()[1].Number();
  }
  joint.p_value = json.At("p").OptionalNumber();
  return joint;
}

// The comparisons of a run, with what they are of.
struct Comparison {
  const RunConfiguration* tracks;
  const RunCorrection* correction;

  std::string Name() const { return tracks->name + ", " + correction->name; }
};

std::vector<Comparison> ListComparisons(const RunResult& result) {
  std::vector<Comparison> comparisons;
  for (const RunConfiguration& configuration : result.tracking) {
    for (const RunCorrection& correction : configuration.corrections) {
      if (correction.compare) comparisons.push_back({&configuration, &correction});
    }
  }
  return comparisons;
}

// Of each configuration the first correction, where both of its scores are defined.
std::vector<const CompareStageResult*> FirstComparisons(const RunResult& result) {
  std::vector<const CompareStageResult*> first;
  for (const RunConfiguration& configuration : result.tracking) {
    if (configuration.corrections.empty()) continue;
    const std::optional<CompareStageResult>& compare = configuration.corrections.front().compare;
    if (!compare) continue;
    const ComparedValue& idf1 = compare->combined.Of("IDF1");
    if (idf1.plain && idf1.corrected) first.push_back(&*compare);
  }
  return first;
}

// One row a comparison.
Table ComparisonsTable(const std::vector<Comparison>& comparisons) {
  Table table({{"tracks", Align::kLeft},
               {"correction", Align::kLeft},
               {"IDF1"},
               {"corrected"},
               {"change"},
               {"95 % interval"},
               {"of what is possible"},
               {"HOTA"},
               {"corrected"},
               {"change"},
               {"IDSW"},
               {"corrected"},
               {"fixed"},
               {"introduced"}});
  for (const Comparison& comparison : comparisons) {
    const ComparedScores& all = comparison.correction->compare->combined;
    const ComparedValue &idf1 = all.Of("IDF1"), &hota = all.Of("HOTA"), &idsw = all.Of("IDSW");
    table.AddRow({comparison.tracks->name, comparison.correction->name, Percent(idf1.plain),
                  Percent(idf1.corrected), SignedPercent(idf1.difference),
                  SignedInterval(idf1.low, idf1.high),
                  idf1.share_split_link ? Percent(idf1.share_split_link, 0) + " %" : "n/a",
                  Percent(hota.plain), Percent(hota.corrected), SignedPercent(hota.difference),
                  CountText(idsw.plain), CountText(idsw.corrected), WithThousands(all.fixed),
                  WithThousands(all.introduced)});
  }
  return table;
}

// The ablation's rows as what each adds to the one before.
std::vector<ComparedStep> NamedSteps(const CompareStageResult& compare) {
  std::vector<ComparedStep> steps = compare.combined.steps;
  // Appearance is the last step of the correction, so that its row is the corrected tracks'.
  const bool step_by_step = steps.size() > 1 && steps[1].name != "corrected";
  for (ComparedStep& step : steps) {
    if (step.name == "corrected" && step_by_step) step.name = "+appearance link";
    if (step.name == "interpolated") step.name = "+interpolation";
  }
  return steps;
}

Table StageTable(const RunResult& result) {
  Table table({{"stage", Align::kLeft}, {"status", Align::kLeft}, {"s"}, {"CPU s"}, {"peak MB"}});
  for (const RunStage& stage : result.stages) {
    table.AddRow({stage.id, stage.status, SecondsText(stage.seconds),
                  SecondsText(stage.cpu_seconds),
                  stage.peak_rss_bytes ? CountText(*stage.peak_rss_bytes / 1e6) : "n/a"});
  }
  return table;
}

// A number somewhere in a flow document; nullopt where it is not.
std::optional<double> FlowNumber(const Json& run, std::initializer_list<const char*> path) {
  const Json* at = &run;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return std::nullopt;
    at = &(*at)[key];
  }
  return at->is_number() ? std::optional(at->get<double>()) : std::nullopt;
}

void AddFlowRow(const std::string& name, const Json& run, Table* table) {
  // Waiting of the first queue.
  std::optional<double> waiting, true_waiting;
  if (run.contains("errors") && run["errors"].contains("waiting_s")) {
    for (const auto& [queue, bias] : run["errors"]["waiting_s"].items()) {
      if (waiting || true_waiting) break;
      waiting = FlowNumber(bias, {"restricted_mean", "found"});
      true_waiting = FlowNumber(bias, {"restricted_mean", "truth"});
    }
  }
  const auto count = [](const std::optional<double>& value) {
    return value ? CountText(*value) : std::string("n/a");
  };
  table->AddRow({name, Percent(FlowNumber(run, {"errors", "all_lines", "F1"})),
                 count(FlowNumber(run, {"errors", "all_lines", "gross"})),
                 count(FlowNumber(run, {"unique"})),
                 Number(FlowNumber(run, {"errors", "unique", "over_count"}), 2),
                 Number(FlowNumber(run, {"presence_s", "median"}), 1),
                 Number(FlowNumber(run, {"errors", "presence_s", "median", "truth"}), 1),
                 Number(waiting, 1), Number(true_waiting, 1)});
}

// Plain tracks, and below them each correction of them.
Table FlowTableOf(const RunResult& result) {
  Table table({{"tracks", Align::kLeft},
               {"crossings F1 %", Align::kRight, Better::kHigher},
               {"wrong"},
               {"unique"},
               {"over-count"},
               {"presence median s"},
               {"true"},
               {"waiting mean s"},
               {"true"}});
  for (const RunConfiguration& configuration : result.tracking) {
    if (configuration.flow.is_object() && !configuration.flow["runs"].empty())
      AddFlowRow(configuration.name, configuration.flow["runs"].front(), &table);
    for (const RunCorrection& correction : configuration.corrections) {
      if (correction.flow.is_object() && correction.flow["runs"].size() > 1)
        AddFlowRow(configuration.name + ", " + correction.name, correction.flow["runs"].back(),
                   &table);
    }
  }
  return table;
}

struct Part {
  std::string title;
  Table table;
};

// `details`: also every metric of every comparison.
std::vector<Part> MakeParts(const RunResult& result, bool details) {
  std::vector<Part> parts;
  if (result.retrieval) {
    const RankStageResult& rank = *result.retrieval;
    parts.push_back({fmt::format("Retrieval: {} valid queries, {} gallery images",
                                 WithThousands(rank.ranking.num_valid),
                                 WithThousands(rank.ranking.num_gallery)),
                     RankScoresTable(rank)});
    if (rank.expectation_outcome)
      parts.push_back({"Against the published numbers", ExpectationTable(rank)});
  }
  const bool has_rows = result.sweep && !result.sweep->rows.empty();
  if (has_rows) {
    parts.push_back({fmt::format("All sequences, best {} first; frames/s of the tracker alone",
                                 result.sweep->select),
                     SweepTable(*result.sweep)});
  }
  const std::vector<Comparison> comparisons = ListComparisons(result);
  if (!comparisons.empty())
    parts.push_back({"Plain against corrected", ComparisonsTable(comparisons)});
  if (Table flow = FlowTableOf(result); !flow.empty())
    parts.push_back({"People at lines and in zones", std::move(flow)});
  for (const Comparison& comparison : comparisons) {
    const CompareStageResult& compare = *comparison.correction->compare;
    if (details) {
      parts.push_back(
          {"Plain against corrected: " + comparison.Name(), ComparedMetricsTable(compare)});
    }
    if (compare.combined.steps.size() > 2) {
      parts.push_back(
          {"Step by step: " + comparison.Name(), AblationTable(NamedSteps(compare), "")});
    }
  }
  if (has_rows && result.sweep->leave_one_out) {
    const Sweep& sweep = *result.sweep;
    std::vector<std::pair<std::string, std::string>> choices;
    for (const auto& [sequence, chosen] : sweep.leave_one_out->choices) {
      choices.emplace_back(sequence, chosen.correction.empty()
                                         ? chosen.name
                                         : chosen.name + ", " + chosen.correction);
    }
    parts.push_back({ChoiceTitle(sweep.select), ChoiceTable(kSweepScores, sweep.rows.front().scores,
                                                            sweep.leave_one_out->scores, "")});
    parts.push_back({"The choice for each sequence", HeldOutTable(choices)});
  }
  return parts;
}

// Mean IDF1 before and after of all that was compared, and what the comparisons say of switches.
std::string TrackingHeadline(const RunResult& result) {
  const std::vector<const CompareStageResult*> compared = FirstComparisons(result);
  if (compared.empty()) return "";
  if (compared.size() == 1) return compared.front()->headline;
  const JointChange joint = result.joint.value_or(JointChange());
  double before = 0, after = 0;
  int64_t fixed = 0, introduced = 0;
  for (const CompareStageResult* compare : compared) {
    const ComparedScores& all = compare->combined;
    before += all.Of("IDSW").plain.value_or(0);
    after += all.Of("IDSW").corrected.value_or(0);
    fixed += all.fixed;
    introduced += all.introduced;
  }
  const std::string interval = SignedInterval(joint.low, joint.high);
  return fmt::format(
      "Re-ID correction moved mean IDF1 of {} trackers from {} to {} % ({} points{}) and identity "
      "switches from {} to {} ({} fixed, {} introduced).",
      compared.size(), Percent(joint.plain), Percent(joint.corrected),
      SignedPercent(joint.difference), interval.empty() ? "" : ", 95 % " + interval,
      CountText(before), CountText(after), WithThousands(fixed), WithThousands(introduced));
}

// The scores over all sequences, of one class or of the classes' average.
const Json* CombinedOf(const Json& score) {
  if (!score.is_object()) return nullptr;
  const Json* at = &score;
  if (score.contains("classes")) at = &score["classes"].at("cls_comb_cls_av");
  return at->contains("COMBINED") ? &(*at)["COMBINED"] : nullptr;
}

}  // namespace

RunResult RunFromJson(const Json& record, const std::string& place) {
  RequireSchema(record, kRunSchema, "reidbench run", place);
  const JsonReader root(record, place);
  RunResult result;
  result.experiment = root.At("experiment").Text();
  result.question = root.At("question").Text();
  result.status = root.At("status").Text();
  result.started = root.At("started").Text();
  if (const auto headline = root.Find("headline")) result.headline = headline->Text();
  result.seconds = root.At("seconds").OptionalNumber();
  result.provenance = root.At("provenance").json();
  result.inputs = root.At("inputs").json();
  for (const JsonReader& stage : root.At("stages").Items())
    result.stages.push_back(ReadRunStage(stage));
  const JsonReader results = root.At("results");
  if (const auto retrieval = results.Find("retrieval"))
    result.retrieval = RankFromJson(retrieval->json(), place);
  if (const auto tracking = results.Find("tracking")) {
    for (const JsonReader& entry : tracking->Items())
      result.tracking.push_back(ReadConfiguration(entry, place));
  }
  if (const auto sweep = results.Find("sweep")) result.sweep = SweepFromJson(*sweep);
  if (const auto joint = results.Find("joint")) result.joint = ReadJoint(*joint);
  return result;
}

Json Condense(const std::string& command, Json result) {
  if (command != "score" || !result.contains("trackers") || result["trackers"].size() != 1)
    return result;
  Json tracker = result["trackers"].front();
  if (tracker.contains("sequences")) {
    for (Json& sequence : tracker["sequences"]) {
      for (Json& family : sequence) {
        Json kept = Json::object();
        for (const auto& [name, value] : family.items()) {
          if (!value.is_array()) kept[name] = value;
        }
        family = std::move(kept);
      }
    }
  }
  Json condensed = {{"benchmark", result.value("benchmark", "")}};
  condensed.update(tracker);
  return condensed;
}

std::optional<JointChange> CompareJointly(const RunResult& result, uint64_t seed) {
  const std::vector<const CompareStageResult*> compared = FirstComparisons(result);
  if (compared.size() < 2) return std::nullopt;
  JointChange joint;
  joint.trackers = static_cast<int64_t>(compared.size());
  MotBootstrapOptions options;
  options.seed = seed;
  options.fields = {"IDF1"};
  std::vector<PairedUnits> pairs;
  for (const CompareStageResult* compare : compared) {
    const ComparedValue& idf1 = compare->combined.Of("IDF1");
    joint.plain += *idf1.plain / static_cast<double>(compared.size());
    joint.corrected += *idf1.corrected / static_cast<double>(compared.size());
    options.resamples = std::min(options.resamples, compare->resamples);
    PairedUnits& units = pairs.emplace_back();
    for (const IdentityCounts& unit : compare->units.plain) units.a.emplace_back().identity = unit;
    for (const IdentityCounts& unit : compare->units.corrected)
      units.b.emplace_back().identity = unit;
  }
  joint.difference = joint.corrected - joint.plain;
  const bool in_common = std::all_of(pairs.begin(), pairs.end(), [&](const PairedUnits& units) {
    return units.a.size() == pairs.front().a.size() && units.b.size() == units.a.size();
  });
  if (!in_common) return joint;
  const MotDifference difference = CompareMeanScores(pairs, options).front();
  joint.low = difference.low;
  joint.high = difference.high;
  joint.p_value = difference.p_value;
  return joint;
}

Json JointChangeJson(const JointChange& joint) {
  return {
      {"metric", "IDF1"},
      {"trackers", joint.trackers},
      {"plain", joint.plain},
      {"corrected", joint.corrected},
      {"delta", joint.difference},
      {"ci95", joint.low && joint.high ? Json::array({*joint.low, *joint.high}) : Json(nullptr)},
      {"p", OrNull(joint.p_value)}};
}

std::string MakeHeadline(const RunResult& result) {
  if (std::string text = TrackingHeadline(result); !text.empty()) return text;
  if (result.sweep && !result.sweep->rows.empty()) {
    const SweepEntry& best = result.sweep->rows.front();
    const auto* const field =
        std::find(std::begin(kSweepScores), std::end(kSweepScores), result.sweep->select);
    const auto at = static_cast<size_t>(field - std::begin(kSweepScores));
    return fmt::format("{} has the best {} of {} configurations: {} %.", best.name,
                       result.sweep->select, result.sweep->rows.size(),
                       Percent(at < best.scores.size() ? best.scores[at] : std::nullopt));
  }
  if (!result.retrieval) return "";
  std::string text =
      fmt::format("mAP {} %, rank-1 {} %", Percent(result.retrieval->ranking.mean_ap),
                  Percent(result.retrieval->Cmc(1)));
  if (result.retrieval->expectation_outcome) {
    text += result.retrieval->expectation_outcome->passed
                ? ": as published, within the tolerance"
                : ": NOT as published, outside the tolerance";
  }
  return text + ".";
}

std::string RenderRunTables(const RunResult& result, TableFormat format) {
  std::vector<std::string> blocks;
  // A terminal shows the essence.
  for (const Part& part : MakeParts(result, format != TableFormat::kText)) {
    const std::string table = part.table.Render(format);
    if (format == TableFormat::kText) {
      blocks.push_back(part.title + "\n" + table);
    } else if (format == TableFormat::kMarkdown) {
      blocks.push_back(fmt::format("## {}\n\n{}", MarkdownText(part.title), table));
    } else {
      blocks.push_back(fmt::format("% {}\n{}", MarkdownText(part.title), table));
    }
  }
  return JoinText(blocks, "\n");
}

std::string RenderRunMarkdown(const RunResult& result) {
  std::string text =
      fmt::format("# {}\n\n{}\n\n", MarkdownText(result.experiment), MarkdownText(result.question));
  if (result.status != "finished")
    text += fmt::format("**The run is {}.** What follows is not all of it.\n\n", result.status);
  if (!result.headline.empty()) text += fmt::format("**{}**\n\n", MarkdownText(result.headline));
  text += RenderRunTables(result, TableFormat::kMarkdown);
  std::vector<std::string> failures, warnings;
  for (const RunStage& stage : result.stages) {
    if (stage.status == "failed")
      failures.push_back(
          fmt::format("- {}: {}\n", MarkdownText(stage.id), MarkdownText(stage.error)));
    for (const std::string& warning : stage.warnings)
      warnings.push_back(fmt::format("- {}: {}\n", MarkdownText(stage.id), MarkdownText(warning)));
  }
  if (!failures.empty()) text += "\n## Failed\n\n" + JoinText(failures, "");
  if (!warnings.empty()) text += "\n## Warnings\n\n" + JoinText(warnings, "");
  text += fmt::format("\n## Stages\n\n{}\n## Provenance\n\n",
                      StageTable(result).Render(TableFormat::kMarkdown));
  Table provenance({{"what", Align::kLeft}, {"value", Align::kLeft}});
  for (const auto& [key, value] : result.provenance.items()) {
    provenance.AddRow({key, value.is_string() ? value.get<std::string>() : DumpJson(value, -1)});
  }
  provenance.AddRow({"started", result.started});
  provenance.AddRow({"seconds", SecondsText(result.seconds)});
  text += provenance.Render(TableFormat::kMarkdown);
  Table inputs({{"input", Align::kLeft}, {"bytes"}, {"files"}, {"SHA-256", Align::kLeft}});
  for (const Json& input : result.inputs) {
    inputs.AddRow({input.at("path").get<std::string>(),
                   WithThousands(input.at("bytes").get<int64_t>()),
                   WithThousands(input.at("files").get<int64_t>()),
                   input.at("sha256").get<std::string>().substr(0, 16)});
  }
  if (!inputs.empty()) text += "\n" + inputs.Render(TableFormat::kMarkdown);
  return text;
}

std::string RenderRunCsv(const RunResult& result) {
  Table table({{"part"}, {"name"}, {"correction"}, {"sequence"}, {"metric"}, {"value"}});
  const auto add_retrieval = [&](const std::string& metric, std::optional<double> value) {
    if (value) table.AddRow({"retrieval", "", "", "", metric, ScoreDigits(value)});
  };
  if (result.retrieval) {
    add_retrieval("mAP", result.retrieval->ranking.mean_ap);
    add_retrieval("mINP", result.retrieval->ranking.mean_inp);
    for (const int k : {1, 5, 10, 20})
      add_retrieval(fmt::format("rank{}", k), result.retrieval->Cmc(k));
  }
  const auto add_scores = [&](const std::string& name, const std::string& correction,
                              const Json& score) {
    const auto rows = [&](const std::string& sequence, const Json& families) {
      for (const auto& family : families) {
        for (const auto& [metric, value] : family.items()) {
          if (value.is_number())
            table.AddRow({"tracking", name, correction, sequence, metric, DumpJson(value, -1)});
        }
      }
    };
    if (score.is_object() && score.contains("sequences")) {
      for (const auto& [sequence, families] : score["sequences"].items()) rows(sequence, families);
    }
    if (const Json* combined = CombinedOf(score)) rows("COMBINED", *combined);
  };
  for (const RunConfiguration& configuration : result.tracking) {
    add_scores(configuration.name, "", configuration.score);
    if (configuration.frames_per_s) {
      table.AddRow({"tracking", configuration.name, "", "ALL", "frames_per_s",
                    ScoreDigits(configuration.frames_per_s)});
    }
    for (const RunCorrection& correction : configuration.corrections)
      add_scores(configuration.name, correction.name, correction.score);
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderRunPlanTables(const Json& plan, TableFormat format) {
  Table table({{"stage", Align::kLeft}, {"", Align::kLeft}, {"command", Align::kLeft}});
  const std::string place = "plan of `reidbench run`";
  const JsonReader root(plan, place);
  for (const JsonReader& stage : root.At("stages").Items()) {
    std::vector<std::string> words = stage.At("command_line").Texts();
    words.front() = "reidbench " + stage.At("command").Text();
    table.AddRow({stage.At("id").Text(), stage.At("status").Text(), JoinText(words, " ")});
  }
  std::string text;
  if (format == TableFormat::kText && !root.Find("sequences"))
    text = "The world is not made yet: CAMERA stands for each of its cameras.\n";
  return text + table.Render(format);
}

}  // namespace reidbench
