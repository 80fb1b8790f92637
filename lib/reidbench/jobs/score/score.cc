#include "reidbench/jobs/score/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {
namespace {

// What one sequence gives; filled by one task.
struct SequenceOutcome {
  std::vector<std::vector<MotCounts>> counts;                // [tracker][class]
  std::vector<std::vector<std::vector<MotCounts>>> blocks;   // [tracker][class][block]
  std::vector<std::vector<std::vector<IdSwitch>>> switches;  // [tracker][class][switch]
};

SequenceOutcome ScoreSequence(const ScoreStageOptions& options, const MotBenchmark& benchmark,
                              const std::vector<MotTrackerFiles>& trackers,
                              const MotSequenceFiles& files, size_t index, bool check_only,
                              SequenceMessages* messages) {
  SequenceOutcome out;
  out.counts.resize(trackers.size());
  out.blocks.resize(trackers.size());
  out.switches.resize(trackers.size());
  SequenceReader reader(benchmark, files, messages);
  if (!reader.HasFrames()) return out;
  if (options.switches) reader.DropUnstatedVisibility();
  std::optional<TrackSet>& truth = reader.truth();
  for (size_t t = 0; t < trackers.size(); ++t) {
    if (InterruptRequested()) return out;
    std::optional<TrackSet> result = reader.ReadResult(trackers[t].results[index]);
    if (!truth || !result) continue;
    reader.Examine(*result, trackers[t].results[index]);
    if (check_only) continue;
    if (truth->boxes.empty() && result->boxes.empty()) {
      messages->warnings.push_back(fmt::format(
          "sequence {}: no boxes on either side; ATA and SFDA are undefined (null)", files.name));
    }
    const bool last_tracker = t + 1 == trackers.size();
    for (size_t c = 0; c < benchmark.classes.size(); ++c) {
      const MotSequence prepared =
          PrepareSequence(*truth, *result, benchmark, benchmark.classes[c]);
      if (options.switches) {
        out.switches[t].push_back(
            FindSwitches(prepared, *truth, *result, SwitchOptionsOf(files, benchmark)));
      }
      if (c + 1 == benchmark.classes.size()) {
        // The rows are not needed any more, and they are the larger part.
        result.reset();
        if (last_tracker) truth.reset();
      }
      out.counts[t].push_back(CountMot(prepared));
      if (options.bootstrap.resamples > 0 && options.block_frames > 0)
        out.blocks[t].push_back(CountMotBlocks(prepared, options.block_frames));
    }
  }
  // Without a stated length, a tracker's sequence ends with its last box: all get the same blocks,
  // which are compared in pairs.
  for (size_t c = 0; c < benchmark.classes.size(); ++c) {
    size_t most = 0;
    for (const auto& blocks : out.blocks)
      most = std::max(most, c < blocks.size() ? blocks[c].size() : 0);
    for (auto& blocks : out.blocks) {
      if (c < blocks.size()) blocks[c].resize(most);
    }
  }
  return out;
}

std::vector<MotTrackerFiles> FindAllTrackers(const ScoreStageOptions& options,
                                             const std::vector<MotSequenceFiles>& sequences) {
  std::vector<MotTrackerFiles> trackers;
  std::map<std::string, int> uses;
  for (const std::filesystem::path& path : options.tracks) {
    for (MotTrackerFiles& tracker :
         FindMotTrackers(path, sequences, options.benchmark + "-" + options.split)) {
      ++uses[tracker.name];
      trackers.push_back(std::move(tracker));
    }
  }
  for (MotTrackerFiles& tracker : trackers) {  // folders of one name: told apart by their paths
    if (uses[tracker.name] > 1) tracker.name = tracker.results.front().parent_path().string();
  }
  std::map<std::string, int> seen;
  for (const MotTrackerFiles& tracker : trackers) {
    if (++seen[tracker.name] > 1) ThrowUsage("--tracks: {} is given more than once", tracker.name);
  }
  return trackers;
}

}  // namespace

ScoreStageResult RunScore(const ScoreStageOptions& options, bool check_only) {
  if (options.tracks.empty()) ThrowUsage("--tracks: expected at least one result file or folder");
  if (options.block_frames < 0)
    ThrowUsage("--block-frames {}: expected 0 or more", options.block_frames);
  if (const auto violations = options.bootstrap.Validate(); !violations.empty())
    ThrowUsage("--bootstrap: {}", fmt::join(violations, "; "));
  ScoreStageResult result;
  result.benchmark = LoadMotBenchmark(options.benchmark);
  result.benchmark.preprocess = result.benchmark.preprocess && options.preprocess;
  const std::vector<MotSequenceFiles> sequences =
      FindMotSequences({options.ground_truth, options.benchmark, options.split, options.seqmap});
  const std::vector<MotTrackerFiles> trackers = FindAllTrackers(options, sequences);
  for (const MotSequenceFiles& sequence : sequences) result.sequences.push_back(sequence.name);
  for (const MotTrackerFiles& files : trackers) {
    TrackerScore& tracker = result.trackers.emplace_back();
    tracker.name = files.name;
    for (const MotClass& scored : result.benchmark.classes)
      tracker.classes.emplace_back().scored = scored;
  }
  if (!options.trackeval_output.empty()) {
    for (const auto& path : TrackEvalPaths(result, options.trackeval_output)) {
      if (IsFile(path)) RequireWritable(path, options.force);
    }
  }

  std::vector<SequenceOutcome> outcomes(sequences.size());
  result.warnings =
      ForEachSequence(sequences, "scoring", [&](size_t index, SequenceMessages* messages) {
        outcomes[index] = ScoreSequence(options, result.benchmark, trackers, sequences[index],
                                        index, check_only, messages);
      });
  if (check_only) return result;

  std::vector<std::vector<MotCounts>> units(
      trackers.size());  // of the first class, for the comparison
  for (size_t t = 0; t < trackers.size(); ++t) {
    for (size_t c = 0; c < result.benchmark.classes.size(); ++c) {
      ClassScore& score = result.trackers[t].classes[c];
      std::vector<MotCounts> blocks;
      for (SequenceOutcome& outcome : outcomes) {
        score.sequences.push_back(outcome.counts[t][c]);
        if (options.switches) score.switches.push_back(std::move(outcome.switches[t][c]));
        if (!outcome.blocks[t].empty()) {
          blocks.insert(blocks.end(), outcome.blocks[t][c].begin(), outcome.blocks[t][c].end());
        }
      }
      if (options.bootstrap.resamples == 0) continue;
      if (options.block_frames == 0) blocks = score.sequences;
      score.intervals = BootstrapScores(blocks, options.bootstrap);
      if (c == 0) units[t] = std::move(blocks);
    }
  }
  std::vector<size_t> rank(trackers.size());
  std::iota(rank.begin(), rank.end(), size_t{0});
  std::vector<double> hota(trackers.size());
  for (size_t t = 0; t < trackers.size(); ++t) {
    hota[t] =
        MeanOverAlphas(Summarize(Combine(result.trackers[t].classes.front().sequences)).hota.hota);
  }
  std::stable_sort(rank.begin(), rank.end(), [&](size_t a, size_t b) { return hota[a] > hota[b]; });
  std::vector<TrackerScore> ranked;
  for (const size_t t : rank) ranked.push_back(std::move(result.trackers[t]));
  result.trackers = std::move(ranked);
  if (options.bootstrap.resamples > 0) {
    for (size_t k = 1; k < rank.size(); ++k) {
      result.comparisons.push_back(
          {result.trackers[0].name, result.trackers[k].name,
           CompareScores(units[rank[k]], units[rank[0]], options.bootstrap)});
    }
  }
  return result;
}

}  // namespace reidbench
