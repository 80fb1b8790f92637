// Configurations side by side: ordered by one score, and what choosing the best of them is worth on
// a sequence that the choice has not seen.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace reidbench {

// Of one class of one tracker, over one or more sequences. nullopt where undefined.
struct SweepScores {
  std::optional<double> hota, det_a, ass_a, idf1, mota;  // fractions; MOTA may be negative
  std::optional<int64_t> id_switches;

  // By TrackEval's name: HOTA, DetA, AssA, IDF1, MOTA.
  std::optional<double> Field(const std::string& name) const;
};

// The sequences' rows of a `reidbench score` result together, as `score` combines them: counts are
// added, and only then divided. Throws Error(kInput) when a field is missing.
SweepScores CombineScores(const std::vector<const nlohmann::ordered_json*>& sequences);

struct SweepRow {
  std::string name;
  std::string correction;                                   // empty: plain tracks
  std::map<std::string, nlohmann::ordered_json> sequences;  // rows of `score`, by sequence
  std::optional<double> frames_per_s;                       // of the tracker alone
};

// {"select", "rows": [{"name", "correction", "HOTA", ...}, best first], "leave_one_out": null or
// {"chosen_on_the_others": {SEQ: {"name", "correction"}}, "scores": {...}}}. Rows of equal score
// keep their order.
nlohmann::ordered_json AnalyseSweep(const std::vector<SweepRow>& rows, const std::string& select);

}  // namespace reidbench
