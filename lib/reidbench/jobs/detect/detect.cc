#include "reidbench/jobs/detect/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "reidbench/core/clock.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/core/tracks.h"
#include "reidbench/datasets/box_sanity.h"
#include "reidbench/video/frame_source.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr double kLeastSide = 0.001;  // px: what is written as 0.000 is no box

bool IsSequence(const fs::path& folder) {
  return IsFile(folder / "seqinfo.ini") || IsFolder(folder / "img1");
}

void AppendRow(int64_t frame, const Detection& detection, std::string* text) {
  // Adding 0 takes the sign from a zero.
  const auto rounded = [](double px) { return std::nearbyint(px * 1000) / 1000 + 0.0; };
  const BoxLtwh& box = detection.box_px;
  fmt::format_to(std::back_inserter(*text), "{},-1,{:.3f},{:.3f},{:.3f},{:.3f},{:.5f},-1,-1,-1\n",
                 frame, rounded(box.left), rounded(box.top), rounded(box.width),
                 rounded(box.height), detection.score);
}

class DetectStage {
 public:
  DetectStage(const DetectStageOptions& options, DetectStageResult* result)
      : options_(options), result_(result) {}

  void Prepare() {
    if (options_.every < 1) ThrowUsage("--every {}: expected 1 or more", options_.every);
    sources_ = FindDetectSources(options_.frames);
    PlanOutput();
    for (const DetectSource& source : sources_) {
      opened_.push_back(OpenFrames(source.path));
      total_ += FrameCountOf(*opened_.back());
    }
    detector_ = std::make_unique<Detector>(options_.detector);
    result_->detector = options_.detector.weights.string();
    result_->sha256 = detector_->sha256();
    result_->recognised = detector_->recognised();
    result_->description = DescribeDetector(detector_->description());
    result_->engine = options_.detector.engine;
    result_->score = detector_->description().score;
    result_->warnings = detector_->warnings();
  }

  void Run(const std::function<void(int64_t, int64_t)>& progress) {
    progress_ = progress;
    const Clock::time_point start = Clock::now();
    for (size_t i = 0; i < sources_.size(); ++i) {
      DetectOne(sources_[i], opened_[i].get());
      opened_[i].reset();
    }
    for (std::string& suspicion : Suspicions(signs_, detector_->description()))
      result_->warnings.push_back(std::move(suspicion));
    result_->seconds = SecondsSince(start);
  }

 private:
  // Of what one picture gives.
  struct Outcome {
    Frame frame;
    std::vector<Detection> detections;
    DecodeSigns signs;
  };

  static int64_t FrameCountOf(const FrameSource& source) {
    const auto* folder = dynamic_cast<const FrameFolder*>(&source);
    return folder != nullptr ? folder->last() : source.info().frame_count;
  }

  fs::path PathOf(const DetectSource& source) const {
    return options_.output / source.name / "det.txt";
  }

  void PlanOutput() const {
    if (options_.output.empty()) return;
    std::error_code failed;
    if (fs::exists(options_.output, failed) && !fs::is_directory(options_.output, failed)) {
      ThrowUsage("--output {}: expected a folder for SEQ/det.txt, found a file",
                 options_.output.string());
    }
    for (const DetectSource& source : sources_) {
      const fs::path path = PathOf(source);
      if (fs::exists(path.parent_path(), failed)) RequireWritable(path, options_.force);
    }
  }

  void DetectOne(const DetectSource& source, FrameSource* frames) {
    DetectedSequence summary;
    summary.name = source.name;
    summary.file = PathOf(source).string();
    std::string text, first_problem;
    std::vector<TrackBox> boxes;
    PictureSize size;
    const auto together = static_cast<size_t>(4 * ResolveThreads(0));
    std::vector<Outcome> outcomes;
    for (bool at_end = false; !at_end;) {
      if (InterruptRequested()) throw Interrupted("interrupted while detecting");
      outcomes.clear();
      while (outcomes.size() < together && !at_end) {
        Outcome outcome;
        if (frames->Next(&outcome.frame)) {
          outcomes.push_back(std::move(outcome));
          if (options_.every > 1) frames->SkipTo(frames->next() + options_.every - 1);
        } else {
          at_end = true;
        }
      }
      ParallelFor(static_cast<int64_t>(outcomes.size()), [&](int64_t i) {
        Outcome& outcome = outcomes[static_cast<size_t>(i)];
        if (InterruptRequested()) return;
        outcome.frame.Decode();
        if (outcome.frame.status != FrameStatus::kPicture) return;
        outcome.detections = detector_->Detect(outcome.frame.picture, &outcome.signs);
      });
      for (const Outcome& outcome : outcomes) {
        ++summary.frames;
        ++done_;
        const Frame& frame = outcome.frame;
        if (frame.status == FrameStatus::kMissing) ++summary.missing;
        if (frame.status == FrameStatus::kCorrupt) {
          if (summary.corrupt++ == 0) first_problem = frame.problem;
        }
        if (frame.status != FrameStatus::kPicture) continue;
        ++summary.looked_at;
        if (!size.known()) {
          size.width = frame.picture.width;
          size.height = frame.picture.height;
        }
        signs_.Add(outcome.signs);
        int64_t written = 0;
        for (const Detection& detection : outcome.detections) {
          if (detection.box_px.width < kLeastSide || detection.box_px.height < kLeastSide) continue;
          AppendRow(frame.number, detection, &text);
          TrackBox& row = boxes.emplace_back();
          row.frame = FrameIndex(frame.number);
          row.box = detection.box_px;
          ++written;
        }
        summary.boxes += written;
        summary.frames_with_boxes += written > 0 ? 1 : 0;
      }
      if (progress_) progress_(done_, std::max(total_ / options_.every, done_));
    }
    if (InterruptRequested()) throw Interrupted("interrupted while detecting");
    if (summary.looked_at == 0) {
      ThrowInput("{}: expected pictures, found none that decodes{}", source.path.string(),
                 first_problem.empty() ? "" : "; " + first_problem);
    }
    RequirePlausible(signs_, detector_->description());
    if (summary.missing > 0) {
      result_->warnings.push_back(fmt::format("{}: {} of {} frames have no picture",
                                              source.path.string(), WithThousands(summary.missing),
                                              WithThousands(summary.frames)));
    }
    if (summary.corrupt > 0) {
      result_->warnings.push_back(fmt::format("{}: {} of {} frames do not decode, first {}",
                                              source.path.string(), WithThousands(summary.corrupt),
                                              WithThousands(summary.frames), first_problem));
    }
    BoxExaminationOptions examine;
    examine.picture = size;
    examine.most_boxes = 4096;
    if (const auto finding = BoxFormFinding(ExamineBoxes(boxes, examine), PathOf(source)))
      result_->warnings.push_back(WarningText(*finding));
    CreateFolders(PathOf(source).parent_path());
    WriteFileAtomically(PathOf(source), text);
    result_->sequences.push_back(std::move(summary));
  }

  const DetectStageOptions& options_;
  DetectStageResult* result_;
  std::vector<DetectSource> sources_;
  std::vector<std::unique_ptr<FrameSource>> opened_;
  std::unique_ptr<Detector> detector_;
  std::function<void(int64_t, int64_t)> progress_;
  DecodeSigns signs_;  // over all sequences
  int64_t total_ = 0, done_ = 0;
};

}  // namespace

std::vector<DetectSource> FindDetectSources(std::span<const fs::path> frames) {
  std::vector<DetectSource> sources;
  for (const fs::path& path : frames) {
    if (IsFile(path)) {
      sources.push_back({path.stem().string(), path});
      continue;
    }
    if (!IsFolder(path)) {
      ThrowIo(
          "--frames {}: expected a sequence, a folder of frames or a video, found nothing there",
          path.string());
    }
    const size_t before = sources.size();
    if (!IsSequence(path)) {
      for (const std::string& name : ListFolderNames(path)) {
        if (IsSequence(path / name)) sources.push_back({name, path / name});
      }
    }
    if (sources.size() == before) sources.push_back({FolderName(path), path});
  }
  std::set<std::string> names;
  for (const DetectSource& source : sources) {
    if (!names.insert(source.name).second)
      ThrowUsage("--frames: two sequences are called '{}', and both would be written to {}/det.txt",
                 source.name, source.name);
  }
  return sources;
}

DetectStageResult RunDetect(const DetectStageOptions& options, bool check_only,
                            const std::function<void(int64_t, int64_t)>& progress) {
  DetectStageResult result;
  DetectStage stage(options, &result);
  stage.Prepare();
  if (!check_only) stage.Run(progress);
  return result;
}

}  // namespace reidbench
