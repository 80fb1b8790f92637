#include "reidbench/jobs/check/check_findings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "reidbench/core/text.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Least rows and frames for a judgement over a whole file: fewer may be so by chance.
constexpr int64_t kLeastRows = 20;
constexpr int64_t kLeastFrames = 5;
constexpr double kNearlyEvery = 0.98;

// Detectors that score with anything else than 0..1 stay far below: MOT15's ACF gives -1 to 200,
// logits some tens, per mille 1000.
constexpr double kMostScore = 1e4;
// Among scores of 0..1, a few beyond this are slips.
constexpr double kStrayScore = 10;
constexpr double kMostStray = 0.05;

constexpr double kMostTiny = 0.2;
// Of the ground truth's frames behind the last one with a box.
constexpr double kMissingNote = 0.1, kMissingProblem = 0.5;
// Mean IoU that a shift of one frame wins, and that one to the other side loses.
constexpr double kShiftGain = 0.02;

double ShareOfRows(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Frames with boxes, ascending; and of each the boxes.
class Frames {
 public:
  explicit Frames(const std::vector<TrackBox>& boxes) : order_(boxes.size()) {
    std::iota(order_.begin(), order_.end(), uint32_t{0});
    const auto before = [&](uint32_t a, uint32_t b) { return boxes[a].frame < boxes[b].frame; };
    if (!std::is_sorted(order_.begin(), order_.end(), before))
      std::stable_sort(order_.begin(), order_.end(), before);
    for (uint32_t k = 0; k < order_.size(); ++k) {
      const int64_t frame = boxes[order_[k]].frame.value;
      if (!numbers_.empty() && numbers_.back() == frame) continue;
      numbers_.push_back(frame);
      begin_.push_back(k);
    }
    begin_.push_back(static_cast<uint32_t>(order_.size()));
  }

  std::span<const int64_t> numbers() const { return numbers_; }
  std::span<const uint32_t> Rows(size_t index) const {
    return std::span(order_).subspan(begin_[index], begin_[index + 1] - begin_[index]);
  }
  // The largest number of frames from one with boxes to the next that all such distances are
  // multiples of; 1 with fewer than two frames.
  int64_t Step() const {
    int64_t step = 0;
    for (size_t k = 1; k < numbers_.size(); ++k)
      step = std::gcd(step, numbers_[k] - numbers_[k - 1]);
    return std::max<int64_t>(1, step);
  }

 private:
  std::vector<uint32_t> order_;
  std::vector<int64_t> numbers_;
  std::vector<uint32_t> begin_;
};

class Finder {
 public:
  Finder(const MotFile& file, MotFileKind kind, const fs::path& path,
         const SequenceContext& context)
      : file_(file),
        boxes_(file.tracks.boxes),
        kind_(kind),
        path_(path),
        context_(context),
        frames_(boxes_) {}

  std::vector<Finding> Run() {
    if (boxes_.empty()) {
      Add(FindingKind::kNoBoxes, FindingSeverity::kProblem, "the file has no boxes");
      found_.back().mend = "was it written to its end, and by a program that found anybody?";
      AddOddRows();
      return std::move(found_);
    }
    LookAtBoxes();
    if (kind_ != MotFileKind::kDetections) LookAtIds();
    if (!context_.truth.empty()) {
      const bool itself = LookForGroundTruth();
      LookAtFrames();
      if (!itself && !misread_) LookForShift();
    }
    if (kind_ != MotFileKind::kGroundTruth) LookAtScores();
    AddOddRows();
    return std::move(found_);
  }

 private:
  Finding& Add(FindingKind kind, FindingSeverity severity, std::string message) {
    Finding& finding = found_.emplace_back();
    finding.kind = kind;
    finding.severity = severity;
    finding.place = path_.string();
    finding.message = std::move(message);
    return finding;
  }

  // With how many, and the line of the first.
  Finding& AddRows(FindingKind kind, FindingSeverity severity, int64_t count, size_t first,
                   const std::string& what) {
    const auto rows = static_cast<int64_t>(boxes_.size());
    Finding& finding =
        Add(kind, severity,
            fmt::format("{} of {} boxes {}", WithThousands(count), WithThousands(rows), what));
    finding.place = fmt::format("{}:{}", path_.string(), file_.line[first]);
    finding.count = count;
    finding.share = ShareOfRows(count, rows);
    return finding;
  }

  template <typename Test>
  std::pair<int64_t, size_t> CountBoxes(const Test& test) const {
    int64_t count = 0;
    size_t first = 0;
    for (size_t k = 0; k < boxes_.size(); ++k) {
      if (!test(boxes_[k])) continue;
      if (count++ == 0) first = k;
    }
    return {count, first};
  }

  void LookAtBoxes() {
    BoxExaminationOptions options;
    options.picture = context_.picture;
    options.truth = &context_.truth;
    const BoxExamination seen = ExamineBoxes(boxes_, options);
    if (std::optional<Finding> finding = BoxFormFinding(seen, path_)) {
      misread_ = true;
      found_.push_back(std::move(*finding));
    }
    const auto has_no_area = [](const TrackBox& b) {
      return !(b.box.width > 0) || !(b.box.height > 0);
    };
    if (const auto [count, first] = CountBoxes(has_no_area); count > 0) {
      AddRows(FindingKind::kBoxesWithoutArea, FindingSeverity::kProblem, count, first,
              fmt::format("have no area, the first of {:g} x {:g} px", boxes_[first].box.width,
                          boxes_[first].box.height))
          .mend =
          kind_ == MotFileKind::kGroundTruth ? "each counts as missed: remove these rows"
          : kind_ == MotFileKind::kResult
              ? "each counts as a false positive: remove these rows"
              : "trackers leave them out: remove these rows, or write left,top,width,height";
    }
    const auto is_tiny = [&](const TrackBox& b) {
      return !has_no_area(b) && (b.box.width < 2 || b.box.height < 2);
    };
    if (const auto [count, first] = CountBoxes(is_tiny); count > 0 && !misread_) {
      const bool many = ShareOfRows(count, static_cast<int64_t>(boxes_.size())) >= kMostTiny &&
                        static_cast<int64_t>(boxes_.size()) >= kLeastRows;
      AddRows(FindingKind::kBoxesUnderTwoPixels,
              many ? FindingSeverity::kProblem : FindingSeverity::kNote, count, first,
              "are less than 2 px wide or high");
    }
    const BoxLtwh& first = boxes_.front().box;
    if (IsLong() && std::all_of(boxes_.begin(), boxes_.end(),
                                [&](const TrackBox& b) { return b.box == first; })) {
      Add(FindingKind::kBoxesAllTheSame, FindingSeverity::kProblem,
          fmt::format("all {} boxes are the same, {:g},{:g},{:g},{:g}",
                      WithThousands(static_cast<int64_t>(boxes_.size())), first.left, first.top,
                      first.width, first.height))
          .mend = "is a variable written that never changes?";
    }
  }

  bool IsLong() const {
    return static_cast<int64_t>(boxes_.size()) >= kLeastRows &&
           static_cast<int64_t>(frames_.numbers().size()) >= kLeastFrames;
  }

  void LookAtIds() {
    if (!IsLong()) return;
    std::unordered_set<int64_t> ids;
    for (const TrackBox& box : boxes_) ids.insert(box.id.value);
    if (ids.size() == boxes_.size()) {
      Finding& finding = Add(FindingKind::kIdsNeverRepeat, FindingSeverity::kProblem,
                             "no id occurs twice: these are detections, not tracks");
      finding.count = static_cast<int64_t>(ids.size());
      finding.mend = fmt::format("reidbench track --detections {} --tracker bytetrack --output OUT",
                                 path_.string());
      return;
    }
    LookForRestartingIds();
  }

  // The number of a detection within its frame, given as its id: 1..n, or 0..n-1, in every frame,
  // while the boxes of one id lie anywhere.
  void LookForRestartingIds() {
    int64_t restarting = 0, pairs = 0, overlapping = 0;
    size_t fewest = boxes_.size(), most = 0;
    std::unordered_map<int64_t, const BoxLtwh*> before;
    for (size_t f = 0; f < frames_.numbers().size(); ++f) {
      const std::span<const uint32_t> rows = frames_.Rows(f);
      int64_t least = boxes_[rows[0]].id.value, last = least;
      std::unordered_map<int64_t, const BoxLtwh*> now;
      for (const uint32_t row : rows) {
        const TrackBox& box = boxes_[row];
        least = std::min(least, box.id.value);
        last = std::max(last, box.id.value);
        now[box.id.value] = &box.box;
        const auto earlier = before.find(box.id.value);
        if (earlier == before.end()) continue;
        ++pairs;
        overlapping += Iou(*earlier->second, box.box) > 0;
      }
      restarting += least <= 1 && last - least + 1 == static_cast<int64_t>(rows.size());
      fewest = std::min(fewest, rows.size());
      most = std::max(most, rows.size());
      before = std::move(now);
    }
    const auto frames = static_cast<int64_t>(frames_.numbers().size());
    constexpr double kHalf = 0.5;
    if (frames < kLeastRows || fewest == most || pairs == 0 ||
        ShareOfRows(restarting, frames) < kNearlyEvery || ShareOfRows(overlapping, pairs) > kHalf)
      return;
    Finding& finding = Add(
        FindingKind::kIdsRestartEveryFrame, FindingSeverity::kProblem,
        fmt::format("ids count the boxes of a frame: they begin anew in {} of the frames, and {} "
                    "of the boxes lie nowhere near the one of their id a frame earlier",
                    ShareText(ShareOfRows(restarting, frames)),
                    ShareText(1 - ShareOfRows(overlapping, pairs))));
    finding.count = restarting;
    finding.share = ShareOfRows(restarting, frames);
    finding.mend = "write the id of the track, or -1 and run a tracker";
  }

  // True when the file holds nothing but boxes of the ground truth.
  bool LookForGroundTruth() {
    const std::vector<std::vector<TrackBox>> selected = context_.truth.Select(boxes_, 0);
    int64_t compared = 0, same_box = 0, same_id = 0;
    for (size_t f = 0; f < selected.size(); ++f) {
      for (const TrackBox& box : selected[f]) {
        ++compared;
        for (const TrackBox& person : context_.truth.Of(f)) {
          if (!(person.box == box.box)) continue;
          ++same_box;
          same_id += person.id == box.id;
          break;
        }
      }
    }
    if (compared < kLeastRows || ShareOfRows(same_box, compared) < kNearlyEvery) return false;
    const bool all = ShareOfRows(same_id, compared) >= kNearlyEvery;
    Finding& finding =
        Add(FindingKind::kTracksAreGroundTruth,
            all ? FindingSeverity::kProblem : FindingSeverity::kNote,
            all ? "boxes and ids are those of the ground truth: scores say nothing"
                : "the boxes are those of the ground truth: scores of detection say nothing");
    finding.share = ShareOfRows(same_box, compared);
    if (all) finding.mend = "give the tracker's own output";
    return true;
  }

  void LookAtFrames() {
    const std::span<const int64_t> numbers = frames_.numbers();
    if (static_cast<int64_t>(numbers.size()) >= 2 * kLeastFrames) {
      const int64_t step = frames_.Step();
      if (step > 1 && step % context_.frames_between == 0 && step > context_.frames_between) {
        Add(FindingKind::kFramesSkipped, FindingSeverity::kProblem,
            fmt::format("there are boxes in every {}. frame only, while the ground truth has them "
                        "in {}",
                        step,
                        context_.frames_between == 1
                            ? std::string("every frame")
                            : fmt::format("every {}.", context_.frames_between)))
            .mend =
            "run on every frame, interpolate, or keep only these frames of the ground truth: all "
            "between count as missed";
      }
    }
    const int64_t all = context_.last_frame - context_.first_frame + 1;
    const int64_t missing = std::clamp<int64_t>(context_.last_frame - numbers.back(), 0, all);
    const double share = ShareOfRows(missing, all);
    if (share < kMissingNote || missing < kLeastFrames) return;
    Finding& finding =
        Add(FindingKind::kFramesEndEarly,
            share >= kMissingProblem ? FindingSeverity::kProblem : FindingSeverity::kNote,
            fmt::format("the last box is in frame {}, those of the ground truth go on to frame {}",
                        WithThousands(numbers.back()), WithThousands(context_.last_frame)));
    finding.count = missing;
    finding.share = share;
    finding.mend = "was the run cut short? Everybody behind it counts as missed";
  }

  void LookForShift() {
    const std::optional<std::array<double, 3>> overlaps = OverlapsByShift(context_.truth, boxes_);
    if (!overlaps) return;
    const auto [before, now, after] = *overlaps;
    // Ground truth that lies between two frames wins next to nothing and loses much.
    const auto is_shifted = [now = now](double better, double worse) {
      return better > now + kShiftGain && now > worse + kShiftGain &&
             better - now > (now - worse) / 2;
    };
    const bool late = is_shifted(before, after), early = is_shifted(after, before);
    if (!late && !early) return;
    Add(FindingKind::kFramesShifted, FindingSeverity::kProblem,
        fmt::format(
            "the boxes lie better on the people of the frame {} (mean IoU {:.2f} instead of "
            "{:.2f}): frames are numbered one too {}",
            late ? "before" : "after", late ? before : after, now, late ? "high" : "low"))
        .mend = late ? "subtract 1 from the frame numbers"
                     : "add 1 to the frame numbers: MOT files count from 1";
  }

  void LookAtScores() {
    const auto rows = static_cast<int64_t>(boxes_.size());
    const auto absurd = [&](const TrackBox& b) { return std::abs(b.confidence) > kMostScore; };
    const auto unit = [](const TrackBox& b) { return b.confidence >= 0 && b.confidence <= 1; };
    const auto stray = [&](const TrackBox& b) {
      return absurd(b) || std::abs(b.confidence) > kStrayScore;
    };
    const int64_t in_unit = CountBoxes(unit).first;
    const auto [strays, first_stray] = CountBoxes(stray);
    const auto [absurds, first_absurd] = CountBoxes(absurd);
    const bool slips = strays > 0 && rows >= kLeastRows &&
                       ShareOfRows(strays, rows) <= kMostStray && in_unit + strays == rows;
    if (absurds > 0 || slips) {
      const size_t first = absurds > 0 ? first_absurd : first_stray;
      AddRows(FindingKind::kScoresAbsurd, FindingSeverity::kProblem, absurds > 0 ? absurds : strays,
              first,
              fmt::format("have a score that is none, the first {:g}{}", boxes_[first].confidence,
                          slips ? " where the others are 0..1" : ""))
          .mend = "column 7 is the detector's score";
      return;
    }
    if (kind_ != MotFileKind::kDetections || in_unit == rows) return;
    const auto [low, high] = std::minmax_element(
        boxes_.begin(), boxes_.end(),
        [](const TrackBox& a, const TrackBox& b) { return a.confidence < b.confidence; });
    Finding& finding = Add(
        FindingKind::kScoresNotInUnitRange, FindingSeverity::kNote,
        fmt::format("scores are {:.4g} to {:.4g}, not 0..1", low->confidence, high->confidence));
    finding.count = rows - in_unit;
    finding.share = ShareOfRows(rows - in_unit, rows);
    finding.mend =
        "trackers with thresholds of 0..1 need --ignore-scores, or thresholds of this range";
  }

  // What the reader saw, but for what is a finding of its own here.
  void AddOddRows() {
    for (const std::string& warning : file_.warnings) {
      if (EndsWith(warning, " has no boxes") ||
          warning.find(": such a box never matches") != std::string::npos)
        continue;
      const std::string path = path_.string() + ":";
      std::string message = warning;
      Finding& finding = Add(FindingKind::kOddRows, FindingSeverity::kNote, "");
      if (StartsWith(warning, path)) {
        const size_t digits = warning.find_first_not_of("0123456789", path.size());
        const bool has_line =
            digits != std::string::npos && digits > path.size() && warning[digits] == ':';
        if (has_line) finding.place = warning.substr(0, digits);
        message = Trim(std::string_view(warning).substr(has_line ? digits + 1 : path.size()));
      }
      finding.message = std::move(message);
    }
  }

  const MotFile& file_;
  const std::vector<TrackBox>& boxes_;
  const MotFileKind kind_;
  const fs::path& path_;
  const SequenceContext& context_;
  const Frames frames_;
  bool misread_ = false;
  std::vector<Finding> found_;
};

}  // namespace

SequenceContext ContextOf(const TrackSet& ground_truth, const PictureSize& picture) {
  SequenceContext context;
  context.picture = picture.known() ? picture : ExtentOf(ground_truth.boxes);
  context.truth = TruthSample(ground_truth);
  const Frames frames(ground_truth.boxes);
  if (!frames.numbers().empty()) {
    context.first_frame = frames.numbers().front();
    context.last_frame = frames.numbers().back();
    context.frames_between = frames.Step();
  }
  return context;
}

std::vector<Finding> TrackingFindings(const MotFile& file, MotFileKind kind, const fs::path& path,
                                      const SequenceContext& context) {
  return Finder(file, kind, path, context).Run();
}

}  // namespace reidbench
