// What a check of somebody's files found, as data: text, JSON and warnings are made from the same
// findings. tools/manual/check.md says of every kind what it means and what to do.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

// Their ids (FindingKindId) are written into JSON and stay as they are.
enum class FindingKind {
  // Re-ID data sets.
  kPublishedCountDiffers,
  kOtherDataSet,
  kCameraOutOfRange,
  kNothingToRank,
  kNoQueries,
  kNoGallery,
  kDistractorQuery,
  kQueryWithoutPerson,
  kQuerySameCameraOnly,
  kOneCamera,
  kPersonWithoutQuery,
  kMoreQueriesThanGallery,
  kPersonInTrainAndTest,
  kImageInQueryAndGallery,
  kImageDoesNotDecode,
  kImageWithoutCamera,
  kImageInDeeperFolder,
  kFolderLeftOut,
  kFileIgnored,
  // Weights.
  kWeightsNotOsnet,
  kWeightsReading,
  kEngineDiffers,
  // Tracking files.
  kBoxesInAnotherForm,
  kBoxesOutsidePicture,
  kBoxesMatchNothing,
  kBoxesWithoutArea,
  kBoxesUnderTwoPixels,
  kBoxesAllTheSame,
  kNoBoxes,
  kIdsNeverRepeat,
  kIdsRestartEveryFrame,
  kTracksAreGroundTruth,
  kFramesShifted,
  kFramesSkipped,
  kFramesEndEarly,
  kScoresAbsurd,
  kScoresNotInUnitRange,
  kVisibilityNotStated,
  kRulesChosen,
  kOddRows,
  // Zones files.
  kZonesOutsidePicture,
  kZonesCrossThemselves,
  kZonesWithoutUse,
  // Sites of several cameras.
  kSiteClockOff,
  kSiteClockDrifts,
  kSiteScaleOff,
  kSiteUnitDiffers,
  kSiteNearHorizon,
  kSiteCalibrationOff,
  kSitePlacesDisagree,
  kSiteIdTwice,
};

std::string_view FindingKindId(FindingKind kind);  // "boxes-in-another-form"
std::span<const FindingKind> FindingKinds();       // all of them

enum class FindingSeverity {
  kNote,     // worth knowing, not wrong
  kProblem,  // numbers made with it are not what they seem: `check` ends with exit code 1
};
std::string_view FindingSeverityName(FindingSeverity severity);  // "note", "problem"

struct Finding {
  FindingKind kind{};
  FindingSeverity severity = FindingSeverity::kNote;
  std::string place;             // file, file:line or folder; empty: what was checked as a whole
  std::string message;           // a sentence without a full stop
  std::string mend;              // what to do about it; may be empty
  std::optional<int64_t> count;  // of rows, boxes, images: how many
  std::optional<double> share;   // 0..1: the same among all of them
};

// The messages of one severity, in their order.
std::vector<std::string> MessagesOf(std::span<const Finding> findings, FindingSeverity severity);
bool HasProblem(std::span<const Finding> findings);

// "PLACE: message", and the mend as a hint in a line of its own: for commands that go on.
std::string WarningText(const Finding& finding);

// "99 %"; "0.3 %" and "99.96 %" where whole per cents would say nothing or all.
std::string ShareText(double share);

}  // namespace reidbench
