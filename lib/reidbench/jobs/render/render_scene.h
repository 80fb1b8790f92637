// Who is to be drawn where in `reidbench render`: boxes with the colour of their person, their ids,
// and the rings of switches and repairs. Knows nothing of pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "reidbench/core/tracks.h"
#include "reidbench/jobs/compare/compare.h"
#include "reidbench/jobs/render/render_overlay.h"

namespace reidbench {

// A switch, or an id that came back: marked for a while on the box of whom it happened to.
struct RenderEvent {
  int64_t first_frame = 0;  // from where on it is marked
  int64_t subject = 0;      // ground truth id where that is known, else track id
  Ring ring = Ring::kNone;
  std::string note;  // behind the id: " (was 31)"
};

// One panel's tracks over the whole video.
class RenderSide {
 public:
  // `frame_count` frames; marks stay for `hold` frames, trails `trail` frames long.
  RenderSide(TrackSet tracks, int64_t frame_count, int64_t hold, int64_t trail);

  // With ground truth: a box shows the person it was matched with, for up to `hold` frames after.
  // `person_index` numbers the persons from 0.
  void NamePersons(const std::vector<IdentityTimeline>& timelines,
                   const std::unordered_map<int64_t, int>& person_index);
  // Without: the person is the id that the same box has in `other` (may be this side itself).
  void NamePersonsBy(const RenderSide& other);

  void Add(RenderEvent event);
  void SortEvents();

  // Boxes of a frame, 1..frame_count, in the order of the file.
  std::vector<DrawnBox> Boxes(int64_t frame) const;
  // Of the events that began up to `frame`, those with this ring.
  int64_t CountEvents(Ring ring, int64_t frame) const;
  int64_t CountEvents(Ring ring, int64_t first_frame, int64_t last_frame) const;

  const TrackSet& tracks() const { return tracks_; }
  const std::vector<RenderEvent>& events() const { return events_; }  // by frame
  // Of a box of tracks(), after NamePersonsBy: the id that it has there, or -1.
  int64_t other_id(size_t box) const { return other_id_[box]; }

 private:
  struct Subject {
    int64_t id = -1;
    int person = -1;
  };
  struct Run {
    int64_t first = 0, last = 0;
    Subject subject;
  };

  Subject SubjectOf(size_t box) const;
  const RenderEvent* EventOn(int64_t subject, int64_t frame) const;

  TrackSet tracks_;  // by frame
  int64_t hold_, trail_;
  std::vector<size_t> begin_;  // first box of each frame; entry `frame` to entry `frame` + 1
  bool by_truth_ = false;
  std::unordered_map<int64_t, std::vector<Run>> runs_;          // by_truth_: by track id
  std::vector<int64_t> other_id_;                               // else: by box
  std::map<int64_t, int> other_person_;                         // of those
  std::unordered_map<int64_t, std::vector<size_t>> boxes_of_;   // by track id, with trails
  std::vector<RenderEvent> events_;                             // by frame
  std::unordered_map<int64_t, std::vector<size_t>> events_of_;  // by subject
};

// Pieces of the plain tracks that correction gave an id which somebody had before: where each
// begins, with a red ring on the plain side and a green one on the corrected. `plain` has its
// persons by `corrected`.
void AddRepairs(RenderSide* plain, RenderSide* corrected);

}  // namespace reidbench
