// reidbench check --weights W --engines: what `reidbench check` runs for that, in a program of its
// own because it starts LibTorch.
#include "reidbench/jobs/engines/engines.h"

#include "reidbench/cli/command.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/networks/osnet.h"

int main(int argc, char** argv) {
  using namespace reidbench;
  EnginesOptions options;
  bool engines = true;

  Command command("check",
                  "Runs every engine on the same images. Exit code 1 when one differs from "
                  "LibTorch by more than its precision allows.",
                  "reidbench check --weights osnet_x0_25_msmt17.pth --engines\n"
                  "reidbench check --weights osnet_x0_25_msmt17.pth --engines --images crops/");
  command.Option("--weights", &options.weights, "Weights file: torch checkpoint or ONNX");
  command.Flag("--engines", &engines, "Compare the engines");
  command.Option("--images", &options.images,
                 "Images, or folders of them; without, pictures are generated from --seed");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    if (options.weights.empty())
      ThrowUsage("--weights is missing: name the torch checkpoint or ONNX file to compute with");
    options.seed = common.seed;
    if (common.dry_run) {
      LoadOsnetWeights(options.weights);
      return FinishDryRun(common);
    }
    const EnginesResult result = CompareEngines(options);
    WriteResult(common,
                {.json = [&] { return RenderEnginesJson(result); },
                 .csv = [&] { return RenderEnginesTable(result, TableFormat::kCsv); },
                 .tables = [&](TableFormat format) { return RenderEnginesTable(result, format); }});
    return result.ok() ? kExitOk : kExitCheckFailed;
  });
}
