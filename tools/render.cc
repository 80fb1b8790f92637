// reidbench render: tracks over the frames of their sequence, as a video or pictures; plain and
// corrected side by side; a clip of every switch.
#include "reidbench/jobs/render/render.h"

#include <fmt/core.h>

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/jobs/render/render_report.h"

using namespace reidbench;

int main(int argc, char** argv) {
  RenderStageOptions options;

  Command command(
      "render", "Draws tracks over the frames of their sequence, as a video or pictures.",
      "reidbench render --sequence MOT17-02 --tracks plain/MOT17-02.txt --output plain.mp4\n"
      "reidbench render --sequence MOT17-02 --tracks plain/MOT17-02.txt --versus "
      "corrected/MOT17-02.txt --gt MOT17-02 --output versus.mp4\n"
      "reidbench render --sequence MOT17-02 --tracks plain/MOT17-02.txt --gt MOT17-02 "
      "--clip-switches clips/");
  command.Output(OutputRole::kMade, "Video (.mp4) to write, or folder for pictures");
  command.Option(
      "--sequence", &options.sequence,
      "Folder of the sequence: seqinfo.ini and its pictures (img1/000001.jpg); or a video");
  command.Option("--tracks", &options.tracks, "Result file of the sequence");
  command.Option("--versus", &options.corrected,
                 "Corrected tracks, the same boxes with other ids: shown to the right");
  command.Option("--gt", &options.ground_truth,
                 "Ground truth: the sequence's folder or its gt.txt. One colour a person, a ring "
                 "at each switch (red) and repair (green). Without it ids are all that is known");
  command.Option("--benchmark", &options.benchmark,
                 "With --gt, rules by which boxes belong to persons: mot15, mot17, mot20, ...");
  command.Group("What is written");
  command.Option("--clip-switches", &options.clips,
                 "Folder for a short video of every switch, named by frame, person and cause");
  command.Option("--clip-seconds", &options.clip_seconds, "Length before and after the switch");
  command.Option("--frames", &options.frames, "A-B: only these frames, counted from 1");
  command.Option("--scale", &options.scale, "Size of the pictures, 1 = as they are");
  command.Option("--fps", &options.frame_rate, "Frame rate of the video; 0 = that of seqinfo.ini");
  command.Choice("--codec", &options.codec, {"auto", "h264", "mpeg4"}, "Of videos");
  command.Choice("--picture", &options.picture, {"jpg", "png"}, "Of an --output that is a folder");
  command.Option("--trail", &options.trail_seconds,
                 "Seconds for which the way of everybody's feet is drawn");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    if (options.ground_truth.empty() && command.WasGiven("--benchmark"))
      ThrowUsage("--benchmark belongs to --gt");
    RenderStageResult result;
    {
      Progress progress("render", "frames", common.quiet);
      result = RunRender(options, common.dry_run,
                         [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(common,
                {.json = [&] { return RenderRenderJson(result); },
                 .csv = [&] { return RenderRenderTable(result, TableFormat::kCsv); },
                 .tables = [&](TableFormat format) { return RenderRenderTable(result, format); }});
    return kExitOk;
  });
}
