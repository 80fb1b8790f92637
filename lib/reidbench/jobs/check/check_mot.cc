#include "reidbench/jobs/check/check_mot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
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
#include "reidbench/imaging/decode.h"
#include "reidbench/jobs/check/check_findings.h"
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
  fs::path sequence_info;   // empty: there is none
  int64_t frame_count = 0;  // 0 = not known, of detections: as the sequence's information says
};

struct Outcome {
  std::vector<Finding> findings;
  SequenceContext context;  // ground truth: of its sequence
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
        Job& job = Add(MotFileKind::kGroundTruth, "", files.name, files.ground_truth);
        job.frame_count = files.frame_count;
        job.sequence_info = files.sequence_info;
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

// Of seqinfo.ini, else of the first frame of the sequence SEQ that SEQ/gt/gt.txt is of.
PictureSize PictureOf(const std::optional<SequenceInfo>& info, const fs::path& truth) {
  if (info) {
    const PictureSize size = PictureSizeOf(*info);
    if (size.known()) return size;
  }
  if (FolderName(truth.parent_path()) != "gt") return {};
  try {
    const fs::path sequence = truth.parent_path().parent_path();
    const auto images = FindFrameImages(FindFrameFolder(sequence).images);
    const RgbImage first = DecodeImageFile(images.begin()->second, ExifOrientation::kIgnore);
    return {static_cast<double>(first.width), static_cast<double>(first.height)};
  } catch (const Error&) {  // no frames: then nothing tells
    return {};
  }
}

class JobRunner {
 public:
  JobRunner(const MotBenchmark& benchmark, std::vector<Job>* jobs)
      : benchmark_(benchmark), jobs_(*jobs), outcomes_(jobs->size()) {}

  // Ground truth first: the others are held against it.
  void Run() {
    for (const bool truth : {true, false}) {
      ParallelFor(static_cast<int64_t>(jobs_.size()), [&](int64_t i) {
        const bool is_truth = jobs_[i].kind == MotFileKind::kGroundTruth;
        if (is_truth != truth || InterruptRequested()) return;
        try {
          RunOne(&jobs_[i], &outcomes_[i]);
        } catch (const Error& error) {
          outcomes_[i].error = error;
        }
      });
    }
    if (InterruptRequested()) throw Interrupted("interrupted while checking");
  }

  std::vector<Outcome>& outcomes() { return outcomes_; }

 private:
  void RunOne(Job* job, Outcome* out) const {
    const fs::path& path = job->summary.path;
    const bool is_truth = job->kind == MotFileKind::kGroundTruth;
    std::optional<SequenceInfo> info;
    if (!job->sequence_info.empty()) info = ReadSequenceInfo(job->sequence_info);
    const int64_t frame_count =
        job->frame_count == 0 && info ? info->frame_count : job->frame_count;
    MotFile file = ReadMotFile(path, ReadOptionsOf(benchmark_, job->kind, frame_count));
    SequenceContext context;
    if (is_truth) {
      context.picture = PictureOf(info, path);
      const auto rows = static_cast<int64_t>(file.tracks.boxes.size());
      const int64_t dropped = DropUnstatedVisibility(&file.tracks.boxes);
      out->findings = TrackingFindings(file, job->kind, path, context);
      if (dropped > 0) out->findings.push_back(VisibilityFinding(dropped, rows, path));
    } else {
      // Results of a part of a video may count from its first frame.
      if (const Outcome* truth = TruthOf(*job);
          truth != nullptr && benchmark_.frames == FramePart::kAll)
        context = truth->context;
      if (info && PictureSizeOf(*info).known()) context.picture = PictureSizeOf(*info);
      out->findings = TrackingFindings(file, job->kind, path, context);
    }
    file.line = {};
    if (benchmark_.frames != FramePart::kAll && is_truth) {
      KeepFrames(RequireScoredFrames(benchmark_, file.tracks.frame_count, path), &file.tracks);
    }
    if (is_truth) out->context = ContextOf(file.tracks, context.picture);
    const auto rows = static_cast<int64_t>(file.tracks.boxes.size());
    try {
      job->summary.boxes = Describe(std::move(file.tracks), job->kind, benchmark_);
    } catch (const Error& error) {  // boxes on one spot: the finder does not know the file
      throw Error(error.kind(), fmt::format("{}: {}", path.string(), error.what()));
    }
    if (is_truth) job->summary.boxes.boxes_not_scored += rows;
  }

  // The ground truth of the sequence, by its name, or the only one for the only file of its kind.
  const Outcome* TruthOf(const Job& job) const {
    const std::string& name = job.summary.sequence;
    int64_t alike = 0;
    const Outcome *named = nullptr, *first = nullptr;
    int64_t truths = 0;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      const MotFileSummary& other = jobs_[i].summary;
      if (jobs_[i].kind == job.kind && other.tracker == job.summary.tracker) ++alike;
      if (jobs_[i].kind != MotFileKind::kGroundTruth || outcomes_[i].error) continue;
      if (truths++ == 0) first = &outcomes_[i];
      if (other.sequence == name.substr(0, name.find('/'))) named = &outcomes_[i];
    }
    return named != nullptr ? named : truths == 1 && alike == 1 ? first : nullptr;
  }

  const MotBenchmark& benchmark_;
  std::vector<Job>& jobs_;
  std::vector<Outcome> outcomes_;
};

// Files of MOT15 have coordinates, mostly -1, where later ones have a class.
bool NeedsRulesOfMot15(const MotBenchmark& benchmark, const std::vector<Job>& jobs) {
  const auto truth = std::find_if(jobs.begin(), jobs.end(), [](const Job& job) {
    return job.kind == MotFileKind::kGroundTruth;
  });
  if (truth == jobs.end() || !benchmark.has_classes) return false;
  const auto can_read = [&](const MotBenchmark& rules) {
    try {
      ReadMotFile(truth->summary.path, ReadOptionsOf(rules, truth->kind, truth->frame_count));
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  return !can_read(benchmark) && can_read(LoadMotBenchmark("mot15"));
}

}  // namespace

MotCheckResult CheckMotFiles(const MotCheckOptions& options) {
  MotBenchmark benchmark = LoadMotBenchmark(options.benchmark);
  JobFinder found(options, benchmark);
  MotCheckResult result;
  if (options.choose_rules && NeedsRulesOfMot15(benchmark, found.jobs)) {
    benchmark = LoadMotBenchmark("mot15");
    Finding& finding = result.findings.emplace_back();
    finding.kind = FindingKind::kRulesChosen;
    finding.place = options.ground_truth.string();
    finding.message =
        "the ground truth has no classes in column 8, so that the rules of MOT15 are taken";
    finding.mend = "score and compare it with --benchmark mot15";
  }
  JobRunner runner(benchmark, &found.jobs);
  runner.Run();
  std::vector<Outcome>& outcomes = runner.outcomes();

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
  result.benchmark = benchmark.name;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    Job& job = found.jobs[i];
    std::vector<MotFileSummary>& group = job.kind == MotFileKind::kGroundTruth ? result.ground_truth
                                         : job.kind == MotFileKind::kResult    ? result.tracks
                                                                               : result.detections;
    group.push_back(std::move(job.summary));
    std::move(outcomes[i].findings.begin(), outcomes[i].findings.end(),
              std::back_inserter(result.findings));
  }
  return result;
}

}  // namespace reidbench
