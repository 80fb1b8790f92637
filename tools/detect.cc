// reidbench detect: pictures -> people, by an ONNX detector.
#include "reidbench/jobs/detect/detect.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/results/detect.h"

using namespace reidbench;

int main(int argc, char** argv) {
  DetectStageOptions options;
  std::string input_size;

  Command command("detect",
                  "Finds people in sequences and videos by any ONNX detector; writes SEQ/det.txt "
                  "into --output.",
                  "reidbench detect --frames MOT17/train --detector yolox_m.onnx --output det/\n"
                  "reidbench detect --frames walk.mp4 --detector person-detection-0203.onnx "
                  "--output det/\n"
                  "reidbench detect --frames walk.mp4 --detector mine.onnx --detector-config "
                  "mine.yaml --output det/");
  command.Output(OutputRole::kMade, "Folder for SEQ/det.txt");
  command.Option("--frames", &options.frames,
                 "A MOTChallenge sequence, a folder of such, a folder of frames, or a video; may "
                 "be repeated");
  command.Option("--every", &options.every, "Look at every n-th frame only, from the first on");
  command.Group("Detector");
  command.Option("--detector", &options.detector.weights, "The network, an ONNX file");
  command.Option("--detector-config", &options.detector.config,
                 "How pictures are given to it and its outputs read: a YAML file, or a name of "
                 "configs/detectors (else recognised)");
  command.Choice("--engine", &options.detector.engine, {"onednn", "reference"},
                 "What computes it; reference: plain loops, slow, to hold the other against");
  command.Option("--input-size", &input_size,
                 "WIDTHxHEIGHT of the pictures given to a network that takes any, px (else the "
                 "description's, or 640x640)");
  command.Option("--score-threshold", &options.detector.score,
                 "Least score of a box, 0..1 (else the description's)");
  command.Option("--nms-iou", &options.detector.iou,
                 "Overlap above which two boxes are one, 0..1 (else the description's)");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.output = common.output;
    options.force = common.force;
    if (options.frames.empty())
      ThrowUsage("--frames is missing: a sequence, a folder of frames or a video");
    if (options.detector.weights.empty())
      ThrowUsage("--detector is missing: the ONNX file of a person detector");
    if (options.output.empty() && !common.dry_run)
      ThrowUsage("--output is missing: the folder for SEQ/det.txt");
    for (const auto& [flag, value] : {std::pair{"--score-threshold", options.detector.score},
                                      std::pair{"--nms-iou", options.detector.iou}}) {
      if (value && !(*value >= 0 && *value <= 1)) ThrowUsage("{} {}: expected 0..1", flag, *value);
    }
    if (!input_size.empty()) {
      const std::vector<std::string_view> sides = SplitText(input_size, 'x');
      const auto side = [&](size_t i) {
        return i < sides.size() ? ParseInt(sides[i]).value_or(0) : int64_t{0};
      };
      constexpr int64_t kMost = 1 << 14;
      if (sides.size() != 2 || side(0) < 1 || side(1) < 1 || side(0) > kMost || side(1) > kMost)
        ThrowUsage("--input-size {}: expected WIDTHxHEIGHT, such as 640x384", input_size);
      options.detector.width = static_cast<int>(side(0));
      options.detector.height = static_cast<int>(side(1));
    }
    DetectStageResult result;
    {
      Progress progress("detect", "frames", common.quiet);
      result = RunDetect(options, common.dry_run,
                         [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    for (const std::string& warning : result.warnings) PrintWarning(warning);
    if (common.dry_run) return FinishDryRun(common, result.recognised + "\n" + result.description);
    WriteResult(common,
                {.json = [&] { return RenderDetectJson(result); },
                 .csv = [&] { return RenderDetectCsv(result); },
                 .tables = [&](TableFormat format) { return RenderDetectTables(result, format); }});
    return kExitOk;
  });
}
