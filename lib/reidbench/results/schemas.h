// The ids of every JSON document that reidbench writes. A reader checks the id (RequireSchema), so
// each belongs to one document, and no other file spells one out; tests/results/schemas_test.cc
// holds both. A document that changes so that its readers must change gets the next number.
#pragma once

#include <string_view>

namespace reidbench {

inline constexpr std::string_view kCheckSchema = "reidbench.check/1";
inline constexpr std::string_view kCompareSchema = "reidbench.compare/1";
inline constexpr std::string_view kConvertSchema = "reidbench.convert/1";
inline constexpr std::string_view kDecisionsSchema = "reidbench.relink.decisions/1";
inline constexpr std::string_view kDetectSchema = "reidbench.detect/1";
inline constexpr std::string_view kDetectionsSchema = "reidbench.detections/1";
inline constexpr std::string_view kEnginesSchema = "reidbench.engines/1";
inline constexpr std::string_view kExtractSchema = "reidbench.extract/1";
inline constexpr std::string_view kFlowSchema = "reidbench.flow/1";
inline constexpr std::string_view kLinkSchema = "reidbench.link/1";
inline constexpr std::string_view kPageSchema = "reidbench.page/1";
inline constexpr std::string_view kPerQuerySchema = "reidbench.per_query/1";
inline constexpr std::string_view kPlanSchema = "reidbench.plan/1";  // of cameras: `profile`
inline constexpr std::string_view kProfileSchema = "reidbench.profile/1";
inline constexpr std::string_view kRankSchema = "reidbench.rank/1";
inline constexpr std::string_view kRelinkSchema = "reidbench.relink/1";
inline constexpr std::string_view kRenderSchema = "reidbench.render/1";
inline constexpr std::string_view kRunPlanSchema = "reidbench.run_plan/1";  // of stages: `run`
inline constexpr std::string_view kRunSchema = "reidbench.run/1";
inline constexpr std::string_view kScoreSchema = "reidbench.score/1";
inline constexpr std::string_view kSwitchesSchema = "reidbench.switches/1";
inline constexpr std::string_view kSynthSchema = "reidbench.synth/1";
inline constexpr std::string_view kTrackSchema = "reidbench.track/1";
inline constexpr std::string_view kTransitionsSchema = "reidbench.transitions/1";
inline constexpr std::string_view kTrainSchema = "reidbench.train/1";

}  // namespace reidbench
