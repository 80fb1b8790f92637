// reidbench profile: what this machine does per second, and how many cameras that is.
#include "reidbench/jobs/profile/profile.h"

#include <algorithm>

#include "reidbench/cli/command.h"
#include "reidbench/cli/progress.h"
#include "reidbench/cli/render.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/profiling/host.h"
#include "reidbench/results/plan.h"
#include "reidbench/results/profile.h"
#include "reidbench/results/report_page.h"

namespace {

using namespace reidbench;

// "decode,embed" or several values.
std::vector<std::string> SplitList(const std::vector<std::string>& values) {
  std::vector<std::string> items;
  for (const std::string& value : values) {
    for (const std::string_view part : SplitText(value, ',')) {
      if (!Trim(part).empty()) items.emplace_back(Trim(part));
    }
  }
  return items;
}

// A real run shows something only about the machine that was measured.
void RequireThisMachine(const MachineProfile& profile, const std::filesystem::path& file,
                        int threads) {
  const HostContext here = ReadHostContext();
  const int cores = threads > 0 ? std::min(threads, here.logical_cores) : here.logical_cores;
  if (profile.host.cpu == here.cpu && profile.host.logical_cores == cores) return;
  ThrowUsage(
      "--validate: {} is of {} cores of '{}', the work would be done on {} of '{}'; leave "
      "--profile "
      "out to measure this machine",
      file.string(), profile.host.logical_cores, profile.host.cpu, cores, here.cpu);
}

MachineProfile LoadProfile(const std::filesystem::path& path) {
  return ParseProfileJson(ReadFileText(path), path.string());
}

}  // namespace

int main(int argc, char** argv) {
  ProfileOptions options;
  ValidationOptions validation;
  std::vector<std::string> stages, architectures, workload_options;
  std::filesystem::path workload, profile_file, edge_file, page;
  bool validate = false;

  Command command(
      "profile",
      "Measures this machine stage by stage against its own peaks; with --plan, says how many "
      "cameras it holds.",
      "reidbench profile --format json --output machine.json\n"
      "reidbench profile --quick --stages decode,embed\n"
      "reidbench profile --plan shop --option people_per_frame=12 --profile machine.json\n"
      "reidbench profile --plan workload.yaml --validate");
  command.Group("Measure");
  command.Option("--stages", &stages,
                 "Some of " + JoinText(ProfileStageNames(), ", ") + ", with commas between");
  command.Flag("--quick", &options.quick, "Fewer variants, shorter looks: about 15 s");
  command.Option("--weights", &options.weights,
                 "Network to measure: a torch checkpoint or ONNX; without, random weights");
  command.Option("--architectures", &architectures,
                 "Networks to measure without --weights; osnet_x0_25 to osnet_x1_0 by default");
  command.Option("--engine", &options.engine, "onednn or libtorch; auto or all: all that run here");
  command.Option("--precision", &options.precision, "fp32 or bf16; auto: all that run here");
  command.Group("Plan");
  command.Option("--plan", &workload,
                 "Workload: a YAML file, or a name of configs/profile; measures what it needs");
  command.Option("--option", &workload_options,
                 "key=value over the workload, such as people_per_frame=12; may be repeated");
  command.Option("--profile", &profile_file,
                 "Plan from this profile (--format json) instead of measuring");
  command.Option("--edge-profile", &edge_file,
                 "Profile of the machine beside each camera; without, of the server's kind");
  command.Flag("--validate", &validate,
               "Also do the work at its pace on this machine; exit code 1 when the plan is off");
  command.Option("--seconds", &validation.seconds, "With --validate: of each paced run");
  command.Group("Report");
  command.OutputFile("--html", &page, "Also write a report page");

  return command.Run(argc, argv, [&](const CommonOptions& common) {
    options.stages = SplitList(stages);
    if (options.engine == "all") options.engine = "auto";
    options.architectures = SplitList(architectures);
    options.threads = common.threads;
    options.seed = common.seed;
    const bool planning = !workload.empty();
    if (!planning) {
      for (const char* flag :
           {"--option", "--profile", "--edge-profile", "--validate", "--seconds"}) {
        if (command.WasGiven(flag)) ThrowUsage("{} belongs to --plan", flag);
      }
    } else {
      for (const char* flag :
           {"--stages", "--architectures", "--weights", "--engine", "--precision"}) {
        if (command.WasGiven(flag))
          ThrowUsage("{} does not go with --plan: the workload says what is used", flag);
      }
    }
    if (!options.weights.empty() && !options.architectures.empty())
      ThrowUsage("--architectures does not go with --weights: the file says which it is");
    if (validation.seconds < 0.2 || validation.seconds > 60)
      ThrowUsage("--seconds: expected 0.2 to 60, found {}", validation.seconds);

    std::optional<MachineProfile> server, edge;
    if (planning) {
      options.workload = LoadWorkload(workload, workload_options);
      if (!profile_file.empty()) server = LoadProfile(profile_file);
      if (!edge_file.empty()) edge = LoadProfile(edge_file);
    }
    if (server && validate) RequireThisMachine(*server, profile_file, common.threads);
    EngineProvider engines;
    if (!server || validate)
      engines = EnginesHere(planning ? options.workload->engine : options.engine);
    if (!server) {
      Progress progress("profile", "variants", common.quiet);
      server = RunProfile(
          options, engines, common.dry_run,
          [&](int64_t done, int64_t total, const std::string&) { progress.Update(done, total); });
    }
    if (common.dry_run) {
      if (!profile_file.empty()) MakePlan(*server, edge ? &*edge : nullptr, *options.workload);
      return FinishDryRun(common);
    }
    for (const std::string& warning : server->warnings) PrintWarning(warning);
    std::vector<ReportPart> parts = {{"profile", RenderProfileJson(*server)}};
    int code = kExitOk;
    if (!planning) {
      WriteResult(
          common,
          {.json = [&] { return RenderProfileJson(*server); },
           .csv = [&] { return RenderProfileCsv(*server); },
           .tables = [&](TableFormat format) { return RenderProfileTables(*server, format); }});
    } else {
      Plan plan = MakePlan(*server, edge ? &*edge : nullptr, *options.workload);
      if (validate) {
        validation.workload = *options.workload;
        validation.threads = common.threads;
        validation.seed = common.seed;
        Progress progress("profile", "paced runs", common.quiet);
        plan.validation =
            ValidatePlan(*server, validation, engines,
                         [&](int64_t done, int64_t total) { progress.Update(done, total); });
        if (!plan.validation->within) code = kExitCheckFailed;
      }
      parts.push_back({"plan", RenderPlanJson(plan)});
      WriteResult(common,
                  {.json = [&] { return RenderPlanJson(plan); },
                   .csv = [&] { return RenderPlanCsv(plan); },
                   .tables = [&](TableFormat format) { return RenderPlanTables(plan, format); }});
    }
    if (!page.empty())
      WriteFileAtomically(page, RenderReportPage(planning ? "Plan" : "Machine profile", parts));
    return code;
  });
}
