#include "reidbench/jobs/check/check_mot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <system_error>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/matching/iou.h"
#include "reidbench/mot_metrics/benchmark.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr double kOverlapIou = 0.3;
constexpr float kHalfHidden = 0.5F;

// One file to read, and where its summary goes.
struct Job {
  MotFileKind kind = MotFileKind::kResult;
  MotFileSummary summary;
  fs::path sequence_info;   // detections: read with the file
  int64_t frame_count = 0;  // 0 = not known
};

struct Outcome {
  std::vector<std::string> warnings;
  std::optional<Error> error;
};

// Lists what is to be read. What is missing is noted and does not keep the rest from being checked.
class JobFinder {
 public:
  JobFinder(const MotCheckOptions& options, const MotBenchmark& benchmark)
      : options_(options), benchmark_(benchmark) {
    std::vector<MotSequenceFiles> sequences;
    if (!options.ground_truth.empty()) {
      Try([&] {
        sequences = FindMotSequences(
            {options.ground_truth, options.benchmark, options.split, options.seqmap});
      });
      for (const MotSequenceFiles& files : sequences) {
        Add(MotFileKind::kGroundTruth, "", files.name, files.ground_truth).frame_count =
            files.frame_count;
      }
    }
    for (const fs::path& path : options.tracks) {
      Try([&] { sequences.empty() ? AddTracks(path) : AddTracksOf(sequences, path); });
    }
    for (const fs::path& path : options.detections) Try([&] { AddDetections(path); });
  }

  std::vector<Job> jobs;
  std::vector<Error> errors;

 private:
  template <typename Body>
  void Try(const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      errors.push_back(error);
    }
  }

  Job& Add(MotFileKind kind, const std::string& tracker, const std::string& sequence,
           const fs::path& path) {
    Job& job = jobs.emplace_back();
    job.kind = kind;
    job.summary.tracker = tracker;
    job.summary.sequence = sequence;
    job.summary.path = path;
    return job;
  }

  void AddTracksOf(const std::vector<MotSequenceFiles>& sequences, const fs::path& path) {
    for (const MotTrackerFiles& tracker :
         FindMotTrackers(path, sequences, options_.benchmark + "-" + options_.split)) {
      for (size_t i = 0; i < sequences.size(); ++i) {
        Add(MotFileKind::kResult, tracker.name, sequences[i].name, tracker.results[i]).frame_count =
            sequences[i].frame_count;
      }
    }
  }

  bool AddTextFiles(MotFileKind kind, const std::string& tracker, const fs::path& folder) {
    bool any = false;
    for (const std::string& name : ListFileNames(folder)) {
      if (!EndsWith(name, ".txt") || IsTrackEvalSummary(name)) continue;
      Add(kind, tracker, fs::path(name).stem().string(), folder / name);
      any = true;
    }
    return any;
  }

  // What TrackEval and --trackeval-output write into a tracker's folder.
  bool IsTrackEvalSummary(const std::string& name) const {
    return std::any_of(benchmark_.classes.begin(), benchmark_.classes.end(),
                       [&](const MotClass& c) { return name == c.name + "_summary.txt"; });
  }

  // DIR/data/*.txt, else DIR/*.txt.
  bool AddTracker(const fs::path& folder) {
    std::string name = FolderName(folder);
    if (IsFolder(folder / "data")) return AddTextFiles(MotFileKind::kResult, name, folder / "data");
    if (name == "data") name = FolderName(fs::absolute(folder).lexically_normal() / "..");
    return AddTextFiles(MotFileKind::kResult, name, folder);
  }

  void AddTracks(const fs::path& path) {
    if (IsFile(path)) {
      Add(MotFileKind::kResult, FolderName(fs::absolute(path).parent_path()), path.stem().string(),
          path);
      return;
    }
    if (!IsFolder(path))
      ThrowIo("{}: expected a result file or folder, found nothing there", path.string());
    if (AddTracker(path)) return;
    const fs::path in_layout = path / (options_.benchmark + "-" + options_.split);
    const fs::path folder = IsFolder(in_layout) ? in_layout : path;
    bool any = false;
    for (const std::string& name : ListFolderNames(folder)) any = AddTracker(folder / name) || any;
    if (!any) {
      ThrowIo("{}: expected result files SEQ.txt, data/SEQ.txt or TRACKER/SEQ.txt, found none",
              path.string());
    }
  }

  void AddDetections(const fs::path& path) {
    for (const MotBoxFiles& files : FindMotDetections(path, &errors)) {
      const std::string name =
          files.detector.empty() ? files.name : files.name + "/" + files.detector;
      Add(MotFileKind::kDetections, "", name, files.boxes).sequence_info = files.sequence_info;
    }
  }

  const MotCheckOptions& options_;
  const MotBenchmark& benchmark_;
};

bool IsScored(const TrackBox& box, const MotBenchmark& benchmark) {
  if (box.confidence == 0) return false;
  if (!benchmark.has_classes) return true;
  return std::any_of(benchmark.classes.begin(), benchmark.classes.end(),
                     [&](const MotClass& c) { return c.id == box.class_id; });
}

int64_t CountOverlapped(std::span<const BoxCorners> corners, OverlapFinder* finder,
                        SparseScores* scores) {
  scores->Clear(static_cast<int32_t>(corners.size()));
  finder->Append(corners, corners, scores);
  int64_t overlapped = 0;
  for (size_t i = 0; i < corners.size(); ++i) {
    for (uint32_t k = scores->row_begin[i]; k < scores->row_begin[i + 1]; ++k) {
      if (scores->value[k] > kOverlapIou && scores->col[k] != static_cast<int32_t>(i)) {
        ++overlapped;
        break;
      }
    }
  }
  return overlapped;
}

MotBoxStatistics Describe(TrackSet tracks, MotFileKind kind, const MotBenchmark& benchmark) {
  MotBoxStatistics out;
  out.frames = tracks.frame_count;
  std::vector<TrackBox>& boxes = tracks.boxes;
  if (kind == MotFileKind::kGroundTruth) {
    std::erase_if(boxes, [&](const TrackBox& box) { return !IsScored(box, benchmark); });
    out.boxes_not_scored = -static_cast<int64_t>(boxes.size());  // the caller adds the rows
  }
  out.boxes = static_cast<int64_t>(boxes.size());
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });

  OverlapFinder finder;
  SparseScores scores;
  std::vector<BoxCorners> corners;
  for (size_t begin = 0, end = 0; begin < boxes.size(); begin = end) {
    corners.clear();
    for (; end < boxes.size() && boxes[end].frame == boxes[begin].frame; ++end)
      corners.push_back(CornersOf(boxes[end].box));
    ++out.frames_with_boxes;
    out.most_boxes_in_a_frame =
        std::max(out.most_boxes_in_a_frame, static_cast<int64_t>(corners.size()));
    out.overlapped_boxes += CountOverlapped(corners, &finder, &scores);
  }

  if (kind == MotFileKind::kGroundTruth) {
    for (const TrackBox& box : boxes) {
      if (!std::isfinite(box.visibility)) continue;
      ++out.boxes_with_visibility;
      out.visibility_sum += box.visibility;
      if (box.visibility < kHalfHidden) ++out.boxes_half_hidden;
    }
  } else {
    for (const TrackBox& box : boxes) {
      out.lowest_score = std::min(out.lowest_score.value_or(box.confidence), box.confidence);
      out.highest_score = std::max(out.highest_score.value_or(box.confidence), box.confidence);
    }
  }
  if (kind != MotFileKind::kDetections) {
    out.has_identities = true;
    std::unordered_map<TrackId, int64_t> lengths;
    for (const TrackBox& box : boxes) ++lengths[box.id];
    for (const auto& [id, length] : lengths) out.track_lengths.push_back(length);
    std::sort(out.track_lengths.begin(), out.track_lengths.end());
  }
  return out;
}

Outcome RunJob(const MotBenchmark& benchmark, Job* job) {
  Outcome out;
  try {
    const int64_t frame_count = job->sequence_info.empty()
                                    ? job->frame_count
                                    : ReadSequenceInfo(job->sequence_info).frame_count;
    MotFile file = ReadMotFile(job->summary.path, ReadOptionsOf(benchmark, job->kind, frame_count));
    out.warnings = std::move(file.warnings);
    file.line = {};
    if (benchmark.frames != FramePart::kAll && job->kind == MotFileKind::kGroundTruth) {
      KeepFrames(RequireScoredFrames(benchmark, file.tracks.frame_count, job->summary.path),
                 &file.tracks);
    }
    const auto rows = static_cast<int64_t>(file.tracks.boxes.size());
    try {
      job->summary.boxes = Describe(std::move(file.tracks), job->kind, benchmark);
    } catch (const Error& error) {  // boxes on one spot: the finder does not know the file
      throw Error(error.kind(), fmt::format("{}: {}", job->summary.path.string(), error.what()));
    }
    if (job->kind == MotFileKind::kGroundTruth) job->summary.boxes.boxes_not_scored += rows;
  } catch (const Error& error) {
    out.error = error;
  }
  return out;
}

}  // namespace

MotCheckResult CheckMotFiles(const MotCheckOptions& options) {
  const MotBenchmark benchmark = LoadMotBenchmark(options.benchmark);
  JobFinder found(options, benchmark);
  std::vector<Outcome> outcomes(found.jobs.size());
  ParallelFor(static_cast<int64_t>(found.jobs.size()), [&](int64_t i) {
    if (!InterruptRequested()) outcomes[i] = RunJob(benchmark, &found.jobs[i]);
  });
  if (InterruptRequested()) throw Interrupted("interrupted while checking");

  std::vector<Error> errors;
  for (const Outcome& outcome : outcomes) {
    if (outcome.error) errors.push_back(*outcome.error);
  }
  errors.insert(errors.end(), found.errors.begin(), found.errors.end());
  if (!errors.empty()) {
    std::vector<std::string> messages;
    for (const Error& error : errors) messages.emplace_back(error.what());
    throw Error(errors.front().kind(), JoinText(messages, "\n"));
  }
  MotCheckResult result;
  result.benchmark = benchmark.name;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    Job& job = found.jobs[i];
    std::vector<MotFileSummary>& group = job.kind == MotFileKind::kGroundTruth ? result.ground_truth
                                         : job.kind == MotFileKind::kResult    ? result.tracks
                                                                               : result.detections;
    group.push_back(std::move(job.summary));
    for (std::string& warning : outcomes[i].warnings) result.warnings.push_back(std::move(warning));
  }
  return result;
}

}  // namespace reidbench
