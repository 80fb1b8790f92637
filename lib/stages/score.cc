#include "stages/score.h"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/text.h"
#include "datasets/mot_files.h"
#include "datasets/mot_layout.h"

namespace reidbench {
namespace {

// What one sequence gives; filled by one task.
struct SequenceOutcome {
  std::vector<std::string> warnings;
  std::vector<Error> errors;
  std::vector<std::vector<MotCounts>> counts;               // [tracker][class]
  std::vector<std::vector<std::vector<MotCounts>>> blocks;  // [tracker][class][block]
};

class SequenceScorer {
 public:
  SequenceScorer(const ScoreStageOptions& options, const MotBenchmark& benchmark,
                 const std::vector<MotTrackerFiles>& trackers)
      : options_(options), benchmark_(benchmark), trackers_(trackers) {}

  SequenceOutcome Score(const MotSequenceFiles& files, size_t index) const {
    SequenceOutcome out;
    out.counts.resize(trackers_.size());
    out.blocks.resize(trackers_.size());
    MotReadOptions read;
    read.kind = MotFileKind::kGroundTruth;
    read.frame_count = files.frame_count;
    read.has_classes = benchmark_.has_classes;
    if (benchmark_.preprocess) read.known_classes = benchmark_.known_classes;
    read.result_classes.clear();
    for (const MotClass& c : benchmark_.classes) read.result_classes.push_back(c.id);
    std::optional<MotFile> truth = Read(files.ground_truth, read, &out);

    // A bad ground truth does not keep the result files from being checked.
    FrameRange range{1, files.frame_count};
    if (benchmark_.frames != FramePart::kAll && truth) {
      const int64_t frames = truth->tracks.frame_count;
      range = ScoredFrames(benchmark_, frames);
      if (range.size() == 0) {
        out.errors.emplace_back(
            ErrorKind::kInput,
            fmt::format("{}: expected a video long enough for the part {} scores, found {} frames",
                        files.ground_truth.string(), benchmark_.name, frames));
        return out;
      }
      KeepFrames(range, &truth->tracks);
      read.frame_count = benchmark_.results_renumbered ? range.size() : frames;
    }
    read.kind = MotFileKind::kResult;
    for (size_t t = 0; t < trackers_.size(); ++t) {
      if (InterruptRequested()) return out;
      std::optional<MotFile> result = Read(trackers_[t].results[index], read, &out);
      if (!truth || !result) continue;
      if (benchmark_.frames != FramePart::kAll && !benchmark_.results_renumbered)
        KeepFrames(range, &result->tracks);
      if (truth->tracks.boxes.empty() && result->tracks.boxes.empty()) {
        out.warnings.push_back(fmt::format(
            "sequence {}: no boxes on either side; ATA and SFDA are undefined (null)", files.name));
      }
      truth->tracks.sequence = files.name;
      const bool last_tracker = t + 1 == trackers_.size();
      for (size_t c = 0; c < benchmark_.classes.size(); ++c) {
        const MotSequence prepared =
            PrepareSequence(truth->tracks, result->tracks, benchmark_, benchmark_.classes[c]);
        if (c + 1 ==
            benchmark_.classes
                .size()) {  // the rows are not needed any more, and they are the larger part
          result.reset();
          if (last_tracker) truth.reset();
        }
        out.counts[t].push_back(CountMot(prepared));
        if (options_.bootstrap.resamples > 0 && options_.block_frames > 0) {
          out.blocks[t].push_back(CountMotBlocks(prepared, options_.block_frames));
        }
      }
    }
    return out;
  }

 private:
  static std::optional<MotFile> Read(const std::filesystem::path& path, const MotReadOptions& read,
                                     SequenceOutcome* out) {
    try {
      MotFile file = ReadMotFile(path, read);
      out->warnings.insert(out->warnings.end(), file.warnings.begin(), file.warnings.end());
      file.line = {};
      return file;
    } catch (const Error& error) {
      out->errors.push_back(error);
      return std::nullopt;
    }
  }

  const ScoreStageOptions& options_;
  const MotBenchmark& benchmark_;
  const std::vector<MotTrackerFiles>& trackers_;
};

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

// Large files first, so that the longest sequence does not start last.
std::vector<size_t> LargestFirst(const std::vector<MotSequenceFiles>& sequences) {
  std::vector<uintmax_t> size(sequences.size(), 0);
  for (size_t i = 0; i < size.size(); ++i) {
    std::error_code failed;
    const uintmax_t bytes = std::filesystem::file_size(sequences[i].ground_truth, failed);
    if (!failed) size[i] = bytes;
  }
  std::vector<size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return size[a] > size[b]; });
  return order;
}

void ThrowErrors(const std::vector<SequenceOutcome>& outcomes) {
  std::vector<std::string> messages;
  ErrorKind kind = ErrorKind::kInput;
  for (const SequenceOutcome& outcome : outcomes) {
    for (const Error& error : outcome.errors) {
      if (messages.empty()) kind = error.kind();
      if (std::find(messages.begin(), messages.end(), error.what()) == messages.end())
        messages.emplace_back(error.what());
    }
  }
  if (!messages.empty()) throw Error(kind, JoinText(messages, "\n"));
}

}  // namespace

ScoreStageResult RunScore(const ScoreStageOptions& options) {
  if (options.tracks.empty()) ThrowUsage("--tracks: expected at least one result file or folder");
  if (options.block_frames < 0)
    ThrowUsage("--block-frames {}: expected 0 or more", options.block_frames);
  ScoreStageResult result;
  result.benchmark = LoadMotBenchmark(options.benchmark);
  result.benchmark.preprocess = result.benchmark.preprocess && options.preprocess;
  const std::vector<MotSequenceFiles> sequences =
      FindMotSequences({options.ground_truth, options.benchmark, options.split, options.seqmap});
  const std::vector<MotTrackerFiles> trackers = FindAllTrackers(options, sequences);
  for (const MotSequenceFiles& sequence : sequences) result.sequences.push_back(sequence.name);

  const SequenceScorer scorer(options, result.benchmark, trackers);
  const std::vector<size_t> order = LargestFirst(sequences);
  std::vector<SequenceOutcome> outcomes(sequences.size());
  ParallelFor(static_cast<int64_t>(order.size()), [&](int64_t k) {
    if (InterruptRequested()) return;
    // Isolated: a thread that waits for a part of its sequence must not start another sequence and
    // hold both in memory.
    tbb::this_task_arena::isolate(
        [&] { outcomes[order[k]] = scorer.Score(sequences[order[k]], order[k]); });
  });
  if (InterruptRequested()) throw Interrupted("interrupted while scoring");
  ThrowErrors(outcomes);

  std::vector<std::vector<MotCounts>> units(
      trackers.size());  // of the first class, for the comparison
  for (size_t t = 0; t < trackers.size(); ++t) {
    TrackerScore& tracker = result.trackers.emplace_back();
    tracker.name = trackers[t].name;
    for (size_t c = 0; c < result.benchmark.classes.size(); ++c) {
      ClassScore& score = tracker.classes.emplace_back();
      score.scored = result.benchmark.classes[c];
      std::vector<MotCounts> blocks;
      for (const SequenceOutcome& outcome : outcomes) {
        score.sequences.push_back(outcome.counts[t][c]);
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
  for (SequenceOutcome& outcome : outcomes) {
    for (std::string& warning : outcome.warnings) {
      if (std::find(result.warnings.begin(), result.warnings.end(), warning) ==
          result.warnings.end()) {
        result.warnings.push_back(std::move(warning));
      }
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
