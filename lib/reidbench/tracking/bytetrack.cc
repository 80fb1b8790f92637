#include "reidbench/tracking/bytetrack.h"

#include "reidbench/tracking/two_stage.h"

namespace reidbench {

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
  return std::make_unique<TwoStageTracker<HeightFilter>>(
      TwoStageSettings{.high_thresh = options.track_thresh,
                       .low_thresh = options.low_thresh,
                       .new_track_thresh = options.new_track_thresh,
                       .match_thresh = options.match_thresh,
                       .second_match_thresh = options.second_match_thresh,
                       .unconfirmed_match_thresh = options.unconfirmed_match_thresh,
                       .track_buffer = options.track_buffer,
                       .fuse_score = options.fuse_score,
                       .duplicate_iou = options.duplicate_iou,
                       .compat_reference = options.compat_reference});
}

}  // namespace reidbench
