#include "reidbench/experiment/runner.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/system_info.h"
#include "reidbench/core/text.h"
#include "reidbench/experiment/preflight.h"
#include "reidbench/experiment/process.h"
#include "reidbench/experiment/run_record.h"
#include "reidbench/experiment/stage_cache.h"
#include "reidbench/results/run.h"
#include "reidbench/results/run_page.h"
#include "reidbench/results/schemas.h"
#include "reidbench/results/score.h"
#include "reidbench/results/sweep.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStdoutFile = "stdout.txt";
constexpr const char* kStderrFile = "stderr.txt";
constexpr useconds_t kPoll_us = 5000;
constexpr double kFlushRest = 10;  // least time between two writes of the record, in writes

enum class StageStatus { kWaiting, kRunning, kReused, kFinished, kFailed, kSkipped };

const char* StatusName(StageStatus status) {
  switch (status) {
    case StageStatus::kWaiting:
      return "waiting";
    case StageStatus::kRunning:
      return "running";
    case StageStatus::kReused:
      return "reused";
    case StageStatus::kFinished:
      return "finished";
    case StageStatus::kFailed:
      return "failed";
    case StageStatus::kSkipped:
      return "skipped";
  }
  return "waiting";
}

bool IsDone(StageStatus status) {
  return status == StageStatus::kReused || status == StageStatus::kFinished;
}

std::string LogOf(const fs::path& folder) {
  const fs::path file = folder / kStderrFile;
  return IsFile(file) ? ReadFileText(file) : std::string();
}

// The message of a command that left no result.
std::string FailureOf(const std::string& log, int exit_code) {
  const std::string_view text = Trim(log);
  const size_t error = text.find("error: ");
  std::string message(error == std::string_view::npos ? text : text.substr(error + 7));
  constexpr size_t kLongest = 4000;
  if (message.size() > kLongest) message.resize(kLongest);
  if (exit_code > 128) {
    const std::string end =
        fmt::format("ended by signal {} ({})", exit_code - 128, ::strsignal(exit_code - 128));
    return message.empty() ? end : fmt::format("{} ({})", message, end);
  }
  return message.empty() ? fmt::format("ended with exit code {} and no message", exit_code)
                         : message;
}

class Runner {
 public:
  Runner(const ExperimentSpec& spec, const RunnerOptions& options)
      : spec_(spec),
        options_(options),
        threads_(ResolveThreads(options.threads)),
        cache_(options.cache.empty() ? options.output / ".cache" : options.cache),
        fingerprints_(cache_.folder() / "hashes.txt") {}

  RunOutcome Run() {
    started_s_ = Now();
    LoadPlan();
    Preflight(plan_, keys_, Context());
    fingerprints_.Save();
    if (options_.dry_run) return {.record = PlanRecord(), .folder = {}, .exit_code = kExitOk};

    OpenRecord();
    if (!plan_.sequences_known) {
      // The world tells which sequences there are, so it is made before the rest is planned.
      ExecuteOnly(0);
      if (IsDone(status_[0])) LoadPlan();
    }
    if (plan_.sequences_known) Execute();
    return Finish();
  }

 private:
  PreflightContext Context() const {
    return {.programs = options_.programs,
            .scratch = cache_.folder(),
            .is_cached = [this](const std::string& key) { return Reusable(key); }};
  }

  bool Reusable(const std::string& key) const {
    return (options_.reuse || made_.contains(key)) && cache_.Has(key);
  }

  fs::path ProgramOf(const ExperimentStage& stage) const {
    return options_.programs / ("reidbench-" + stage.command);
  }

  // Plans as far as the world is known, and carries over what this run has already done.
  void LoadPlan() {
    plan_ = MakePlan(spec_, std::nullopt);
    RequirePrograms(plan_, options_.programs);
    if (spec_.world) {
      const StageKey key =
          ComputeStageKey(plan_.stages[0], {}, ProgramOf(plan_.stages[0]), &fingerprints_);
      if (Reusable(key.key)) plan_ = MakePlan(spec_, cache_.PathOf(key.key));
    }
    keys_.clear();
    for (const ExperimentStage& stage : plan_.stages)
      keys_.push_back(ComputeStageKey(stage, keys_, ProgramOf(stage), &fingerprints_));
    status_.assign(plan_.stages.size(), StageStatus::kWaiting);
    Json stages = Json::array();
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      Json entry = {{"id", plan_.stages[i].id},
                    {"command", plan_.stages[i].command},
                    {"key", keys_[i].key},
                    {"status", StatusName(StageStatus::kWaiting)}};
      if (const auto found = made_.find(keys_[i].key); found != made_.end()) {
        entry = found->second;
        status_[i] = StageStatus::kFinished;
      }
      stages.push_back(std::move(entry));
    }
    record_["stages"] = std::move(stages);
  }

  Json PlanRecord() const {
    Json stages = Json::array();
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      const auto words = WordsOf(i, cache_.PathOf(keys_[i].key));
      stages.push_back({{"id", plan_.stages[i].id},
                        {"command", plan_.stages[i].command},
                        {"key", keys_[i].key},
                        {"status", Reusable(keys_[i].key) ? "reused" : "run"},
                        {"command_line", words}});
    }
    return {{"schema", kRunPlanSchema},
            {"experiment", spec_.name},
            {"question", spec_.question},
            {"sequences", plan_.sequences_known ? Json(plan_.sequences) : Json(nullptr)},
            {"stages", stages}};
  }

  void OpenRecord() {
    const std::string hash = Sha256Hex(DumpConfig(spec_.resolved)).substr(0, 8);
    const fs::path runs = options_.output / spec_.name;
    CreateFolders(runs);
    const std::string name = UtcNow(true) + "-" + hash;
    for (int attempt = 1;; ++attempt) {
      folder_ = runs / (attempt == 1 ? name : fmt::format("{}-{}", name, attempt));
      std::error_code error;
      if (fs::create_directory(folder_, error)) break;
      if (error) ThrowIo("{}: cannot create the folder: {}", folder_.string(), error.message());
    }
    Json stages = std::move(record_["stages"]);
    record_ = {{"schema", kRunSchema},
               {"experiment", spec_.name},
               {"question", spec_.question},
               {"status", "running"},
               {"started", UtcNow()},
               {"finished", nullptr},
               {"seconds", nullptr},
               {"headline", nullptr},
               {"options", OptionsWithOrigin(spec_.resolved)},
               {"provenance", MakeProvenance(spec_, threads_)},
               {"inputs", Json::array()},
               {"sequences", Json::array()},
               {"stages", std::move(stages)},
               {"results", MakeResults(spec_)}};
    WriteFileAtomically(folder_ / "experiment.yaml", DumpConfig(spec_.resolved, true));
    Flush();
  }

  // After every stage; in a large sweep, whose record takes long to write, less often.
  void FlushWhenDue() {
    if (!flush_is_due_ || Now() - flushed_s_ < kFlushRest * flush_took_s_) return;
    Flush();
  }

  void Flush() {
    const double begin_s = Now();
    Json inputs = Json::array();
    std::set<std::string> seen;
    for (const StageKey& key : keys_) {
      for (const StageInput& input : key.inputs) {
        if (!seen.insert(input.path.string()).second) continue;
        inputs.push_back({{"path", input.path.string()},
                          {"sha256", input.hash.sha256},
                          {"bytes", input.hash.bytes},
                          {"files", input.hash.files}});
      }
    }
    record_["inputs"] = std::move(inputs);
    record_["sequences"] = plan_.sequences_known ? Json(plan_.sequences) : Json::array();
    WriteFileAtomically(folder_ / "run.json", DumpJson(record_));
    flushed_s_ = Now();
    flush_took_s_ = flushed_s_ - begin_s;
    flush_is_due_ = false;
  }

  void Log(const std::string& line) const {
    if (options_.log) options_.log(line);
  }

  std::vector<std::string> WordsOf(size_t i, const fs::path& own) const {
    return CommandWords(
        plan_.stages[i], ProgramOf(plan_.stages[i]),
        [this](size_t s) { return cache_.PathOf(keys_[s].key); }, own);
  }

  struct Running {
    size_t stage = 0;
    ArtifactWork work;
    std::vector<std::string> words;
    std::unique_ptr<ChildProcess> child;
  };

  void ExecuteOnly(size_t stage) {
    allowed_ = {stage};
    Execute();
    allowed_.clear();
  }

  bool IsAllowed(size_t i) const { return allowed_.empty() || allowed_.contains(i); }

  bool IsReady(size_t i) const {
    if (status_[i] != StageStatus::kWaiting || !IsAllowed(i)) return false;
    const std::vector<size_t> needed = plan_.stages[i].Dependencies();
    return std::all_of(needed.begin(), needed.end(), [&](size_t s) { return IsDone(status_[s]); });
  }

  void Execute() {
    while (true) {
      SkipHopeless();
      const bool stopping = failed_ && !options_.keep_going;
      if (!stopping) StartReady();
      if (running_.empty()) {
        const bool waits_for_another_runner = blocked_ && !stopping;
        if (!waits_for_another_runner) return;
      }
      if (InterruptRequested()) Abandon();
      ::usleep(kPoll_us);
      PollRunning();
      FlushWhenDue();
    }
  }

  void StartReady() {
    blocked_ = false;
    bool reused = true;
    while (reused) {  // a reused stage may make others ready
      reused = false;
      for (size_t i = 0; i < status_.size(); ++i) {
        if (IsReady(i) && Reusable(keys_[i].key)) {
          TakeReused(i);
          reused = true;
        }
      }
    }
    std::vector<size_t> light, heavy;
    for (size_t i = 0; i < status_.size(); ++i) {
      if (IsReady(i)) (plan_.stages[i].exclusive ? heavy : light).push_back(i);
    }
    const bool alone = !running_.empty() && plan_.stages[running_.front()->stage].exclusive;
    if (alone) return;
    const auto slots = static_cast<size_t>(threads_);
    const size_t at_once = std::clamp<size_t>(running_.size() + light.size(), 1, slots);
    for (const size_t i : light) {
      if (running_.size() >= slots) break;
      Start(i, std::max(1, threads_ / static_cast<int>(at_once)));
    }
    for (const size_t i : heavy) {
      if (!running_.empty()) break;
      Start(i, threads_);
    }
  }

  void Start(size_t i, int threads) {
    const ExperimentStage& stage = plan_.stages[i];
    std::optional<ArtifactWork> work = cache_.Begin(keys_[i].key, stage.resumable);
    if (!work) {
      if (told_blocked_.insert(i).second)
        Log(fmt::format("{}: another run is making it; waiting", stage.id));
      blocked_ = true;
      return;
    }
    if (Reusable(keys_[i].key)) {  // finished by another run in the meantime
      TakeReused(i);
      return;
    }
    for (const StageArgument& argument : stage.arguments) {
      if (argument.kind == StageArgument::Kind::kView) MakeView(argument, work->folder());
    }
    std::vector<std::string> words = WordsOf(i, work->folder());
    words.insert(words.end(), {"--threads", fmt::format("{}", threads)});
    auto child = std::make_unique<ChildProcess>(words, work->folder() / kStdoutFile,
                                                work->folder() / kStderrFile, work->lock_fd());
    status_[i] = StageStatus::kRunning;
    record_["stages"][i]["status"] = StatusName(status_[i]);
    running_.push_back(std::make_unique<Running>(
        Running{i, std::move(*work), std::move(words), std::move(child)}));
  }

  void MakeView(const StageArgument& view, const fs::path& own) const {
    const fs::path folder = own / view.text;
    std::error_code error;
    fs::remove_all(folder, error);
    CreateFolders(folder);
    for (const StageArgument::ViewEntry& entry : view.entries) {
      const fs::path target = fs::absolute(cache_.PathOf(keys_[entry.stage].key) / entry.file);
      fs::create_symlink(target, folder / entry.name, error);
      if (error) ThrowIo("{}: cannot link: {}", (folder / entry.name).string(), error.message());
    }
  }

  void TakeReused(size_t i) {
    const fs::path artifact = cache_.PathOf(keys_[i].key);
    status_[i] = StageStatus::kReused;
    Json entry = ReadArtifact(i, kStageFile);
    entry["id"] = plan_.stages[i].id;
    entry["status"] = StatusName(StageStatus::kReused);
    entry["artifact"] = artifact.string();
    Take(i, std::move(entry));
  }

  // JSON of a finished stage.
  Json ReadArtifact(size_t i, const std::string& name) const {
    const fs::path artifact = cache_.PathOf(keys_[i].key);
    try {
      return ReadJson(artifact / name);
    } catch (const Error& error) {
      ThrowInput("{}\n  hint: remove {} and run again", error.what(), artifact.string());
    }
  }

  // A stage is done: its entry and its result go into the record.
  void Take(size_t i, Json entry) {
    const ExperimentStage& stage = plan_.stages[i];
    if (entry.value("exit_code", 0) == kExitCheckFailed) gate_failed_ = true;
    if (!stage.result.empty()) {
      const Json result = Condense(stage.command, ReadArtifact(i, stage.result));
      for (const std::string& slot : stage.slots)
        record_["results"][Json::json_pointer(slot)] = result;
    }
    ++done_;
    Log(Line(i, entry));
    made_[keys_[i].key] = entry;
    record_["stages"][i] = std::move(entry);
    flush_is_due_ = true;
    FlushWhenDue();
  }

  std::string Line(size_t i, const Json& entry) const {
    const std::string what = status_[i] == StageStatus::kReused
                                 ? "reused"
                                 : fmt::format("{:.2f} s, {} MB", entry["seconds"].get<double>(),
                                               entry["peak_rss_bytes"].get<int64_t>() / 1'000'000);
    return fmt::format("[{}/{}] {}: {}", done_, plan_.stages.size(), plan_.stages[i].id, what);
  }

  void PollRunning() {
    for (size_t r = 0; r < running_.size();) {
      const auto result = running_[r]->child->Poll();
      if (!result) {
        ++r;
        continue;
      }
      const std::unique_ptr<Running> ended = std::move(running_[r]);
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(r));
      End(ended.get(), *result);
    }
  }

  // A result is kept under the hashes of its inputs: of what was read meanwhile they would be lies.
  std::string ChangedInput(size_t i) {
    for (const StageInput& input : keys_[i].inputs) {
      try {
        if (fingerprints_.Of(input.path).sha256 == input.hash.sha256) continue;
      } catch (const Error& error) {
        return error.what();
      }
      return fmt::format("{}: changed while it was read: run the command again once it is finished",
                         input.path.string());
    }
    return "";
  }

  void End(Running* ended, const ProcessResult& result) {
    const size_t i = ended->stage;
    const ExperimentStage& stage = plan_.stages[i];
    Json entry = {{"id", stage.id},
                  {"command", stage.command},
                  {"key", keys_[i].key},
                  {"status", nullptr},
                  {"command_line", ended->words},
                  {"exit_code", result.exit_code},
                  {"seconds", result.wall_s},
                  {"cpu_seconds", result.cpu_s},
                  {"peak_rss_bytes", result.peak_rss_bytes},
                  {"artifact", cache_.PathOf(keys_[i].key).string()},
                  {"warnings", Json::array()},
                  {"finished", UtcNow()}};
    const bool ended_well = result.exit_code == kExitOk || result.exit_code == kExitCheckFailed;
    const std::string changed = ended_well ? ChangedInput(i) : "";
    if (ended_well && changed.empty()) {
      status_[i] = StageStatus::kFinished;
      entry["status"] = StatusName(status_[i]);
      if (!stage.result.empty())
        entry["warnings"] = WarningsOf(ReadJson(ended->work.folder() / stage.result));
      WriteFileAtomically(ended->work.folder() / kStageFile, DumpJson(entry));
      ended->work.Commit();
      Take(i, std::move(entry));
      return;
    }
    status_[i] = StageStatus::kFailed;
    entry["status"] = StatusName(status_[i]);
    entry["error"] =
        changed.empty() ? FailureOf(LogOf(ended->work.folder()), result.exit_code) : changed;
    Log(fmt::format("{}: failed: {}", stage.id, entry["error"].get<std::string>()));
    if (!failed_) first_failure_ = changed.empty() ? result.exit_code : kExitInput;
    failed_ = true;
    if (!stage.resumable) ended->work.Discard();
    record_["stages"][i] = std::move(entry);
    flush_is_due_ = true;
    FlushWhenDue();
  }

  void SkipHopeless() {
    if (!failed_) return;
    for (size_t i = 0; i < status_.size(); ++i) {
      if (status_[i] != StageStatus::kWaiting) continue;
      for (const size_t s : plan_.stages[i].Dependencies()) {
        if (status_[s] != StageStatus::kFailed && status_[s] != StageStatus::kSkipped) continue;
        status_[i] = StageStatus::kSkipped;
        record_["stages"][i]["status"] = StatusName(status_[i]);
        break;
      }
    }
  }

  // Ctrl-C: the commands end too, and everything finished is on disk.
  [[noreturn]] void Abandon() {
    for (const auto& running : running_) running->child->RequestEnd();
    for (const auto& running : running_) {
      running->child->Wait();
      record_["stages"][running->stage]["status"] = StatusName(StageStatus::kWaiting);
    }
    running_.clear();
    record_["status"] = "interrupted";
    Flush();
    throw Interrupted(
        fmt::format("{} of {} stages are finished and will be reused: run the same "
                    "command again",
                    done_, plan_.stages.size()));
  }

  // The stage whose result stands there in the record.
  std::map<std::string, size_t> StagesBySlot() const {
    std::map<std::string, size_t> by_slot;
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      for (const std::string& slot : plan_.stages[i].slots) by_slot[slot] = i;
    }
    return by_slot;
  }

  // What only all stages together tell.
  void AddSweep(RunResult* all) {
    RunResult& result = *all;
    const std::map<std::string, size_t> by_slot = StagesBySlot();
    std::vector<SweepEntry> entries;
    std::vector<std::vector<MotCounts>> counts;
    std::vector<std::string> sequences;
    const auto add = [&](const RunConfiguration& configuration, const std::string& correction,
                         const std::string& slot) {
      const auto found = by_slot.find(slot);
      if (found == by_slot.end() || !IsDone(status_[found->second])) return;
      const fs::path file =
          cache_.PathOf(keys_[found->second].key) / plan_.stages[found->second].result;
      ScoreStageResult score = ScoreFromJson(ReadJson(file), file.string());
      // Of several classes the first counts, as in `reidbench track --sweep`.
      counts.push_back(std::move(score.trackers.front().classes.front().sequences));
      sequences = std::move(score.sequences);
      entries.push_back({.name = configuration.name,
                         .correction = correction,
                         .scores = {},
                         .frames_per_s = configuration.frames_per_s});
    };
    for (size_t i = 0; i < result.tracking.size(); ++i) {
      const RunConfiguration& configuration = result.tracking[i];
      add(configuration, "", fmt::format("/tracking/{}/score", i));
      for (size_t j = 0; j < configuration.corrections.size(); ++j)
        add(configuration, configuration.corrections[j].name,
            fmt::format("/tracking/{}/corrections/{}/score", i, j));
    }
    if (entries.empty()) return;
    result.sweep = AnalyseSweep(std::move(entries), counts, sequences, spec_.select);
    record_["results"]["sweep"] = SweepJson(*result.sweep);
  }

  RunOutcome Finish() {
    record_["status"] = !failed_ ? "finished" : options_.keep_going ? "partial" : "failed";
    record_["finished"] = UtcNow();
    record_["seconds"] = Now() - started_s_;
    RunResult result = RunFromJson(record_, (folder_ / "run.json").string());
    AddSweep(&result);
    result.joint = CompareJointly(result, spec_.seed);
    if (result.joint) record_["results"]["joint"] = JointChangeJson(*result.joint);
    result.headline = MakeHeadline(result);
    if (!result.headline.empty()) record_["headline"] = result.headline;
    Flush();
    WriteFileAtomically(folder_ / "report.md", RenderRunMarkdown(result));
    const std::map<std::string, size_t> by_slot = StagesBySlot();
    const auto artifact_of = [&](const std::string& slot) {
      const auto found = by_slot.find(slot);
      const bool done = found != by_slot.end() && IsDone(status_[found->second]);
      return done ? cache_.PathOf(keys_[found->second].key) : fs::path();
    };
    WriteFileAtomically(folder_ / "report.html", RenderRunPage(record_, {.artifact_of = artifact_of,
                                                                         .select = spec_.select}));
    const int failure = failed_ ? first_failure_ : gate_failed_ ? kExitCheckFailed : kExitOk;
    return {.record = std::move(record_),
            .folder = folder_,
            .exit_code = failure > 128 ? kExitInput : failure};
  }

  const ExperimentSpec& spec_;
  const RunnerOptions& options_;
  int threads_;
  StageCache cache_;
  Fingerprints fingerprints_;
  ExperimentPlan plan_;
  std::vector<StageKey> keys_;
  std::vector<StageStatus> status_;
  std::vector<std::unique_ptr<Running>> running_;
  std::set<size_t> allowed_;  // empty: all stages may start
  std::set<size_t> told_blocked_;
  std::map<std::string, Json> made_;  // by key: entries of stages done in this run
  Json record_ = Json::object();
  fs::path folder_;
  double started_s_ = 0;
  double flushed_s_ = 0;
  double flush_took_s_ = 0;
  bool flush_is_due_ = false;
  size_t done_ = 0;
  bool blocked_ = false;
  bool failed_ = false;
  bool gate_failed_ = false;
  int first_failure_ = 0;
};

}  // namespace

RunOutcome RunExperiment(const ExperimentSpec& spec, const RunnerOptions& options) {
  return Runner(spec, options).Run();
}

}  // namespace reidbench
