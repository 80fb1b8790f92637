#include "reidbench/detection_metrics/detection_scores.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/detection_metrics/miss_rate.h"

namespace reidbench {
namespace {

using Kind = DetectionField::Kind;
using Summary = DetectionSummary;
using Value = std::optional<double>;

template <std::optional<double> CocoSummary::*kMember>
Value OfCoco(const Summary& summary) {
  return summary.coco.*kMember;
}
template <std::optional<double> DetectionSummary::*kMember>
Value OfSummary(const Summary& summary) {
  return summary.*kMember;
}
template <std::optional<double> (ClearDetectionCounts::*kRatio)() const>
Value OfClear(const Summary& summary) {
  return (summary.clear.*kRatio)();
}
template <int64_t ClearDetectionCounts::*kCount>
Value CountOf(const Summary& summary) {
  if (summary.clear.pictures == 0) return std::nullopt;  // nobody looked
  return static_cast<double>(summary.clear.*kCount);
}
Value CountOfTruth(const Summary& summary) {
  if (summary.clear.pictures == 0) return std::nullopt;
  return static_cast<double>(summary.clear.truth());
}

constexpr DetectionField kFields[] = {
    {"AP", "Average precision, IoU 0.5 to 0.95", Kind::kRatio, Better::kHigher, true,
     OfCoco<&CocoSummary::ap>},
    {"AP50", "Average precision, IoU 0.5", Kind::kRatio, Better::kHigher, true,
     OfCoco<&CocoSummary::ap50>},
    {"AP75", "Average precision, IoU 0.75", Kind::kRatio, Better::kHigher, true,
     OfCoco<&CocoSummary::ap75>},
    {"AP_small", "Average precision, up to 32^2 px", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ap_small>},
    {"AP_medium", "Average precision, 32^2 to 96^2 px", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ap_medium>},
    {"AP_large", "Average precision, from 96^2 px on", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ap_large>},
    {"AR1", "Average recall, 1 detection a picture", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ar_1>},
    {"AR10", "Average recall, 10 detections a picture", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ar_10>},
    {"AR", "Average recall", Kind::kRatio, Better::kHigher, false, OfCoco<&CocoSummary::ar>},
    {"AR_small", "Average recall, up to 32^2 px", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ar_small>},
    {"AR_medium", "Average recall, 32^2 to 96^2 px", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ar_medium>},
    {"AR_large", "Average recall, from 96^2 px on", Kind::kRatio, Better::kHigher, false,
     OfCoco<&CocoSummary::ar_large>},
    {"MR2", "Log-average miss rate, Caltech", Kind::kRatio, Better::kLower, true,
     OfSummary<&Summary::mr2>},
    {"MR2_crowdhuman", "Log-average miss rate, CrowdHuman", Kind::kRatio, Better::kLower, false,
     OfSummary<&Summary::mr2_crowdhuman>},
    {"JI", "Jaccard index at its best score", Kind::kRatio, Better::kHigher, true,
     [](const Summary& s) { return s.jaccard ? Value(s.jaccard->value) : Value(); }},
    {"JI_score", "Score at which it is best", Kind::kRate, Better::kNone, false,
     [](const Summary& s) { return s.jaccard ? Value(s.jaccard->threshold) : Value(); }},
    {"MODA", "Detection accuracy", Kind::kRatio, Better::kHigher, true,
     OfClear<&ClearDetectionCounts::moda>},
    {"MODP", "Mean IoU of matches", Kind::kRatio, Better::kHigher, true,
     OfClear<&ClearDetectionCounts::modp>},
    {"recall", "Recall", Kind::kRatio, Better::kHigher, true,
     OfClear<&ClearDetectionCounts::recall>},
    {"precision", "Precision", Kind::kRatio, Better::kHigher, true,
     OfClear<&ClearDetectionCounts::precision>},
    {"F1", "F1", Kind::kRatio, Better::kHigher, false, OfClear<&ClearDetectionCounts::f1>},
    {"FAR", "False positives a picture", Kind::kRate, Better::kLower, false,
     OfClear<&ClearDetectionCounts::false_per_picture>},
    {"AP_devkit", "Average precision at 11 recalls, MOTChallenge devkit", Kind::kRatio,
     Better::kHigher, false, OfSummary<&Summary::ap_devkit>},
    {"AP_crowdhuman", "Average precision by trapezoids, CrowdHuman", Kind::kRatio, Better::kHigher,
     false, OfSummary<&Summary::ap_crowdhuman>},
    {"GT", "People in ground truth", Kind::kCount, Better::kNone, true, CountOfTruth},
    {"TP", "True positives", Kind::kCount, Better::kHigher, true,
     CountOf<&ClearDetectionCounts::tp>},
    {"FP", "False positives", Kind::kCount, Better::kLower, true,
     CountOf<&ClearDetectionCounts::fp>},
    {"FN", "Missed", Kind::kCount, Better::kLower, true, CountOf<&ClearDetectionCounts::fn>},
    {"pictures", "Pictures", Kind::kCount, Better::kNone, false,
     CountOf<&ClearDetectionCounts::pictures>},
};

// Rows of several videos by falling score, of which each video can be taken any number of times:
// sorted once, then drawn often.
class RepeatedMatches {
 public:
  explicit RepeatedMatches(const std::vector<const ScoredMatches*>& parts) : parts_(parts) {
    for (size_t p = 0; p < parts.size(); ++p) {
      for (const ScoredMatch& row : parts[p]->rows) rows_.push_back({row, p});
    }
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const Row& a, const Row& b) { return a.match.score > b.match.score; });
  }

  ScoredMatches Take(std::span<const int> times) const {
    ScoredMatches out;
    for (size_t p = 0; p < parts_.size(); ++p) {
      out.truth += times[p] * parts_[p]->truth;
      out.pictures += times[p] * parts_[p]->pictures;
    }
    out.rows.reserve(rows_.size());
    for (const Row& row : rows_)
      out.rows.insert(out.rows.end(), static_cast<size_t>(times[row.part]), row.match);
    return out;
  }

 private:
  struct Row {
    ScoredMatch match;
    size_t part;
  };
  std::vector<const ScoredMatches*> parts_;
  std::vector<Row> rows_;
};

// Videos of which each can be taken any number of times.
class ResampledDetections {
 public:
  explicit ResampledDetections(std::span<const DetectionCounts* const> videos)
      : videos_(videos.begin(), videos.end()), caltech_(MatchesOf(videos)) {
    size_t classes = 0;
    for (const DetectionCounts* video : videos) classes = std::max(classes, video->coco.size());
    for (size_t c = 0; c < classes; ++c) {
      std::vector<const CocoCounts*> parts;
      for (const DetectionCounts* video : videos) parts.push_back(&video->coco[c]);
      coco_.emplace_back(std::move(parts));
    }
  }

  // Of kResampledFields; NaN where undefined.
  std::vector<double> Values(std::span<const int> times) const {
    DetectionSummary summary;
    std::vector<CocoSummary> classes;
    for (const CocoPool& pool : coco_) classes.push_back(pool.SummarizeTimes(times));
    summary.coco = MeanOverClasses(classes);
    summary.mr2 = MissRate(caltech_.Take(times), MatchDialect::kCaltech);
    JaccardCounts jaccard;
    for (size_t v = 0; v < videos_.size(); ++v) {
      for (int t = 0; t < times[v]; ++t) {
        jaccard += videos_[v]->jaccard;
        summary.clear += videos_[v]->clear;
      }
    }
    summary.jaccard = BestJaccard(jaccard);
    std::vector<double> values;
    for (const std::string_view name : kResampledFields)
      values.push_back(FindDetectionField(name).get(summary).value_or(std::nan("")));
    return values;
  }

 private:
  static std::vector<const ScoredMatches*> MatchesOf(
      std::span<const DetectionCounts* const> videos) {
    std::vector<const ScoredMatches*> parts;
    for (const DetectionCounts* video : videos) parts.push_back(&video->caltech);
    return parts;
  }

  std::vector<const DetectionCounts*> videos_;
  std::vector<CocoPool> coco_;
  RepeatedMatches caltech_;
};

void CheckBootstrap(const BootstrapOptions& options) {
  const std::vector<std::string> violations = options.Validate();
  if (!violations.empty()) ThrowUsage("bootstrap: {}", JoinText(violations, "; "));
}

std::optional<double> NoneIfNan(double value) {
  if (std::isnan(value)) return std::nullopt;
  return value;
}

std::vector<double> Subtract(const std::vector<double>& b, const std::vector<double>& a) {
  std::vector<double> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = b[i] - a[i];
  return difference;
}

}  // namespace

void DetectionCounter::Add(const DetectionPicture& picture, DetectionCounts* counts) {
  const std::vector<GreedyMatch> matches = MatchGreedily(picture, MatchDialect::kCaltech);
  AddMatches(picture, matches, &counts->caltech);
  AddMatches(picture, MatchGreedily(picture, MatchDialect::kCrowdHuman), &counts->crowdhuman);
  CountErrors(picture, matches, &counts->errors);
  CountJaccard(picture, &counts->jaccard);
  if (!rules_.least_score) {
    CountClear(picture, &assigner_, &counts->clear, &counts->recall);
    return;
  }
  DetectionPicture kept = picture;
  std::erase_if(kept.detections,
                [&](const DetectedBox& box) { return box.score < *rules_.least_score; });
  CountClear(kept, &assigner_, &counts->clear, &counts->recall);
}

DetectionCounts CountDetections(std::span<const DetectionPicture> pictures,
                                const DetectionRules& rules) {
  DetectionCounts counts;
  counts.coco.resize(1);
  DetectionCounter counter(rules);
  for (const DetectionPicture& picture : pictures) {
    CountCoco(picture, rules.max_detections, &counts.coco.front());
    counter.Add(picture, &counts);
  }
  return counts;
}

DetectionSummary SummarizeDetections(std::span<const DetectionCounts* const> parts) {
  DetectionSummary out;
  std::vector<const ScoredMatches*> caltech, crowdhuman;
  JaccardCounts jaccard;
  size_t classes = 0;
  for (const DetectionCounts* part : parts) {
    caltech.push_back(&part->caltech);
    crowdhuman.push_back(&part->crowdhuman);
    jaccard += part->jaccard;
    out.clear += part->clear;
    classes = std::max(classes, part->coco.size());
  }
  std::vector<CocoSummary> by_class;
  for (size_t c = 0; c < classes; ++c) {
    std::vector<const CocoCounts*> coco;
    for (const DetectionCounts* part : parts) coco.push_back(&part->coco[c]);
    by_class.push_back(CocoPool(std::move(coco)).Summarize());
  }
  out.coco = MeanOverClasses(by_class);
  const ScoredMatches pooled = PoolMatches(caltech);
  out.mr2 = MissRate(pooled, MatchDialect::kCaltech);
  out.ap_devkit = DevkitAveragePrecision(pooled);
  const ScoredMatches pooled_crowdhuman = PoolMatches(crowdhuman);
  out.mr2_crowdhuman = MissRate(pooled_crowdhuman, MatchDialect::kCrowdHuman);
  out.ap_crowdhuman = CrowdHumanAveragePrecision(pooled_crowdhuman);
  out.jaccard = BestJaccard(jaccard);
  return out;
}

std::span<const DetectionField> DetectionFields() { return kFields; }

const DetectionField& FindDetectionField(std::string_view name) {
  for (const DetectionField& field : kFields) {
    if (field.name == name) return field;
  }
  std::vector<std::string> known;
  for (const DetectionField& field : kFields) known.emplace_back(field.name);
  ThrowUsage("unknown metric '{}'{}", name, SuggestName(name, known));
}

std::vector<DetectionInterval> BootstrapDetections(std::span<const DetectionCounts* const> videos,
                                                   const BootstrapOptions& options) {
  CheckBootstrap(options);
  const ResampledDetections resampled(videos);
  const std::vector<double> values = resampled.Values(std::vector<int>(videos.size(), 1));
  std::vector<DetectionInterval> out(std::size(kResampledFields));
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].field = kResampledFields[f];
    out[f].value = NoneIfNan(values[f]);
  }
  if (options.resamples == 0 || videos.size() < 2) return out;
  const ResampledValues drawn = Bootstrap(videos.size(), options, Drawing::kInterleavedStreams,
                                          [&](std::span<const size_t> units) {
                                            std::vector<int> times(videos.size(), 0);
                                            for (const size_t unit : units) ++times[unit];
                                            return resampled.Values(times);
                                          });
  for (size_t f = 0; f < out.size(); ++f) {
    if (const auto interval = PercentileInterval(drawn, f, options.confidence)) {
      out[f].low = interval->low;
      out[f].high = interval->high;
    }
  }
  return out;
}

std::vector<DetectionDifference> CompareDetections(std::span<const DetectionCounts* const> a,
                                                   std::span<const DetectionCounts* const> b,
                                                   const BootstrapOptions& options) {
  CheckBootstrap(options);
  const size_t n = a.size();
  if (b.size() != n)
    ThrowInput("expected the same videos for both detectors, found {} and {}", n, b.size());
  std::vector<const DetectionCounts*> both(a.begin(), a.end());
  both.insert(both.end(), b.begin(), b.end());
  const ResampledDetections resampled(both);
  // Videos of one side, those of `a` or of `b`, `times` each.
  const auto of_side = [&](bool side_b, std::span<const int> times_a,
                           std::span<const int> times_b) {
    std::vector<int> times(times_a.begin(), times_a.end());
    times.insert(times.end(), times_b.begin(), times_b.end());
    if (side_b) std::rotate(times.begin(), times.begin() + static_cast<ptrdiff_t>(n), times.end());
    return resampled.Values(times);
  };
  const std::vector<int> once(n, 1), never(n, 0);
  const std::vector<double> values_a = of_side(false, once, never);
  const std::vector<double> values_b = of_side(true, once, never);
  std::vector<DetectionDifference> out(std::size(kResampledFields));
  for (size_t f = 0; f < out.size(); ++f) {
    out[f].field = kResampledFields[f];
    out[f].value_a = NoneIfNan(values_a[f]);
    out[f].value_b = NoneIfNan(values_b[f]);
    out[f].difference = NoneIfNan(values_b[f] - values_a[f]);
  }
  if (options.resamples == 0 || n < 2) return out;
  const ResampledValues drawn =
      Bootstrap(n, options, Drawing::kInterleavedStreams, [&](std::span<const size_t> units) {
        std::vector<int> times(n, 0);
        for (const size_t unit : units) ++times[unit];
        return Subtract(of_side(true, times, never), of_side(false, times, never));
      });
  const Permutations permuted =
      Permute(n, options, Drawing::kInterleavedStreams, /*exact_if_few=*/true,
              [&](std::span<const uint8_t> swapped) {
                std::vector<int> own(n), other(n);
                for (size_t i = 0; i < n; ++i) {
                  own[i] = swapped[i] != 0 ? 0 : 1;
                  other[i] = 1 - own[i];
                }
                return Subtract(of_side(true, own, other), of_side(false, own, other));
              });
  for (size_t f = 0; f < out.size(); ++f) {
    if (const auto interval = PercentileInterval(drawn, f, options.confidence)) {
      out[f].low = interval->low;
      out[f].high = interval->high;
    }
    if (out[f].difference) out[f].p_value = permuted.PValue(f, *out[f].difference, 1e-12);
  }
  return out;
}

}  // namespace reidbench
