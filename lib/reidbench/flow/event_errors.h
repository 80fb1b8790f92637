// How wrong counted events are: events of one kind of the truth and of tracks, matched one to one
// in time, and why each that has no partner is there (../shared/protocols/flow.md, "Event-level
// scoring").
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reidbench/flow/events.h"

namespace reidbench {

// Rows by frame, kept for those who look at single ones.
class FlowTable {
 public:
  void Add(int64_t frame, std::span<const FlowRow> rows);  // frames ascend
  std::span<const FlowRow> Rows(int64_t frame) const;
  std::span<const int64_t> frames() const { return frames_; }
  bool operator==(const FlowTable& other) const;

 private:
  std::vector<int64_t> frames_;
  std::vector<size_t> begin_{0};
  std::vector<FlowRow> rows_;
};

// Pairs (index of truth, index of found) with |dt| <= tolerance: as many as can be, and of those
// the least total |dt|. Both lists ascend.
std::vector<std::pair<size_t, size_t>> MatchTimes(std::span<const double> truth,
                                                  std::span<const double> found,
                                                  double tolerance_s);

enum class EventCause {
  kMissedPerson,  // no track had the person
  kFragment,      // the person crossed while its track was broken or renamed
  kTeleport,      // the track went to somebody else, or took a step that no person takes
  kDuplicate,     // a second track of a person who was counted
  kFalseTrack,    // nobody was there
  kReentry,       // came back and was not known, or was taken for somebody else
  kJitter,        // the person is near: place or time differ
};
std::string_view EventCauseName(EventCause cause);  // "missed_person"

struct UnmatchedEvent {
  bool missed = false;  // of the truth; otherwise an extra one
  size_t place = 0;     // line or zone
  bool in = false;      // of a crossing
  double time_s = 0;
  int64_t frame = 0;
  int64_t id = 0;  // of the truth's person or of the track
  EventCause cause = EventCause::kJitter;
};

struct EventErrors {
  int64_t truth = 0;
  int64_t found = 0;
  int64_t matched = 0;
  std::map<EventCause, int64_t> causes;
  std::vector<UnmatchedEvent> unmatched;

  int64_t net() const { return found - truth; }
  int64_t gross() const { return truth + found - 2 * matched; }
  std::optional<double> precision() const;
  std::optional<double> recall() const;
  std::optional<double> f1() const;  // 1 where there is nothing on either side
  void Add(const EventErrors& other);
};

// Who of the truth is which track, frame by frame: boxes by IoU of at least a half, places within 1
// m.
class FlowAssociation {
 public:
  FlowAssociation(const FlowTable& truth, const FlowTable& tracks, const FlowScene& scene);
  // Below 0: nobody.
  int64_t TrackOf(int64_t frame, int64_t person) const;
  int64_t PersonOf(int64_t frame, int64_t track) const;
  // [(person, track)] and in how many frames.
  const std::map<std::pair<int64_t, int64_t>, int64_t>& together() const { return together_; }

 private:
  struct Pair {
    int64_t frame, person, track;
  };
  std::vector<Pair> by_person_;  // by frame, person
  std::vector<Pair> by_track_;   // by frame, track
  std::map<std::pair<int64_t, int64_t>, int64_t> together_;
};

inline constexpr double kEventToleranceS = 1;

// One entry a line.
std::vector<EventErrors> CompareCrossings(const FlowEvents& truth, const FlowEvents& found,
                                          const FlowAssociation& association,
                                          const FlowScene& scene, double tolerance_s);
// One entry a zone; the event is entering.
std::vector<EventErrors> CompareVisits(const FlowEvents& truth, const FlowEvents& found,
                                       const FlowAssociation& association, const FlowScene& scene,
                                       double tolerance_s);

// How identities of one side fall apart and together on the other.
struct IdentityPairs {
  int64_t splits = 0;  // tracks of a person beyond the first
  int64_t merges = 0;  // persons of a track beyond the first
};
IdentityPairs CountIdentityPairs(const FlowAssociation& association);

}  // namespace reidbench
