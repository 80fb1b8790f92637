#include "reidbench/results/relink.h"

#include <fmt/core.h>

#include <cmath>

#include "reidbench/core/text.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

std::string_view VerdictName(DecisionTruth::Verdict verdict) {
  switch (verdict) {
    case DecisionTruth::Verdict::kRight:
      return "right";
    case DecisionTruth::Verdict::kWrong:
      return "wrong";
    case DecisionTruth::Verdict::kNeutral:
      return "neutral";
  }
  return "";
}

// Decisions taken with each verdict.
struct VerdictCounts {
  int64_t right = 0, wrong = 0, neutral = 0;

  void Count(DecisionTruth::Verdict verdict) {
    ++(verdict == DecisionTruth::Verdict::kRight   ? right
       : verdict == DecisionTruth::Verdict::kWrong ? wrong
                                                   : neutral);
  }
  // Share of those right among right and wrong.
  std::optional<double> Precision() const {
    if (right + wrong == 0) return std::nullopt;
    return static_cast<double>(right) / static_cast<double>(right + wrong);
  }
};

struct Verdicts {
  VerdictCounts all, links, splits, swaps;

  void Add(const RelinkedSequence& sequence) {
    for (size_t d = 0; d < sequence.truth.size(); ++d) {
      const RelinkDecision& decision = sequence.decisions[d];
      if (!decision.accepted) continue;
      all.Count(sequence.truth[d].verdict);
      (decision.kind == RelinkDecisionKind::kLink    ? links
       : decision.kind == RelinkDecisionKind::kSplit ? splits
                                                     : swaps)
          .Count(sequence.truth[d].verdict);
    }
  }
};

// A row of tables: a sequence or the total, whose decisions are those of all.
struct Row {
  RelinkedSequence sequence;
  Verdicts verdicts;
};

std::vector<Row> RowsOf(const RelinkStageResult& result, bool always_total) {
  std::vector<Row> rows;
  for (const RelinkedSequence& sequence : result.sequences) {
    rows.push_back({sequence, {}});
    rows.back().verdicts.Add(sequence);
  }
  if (result.sequences.size() > 1 || always_total) {
    Verdicts all;
    for (const RelinkedSequence& sequence : result.sequences) all.Add(sequence);
    rows.push_back({result.Total(), all});
  }
  return rows;
}

// A value in CSV: nothing for null, 1 or 0, and "a=1;b=2" for an object.
std::string CellText(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return fmt::format("{}", value.get<int64_t>());
  if (value.is_number()) return fmt::format("{}", value.get<double>());
  std::vector<std::string> parts;
  for (const auto& [key, part] : value.items()) parts.push_back(key + "=" + CellText(part));
  return JoinText(parts, ";");
}

Json FiniteJson(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json VerdictsJson(const VerdictCounts& counts) {
  return {{"right", counts.right}, {"wrong", counts.wrong}, {"neutral", counts.neutral}};
}

Json RelinkedJson(const Row& row, bool is_total) {
  const RelinkedSequence& s = row.sequence;
  Json out;
  out["frames"] = s.frames;
  out["boxes"] = s.boxes;
  out["tracks_before"] = s.tracks_before;
  out["tracks_after"] = s.tracks_after;
  out["links"] = s.links;
  out["splits"] = s.splits;
  out["swaps"] = s.swaps;
  out["refused"] = s.refused;
  out["boxes_without_embedding"] = s.boxes_without_embedding;
  out["tracks_without_embedding"] = s.tracks_without_embedding;
  out["interpolated_boxes"] = s.interpolated_boxes;
  out["read_seconds"] = s.read_seconds;
  out["relink_seconds"] = s.relink_seconds;
  if (!is_total) {
    out["frame_rate"] = s.frame_rate > 0 ? Json(s.frame_rate) : Json(nullptr);
    out["calibration"] = {{"appearance_usable", s.calibration.appearance_usable},
                          {"positive_pairs", s.calibration.positive_pairs},
                          {"negative_pairs", s.calibration.negative_pairs},
                          {"separation", FiniteJson(s.calibration.separation)},
                          {"note", s.calibration.note},
                          {"motion_alone", nullptr}};
    if (s.calibration.motion_alone) {
      const MotionAlone& motion = *s.calibration.motion_alone;
      out["calibration"]["motion_alone"] = {{"memory_frames", motion.memory_frames},
                                            {"own_gaps", motion.own_gaps},
                                            {"links", motion.links},
                                            {"frames_bridged", motion.frames_bridged}};
    }
  }
  out["scores"] = nullptr;
  if (s.plain) {
    out["scores"] = {{"plain", HeadlineJson(*s.plain)}, {"corrected", HeadlineJson(*s.corrected)}};
    out["decisions_taken"] = VerdictsJson(row.verdicts.all);
    out["decisions_taken"]["links"] = VerdictsJson(row.verdicts.links);
    out["decisions_taken"]["splits"] = VerdictsJson(row.verdicts.splits);
    out["decisions_taken"]["swaps"] = VerdictsJson(row.verdicts.swaps);
    out["link_precision"] = OrNull(row.verdicts.links.Precision());
  }
  return out;
}

Json DecisionJson(const RelinkedSequence& sequence, size_t k) {
  const RelinkDecision& d = sequence.decisions[k];
  Json entry;
  entry["kind"] = DecisionKindName(d.kind);
  entry["accepted"] = d.accepted;
  entry["step"] = d.step;
  entry["track_before"] = d.track_before.value;
  entry["track_after"] = d.track_after.value;
  entry["frame_before"] = d.frame_before;
  entry["frame_after"] = d.frame_after;
  entry["gap_s"] = d.gap_s;
  entry["appearance_distance"] = OrNull(d.appearance_distance);
  entry["log_likelihood_ratio"] = FiniteJson(d.log_likelihood_ratio);
  entry["threshold"] = FiniteJson(d.threshold);
  entry["runner_up"] = OrNull(d.runner_up);
  entry["runner_up_track"] =
      d.runner_up_track.value < 0 ? Json(nullptr) : Json(d.runner_up_track.value);
  entry["reason"] = d.reason;
  entry["gates"] = Json::object();
  for (const auto& [name, value] : d.gates) entry["gates"][name] = FiniteJson(value);
  if (sequence.truth.empty()) return entry;
  const DecisionTruth& truth = sequence.truth[k];
  entry["verdict"] = VerdictName(truth.verdict);
  entry["idf1_change_if_undone"] = OrNull(truth.idf1_change);
  entry["idsw_change_if_undone"] = OrNull(truth.idsw_change);
  return entry;
}

}  // namespace

RelinkedSequence RelinkStageResult::Total() const {
  RelinkedSequence total;
  total.name = "ALL";
  std::vector<MotCounts> plain;
  std::vector<MotCounts> corrected;
  for (const RelinkedSequence& s : sequences) {
    total.frames += s.frames;
    total.boxes += s.boxes;
    total.tracks_before += s.tracks_before;
    total.tracks_after += s.tracks_after;
    total.splits += s.splits;
    total.swaps += s.swaps;
    total.links += s.links;
    total.refused += s.refused;
    total.boxes_without_embedding += s.boxes_without_embedding;
    total.tracks_without_embedding += s.tracks_without_embedding;
    total.interpolated_boxes += s.interpolated_boxes;
    total.read_seconds += s.read_seconds;
    total.relink_seconds += s.relink_seconds;
    if (s.plain) {
      plain.push_back(*s.plain);
      corrected.push_back(*s.corrected);
    }
  }
  if (!plain.empty()) {
    total.plain = Combine(plain);
    total.corrected = Combine(corrected);
  }
  return total;
}

std::string RenderRelinkTables(const RelinkStageResult& result, TableFormat format) {
  const std::vector<Row> rows = RowsOf(result, false);
  const bool scored = !result.benchmark.empty();
  std::vector<Table::Column> columns{{"sequence", Align::kLeft},
                                     {"boxes"},
                                     {"tracks"},
                                     {"after"},
                                     {"links"},
                                     {"splits"},
                                     {"swaps"},
                                     {"refused"},
                                     {"without embedding"}};
  if (result.interpolate > 0) columns.push_back({"interpolated"});
  columns.push_back({"seconds"});
  Table table(columns, fmt::format("{}: decisions taken; seconds of correction alone, without "
                                   "reading",
                                   result.method));
  for (const Row& row : rows) {
    const RelinkedSequence& s = row.sequence;
    std::vector<std::string> cells{s.name};
    for (const int64_t count : {s.boxes, s.tracks_before, s.tracks_after, s.links, s.splits,
                                s.swaps, s.refused, s.boxes_without_embedding})
      cells.push_back(WithThousands(count));
    if (result.interpolate > 0) cells.push_back(WithThousands(s.interpolated_boxes));
    cells.push_back(fmt::format("{:.3f}", s.relink_seconds));
    table.AddRow(std::move(cells));
  }
  std::string text = table.Render(format);
  if (scored) {
    std::vector<Table::Column> score_columns{{"sequence", Align::kLeft}};
    for (const std::string_view field : kHeadlineScores) {
      score_columns.push_back({std::string(field)});
      score_columns.push_back({"after"});
    }
    for (const char* title : {"right", "wrong", "neutral"}) score_columns.push_back({title});
    Table scores(
        score_columns,
        fmt::format("{}, plain and after correction, and the decisions taken", result.benchmark));
    for (const Row& row : rows) {
      std::vector<std::string> cells{row.sequence.name};
      const MotSummary plain = Summarize(*row.sequence.plain);
      const MotSummary corrected = Summarize(*row.sequence.corrected);
      for (const std::string_view field : kHeadlineScores) {
        cells.push_back(ScoreCell(field, FieldValue(plain, field)));
        cells.push_back(ScoreCell(field, FieldValue(corrected, field)));
      }
      for (const int64_t count :
           {row.verdicts.all.right, row.verdicts.all.wrong, row.verdicts.all.neutral})
        cells.push_back(WithThousands(count));
      scores.AddRow(std::move(cells));
    }
    text += "\n" + scores.Render(format);
  }
  if (format != TableFormat::kText) return text;
  for (const RelinkedSequence& s : result.sequences) {
    if (!s.calibration.note.empty()) text += fmt::format("{}: {}\n", s.name, s.calibration.note);
  }
  return text;
}

std::string RenderRelinkCsv(const RelinkStageResult& result) {
  std::vector<Table::Column> columns{{"method"}, {"sequence"}};
  for (const char* title :
       {"frames", "boxes", "tracks_before", "tracks_after", "links", "splits", "swaps", "refused",
        "boxes_without_embedding", "tracks_without_embedding", "interpolated_boxes", "read_seconds",
        "relink_seconds"})
    columns.push_back({title});
  const bool scored = !result.benchmark.empty();
  if (scored) {
    for (const std::string_view field : kHeadlineScores) {
      columns.push_back({fmt::format("{}_plain", field)});
      columns.push_back({fmt::format("{}_corrected", field)});
    }
    for (const char* title : {"right", "wrong", "neutral"}) columns.push_back({title});
  }
  Table table(columns);
  for (const Row& row : RowsOf(result, true)) {
    const RelinkedSequence& s = row.sequence;
    std::vector<std::string> cells{result.method, s.name};
    for (const int64_t count :
         {s.frames, s.boxes, s.tracks_before, s.tracks_after, s.links, s.splits, s.swaps, s.refused,
          s.boxes_without_embedding, s.tracks_without_embedding, s.interpolated_boxes})
      cells.push_back(fmt::format("{}", count));
    for (const double seconds : {s.read_seconds, s.relink_seconds})
      cells.push_back(fmt::format("{:.6f}", seconds));
    if (scored) {
      const MotSummary plain = Summarize(*s.plain);
      const MotSummary corrected = Summarize(*s.corrected);
      for (const std::string_view field : kHeadlineScores) {
        cells.push_back(ScoreDigits(FieldValue(plain, field)));
        cells.push_back(ScoreDigits(FieldValue(corrected, field)));
      }
      for (const int64_t count :
           {row.verdicts.all.right, row.verdicts.all.wrong, row.verdicts.all.neutral})
        cells.push_back(fmt::format("{}", count));
    }
    table.AddRow(std::move(cells));
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderRelinkJson(const RelinkStageResult& result) {
  Json out;
  out["schema"] = kRelinkSchema;
  out["method"] = result.method;
  out["benchmark"] = result.benchmark.empty() ? Json(nullptr) : Json(result.benchmark);
  out["sequences"] = Json::object();
  const std::vector<Row> rows = RowsOf(result, true);
  for (size_t s = 0; s + 1 < rows.size(); ++s)
    out["sequences"][rows[s].sequence.name] = RelinkedJson(rows[s], false);
  out["ALL"] = RelinkedJson(rows.back(), true);
  out["warnings"] = result.warnings;
  return DumpJson(out, 2);
}

std::string RenderDecisionsCsv(const RelinkStageResult& result) {
  static constexpr const char* kKeys[] = {"kind",
                                          "accepted",
                                          "step",
                                          "track_before",
                                          "track_after",
                                          "frame_before",
                                          "frame_after",
                                          "gap_s",
                                          "appearance_distance",
                                          "log_likelihood_ratio",
                                          "threshold",
                                          "runner_up",
                                          "runner_up_track",
                                          "reason",
                                          "gates",
                                          "verdict",
                                          "idf1_change_if_undone",
                                          "idsw_change_if_undone"};
  std::vector<Table::Column> columns{{"sequence"}, {"decision"}};
  for (const char* key : kKeys) columns.push_back({key});
  Table table(columns);
  for (const RelinkedSequence& sequence : result.sequences) {
    for (size_t k = 0; k < sequence.decisions.size(); ++k) {
      const Json decision = DecisionJson(sequence, k);
      std::vector<std::string> cells{sequence.name, fmt::format("{}", k)};
      for (const char* key : kKeys) cells.push_back(CellText(decision.value(key, Json(nullptr))));
      table.AddRow(std::move(cells));
    }
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderDecisionsJson(const RelinkStageResult& result) {
  Json out;
  out["schema"] = kDecisionsSchema;
  out["method"] = result.method;
  out["benchmark"] = result.benchmark.empty() ? Json(nullptr) : Json(result.benchmark);
  out["sequences"] = Json::object();
  for (const RelinkedSequence& sequence : result.sequences) {
    Json& decisions = out["sequences"][sequence.name] = Json::array();
    for (size_t k = 0; k < sequence.decisions.size(); ++k)
      decisions.push_back(DecisionJson(sequence, k));
  }
  return DumpJson(out);
}

void RequireDecisions(const Json& json, const std::string& place) {
  RequireSchema(json, kDecisionsSchema, "reidbench relink, which calls it decisions.json", place);
  JsonReader(json, place).At("sequences").Entries();
}

std::string RenderInterpolationCsv(const RelinkStageResult& result) {
  Table table({{"sequence"}, {"track"}, {"frame_before"}, {"frame_after"}, {"boxes_added"}});
  for (const RelinkedSequence& sequence : result.sequences) {
    for (const FilledGap& gap : sequence.gaps) {
      table.AddRow({sequence.name, fmt::format("{}", gap.track.value),
                    fmt::format("{}", gap.frame_before), fmt::format("{}", gap.frame_after),
                    fmt::format("{}", gap.frame_after - gap.frame_before - 1)});
    }
  }
  return table.Render(TableFormat::kCsv);
}

}  // namespace reidbench
