#include "reidbench/jobs/render/render_scene.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

namespace reidbench {

RenderSide::RenderSide(TrackSet tracks, int64_t frame_count, int64_t hold, int64_t trail)
    : tracks_(std::move(tracks)), hold_(hold), trail_(trail) {
  std::stable_sort(tracks_.boxes.begin(), tracks_.boxes.end(),
                   [](const TrackBox& a, const TrackBox& b) { return a.frame < b.frame; });
  begin_.assign(static_cast<size_t>(frame_count) + 2, 0);
  for (const TrackBox& box : tracks_.boxes) ++begin_[static_cast<size_t>(box.frame.value) + 1];
  for (size_t f = 1; f < begin_.size(); ++f) begin_[f] += begin_[f - 1];
  if (trail_ > 0) {
    for (size_t i = 0; i < tracks_.boxes.size(); ++i)
      boxes_of_[tracks_.boxes[i].id.value].push_back(i);
  }
}

void RenderSide::NamePersons(const std::vector<IdentityTimeline>& timelines,
                             const std::unordered_map<int64_t, int>& person_index) {
  by_truth_ = true;
  for (const IdentityTimeline& timeline : timelines) {
    const Subject subject{timeline.gt_id, person_index.at(timeline.gt_id)};
    for (const IdentityRun& run : timeline.matched)
      runs_[run.track].push_back({run.first_frame, run.last_frame, subject});
  }
  for (auto& [track, runs] : runs_) {
    std::sort(runs.begin(), runs.end(),
              [](const Run& a, const Run& b) { return a.first < b.first; });
  }
}

void RenderSide::NamePersonsBy(const RenderSide& other) {
  other_id_.assign(tracks_.boxes.size(), -1);
  for (size_t f = 1; f + 1 < begin_.size(); ++f) {
    for (size_t i = begin_[f]; i < begin_[f + 1]; ++i) {
      for (size_t j = other.begin_[f]; j < other.begin_[f + 1]; ++j) {
        if (other.tracks_.boxes[j].box == tracks_.boxes[i].box) {
          other_id_[i] = other.tracks_.boxes[j].id.value;
          break;
        }
      }
    }
  }
  for (const TrackBox& box : other.tracks_.boxes) other_person_.emplace(box.id.value, 0);
  int index = 0;
  for (auto& [id, person] : other_person_) person = index++;
}

void RenderSide::Add(RenderEvent event) { events_.push_back(std::move(event)); }

void RenderSide::SortEvents() {
  std::stable_sort(events_.begin(), events_.end(), [](const RenderEvent& a, const RenderEvent& b) {
    return a.first_frame < b.first_frame;
  });
  events_of_.clear();
  for (size_t e = 0; e < events_.size(); ++e) events_of_[events_[e].subject].push_back(e);
}

RenderSide::Subject RenderSide::SubjectOf(size_t box) const {
  if (!by_truth_) {
    const int64_t id = other_id_[box];
    const auto found = other_person_.find(id);
    return {id, found == other_person_.end() ? -1 : found->second};
  }
  const TrackBox& row = tracks_.boxes[box];
  const auto found = runs_.find(row.id.value);
  if (found == runs_.end()) return {};
  const std::vector<Run>& runs = found->second;
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), row.frame.value,
                       [](int64_t frame, const Run& run) { return frame < run.first; });
  if (after == runs.begin()) return {};
  const Run& run = *std::prev(after);
  return row.frame.value <= run.last + hold_ ? run.subject : Subject{};
}

const RenderEvent* RenderSide::EventOn(int64_t subject, int64_t frame) const {
  const auto found = events_of_.find(subject);
  if (found == events_of_.end()) return nullptr;
  const RenderEvent* latest = nullptr;
  for (const size_t e : found->second) {
    if (events_[e].first_frame <= frame && frame < events_[e].first_frame + hold_)
      latest = &events_[e];
  }
  return latest;
}

std::vector<DrawnBox> RenderSide::Boxes(int64_t frame) const {
  std::vector<DrawnBox> drawn;
  std::set<int64_t> ringed;  // a person with two boxes is marked once
  for (size_t i = begin_[frame]; i < begin_[frame + 1]; ++i) {
    const TrackBox& row = tracks_.boxes[i];
    const Subject subject = SubjectOf(i);
    DrawnBox& box = drawn.emplace_back();
    box.box = row.box;
    box.person = subject.person;
    box.label = std::to_string(row.id.value);
    if (const RenderEvent* event = subject.id < 0 ? nullptr : EventOn(subject.id, frame);
        event != nullptr && ringed.insert(subject.id).second) {
      box.ring = event->ring;
      box.label += event->note;
    }
    if (trail_ > 0) {
      const std::vector<size_t>& own = boxes_of_.at(row.id.value);
      for (auto it = std::lower_bound(own.begin(), own.end(), i);; --it) {
        const TrackBox& past = tracks_.boxes[*it];
        if (past.frame.value < frame - trail_) break;
        box.trail.emplace_back(past.box.left + past.box.width / 2, past.box.top + past.box.height);
        if (it == own.begin()) break;
      }
      std::reverse(box.trail.begin(), box.trail.end());
    }
  }
  return drawn;
}

int64_t RenderSide::CountEvents(Ring ring, int64_t frame) const {
  return CountEvents(ring, 1, frame);
}

int64_t RenderSide::CountEvents(Ring ring, int64_t first_frame, int64_t last_frame) const {
  return std::count_if(events_.begin(), events_.end(), [&](const RenderEvent& event) {
    return event.ring == ring && first_frame <= event.first_frame &&
           event.first_frame <= last_frame;
  });
}

void AddRepairs(RenderSide* plain, RenderSide* corrected) {
  std::unordered_map<int64_t, int64_t> corrected_of;  // plain id -> corrected id, last seen
  std::unordered_map<int64_t, int64_t> plain_of;      // corrected id -> plain id, last seen
  const std::vector<TrackBox>& boxes = plain->tracks().boxes;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const int64_t own = boxes[i].id.value, frame = boxes[i].frame.value;
    const int64_t id = plain->other_id(i);
    if (id < 0) continue;
    const auto last = plain_of.find(id);
    const auto was = corrected_of.find(own);
    if (last != plain_of.end() && last->second != own &&
        (was == corrected_of.end() || was->second != id)) {
      plain->Add({frame, id, Ring::kSwitch, fmt::format(" (was {})", last->second)});
      corrected->Add({frame, id, Ring::kRepair, fmt::format(", not {}", own)});
    }
    corrected_of[own] = id;
    plain_of[id] = own;
  }
  plain->SortEvents();
  corrected->SortEvents();
}

}  // namespace reidbench
