#include "reidbench/tracking/botsort.h"

#include "reidbench/tracking/two_stage.h"

namespace reidbench {

OptionTable BotSortOptions::Table() {
  OptionTable table;
  table
      .Add("track_high_thresh", &track_high_thresh, {0, 1},
           "Score above which a detection takes part in the first association")
      .Add("track_low_thresh", &track_low_thresh, {0, 1},
           "Score above which the rest does in the second")
      .Add("new_track_thresh", &new_track_thresh, {0, 1}, "Least score that starts a track")
      .Add("match_thresh", &match_thresh, {0, 1}, "Largest cost of the first association")
      .Add("second_match_thresh", &second_match_thresh, {0, 1}, "Largest cost of the second")
      .Add("unconfirmed_match_thresh", &unconfirmed_match_thresh, {0, 1},
           "Largest cost for tracks seen only once")
      .Add("track_buffer", &track_buffer, {.low = 0}, "Frames a lost track is kept")
      .Add("fuse_score", &fuse_score, "Multiply IoU by the score (false for MOT20)")
      .Add("duplicate_iou", &duplicate_iou, {0, 1},
           "Of two tracks that overlap more, the younger ends")
      .Add("proximity_thresh", &proximity_thresh, {0, 1},
           "Appearance counts where 1 - IoU is at most this")
      .Add("appearance_thresh", &appearance_thresh, {0, 1},
           "and where half the cosine distance at most this")
      .Add("ema_keep", &ema_keep, {0, 1}, "Share of the old embedding in a track's moving average");
  report.AddTo(&table);
  return table.AddChoice("compat", &compat_reference, {{"none", false}, {"reference", true}},
                         "reference: the program's IoU with \"+1\", its late removal, and tracks "
                         "reported from their first box; none: without them");
}

std::unique_ptr<Tracker> MakeBotSort(const BotSortOptions& options) {
  RequireOptions("botsort", options.Validate());
  return std::make_unique<TwoStageTracker<SizeFilter>>(
      TwoStageSettings{.high_thresh = options.track_high_thresh,
                       .low_thresh = options.track_low_thresh,
                       .new_track_thresh = options.new_track_thresh,
                       .match_thresh = options.match_thresh,
                       .second_match_thresh = options.second_match_thresh,
                       .unconfirmed_match_thresh = options.unconfirmed_match_thresh,
                       .track_buffer = options.track_buffer,
                       .fuse_score = options.fuse_score,
                       .duplicate_iou = options.duplicate_iou,
                       .compat_reference = options.compat_reference,
                       .report_unconfirmed = options.compat_reference,
                       .report = options.report,
                       .use_appearance = true,
                       .proximity_thresh = options.proximity_thresh,
                       .appearance_thresh = options.appearance_thresh,
                       .ema_keep = options.ema_keep});
}

}  // namespace reidbench
