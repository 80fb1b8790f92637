#include "reidbench/results/track.h"

#include <fmt/core.h>

#include <algorithm>

#include "reidbench/core/text.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

std::string Rate(const TrackedSequence& sequence) {
  const std::optional<double> rate = sequence.FramesPerSecond();
  return rate ? WithThousands(static_cast<int64_t>(*rate)) : "n/a";
}

// "botsort", or with what it was given of what it can use: "botsort with appearance, without camera
// motion".
std::string TrackerForm(const TrackStageResult& result) {
  std::string with, without;
  const auto add = [&](const std::optional<bool>& given, const char* what) {
    if (!given) return;
    std::string& list = *given ? with : without;
    list += fmt::format("{}{}", list.empty() ? "" : " and ", what);
  };
  add(result.appearance, "appearance");
  add(result.camera_motion, "camera motion");
  std::string text = result.tracker;
  if (!with.empty()) text += " with " + with;
  if (!without.empty()) text += fmt::format("{} without {}", with.empty() ? "" : ",", without);
  return text;
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

void AddScoreCells(const TrackedSequence& sequence, std::vector<std::string>* row) {
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
              fmt::format("{}; frames/s of the tracker alone, one thread", TrackerForm(result)));
  const auto add = [&](const TrackedSequence& sequence) {
    std::vector<std::string> row{sequence.name,
                                 fmt::format("{}", sequence.frames),
                                 fmt::format("{}", sequence.detections),
                                 fmt::format("{}", sequence.tracks),
                                 fmt::format("{}", sequence.boxes),
                                 Rate(sequence)};
    AddScoreCells(sequence, &row);
    table.AddRow(std::move(row));
  };
  for (const TrackedSequence& sequence : result.runs.front().sequences) add(sequence);
  if (result.runs.front().sequences.size() > 1) add(result.runs.front().Total());
  return table.Render(format);
}

// The tracks of a run after a post-step, beside what they were.
std::string RenderPost(const TrackStageResult& result, const TrackRun& after, TableFormat format) {
  const TrackRun& before = result.runs.front();
  std::vector<Table::Column> columns{{"sequence", Align::kLeft}, {"added"}, {"boxes"}, {"ms"}};
  AddScoreColumns(result, &columns);
  Table table(columns, fmt::format("after {}", after.name));
  const auto add = [&](const TrackedSequence& now, const TrackedSequence& then) {
    std::vector<std::string> row{now.name, fmt::format("{}", now.boxes - then.boxes),
                                 fmt::format("{}", now.boxes),
                                 fmt::format("{:.1f}", 1e3 * now.seconds)};
    AddScoreCells(now, &row);
    table.AddRow(std::move(row));
  };
  for (size_t s = 0; s < after.sequences.size(); ++s) add(after.sequences[s], before.sequences[s]);
  if (after.sequences.size() > 1) add(after.Total(), before.Total());
  return table.Render(format);
}

std::string RenderSweep(const TrackStageResult& result, TableFormat format) {
  std::vector<Table::Column> columns{{"#"}};
  for (const std::string& key : result.swept_keys) columns.push_back({key});
  for (const char* title : {"tracks", "boxes"}) columns.push_back({title});
  columns.push_back({"frames/s", Align::kRight, Better::kHigher});
  AddCompetingScores(result, &columns);
  const bool scored = !result.benchmark.empty();
  Table table(columns, scored ? fmt::format("{}, {}, all sequences, by {}", TrackerForm(result),
                                            result.benchmark, result.select)
                              : TrackerForm(result));
  for (size_t k = 0; k < result.ranked.size(); ++k) {
    const TrackRun& run = result.runs[result.ranked[k]];
    const TrackedSequence total = run.Total();
    std::vector<std::string> row{fmt::format("{}", k + 1)};
    row.insert(row.end(), run.swept.begin(), run.swept.end());
    row.push_back(fmt::format("{}", total.tracks));
    row.push_back(fmt::format("{}", total.boxes));
    row.push_back(Rate(total));
    AddScoreCells(total, &row);
    table.AddRow(std::move(row));
  }
  std::string text = table.Render(format);
  if (!result.leave_one_out) return text;

  const std::vector<std::optional<double>> best =
      ListScores(*result.runs[result.ranked.front()].Total().counts, kHeadlineScores);
  const std::vector<std::optional<double>> held_out =
      ListScores(result.leave_one_out->combined, kHeadlineScores);
  std::vector<std::pair<std::string, std::string>> choices;
  const std::vector<TrackedSequence>& sequences = result.runs.front().sequences;
  for (size_t s = 0; s < sequences.size(); ++s)
    choices.emplace_back(sequences[s].name, result.runs[result.leave_one_out->choice[s]].name);
  return text + "\n" +
         ChoiceTable(kHeadlineScores, best, held_out, ChoiceTitle(result.select)).Render(format) +
         "\n" + HeldOutTable(choices).Render(format);
}

Json TrackedJson(const TrackedSequence& sequence) {
  Json out;
  out["frames"] = sequence.frames;
  out["detections"] = sequence.detections;
  out["tracks"] = sequence.tracks;
  out["boxes"] = sequence.boxes;
  out["tracker_seconds"] = sequence.seconds;
  out["scores"] = sequence.counts ? HeadlineJson(*sequence.counts) : Json(nullptr);
  return out;
}

void AddSequences(const TrackRun& run, Json* entry) {
  (*entry)["sequences"] = Json::object();
  for (const TrackedSequence& sequence : run.sequences)
    (*entry)["sequences"][sequence.name] = TrackedJson(sequence);
  (*entry)["ALL"] = TrackedJson(run.Total());
}

}  // namespace

std::optional<double> TrackedSequence::FramesPerSecond() const {
  if (frames == 0 || !(seconds > 0)) return std::nullopt;
  return static_cast<double>(frames) / seconds;
}

TrackedSequence TrackRun::Total() const {
  TrackedSequence total;
  total.name = "ALL";
  std::vector<MotCounts> counts;
  for (const TrackedSequence& sequence : sequences) {
    total.frames += sequence.frames;
    total.detections += sequence.detections;
    total.tracks += sequence.tracks;
    total.boxes += sequence.boxes;
    total.seconds += sequence.seconds;
    if (sequence.counts) counts.push_back(*sequence.counts);
  }
  if (!counts.empty()) total.counts = Combine(counts);
  return total;
}

std::string RenderTrackTables(const TrackStageResult& result, TableFormat format) {
  if (!result.swept_keys.empty()) return RenderSweep(result, format);
  std::string text = RenderOneRun(result, format);
  for (const TrackRun& after : result.runs.front().post)
    text += "\n" + RenderPost(result, after, format);
  return text;
}

std::string RenderTrackCsv(const TrackStageResult& result) {
  std::vector<Table::Column> columns{{"tracker"}};
  for (const std::string& key : result.swept_keys) columns.push_back({key});
  for (const char* title :
       {"sequence", "frames", "detections", "tracks", "boxes", "tracker_seconds"})
    columns.push_back({title});
  AddScoreColumns(result, &columns);
  Table table(columns);
  // A run, and as rows of "tracker+step" what its post-steps made of it.
  const auto add = [&](const TrackRun& run, const std::string& tracker) {
    std::vector<TrackedSequence> sequences = run.sequences;
    sequences.push_back(run.Total());
    for (const TrackedSequence& sequence : sequences) {
      std::vector<std::string> row{tracker};
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
  };
  for (const size_t r : result.ranked) {
    add(result.runs[r], result.tracker);
    for (const TrackRun& after : result.runs[r].post) add(after, result.tracker + "+" + after.name);
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderTrackJson(const TrackStageResult& result) {
  Json out;
  out["schema"] = kTrackSchema;
  out["tracker"] = result.tracker;
  out["appearance"] = result.appearance ? Json(*result.appearance) : Json(nullptr);
  out["camera_motion"] = result.camera_motion ? Json(*result.camera_motion) : Json(nullptr);
  out["benchmark"] = result.benchmark.empty() ? Json(nullptr) : Json(result.benchmark);
  out["runs"] = Json::array();
  for (const size_t r : result.ranked) {
    const TrackRun& run = result.runs[r];
    Json entry;
    entry["options"] = Json::object();
    for (size_t k = 0; k < result.swept_keys.size(); ++k)
      entry["options"][result.swept_keys[k]] = run.swept[k];
    AddSequences(run, &entry);
    entry["post"] = Json::object();
    for (const TrackRun& after : run.post) AddSequences(after, &entry["post"][after.name]);
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
  out["warnings"] = result.warnings;
  return DumpJson(out, 2);
}

TrackStageResult TrackFromJson(const Json& json, const std::string& place) {
  RequireSchema(json, kTrackSchema, "reidbench track --format json", place);
  const JsonReader root(json, place);
  TrackStageResult result;
  result.tracker = root.At("tracker").Text();
  for (const JsonReader& entry : root.At("runs").Items()) {
    result.ranked.push_back(result.runs.size());
    TrackRun& run = result.runs.emplace_back();
    for (const auto& [key, value] : entry.At("options").Entries()) {
      if (result.runs.size() == 1) result.swept_keys.push_back(key);
      run.swept.push_back(value.Text());
    }
    for (const auto& [name, summary] : entry.At("sequences").Entries()) {
      run.sequences.push_back({.name = name,
                               .frames = summary.At("frames").Integer(0),
                               .detections = summary.At("detections").Integer(0),
                               .tracks = summary.At("tracks").Integer(0),
                               .boxes = summary.At("boxes").Integer(0),
                               .seconds = summary.At("tracker_seconds").Number(0),
                               .counts = std::nullopt});
    }
  }
  result.warnings = WarningsOf(json);
  return result;
}

Figure ParetoFigure(const TrackStageResult& result) {
  const MotField& field = FindMotField(result.select);
  FigureSeries all{.name = "configurations", .points = {}, .line = false, .markers = true};
  for (const TrackRun& run : result.runs) {
    const TrackedSequence total = run.Total();
    if (!total.counts || !total.FramesPerSecond()) continue;
    const std::optional<double> value = field.get(Summarize(*total.counts)).value;
    if (!value) continue;
    all.points.emplace_back(*total.FramesPerSecond(), field.is_count() ? *value : 100 * *value);
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
