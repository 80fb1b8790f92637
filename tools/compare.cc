// reidbench compare: plain against corrected tracks -> what correction won, how sure that is, how
// much more could be won, and why identities still switch.
#include "reidbench/jobs/compare/compare.h"

#include "mot_rules.h"
#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/results/compare.h"
#include "reidbench/results/compare_page.h"

using namespace reidbench;

int main(int argc, char** argv) {
  CompareStageOptions options;
  bool no_preprocessing = false;
  int block_frames = -1;
  std::filesystem::path switches, page, pictures;
  int64_t picture_kib = 3072;
  ComparePageOptions page_options;

  Command command(
      "compare",
      "Compares plain with corrected tracks: scores, intervals, ceilings, identity switches.",
      "reidbench compare --gt MOT17/train --plain tracks/ --corrected corrected/\n"
      "reidbench compare --gt gt.txt --plain plain.txt --corrected corrected.txt --benchmark "
      "mot15\n"
      "reidbench compare --gt GT --plain tracks/ --corrected all/ --ablation split=split/ "
      "--ablation motion=motion/ --interpolated all/interpolated/ --format md");
  command.Option("--gt", &options.ground_truth,
                 "Folder of sequences (SEQ/gt/gt.txt), one sequence, one gt file, or TrackEval's "
                 "gt/mot_challenge");
  command.Option("--plain", &options.plain,
                 "Tracks before correction: a folder with SEQ.txt (or data/SEQ.txt), or a file");
  command.Option("--corrected", &options.corrected,
                 "Tracks after it: the same boxes with other ids");
  command.Option("--ablation", &options.ablation,
                 "NAME=FOLDER: a step between the two, in the order of the steps; may be repeated");
  command.Option("--interpolated", &options.interpolated,
                 "The corrected tracks with gaps filled: booked as a step of its own");
  command.Flag("--allow-interpolated", &options.allow_interpolated,
               "Accept boxes in --corrected and --ablation that the plain tracks do not have");
  command.Group("Rules");
  AddMotRules(&command, &options.benchmark, &options.split, &options.seqmap);
  command.Flag("--no-preprocessing", &no_preprocessing,
               "Score all marked ground truth and forgive nothing (TrackEval's DO_PREPROC False)");
  command.Group("Statistics");
  command.Option("--bootstrap", &options.bootstrap.resamples,
                 "Resamples of intervals and of the paired test; 0 = none");
  command.Option("--block-frames", &block_frames,
                 "Resample blocks of so many frames; 0 = whole sequences; -1 = sequences where "
                 "there are 6 or more, else blocks of 50");
  command.Group("Output");
  command.OutputFile(
      "--switches", &switches,
      "Also write every identity switch with its cause and status into this CSV file");
  command.OutputFile("--html", &page,
                     "Also write a report page: one file to look at, with every switch and who had "
                     "which id when");
  command.Option("--frames", &page_options.frames,
                 "With --html or --pictures: folder of the video's frames (SEQ/img1/000001.jpg), "
                 "for pictures of the switches");
  command.Option("--decisions", &page_options.decisions,
                 "With --html: decisions.json of `reidbench relink`, the evidence beside each "
                 "switch; unless given, that of the folder --corrected");
  command.OutputFile("--pictures", &pictures,
                     "Also write the pictures of the switches alone, as the JSON that pages hold");
  command.Option("--picture-kib", &picture_kib,
                 "Limit of all pictures together, KiB; switches that correction changed come "
                 "first");
  command.Flag("--timelines", &options.timelines,
               "JSON only: also which id each person had when, and the boxes of every switch");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    if (options.ground_truth.empty())
      ThrowUsage("--gt is missing: the ground truth file or folder");
    if (block_frames < -1) ThrowUsage("--block-frames {}: expected -1 or more", block_frames);
    if (block_frames >= 0) options.block_frames = block_frames;
    options.preprocess = !no_preprocessing;
    options.bootstrap.seed = common.seed;
    if (!pictures.empty() && page_options.frames.empty())
      ThrowUsage("--pictures needs --frames FOLDER: the video's frames");
    if (pictures.empty() && page.empty() && !page_options.frames.empty()) {
      ThrowUsage("--frames belongs to --html FILE or --pictures FILE");
    }
    if (page.empty() && !page_options.decisions.empty())
      ThrowUsage("--decisions belongs to --html FILE");
    if (picture_kib < 0) ThrowUsage("--picture-kib {}: expected 0 or more", picture_kib);
    page_options.max_picture_bytes = static_cast<size_t>(picture_kib) << 10;
    if (page_options.decisions.empty()) {
      const std::filesystem::path own = options.corrected / "decisions.json";
      if (IsFile(own)) page_options.decisions = own;
    }
    if (!page_options.frames.empty() && !IsFolder(page_options.frames))
      ThrowIo("--frames {}: expected a folder, found none", page_options.frames.string());
    const bool list_timelines = options.timelines;
    options.timelines = options.timelines || !page.empty();
    CompareStageResult result = RunCompare(options, common.dry_run);
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    if (!switches.empty()) WriteFileAtomically(switches, RenderComparedSwitches(result));
    if (!page.empty()) WriteFileAtomically(page, RenderComparePage(result, page_options));
    if (!pictures.empty())
      WriteFileAtomically(pictures, RenderSwitchPictures(result, page_options));
    result.has_timelines = list_timelines;  // of the JSON
    WriteResult(
        common,
        {.json = [&] { return RenderCompareJson(result); },
         .csv = [&] { return RenderCompareCsv(result); },
         .tables = [&](TableFormat format) { return RenderCompareTables(result, format); }});
    return kExitOk;
  });
}
