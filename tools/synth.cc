// reidbench synth: a synthetic world with videos, ground truth, detections and a re-ID set.
#include "reidbench/jobs/synth/synth.h"

#include <cmath>
#include <deque>
#include <optional>

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/results/synth.h"

using namespace reidbench;

namespace {

// What was given for one knob; the rest is the scene's default.
struct GivenKnob {
  const SynthKnob* knob;
  std::optional<double> real;
  std::optional<int> whole;
};

std::string FlagOf(const char* name) {
  std::string flag = std::string("--") + name;
  for (char& c : flag) {
    if (c == '_') c = '-';
  }
  return flag;
}

}  // namespace

int main(int argc, char** argv) {
  std::string scene = "mall";
  std::vector<double> frame_rate;
  bool perfect = false;
  bool hide_clocks = false;
  bool sketch = false;
  std::deque<GivenKnob> given;

  Command command("synth",
                  "Makes a synthetic world in the folder --output: videos of 1 to 16 cameras with "
                  "ground truth and detections, and a re-ID set.",
                  "reidbench synth --output world/\n"
                  "reidbench synth --config configs/synth/mall.yaml --seed 7 --output world/\n"
                  "reidbench synth --scene corridor --cameras 1 --frames 300 --output world/");
  command.Output(OutputRole::kMade, "Folder for the world");
  command.Choice("--scene", &scene, SynthScenes(), "Floor plan; sets the defaults of all below");
  std::string group;
  for (const SynthKnob& knob : SynthKnobs()) {
    if (group != knob.group) command.Group(group = knob.group);
    GivenKnob& value = given.emplace_back(GivenKnob{&knob, {}, {}});
    const std::string help = fmt::format("{} ({:g}..{:g})", knob.help, knob.low, knob.high);
    if (knob.whole != nullptr) {
      command.Option(FlagOf(knob.name), &value.whole, help);
    } else {
      command.Option(FlagOf(knob.name), &value.real, help);
    }
    if (std::string_view(knob.name) == "frames") {
      command.Option("--frame-rate", &frame_rate,
                     "Frames per second: of all cameras, or of each (0.5..60)");
    }
    if (std::string_view(knob.name) == "calibration_error") {
      command.Flag("--hide-clocks", &hide_clocks, "site.yaml does not say the clocks");
      command.Flag("--sketch", &sketch,
                   "No pictures: boxes by projection, embeddings drawn beside them in features/");
    }
    if (std::string_view(knob.name) == "jitter")
      command.Flag("--perfect-detections", &perfect, "The true boxes instead of a detector's");
  }

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    SynthStageOptions options;
    options.world = SynthSceneDefaults(scene);
    options.world.seed = common.seed;
    bool density = false, people = false;
    for (const GivenKnob& value : given) {
      if (value.real) value.knob->Set(&options.world, *value.real);
      if (value.whole) value.knob->Set(&options.world, *value.whole);
      density = density || (value.real && std::string_view(value.knob->name) == "density");
      people = people ||
               (value.whole.value_or(0) != 0 && std::string_view(value.knob->name) == "people");
    }
    if (!frame_rate.empty()) options.world.frame_rate = frame_rate;
    options.world.perfect_detections = perfect;
    options.world.hide_clocks = hide_clocks;
    options.world.sketch = sketch;
    options.output = common.output;
    options.force = common.force;
    SynthStageResult result;
    {
      Progress progress("synth", "pictures", common.quiet);
      result = RunSynth(options, common.dry_run,
                        [&](int64_t done, int64_t total) { progress.Update(done, total); });
    }
    for (const std::string& note : result.notes) PrintNote(common, note);
    if (density && people) PrintNote(common, "people is set, so density does not count");
    if (common.dry_run) return FinishDryRun(common);
    WriteResult(common,
                {.json = [&] { return RenderSynthJson(result); },
                 .csv = [&] { return RenderSynthCsv(result); },
                 .tables = [&](TableFormat format) { return RenderSynthTables(result, format); }});
    return kExitOk;
  });
}
