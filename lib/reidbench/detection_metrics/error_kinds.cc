#include "reidbench/detection_metrics/error_kinds.h"

#include <algorithm>
#include <limits>

#include "reidbench/detection_metrics/coco_ap.h"
#include "reidbench/detection_metrics/overlap.h"

namespace reidbench {
namespace {

// AP50 of rows by falling score, with the errors of one kind mended: what is on nobody or on
// somebody twice is left out, what is badly placed becomes the match it could be, who is missed is
// not asked for.
std::optional<double> MendedPrecision(std::span<const ErrorRow> rows, int64_t truth,
                                      DetectionError mended) {
  if (truth <= 0) return std::nullopt;
  std::vector<double> recall, precision;
  int64_t tp = 0, fp = 0;
  for (const ErrorRow& row : rows) {
    const bool mend = row.error != DetectionError::kNone && row.error == mended;
    if (mend && !row.would_match) continue;
    ++(mend || row.error == DetectionError::kNone ? tp : fp);
    recall.push_back(static_cast<double>(tp) / static_cast<double>(truth));
    precision.push_back(static_cast<double>(tp) /
                        (static_cast<double>(tp + fp) + std::numeric_limits<double>::epsilon()));
  }
  return MeanUnderEnvelope(recall, &precision);
}

}  // namespace

std::string_view DetectionErrorName(DetectionError error) {
  switch (error) {
    case DetectionError::kNone:
      return "none";
    case DetectionError::kDuplicate:
      return "duplicate";
    case DetectionError::kLocalisation:
      return "localisation";
    case DetectionError::kBackground:
      return "background";
    case DetectionError::kMissed:
      return "missed";
  }
  return "";
}

void CountErrors(const DetectionPicture& picture, std::span<const GreedyMatch> matches,
                 ErrorCounts* counts) {
  std::vector<bool> is_matched(picture.truth.size(), false), is_mislocated = is_matched;
  for (const GreedyMatch& match : matches) {
    if (match.outcome == MatchOutcome::kMatched)
      is_matched[static_cast<size_t>(match.truth)] = true;
  }
  for (const GreedyMatch& match : matches) {
    if (match.outcome == MatchOutcome::kForgiven) continue;
    const DetectedBox& detection = picture.detections[static_cast<size_t>(match.detection)];
    ErrorRow row{detection.score, DetectionError::kNone, false};
    if (match.outcome == MatchOutcome::kFalse) {
      double most = 0;
      size_t nearest = picture.truth.size();
      for (size_t g = 0; g < picture.truth.size(); ++g) {
        if (picture.truth[g].is_region) continue;
        const double overlap = OverlapOf(detection.box, picture.truth[g]);
        if (overlap > most) {
          most = overlap;
          nearest = g;
        }
      }
      if (most >= kMatchThreshold) {
        row.error = DetectionError::kDuplicate;
      } else if (most >= kBackgroundThreshold) {
        row.error = DetectionError::kLocalisation;
        row.would_match = !is_matched[nearest] && !is_mislocated[nearest];
        is_mislocated[nearest] = true;
      } else {
        row.error = DetectionError::kBackground;
      }
    }
    counts->rows.push_back(row);
  }
  for (size_t g = 0; g < picture.truth.size(); ++g) {
    if (picture.truth[g].is_region) continue;
    ++counts->truth;
    if (is_matched[g]) continue;
    ++(is_mislocated[g] ? counts->mislocated : counts->missed);
  }
}

std::vector<ErrorShare> SummarizeErrors(std::span<const ErrorCounts* const> parts) {
  std::vector<ErrorRow> rows;
  int64_t truth = 0, missed = 0;
  for (const ErrorCounts* part : parts) {
    rows.insert(rows.end(), part->rows.begin(), part->rows.end());
    truth += part->truth;
    missed += part->missed;
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ErrorRow& a, const ErrorRow& b) { return a.score > b.score; });
  const std::optional<double> plain = MendedPrecision(rows, truth, DetectionError::kNone);
  std::vector<ErrorShare> out;
  int64_t all = 0;
  for (const DetectionError error : kDetectionErrors) {
    ErrorShare share;
    share.error = error;
    share.count = error == DetectionError::kMissed
                      ? missed
                      : std::count_if(rows.begin(), rows.end(),
                                      [&](const ErrorRow& row) { return row.error == error; });
    all += share.count;
    const int64_t asked = truth - (error == DetectionError::kMissed ? missed : 0);
    const std::optional<double> mended = MendedPrecision(rows, asked, error);
    if (plain && mended) share.ap50 = *mended - *plain;
    out.push_back(share);
  }
  for (ErrorShare& share : out) {
    if (all > 0) share.share = static_cast<double>(share.count) / static_cast<double>(all);
  }
  return out;
}

}  // namespace reidbench
