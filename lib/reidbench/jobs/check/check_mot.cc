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

std::optional<double> Ratio(double part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return part / static_cast<double>(whole);
}

std::string ShortNumber(std::optional<double> value) {
  return value ? fmt::format("{:.4g}", *value) : "n/a";
}

Table SummaryTable(MotFileKind kind, const std::vector<MotFileSummary>& files,
                   const std::string& caption) {
  const bool truth = kind == MotFileKind::kGroundTruth;
  const bool identities = kind != MotFileKind::kDetections;
  std::vector<Table::Column> columns;
  if (kind == MotFileKind::kResult) columns.push_back({"tracker", Align::kLeft});
  columns.insert(columns.end(), {{"sequence", Align::kLeft}, {"frames"}, {"empty"}, {"boxes"}});
  if (truth) columns.push_back({"not scored"});
  if (identities) columns.insert(columns.end(), {{"ids"}, {"median length"}});
  columns.insert(columns.end(), {{"per frame"}, {"most"}, {"IoU>0.3 %"}});
  if (truth) columns.insert(columns.end(), {{"visibility"}, {"below half %"}});
  if (!truth) columns.insert(columns.end(), {{"score from"}, {"to"}});

  Table table(columns, caption);
  const auto add = [&](const std::string& tracker, const std::string& sequence,
                       const MotBoxStatistics& s) {
    std::vector<std::string> cells;
    if (kind == MotFileKind::kResult) cells.push_back(tracker);
    cells.push_back(sequence);
    cells.push_back(WithThousands(s.frames));
    cells.push_back(WithThousands(s.frames - s.frames_with_boxes));
    cells.push_back(WithThousands(s.boxes));
    if (truth) cells.push_back(WithThousands(s.boxes_not_scored));
    if (identities) {
      cells.push_back(WithThousands(s.ids().value_or(0)));
      cells.push_back(ShortNumber(s.median_track_length()));
    }
    cells.push_back(Number(s.boxes_per_frame(), 2));
    cells.push_back(WithThousands(s.most_boxes_in_a_frame));
    cells.push_back(Percent(s.overlapped(), 1));
    if (truth) {
      cells.push_back(Number(s.mean_visibility(), 3));
      cells.push_back(Percent(s.half_hidden(), 1));
    } else {
      cells.push_back(ShortNumber(s.lowest_score));
      cells.push_back(ShortNumber(s.highest_score));
    }
    table.AddRow(std::move(cells));
  };
  for (size_t begin = 0, end = 0; begin < files.size(); begin = end) {
    MotBoxStatistics sum;
    for (; end < files.size() && files[end].tracker == files[begin].tracker; ++end) {
      add(files[end].tracker, files[end].sequence, files[end].boxes);
      sum += files[end].boxes;
    }
    if (end - begin > 1) add(files[begin].tracker, "all", sum);
  }
  return table;
}

}  // namespace

std::optional<int64_t> MotBoxStatistics::ids() const {
  if (!has_identities) return std::nullopt;
  return static_cast<int64_t>(track_lengths.size());
}

std::optional<double> MotBoxStatistics::median_track_length() const {
  const size_t n = track_lengths.size();
  if (n == 0) return std::nullopt;
  return static_cast<double>(track_lengths[(n - 1) / 2] + track_lengths[n / 2]) / 2;
}

std::optional<double> MotBoxStatistics::boxes_per_frame() const {
  return Ratio(static_cast<double>(boxes), frames);
}

std::optional<double> MotBoxStatistics::overlapped() const {
  return Ratio(static_cast<double>(overlapped_boxes), boxes);
}

std::optional<double> MotBoxStatistics::mean_visibility() const {
  return Ratio(visibility_sum, boxes_with_visibility);
}

std::optional<double> MotBoxStatistics::half_hidden() const {
  return Ratio(static_cast<double>(boxes_half_hidden), boxes_with_visibility);
}

MotBoxStatistics& MotBoxStatistics::operator+=(const MotBoxStatistics& other) {
  has_identities = has_identities || other.has_identities;
  frames += other.frames;
  frames_with_boxes += other.frames_with_boxes;
  boxes += other.boxes;
  boxes_not_scored += other.boxes_not_scored;
  most_boxes_in_a_frame = std::max(most_boxes_in_a_frame, other.most_boxes_in_a_frame);
  overlapped_boxes += other.overlapped_boxes;
  const auto middle = track_lengths.insert(track_lengths.end(), other.track_lengths.begin(),
                                           other.track_lengths.end());
  std::inplace_merge(track_lengths.begin(), middle, track_lengths.end());
  boxes_with_visibility += other.boxes_with_visibility;
  boxes_half_hidden += other.boxes_half_hidden;
  visibility_sum += other.visibility_sum;
  if (other.lowest_score)
    lowest_score = std::min(lowest_score.value_or(*other.lowest_score), *other.lowest_score);
  if (other.highest_score)
    highest_score = std::max(highest_score.value_or(*other.highest_score), *other.highest_score);
  return *this;
}

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

std::vector<Table> MotCheckTables(const MotCheckResult& result) {
  std::vector<Table> tables;
  if (!result.ground_truth.empty()) {
    tables.push_back(SummaryTable(MotFileKind::kGroundTruth, result.ground_truth,
                                  fmt::format("Ground truth, rules of {}", result.benchmark)));
  }
  if (!result.tracks.empty())
    tables.push_back(SummaryTable(MotFileKind::kResult, result.tracks, "Tracks"));
  if (!result.detections.empty())
    tables.push_back(SummaryTable(MotFileKind::kDetections, result.detections, "Detections"));
  return tables;
}

}  // namespace reidbench
