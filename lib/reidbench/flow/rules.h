// How events are told from tracks: every rule with its unit, and the repairs for what trackers do
// wrong, each of which can be switched off.
#pragma once

#include "reidbench/config/option_table.h"

namespace reidbench {

struct FlowRules {
  // Geometry; the same for ground truth and tracks, and independent of the frame rate.
  double hysteresis = 0.1;  // body heights behind the line until a crossing is one
  double bridge_s = 0.75;  // an absence from a zone of so many seconds is none; at least 1.5 frames
  double passing_s = 2;    // shorter stays in a queue, unserved, were no waiting

  // Repairs of tracks, for crossings: these need continuity, not identity.
  bool teleport = true;         // a step no person takes ends one track and begins another
  double teleport_reach = 0.5;  // body heights times the root of the seconds,
  double teleport_speed = 1;    // and body heights a second
  bool stitch = true;           // a track that begins where another ended goes on as that
  double stitch_s = 3;
  double stitch_reach = 0.35;  // body heights from where it was heading,
  double stitch_speed = 0.6;   // and body heights a second
  bool duplicates = true;      // two tracks that cross at one place and time are one person
  double duplicate_s = 0.15;
  double duplicate_reach = 0.08;  // body heights
  double smooth_s = 0.15;  // feet and heights follow the boxes with this time constant; 0 = at once
  bool nameless = true;    // rows of id -1 are nobody's track; otherwise they are one person
  double forget_s = 10;    // a track not seen for so long is over

  OptionTable Table();
  // Without repairs, as ground truth is read.
  FlowRules Plain() const;
};

}  // namespace reidbench
