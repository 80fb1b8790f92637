#include "reidbench/experiment/sweep.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;

const Json& FieldOf(const Json& sequence, const char* family, const char* name) {
  if (!sequence.contains(family) || !sequence[family].contains(name))
    ThrowInput("result of `reidbench score`: expected {}.{}, found none", family, name);
  return sequence[family][name];
}

int64_t Sum(const std::vector<const Json*>& sequences, const char* family, const char* name) {
  int64_t sum = 0;
  for (const Json* sequence : sequences) sum += FieldOf(*sequence, family, name).get<int64_t>();
  return sum;
}

std::optional<double> Ratio(double numerator, double denominator) {
  return denominator > 0 ? std::optional(numerator / denominator) : std::nullopt;
}

// HOTA is the mean over localisation thresholds; association averages over true positives.
void CombineHota(const std::vector<const Json*>& sequences, SweepScores* scores) {
  const size_t alphas = FieldOf(*sequences.front(), "HOTA", "HOTA_TP_alpha").size();
  double hota = 0, det_a = 0, ass_a = 0;
  for (size_t a = 0; a < alphas; ++a) {
    double tp = 0, all = 0, association = 0;
    for (const Json* sequence : sequences) {
      const auto at = [&](const char* name) {
        const Json& value = FieldOf(*sequence, "HOTA", name).at(a);
        return value.is_null() ? 0.0 : value.get<double>();
      };
      tp += at("HOTA_TP_alpha");
      all += at("HOTA_TP_alpha") + at("HOTA_FN_alpha") + at("HOTA_FP_alpha");
      association += at("AssA_alpha") * at("HOTA_TP_alpha");
    }
    const double d = tp / std::max(all, 1.0);
    const double s = association / std::max(tp, 1.0);
    det_a += d;
    ass_a += s;
    hota += std::sqrt(d * s);
  }
  const auto n = static_cast<double>(std::max<size_t>(alphas, 1));
  scores->hota = hota / n;
  scores->det_a = det_a / n;
  scores->ass_a = ass_a / n;
}

Json OrNull(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

void AddScores(const SweepScores& scores, Json* out) {
  (*out)["HOTA"] = OrNull(scores.hota);
  (*out)["DetA"] = OrNull(scores.det_a);
  (*out)["AssA"] = OrNull(scores.ass_a);
  (*out)["IDF1"] = OrNull(scores.idf1);
  (*out)["MOTA"] = OrNull(scores.mota);
  (*out)["IDSW"] = scores.id_switches ? Json(*scores.id_switches) : Json(nullptr);
}

// Row `row` without the sequence named `left_out`.
SweepScores ScoresOf(const SweepRow& row, const std::string& left_out) {
  std::vector<const Json*> sequences;
  for (const auto& [name, scores] : row.sequences) {
    if (name != left_out) sequences.push_back(&scores);
  }
  return CombineScores(sequences);
}

size_t BestOf(const std::vector<SweepRow>& rows, const std::string& select,
              const std::string& left_out) {
  size_t best = 0;
  double best_value = -1e300;
  for (size_t r = 0; r < rows.size(); ++r) {
    const double value = ScoresOf(rows[r], left_out).Field(select).value_or(-1e300);
    if (value > best_value) {
      best = r;
      best_value = value;
    }
  }
  return best;
}

}  // namespace

std::optional<double> SweepScores::Field(const std::string& name) const {
  if (name == "HOTA") return hota;
  if (name == "DetA") return det_a;
  if (name == "AssA") return ass_a;
  if (name == "IDF1") return idf1;
  if (name == "MOTA") return mota;
  return std::nullopt;
}

SweepScores CombineScores(const std::vector<const Json*>& sequences) {
  SweepScores scores;
  if (sequences.empty()) return scores;
  CombineHota(sequences, &scores);
  const auto idtp = static_cast<double>(Sum(sequences, "Identity", "IDTP"));
  const auto idfn = static_cast<double>(Sum(sequences, "Identity", "IDFN"));
  const auto idfp = static_cast<double>(Sum(sequences, "Identity", "IDFP"));
  scores.idf1 = Ratio(idtp, idtp + 0.5 * idfn + 0.5 * idfp);
  const auto tp = static_cast<double>(Sum(sequences, "CLEAR", "CLR_TP"));
  const auto fn = static_cast<double>(Sum(sequences, "CLEAR", "CLR_FN"));
  const auto fp = static_cast<double>(Sum(sequences, "CLEAR", "CLR_FP"));
  scores.id_switches = Sum(sequences, "CLEAR", "IDSW");
  scores.mota = Ratio(tp - fp - static_cast<double>(*scores.id_switches), tp + fn);
  return scores;
}

Json AnalyseSweep(const std::vector<SweepRow>& rows, const std::string& select) {
  Json out = {{"select", select}, {"rows", Json::array()}, {"leave_one_out", nullptr}};
  std::vector<SweepScores> scores;
  for (const SweepRow& row : rows) scores.push_back(ScoresOf(row, ""));
  std::vector<size_t> ranked(rows.size());
  std::iota(ranked.begin(), ranked.end(), size_t{0});
  std::stable_sort(ranked.begin(), ranked.end(), [&](size_t a, size_t b) {
    return scores[a].Field(select).value_or(-1e300) > scores[b].Field(select).value_or(-1e300);
  });
  const auto name_row = [&](size_t r) -> Json {
    return {{"name", rows[r].name},
            {"correction", rows[r].correction.empty() ? Json(nullptr) : Json(rows[r].correction)}};
  };
  for (const size_t r : ranked) {
    Json entry = name_row(r);
    AddScores(scores[r], &entry);
    entry["frames_per_s"] = OrNull(rows[r].frames_per_s);
    out["rows"].push_back(std::move(entry));
  }
  if (rows.size() < 2 || rows.front().sequences.size() < 2) return out;

  Json choices = Json::object();
  std::vector<const Json*> unseen;
  for (const auto& [name, ignored] : rows.front().sequences) {
    const size_t chosen = BestOf(rows, select, name);
    const auto found = rows[chosen].sequences.find(name);
    if (found == rows[chosen].sequences.end()) return out;  // a partial result
    choices[name] = name_row(chosen);
    unseen.push_back(&found->second);
  }
  Json combined = Json::object();
  AddScores(CombineScores(unseen), &combined);
  out["leave_one_out"] = {{"chosen_on_the_others", std::move(choices)}, {"scores", combined}};
  return out;
}

}  // namespace reidbench
