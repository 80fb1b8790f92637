// reidbench convert: boxes and tracks of one format -> another.
#include "reidbench/jobs/convert/convert.h"

#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/results/convert.h"

using namespace reidbench;

int main(int argc, char** argv) {
  ConvertStageOptions options;

  Command command(
      "convert",
      "Reads boxes and tracks of another program and writes them as MOT text, or the other way "
      "round; what is written is read back and compared.",
      "reidbench convert annotations.json --output gt/\n"
      "reidbench convert labels/ --from yolo --image-size 1920x1080 --output detections/\n"
      "reidbench convert tracks/ --to cvat --output cvat/\n"
      "reidbench convert result.txt --boxes corners --output fixed.txt");
  command.Output(OutputRole::kMade,
                 "File, where its name ends as the format's files do, or folder for files");
  command.Positional("INPUT", &options.input, "File, or folder with a file a sequence");
  command.Choice("--from", &options.from, FormatChoices(true),
                 "What the input is; auto tells it from its content");
  command.Choice("--to", &options.to, FormatChoices(false), "What to write");
  command.Choice("--rows", &options.rows, MotRowNames(),
                 "What MOT text holds: ground truth (mark, class, visibility), results or "
                 "detections");
  command.Flag("--strict", &options.strict,
               "What the format cannot hold is an error instead of a warning");
  command.Group("Boxes");
  command.Choice("--boxes", &options.boxes, BoxColumnNames(),
                 "What columns 3 to 6 of MOT rows say: left, top, width, height (size), left, top, "
                 "right, bottom (corners), or the centre and the size; relative: as shares of the "
                 "picture");
  command.Option("--scale", &options.scale, "Multiply every coordinate, such as 1.5 of a resize");
  command.Option("--image-size", &options.image_size,
                 "Size of the pictures, WIDTHxHEIGHT, where a format needs it");
  command.Option("--sequences", &options.sequences,
                 "Folder of sequences (or one) whose seqinfo.ini say size, length and frame rate");
  command.Option("--frame-offset", &options.frame_offset,
                 "Add this to every frame number (1 where frames of MOT rows count from 0)");
  command.Option("--classes", &options.classes,
                 "Keep these classes, by name or number, and rename: person, 2=car, none=person; * "
                 "keeps the rest");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    if (options.output.empty() && !common.dry_run)
      ThrowUsage("--output is missing: the file or folder to write");
    const ConvertStageResult result = RunConvert(options, common.dry_run);
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(
        common,
        {.json = [&] { return RenderConvertJson(result); },
         .csv = [&] { return RenderConvertCsv(result); },
         .tables = [&](TableFormat format) { return RenderConvertTables(result, format); }});
    return kExitOk;
  });
}
