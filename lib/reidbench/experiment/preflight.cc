#include "reidbench/experiment/preflight.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/experiment/process.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

class Checker {
 public:
  Checker(const ExperimentPlan& plan, const std::vector<StageKey>& keys,
          const PreflightContext& context)
      : plan_(plan), keys_(keys), context_(context), scratch_(context.scratch) {
    WriteFileAtomically(scratch_.path() / "probe.txt", "1,-1,10,10,20,40,0.9,-1,-1,-1\n");
  }

  void CheckAll() {
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      if (context_.is_cached(keys_[i].key)) continue;
      CheckOptions(i);
      if (IsSource(plan_.stages[i])) CheckInput(i);
    }
    if (ScoresAreMissing()) {
      for (const ExperimentStage& check : plan_.checks)
        Ask(check,
            CommandWords(
                check, ProgramOf(check), [](size_t) { return fs::path(); },
                scratch_.path() / "own"),
            true);
    }
    if (errors_.empty()) return;
    const std::string all = JoinText(errors_, "\n");
    if (config_is_wrong_) ThrowConfig("{}", all);
    ThrowInput("{}", all);
  }

 private:
  bool ScoresAreMissing() const {
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      if (plan_.stages[i].command == "score" && !context_.is_cached(keys_[i].key)) return true;
    }
    return false;
  }

  // Reads only the user's files.
  static bool IsSource(const ExperimentStage& stage) { return stage.Dependencies().empty(); }

  fs::path ProgramOf(const ExperimentStage& stage) const {
    return context_.programs / ("reidbench-" + stage.command);
  }

  std::vector<std::string> DryRunWords(size_t i) const {
    std::vector<std::string> words = CommandWords(
        plan_.stages[i], ProgramOf(plan_.stages[i]),
        [this](size_t) { return scratch_.path() / "artifact"; }, scratch_.path() / "own");
    words.emplace_back("--dry-run");
    return words;
  }

  // The same check is made once, whatever files it is about.
  bool IsNew(const std::string& kind, const ExperimentStage& stage) {
    std::vector<std::string> words = {kind, stage.command};
    for (const StageArgument& argument : stage.arguments) {
      if (argument.kind == StageArgument::Kind::kWord) words.push_back(argument.text);
      if (argument.kind == StageArgument::Kind::kInput && IsFile(argument.path) &&
          stage.command != "track")
        words.push_back(argument.path.string());
    }
    return done_.insert(JoinText(words, "\n")).second;
  }

  // A dry run with files that do not exist: only what it says of options counts.
  void CheckOptions(size_t i) {
    const ExperimentStage& stage = plan_.stages[i];
    if (!IsNew("options", stage)) return;
    if (stage.command == "track" && !HasView(stage)) {
      // Its trackers know their own options; one made-up detection makes them look.
      Ask(stage, ProbeWords(i), false);
    } else {
      Ask(stage, DryRunWords(i), false);
    }
  }

  static bool HasView(const ExperimentStage& stage) {
    return std::any_of(stage.arguments.begin(), stage.arguments.end(), [](const auto& argument) {
      return argument.kind == StageArgument::Kind::kView;
    });
  }

  // The track command with the probe instead of its detections.
  std::vector<std::string> ProbeWords(size_t i) const {
    ExperimentStage probe = plan_.stages[i];
    std::vector<StageArgument> kept;
    bool detections = false;
    for (const StageArgument& argument : probe.arguments) {
      if (argument.kind == StageArgument::Kind::kWord) {
        detections = argument.text == "--detections";
        kept.push_back(argument);
        if (detections) kept.push_back(Word((scratch_.path() / "probe.txt").string()));
      } else if (!detections) {
        kept.push_back(argument);
      }
    }
    probe.arguments = std::move(kept);
    std::vector<std::string> words = CommandWords(
        probe, ProgramOf(probe), [](size_t) { return fs::path(); }, scratch_.path() / "own");
    words.emplace_back("--dry-run");
    return words;
  }

  void CheckInput(size_t i) {
    const ExperimentStage& stage = plan_.stages[i];
    if (stage.command == "track") {
      // Reading the detections once is enough, whichever tracker does it.
      std::vector<std::string> read;
      for (const StageArgument& argument : stage.arguments) {
        if (argument.kind == StageArgument::Kind::kInput) read.push_back(argument.path.string());
      }
      if (!done_.insert("detections\n" + JoinText(read, "\n")).second) return;
    } else if (!IsNew("input", stage)) {
      return;
    }
    Ask(stage, DryRunWords(i), true);
  }

  void Ask(const ExperimentStage& stage, const std::vector<std::string>& words, bool input_counts) {
    const fs::path out = scratch_.path() / "stdout.txt";
    const fs::path err = scratch_.path() / "stderr.txt";
    fs::create_directories(scratch_.path() / "own");
    const ProcessResult result = RunProcess(words, out, err);
    if (result.exit_code == kExitOk || result.exit_code == kExitCheckFailed) return;
    if (result.exit_code == kExitInput && !input_counts) return;
    if (result.exit_code == kExitUsage) config_is_wrong_ = true;
    std::string message(Trim(ReadFileText(err)));
    if (const size_t at = message.find("error: "); at != std::string::npos)
      message.erase(0, at + 7);
    // One message may come from several checks of one stage, or of stages that share it.
    const std::string prefix = stage.id + ": ";
    if (messages_.insert(message).second) errors_.push_back(prefix + message);
  }

  const ExperimentPlan& plan_;
  const std::vector<StageKey>& keys_;
  const PreflightContext& context_;
  ScratchFolder scratch_;
  std::set<std::string> done_;
  std::set<std::string> messages_;
  std::vector<std::string> errors_;
  bool config_is_wrong_ = false;
};

}  // namespace

void RequirePrograms(const ExperimentPlan& plan, const fs::path& programs) {
  std::set<std::string> missing;
  std::vector<ExperimentStage> all = plan.stages;
  all.insert(all.end(), plan.checks.begin(), plan.checks.end());
  for (const ExperimentStage& stage : all) {
    if (::access((programs / ("reidbench-" + stage.command)).c_str(), X_OK) != 0)
      missing.insert("reidbench-" + stage.command);
  }
  if (missing.empty()) return;
  const std::vector<std::string> names(missing.begin(), missing.end());
  ThrowUsage(
      "{} not found in {}: build and install {} (train needs "
      "-DREIDBENCH_TORCH=ON)",
      JoinText(names, ", "), programs.string(), names.size() == 1 ? "it" : "them");
}

void Preflight(const ExperimentPlan& plan, const std::vector<StageKey>& keys,
               const PreflightContext& context) {
  Checker(plan, keys, context).CheckAll();
}

}  // namespace reidbench
