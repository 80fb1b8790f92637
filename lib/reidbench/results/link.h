// What `reidbench link` did: tables, CSV and JSON (kLinkSchema), and the times between cameras that
// it learned as a file of their own (kTransitionsSchema).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/linking/linking.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

struct LinkedCamera {
  std::string name;
  int64_t boxes = 0;
  int64_t tracks = 0;  // ids of the input
  int64_t tracklets = 0;
  int64_t people = 0;  // ids of the output
  int64_t boxes_without_embedding = 0;
  int64_t own_splits = 0, own_swaps = 0, own_links = 0;  // by the camera's own correction
};

// A decision with names instead of numbers.
struct NamedLink {
  LinkDecision decision;
  std::string camera_before, camera_after;
  int64_t track_before = 0, track_after = 0;  // ids of the input
  int64_t frame_before = 0, frame_after = 0;  // the cameras' own: last before, first after
  int64_t person = 0;                         // id of the output, of the later side
  // What the ground truth says: right, wrong, or nullopt where a side is nobody.
  std::optional<bool> right;
};

struct LinkScore {
  int64_t tp = 0, fp = 0, fn = 0;
  double idf1() const {
    const int64_t all = 2 * tp + fp + fn;
    return all == 0 ? 0 : 2.0 * static_cast<double>(tp) / static_cast<double>(all);
  }
};

// With ground truth, by the dialect duke.
struct LinkTruthScores {
  LinkScore plain;  // the tracks as they came, no id in two cameras
  LinkScore linked;
  LinkScore perfect_link;  // every tracklet of the input has the person that most of it is
  LinkScore perfect;       // every box has its person: perfect splits as well
  int64_t right = 0, wrong = 0, neutral = 0;  // links taken

  // Of the way from plain to perfect_link; nullopt where there is none.
  std::optional<double> Share() const;
  std::optional<double> Precision() const;
};

struct LinkStageResult {
  std::string method;
  std::string site;
  std::vector<LinkedCamera> cameras;
  int64_t tracklets = 0;
  int64_t people = 0;
  std::vector<NamedLink> decisions;
  SiteAppearance appearance;
  SiteGround ground;
  TransitionTimes transitions{0, {}};
  std::optional<LinkTruthScores> truth;
  std::vector<std::string> notes;     // what did not fit, and what was done
  std::vector<std::string> warnings;  // the notes, and what is said about the input
  double read_seconds = 0, describe_seconds = 0, link_seconds = 0;
};

std::string RenderLinkTables(const LinkStageResult& result, TableFormat format);
// A row a decision.
std::string RenderLinkCsv(const LinkStageResult& result);
// `seconds`: also what it took, which is another in every run.
std::string RenderLinkJson(const LinkStageResult& result, bool seconds);

// {"schema", "cameras", "edges_s", "counts": [{"from", "to", "counts"}]}.
std::string RenderTransitions(const TransitionTimes& times,
                              const std::vector<std::string>& cameras);
// For cameras by name: those that the file does not know have nothing seen. Throws Error(kIo,
// kInput).
void ReadTransitions(const std::filesystem::path& file, const std::vector<std::string>& cameras,
                     TransitionTimes* times);

}  // namespace reidbench
