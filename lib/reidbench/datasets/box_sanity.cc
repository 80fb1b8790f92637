#include "reidbench/datasets/box_sanity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/statistics.h"
#include "reidbench/core/text.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

using Shape = BoxReading::Shape;

// A sample: frames, and people in them. Enough to tell nothing from half.
constexpr size_t kMostSampledFrames = 48, kLeastSampledFrames = 12;
constexpr double kSampledPeople = 320;
constexpr double kMatchIou = 0.5;

// Boxes may end so far outside, of the picture's size: detectors and annotators guess the hidden
// part of people at the border.
constexpr double kBorderTolerance = 0.01;
constexpr double kTinyPixels = 2;
// Fractions of a picture, with room for people at its border.
constexpr double kLeastFraction = -0.25, kMostFraction = 1.25;

// With ground truth: a file that matches more is read rightly, however bad its detector is. Another
// reading must match so much, and so much more.
constexpr double kEnoughMatches = 0.35;
constexpr double kLeastMatches = 0.4, kLeastGain = 0.3;
constexpr int64_t kLeastCompared = 5;
// Scales are fitted, so that they need more evidence.
constexpr int64_t kLeastComparedToFit = 20;
// Without a reading that fits: so many boxes, of which no more match than do by chance in a crowd.
constexpr double kNothingMatches = 0.08;
constexpr int64_t kLeastComparedForNothing = 20;

// Without ground truth: the least boxes to judge, and shares of them.
constexpr int64_t kLeastBoxes = 10, kLeastBoxesForDoubt = 50;
constexpr double kNearlyAll = 0.98;
constexpr double kMostlyOutside = 0.5, kManyOutside = 0.1, kManyAway = 0.2;

bool HasArea(const BoxLtwh& box) { return box.width > 0 && box.height > 0; }

bool EndsOutside(const BoxLtwh& box, const PictureSize& picture) {
  const double x = kBorderTolerance * picture.width, y = kBorderTolerance * picture.height;
  return box.left < -x || box.top < -y || box.left + box.width > picture.width + x ||
         box.top + box.height > picture.height + y;
}

bool IsAway(const BoxLtwh& box, const PictureSize& picture) {
  const double x = box.left + box.width / 2, y = box.top + box.height / 2;
  return x < 0 || y < 0 || x > picture.width || y > picture.height;
}

bool IsRelative(const BoxLtwh& box) {
  const auto fraction = [](double value) {
    return value >= kLeastFraction && value <= kMostFraction;
  };
  return fraction(box.left) && fraction(box.top) && fraction(box.width) && fraction(box.height);
}

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Boxes of the sampled frames as they stand in the file, beside those of the ground truth.
class Comparison {
 public:
  Comparison(const TruthSample& truth, std::span<const TrackBox> boxes)
      : truth_(truth), columns_(truth.Select(boxes, 0)), corners_(columns_.size()) {
    for (size_t f = 0; f < columns_.size(); ++f) {
      if (columns_[f].empty()) continue;
      compared_ += static_cast<int64_t>(columns_[f].size());
      for (const TrackBox& box : truth.Of(f)) {
        corners_[f].push_back(CornersOf(box.box));
        people_.push_back(box.box);
      }
    }
  }

  int64_t compared() const { return compared_; }

  int64_t Matched(const BoxReading& reading, const PictureSize& picture) const {
    int64_t matched = 0;
    for (size_t f = 0; f < columns_.size(); ++f) {
      for (const TrackBox& box : columns_[f]) {
        const BoxCorners corners = CornersOf(reading.Apply(box.box, picture));
        matched += std::any_of(corners_[f].begin(), corners_[f].end(), [&](const BoxCorners& c) {
          return c.right > corners.left && c.left < corners.right && Iou(c, corners) >= kMatchIou;
        });
      }
    }
    return matched;
  }

  // The scaling of a reading that puts most boxes onto people, and how many. Of two that are nearly
  // as good the simpler one is taken: a factor, a shift, a factor and a shift of each axis.
  std::pair<BoxReading, int64_t> FitScale(BoxReading reading, const PictureSize& picture) const {
    reading.scaled = true;
    using Fit = std::pair<BoxReading, int64_t>;
    const auto fit = [&](const BoxReading& one) { return Fit{one, Matched(one, picture)}; };
    const auto better = [](const Fit& a, const Fit& b) { return a.second > b.second; };
    std::vector<Fit> tried;
    Fit usual{reading, -1};
    for (const BoxReading& start : UsualStarts(reading, picture)) {
      tried.push_back(fit(start));
      if (better(tried.back(), usual)) usual = tried.back();
    }
    for (const BoxReading& start : OtherStarts(reading, picture)) tried.push_back(fit(start));
    std::stable_sort(tried.begin(), tried.end(), better);
    constexpr size_t kRefined = 4;
    tried.resize(std::min(kRefined, tried.size()));
    Fit best{reading, -1};
    const auto as_good = static_cast<int64_t>(0.03 * static_cast<double>(compared_));
    for (const Freedom freedom : {Freedom::kBoth, Freedom::kShift, Freedom::kFactor}) {
      Fit of_freedom{reading, -1};
      for (const Fit& start : tried) {
        const Fit refined = fit(Refine(start.first, freedom, picture));
        if (better(refined, of_freedom)) of_freedom = refined;
      }
      if (of_freedom.second >= best.second - as_good) best = of_freedom;
    }
    if (usual.second >= best.second - as_good) return usual;
    // A factor that is nearly one of those is it.
    for (const double factor : UsualFactors(picture)) {
      const auto [x, y] = best.first.scale;
      constexpr double kNear = 0.03;
      if (x != y || best.first.offset[0] != 0 || std::abs(x / factor - 1) > kNear) continue;
      BoxReading rounded = best.first;
      rounded.scale = {factor, factor};
      const int64_t matched = Matched(rounded, picture);
      if (matched >= best.second - as_good) return {rounded, matched};
    }
    return best;
  }

 private:
  enum class Freedom { kBoth, kShift, kFactor };

  static constexpr std::array<double, 16> kUsualSides = {
      320, 384, 416, 512, 608, 640, 736, 800, 864, 960, 1024, 1088, 1280, 1440, 1536, 1920};

  static std::vector<double> UsualFactors(const PictureSize& picture) {
    std::vector<double> factors = {2, 0.5};
    if (picture.known()) {
      for (const double side : kUsualSides)
        factors.push_back(std::max(picture.width, picture.height) / side);
    }
    return factors;
  }

  // Appends a scaling to `starts`.
  static void AddStart(BoxReading reading, std::array<double, 2> scale,
                       std::array<double, 2> offset, std::vector<BoxReading>* starts) {
    for (const double factor : scale) {
      if (!(factor > 0.01 && factor < 1e4)) return;
    }
    reading.scale = scale;
    reading.offset = offset;
    starts->push_back(reading);
  }

  // What preparing pictures for the usual inputs of networks does: padded on both sides to a
  // square, which does not move the longer side; padded at the end, or not at all; stretched to a
  // square.
  static std::vector<BoxReading> UsualStarts(const BoxReading& reading,
                                             const PictureSize& picture) {
    std::vector<BoxReading> starts;
    if (!picture.known()) return starts;
    for (const double side : kUsualSides) {
      const double k = std::max(picture.width, picture.height) / side;
      AddStart(reading, {k, k}, {0, 0}, &starts);
      AddStart(reading, {k, k}, {(picture.width - k * side) / 2, (picture.height - k * side) / 2},
               &starts);
      AddStart(reading, {picture.width / side, picture.height / side}, {0, 0}, &starts);
    }
    return starts;
  }

  // Any factor; and what medians and spreads say.
  std::vector<BoxReading> OtherStarts(const BoxReading& reading, const PictureSize& picture) const {
    std::vector<BoxReading> starts;
    constexpr double kLargestFactor = 8, kStep = 1.04;
    for (double k = 1 / kLargestFactor; k < kLargestFactor; k *= kStep)
      AddStart(reading, {k, k}, {0, 0}, &starts);
    std::vector<BoxLtwh> read;
    BoxReading plain = reading;
    plain.scaled = false;
    for (const std::vector<TrackBox>& frame : columns_) {
      for (const TrackBox& box : frame) {
        const BoxLtwh one = plain.Apply(box.box, picture);
        if (HasArea(one)) read.push_back(one);
      }
    }
    if (read.empty() || people_.empty()) return starts;
    const auto quantile = [](const std::vector<BoxLtwh>& boxes, double q, auto get) {
      std::vector<double> values;
      for (const BoxLtwh& box : boxes) values.push_back(get(box));
      return Quantile(std::move(values), q, QuantileRule::kInterpolated);
    };
    const auto x = [](const BoxLtwh& box) { return box.left + box.width / 2; };
    const auto y = [](const BoxLtwh& box) { return box.top + box.height / 2; };
    const auto width = [](const BoxLtwh& box) { return box.width; };
    const auto height = [](const BoxLtwh& box) { return box.height; };
    const auto spread = [&](const std::vector<BoxLtwh>& boxes, auto get) {
      return quantile(boxes, 0.9, get) - quantile(boxes, 0.1, get);
    };
    const auto centred = [&](double a, double b) {
      AddStart(reading, {a, b},
               {quantile(people_, 0.5, x) - a * quantile(read, 0.5, x),
                quantile(people_, 0.5, y) - b * quantile(read, 0.5, y)},
               &starts);
      AddStart(reading, {a, b}, {0, 0}, &starts);
    };
    centred(quantile(people_, 0.5, width) / quantile(read, 0.5, width),
            quantile(people_, 0.5, height) / quantile(read, 0.5, height));
    centred(spread(people_, x) / spread(read, x), spread(people_, y) / spread(read, y));
    centred(1, 1);
    return starts;
  }

  // Least squares over the edges of each box and of the person whose centre is nearest, again with
  // the result.
  BoxReading Refine(BoxReading reading, Freedom freedom, const PictureSize& picture) const {
    BoxReading plain = reading;
    plain.scaled = false;
    for (int round = 0; round < 8; ++round) {
      std::array<std::array<double, 5>, 2> sums{};  // n, x, y, xx, xy of each axis
      for (size_t f = 0; f < columns_.size(); ++f) {
        for (const TrackBox& box : columns_[f]) {
          const BoxLtwh from = plain.Apply(box.box, picture);
          const BoxLtwh now = reading.Apply(box.box, picture);
          if (!HasArea(from) || !HasArea(now)) continue;
          const BoxCorners* to = Nearest(now, f);
          if (to == nullptr) continue;
          const auto count = [](double x, double y, std::array<double, 5>* s) {
            const std::array<double, 5> terms = {1, x, y, x * x, x * y};
            for (size_t k = 0; k < terms.size(); ++k) (*s)[k] += terms[k];
          };
          count(from.left, to->left, &sums[0]);
          count(from.left + from.width, to->right, &sums[0]);
          count(from.top, to->top, &sums[1]);
          count(from.top + from.height, to->bottom, &sums[1]);
        }
      }
      const double squares = sums[0][3] + sums[1][3];
      if (!(sums[0][0] > 0) || !(squares > 0)) return reading;
      for (size_t axis = 0; axis < 2; ++axis) {
        const auto& [n, x, y, xx, xy] = sums[axis];
        double scale = 1;
        if (freedom == Freedom::kFactor) scale = (sums[0][4] + sums[1][4]) / squares;
        if (freedom == Freedom::kBoth) scale = (n * xy - x * y) / (n * xx - x * x);
        if (!(scale > 0 && std::isfinite(scale))) return reading;
        reading.scale[axis] = scale;
        reading.offset[axis] = freedom == Freedom::kFactor ? 0 : (y - scale * x) / n;
      }
    }
    return reading;
  }

  // The person whose centre is nearest, if it is within the person's height.
  const BoxCorners* Nearest(const BoxLtwh& box, size_t frame) const {
    const BoxCorners* nearest = nullptr;
    double least = std::numeric_limits<double>::infinity();
    const double x = box.left + box.width / 2, y = box.top + box.height / 2;
    for (const BoxCorners& person : corners_[frame]) {
      const double distance =
          std::hypot((person.left + person.right) / 2 - x, (person.top + person.bottom) / 2 - y);
      if (distance < least && distance < person.bottom - person.top) {
        least = distance;
        nearest = &person;
      }
    }
    return nearest;
  }

  const TruthSample& truth_;
  std::vector<std::vector<TrackBox>> columns_;    // by sampled frame
  std::vector<std::vector<BoxCorners>> corners_;  // of the people in it
  std::vector<BoxLtwh> people_;
  int64_t compared_ = 0;
};

// The simplest first: of equals it is taken.
std::vector<BoxReading> PlainReadings(bool relative) {
  std::vector<BoxReading> readings;
  for (const bool swapped : {false, true}) {
    for (const Shape shape : {Shape::kCorners, Shape::kCentre, Shape::kSize}) {
      if (shape == Shape::kSize && !swapped && !relative) continue;
      BoxReading reading;
      reading.shape = shape;
      reading.swapped = swapped;
      reading.relative = relative;
      readings.push_back(reading);
    }
  }
  return readings;
}

std::optional<BoxReading> ReadingByTruth(const Comparison& comparison, int64_t native,
                                         bool relative, const PictureSize& picture) {
  const auto compared = static_cast<double>(comparison.compared());
  const auto enough =
      std::max(kLeastMatches * compared, static_cast<double>(native) + kLeastGain * compared);
  std::optional<BoxReading> best;
  int64_t most = -1;
  for (const BoxReading& reading : PlainReadings(relative && picture.known())) {
    const int64_t matched = comparison.Matched(reading, picture);
    if (static_cast<double>(matched) >= enough && matched > most) {
      most = matched;
      best = reading;
    }
  }
  if (best || comparison.compared() < kLeastComparedToFit) return best;
  for (const bool swapped : {false, true}) {
    for (const Shape shape : {Shape::kSize, Shape::kCorners, Shape::kCentre}) {
      BoxReading reading;
      reading.shape = shape;
      reading.swapped = swapped;
      const auto [fitted, matched] = comparison.FitScale(reading, picture);
      if (static_cast<double>(matched) >= enough && matched > most) {
        most = matched;
        best = fitted;
      }
    }
  }
  return best;
}

// Over at most so many boxes: enough for shares, however large the file.
template <typename Body>
void ForSome(std::span<const TrackBox> boxes, const Body& body) {
  constexpr size_t kMost = 20'000;
  const size_t step = boxes.size() / kMost + 1;
  for (size_t k = 0; k < boxes.size(); k += step) body(boxes[k].box);
}

double ShareInside(std::span<const TrackBox> boxes, const BoxReading& reading,
                   const PictureSize& picture) {
  int64_t all = 0, inside = 0;
  ForSome(boxes, [&](const BoxLtwh& columns) {
    const BoxLtwh box = reading.Apply(columns, picture);
    ++all;
    inside += box.width >= kTinyPixels && box.height >= kTinyPixels && !EndsOutside(box, picture);
  });
  return Share(inside, all);
}

// Correlation of column 3 with 5: 1 where the fifth is another edge of the box, around 0 where it
// is a size.
double EdgeCorrelation(std::span<const TrackBox> boxes) {
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  ForSome(boxes, [&](const BoxLtwh& b) {
    ++n;
    x += b.left;
    y += b.width;
    xx += b.left * b.left;
    yy += b.width * b.width;
    xy += b.left * b.width;
  });
  const double spread = (n * xx - x * x) * (n * yy - y * y);
  return spread > 0 ? (n * xy - x * y) / std::sqrt(spread) : 0.0;
}

// Share of boxes whose columns 5 and 6 are right of and below columns 3 and 4, as corners are.
double ShareOrdered(std::span<const TrackBox> boxes) {
  int64_t all = 0, ordered = 0;
  ForSome(boxes, [&](const BoxLtwh& b) {
    ++all;
    ordered += b.width > b.left && b.height > b.top;
  });
  return Share(ordered, all);
}

double ShareRightOf(std::span<const TrackBox> boxes, const PictureSize& picture) {
  int64_t all = 0, right = 0;
  ForSome(boxes, [&](const BoxLtwh& b) {
    ++all;
    right += b.left + b.width > (1 + kBorderTolerance) * picture.width;
  });
  return Share(right, all);
}

bool MostlyWide(std::span<const TrackBox> boxes) {
  int64_t all = 0, wide = 0;
  ForSome(boxes, [&](const BoxLtwh& b) {
    ++all;
    wide += b.width > b.height;
  });
  return Share(wide, all) > kMostlyOutside;
}

// The factor that brings boxes of a larger picture into this one, where it is the same on both
// axes.
std::optional<double> ScaleInto(std::span<const TrackBox> boxes, const PictureSize& picture) {
  std::vector<double> right, bottom;
  ForSome(boxes, [&](const BoxLtwh& b) {
    right.push_back(b.left + b.width);
    bottom.push_back(b.top + b.height);
  });
  constexpr double kNearlyLast = 0.995, kAlike = 0.15;
  const double x =
      picture.width / Quantile(std::move(right), kNearlyLast, QuantileRule::kInterpolated);
  const double y =
      picture.height / Quantile(std::move(bottom), kNearlyLast, QuantileRule::kInterpolated);
  if (!(x > 0 && y > 0 && x < 1 && y < 1) || std::abs(x - y) > kAlike * std::max(x, y))
    return std::nullopt;
  return std::max(x, y);
}

std::optional<BoxReading> ReadingByPicture(std::span<const TrackBox> boxes,
                                           const BoxExamination& seen) {
  const auto fits = [&](BoxReading reading, double share) {
    return ShareInside(boxes, reading, seen.picture) >= share;
  };
  BoxReading reading;
  // Two in a file of tens are chance.
  constexpr double kRelated = 0.6, kSureOfRelated = 0.9;
  reading.shape = Shape::kCorners;
  const double outside = Share(seen.outside, seen.boxes);
  if (!seen.picture.known()) {
    if (seen.boxes >= kLeastBoxesForDoubt && ShareOrdered(boxes) >= kNearlyAll &&
        EdgeCorrelation(boxes) >= kSureOfRelated)
      return reading;
    return std::nullopt;
  }
  constexpr double kMostInside = 0.8, kNearlyAllInside = 0.95, kAllInside = 0.995;
  if (outside >= kMostlyOutside && ShareOrdered(boxes) >= kNearlyAll &&
      EdgeCorrelation(boxes) >= kRelated && fits(reading, kMostInside))
    return reading;
  if (outside < kManyOutside || seen.boxes < kLeastBoxesForDoubt) return std::nullopt;
  // Those that people make when they write the vertical axis first. Its boxes are wide, which
  // people are not.
  reading = BoxReading();
  reading.swapped = true;
  if (MostlyWide(boxes) && fits(reading, kNearlyAllInside)) return reading;
  reading.shape = Shape::kCorners;
  if (ShareOrdered(boxes) >= kNearlyAll && EdgeCorrelation(boxes) >= kRelated &&
      fits(reading, kNearlyAllInside))
    return reading;
  // Feet below the lower border are drawn by annotators, too; boxes that leave by the right one
  // while none comes near the left one are not.
  constexpr double kSomeRight = 0.01;
  reading = BoxReading();
  reading.shape = Shape::kCentre;
  if (ShareRightOf(boxes, seen.picture) >= kSomeRight && fits(reading, kAllInside)) return reading;
  reading = BoxReading();
  reading.scaled = true;
  if (Share(seen.away, seen.boxes) < kManyAway) return std::nullopt;
  if (const std::optional<double> k = ScaleInto(boxes, seen.picture)) {
    reading.scale = {*k, *k};
    return reading;
  }
  return std::nullopt;
}

// Which fractions: those that stay in the picture.
BoxReading RelativeReading(std::span<const TrackBox> boxes) {
  const PictureSize unit{1000, 1000};  // the least size of a box then means nothing
  BoxReading best;
  double most = -1;
  for (const Shape shape : {Shape::kSize, Shape::kCentre, Shape::kCorners}) {
    BoxReading reading;
    reading.shape = shape;
    reading.relative = true;
    const double share = ShareInside(boxes, reading, unit);
    constexpr double kClearly = 0.02;
    if (share > most + kClearly) {
      most = share;
      best = reading;
    }
  }
  return best;
}

std::string Scaling(const BoxReading& reading) {
  const auto [x, y] = reading.scale;
  constexpr double kAlike = 0.05, kShift = 8;
  std::string text;
  if (x != 1 || y != 1) {
    text = std::abs(x - y) <= kAlike * std::max(x, y)
               ? fmt::format(" scaled by {:.3g}", (x + y) / 2)
               : fmt::format(" scaled by {:.3g} across and {:.3g} down", x, y);
  }
  if (std::abs(reading.offset[0]) > kShift || std::abs(reading.offset[1]) > kShift) {
    text += fmt::format("{} shifted by {:.0f},{:.0f} px", text.empty() ? "" : " and",
                        reading.offset[0], reading.offset[1]);
  }
  return text;
}

std::string Mend(const BoxReading& reading, const std::filesystem::path& path) {
  if (!reading.swapped && !reading.scaled) {
    const char* shape = reading.shape == Shape::kCorners  ? "corners"
                        : reading.shape == Shape::kCentre ? "centre"
                                                          : "";
    const std::string form = !reading.relative ? shape
                             : *shape == 0     ? "relative"
                                               : fmt::format("relative-{}", shape);
    return fmt::format("reidbench convert {} --boxes {} --output OUT", path.string(), form);
  }
  return fmt::format(
      "write left,top,width,height in pixels of the video as it is, before any resizing{}",
      reading.swapped ? "; the horizontal axis comes first" : "");
}

}  // namespace

PictureSize PictureSizeOf(const SequenceInfo& info) {
  return {static_cast<double>(info.image_width.value_or(0)),
          static_cast<double>(info.image_height.value_or(0))};
}

PictureSize ExtentOf(std::span<const TrackBox> ground_truth) {
  PictureSize extent{0, 0, true};
  for (const TrackBox& box : ground_truth) {
    extent.width = std::max(extent.width, box.box.left + box.box.width);
    extent.height = std::max(extent.height, box.box.top + box.box.height);
  }
  return extent;
}

TruthSample::TruthSample(const TrackSet& ground_truth) {
  const std::vector<TrackBox>& boxes = ground_truth.boxes;
  if (boxes.empty()) return;
  const double people = static_cast<double>(boxes.size()) /
                        static_cast<double>(std::max<int64_t>(1, ground_truth.frame_count));
  const auto frames = static_cast<size_t>(std::clamp(kSampledPeople / people,
                                                     static_cast<double>(kLeastSampledFrames),
                                                     static_cast<double>(kMostSampledFrames)));
  for (size_t k = 0; k < frames; ++k)
    frames_.push_back(boxes[(2 * k + 1) * boxes.size() / (2 * frames)].frame.value);
  std::sort(frames_.begin(), frames_.end());
  frames_.erase(std::unique(frames_.begin(), frames_.end()), frames_.end());
  begin_.push_back(0);
  for (const std::vector<TrackBox>& of_frame : Select(boxes, 0)) {
    boxes_.insert(boxes_.end(), of_frame.begin(), of_frame.end());
    begin_.push_back(boxes_.size());
  }
}

std::vector<std::vector<TrackBox>> TruthSample::Select(std::span<const TrackBox> boxes,
                                                       int64_t offset) const {
  std::vector<std::vector<TrackBox>> selected(frames_.size());
  // Most boxes are of other frames: a bit tells most of them.
  constexpr uint64_t kBits = 4096;
  std::array<bool, kBits> wanted{};
  for (const int64_t frame : frames_) wanted[static_cast<uint64_t>(frame + offset) % kBits] = true;
  for (const TrackBox& box : boxes) {
    const int64_t frame = box.frame.value - offset;
    if (!wanted[static_cast<uint64_t>(box.frame.value) % kBits]) continue;
    const auto at = std::lower_bound(frames_.begin(), frames_.end(), frame);
    if (at != frames_.end() && *at == frame)
      selected[static_cast<size_t>(at - frames_.begin())].push_back(box);
  }
  return selected;
}

BoxLtwh BoxReading::Apply(const BoxLtwh& columns, const PictureSize& picture) const {
  BoxLtwh box = columns;
  if (swapped) box = {box.top, box.left, box.height, box.width};
  if (shape == Shape::kCorners)
    box = {box.left, box.top, box.width - box.left, box.height - box.top};
  if (shape == Shape::kCentre)
    box = {box.left - box.width / 2, box.top - box.height / 2, box.width, box.height};
  if (relative) {
    box = {box.left * picture.width, box.top * picture.height, box.width * picture.width,
           box.height * picture.height};
  }
  if (scaled) {
    box = {scale[0] * box.left + offset[0], scale[1] * box.top + offset[1], scale[0] * box.width,
           scale[1] * box.height};
  }
  return box;
}

std::string BoxReading::Name() const {
  std::string name;
  switch (shape) {
    case Shape::kSize:
      name = swapped ? "top,left,height,width" : "left,top,width,height";
      break;
    case Shape::kCorners:
      name = swapped ? "y1,x1,y2,x2" : "x1,y1,x2,y2";
      break;
    case Shape::kCentre:
      name = swapped ? "cy,cx,h,w" : "cx,cy,w,h";
      break;
  }
  if (relative) name += " in 0..1 of the picture";
  if (scaled) name += Scaling(*this);
  return name;
}

BoxExamination ExamineBoxes(std::span<const TrackBox> boxes, const BoxExaminationOptions& options) {
  BoxExamination out;
  out.picture = options.picture;
  const bool known = out.picture.known();
  const size_t step =
      options.most_boxes > 0 ? boxes.size() / static_cast<size_t>(options.most_boxes) + 1 : 1;
  for (size_t k = 0; k < boxes.size(); k += step) {
    const BoxLtwh& box = boxes[k].box;
    ++out.boxes;
    if (!HasArea(box)) {
      ++out.without_area;
    } else if (box.width < kTinyPixels || box.height < kTinyPixels) {
      ++out.tiny;
    }
    out.relative += IsRelative(box);
    out.outside += known && EndsOutside(box, out.picture);
    out.away += known && IsAway(box, out.picture);
  }
  const bool relative = Share(out.relative, out.boxes) >= kNearlyAll;
  if (options.truth != nullptr && !options.truth->empty()) {
    const Comparison comparison(*options.truth, boxes);
    out.compared = comparison.compared();
    out.matched = comparison.Matched(BoxReading(), out.picture);
    if (out.compared >= kLeastCompared) {
      if (Share(out.matched, out.compared) < kEnoughMatches)
        out.reading = ReadingByTruth(comparison, out.matched, relative, out.picture);
      if (relative && !out.reading) out.reading = RelativeReading(boxes);
      return out;
    }
  }
  if (relative && out.boxes >= kLeastCompared) {
    out.reading = RelativeReading(boxes);
  } else if (out.boxes >= kLeastBoxes) {
    out.reading = ReadingByPicture(boxes, out);
  }
  return out;
}

std::optional<Finding> BoxFormFinding(const BoxExamination& seen,
                                      const std::filesystem::path& path) {
  Finding finding;
  finding.severity = FindingSeverity::kProblem;
  finding.place = path.string();
  // The symptom that shows best.
  const double outside = Share(seen.outside, seen.boxes), away = Share(seen.away, seen.boxes);
  const double relative = Share(seen.relative, seen.boxes);
  const int64_t unmatched = seen.compared - seen.matched;
  const auto say = [&](int64_t count, double share, const std::string& what) {
    finding.count = count;
    finding.share = share;
    finding.message = fmt::format("{} of the boxes {}", ShareText(share), what);
  };
  const std::string picture = seen.picture.estimated
                                  ? fmt::format("the picture (taken as {:.0f} x {:.0f} px)",
                                                seen.picture.width, seen.picture.height)
                                  : std::string("the picture");
  const bool matches_nothing = seen.compared >= kLeastComparedForNothing &&
                               Share(seen.matched, seen.compared) <= kNothingMatches;
  if (relative >= kNearlyAll) {
    say(seen.relative, relative, "lie in 0..1");
  } else if (outside >= kManyOutside && (seen.reading || away >= kManyAway)) {
    say(seen.outside, outside, "end outside " + picture);
  } else if (seen.compared > 0 && (seen.reading || matches_nothing)) {
    say(unmatched, Share(unmatched, seen.compared), "match nothing in the ground truth");
  }
  if (seen.reading) {
    finding.kind = FindingKind::kBoxesInAnotherForm;
    finding.message += finding.message.empty() ? "columns 5 and 6 are no sizes: the boxes fit as " +
                                                     seen.reading->Name()
                                               : "; they fit as " + seen.reading->Name();
    finding.mend = Mend(*seen.reading, path);
    return finding;
  }
  if (finding.message.empty() || seen.boxes < kLeastBoxes) return std::nullopt;
  // Ground truth of few people says little about the size, and boxes that match lie rightly.
  const bool judged = seen.compared >= kLeastCompared;
  const bool matches = Share(seen.matched, seen.compared) >= kEnoughMatches;
  if (away >= kManyAway && (judged ? !matches : !seen.picture.estimated)) {
    finding.kind = FindingKind::kBoxesOutsidePicture;
    finding.mend = "boxes are left,top,width,height in pixels of this video: are they of another?";
    return finding;
  }
  if (!matches_nothing) return std::nullopt;
  finding.kind = FindingKind::kBoxesMatchNothing;
  finding.mend = "is this the result of another sequence, or are its frames numbered otherwise?";
  return finding;
}

std::optional<std::array<double, 3>> OverlapsByShift(const TruthSample& truth,
                                                     std::span<const TrackBox> boxes) {
  constexpr double kSamePerson = 0.3;
  constexpr int64_t kLeastPeople = 50;
  std::array<std::vector<std::vector<TrackBox>>, 3> shifted;
  for (int64_t s = 0; s < 3; ++s) shifted[static_cast<size_t>(s)] = truth.Select(boxes, 1 - s);
  std::array<double, 3> sum{};
  int64_t people = 0;
  for (size_t f = 0; f < truth.frames().size(); ++f) {
    for (const TrackBox& person : truth.Of(f)) {
      std::array<double, 3> best{};
      for (size_t s = 0; s < 3; ++s) {
        for (const TrackBox& box : shifted[s][f])
          best[s] = std::max(best[s], Iou(person.box, box.box));
      }
      if (*std::min_element(best.begin(), best.end()) < kSamePerson) continue;
      ++people;
      for (size_t s = 0; s < 3; ++s) sum[s] += best[s];
    }
  }
  if (people < kLeastPeople) return std::nullopt;
  for (double& mean : sum) mean /= static_cast<double>(people);
  return sum;
}

int64_t DropUnstatedVisibility(std::vector<TrackBox>* ground_truth) {
  const auto stated = [](float visibility) { return visibility >= 0 && visibility <= 1; };
  const bool any = std::any_of(ground_truth->begin(), ground_truth->end(), [&](const TrackBox& b) {
    return stated(b.visibility) && b.visibility > 0;
  });
  int64_t dropped = 0;
  for (TrackBox& box : *ground_truth) {
    if (std::isnan(box.visibility) || (any && stated(box.visibility))) continue;
    box.visibility = std::numeric_limits<float>::quiet_NaN();
    ++dropped;
  }
  return dropped;
}

Finding VisibilityFinding(int64_t dropped, int64_t boxes, const std::filesystem::path& path) {
  Finding finding;
  finding.kind = FindingKind::kVisibilityNotStated;
  finding.place = path.string();
  finding.count = dropped;
  finding.share = Share(dropped, boxes);
  finding.message =
      dropped == boxes
          ? "the visibility column holds nothing above 0 and within 0..1, and counts as not stated"
          : fmt::format("the visibility of {} of {} rows is outside 0..1 and counts as not stated",
                        WithThousands(dropped), WithThousands(boxes));
  return finding;
}

}  // namespace reidbench
