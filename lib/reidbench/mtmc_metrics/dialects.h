// The scores of several cameras that people publish, each by the rules of the program that made it
// known. No two agree: README.md of this folder says what each of them does and what moves it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "reidbench/mot_metrics/scores.h"
#include "reidbench/mtmc_metrics/accumulator.h"
#include "reidbench/mtmc_metrics/devkit_clear.h"
#include "reidbench/mtmc_metrics/mcta.h"
#include "reidbench/mtmc_metrics/moda.h"
#include "reidbench/mtmc_metrics/mvmhat.h"
#include "reidbench/mtmc_metrics/site_sequences.h"
#include "reidbench/sites/site_tracks.h"

namespace reidbench {

struct DukeScore {
  IdentityCounts identity;
  // Nullopt where a side of the camera is empty.
  std::vector<std::pair<std::string, std::optional<DevkitClearCounts>>> clear_per_camera;
};

struct TrackevalScore {
  MotCounts counts;
  // Which families the dialect has: "HOTA", "CLEAR", "Identity", "Count".
  std::vector<std::string_view> families;
  // LocA is 0, not 1, at thresholds without a match: the TrackEval that Metropolis brings along.
  bool no_match_no_location = false;
};

struct PerCameraScore {
  std::vector<std::pair<std::string, MotCounts>> cameras;
};

struct BevScore {
  AccumulatorSummary earlybird;
  AccumulatorSummary earlybird_on_cells;  // places rounded to 2.5 cm first
  TrackevalScore trackeval;
};

struct AiCity3dScore {
  TrackevalScore all_frames;
  TrackevalScore truth_frames;  // results of other frames dropped
};

using DialectValues =
    std::variant<std::monostate, DukeScore, AccumulatorSummary, TrackevalScore, DevkitClearCounts,
                 PerCameraScore, BevScore, AiCity3dScore, ModaScores, MctaScore, MvmhatScore>;

enum class DialectStatus {
  kOk,
  kNotApplicable,  // the site lacks what the dialect needs
  kError,          // the dialect's rules refuse these results
};

// What one rule took away from the results before anything was counted.
struct Removal {
  std::string filter;  // "roi"
  int64_t boxes = 0;
  int64_t ids = 0;  // of which no box was left
};

struct DialectScore {
  std::string name;
  DialectStatus status = DialectStatus::kOk;
  std::string reason;              // unless kOk
  std::vector<Removal> removed;    // in the order of the filters
  std::vector<std::string> notes;  // what a reader of the number should know, a sentence each
  DialectValues values;
};

struct DialectInfo {
  std::string_view name;
  std::string_view about;  // one line
  bool on_ground = false;  // needs places
};

// In the order in which they are listed.
std::span<const DialectInfo> Dialects();

// Names as people write them ("metropolis-2d", "per-camera") to those of Dialects(), each once.
// "all" stands for all. Throws Error(kUsage) with the nearest name for an unknown one.
std::vector<std::string> ResolveDialects(std::span<const std::string> names);

// One score a name, in the order of the names; `sequences` are PrepareSite(site). What a dialect
// refuses does not stop the others. Runs in parallel; the result does not depend on the number of
// threads.
std::vector<DialectScore> ScoreDialects(const SiteTracks& site, const SiteSequences& sequences,
                                        std::span<const std::string> names);

}  // namespace reidbench
