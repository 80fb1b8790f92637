// Configurations side by side: ordered by one score, and what choosing the best of them is worth on
// a sequence that the choice has not seen.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/mot_metrics/scores.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

// For each sequence the configuration that is best on all others, scored on that sequence.
struct LeaveOneOut {
  std::vector<size_t> choice;  // index of the configuration, by sequence
  MotCounts combined;
};

struct SweepChoice {
  std::vector<size_t> ranked;                // best first; equal ones keep their order
  std::optional<LeaveOneOut> leave_one_out;  // several configurations on several sequences
};

// `counts` by configuration and sequence. `select` is a name of MotFields(); an undefined score is
// the worst.
SweepChoice ChooseBest(const std::vector<std::vector<MotCounts>>& counts, std::string_view select);

// Scores by their names in the order of a list of fields.
std::vector<std::optional<double>> ListScores(const MotCounts& counts,
                                              std::span<const std::string_view> fields);

// What choosing is worth: the best on all sequences, and leaving each one out.
Table ChoiceTable(std::span<const std::string_view> fields,
                  std::span<const std::optional<double>> best,
                  std::span<const std::optional<double>> held_out, const std::string& caption);
std::string ChoiceTitle(std::string_view select);
// Each sequence with what was chosen on the others.
Table HeldOutTable(const std::vector<std::pair<std::string, std::string>>& choices);

// The configurations of an experiment.
inline constexpr std::string_view kSweepScores[] = {"HOTA", "AssA", "DetA", "IDF1", "MOTA", "IDSW"};

struct SweepEntry {
  std::string name;
  std::string correction;                     // empty: plain tracks
  std::vector<std::optional<double>> scores;  // by kSweepScores, of all sequences
  std::optional<double> frames_per_s;         // of the tracker alone
};

struct Sweep {
  struct HeldOut {
    std::vector<std::pair<std::string, SweepEntry>> choices;  // by sequence; name and correction
    std::vector<std::optional<double>> scores;                // by kSweepScores
  };
  std::string select;
  std::vector<SweepEntry> rows;  // best first
  std::optional<HeldOut> leave_one_out;
};

// `counts` by entry and sequence; entries without scores get theirs.
Sweep AnalyseSweep(std::vector<SweepEntry> entries,
                   const std::vector<std::vector<MotCounts>>& counts,
                   const std::vector<std::string>& sequences, const std::string& select);

// {"select", "rows": [{"name", "correction", "HOTA", ...}, best first], "leave_one_out": null or
// {"chosen_on_the_others": {SEQ: {"name", "correction"}}, "scores": {...}}}
Json SweepJson(const Sweep& sweep);
Sweep SweepFromJson(const JsonReader& json);
Table SweepTable(const Sweep& sweep);

}  // namespace reidbench
