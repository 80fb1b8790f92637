#include "reidbench/experiment/report.h"

#include <fmt/core.h>

#include <cmath>

#include "reidbench/core/text.h"

namespace reidbench {
namespace {

// A value by its path, or nullopt where a key is missing or the value is no number.
std::optional<double> NumberAt(const RunJson& json, std::initializer_list<const char*> path) {
  const RunJson* node = &json;
  for (const char* key : path) {
    if (!node->is_object() || !node->contains(key)) return std::nullopt;
    node = &(*node)[key];
  }
  return node->is_number() ? std::optional(node->get<double>()) : std::nullopt;
}

std::string TextAt(const RunJson& json, const char* key) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_string()) return "";
  return json[key].get<std::string>();
}

const RunJson& At(const RunJson& json, const char* key) {
  static const RunJson nothing = nullptr;
  return json.is_object() && json.contains(key) ? json[key] : nothing;
}

std::string Count(std::optional<double> value) {
  return value ? WithThousands(static_cast<int64_t>(std::llround(*value))) : "n/a";
}

std::string SignedCount(std::optional<double> value) {
  return value ? fmt::format("{:+}", std::llround(*value)) : "n/a";
}

bool IsCount(std::string_view metric) {
  return metric == "IDSW" || metric == "Frag" || metric == "MT" || metric == "ML";
}

// What tables show of a run of tracks: field of `score`, its family there.
struct ShownScore {
  const char* name;
  const char* family;
};
constexpr ShownScore kScores[] = {{"HOTA", "HOTA"},     {"AssA", "HOTA"},  {"DetA", "HOTA"},
                                  {"IDF1", "Identity"}, {"MOTA", "CLEAR"}, {"IDSW", "CLEAR"}};

std::string Cell(std::string_view metric, std::optional<double> value) {
  return IsCount(metric) ? Count(value) : Percent(value);
}

std::string SecondsText(std::optional<double> seconds) {
  return seconds ? fmt::format("{:.2f}", *seconds) : "n/a";
}

std::string Interval(const RunJson& interval) {
  if (!interval.is_array() || interval.size() != 2 || !interval[0].is_number() ||
      !interval[1].is_number())
    return "";
  return fmt::format("{} .. {}", Percent(interval[0].get<double>()),
                     Percent(interval[1].get<double>()));
}

std::string SignedInterval(const RunJson& interval, bool count) {
  if (!interval.is_array() || interval.size() != 2 || !interval[0].is_number() ||
      !interval[1].is_number())
    return "";
  const auto text = [&](const RunJson& bound) {
    return count ? SignedCount(bound.get<double>()) : SignedPercent(bound.get<double>());
  };
  return fmt::format("{} .. {}", text(interval[0]), text(interval[1]));
}

// The parts of results, where they are.
const RunJson& Tracking(const RunJson& record) { return At(At(record, "results"), "tracking"); }
const RunJson& Retrieval(const RunJson& record) { return At(At(record, "results"), "retrieval"); }

struct Part {
  std::string title;
  Table table;
};

Table RetrievalTable(const RunJson& rank) {
  Table table({{"metric", Align::kLeft}, {"%"}, {"95 % interval"}});
  const RunJson& intervals = At(rank, "ci95");
  table.AddRow({"mAP", Percent(NumberAt(rank, {"mAP"})), Interval(At(intervals, "mAP"))});
  for (const char* k : {"1", "5", "10", "20"}) {
    table.AddRow({fmt::format("rank-{}", k), Percent(NumberAt(rank, {"rank", k})),
                  std::string_view(k) == "1" ? Interval(At(intervals, "rank1")) : ""});
  }
  table.AddRow({"mINP", Percent(NumberAt(rank, {"mINP"})), Interval(At(intervals, "mINP"))});
  return table;
}

Table ExpectationTable(const RunJson& expectation) {
  Table table({{"metric", Align::kLeft},
               {"published %"},
               {"measured %"},
               {"difference"},
               {"tolerance"},
               {"", Align::kLeft}});
  for (const RunJson& row : At(expectation, "rows")) {
    const auto difference = NumberAt(row, {"difference"});
    table.AddRow({TextAt(row, "metric"), Number(NumberAt(row, {"expected_percent"}), 2),
                  Number(NumberAt(row, {"measured_percent"}), 2),
                  difference ? fmt::format("{:+.2f}", *difference) : "n/a",
                  Number(NumberAt(row, {"tolerance"}), 2),
                  row.value("within", false) ? "ok" : "OUTSIDE"});
  }
  return table;
}

// The scores over all sequences, of one class or of the classes' average.
const RunJson& Combined(const RunJson& score) {
  const RunJson& classes = At(score, "classes");
  if (classes.is_object()) return At(At(classes, "cls_comb_cls_av"), "COMBINED");
  return At(score, "COMBINED");
}

constexpr const char* kCompared[] = {"HOTA", "AssA", "DetA", "IDF1", "IDP", "IDR",
                                     "MOTA", "IDSW", "Frag", "MT",   "ML"};

Table ComparisonTable(const RunJson& compare) {
  Table table({{"metric", Align::kLeft},
               {"plain"},
               {"corrected"},
               {"change"},
               {"95 % interval"},
               {"perfect linking"},
               {"perfect split+link"},
               {"share reached"}});
  const RunJson& all = At(compare, "COMBINED");
  for (const char* metric : kCompared) {
    if (!At(all, "plain").contains(metric)) continue;
    const auto change = NumberAt(all, {"delta", metric});
    const auto share = NumberAt(all, {"share_split_link", metric});
    table.AddRow({metric, Cell(metric, NumberAt(all, {"plain", metric})),
                  Cell(metric, NumberAt(all, {"corrected", metric})),
                  IsCount(metric) ? SignedCount(change) : SignedPercent(change),
                  SignedInterval(At(At(all, "ci95"), metric), IsCount(metric)),
                  Cell(metric, NumberAt(all, {"ceiling_link", metric})),
                  Cell(metric, NumberAt(all, {"ceiling_split_link", metric})),
                  share ? Percent(share, 0) + " %" : "n/a"});
  }
  return table;
}

struct Comparison {
  std::string tracks;
  std::string correction;
  const RunJson* json;
};

std::vector<Comparison> ListComparisons(const RunJson& record) {
  std::vector<Comparison> comparisons;
  if (!Tracking(record).is_array()) return comparisons;
  for (const RunJson& entry : Tracking(record)) {
    for (const RunJson& correction : At(entry, "corrections")) {
      const RunJson& compare = At(correction, "compare");
      if (compare.is_object())
        comparisons.push_back({TextAt(entry, "name"), TextAt(correction, "name"), &compare});
    }
  }
  return comparisons;
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
    const RunJson& all = At(*comparison.json, "COMBINED");
    const auto share = NumberAt(all, {"share_split_link", "IDF1"});
    table.AddRow(
        {comparison.tracks, comparison.correction, Percent(NumberAt(all, {"plain", "IDF1"})),
         Percent(NumberAt(all, {"corrected", "IDF1"})),
         SignedPercent(NumberAt(all, {"delta", "IDF1"})),
         SignedInterval(At(At(all, "ci95"), "IDF1"), false),
         share ? Percent(share, 0) + " %" : "n/a", Percent(NumberAt(all, {"plain", "HOTA"})),
         Percent(NumberAt(all, {"corrected", "HOTA"})),
         SignedPercent(NumberAt(all, {"delta", "HOTA"})), Count(NumberAt(all, {"plain", "IDSW"})),
         Count(NumberAt(all, {"corrected", "IDSW"})), Count(NumberAt(all, {"switches", "fixed"})),
         Count(NumberAt(all, {"switches", "introduced"}))});
  }
  return table;
}

// From the plain tracks to the corrected ones.
Table AblationTable(const RunJson& steps) {
  std::vector<Table::Column> columns = {{"step", Align::kLeft}};
  for (const char* metric : kCompared) columns.push_back({metric});
  columns.push_back({"IDF1 change"});
  Table table(columns);
  // Appearance is the last step of the correction, so that its row is the corrected tracks'.
  const bool step_by_step = steps.size() > 1 && TextAt(steps[1], "name") != "corrected";
  std::optional<double> before;
  for (const RunJson& step : steps) {
    std::string name = TextAt(step, "name");
    if (name == "corrected" && step_by_step) name = "+appearance link";
    if (name == "interpolated") name = "+interpolation";
    std::vector<std::string> row = {name};
    for (const char* metric : kCompared)
      row.push_back(Cell(metric, NumberAt(step, {"COMBINED", metric})));
    const auto idf1 = NumberAt(step, {"COMBINED", "IDF1"});
    row.push_back(before && idf1 ? SignedPercent(*idf1 - *before) : "");
    before = idf1;
    table.AddRow(std::move(row));
  }
  return table;
}

Table SweepTable(const RunJson& sweep) {
  std::vector<Table::Column> columns = {
      {"#"}, {"tracks", Align::kLeft}, {"correction", Align::kLeft}};
  for (const ShownScore& score : kScores) columns.push_back({score.name});
  columns.push_back({"frames/s"});
  Table table(columns);
  int place = 0;
  for (const RunJson& row : At(sweep, "rows")) {
    std::vector<std::string> cells = {fmt::format("{}", ++place), TextAt(row, "name"),
                                      TextAt(row, "correction")};
    for (const ShownScore& score : kScores)
      cells.push_back(Cell(score.name, NumberAt(row, {score.name})));
    const auto rate = NumberAt(row, {"frames_per_s"});
    cells.push_back(rate ? Count(rate) : "");
    table.AddRow(std::move(cells));
  }
  return table;
}

Table ChoiceTable(const RunJson& sweep) {
  std::vector<Table::Column> columns = {{"choice", Align::kLeft}};
  for (const ShownScore& score : kScores) columns.push_back({score.name});
  Table table(columns);
  const auto add = [&](const std::string& name, const RunJson& scores) {
    std::vector<std::string> cells = {name};
    for (const ShownScore& score : kScores)
      cells.push_back(Cell(score.name, NumberAt(scores, {score.name})));
    table.AddRow(std::move(cells));
  };
  add("best on all sequences (tuned on what it is scored on)", At(sweep, "rows").front());
  add("leave one sequence out (tuned on the others)", At(At(sweep, "leave_one_out"), "scores"));
  return table;
}

Table HeldOutTable(const RunJson& sweep) {
  Table table({{"sequence left out", Align::kLeft}, {"chosen on the others", Align::kLeft}});
  for (const auto& [sequence, chosen] :
       At(At(sweep, "leave_one_out"), "chosen_on_the_others").items()) {
    const std::string correction = TextAt(chosen, "correction");
    table.AddRow({sequence, correction.empty() ? TextAt(chosen, "name")
                                               : TextAt(chosen, "name") + ", " + correction});
  }
  return table;
}

Table StageTable(const RunJson& record) {
  Table table({{"stage", Align::kLeft}, {"status", Align::kLeft}, {"s"}, {"CPU s"}, {"peak MB"}});
  for (const RunJson& stage : At(record, "stages")) {
    const auto memory = NumberAt(stage, {"peak_rss_bytes"});
    table.AddRow(
        {TextAt(stage, "id"), TextAt(stage, "status"), SecondsText(NumberAt(stage, {"seconds"})),
         SecondsText(NumberAt(stage, {"cpu_seconds"})), memory ? Count(*memory / 1e6) : "n/a"});
  }
  return table;
}

// `details`: also every metric of every comparison.
std::vector<Part> MakeParts(const RunJson& record, bool details) {
  std::vector<Part> parts;
  const RunJson& rank = Retrieval(record);
  if (rank.is_object()) {
    parts.push_back({fmt::format("Retrieval: {} valid queries, {} gallery images",
                                 Count(NumberAt(rank, {"num_valid_queries"})),
                                 Count(NumberAt(rank, {"num_gallery"}))),
                     RetrievalTable(rank)});
    if (At(rank, "expectation").is_object())
      parts.push_back(
          {fmt::format("Against the published numbers ({})", TextAt(rank["expectation"], "source")),
           ExpectationTable(rank["expectation"])});
  }
  const RunJson& sweep = At(At(record, "results"), "sweep");
  if (At(sweep, "rows").is_array() && !sweep["rows"].empty())
    parts.push_back({fmt::format("All sequences, best {} first; frames/s of the tracker alone",
                                 TextAt(sweep, "select")),
                     SweepTable(sweep)});
  const std::vector<Comparison> comparisons = ListComparisons(record);
  if (!comparisons.empty())
    parts.push_back({"Plain against corrected", ComparisonsTable(comparisons)});
  for (const Comparison& comparison : comparisons) {
    const std::string of = fmt::format("{}, {}", comparison.tracks, comparison.correction);
    if (details)
      parts.push_back({"Plain against corrected: " + of, ComparisonTable(*comparison.json)});
    if (At(*comparison.json, "ablation").size() > 2)
      parts.push_back({"Step by step: " + of, AblationTable((*comparison.json)["ablation"])});
  }
  if (sweep.is_object() && At(sweep, "leave_one_out").is_object()) {
    parts.push_back({fmt::format("What choosing by {} is worth: report the second row",
                                 TextAt(sweep, "select")),
                     ChoiceTable(sweep)});
    parts.push_back({"The choice for each sequence", HeldOutTable(sweep)});
  }
  return parts;
}

// Failed stages with their messages, one a line.
std::vector<std::string> Failures(const RunJson& record) {
  std::vector<std::string> lines;
  for (const RunJson& stage : At(record, "stages")) {
    if (TextAt(stage, "status") == "failed")
      lines.push_back(fmt::format("{}: {}", TextAt(stage, "id"), TextAt(stage, "error")));
  }
  return lines;
}

std::vector<std::string> Warnings(const RunJson& record) {
  std::vector<std::string> lines;
  for (const RunJson& stage : At(record, "stages")) {
    for (const RunJson& warning : At(stage, "warnings"))
      lines.push_back(fmt::format("{}: {}", TextAt(stage, "id"), warning.get<std::string>()));
  }
  return lines;
}

// Mean IDF1 before and after of all that was compared, and what the comparisons say of switches.
std::string TrackingHeadline(const RunJson& tracking) {
  double plain = 0, corrected = 0;
  double fixed = 0, introduced = 0, before = 0, after = 0;
  int compared = 0;
  std::string only;
  for (const RunJson& entry : tracking) {
    const RunJson& corrections = At(entry, "corrections");
    if (!corrections.is_array() || corrections.empty()) continue;
    const RunJson& compare = At(corrections.front(), "compare");
    const auto a = NumberAt(compare, {"COMBINED", "plain", "IDF1"});
    const auto b = NumberAt(compare, {"COMBINED", "corrected", "IDF1"});
    if (!a || !b) continue;
    plain += *a;
    corrected += *b;
    before += NumberAt(compare, {"COMBINED", "plain", "IDSW"}).value_or(0);
    after += NumberAt(compare, {"COMBINED", "corrected", "IDSW"}).value_or(0);
    fixed += NumberAt(compare, {"COMBINED", "switches", "fixed"}).value_or(0);
    introduced += NumberAt(compare, {"COMBINED", "switches", "introduced"}).value_or(0);
    only = TextAt(compare, "headline");
    ++compared;
  }
  if (compared == 0) return "";
  if (compared == 1 && !only.empty()) return only;
  return fmt::format(
      "Re-ID correction moved mean IDF1 of {} tracker{} from {} to {} % ({} points) and identity "
      "switches from {} to {} ({} fixed, {} introduced).",
      compared, compared == 1 ? "" : "s", Percent(plain / compared), Percent(corrected / compared),
      SignedPercent((corrected - plain) / compared), Count(before), Count(after), Count(fixed),
      Count(introduced));
}

}  // namespace

std::optional<double> FramesPerSecond(const RunJson& track) {
  if (!track.is_object() || !At(track, "runs").is_array() || track["runs"].empty())
    return std::nullopt;
  const RunJson& all = At(track["runs"].front(), "ALL");
  const auto frames = NumberAt(all, {"frames"});
  const auto seconds = NumberAt(all, {"tracker_seconds"});
  if (!frames || !seconds || !(*seconds > 0)) return std::nullopt;
  return *frames / *seconds;
}

std::string MakeHeadline(const RunJson& record) {
  if (Tracking(record).is_array()) {
    if (std::string text = TrackingHeadline(Tracking(record)); !text.empty()) return text;
    const RunJson& sweep = At(At(record, "results"), "sweep");
    if (At(sweep, "rows").is_array() && !sweep["rows"].empty()) {
      const RunJson& best = sweep["rows"].front();
      const std::string select = TextAt(sweep, "select");
      return fmt::format("{} has the best {} of {} configurations: {} %.", TextAt(best, "name"),
                         select, sweep["rows"].size(), Percent(NumberAt(best, {select.c_str()})));
    }
  }
  const RunJson& rank = Retrieval(record);
  if (!rank.is_object()) return "";
  std::string text = fmt::format("mAP {} %, rank-1 {} %", Percent(NumberAt(rank, {"mAP"})),
                                 Percent(NumberAt(rank, {"rank", "1"})));
  if (At(rank, "expectation").is_object()) {
    text += rank["expectation"].value("passed", false)
                ? ": as published, within the tolerance"
                : ": NOT as published, outside the tolerance";
  }
  return text + ".";
}

std::string RenderRunTables(const RunJson& record, TableFormat format) {
  std::vector<std::string> blocks;
  // A terminal shows the essence.
  for (const Part& part : MakeParts(record, format != TableFormat::kText)) {
    const std::string table = part.table.Render(format);
    if (format == TableFormat::kText) {
      blocks.push_back(part.title + "\n" + table);
    } else if (format == TableFormat::kMarkdown) {
      blocks.push_back(fmt::format("## {}\n\n{}", part.title, table));
    } else {
      blocks.push_back(fmt::format("% {}\n{}", part.title, table));
    }
  }
  return JoinText(blocks, "\n");
}

std::string RenderRunMarkdown(const RunJson& record) {
  std::string text =
      fmt::format("# {}\n\n{}\n\n", TextAt(record, "experiment"), TextAt(record, "question"));
  if (TextAt(record, "status") != "finished")
    text += fmt::format("**The run is {}.** What follows is not all of it.\n\n",
                        TextAt(record, "status"));
  if (const std::string headline = TextAt(record, "headline"); !headline.empty())
    text += fmt::format("**{}**\n\n", headline);
  text += RenderRunTables(record, TableFormat::kMarkdown);
  const auto list = [&](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    text += fmt::format("\n## {}\n\n", title);
    for (const std::string& line : lines) text += fmt::format("- {}\n", line);
  };
  list("Failed", Failures(record));
  list("Warnings", Warnings(record));
  text += fmt::format("\n## Stages\n\n{}\n## Provenance\n\n",
                      StageTable(record).Render(TableFormat::kMarkdown));
  Table provenance({{"what", Align::kLeft}, {"value", Align::kLeft}});
  const RunJson& made = At(record, "provenance");
  for (const auto& [key, value] : made.items())
    provenance.AddRow({key, value.is_string() ? value.get<std::string>() : value.dump()});
  provenance.AddRow({"started", TextAt(record, "started")});
  provenance.AddRow({"seconds", SecondsText(NumberAt(record, {"seconds"}))});
  text += provenance.Render(TableFormat::kMarkdown);
  Table inputs({{"input", Align::kLeft}, {"bytes"}, {"files"}, {"SHA-256", Align::kLeft}});
  for (const RunJson& input : At(record, "inputs")) {
    inputs.AddRow({TextAt(input, "path"), Count(NumberAt(input, {"bytes"})),
                   Count(NumberAt(input, {"files"})), TextAt(input, "sha256").substr(0, 16)});
  }
  if (!inputs.empty()) text += "\n" + inputs.Render(TableFormat::kMarkdown);
  return text;
}

std::string RenderRunCsv(const RunJson& record) {
  Table table({{"part"}, {"name"}, {"correction"}, {"sequence"}, {"metric"}, {"value"}});
  const auto add = [&](const std::string& part, const std::string& name,
                       const std::string& correction, const std::string& sequence,
                       const std::string& metric, const RunJson& value) {
    if (value.is_number()) table.AddRow({part, name, correction, sequence, metric, value.dump()});
  };
  const RunJson& rank = Retrieval(record);
  if (rank.is_object()) {
    add("retrieval", "", "", "", "mAP", At(rank, "mAP"));
    add("retrieval", "", "", "", "mINP", At(rank, "mINP"));
    for (const auto& [k, value] : At(rank, "rank").items())
      add("retrieval", "", "", "", "rank" + k, value);
  }
  const auto add_scores = [&](const std::string& name, const std::string& correction,
                              const RunJson& score) {
    const auto rows = [&](const std::string& sequence, const RunJson& families) {
      for (const auto& family : families) {
        for (const auto& [metric, value] : family.items())
          add("tracking", name, correction, sequence, metric, value);
      }
    };
    if (At(score, "sequences").is_object()) {
      for (const auto& [sequence, families] : score["sequences"].items()) rows(sequence, families);
    }
    if (Combined(score).is_object()) rows("COMBINED", Combined(score));
  };
  if (Tracking(record).is_array()) {
    for (const RunJson& entry : Tracking(record)) {
      add_scores(TextAt(entry, "name"), "", At(entry, "score"));
      if (const auto rate = FramesPerSecond(At(entry, "track")))
        add("tracking", TextAt(entry, "name"), "", "ALL", "frames_per_s", RunJson(*rate));
      for (const RunJson& correction : At(entry, "corrections"))
        add_scores(TextAt(entry, "name"), TextAt(correction, "name"), At(correction, "score"));
    }
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderPlanTables(const RunJson& plan, TableFormat format) {
  Table table({{"stage", Align::kLeft}, {"", Align::kLeft}, {"command", Align::kLeft}});
  for (const RunJson& stage : At(plan, "stages")) {
    std::vector<std::string> words;
    for (const RunJson& word : At(stage, "command_line"))
      words.push_back(words.empty() ? "reidbench " + TextAt(stage, "command")
                                    : word.get<std::string>());
    table.AddRow({TextAt(stage, "id"), TextAt(stage, "status"), JoinText(words, " ")});
  }
  std::string text;
  if (format == TableFormat::kText && At(plan, "sequences").is_null())
    text = "The world is not made yet: CAMERA stands for each of its cameras.\n";
  return text + table.Render(format);
}

}  // namespace reidbench
