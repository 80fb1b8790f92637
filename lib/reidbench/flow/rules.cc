#include "reidbench/flow/rules.h"

namespace reidbench {

OptionTable FlowRules::Table() {
  return OptionTable()
      .Add("hysteresis", &hysteresis, {.low = 0, .high = 10},
           "Body heights behind the line until a crossing is one")
      .Add("bridge_s", &bridge_s, {.low = 0, .high = 3600},
           "Seconds of absence from a zone that end no visit; at least 1.5 frames")
      .Add("passing_s", &passing_s, {.low = 0, .high = 3600},
           "Stays in a queue shorter than this, unserved, are no waiting")
      .Add("teleport", &teleport, "Cut tracks at steps that no person takes")
      .Add("teleport_reach", &teleport_reach, {.low = 0, .high = 100},
           "Such a step: more than so many body heights times the root of its seconds,")
      .Add("teleport_speed", &teleport_speed, {.low = 0, .high = 1000}, "and so many more a second")
      .Add("stitch", &stitch, "Go on with a track where another one ended")
      .Add("stitch_s", &stitch_s, {.low = 0, .high = 60}, "Longest gap, s")
      .Add("stitch_reach", &stitch_reach, {.low = 0, .high = 100},
           "Body heights from where it was heading,")
      .Add("stitch_speed", &stitch_speed, {.low = 0, .high = 1000}, "and so many more a second")
      .Add("duplicates", &duplicates, "Count two tracks that cross together at one place once")
      .Add("duplicate_s", &duplicate_s, {.low = 0, .high = 60}, "At one time: seconds")
      .Add("duplicate_reach", &duplicate_reach, {.low = 0, .high = 100},
           "At one place: body heights")
      .Add("smooth_s", &smooth_s, {.low = 0, .high = 60},
           "Time constant with which feet follow the boxes, s; 0 = at once")
      .Add("nameless", &nameless, "Leave out rows of id -1")
      .Add("forget_s", &forget_s, {.low = 0.1, .high = 1e9},
           "Seconds without a box after which a track is over");
}

FlowRules FlowRules::Plain() const {
  FlowRules plain = *this;
  plain.teleport = plain.stitch = plain.duplicates = false;
  plain.smooth_s = 0;
  plain.forget_s = 1e9;
  return plain;
}

}  // namespace reidbench
