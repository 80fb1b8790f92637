// reidbench score-detections: ground truth and detections -> AP, miss rate, JI, MODA, and what is
// wrong with a detector.
#include "reidbench/jobs/score_detections/score_detections.h"

#include "mot_rules.h"
#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/results/detections.h"

using namespace reidbench;

int main(int argc, char** argv) {
  ScoreDetectionsOptions options;
  options.bootstrap.resamples = 0;
  bool no_preprocessing = false;

  Command command(
      "score-detections",
      "Scores detections against ground truth: COCO's AP, miss rate, JI, MODA, kinds of errors, "
      "best thresholds.",
      "reidbench score-detections --gt MOT17/train --detections det/ --benchmark MOT17\n"
      "reidbench score-detections --gt MOT17/train --detections a/ --detections b/ --bootstrap "
      "1000\n"
      "reidbench score-detections --gt instances.json --detections results.json --format json");
  command.Option("--gt", &options.ground_truth,
                 "Folder of sequences (SEQ/gt/gt.txt), one sequence, one gt file, TrackEval's "
                 "gt/mot_challenge, or COCO's instances (.json)");
  command.Option("--detections", &options.detections,
                 "Folder with SEQ/det/det.txt, SEQ/det.txt or SEQ.txt, one file, or COCO's results "
                 "(.json); SEQ/det/NAME/det.txt are several detectors; may be repeated");
  command.Group("Rules");
  AddMotRules(&command, &options.benchmark, &options.split, &options.seqmap);
  command.Flag("--no-preprocessing", &no_preprocessing,
               "Count all marked ground truth and forgive nothing");
  command.Option("--class", &options.class_name,
                 "Category of COCO's files that all but AP and AR is about; person, pedestrian or "
                 "the only one unless given");
  command.Option("--max-detections", &options.rules.max_detections,
                 "Best detections of a picture that COCO's AP and AR look at");
  command.Option("--min-score", &options.rules.least_score,
                 "Detections below do not count for MODA, MODP, recall and precision; AP, miss "
                 "rate and JI look at all");
  command.Group("Statistics");
  command.Option(
      "--bootstrap", &options.bootstrap.resamples,
      "Resamples of confidence intervals and of the paired test between detectors, over sequences; "
      "0 = none");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    if (options.ground_truth.empty())
      ThrowUsage("--gt is missing: the ground truth file or folder");
    if (options.detections.empty())
      ThrowUsage("--detections is missing: the detection file or folder");
    options.preprocess = !no_preprocessing;
    options.bootstrap.seed = common.seed;
    const DetectionsResult result = RunScoreDetections(options, common.dry_run);
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(
        common,
        {.json = [&] { return RenderDetectionsJson(result); },
         .csv = [&] { return RenderDetectionsCsv(result); },
         .tables = [&](TableFormat format) { return RenderDetectionsTables(result, format); }});
    return kExitOk;
  });
}
