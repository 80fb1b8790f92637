#include "reidbench/tracking/bytetrack.h"

#include <algorithm>

#include "reidbench/matching/assignment.h"
#include "reidbench/matching/iou.h"
#include "reidbench/tracking/kalman.h"

namespace reidbench {
namespace {

enum class State : uint8_t {
  kUnconfirmed,  // seen in one frame
  kTracked,
  kLost,
  kEnded,
};

struct ByteTrackTrack {
  int64_t id = 0;
  State state = State::kUnconfirmed;
  HeightFilter filter;
  int64_t first_frame = 0;
  int64_t last_frame = 0;  // of the last detection
  TrackBox last;           // confidence and class of that detection
  bool expired = false;    // was over its buffer once; compat only
};

class ByteTrack : public Tracker {
 public:
  explicit ByteTrack(const ByteTrackOptions& options) : options_(options) {}

  std::span<const TrackBox> Step(const FrameInput& input) override {
    ++frame_;
    SelectDetections(input);

    pool_.clear();
    unconfirmed_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t)
      (tracks_[t].state == State::kUnconfirmed ? unconfirmed_ : pool_).push_back(t);
    for (const size_t t : pool_) {
      // A track that nobody sees keeps its height.
      if (tracks_[t].state != State::kTracked) tracks_[t].filter.StopHeight();
      tracks_[t].filter.Predict();
    }

    Associate(&pool_, &high_, options_.match_thresh, options_.fuse_score);
    tracked_left_.clear();
    lost_left_.clear();
    for (const size_t t : pool_)
      (tracks_[t].state == State::kTracked ? tracked_left_ : lost_left_).push_back(t);
    Associate(&tracked_left_, &low_, options_.second_match_thresh, false);
    Associate(&unconfirmed_, &high_, options_.unconfirmed_match_thresh, options_.fuse_score);

    for (const size_t t : tracked_left_)
      tracks_[t].state = tracks_[t].expired ? State::kEnded : State::kLost;
    for (const size_t t : unconfirmed_) tracks_[t].state = State::kEnded;
    for (const size_t t : lost_left_) Age(&tracks_[t]);
    for (const TrackBox* detection : high_) {
      if (detection->confidence >= options_.new_track_thresh) Start(*detection);
    }
    EndDuplicates();
    Report(input.frame);
    std::erase_if(tracks_, [](const ByteTrackTrack& t) { return t.state == State::kEnded; });
    return output_;
  }

 private:
  void SelectDetections(const FrameInput& input) {
    high_.clear();
    low_.clear();
    for (const TrackBox& detection : input.detections) {
      if (!IsTrackable(detection.box)) continue;
      if (detection.confidence > options_.track_thresh) {
        high_.push_back(&detection);
      } else if (detection.confidence > options_.low_thresh &&
                 detection.confidence < options_.track_thresh) {
        low_.push_back(&detection);
      }
    }
  }

  // The program keeps boxes as corners, which may round width and height.
  static BoxLtwh Measured(const TrackBox& detection) {
    const BoxCorners c = CornersOf(detection.box);
    return {c.left, c.top, c.right - c.left, c.bottom - c.top};
  }

  BoxCorners Corners(const BoxLtwh& box) const {
    BoxCorners c = CornersOf(box);
    if (options_.compat_reference) {
      c.right += 1;
      c.bottom += 1;
      c.area = (c.right - c.left) * (c.bottom - c.top);
    }
    return c;
  }

  // Matches tracks with detections, updates the former and leaves in both lists what found no
  // partner. A pair may cost at most `limit`; among the allowed ones the sum of the savings
  // limit - cost is maximised.
  void Associate(std::vector<size_t>* tracks, std::vector<const TrackBox*>* detections,
                 double limit, bool fuse_score) {
    track_boxes_.clear();
    detection_boxes_.clear();
    for (const size_t t : *tracks) track_boxes_.push_back(Corners(tracks_[t].filter.Box()));
    for (const TrackBox* detection : *detections)
      detection_boxes_.push_back(Corners(detection->box));
    overlap_.Clear(static_cast<int32_t>(detections->size()));
    overlaps_.Append(track_boxes_, detection_boxes_, &overlap_);
    savings_.Clear(overlap_.cols);
    for (size_t i = 0; i < tracks->size(); ++i) {
      for (uint32_t k = overlap_.row_begin[i]; k < overlap_.row_begin[i + 1]; ++k) {
        const double similarity =
            fuse_score ? overlap_.value[k] * (*detections)[overlap_.col[k]]->confidence
                       : overlap_.value[k];
        const double saving = limit - (1 - similarity);
        if (saving > 0) savings_.Add(overlap_.col[k], saving);
      }
      savings_.EndRow();
    }
    const std::span<const int32_t> assigned = assigner_.Maximise(savings_.View());
    size_t tracks_left = 0;
    for (size_t i = 0; i < tracks->size(); ++i) {
      if (assigned[i] == kUnassigned) {
        (*tracks)[tracks_left++] = (*tracks)[i];
      } else {
        Update(&tracks_[(*tracks)[i]], *(*detections)[assigned[i]]);
        (*detections)[assigned[i]] = nullptr;
      }
    }
    tracks->resize(tracks_left);
    std::erase(*detections, nullptr);
  }

  void Update(ByteTrackTrack* track, const TrackBox& detection) {
    track->filter.Update(Measured(detection));
    track->state = State::kTracked;
    track->last_frame = frame_;
    track->last = detection;
  }

  void Age(ByteTrackTrack* track) {
    if (frame_ - track->last_frame <= options_.track_buffer) return;
    // The authors' program takes a track off its list one frame after declaring it removed.
    if (options_.compat_reference && !track->expired) {
      track->expired = true;
    } else {
      track->state = State::kEnded;
    }
  }

  void Start(const TrackBox& detection) {
    ByteTrackTrack track;
    track.id = ++last_id_;
    track.state = frame_ == 1 ? State::kTracked : State::kUnconfirmed;
    track.filter = HeightFilter(Measured(detection));
    track.first_frame = track.last_frame = frame_;
    track.last = detection;
    tracks_.push_back(std::move(track));
  }

  // A lost track on top of one that is seen: the one with the longer history stays.
  void EndDuplicates() {
    pool_.clear();
    lost_left_.clear();
    track_boxes_.clear();
    detection_boxes_.clear();
    for (size_t t = 0; t < tracks_.size(); ++t) {
      if (tracks_[t].state == State::kEnded) continue;
      const bool lost = tracks_[t].state == State::kLost;
      (lost ? lost_left_ : pool_).push_back(t);
      (lost ? detection_boxes_ : track_boxes_).push_back(Corners(tracks_[t].filter.Box()));
    }
    if (lost_left_.empty()) return;
    overlap_.Clear(static_cast<int32_t>(lost_left_.size()));
    overlaps_.Append(track_boxes_, detection_boxes_, &overlap_);
    for (size_t i = 0; i < pool_.size(); ++i) {
      for (uint32_t k = overlap_.row_begin[i]; k < overlap_.row_begin[i + 1]; ++k) {
        if (!(1 - overlap_.value[k] < 1 - options_.duplicate_iou)) continue;
        ByteTrackTrack& seen = tracks_[pool_[i]];
        ByteTrackTrack& lost = tracks_[lost_left_[overlap_.col[k]]];
        const bool seen_is_longer =
            seen.last_frame - seen.first_frame > lost.last_frame - lost.first_frame;
        (seen_is_longer ? lost : seen).state = State::kEnded;
      }
    }
  }

  void Report(FrameIndex frame) {
    output_.clear();
    for (const ByteTrackTrack& track : tracks_) {
      if (track.state != State::kTracked) continue;
      TrackBox row = track.last;
      row.frame = frame;
      row.id = TrackId(track.id);
      row.box = track.filter.Box();
      output_.push_back(row);
    }
  }

  ByteTrackOptions options_;
  int64_t frame_ = 0;  // calls of Step
  int64_t last_id_ = 0;
  std::vector<ByteTrackTrack> tracks_;  // by id
  std::vector<const TrackBox*> high_;
  std::vector<const TrackBox*> low_;
  std::vector<size_t> pool_;
  std::vector<size_t> unconfirmed_;
  std::vector<size_t> tracked_left_;
  std::vector<size_t> lost_left_;
  std::vector<BoxCorners> track_boxes_;
  std::vector<BoxCorners> detection_boxes_;
  OverlapFinder overlaps_;
  SparseScores overlap_;
  SparseScores savings_;
  SparseAssigner assigner_;
  std::vector<TrackBox> output_;
};

}  // namespace

OptionTable ByteTrackOptions::Table() {
  return OptionTable()
      .Add("track_thresh", &track_thresh, {0, 1},
           "Score above which a detection takes part in the first association")
      .Add("low_thresh", &low_thresh, {0, 1}, "Score above which the rest does in the second")
      .Then([this] { new_track_thresh = track_thresh + 0.1; })
      .Add("new_track_thresh", &new_track_thresh, {0, 1},
           "Least score that starts a track; track_thresh + 0.1 where not written")
      .Add("match_thresh", &match_thresh, {0, 1}, "Largest cost of the first association")
      .Add("second_match_thresh", &second_match_thresh, {0, 1}, "Largest cost of the second")
      .Add("unconfirmed_match_thresh", &unconfirmed_match_thresh, {0, 1},
           "Largest cost for tracks seen only once")
      .Add("track_buffer", &track_buffer, {.low = 0},
           "Frames a lost track is kept, whatever the frame rate; 30 is a second of MOT17")
      .Add("fuse_score", &fuse_score, "Multiply IoU by the score")
      .Add("duplicate_iou", &duplicate_iou, {0, 1},
           "Of two tracks that overlap more, the younger ends")
      .AddChoice(
          "compat", &compat_reference, {{"none", false}, {"reference", true}},
          "reference: the program's IoU with \"+1\" and its late removal; none: without them");
}

std::unique_ptr<Tracker> MakeByteTrack(const ByteTrackOptions& options) {
  RequireOptions("bytetrack", options.Validate());
  return std::make_unique<ByteTrack>(options);
}

}  // namespace reidbench
