// How a synthetic person looks: body, hair, clothes and what is carried.
#pragma once

#include <cstdint>
#include <string>

#include "reidbench/core/random.h"

namespace reidbench {

// sRGB as on screen, 0..1.
struct SynthColor {
  float r = 0.5f;
  float g = 0.5f;
  float b = 0.5f;

  friend bool operator==(const SynthColor&, const SynthColor&) = default;
};

enum class SynthPattern {
  kPlain,
  kHorizontalStripes,
  kVerticalStripes,
  kChecks,
  kDots,
  kTwoTone,  // upper part of the garment in the second colour
  kLogo,     // a block on the chest and a larger one on the back
  kSidePanels,
};

// Cloth and its print; the print is attached to the body.
struct SynthCloth {
  SynthPattern pattern = SynthPattern::kPlain;
  SynthColor color;
  SynthColor second;
  float period_m = 0.08f;  // of stripes, checks and dots; 0.03..0.2
  float level = 0.5f;      // 0..1: where two tones meet, how large a logo is
};

enum class SynthUpper { kTankTop, kTShirt, kShirt, kSweater, kHoodie, kJacket, kCoat };
enum class SynthLower { kTrousers, kSlimTrousers, kWideTrousers, kShorts, kSkirt, kLongSkirt };
enum class SynthHair { kBald, kCropped, kShort, kBob, kLong, kPonytail, kBun, kCurly };
enum class SynthHat { kNone, kCap, kBeanie, kBrimmed };
enum class SynthBag { kNone, kBackpack, kShoulderBag, kHandbag };

// Everything that makes two people look different. Seen from all sides it is the same person.
struct SynthAppearance {
  double height_m = 1.72;
  float girth = 1;        // width of body and limbs, 0.82..1.35
  float shoulders = 1;    // width of the shoulders, 0.88..1.1
  float hips = 1;         // width of the hips, 0.9..1.15
  float stride = 1;       // length of the stride and swing of the arms, 0.75..1.2
  float stoop_rad = 0;    // the back bends forward, 0..0.25
  int standing_arms = 0;  // when standing: 0 hang, 1 one hand raised to a phone, 2 hands in pockets

  SynthColor skin;
  SynthHair hair = SynthHair::kShort;
  SynthColor hair_color;
  bool beard = false;
  bool glasses = false;

  SynthUpper upper = SynthUpper::kTShirt;
  SynthCloth upper_cloth;
  bool open_front = false;  // jackets and coats: shows `inner` between its halves
  SynthColor inner;
  SynthLower lower = SynthLower::kTrousers;
  SynthCloth lower_cloth;
  SynthColor shoes;
  SynthColor soles;

  SynthBag bag = SynthBag::kNone;
  SynthColor bag_color;
  float bag_size = 1;    // 0.75..1.3
  bool bag_left = true;  // which side a shoulder bag or handbag is on
  SynthHat hat = SynthHat::kNone;
  SynthColor hat_color;
  bool umbrella = false;
  SynthColor umbrella_color;

  // A shop-window dummy: one colour of skin all over, no hair, no face, never moves.
  bool mannequin = false;
  uint32_t folds_seed = 0;  // where the cloth creases
};

struct SynthAppearanceOptions {
  // Share of people who wear nearly the same as somebody earlier (0..1): the same garments in
  // nearly the same colours; shoes, bag, hair and build differ.
  double hard_negatives = 0.15;
};

// The looks of person `identity` of the population `seed`: does not depend on how many others are
// made or in which order.
SynthAppearance MakeSynthAppearance(uint64_t seed, int64_t identity,
                                    const SynthAppearanceOptions& options);

// A dressed mannequin for `identity` of the population `seed`: a distractor that stands still.
SynthAppearance MakeSynthMannequin(uint64_t seed, int64_t identity);

// Whose clothes `identity` wears nearly, or -1 for nobody's.
int64_t SynthHardNegativeOf(uint64_t seed, int64_t identity, const SynthAppearanceOptions& options);

}  // namespace reidbench
