#include "reidbench/results/sweep.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "reidbench/core/text.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/results/score_cells.h"

namespace reidbench {
namespace {

Json EntryName(const SweepEntry& entry) {
  return {{"name", entry.name},
          {"correction", entry.correction.empty() ? Json(nullptr) : Json(entry.correction)}};
}

void AddSweepScores(const std::vector<std::optional<double>>& scores, Json* out) {
  for (size_t f = 0; f < scores.size(); ++f)
    (*out)[std::string(kSweepScores[f])] = ScoreJson(FindMotField(kSweepScores[f]), scores[f]);
}

std::vector<std::optional<double>> ReadSweepScores(const JsonReader& json) {
  std::vector<std::optional<double>> scores;
  for (const std::string_view field : kSweepScores)
    scores.push_back(json.At(std::string(field)).OptionalNumber());
  return scores;
}

SweepEntry ReadName(const JsonReader& json) {
  SweepEntry entry;
  entry.name = json.At("name").Text();
  if (const auto correction = json.Find("correction")) entry.correction = correction->Text();
  return entry;
}

}  // namespace

SweepChoice ChooseBest(const std::vector<std::vector<MotCounts>>& counts, std::string_view select) {
  const MotField& field = FindMotField(select);
  const double sign = field.better == Better::kLower ? -1 : 1;
  // Larger is better.
  const auto worth = [&](const std::vector<MotCounts>& some) {
    const std::optional<double> value = field.get(Summarize(Combine(some))).value;
    return value ? sign * *value : -std::numeric_limits<double>::infinity();
  };
  std::vector<double> overall;
  for (const std::vector<MotCounts>& of_one : counts) overall.push_back(worth(of_one));
  SweepChoice out;
  out.ranked.resize(counts.size());
  std::iota(out.ranked.begin(), out.ranked.end(), size_t{0});
  std::stable_sort(out.ranked.begin(), out.ranked.end(),
                   [&](size_t a, size_t b) { return overall[a] > overall[b]; });
  const size_t sequences = counts.empty() ? 0 : counts.front().size();
  if (counts.size() < 2 || sequences < 2) return out;

  LeaveOneOut& held_out = out.leave_one_out.emplace();
  for (size_t s = 0; s < sequences; ++s) {
    std::vector<double> others;
    for (std::vector<MotCounts> of_one : counts) {
      of_one.erase(of_one.begin() + static_cast<std::ptrdiff_t>(s));
      others.push_back(worth(of_one));
    }
    const auto best =
        static_cast<size_t>(std::max_element(others.begin(), others.end()) - others.begin());
    held_out.choice.push_back(best);
    held_out.combined += counts[best][s];
  }
  return out;
}

std::vector<std::optional<double>> ListScores(const MotCounts& counts,
                                              std::span<const std::string_view> fields) {
  const MotSummary summary = Summarize(counts);
  std::vector<std::optional<double>> scores;
  for (const std::string_view field : fields) scores.push_back(FieldValue(summary, field));
  return scores;
}

std::string ChoiceTitle(std::string_view select) {
  return fmt::format("What choosing by {} is worth: report the second row", select);
}

Table ChoiceTable(std::span<const std::string_view> fields,
                  std::span<const std::optional<double>> best,
                  std::span<const std::optional<double>> held_out, const std::string& caption) {
  std::vector<Table::Column> columns{{"choice of options", Align::kLeft}};
  for (const std::string_view field : fields) columns.push_back({std::string(field)});
  Table table(columns, caption);
  const auto add = [&](std::string name, std::span<const std::optional<double>> scores) {
    std::vector<std::string> row{std::move(name)};
    for (size_t f = 0; f < fields.size(); ++f) row.push_back(ScoreCell(fields[f], scores[f]));
    table.AddRow(std::move(row));
  };
  add("best on all sequences (tuned on what it is scored on)", best);
  add("leave one sequence out (tuned on the others)", held_out);
  return table;
}

Table HeldOutTable(const std::vector<std::pair<std::string, std::string>>& choices) {
  Table table({{"sequence left out", Align::kLeft}, {"chosen on the others", Align::kLeft}});
  for (const auto& [sequence, chosen] : choices) table.AddRow({sequence, chosen});
  return table;
}

Sweep AnalyseSweep(std::vector<SweepEntry> entries,
                   const std::vector<std::vector<MotCounts>>& counts,
                   const std::vector<std::string>& sequences, const std::string& select) {
  for (size_t r = 0; r < entries.size(); ++r)
    entries[r].scores = ListScores(Combine(counts[r]), kSweepScores);
  const SweepChoice choice = ChooseBest(counts, select);
  Sweep sweep;
  sweep.select = select;
  if (choice.leave_one_out) {
    Sweep::HeldOut& held_out = sweep.leave_one_out.emplace();
    for (size_t s = 0; s < sequences.size(); ++s)
      held_out.choices.emplace_back(sequences[s], entries[choice.leave_one_out->choice[s]]);
    held_out.scores = ListScores(choice.leave_one_out->combined, kSweepScores);
  }
  for (const size_t r : choice.ranked) sweep.rows.push_back(std::move(entries[r]));
  return sweep;
}

Json SweepJson(const Sweep& sweep) {
  Json out = {{"select", sweep.select}, {"rows", Json::array()}, {"leave_one_out", nullptr}};
  for (const SweepEntry& entry : sweep.rows) {
    Json& row = out["rows"].emplace_back(EntryName(entry));
    AddSweepScores(entry.scores, &row);
    row["frames_per_s"] = OrNull(entry.frames_per_s);
  }
  if (!sweep.leave_one_out) return out;
  Json choices = Json::object(), scores = Json::object();
  for (const auto& [sequence, entry] : sweep.leave_one_out->choices)
    choices[sequence] = EntryName(entry);
  AddSweepScores(sweep.leave_one_out->scores, &scores);
  out["leave_one_out"] = {{"chosen_on_the_others", std::move(choices)},
                          {"scores", std::move(scores)}};
  return out;
}

Sweep SweepFromJson(const JsonReader& json) {
  Sweep sweep;
  sweep.select = json.At("select").Text();
  for (const JsonReader& row : json.At("rows").Items()) {
    SweepEntry& entry = sweep.rows.emplace_back(ReadName(row));
    entry.scores = ReadSweepScores(row);
    entry.frames_per_s = row.At("frames_per_s").OptionalNumber();
  }
  if (const auto held_out = json.Find("leave_one_out")) {
    sweep.leave_one_out.emplace();
    for (const auto& [sequence, chosen] : held_out->At("chosen_on_the_others").Entries())
      sweep.leave_one_out->choices.emplace_back(sequence, ReadName(chosen));
    sweep.leave_one_out->scores = ReadSweepScores(held_out->At("scores"));
  }
  return sweep;
}

Table SweepTable(const Sweep& sweep) {
  std::vector<Table::Column> columns = {
      {"#"}, {"tracks", Align::kLeft}, {"correction", Align::kLeft}};
  for (const std::string_view field : kSweepScores) columns.push_back({std::string(field)});
  columns.push_back({"frames/s"});
  Table table(columns);
  for (size_t r = 0; r < sweep.rows.size(); ++r) {
    const SweepEntry& entry = sweep.rows[r];
    std::vector<std::string> cells = {fmt::format("{}", r + 1), entry.name, entry.correction};
    for (size_t f = 0; f < entry.scores.size(); ++f)
      cells.push_back(ScoreCell(kSweepScores[f], entry.scores[f]));
    cells.push_back(entry.frames_per_s ? WithThousands(std::llround(*entry.frames_per_s)) : "");
    table.AddRow(std::move(cells));
  }
  return table;
}

}  // namespace reidbench
