#include "reidbench/jobs/compare/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/mot_metrics/ceilings.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/mot_metrics/frame_blocks.h"
#include "reidbench/mot_metrics/sequence.h"

namespace reidbench {
namespace {

// Ceilings nearer to plain than this win nothing.
constexpr double kNothingToWin = 1e-9;

// Of one sequence, or of all of them.
struct RunCounts {
  MotCounts plain, corrected, ceiling_link, ceiling_split_link, interpolated;
  std::vector<MotCounts> ablation;
  int64_t interpolated_boxes = 0;  // of corrected

  RunCounts& operator+=(const RunCounts& other) {
    plain += other.plain;
    corrected += other.corrected;
    ceiling_link += other.ceiling_link;
    ceiling_split_link += other.ceiling_split_link;
    interpolated += other.interpolated;
    for (size_t k = 0; k < ablation.size(); ++k) ablation[k] += other.ablation[k];
    interpolated_boxes += other.interpolated_boxes;
    return *this;
  }
};

// One of the runs compared.
struct TracksToCompare {
  std::string role;  // "--corrected", as in messages
  MotTrackerFiles files;
};

TracksToCompare FindRun(const std::string& role, const std::filesystem::path& path,
                        const std::vector<MotSequenceFiles>& sequences,
                        const CompareStageOptions& options) {
  if (path.empty()) ThrowUsage("{} is missing: the result file or folder", role);
  std::vector<MotTrackerFiles> found =
      FindMotTrackers(path, sequences, options.benchmark + "-" + options.split);
  if (found.size() != 1) {
    std::vector<std::string> names;
    for (const MotTrackerFiles& tracker : found) names.push_back(tracker.name);
    ThrowUsage("{} {}: expected the results of one tracker, found those of {}: {}", role,
               path.string(), found.size(), JoinText(names, ", "));
  }
  return {role, std::move(found[0])};
}

// "NAME=PATH" of each ablation row.
std::vector<std::pair<std::string, std::filesystem::path>> ParseAblation(
    const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::filesystem::path>> rows;
  std::set<std::string> names = {"plain", "corrected", "interpolated", "ceiling_link",
                                 "ceiling_split_link"};
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const std::string name(Trim(std::string_view(text).substr(0, equals)));
    if (equals == std::string::npos || name.empty() || equals + 1 == text.size())
      ThrowUsage("--ablation {}: expected NAME=FOLDER", text);
    if (!names.insert(name).second) {
      ThrowUsage(
          "--ablation {}: expected names that differ from each other and from plain, corrected, "
          "interpolated and the ceilings, found {} again",
          text, name);
    }
    rows.emplace_back(name, text.substr(equals + 1));
  }
  return rows;
}

// By frame and box, whatever the id.
bool IsBefore(const TrackBox* a, const TrackBox* b) {
  const auto key = [](const TrackBox& t) {
    return std::tuple(t.frame.value, t.box.left, t.box.top, t.box.width, t.box.height);
  };
  return key(*a) < key(*b);
}

std::vector<const TrackBox*> SortedBoxes(const TrackSet& tracks) {
  std::vector<const TrackBox*> boxes;
  boxes.reserve(tracks.boxes.size());
  for (const TrackBox& box : tracks.boxes) boxes.push_back(&box);
  std::sort(boxes.begin(), boxes.end(), IsBefore);
  return boxes;
}

std::string Describe(const TrackBox& box) {
  return fmt::format("frame {} box {:g},{:g},{:g},{:g} (id {})", box.frame.value, box.box.left,
                     box.box.top, box.box.width, box.box.height, box.id.value);
}

// How many boxes of `other` are not in `plain`. Throws Error(kInput) when a box of `plain` is not
// in `other`, or more than `may_add` allows.
int64_t CheckSameBoxes(const TrackSet& plain, const std::filesystem::path& plain_file,
                       const TrackSet& other, const std::filesystem::path& other_file,
                       bool may_add) {
  const std::vector<const TrackBox*> a = SortedBoxes(plain), b = SortedBoxes(other);
  std::vector<const TrackBox*> missing, added;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(missing),
                      IsBefore);
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(added), IsBefore);
  if (!missing.empty()) {
    ThrowInput(
        "{}: expected the boxes of {} with other ids, found {} of {} missing or changed, first {}\n"
        "  hint: correction must leave boxes alone; compare runs of the same detections",
        other_file.string(), plain_file.string(), missing.size(), a.size(),
        Describe(*missing.front()));
  }
  if (!added.empty() && !may_add) {
    ThrowInput(
        "{}: expected the boxes of {} with other ids, found {} more, first {}\n"
        "  hint: --allow-interpolated accepts boxes that fill gaps",
        other_file.string(), plain_file.string(), added.size(), Describe(*added.front()));
  }
  return static_cast<int64_t>(added.size());
}

std::optional<double> Share(const MotField& field, const ComparedValue& value,
                            std::optional<double> ceiling) {
  if (!field.of_identities || !value.plain || !value.corrected || !ceiling) return std::nullopt;
  const double sign = field.better == Better::kLower ? -1 : 1;
  const double to_win = sign * (*ceiling - *value.plain);
  if (!(to_win > kNothingToWin)) return std::nullopt;
  return sign * (*value.corrected - *value.plain) / to_win;
}

// Scores, differences and shares. `units` may be empty: no intervals.
std::vector<ComparedValue> CompareValues(const RunCounts& counts, const PairedUnits& units,
                                         bool blocks, MotBootstrapOptions bootstrap) {
  const MotSummary plain = Summarize(counts.plain), corrected = Summarize(counts.corrected);
  const MotSummary link = Summarize(counts.ceiling_link);
  const MotSummary split_link = Summarize(counts.ceiling_split_link);
  bootstrap.fields.clear();
  for (const std::string_view name : kComparedFields) {
    if (!blocks || FindMotField(name).adds_over_blocks) bootstrap.fields.emplace_back(name);
  }
  std::vector<MotDifference> differences;
  if (bootstrap.resamples > 0 && units.a.size() >= 2)
    differences = CompareScores(units.a, units.b, bootstrap);
  std::vector<ComparedValue> values;
  for (const std::string_view name : kComparedFields) {
    const MotField& field = FindMotField(name);
    ComparedValue& value = values.emplace_back();
    value.field = field.name;
    value.plain = field.get(plain).value;
    value.corrected = field.get(corrected).value;
    value.ceiling_link = field.get(link).value;
    value.ceiling_split_link = field.get(split_link).value;
    if (value.plain && value.corrected) value.difference = *value.corrected - *value.plain;
    if (counts.interpolated_boxes == 0) {
      value.share_link = Share(field, value, value.ceiling_link);
      value.share_split_link = Share(field, value, value.ceiling_split_link);
    }
    for (const MotDifference& difference : differences) {
      if (difference.field != field.name) continue;
      value.low = difference.low;
      value.high = difference.high;
      value.p_value = difference.p_value;
    }
  }
  return values;
}

void Add(const SwitchCounts& from, SwitchCounts* to) {
  for (int c = 0; c < kSwitchCauses; ++c) (*to)[c] += from[c];
}

class CompareStage {
 public:
  CompareStage(const CompareStageOptions& options, CompareStageResult* result)
      : options_(options), result_(result) {}

  void Prepare() {
    const std::vector<std::string> violations = options_.bootstrap.Validate();
    if (!violations.empty()) ThrowUsage("--bootstrap: {}", fmt::join(violations, "; "));
    if (options_.block_frames && *options_.block_frames < 0)
      ThrowUsage("--block-frames {}: expected 0 or more", *options_.block_frames);
    const auto ablation = ParseAblation(options_.ablation);
    result_->benchmark = LoadMotBenchmark(options_.benchmark);
    result_->benchmark.preprocess = result_->benchmark.preprocess && options_.preprocess;
    files_ = FindMotSequences(
        {options_.ground_truth, options_.benchmark, options_.split, options_.seqmap});
    plain_ = FindRun("--plain", options_.plain, files_, options_);
    corrected_ = FindRun("--corrected", options_.corrected, files_, options_);
    result_->plain = plain_.files.name;
    result_->corrected = corrected_.files.name;
    for (const auto& [name, path] : ablation) {
      ablation_names_.push_back(name);
      ablation_.push_back(FindRun("--ablation " + name, path, files_, options_));
    }
    has_interpolated_ = !options_.interpolated.empty();
    if (has_interpolated_)
      interpolated_ = FindRun("--interpolated", options_.interpolated, files_, options_);
    by_blocks_ =
        options_.block_frames ? *options_.block_frames > 0 : files_.size() < kSequencesToResample;
    result_->has_timelines = options_.timelines;
    result_->confidence = options_.bootstrap.confidence;
    result_->resamples = options_.bootstrap.resamples;
  }

  void Run(bool check_only) {
    result_->sequences.resize(files_.size());
    counts_.resize(files_.size(), NoCounts());
    units_.resize(files_.size());
    block_frames_.resize(files_.size());
    result_->warnings =
        ForEachSequence(files_, "comparing", [&](size_t index, SequenceMessages* messages) {
          try {
            CompareSequence(index, check_only, messages);
          } catch (const Error& error) {
            messages->errors.push_back(error);
          }
        });
    if (check_only) return;
    Combine();
    Describe();
  }

 private:
  void CompareSequence(size_t index, bool check_only, SequenceMessages* messages) {
    const MotSequenceFiles& files = files_[index];
    ComparedSequence& out = result_->sequences[index];
    RunCounts& counts = counts_[index];
    out.name = files.name;
    SequenceReader reader(result_->benchmark, files, messages);
    if (!reader.HasFrames()) return;
    const std::optional<TrackSet> plain = reader.ReadResult(plain_.files.results[index]);
    std::optional<TrackSet> corrected = reader.ReadResult(corrected_.files.results[index]);
    if (!reader.truth() || !plain || !corrected) {
      // One run of the command names all files that are malformed.
      for (const TracksToCompare& row : ablation_) reader.ReadResult(row.files.results[index]);
      if (has_interpolated_) reader.ReadResult(interpolated_.files.results[index]);
      return;
    }
    reader.DropUnstatedVisibility();
    reader.Examine(*plain, plain_.files.results[index]);
    const TrackSet& truth = *reader.truth();
    counts.interpolated_boxes =
        CheckSameBoxes(*plain, plain_.files.results[index], *corrected,
                       corrected_.files.results[index], options_.allow_interpolated);
    const auto read_row = [&](const TracksToCompare& row, bool may_add) {
      std::optional<TrackSet> tracks = reader.ReadResult(row.files.results[index]);
      if (tracks) {
        CheckSameBoxes(*plain, plain_.files.results[index], *tracks, row.files.results[index],
                       may_add);
      }
      return tracks;
    };
    if (check_only) {
      for (const TracksToCompare& row : ablation_) read_row(row, options_.allow_interpolated);
      if (has_interpolated_) read_row(interpolated_, true);
      return;
    }
    const SwitchOptions switch_options = SwitchOptionsOf(files, result_->benchmark);
    MotSequence prepared = Prepared(truth, *plain);
    block_frames_[index] = options_.block_frames.value_or(0) > 0
                               ? *options_.block_frames
                               : DefaultBlockFrames(FramesToDivide(prepared));
    counts.plain = CountMot(prepared);
    out.plain_switches = FindSwitches(prepared, truth, *plain, switch_options);
    if (options_.timelines) out.plain_timelines = IdentityTimelines(prepared);
    AddBlocks(prepared, index, &units_[index].a);

    prepared = Prepared(truth, *corrected);
    counts.corrected = CountMot(prepared);
    out.corrected_switches = FindSwitches(prepared, truth, *corrected, switch_options);
    if (options_.timelines) out.corrected_timelines = IdentityTimelines(prepared);
    AddBlocks(prepared, index, &units_[index].b);
    corrected.reset();

    for (size_t k = 0; k < ablation_.size(); ++k) {
      const TracksToCompare& row = ablation_[k];
      if (InterruptRequested()) return;
      if (const auto tracks = read_row(row, options_.allow_interpolated))
        counts.ablation[k] = CountMot(Prepared(truth, *tracks));
    }
    if (has_interpolated_) {
      if (const auto tracks = read_row(interpolated_, true))
        counts.interpolated = CountMot(Prepared(truth, *tracks));
    }
    const MotBenchmark& rules = result_->benchmark;
    const MotClass& scored = rules.classes.front();
    counts.ceiling_link = CountMot(Prepared(truth, LinkPerfectly(truth, *plain, rules, scored)));
    counts.ceiling_split_link =
        CountMot(Prepared(truth, SplitAndLinkPerfectly(truth, *plain, rules, scored)));

    out.status = CompareSwitches(out.plain_switches, out.corrected_switches);
    ComparedScores& scores = out.scores;
    scores.fixed = out.status.fixed;
    scores.remaining = out.status.remaining;
    scores.introduced = out.status.introduced;
    scores.plain_causes = CountByCause(out.plain_switches);
    scores.corrected_causes = CountByCause(out.corrected_switches);
    for (size_t k = 0; k < out.plain_switches.size(); ++k) {
      if (out.status.plain[k] == SwitchStatus::kFixed)
        ++scores.fixed_causes[static_cast<int>(out.plain_switches[k].cause)];
    }
    for (size_t k = 0; k < out.corrected_switches.size(); ++k) {
      if (out.status.corrected[k] == SwitchStatus::kIntroduced)
        ++scores.introduced_causes[static_cast<int>(out.corrected_switches[k].cause)];
    }
  }

  MotSequence Prepared(const TrackSet& truth, const TrackSet& tracks) const {
    return PrepareSequence(truth, tracks, result_->benchmark, result_->benchmark.classes.front());
  }

  void AddBlocks(const MotSequence& prepared, size_t index, std::vector<MotCounts>* blocks) const {
    if (options_.bootstrap.resamples > 0 && options_.block_frames.value_or(1) > 0)
      *blocks = CountMotBlocks(prepared, block_frames_[index]);
  }

  RunCounts NoCounts() const {
    RunCounts counts;
    counts.ablation.resize(ablation_.size());
    return counts;
  }

  // What a document keeps of counts.
  void Fill(const RunCounts& counts, const PairedUnits& units, bool blocks,
            ComparedScores* scores) const {
    scores->frames = counts.plain.boxes.frames;
    scores->interpolated_boxes = counts.interpolated_boxes;
    scores->values = CompareValues(counts, units, blocks, options_.bootstrap);
    const auto add_step = [&](const std::string& name, const MotCounts& of_step) {
      ComparedStep& step = scores->steps.emplace_back();
      step.name = name;
      const MotSummary summary = Summarize(of_step);
      for (const std::string_view field : kComparedFields)
        step.scores.push_back(FieldValue(summary, field));
    };
    add_step("plain", counts.plain);
    for (size_t k = 0; k < ablation_.size(); ++k) add_step(ablation_names_[k], counts.ablation[k]);
    add_step("corrected", counts.corrected);
    if (has_interpolated_) add_step("interpolated", counts.interpolated);
  }

  void Combine() {
    ComparedScores& sum = result_->combined;
    RunCounts counts = NoCounts();
    PairedUnits units;
    for (size_t index = 0; index < files_.size(); ++index) {
      ComparedScores& scores = result_->sequences[index].scores;
      // Within a sequence only blocks of its frames can be resampled.
      Fill(counts_[index], units_[index], true, &scores);
      counts += counts_[index];
      if (by_blocks_) {
        units.a.insert(units.a.end(), units_[index].a.begin(), units_[index].a.end());
        units.b.insert(units.b.end(), units_[index].b.begin(), units_[index].b.end());
      } else {
        units.a.push_back(counts_[index].plain);
        units.b.push_back(counts_[index].corrected);
      }
      Add(scores.plain_causes, &sum.plain_causes);
      Add(scores.corrected_causes, &sum.corrected_causes);
      Add(scores.fixed_causes, &sum.fixed_causes);
      Add(scores.introduced_causes, &sum.introduced_causes);
      sum.fixed += scores.fixed;
      sum.remaining += scores.remaining;
      sum.introduced += scores.introduced;
    }
    Fill(counts, units, by_blocks_, &sum);
    if (options_.bootstrap.resamples > 0 && units.a.size() >= 2) {
      const auto [least, most] = std::minmax_element(block_frames_.begin(), block_frames_.end());
      result_->resampled = !by_blocks_ ? "sequences"
                           : *least == *most
                               ? fmt::format("blocks of {} frame{}", *least, *least == 1 ? "" : "s")
                               : fmt::format("blocks of {} to {} frames", *least, *most);
      for (const MotCounts& unit : units.a) result_->units.plain.push_back(unit.identity);
      for (const MotCounts& unit : units.b) result_->units.corrected.push_back(unit.identity);
    }
  }

  void Describe() {
    const ComparedScores& sum = result_->combined;
    const ComparedValue &idf1 = sum.Of("IDF1"), &idsw = sum.Of("IDSW");
    const double change = idf1.difference.value_or(0);
    std::string text;
    if (std::abs(change) < 5e-5) {
      text = fmt::format("Re-ID left IDF1 as it was, at {:.1f} %", 100 * idf1.plain.value_or(0));
    } else {
      text = fmt::format("Re-ID {} IDF1 by {:.1f} points", change > 0 ? "raised" : "lowered",
                         100 * std::abs(change));
      if (idf1.low && idf1.high) {
        text += fmt::format(" ({:g} % interval {:+.1f} to {:+.1f}{})", 100 * result_->confidence,
                            100 * *idf1.low, 100 * *idf1.high,
                            *idf1.low <= 0 && *idf1.high >= 0 ? ", so it may be chance" : "");
      }
      text += fmt::format(", from {:.1f} to {:.1f} %", 100 * idf1.plain.value_or(0),
                          100 * idf1.corrected.value_or(0));
    }
    const double before = idsw.plain.value_or(0), after = idsw.corrected.value_or(0);
    text += before == after
                ? fmt::format("; identity switches stayed at {:.0f}", before)
                : fmt::format("; identity switches went from {:.0f} to {:.0f}", before, after);
    if (sum.fixed + sum.introduced > 0)
      text += fmt::format(" ({} fixed, {} introduced)", sum.fixed, sum.introduced);
    if (idf1.share_split_link && change > 0) {
      text +=
          fmt::format("; that is {:.0f} % of the IDF1 that perfect splitting and linking would win",
                      100 * *idf1.share_split_link);
    }
    result_->headline = text + ".";
  }

  const CompareStageOptions& options_;
  CompareStageResult* const result_;
  std::vector<MotSequenceFiles> files_;
  TracksToCompare plain_, corrected_, interpolated_;
  std::vector<TracksToCompare> ablation_;
  std::vector<std::string> ablation_names_;
  bool has_interpolated_ = false;
  bool by_blocks_ = false;
  std::vector<RunCounts> counts_;      // by sequence
  std::vector<PairedUnits> units_;     // by sequence: blocks of plain and corrected
  std::vector<int64_t> block_frames_;  // by sequence
};

}  // namespace

int64_t DefaultBlockFrames(int64_t frame_count) {
  constexpr int64_t kUsual = 50, kLeastBlocks = 10;
  return std::clamp<int64_t>(frame_count / kLeastBlocks, 1, kUsual);
}

CompareStageResult RunCompare(const CompareStageOptions& options, bool check_only) {
  CompareStageResult result;
  CompareStage stage(options, &result);
  stage.Prepare();
  stage.Run(check_only);
  return result;
}

}  // namespace reidbench
