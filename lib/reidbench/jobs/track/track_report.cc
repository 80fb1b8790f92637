#include "reidbench/jobs/track/track_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reidbench/core/text.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;

std::string Rate(const TrackedSequence& sequence) {
  if (sequence.frames == 0 || !(sequence.seconds > 0)) return "n/a";
  return WithThousands(
      static_cast<int64_t>(static_cast<double>(sequence.frames) / sequence.seconds));
}

void AddScoreColumns(const TrackStageResult& result, std::vector<Table::Column>* columns) {
  if (result.benchmark.empty()) return;
  for (const std::string_view name : kHeadlineScores) columns->push_back({std::string(name)});
}

// The rows are configurations, which compete.
void AddCompetingScores(const TrackStageResult& result, std::vector<Table::Column>* columns) {
  const size_t first = columns->size();
  AddScoreColumns(result, columns);
  for (size_t c = first; c < columns->size(); ++c)
    (*columns)[c] = CompetingColumn((*columns)[c].title);
}

void AddScores(const TrackedSequence& sequence, std::vector<std::string>* row) {
  if (!sequence.counts) return;
  const MotSummary summary = Summarize(*sequence.counts);
  for (const std::string_view name : kHeadlineScores)
    row->push_back(ScoreCell(name, FieldValue(summary, name)));
}

std::string RenderOneRun(const TrackStageResult& result, TableFormat format) {
  std::vector<Table::Column> columns{
      {"sequence", Align::kLeft}, {"frames"}, {"detections"}, {"tracks"}, {"boxes"}, {"frames/s"}};
  AddScoreColumns(result, &columns);
  Table table(columns,
              fmt::format("{}; frames/s of the tracker alone, one thread", result.tracker));
  const auto add = [&](const TrackedSequence& sequence) {
    std::vector<std::string> row{sequence.name,
                                 fmt::format("{}", sequence.frames),
                                 fmt::format("{}", sequence.detections),
                                 fmt::format("{}", sequence.tracks),
                                 fmt::format("{}", sequence.boxes),
                                 Rate(sequence)};
    AddScores(sequence, &row);
    table.AddRow(std::move(row));
  };
  for (const TrackedSequence& sequence : result.runs.front().sequences) add(sequence);
  if (result.runs.front().sequences.size() > 1) add(result.runs.front().Total());
  return table.Render(format);
}

std::string RenderSweep(const TrackStageResult& result, TableFormat format) {
  std::vector<Table::Column> columns{{"#"}};
  for (const std::string& key : result.swept_keys) columns.push_back({key});
  for (const char* title : {"tracks", "boxes"}) columns.push_back({title});
  columns.push_back({"frames/s", Align::kRight, Better::kHigher});
  AddCompetingScores(result, &columns);
  const bool scored = !result.benchmark.empty();
  Table table(columns, scored ? fmt::format("{}, {}, all sequences, by {}", result.tracker,
                                            result.benchmark, result.select)
                              : result.tracker);
  for (size_t k = 0; k < result.ranked.size(); ++k) {
    const TrackRun& run = result.runs[result.ranked[k]];
    const TrackedSequence total = run.Total();
    std::vector<std::string> row{fmt::format("{}", k + 1)};
    row.insert(row.end(), run.swept.begin(), run.swept.end());
    row.push_back(fmt::format("{}", total.tracks));
    row.push_back(fmt::format("{}", total.boxes));
    row.push_back(Rate(total));
    AddScores(total, &row);
    table.AddRow(std::move(row));
  }
  std::string text = table.Render(format);
  if (!result.leave_one_out) return text;

  std::vector<Table::Column> choice_columns{{"choice of options", Align::kLeft}};
  AddScoreColumns(result, &choice_columns);
  Table choices(choice_columns,
                fmt::format("What tuning by {} is worth: report the second row", result.select));
  const auto add = [&](const std::string& name, const MotCounts& counts) {
    std::vector<std::string> row{name};
    const MotSummary summary = Summarize(counts);
    for (const std::string_view field : kHeadlineScores)
      row.push_back(ScoreCell(field, FieldValue(summary, field)));
    choices.AddRow(std::move(row));
  };
  add("best on all sequences (tuned on what it is scored on)",
      *result.runs[result.ranked.front()].Total().counts);
  add("leave one sequence out (tuned on the others)", result.leave_one_out->combined);
  text += "\n" + choices.Render(format);

  Table held_out({{"sequence left out", Align::kLeft}, {"chosen on the others", Align::kLeft}});
  const std::vector<TrackedSequence>& sequences = result.runs.front().sequences;
  for (size_t s = 0; s < sequences.size(); ++s)
    held_out.AddRow({sequences[s].name, result.runs[result.leave_one_out->choice[s]].name});
  return text + "\n" + held_out.Render(format);
}

Json Describe(const TrackedSequence& sequence) {
  Json out;
  out["frames"] = sequence.frames;
  out["detections"] = sequence.detections;
  out["tracks"] = sequence.tracks;
  out["boxes"] = sequence.boxes;
  out["tracker_seconds"] = sequence.seconds;
  out["scores"] = sequence.counts ? HeadlineJson(*sequence.counts) : Json(nullptr);
  return out;
}

}  // namespace

std::string RenderTrackTables(const TrackStageResult& result, TableFormat format) {
  return result.swept_keys.empty() ? RenderOneRun(result, format) : RenderSweep(result, format);
}

std::string RenderTrackCsv(const TrackStageResult& result) {
  std::vector<Table::Column> columns{{"tracker"}};
  for (const std::string& key : result.swept_keys) columns.push_back({key});
  for (const char* title :
       {"sequence", "frames", "detections", "tracks", "boxes", "tracker_seconds"})
    columns.push_back({title});
  AddScoreColumns(result, &columns);
  Table table(columns);
  for (const size_t r : result.ranked) {
    const TrackRun& run = result.runs[r];
    std::vector<TrackedSequence> sequences = run.sequences;
    sequences.push_back(run.Total());
    for (const TrackedSequence& sequence : sequences) {
      std::vector<std::string> row{result.tracker};
      row.insert(row.end(), run.swept.begin(), run.swept.end());
      row.push_back(sequence.name);
      for (const int64_t count :
           {sequence.frames, sequence.detections, sequence.tracks, sequence.boxes})
        row.push_back(fmt::format("{}", count));
      row.push_back(fmt::format("{:.6f}", sequence.seconds));
      if (sequence.counts) {
        const MotSummary summary = Summarize(*sequence.counts);
        for (const std::string_view name : kHeadlineScores) {
          const std::optional<double> value = FieldValue(summary, name);
          row.push_back(value ? fmt::format("{}", *value) : "");
        }
      }
      table.AddRow(std::move(row));
    }
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderTrackJson(const TrackStageResult& result) {
  Json out;
  out["schema"] = "reidbench.track/1";
  out["tracker"] = result.tracker;
  out["benchmark"] = result.benchmark.empty() ? Json(nullptr) : Json(result.benchmark);
  out["runs"] = Json::array();
  for (const size_t r : result.ranked) {
    const TrackRun& run = result.runs[r];
    Json entry;
    entry["options"] = Json::object();
    for (size_t k = 0; k < result.swept_keys.size(); ++k)
      entry["options"][result.swept_keys[k]] = run.swept[k];
    entry["sequences"] = Json::object();
    for (const TrackedSequence& sequence : run.sequences)
      entry["sequences"][sequence.name] = Describe(sequence);
    entry["ALL"] = Describe(run.Total());
    out["runs"].push_back(std::move(entry));
  }
  out["leave_one_out"] = nullptr;
  if (result.leave_one_out) {
    Json choices = Json::object();
    const std::vector<TrackedSequence>& sequences = result.runs.front().sequences;
    for (size_t s = 0; s < sequences.size(); ++s)
      choices[sequences[s].name] = result.runs[result.leave_one_out->choice[s]].name;
    out["leave_one_out"] = {{"select", result.select},
                            {"chosen_on_the_others", std::move(choices)},
                            {"scores", HeadlineJson(result.leave_one_out->combined)}};
  }
  return out.dump(2) + "\n";
}

Figure ParetoFigure(const TrackStageResult& result) {
  const MotField& field = FindMotField(result.select);
  FigureSeries all{.name = "configurations", .points = {}, .line = false, .markers = true};
  for (const TrackRun& run : result.runs) {
    const TrackedSequence total = run.Total();
    if (!total.counts || !(total.seconds > 0)) continue;
    const std::optional<double> value = field.get(Summarize(*total.counts)).value;
    if (!value) continue;
    all.points.emplace_back(static_cast<double>(total.frames) / total.seconds,
                            field.is_count() ? *value : 100 * *value);
  }
  // From the fastest on: what scores better than everything that is faster.
  FigureSeries front{
      .name = "not beaten in both", .points = {}, .line = true, .steps = true, .markers = true};
  const double sign = field.better == Better::kLower ? -1 : 1;
  std::vector<std::pair<double, double>> sorted = all.points;
  std::sort(sorted.begin(), sorted.end(), [sign](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : sign * a.second > sign * b.second;
  });
  for (const auto& point : sorted) {
    if (front.points.empty() || sign * point.second > sign * front.points.back().second)
      front.points.push_back(point);
  }
  return {.title = {},
          .x_title = "frames per second",
          .y_title = result.select + (field.is_count() ? "" : " (%)"),
          .log_x = true,
          .series = {std::move(all), std::move(front)}};
}

}  // namespace reidbench
