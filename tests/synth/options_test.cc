#include "reidbench/synth/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Broken(const std::function<void(SynthOptions*)>& change) {
  SynthOptions options = SynthSceneDefaults("mall");
  change(&options);
  return JoinText(options.Validate(), "\n");
}

TEST(SynthOptions, EverySceneIsPossible) {
  for (const std::string& scene : SynthScenes()) {
    EXPECT_THAT(SynthSceneDefaults(scene).Validate(), IsEmpty()) << scene;
    EXPECT_EQ(SynthSceneDefaults(scene).scene, scene);
  }
  EXPECT_THROW(SynthSceneDefaults("mal"), Error);
}

TEST(SynthOptions, TheTableCoversEveryNumberOnce) {
  std::set<std::string> names;
  SynthOptions options;
  for (const SynthKnob& knob : SynthKnobs()) {
    EXPECT_TRUE(names.insert(knob.name).second) << knob.name;
    EXPECT_NE(knob.real == nullptr, knob.whole == nullptr) << knob.name;
    EXPECT_LT(knob.low, knob.high) << knob.name;
    knob.Set(&options, knob.high);
    EXPECT_EQ(knob.Get(options), knob.high) << knob.name;
  }
}

TEST(SynthOptions, ImpossibleWorldsAreRefusedWithTheRule) {
  EXPECT_THAT(Broken([](auto* o) { o->camera_height_m = -1; }),
              HasSubstr("camera must hang above the ground"));
  EXPECT_THAT(Broken([](auto* o) { o->entrances = 0; }), HasSubstr("come from somewhere"));
  EXPECT_THAT(Broken([](auto* o) {
                o->hall_width_m = 5;
                o->hall_depth_m = 2;
                o->people = 5000;
                o->entrances = 2;
              }),
              HasSubstr("people: 5000 in 10 m2 are 500 per m2; nobody can walk above 1.5"));
  EXPECT_THAT(Broken([](auto* o) { o->people = 10'000; }), HasSubstr("people: expected 0..5000"));
  EXPECT_THAT(Broken([](auto* o) {
                o->hall_width_m = 5;
                o->hall_depth_m = 5;
                o->entrances = 9;
              }),
              HasSubstr("have room for 4, found 9"));
  EXPECT_THAT(Broken([](auto* o) {
                o->frame_rate = {25, 12};
              }),
              HasSubstr("one for each of 3 cameras, found 2"));
  EXPECT_THAT(Broken([](auto* o) { o->frame_rate = {0}; }), HasSubstr("0.5..60"));
  EXPECT_THAT(Broken([](auto* o) { o->reid_train = 1; }), HasSubstr("leaves nobody of 60 persons"));
  EXPECT_THAT(Broken([](auto* o) { o->density = std::nan(""); }), HasSubstr("density: expected"));
  // All at once.
  EXPECT_EQ(SplitText(Broken([](auto* o) {
                        o->overlap = 2;
                        o->jitter = -1;
                      }),
                      '\n')
                .size(),
            2u);
}

TEST(SynthOptions, PeopleWinOverDensity) {
  SynthOptions options;
  options.hall_width_m = 20;
  options.hall_depth_m = 10;
  options.density = 0.1;
  EXPECT_EQ(options.PeopleAtATime(), 20);
  options.people = 7;
  EXPECT_EQ(options.PeopleAtATime(), 7);
}

}  // namespace
}  // namespace reidbench
