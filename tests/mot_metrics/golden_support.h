// Reads TrackEval's answers and compares ours with them: counts exactly, ratios within 1e-9 of
// max(1, |value|).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {

inline nlohmann::json LoadJson(const std::filesystem::path& path) {
  std::ifstream stream(path);
  EXPECT_TRUE(stream.good()) << path;
  return nlohmann::json::parse(stream);
}

// Every field the reference has must be ours, too.
inline void ExpectSameAsReference(const MotSummary& ours, const nlohmann::json& reference,
                                  const std::string& where) {
  std::map<std::string, size_t> compared;  // by family
  for (const MotField& field : MotFields()) {
    const std::string family(field.family), name(field.name);
    if (!reference.contains(family)) continue;
    const bool has = reference[family].contains(name);  // COMBINED has no Frames
    compared[family] += has ? 1 : 0;
    if (!has) continue;
    const nlohmann::json& expected = reference[family][name];
    const MotValue found = field.get(ours);
    const std::string at = where + " " + family + "." + name;
    const auto compare = [&](double value, double wanted) {
      if (field.is_count()) {
        EXPECT_EQ(value, wanted) << at;
      } else {
        EXPECT_NEAR(value, wanted, 1e-9 * std::max(1.0, std::abs(wanted))) << at;
      }
    };
    if (expected.is_array()) {
      ASSERT_EQ(expected.size(), static_cast<size_t>(kAlphas)) << at;
      for (int a = 0; a < kAlphas; ++a) compare(found.alphas[a], expected[a].get<double>());
    } else {
      ASSERT_TRUE(found.value.has_value()) << at;
      compare(*found.value, expected.get<double>());
    }
  }
  for (const auto& [family, count] : compared) {
    EXPECT_EQ(count, reference[family].size())
        << where << " " << family << ": a field of the reference is not ours";
  }
}

struct ScoredTracker {
  std::vector<std::string> names;
  std::vector<MotCounts> counts;
  std::vector<std::string> warnings;
};

// Files to counts, as the score command does it.
inline ScoredTracker ScoreFiles(const MotGroundTruthOptions& gt,
                                const std::filesystem::path& trackers,
                                const std::string& tracker_name, const MotBenchmark& benchmark) {
  ScoredTracker out;
  const std::vector<MotSequenceFiles> sequences = FindMotSequences(gt);
  const std::vector<MotTrackerFiles> found =
      FindMotTrackers(trackers, sequences, gt.benchmark + "-" + gt.split);
  const auto tracker = std::find_if(
      found.begin(), found.end(), [&](const MotTrackerFiles& t) { return t.name == tracker_name; });
  if (tracker == found.end()) {
    ADD_FAILURE() << "no tracker " << tracker_name << " in " << trackers;
    return out;
  }
  for (size_t i = 0; i < sequences.size(); ++i) {
    MotReadOptions options;
    options.frame_count = sequences[i].frame_count;
    options.has_classes = benchmark.has_classes;
    options.kind = MotFileKind::kGroundTruth;
    if (benchmark.preprocess) options.known_classes = benchmark.known_classes;
    MotFile truth = ReadMotFile(sequences[i].ground_truth, options);
    options.kind = MotFileKind::kResult;
    MotFile result = ReadMotFile(tracker->results[i], options);
    truth.tracks.sequence = sequences[i].name;
    out.warnings.insert(out.warnings.end(), truth.warnings.begin(), truth.warnings.end());
    out.warnings.insert(out.warnings.end(), result.warnings.begin(), result.warnings.end());
    out.names.push_back(sequences[i].name);
    out.counts.push_back(CountMot(
        PrepareSequence(truth.tracks, result.tracks, benchmark, benchmark.classes.front())));
  }
  return out;
}

}  // namespace reidbench
