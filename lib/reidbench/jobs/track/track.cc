#include "reidbench/jobs/track/track.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "reidbench/config/node.h"
#include "reidbench/config/option_file.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/clock.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/tasks.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/datasets/affine_files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/features/box_rows.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/jobs/track/track_detections.h"
#include "reidbench/jobs/track/track_journal.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/mot_metrics/sequence.h"
#include "reidbench/relinking/post_steps.h"
#include "reidbench/tracking/tracker.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostCombinations = 100'000;
// Combinations whose results are in memory at a time.
constexpr size_t kCombinationsTogether = 8;

// One axis of the grid.
struct SweptOption {
  std::string key;
  std::vector<std::string> values;
};

struct Combination {
  std::string name;
  std::vector<std::string> values;
  std::string options;  // all of them, as YAML
  TrackerFactory make;
};

// What all combinations share about a sequence.
struct Sequence {
  MotBoxFiles files;
  fs::path features;  // empty unless asked for
  fs::path affines;   // the same
  AffineTrack motion;
  SequenceDetections detections;
  std::optional<TrackSet> truth;
  FrameRange scored;
};

// What one combination gives on one sequence.
struct Outcome {
  TrackedSequence summary;
  std::string text;
  bool is_written = false;    // by an earlier run, which was not finished
  std::vector<Outcome> post;  // of each post-step
};

std::vector<SweptOption> ParseSweep(const TrackStageOptions& options) {
  std::vector<SweptOption> sweep;
  std::set<std::string> keys;
  for (const std::string& assignment : options.options)
    keys.insert(OptionKey("--option", assignment));
  size_t combinations = 1;
  for (const std::string& text : options.sweep) {
    SweptOption option;
    option.key = OptionKey("--sweep", text);
    if (!keys.insert(option.key).second)
      ThrowUsage("--sweep {}: '{}' is set more than once", text, option.key);
    const std::string_view values = std::string_view(text).substr(text.find('=') + 1);
    for (const std::string_view value : SplitText(values, ',')) {
      option.values.emplace_back(Trim(value));
      if (option.values.back().empty())
        ThrowUsage("--sweep {}: expected values separated by commas, found an empty one", text);
      if (std::count(option.values.begin(), option.values.end(), option.values.back()) > 1)
        ThrowUsage("--sweep {}: the value {} is given twice", text, option.values.back());
    }
    combinations *= option.values.size();
    if (combinations > kMostCombinations)
      ThrowUsage("--sweep: expected at most {} combinations, found more",
                 WithThousands(kMostCombinations));
    sweep.push_back(std::move(option));
  }
  return sweep;
}

// The name that the flag and the config file agree on.
std::string TrackerName(const TrackStageOptions& options, const ConfigNode& root) {
  const ConfigNode* named = root.Find("tracker");
  const std::string in_file = named == nullptr ? "" : named->AsString();
  if (options.tracker.empty() && in_file.empty()) {
    ThrowUsage("--tracker is missing: one of {}, or a --tracker-config that names it",
               JoinText(MethodNames(Trackers()), ", "));
  }
  if (!options.tracker.empty() && !in_file.empty() && options.tracker != in_file) {
    ThrowUsage("--tracker {}: {} is for the tracker {}", options.tracker, options.config.string(),
               in_file);
  }
  return options.tracker.empty() ? in_file : options.tracker;
}

// Names folders: what is no plain character of a file name becomes '_'.
std::string FolderPart(const std::string& text) {
  std::string part = text;
  for (char& c : part) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '+' || c == '_';
    if (!plain) c = '_';
  }
  return part;
}

std::vector<Combination> MakeCombinations(const TrackStageOptions& options,
                                          const std::vector<SweptOption>& sweep,
                                          const ConfigNode& base, const TrackerMethod& tracker) {
  size_t count = 1;
  for (const SweptOption& option : sweep) count *= option.values.size();
  std::vector<Combination> combinations;
  for (size_t index = 0; index < count; ++index) {
    Combination combination;
    ConfigNode root = base;
    for (const std::string& assignment : options.options)
      ApplyOption("--option", assignment, &root);
    size_t below = count;
    for (const SweptOption& option : sweep) {
      below /= option.values.size();
      const std::string& value = option.values[index / below % option.values.size()];
      ApplyOption("--sweep", option.key + "=" + value, &root);
      combination.values.push_back(value);
      if (!combination.name.empty()) combination.name += ',';
      combination.name += FolderPart(option.key) + "=" + FolderPart(value);
    }
    combination.options = DumpConfig(root);
    ConfigReader reader(root);
    std::string named;
    reader.Read("tracker", &named);
    combination.make = tracker.read(&reader);
    reader.Finish();
    combinations.push_back(std::move(combination));
  }
  return combinations;
}

// An option that counts frames and was chosen for videos of 30 frames a second.
struct FrameSpan {
  std::string key;
  double frames = 0;
};

// The original programs look at the frame rate nowhere in their evaluation (ByteTrack's scales its
// buffer in its demonstration only), and so do these. nullopt where the user chose a value.
std::optional<FrameSpan> UnscaledSpan(const TrackStageOptions& options, const ConfigNode& root,
                                      const TrackerMethod& tracker) {
  constexpr double kLeastFrames = 10;  // SORT's max_age of 1 is no time
  for (const OptionInfo& option : tracker.describe(nullptr)) {
    if (option.key != "track_buffer" && option.key != "max_age") continue;
    for (const auto& [flag, assignments] :
         {std::pair("--option", &options.options), std::pair("--sweep", &options.sweep)}) {
      for (const std::string& assignment : *assignments) {
        if (OptionKey(flag, assignment) == option.key) return std::nullopt;
      }
    }
    const ConfigNode* in_file = root.Find(option.key);
    const std::optional<double> frames =
        ParseDouble(in_file == nullptr ? option.value : in_file->AsString());
    if (frames && *frames >= kLeastFrames) return FrameSpan{option.key, *frames};
  }
  return std::nullopt;
}

class TrackStage {
 public:
  TrackStage(const TrackStageOptions& options, TrackStageResult* result)
      : options_(options), result_(result) {}

  void Prepare() {
    if (options_.decimals < 0 || options_.decimals > 9)
      ThrowUsage("--decimals {}: expected 0..9", options_.decimals);
    if (options_.detections.empty())
      ThrowUsage("--detections is missing: detection files or folders");
    const std::vector<SweptOption> sweep = ParseSweep(options_);
    const ConfigNode root = LoadOptionFile(options_.config, "trackers");
    result_->tracker = TrackerName(options_, root);
    for (const SweptOption& option : sweep) result_->swept_keys.push_back(option.key);
    const TrackerMethod& tracker = TrackerByName(result_->tracker);
    combinations_ = MakeCombinations(options_, sweep, root, tracker);
    for (const std::string& name : options_.post) {
      if (std::ranges::count(options_.post, name) > 1) ThrowUsage("--post {}: given twice", name);
      post_.push_back(&PostStepByName(name));
    }
    if (!post_.empty() && !sweep.empty())
      ThrowUsage("--post: expected one combination of options, found --sweep");
    needs_ = tracker.needs;
    unscaled_ = UnscaledSpan(options_, root, tracker);
    if (needs_.pictures) {
      ThrowUsage("--tracker {}: it needs the pictures of the video, which `track` does not read",
                 tracker.name);
    }
    if (needs_.embeddings && options_.features.empty()) {
      ThrowUsage("--features is missing: {} needs the embedding of every detection",
                 result_->tracker);
    }
    if (!needs_.TakesEmbeddings() && !options_.features.empty())
      ThrowUsage("--features: {} does not look at embeddings", result_->tracker);
    if (needs_.affines && options_.affines.empty())
      ThrowUsage("--affines is missing: {} needs the camera's motion", result_->tracker);
    if (!needs_.TakesAffines() && !options_.affines.empty())
      ThrowUsage("--affines: {} does not look at the camera's motion", result_->tracker);
    if (needs_.can_use_embeddings) result_->appearance = !options_.features.empty();
    if (needs_.can_use_affines) result_->camera_motion = !options_.affines.empty();
    result_->select = options_.select;
    if (!options_.ground_truth.empty()) {
      FindMotField(options_.select);  // throws for an unknown name
      benchmark_ = LoadMotBenchmark(options_.benchmark);
      result_->benchmark = benchmark_->name;
    }
    ReadSequences();
  }

  void Run(const std::function<void(int64_t, int64_t)>& progress) {
    const size_t n = sequences_.size();
    std::mutex progress_mutex;
    int64_t done = 0;
    for (size_t first = 0; first < combinations_.size(); first += kCombinationsTogether) {
      const size_t together = std::min(kCombinationsTogether, combinations_.size() - first);
      std::vector<Outcome> outcomes(together * n);
      // Sequence by sequence, the largest first, so that the longest does not start last.
      RunTasks(together * n, "tracking", [&](size_t task) {
        const size_t s = order_[task / together];
        const size_t c = task % together;
        outcomes[c * n + s] = TrackOne(combinations_[first + c], sequences_[s]);
        const std::lock_guard lock(progress_mutex);
        if (progress) progress(++done, static_cast<int64_t>(combinations_.size() * n));
      });
      for (size_t c = 0; c < together; ++c) {
        TrackRun& run = result_->runs.emplace_back();
        run.name = combinations_[first + c].name;
        run.swept = combinations_[first + c].values;
        for (const PostStep* step : post_) run.post.emplace_back().name = step->name;
        for (size_t s = 0; s < n; ++s) {
          Outcome& outcome = outcomes[c * n + s];
          const Combination& combination = combinations_[first + c];
          const fs::path path = PathOf(combination, sequences_[s]);
          if (journal_ && !outcome.is_written) {
            WriteFileAtomically(path, outcome.text);
            journal_->Add(FileOf(combination, sequences_[s]).string(), outcome.text,
                          outcome.summary.seconds);
          }
          run.sequences.push_back(std::move(outcome.summary));
          for (size_t k = 0; k < outcome.post.size(); ++k) {
            if (!options_.output.empty())
              WriteFileAtomically(PostPath(path, *post_[k]), outcome.post[k].text);
            run.post[k].sequences.push_back(std::move(outcome.post[k].summary));
          }
        }
      }
    }
    Rank();
    if (journal_) journal_->Remove();
  }

 private:
  void ReadSequences() {
    const std::vector<MotBoxFiles> files =
        FindMotBoxes(MotFileKind::kDetections, options_.detections);
    std::vector<std::string> names;
    for (const MotBoxFiles& file : files) names.push_back(file.name);
    std::vector<MotSequenceFiles> truth;
    if (benchmark_) {
      truth = MatchMotSequences(
          {options_.ground_truth, options_.benchmark, options_.split, options_.seqmap}, names,
          "detections");
    }
    sequences_.resize(files.size());
    for (size_t s = 0; s < files.size(); ++s) sequences_[s].files = files[s];
    if (!options_.features.empty()) {
      const std::vector<fs::path> features = FindSequenceFeatures(options_.features, names);
      for (size_t s = 0; s < files.size(); ++s) sequences_[s].features = features[s];
    }
    if (!options_.affines.empty()) {
      const std::vector<fs::path> affines = FindAffineFiles(options_.affines, names);
      for (size_t s = 0; s < files.size(); ++s) sequences_[s].affines = affines[s];
    }
    PlanOutput();
    std::vector<std::vector<std::string>> warnings(files.size());
    RunTasks(files.size(), "tracking", [&](size_t s) {
      Sequence& sequence = sequences_[s];
      sequence.detections = ReadDetections(files[s], options_.ignore_scores);
      warnings[s] = Warnings(files[s], sequence.detections);
      if (!sequence.features.empty())
        DetectionEmbeddings check(sequence.features, sequence.detections);
      if (!sequence.affines.empty())
        sequence.motion = ReadAffines(sequence.affines, sequence.detections.frame_count);
      if (benchmark_) ReadTruth(truth[s], &sequence);
      ExamineDetections(sequence, &warnings[s]);
    });
    for (const auto& some : warnings)
      result_->warnings.insert(result_->warnings.end(), some.begin(), some.end());
    order_.resize(files.size());
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
      return sequences_[a].detections.boxes.size() > sequences_[b].detections.boxes.size();
    });
  }

  std::vector<std::string> Warnings(const MotBoxFiles& files,
                                    const SequenceDetections& detections) const {
    std::vector<std::string> warnings = detections.warnings;
    if (detections.untrackable > 0) {
      warnings.push_back(
          fmt::format("{}: {} boxes without area or with coordinates beyond 1e9 are left out",
                      files.boxes.string(), detections.untrackable));
    }
    if (!detections.scores_in_unit_range && needs_.unit_scores) {
      warnings.push_back(fmt::format(
          "{}: scores outside 0..1, which {} compares with thresholds and multiplies by; "
          "--ignore-scores takes every detection with score 1",
          files.boxes.string(), result_->tracker));
    }
    constexpr double kUsualRate = 30, kFar = 1.5;
    if (const std::optional<double>& rate = detections.frame_rate;
        unscaled_ && rate && (*rate > kUsualRate * kFar || *rate < kUsualRate / kFar)) {
      warnings.push_back(fmt::format(
          "{}: {:g} frames a second, while {}={:g} counts frames and was chosen for {:g} a second\n"
          "  hint: --option {}={:.0f} keeps lost tracks for as long",
          detections.name, *rate, unscaled_->key, unscaled_->frames, kUsualRate, unscaled_->key,
          unscaled_->frames * *rate / kUsualRate));
    }
    return warnings;
  }

  static void ExamineDetections(const Sequence& sequence, std::vector<std::string>* warnings) {
    BoxExaminationOptions options;
    options.picture = sequence.detections.picture;
    options.most_boxes = 4096;
    TruthSample sample;
    // The detections are of all frames, also where a part is scored and counts from its first.
    if (sequence.truth && sequence.scored.first == 1) {
      sample = TruthSample(*sequence.truth);
      options.truth = &sample;
      if (!options.picture.known()) options.picture = ExtentOf(sequence.truth->boxes);
    }
    const BoxExamination seen = ExamineBoxes(sequence.detections.boxes, options);
    if (const auto finding = BoxFormFinding(seen, sequence.files.boxes))
      warnings->push_back(WarningText(*finding));
  }

  void ReadTruth(const MotSequenceFiles& files, Sequence* sequence) const {
    TrackSet truth = ReadGroundTruth(files, *benchmark_);
    sequence->scored = ScoredFrames(*benchmark_, truth.frame_count);
    if (benchmark_->frames != FramePart::kAll) KeepFrames(sequence->scored, &truth);
    sequence->truth = std::move(truth);
  }

  // Relative to the output.
  static fs::path FileOf(const Combination& combination, const Sequence& sequence) {
    return fs::path(combination.name) / (sequence.files.name + ".txt");
  }
  fs::path PathOf(const Combination& combination, const Sequence& sequence) const {
    return options_.output / FileOf(combination, sequence);
  }

  static fs::path PostPath(const fs::path& tracks, const PostStep& step) {
    return tracks.parent_path() / step.name / tracks.filename();
  }

  // Refuses to overwrite before anything is read, but for the files of an unfinished run, which are
  // looked at once all is known that determines them.
  void PlanOutput() const {
    if (options_.output.empty()) return;
    std::error_code failed;
    if (fs::exists(options_.output, failed) && !fs::is_directory(options_.output, failed)) {
      ThrowUsage("--output {}: expected a folder for one file per sequence, found a file",
                 options_.output.string());
    }
    if (!IsFile(TrackJournalPath(options_.output))) RequireFree(options_.force);
  }

  void RequireFree(bool force) const {
    std::error_code failed;
    for (const Combination& combination : combinations_) {
      for (const Sequence& sequence : sequences_) {
        const fs::path path = PathOf(combination, sequence);
        if (fs::exists(path.parent_path(), failed)) RequireWritable(path, force);
        for (const PostStep* step : post_) {
          const fs::path after = PostPath(path, *step);
          if (fs::exists(after.parent_path(), failed)) RequireWritable(after, force);
        }
      }
    }
  }

  // Of all that determines the bytes of the tracks.
  std::string JournalKey() const {
    Sha256 hash;
    hash.Update(fmt::format("{} {} {} {}\n", Version(), result_->tracker, options_.decimals,
                            options_.ignore_scores));
    for (const Combination& combination : combinations_)
      hash.Update(fmt::format("{}\n{}\n", combination.name, combination.options));
    for (const Sequence& sequence : sequences_) {
      hash.Update(fmt::format("{} {} {}\n", sequence.files.name, sequence.detections.frame_count,
                              Sha256OfFile(sequence.files.boxes)));
      for (const fs::path& path : {sequence.features, sequence.affines}) {
        if (!path.empty()) hash.Update(fmt::format("{}\n", Sha256OfFile(path)));
      }
    }
    return hash.HexDigest();
  }

 public:
  void OpenOutput() {
    if (options_.output.empty()) return;
    for (const Combination& combination : combinations_) {
      const fs::path path = PathOf(combination, sequences_.front());
      CreateFolders(path.parent_path());
      for (const PostStep* step : post_) CreateFolders(PostPath(path, *step).parent_path());
    }
    const bool is_there = IsFile(TrackJournalPath(options_.output));
    journal_.emplace(options_.output, JournalKey());
    // Of its own unfinished run it also clears away what was half.
    if (is_there) RequireFree(options_.force || journal_->resumes());
    journal_->Begin();
  }

 private:
  // What an earlier run of this command, which did not come to its end, has written already.
  std::optional<Outcome> Finished(const Combination& combination, const Sequence& sequence) const {
    // Post-steps go on from what is not rounded yet.
    if (!journal_ || !journal_->resumes() || !post_.empty()) return std::nullopt;
    const fs::path path = PathOf(combination, sequence);
    if (!IsFile(path)) return std::nullopt;
    const std::string text = ReadFileText(path);
    const auto seconds = journal_->SecondsOf(FileOf(combination, sequence).string(), text);
    if (!seconds) return std::nullopt;
    try {
      TrackSet tracks;
      if (!text.empty()) tracks = ParseMotText(text, path.string(), {}).tracks;
      return Summarized(sequence, std::move(tracks), *seconds, true);
    } catch (const Error&) {  // boxes that vanish with so few decimals: tracked again
      return std::nullopt;
    }
  }

  Outcome TrackOne(const Combination& combination, const Sequence& sequence) const {
    if (std::optional<Outcome> finished = Finished(combination, sequence)) return *finished;
    const SequenceDetections& detections = sequence.detections;
    std::optional<DetectionEmbeddings> embeddings;
    if (!sequence.features.empty()) embeddings.emplace(sequence.features, detections);
    const std::unique_ptr<Tracker> tracker = combination.make();
    TrackSet tracks;
    Clock::duration elapsed{};
    for (int64_t frame = 1; frame <= detections.frame_count; ++frame) {
      if ((frame & 255) == 0 && InterruptRequested()) return {};
      const FrameInput input{.frame = FrameIndex(frame),
                             .detections = detections.Frame(frame),
                             .embeddings = embeddings ? embeddings->Frame(frame) : FeatureView(),
                             .affine = MotionInto(sequence.motion, frame)};
      const Clock::time_point start = Clock::now();
      const std::span<const TrackBox> rows = tracker->Step(input);
      elapsed += Clock::now() - start;
      tracks.boxes.insert(tracks.boxes.end(), rows.begin(), rows.end());
    }

    const auto seconds = [](Clock::duration time) {
      return std::chrono::duration<double>(time).count();
    };
    std::vector<Outcome> post;
    for (const PostStep* step : post_) {
      const Clock::time_point start = Clock::now();
      TrackSet after = step->run(tracks).tracks;
      const Clock::duration time = Clock::now() - start;
      post.push_back(Summarized(sequence, std::move(after), seconds(time), false));
    }
    Outcome outcome = Summarized(sequence, std::move(tracks), seconds(elapsed), false);
    outcome.post = std::move(post);
    return outcome;
  }

  Outcome Summarized(const Sequence& sequence, TrackSet tracks, double seconds,
                     bool is_written) const {
    tracks.sequence = sequence.files.name;
    tracks.frame_count = sequence.detections.frame_count;
    Outcome outcome;
    outcome.is_written = is_written;
    outcome.summary.name = sequence.files.name;
    outcome.summary.frames = tracks.frame_count;
    outcome.summary.detections = static_cast<int64_t>(sequence.detections.boxes.size());
    outcome.summary.boxes = static_cast<int64_t>(tracks.boxes.size());
    outcome.summary.seconds = seconds;
    std::vector<int64_t> ids;
    for (const TrackBox& row : tracks.boxes) ids.push_back(row.id.value);
    std::sort(ids.begin(), ids.end());
    outcome.summary.tracks = std::unique(ids.begin(), ids.end()) - ids.begin();
    if (journal_ && !is_written) outcome.text = FormatTracks(tracks.boxes, options_.decimals);
    if (sequence.truth) {
      for (TrackBox& row : tracks.boxes) {
        for (double* value : {&row.box.left, &row.box.top, &row.box.width, &row.box.height})
          *value = RoundedAsPrinted(*value, options_.decimals);
        row.class_id = -1;
      }
      if (benchmark_->frames != FramePart::kAll) KeepFrames(sequence.scored, &tracks);
      outcome.summary.counts = CountMot(
          PrepareSequence(*sequence.truth, tracks, *benchmark_, benchmark_->classes.front()));
    }
    return outcome;
  }

  void Rank() {
    std::vector<TrackRun>& runs = result_->runs;
    if (!benchmark_) {
      result_->ranked.resize(runs.size());
      std::iota(result_->ranked.begin(), result_->ranked.end(), size_t{0});
      return;
    }
    std::vector<std::vector<MotCounts>> counts;  // [run][sequence]
    for (const TrackRun& run : runs) {
      std::vector<MotCounts>& of_run = counts.emplace_back();
      for (const TrackedSequence& sequence : run.sequences) of_run.push_back(*sequence.counts);
    }
    SweepChoice choice = ChooseBest(counts, options_.select);
    result_->ranked = std::move(choice.ranked);
    result_->leave_one_out = std::move(choice.leave_one_out);
  }

  const TrackStageOptions& options_;
  TrackStageResult* result_;
  std::vector<Combination> combinations_;
  std::vector<const PostStep*> post_;
  MethodNeeds needs_;
  std::optional<FrameSpan> unscaled_;
  std::optional<MotBenchmark> benchmark_;
  std::vector<Sequence> sequences_;
  std::vector<size_t> order_;
  std::optional<TrackJournal> journal_;  // of what is written
};

}  // namespace

TrackStageResult RunTrack(const TrackStageOptions& options, bool check_only,
                          const std::function<void(int64_t, int64_t)>& progress) {
  TrackStageResult result;
  TrackStage stage(options, &result);
  stage.Prepare();
  if (check_only) return result;
  stage.OpenOutput();
  stage.Run(progress);
  return result;
}

std::string FormatTracks(const std::vector<TrackBox>& rows, int decimals) {
  std::string text;
  text.reserve(rows.size() * 56);
  for (const TrackBox& row : rows) {
    fmt::format_to(std::back_inserter(text), "{},{},{:.{}f},{:.{}f},{:.{}f},{:.{}f},{},-1,-1,-1\n",
                   row.frame.value, row.id.value, row.box.left, decimals, row.box.top, decimals,
                   row.box.width, decimals, row.box.height, decimals, row.confidence);
  }
  return text;
}

double RoundedAsPrinted(double value, int decimals) {
  static constexpr double kPowers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  const double scaled = value * kPowers[decimals];
  const double fraction = scaled - std::floor(scaled);
  // Away from ties and from where the product loses its fraction, rounding the product is what
  // printing does, and a whole number over a power of ten is what reading does.
  if (std::abs(fraction - 0.5) > 1e-3 && std::abs(scaled) < 1e12)
    return std::round(scaled) / kPowers[decimals];
  return *ParseDouble(fmt::format("{:.{}f}", value, decimals));
}

}  // namespace reidbench
