#include "reidbench/core/finding.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

constexpr auto kKindIds = std::to_array<std::pair<FindingKind, std::string_view>>({
    {FindingKind::kPublishedCountDiffers, "published-count-differs"},
    {FindingKind::kOtherDataSet, "other-data-set"},
    {FindingKind::kCameraOutOfRange, "camera-out-of-range"},
    {FindingKind::kNothingToRank, "nothing-to-rank"},
    {FindingKind::kNoQueries, "no-queries"},
    {FindingKind::kNoGallery, "no-gallery"},
    {FindingKind::kDistractorQuery, "distractor-query"},
    {FindingKind::kQueryWithoutPerson, "query-without-person"},
    {FindingKind::kQuerySameCameraOnly, "query-same-camera-only"},
    {FindingKind::kOneCamera, "one-camera"},
    {FindingKind::kPersonWithoutQuery, "person-without-query"},
    {FindingKind::kMoreQueriesThanGallery, "more-queries-than-gallery"},
    {FindingKind::kPersonInTrainAndTest, "person-in-train-and-test"},
    {FindingKind::kImageInQueryAndGallery, "image-in-query-and-gallery"},
    {FindingKind::kImageDoesNotDecode, "image-does-not-decode"},
    {FindingKind::kImageWithoutCamera, "image-without-camera"},
    {FindingKind::kImageInDeeperFolder, "image-in-deeper-folder"},
    {FindingKind::kFolderLeftOut, "folder-left-out"},
    {FindingKind::kFileIgnored, "file-ignored"},
    {FindingKind::kWeightsNotOsnet, "weights-not-osnet"},
    {FindingKind::kWeightsReading, "weights-reading"},
    {FindingKind::kEngineDiffers, "engine-differs"},
    {FindingKind::kBoxesInAnotherForm, "boxes-in-another-form"},
    {FindingKind::kBoxesOutsidePicture, "boxes-outside-picture"},
    {FindingKind::kBoxesMatchNothing, "boxes-match-nothing"},
    {FindingKind::kBoxesWithoutArea, "boxes-without-area"},
    {FindingKind::kBoxesUnderTwoPixels, "boxes-under-two-pixels"},
    {FindingKind::kBoxesAllTheSame, "boxes-all-the-same"},
    {FindingKind::kNoBoxes, "no-boxes"},
    {FindingKind::kIdsNeverRepeat, "ids-never-repeat"},
    {FindingKind::kIdsRestartEveryFrame, "ids-restart-every-frame"},
    {FindingKind::kTracksAreGroundTruth, "tracks-are-ground-truth"},
    {FindingKind::kFramesShifted, "frames-shifted"},
    {FindingKind::kFramesSkipped, "frames-skipped"},
    {FindingKind::kFramesEndEarly, "frames-end-early"},
    {FindingKind::kScoresAbsurd, "scores-absurd"},
    {FindingKind::kScoresNotInUnitRange, "scores-not-in-unit-range"},
    {FindingKind::kVisibilityNotStated, "visibility-not-stated"},
    {FindingKind::kRulesChosen, "rules-chosen"},
    {FindingKind::kOddRows, "odd-rows"},
    {FindingKind::kZonesOutsidePicture, "zones-outside-picture"},
    {FindingKind::kZonesCrossThemselves, "zones-cross-themselves"},
    {FindingKind::kZonesWithoutUse, "zones-without-use"},
    {FindingKind::kSiteClockOff, "site-clock-off"},
    {FindingKind::kSiteClockDrifts, "site-clock-drifts"},
    {FindingKind::kSiteScaleOff, "site-scale-off"},
    {FindingKind::kSiteUnitDiffers, "site-unit-differs"},
    {FindingKind::kSiteNearHorizon, "site-near-horizon"},
    {FindingKind::kSiteCalibrationOff, "site-calibration-off"},
    {FindingKind::kSitePlacesDisagree, "site-places-disagree"},
    {FindingKind::kSiteIdTwice, "site-id-twice"},
});

constexpr bool InOrder() {
  for (size_t k = 0; k < kKindIds.size(); ++k) {
    if (static_cast<size_t>(kKindIds[k].first) != k) return false;
  }
  return true;
}
static_assert(InOrder());

constexpr std::array<FindingKind, kKindIds.size()> AllKinds() {
  std::array<FindingKind, kKindIds.size()> kinds{};
  for (size_t k = 0; k < kinds.size(); ++k) kinds[k] = kKindIds[k].first;
  return kinds;
}
constexpr auto kAllKinds = AllKinds();

}  // namespace

std::string_view FindingKindId(FindingKind kind) {
  const auto index = static_cast<size_t>(kind);
  REIDBENCH_CHECK(index < kKindIds.size());
  return kKindIds[index].second;
}

std::span<const FindingKind> FindingKinds() { return kAllKinds; }

std::string_view FindingSeverityName(FindingSeverity severity) {
  return severity == FindingSeverity::kProblem ? "problem" : "note";
}

std::vector<std::string> MessagesOf(std::span<const Finding> findings, FindingSeverity severity) {
  std::vector<std::string> messages;
  for (const Finding& finding : findings) {
    if (finding.severity == severity) messages.push_back(finding.message);
  }
  return messages;
}

bool HasProblem(std::span<const Finding> findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == FindingSeverity::kProblem;
  });
}

std::string WarningText(const Finding& finding) {
  std::string text = finding.place.empty() ? finding.message
                                           : fmt::format("{}: {}", finding.place, finding.message);
  if (!finding.mend.empty()) text += "\n  hint: " + finding.mend;
  return text;
}

std::string ShareText(double share) {
  const double percent = 100 * share;
  if (percent <= 0 || (percent >= 1 && percent <= 99) || percent >= 100)
    return fmt::format("{:.0f} %", percent);
  return percent < 1 ? fmt::format("{:.2g} %", percent) : fmt::format("{:.4g} %", percent);
}

}  // namespace reidbench
