#include "reidbench/jobs/score_detections/score_detections.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/detection_metrics/mot_pictures.h"
#include "reidbench/detection_metrics/picture.h"
#include "reidbench/formats/coco_detections.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/mot_metrics/benchmark.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// One detector's files, one for each sequence.
struct DetectorFiles {
  std::string name;
  std::vector<fs::path> boxes;
};

// What all sequences of one detector give.
struct DetectorCounts {
  std::string name;
  std::vector<DetectionCounts> sequences;

  std::vector<const DetectionCounts*> Parts() const {
    std::vector<const DetectionCounts*> parts;
    for (const DetectionCounts& counts : sequences) parts.push_back(&counts);
    return parts;
  }
};

// Detectors of one path: files of the same variant (SEQ/det/VARIANT/det.txt) are one.
std::vector<DetectorFiles> DetectorsOfPath(const fs::path& path,
                                           const std::vector<MotSequenceFiles>& sequences,
                                           std::vector<std::string>* warnings) {
  std::vector<Error> without;  // folders of sequences that may not be asked for
  const std::vector<MotBoxFiles> found = FindMotDetections(path, &without);
  std::map<std::string, std::map<std::string, fs::path>> by_detector;
  for (const MotBoxFiles& files : found) by_detector[files.detector][files.name] = files.boxes;
  std::vector<DetectorFiles> detectors;
  std::set<std::string> unknown;
  for (const auto& [variant, files] : by_detector) {
    DetectorFiles detector;
    detector.name = !variant.empty()         ? variant
                    : fs::is_directory(path) ? FolderName(path)
                                             : path.stem().string();
    std::vector<std::string> missing;
    // A single file belongs to a single sequence, whatever their names.
    const bool alone = files.size() == 1 && sequences.size() == 1;
    for (const MotSequenceFiles& sequence : sequences) {
      const auto file = alone ? files.begin() : files.find(sequence.name);
      if (file == files.end()) {
        missing.push_back(sequence.name);
      } else {
        detector.boxes.push_back(file->second);
      }
    }
    if (!missing.empty()) {
      ThrowIo(
          "{}: expected detections of every sequence of the ground truth, found none for {} ({} of "
          "{} missing)\n  hint: name them SEQ/det/det.txt, SEQ/det.txt or SEQ.txt, empty if nobody "
          "was detected; a seqmap selects fewer sequences",
          path.string(), JoinText(missing, ", "), missing.size(), sequences.size());
    }
    for (const auto& [name, file] : files) {
      const bool known =
          alone || std::any_of(sequences.begin(), sequences.end(),
                               [&](const MotSequenceFiles& s) { return s.name == name; });
      if (!known) unknown.insert(name);
    }
    detectors.push_back(std::move(detector));
  }
  if (detectors.empty() && !without.empty()) throw without.front();
  if (!unknown.empty()) {
    const std::vector<std::string> names(unknown.begin(), unknown.end());
    warnings->push_back(fmt::format("{}: detections of {} have no ground truth and are left out",
                                    path.string(), JoinText(names, ", ")));
  }
  return detectors;
}

// Two of one name are told apart by their paths.
template <typename Detector, typename PathOf>
void MakeNamesUnique(std::vector<Detector>* detectors, const PathOf& path_of) {
  std::map<std::string, int> uses;
  for (const Detector& detector : *detectors) ++uses[detector.name];
  for (Detector& detector : *detectors) {
    if (uses[detector.name] > 1) detector.name = path_of(detector);
  }
  std::set<std::string> seen;
  for (const Detector& detector : *detectors) {
    if (!seen.insert(detector.name).second)
      ThrowUsage("--detections: {} is given more than once", detector.name);
  }
}

// What about a detector's scores makes its numbers say less than they seem to.
void WarnOfScores(const DetectorCounts& detector, int max_detections,
                  std::vector<std::string>* warnings) {
  double low = 0, high = 0;
  bool any = false;
  int64_t boxes = 0, left_out = 0, crowded = 0;
  for (const DetectionCounts& counts : detector.sequences) {
    for (const CocoCounts& coco : counts.coco) {
      left_out += coco.left_out;
      crowded += coco.crowded_pictures;
      for (const CocoRow& row : coco.rows) {
        low = any ? std::min(low, row.score) : row.score;
        high = any ? std::max(high, row.score) : row.score;
        any = true;
        ++boxes;
      }
    }
  }
  if (!any) {
    warnings->push_back(fmt::format(
        "{}: no detections that count: everybody is missed (a wrong description of a detector "
        "gives this, without an error)",
        detector.name));
    return;
  }
  if (low == high && boxes > 1) {
    warnings->push_back(fmt::format(
        "{}: all scores are {}: AP, miss rate and thresholds then follow the order of the rows",
        detector.name, low));
  }
  if (low < 0 || high > 1) {
    warnings->push_back(fmt::format(
        "{}: scores go from {:.4g} to {:.4g}, not from 0 to 1: JI, which cuts at 0, 0.1, .. 0.9, "
        "says little",
        detector.name, low, high));
  }
  if (left_out > 0) {
    warnings->push_back(fmt::format(
        "{}: AP and AR look at the {} best detections of a picture, as COCO does: {} of {} "
        "pictures are left out (--max-detections)",
        detector.name, max_detections, WithThousands(left_out), WithThousands(crowded)));
  }
}

void ScoreDetector(const DetectorCounts& counts, const ScoreDetectionsOptions& options,
                   const DetectionsResult& result, DetectorScore* score) {
  score->name = counts.name;
  const std::vector<const DetectionCounts*> parts = counts.Parts();
  for (const DetectionCounts* part : parts)
    score->sequences.push_back(SummarizeDetections({&part, 1}));
  score->combined = SummarizeDetections(parts);
  if (result.classes.size() > 1) {
    for (size_t c = 0; c < result.classes.size(); ++c) {
      std::vector<const CocoCounts*> coco;
      for (const DetectionCounts* part : parts) coco.push_back(&part->coco[c]);
      score->classes.push_back(CocoPool(std::move(coco)).Summarize());
    }
  }
  if (options.bootstrap.resamples > 0)
    score->intervals = BootstrapDetections(parts, options.bootstrap);
  std::vector<const ErrorCounts*> errors;
  std::vector<const ScoredMatches*> matches;
  for (const DetectionCounts* part : parts) {
    errors.push_back(&part->errors);
    matches.push_back(&part->caltech);
    score->recall += part->recall;
    score->removed += part->removed;
    score->hidden += part->hidden;
  }
  score->errors = SummarizeErrors(errors);
  score->curve = PrecisionRecallCurve(PoolMatches(matches));
  score->best_f1 = FindBestThreshold(matches, ThresholdGoal::kF1);
  score->best_moda = FindBestThreshold(matches, ThresholdGoal::kModa);
}

// Ranks, and compares the others with the best.
void FinishResult(const std::vector<DetectorCounts>& detectors,
                  const ScoreDetectionsOptions& options, DetectionsResult* result) {
  std::vector<DetectorScore> scores(detectors.size());
  ParallelFor(static_cast<int64_t>(detectors.size()), [&](int64_t d) {
    ScoreDetector(detectors[static_cast<size_t>(d)], options, *result,
                  &scores[static_cast<size_t>(d)]);
  });
  for (const DetectorCounts& detector : detectors)
    WarnOfScores(detector, options.rules.max_detections, &result->warnings);
  std::vector<size_t> rank(detectors.size());
  std::iota(rank.begin(), rank.end(), size_t{0});
  std::stable_sort(rank.begin(), rank.end(), [&](size_t a, size_t b) {
    return scores[a].combined.coco.ap.value_or(-1) > scores[b].combined.coco.ap.value_or(-1);
  });
  if (options.bootstrap.resamples > 0) {
    for (size_t k = 1; k < rank.size(); ++k) {
      result->comparisons.push_back(
          {scores[rank[0]].name, scores[rank[k]].name,
           CompareDetections(detectors[rank[k]].Parts(), detectors[rank[0]].Parts(),
                             options.bootstrap)});
    }
    if (result->sequences.size() < 2) {
      result->warnings.emplace_back(
          "one sequence: intervals and tests are over sequences, and there is nothing to draw");
    }
  }
  for (const size_t d : rank) result->detectors.push_back(std::move(scores[d]));
}

DetectionsResult RunOnMot(const ScoreDetectionsOptions& options, bool check_only) {
  MotBenchmark benchmark = LoadMotBenchmark(options.benchmark);
  benchmark.preprocess = benchmark.preprocess && options.preprocess;
  if (benchmark.classes.size() > 1) {
    ThrowUsage(
        "--benchmark {}: expected rules of one class, as detections state none, found {}\n  hint: "
        "copy the file of configs/protocols and leave one class",
        options.benchmark, benchmark.classes.size());
  }
  MotGroundTruthOptions truth;
  truth.path = options.ground_truth;
  truth.benchmark = options.benchmark;
  truth.split = options.split;
  truth.seqmap = options.seqmap;
  const std::vector<MotSequenceFiles> sequences = FindMotSequences(truth);
  DetectionsResult result;
  result.benchmark = benchmark.name;
  result.classes = {benchmark.classes.front().name};
  result.scored_class = result.classes.front();
  result.rules = options.rules;
  std::vector<DetectorFiles> files;
  for (const fs::path& path : options.detections) {
    for (DetectorFiles& detector : DetectorsOfPath(path, sequences, &result.warnings))
      files.push_back(std::move(detector));
  }
  MakeNamesUnique(&files,
                  [](const DetectorFiles& detector) { return detector.boxes.front().string(); });
  std::vector<DetectorCounts> detectors(files.size());
  for (size_t d = 0; d < files.size(); ++d) {
    detectors[d].name = files[d].name;
    detectors[d].sequences.resize(sequences.size());
  }
  const std::vector<std::string> warnings = ForEachSequence(
      sequences, "scoring detections", [&](size_t index, SequenceMessages* messages) {
        SequenceReader reader(benchmark, sequences[index], messages);
        if (!reader.HasFrames()) return;
        if (benchmark.detection_visibility > 0) reader.DropUnstatedVisibility();
        for (size_t d = 0; d < files.size(); ++d) {
          if (InterruptRequested()) return;
          const fs::path& path = files[d].boxes[index];
          const std::optional<TrackSet> boxes = reader.ReadDetections(path);
          if (!boxes || !reader.truth()) continue;
          reader.Examine(*boxes, path);
          if (check_only) continue;
          MotPictures made =
              MakeMotPictures(*reader.truth(), *boxes, benchmark, benchmark.classes.front());
          const PictureSize size = reader.StatedPicture();
          for (DetectionPicture& picture : made.pictures) {
            picture.width = static_cast<int64_t>(size.width);
            picture.height = static_cast<int64_t>(size.height);
          }
          DetectionCounts counts = CountDetections(made.pictures, options.rules);
          counts.removed = made.removed;
          counts.hidden = made.hidden;
          detectors[d].sequences[index] = std::move(counts);
        }
      });
  result.warnings.insert(result.warnings.end(), warnings.begin(), warnings.end());
  for (const MotSequenceFiles& sequence : sequences) result.sequences.push_back(sequence.name);
  if (check_only) return result;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (detectors.front().sequences[i].clear.truth() == 0) {
      result.warnings.push_back(fmt::format(
          "sequence {}: no ground truth counts by the rules of {} ({} boxes are hidden too much)",
          sequences[i].name, benchmark.name, detectors.front().sequences[i].hidden));
    }
  }
  FinishResult(detectors, options, &result);
  return result;
}

// The category that what is of one class is about; nullopt where nobody can say.
std::optional<size_t> ChooseClass(const CocoInstances& instances, const std::string& wanted) {
  const std::vector<CocoCategory>& categories = instances.categories;
  const auto find = [&](const std::string& name) -> std::optional<size_t> {
    for (size_t c = 0; c < categories.size(); ++c) {
      if (ToLower(categories[c].name) == ToLower(name)) return c;
    }
    return std::nullopt;
  };
  if (!wanted.empty()) {
    if (const auto found = find(wanted)) return found;
    std::vector<std::string> names;
    for (const CocoCategory& category : categories) names.push_back(category.name);
    ThrowUsage("--class {}: expected a category of the ground truth{}", wanted,
               SuggestName(wanted, names));
  }
  for (const char* name : {"person", "pedestrian"}) {
    if (const auto found = find(name)) return found;
  }
  if (categories.size() == 1) return 0;
  return std::nullopt;
}

// Pictures of each category, in the order of image ids; all pictures, also empty ones.
std::vector<std::vector<DetectionPicture>> PicturesOfTruth(const CocoInstances& instances) {
  std::vector<DetectionPicture> empty;
  for (const CocoPicture& picture : instances.pictures)
    empty.push_back({picture.id, picture.width, picture.height, {}, {}});
  std::vector<std::vector<DetectionPicture>> out(instances.categories.size(), empty);
  for (const CocoAnnotation& row : instances.annotations) {
    out[static_cast<size_t>(row.category)][static_cast<size_t>(row.picture)].truth.push_back(
        {row.box, row.area, row.is_crowd, std::numeric_limits<float>::quiet_NaN()});
  }
  return out;
}

DetectionsResult RunOnCoco(const ScoreDetectionsOptions& options, bool check_only) {
  const CocoInstances instances = ReadCocoInstances(options.ground_truth);
  DetectionsResult result;
  result.benchmark = "COCO";
  result.rules = options.rules;
  result.warnings = instances.warnings;
  result.sequences = {options.ground_truth.stem().string()};
  for (const CocoCategory& category : instances.categories) result.classes.push_back(category.name);
  const std::optional<size_t> scored = ChooseClass(instances, options.class_name);
  if (scored) {
    result.scored_class = result.classes[*scored];
  } else {
    result.warnings.emplace_back(
        "several classes and none is a person: what is not AP or AR needs --class");
  }
  struct Results {
    std::string name;
    fs::path file;
    CocoDetections rows;
  };
  std::vector<Results> files;
  for (const fs::path& path : options.detections) {
    if (path.extension() != ".json") {
      ThrowUsage(
          "--detections {}: expected COCO's results (.json), as the ground truth is COCO's\n  "
          "hint: reidbench convert makes MOT text of the ground truth",
          path.string());
    }
    files.push_back({path.stem().string(), path, ReadCocoDetections(path, instances)});
    const std::vector<std::string>& warnings = files.back().rows.warnings;
    result.warnings.insert(result.warnings.end(), warnings.begin(), warnings.end());
  }
  MakeNamesUnique(&files, [](const Results& results) { return results.file.string(); });
  if (check_only) return result;
  const std::vector<std::vector<DetectionPicture>> truth = PicturesOfTruth(instances);
  std::vector<DetectorCounts> detectors;
  for (const Results& results : files) {
    std::vector<std::vector<DetectionPicture>> pictures = truth;
    for (const CocoDetection& row : results.rows.detections) {
      pictures[static_cast<size_t>(row.category)][static_cast<size_t>(row.picture)]
          .detections.push_back({row.box, row.score});
    }
    DetectionCounts counts;
    counts.coco.resize(pictures.size());
    ParallelFor(static_cast<int64_t>(pictures.size()), [&](int64_t k) {
      const auto c = static_cast<size_t>(k);
      for (const DetectionPicture& picture : pictures[c])
        CountCoco(picture, options.rules.max_detections, &counts.coco[c]);
    });
    if (scored) {
      DetectionCounter counter(options.rules);
      for (const DetectionPicture& picture : pictures[*scored]) counter.Add(picture, &counts);
    }
    detectors.push_back({results.name, {}});
    detectors.back().sequences.push_back(std::move(counts));
  }
  FinishResult(detectors, options, &result);
  return result;
}

}  // namespace

DetectionsResult RunScoreDetections(const ScoreDetectionsOptions& options, bool check_only) {
  if (options.detections.empty())
    ThrowUsage("--detections: expected at least one file or folder of detections");
  if (options.rules.max_detections < 1) {
    ThrowUsage("--max-detections {}: expected 1 or more", options.rules.max_detections);
  }
  if (const auto violations = options.bootstrap.Validate(); !violations.empty())
    ThrowUsage("--bootstrap: {}", JoinText(violations, "; "));
  return options.ground_truth.extension() == ".json" ? RunOnCoco(options, check_only)
                                                     : RunOnMot(options, check_only);
}

}  // namespace reidbench
