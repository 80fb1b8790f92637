#include "reidbench/synth/appearance.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "reidbench/core/error.h"

namespace reidbench {
namespace {

// Independent draws of one person: what is worn, what is not clothing, and whom the person copies.
enum Stream : uint64_t { kWear = 0, kBody = 1, kCopy = 2, kShift = 3, kStreams = 4 };

Rng PersonRng(uint64_t seed, int64_t identity, Stream stream) {
  return Rng(seed ^ 0x5e1f0a77c0ffee11ULL, static_cast<uint64_t>(identity) * kStreams + stream);
}

template <typename T>
struct Choice {
  T value;
  double weight;
};

template <typename T, size_t N>
T Pick(Rng& rng, const Choice<T> (&choices)[N]) {
  double total = 0;
  for (const Choice<T>& choice : choices) total += choice.weight;
  double left = rng.Uniform() * total;
  for (const Choice<T>& choice : choices) {
    if ((left -= choice.weight) < 0) return choice.value;
  }
  return choices[N - 1].value;
}

float Clamp01(double value) { return static_cast<float>(std::clamp(value, 0.0, 1.0)); }

// Brightness changes more than hue, as between two garments that a shop calls the same colour.
SynthColor Vary(Rng& rng, const SynthColor& color, double amount) {
  const double gain = 1 + amount * rng.Normal();
  const double lift = 0.1 * amount * rng.Normal();
  const auto channel = [&](float value) {
    return Clamp01(value * gain * (1 + 0.35 * amount * rng.Normal()) + lift);
  };
  const float r = channel(color.r);
  const float g = channel(color.g);
  const float b = channel(color.b);
  return {r, g, b};
}

SynthColor Hex(uint32_t rgb) {
  return {static_cast<float>(rgb >> 16 & 255) / 255.0f, static_cast<float>(rgb >> 8 & 255) / 255.0f,
          static_cast<float>(rgb & 255) / 255.0f};
}

// Most people wear black, grey, white or blue: surveillance sets are dominated by them.
SynthColor UpperColor(Rng& rng) {
  static constexpr Choice<uint32_t> kColors[] = {
      {0x1c1c1f, 22},  {0x3a3b3f, 11}, {0x77787c, 9},   {0xa9aaad, 6}, {0xe6e4e0, 14},
      {0xd9cfbd, 4},   {0x1f2a44, 12}, {0x2f4f86, 4},   {0x8fb0d3, 5}, {0x4a6a8c, 4},
      {0xa32630, 3.5}, {0x5e1f2b, 3},  {0x2f6b45, 2},   {0x5b5e3a, 4}, {0xb49a72, 4},
      {0x6b4a34, 4},   {0xd79aa6, 2},  {0xd9b33c, 1.2}, {0xcf6a2b, 1}, {0x5c4a78, 1},
      {0x2f7f82, 1},   {0xb0406a, 0.6}};
  const uint32_t rgb = Pick(rng, kColors);
  return Vary(rng, Hex(rgb), 0.13);
}

SynthColor LowerColor(Rng& rng) {
  static constexpr Choice<uint32_t> kColors[] = {
      {0x1a1a1d, 24}, {0x2b3550, 13}, {0x44618c, 11}, {0x7f9bbd, 5}, {0x20253a, 9},
      {0x3f4044, 9},  {0x808085, 5},  {0xb29f80, 8},  {0x5c4838, 4}, {0x4d5238, 4},
      {0xe0ddd6, 3},  {0x6b2630, 2},  {0xa0746a, 1.5}};
  const uint32_t rgb = Pick(rng, kColors);
  return Vary(rng, Hex(rgb), 0.12);
}

SynthColor AccessoryColor(Rng& rng) {
  static constexpr Choice<uint32_t> kColors[] = {
      {0x202022, 30}, {0x4b4b50, 10}, {0x6b4730, 14}, {0x24304c, 10}, {0xb08d5f, 6}, {0xa02a32, 6},
      {0x3c6b4e, 4},  {0xd8d4cc, 5},  {0x3b6fae, 5},  {0xd08a2e, 3},  {0xb0547c, 3}};
  const uint32_t rgb = Pick(rng, kColors);
  return Vary(rng, Hex(rgb), 0.15);
}

SynthColor ShoeColor(Rng& rng) {
  static constexpr Choice<uint32_t> kColors[] = {{0x1b1b1c, 40}, {0xe4e2de, 22}, {0x5a3c28, 14},
                                                 {0x77787a, 8},  {0x27375a, 6},  {0xa8323a, 4},
                                                 {0xb59468, 4},  {0x3f7d5a, 1}};
  const uint32_t rgb = Pick(rng, kColors);
  return Vary(rng, Hex(rgb), 0.12);
}

float Luma(const SynthColor& color) { return 0.3f * color.r + 0.59f * color.g + 0.11f * color.b; }

// A second colour that can be told from the first.
SynthColor Contrast(Rng& rng, const SynthColor& color) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const SynthColor second = UpperColor(rng);
    const float difference =
        std::abs(second.r - color.r) + std::abs(second.g - color.g) + std::abs(second.b - color.b);
    if (difference > 0.5f) return second;
  }
  return Luma(color) > 0.5f ? Hex(0x1f2a44) : Hex(0xe6e4e0);
}

SynthCloth UpperCloth(Rng& rng, SynthUpper upper) {
  SynthCloth cloth;
  cloth.color = UpperColor(rng);
  cloth.second = Contrast(rng, cloth.color);
  cloth.period_m = static_cast<float>(rng.Uniform(0.05, 0.14));
  cloth.level = static_cast<float>(rng.Uniform(0.3, 0.75));
  if (upper == SynthUpper::kCoat) {
    cloth.pattern = rng.Uniform() < 0.88 ? SynthPattern::kPlain : SynthPattern::kChecks;
  } else if (upper == SynthUpper::kJacket || upper == SynthUpper::kHoodie) {
    static constexpr Choice<SynthPattern> kPatterns[] = {{SynthPattern::kPlain, 62},
                                                         {SynthPattern::kTwoTone, 16},
                                                         {SynthPattern::kLogo, 14},
                                                         {SynthPattern::kSidePanels, 8}};
    cloth.pattern = Pick(rng, kPatterns);
  } else {
    static constexpr Choice<SynthPattern> kPatterns[] = {
        {SynthPattern::kPlain, 44},          {SynthPattern::kHorizontalStripes, 14},
        {SynthPattern::kLogo, 15},           {SynthPattern::kChecks, 9},
        {SynthPattern::kVerticalStripes, 5}, {SynthPattern::kDots, 4},
        {SynthPattern::kTwoTone, 6},         {SynthPattern::kSidePanels, 3}};
    cloth.pattern = Pick(rng, kPatterns);
  }
  return cloth;
}

// Garments, without what a hard negative keeps of its own.
void DrawWear(Rng& rng, SynthAppearance* looks) {
  static constexpr Choice<SynthUpper> kUppers[] = {
      {SynthUpper::kTankTop, 4},  {SynthUpper::kTShirt, 30}, {SynthUpper::kShirt, 16},
      {SynthUpper::kSweater, 14}, {SynthUpper::kHoodie, 9},  {SynthUpper::kJacket, 18},
      {SynthUpper::kCoat, 9}};
  looks->upper = Pick(rng, kUppers);
  looks->upper_cloth = UpperCloth(rng, looks->upper);
  const bool jacket = looks->upper == SynthUpper::kJacket || looks->upper == SynthUpper::kCoat;
  looks->open_front =
      rng.Uniform() < (jacket ? 0.55 : 0.2) &&
      (jacket || looks->upper == SynthUpper::kHoodie || looks->upper == SynthUpper::kShirt);
  looks->inner = Contrast(rng, looks->upper_cloth.color);

  static constexpr Choice<SynthLower> kLowers[] = {
      {SynthLower::kTrousers, 46}, {SynthLower::kSlimTrousers, 22}, {SynthLower::kWideTrousers, 7},
      {SynthLower::kShorts, 10},   {SynthLower::kSkirt, 9},         {SynthLower::kLongSkirt, 6}};
  looks->lower = Pick(rng, kLowers);
  looks->lower_cloth.color = LowerColor(rng);
  looks->lower_cloth.second = Contrast(rng, looks->lower_cloth.color);
  looks->lower_cloth.period_m = static_cast<float>(rng.Uniform(0.05, 0.12));
  const double print = rng.Uniform();
  const bool skirt = looks->lower == SynthLower::kSkirt || looks->lower == SynthLower::kLongSkirt;
  if (skirt && print < 0.3) {
    looks->lower_cloth.pattern = print < 0.15 ? SynthPattern::kChecks : SynthPattern::kDots;
  } else if (print < 0.07) {
    looks->lower_cloth.pattern = SynthPattern::kSidePanels;
  } else if (print < 0.10) {
    // Checked trousers are woven in shades of one colour.
    looks->lower_cloth.pattern = SynthPattern::kChecks;
    const SynthColor& color = looks->lower_cloth.color;
    looks->lower_cloth.second = {0.7f * color.r + 0.12f, 0.7f * color.g + 0.12f,
                                 0.7f * color.b + 0.12f};
  }
}

void DrawBody(Rng& rng, SynthAppearance* looks) {
  const bool skirt = looks->lower == SynthLower::kSkirt || looks->lower == SynthLower::kLongSkirt;
  const bool feminine = skirt || rng.Uniform() < 0.4;
  looks->height_m = std::clamp((feminine ? 1.64 : 1.76) + 0.065 * rng.Normal(), 1.45, 1.98);
  looks->girth = static_cast<float>(std::clamp(1.0 + 0.11 * rng.Normal(), 0.84, 1.32));
  looks->shoulders = static_cast<float>((feminine ? 0.93 : 1.02) + 0.025 * rng.Normal());
  looks->hips = static_cast<float>((feminine ? 1.06 : 0.97) + 0.03 * rng.Normal());
  looks->stride = static_cast<float>(rng.Uniform(0.82, 1.15));
  looks->stoop_rad = static_cast<float>(std::max(0.0, 0.02 + 0.05 * rng.Normal()));
  static constexpr Choice<int> kArms[] = {{0, 55}, {1, 25}, {2, 20}};
  looks->standing_arms = Pick(rng, kArms);

  static constexpr Choice<uint32_t> kSkins[] = {{0xe8c0a4, 28}, {0xd9a986, 26}, {0xc18f68, 18},
                                                {0x9c6b48, 13}, {0x6e4630, 9},  {0x4b3023, 6}};
  const uint32_t skin = Pick(rng, kSkins);
  looks->skin = Vary(rng, Hex(skin), 0.05);
  static constexpr Choice<uint32_t> kHairColors[] = {{0x15120f, 34}, {0x2e2018, 26}, {0x553923, 15},
                                                     {0x8a6a3e, 9},  {0xc3a468, 5},  {0x8c8a86, 6},
                                                     {0xcfccc6, 3},  {0x7a3b1f, 2}};
  const uint32_t hair = Pick(rng, kHairColors);
  looks->hair_color = Vary(rng, Hex(hair), 0.06);
  if (feminine) {
    static constexpr Choice<SynthHair> kHairs[] = {
        {SynthHair::kLong, 34}, {SynthHair::kPonytail, 22}, {SynthHair::kBob, 20},
        {SynthHair::kBun, 12},  {SynthHair::kShort, 7},     {SynthHair::kCurly, 5}};
    looks->hair = Pick(rng, kHairs);
  } else {
    static constexpr Choice<SynthHair> kHairs[] = {
        {SynthHair::kShort, 52}, {SynthHair::kCropped, 22}, {SynthHair::kBald, 9},
        {SynthHair::kBob, 5},    {SynthHair::kCurly, 8},    {SynthHair::kBun, 2},
        {SynthHair::kLong, 2}};
    looks->hair = Pick(rng, kHairs);
    looks->beard = rng.Uniform() < 0.28;
  }
  looks->glasses = rng.Uniform() < 0.2;

  looks->shoes = ShoeColor(rng);
  looks->soles = rng.Uniform() < 0.55 ? Vary(rng, Hex(0xdedbd4), 0.08) : Hex(0x1c1a19);
  static constexpr Choice<SynthBag> kBags[] = {{SynthBag::kNone, 52},
                                               {SynthBag::kBackpack, 20},
                                               {SynthBag::kShoulderBag, 16},
                                               {SynthBag::kHandbag, 12}};
  looks->bag = Pick(rng, kBags);
  looks->bag_color = AccessoryColor(rng);
  looks->bag_size = static_cast<float>(rng.Uniform(0.78, 1.25));
  looks->bag_left = rng.Uniform() < 0.5;
  static constexpr Choice<SynthHat> kHats[] = {
      {SynthHat::kNone, 84}, {SynthHat::kCap, 9}, {SynthHat::kBeanie, 5}, {SynthHat::kBrimmed, 2}};
  looks->hat = Pick(rng, kHats);
  looks->hat_color = AccessoryColor(rng);
  looks->umbrella = rng.Uniform() < 0.025;
  looks->umbrella_color = AccessoryColor(rng);
  looks->folds_seed = static_cast<uint32_t>(rng.Next());
}

// Nearly the same garments: another shade, perhaps another print of the same kind.
void ShiftWear(Rng& rng, SynthAppearance* looks) {
  looks->upper_cloth.color = Vary(rng, looks->upper_cloth.color, 0.05);
  looks->upper_cloth.second = Vary(rng, looks->upper_cloth.second, 0.08);
  looks->upper_cloth.period_m *= static_cast<float>(rng.Uniform(0.85, 1.18));
  looks->upper_cloth.level =
      std::clamp(looks->upper_cloth.level + static_cast<float>(rng.Uniform(-0.1, 0.1)), 0.2f, 0.8f);
  looks->inner = Vary(rng, looks->inner, 0.06);
  looks->lower_cloth.color = Vary(rng, looks->lower_cloth.color, 0.05);
}

}  // namespace

int64_t SynthHardNegativeOf(uint64_t seed, int64_t identity,
                            const SynthAppearanceOptions& options) {
  if (identity <= 0) return -1;
  Rng rng = PersonRng(seed, identity, kCopy);
  if (rng.Uniform() >= options.hard_negatives) return -1;
  // Somebody near in number, so that both are met in one small population.
  constexpr int64_t kReach = 12;
  const auto reach = static_cast<uint64_t>(std::min(identity, kReach));
  return identity - 1 - static_cast<int64_t>(rng.Below(reach));
}

SynthAppearance MakeSynthAppearance(uint64_t seed, int64_t identity,
                                    const SynthAppearanceOptions& options) {
  REIDBENCH_CHECK(identity >= 0);
  // The one copied may copy another: clothes come from the start of that chain and shift at each
  // step.
  std::vector<int64_t> chain{identity};
  for (int64_t next = identity; (next = SynthHardNegativeOf(seed, next, options)) >= 0;) {
    chain.push_back(next);
  }
  SynthAppearance looks;
  Rng wear = PersonRng(seed, chain.back(), kWear);
  DrawWear(wear, &looks);
  for (size_t i = chain.size() - 1; i-- > 0;) {
    Rng shift = PersonRng(seed, chain[i], kShift);
    ShiftWear(shift, &looks);
  }
  Rng body = PersonRng(seed, identity, kBody);
  DrawBody(body, &looks);
  return looks;
}

SynthAppearance MakeSynthMannequin(uint64_t seed, int64_t identity) {
  SynthAppearance looks = MakeSynthAppearance(seed, identity, {.hard_negatives = 0});
  Rng rng(seed ^ 0xd0117ULL, static_cast<uint64_t>(identity));
  static constexpr Choice<uint32_t> kShells[] = {{0xe9e7e3, 5}, {0x2a2a2c, 3}, {0xb9b7b2, 2}};
  looks.mannequin = true;
  looks.skin = Hex(Pick(rng, kShells));
  looks.shoes = looks.skin;
  looks.soles = looks.skin;
  looks.hair = SynthHair::kBald;
  looks.beard = looks.glasses = looks.umbrella = false;
  looks.hat = SynthHat::kNone;
  looks.bag = SynthBag::kNone;
  looks.standing_arms = 0;
  looks.stoop_rad = 0;
  return looks;
}

}  // namespace reidbench
