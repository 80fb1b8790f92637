// reidbench score: ground truth and tracker results -> HOTA, CLEAR, Identity as TrackEval computes
// them.
#include "reidbench/jobs/score/score.h"

#include "mot_rules.h"
#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/jobs/score/score_site.h"
#include "reidbench/results/score.h"
#include "reidbench/results/site_score.h"
#include "reidbench/results/switches.h"

using namespace reidbench;

namespace {

// What is said about single cameras says nothing about a site, and the other way round.
void RefuseTogether(const Command& command, bool site) {
  for (const char* flag : {"--gt", "--benchmark", "--split", "--seqmap", "--no-preprocessing",
                           "--block-frames", "--trackeval-output", "--switches"}) {
    if (site && command.WasGiven(flag)) ThrowUsage("{} does not go with --site", flag);
  }
  for (const char* flag : {"--dialect", "--explain"}) {
    if (!site && command.WasGiven(flag)) ThrowUsage("{} needs --site", flag);
  }
}

int ScoreSite(const CommonOptions& common, const SiteScoreOptions& options) {
  const SiteScoreResult result = RunSiteScore(options, common.dry_run);
  for (const std::string& warning : result.warnings) PrintWarning(warning);
  if (common.dry_run) return FinishDryRun(common);
  WriteResult(
      common,
      {.json = [&] { return RenderSiteScoreJson(result); },
       .csv = [&] { return RenderSiteScoreCsv(result); },
       .tables = [&](TableFormat format) { return RenderSiteScoreTables(result, format); }});
  return kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  ScoreStageOptions options;
  options.bootstrap.resamples = 0;
  std::filesystem::path switches;
  bool no_preprocessing = false;
  SiteScoreOptions site;
  std::string dialects;

  Command command(
      "score", "Scores tracker results against ground truth, with TrackEval's numbers.",
      "reidbench score --gt MOT17/train --tracks tracks/ --benchmark MOT17\n"
      "reidbench score --gt gt.txt --tracks result.txt --benchmark MOT17 --format json\n"
      "reidbench score --gt MOT20/train --tracks raw/ --tracks corrected/ --benchmark MOT20 "
      "--bootstrap 1000\n"
      "reidbench score --gt gt.txt --tracks result.txt --switches switches.csv\n"
      "reidbench score --site site/ --tracks global/ --dialect duke,aicity");
  command.Option("--gt", &options.ground_truth,
                 "Folder of sequences (SEQ/gt/gt.txt), one sequence, one gt file, or TrackEval's "
                 "gt/mot_challenge");
  command.Option("--tracks", &options.tracks,
                 "Folder with SEQ.txt (or data/SEQ.txt), folder of such folders, or one result "
                 "file; may be repeated");
  command.Group("Several cameras");
  command.Option(
      "--site", &site.site,
      "Cameras that see the same people: a .yaml file, or a folder with CAMERA/gt.txt, ids "
      "global; --tracks is then a folder with CAMERA/pred.txt or CAMERA.txt");
  command.Option("--dialect", &dialects,
                 "Rules, separated by commas: duke, aicity, trackeval_concat, ...; all that the "
                 "data allow unless given");
  command.Flag("--explain", &site.explain,
               "Also apply every rule in which dialects differ alone: which moves the number");
  command.Group("Rules");
  AddMotRules(&command, &options.benchmark, &options.split, &options.seqmap);
  command.Flag("--no-preprocessing", &no_preprocessing,
               "Score all marked ground truth and forgive nothing (TrackEval's DO_PREPROC False)");
  command.Group("Statistics");
  command.Option(
      "--bootstrap", &options.bootstrap.resamples,
      "Resamples of confidence intervals and of the paired test between trackers; 0 = none");
  command.Option("--block-frames", &options.block_frames,
                 "Resample blocks of so many frames instead of whole sequences; 0 = sequences");
  command.Group("Output");
  command.Option(
      "--trackeval-output", &options.trackeval_output,
      "Also write TrackEval's <class>_summary.txt and <class>_detailed.csv into this folder");
  command.OutputFile(
      "--switches", &switches,
      "Also write every identity switch with its cause into this .csv or .json file");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    RefuseTogether(command, !site.site.empty());
    if (!site.site.empty()) {
      if (options.tracks.size() != 1)
        ThrowUsage("--site: expected one folder or file behind --tracks");
      site.tracks = options.tracks.front();
      if (!dialects.empty()) {
        for (const std::string_view name : SplitText(dialects, ','))
          site.dialects.emplace_back(Trim(name));
      }
      site.bootstrap.resamples = options.bootstrap.resamples;
      site.bootstrap.seed = common.seed;
      return ScoreSite(common, site);
    }
    if (options.ground_truth.empty())
      ThrowUsage("--gt is missing: the ground truth file or folder");
    if (options.tracks.empty()) ThrowUsage("--tracks is missing: the result file or folder");
    options.preprocess = !no_preprocessing;
    options.bootstrap.seed = common.seed;
    options.switches = !switches.empty();
    if (options.switches) CheckSwitchesFile(switches, common.force);
    options.force = common.force;
    const ScoreStageResult result = RunScore(options, common.dry_run);
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    if (!options.trackeval_output.empty())
      WriteTrackEvalFiles(result, options.trackeval_output, common.force);
    if (options.switches) WriteSwitches(result, switches, common.force);
    WriteResult(common,
                {.json = [&] { return RenderScoreJson(result); },
                 .csv = [&] { return RenderScoreCsv(result); },
                 .tables = [&](TableFormat format) { return RenderScoreTables(result, format); }});
    return kExitOk;
  });
}
