#include "reidbench/synth/detector.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/random.h"
#include "reidbench/matching/iou.h"

namespace reidbench {
namespace {

// Smooth noise of unit variance in time: what makes a detector miss somebody now makes it miss him
// in the next frame, too. `what` numbers independent noises of one person.
double NoiseInTime(uint64_t seed, int64_t identity, int what, double time_s, double period_s) {
  const double t = time_s / period_s + 1000;
  const double base = std::floor(t);
  const double part = t - base;
  const auto value = [&](double k) {
    Rng rng(seed ^ (static_cast<uint64_t>(identity) * 0x9e3779b97f4a7c15ULL),
            static_cast<uint64_t>(k) * 16 + static_cast<uint64_t>(what));
    return rng.Normal();
  };
  // Weights of constant power, so that the variance does not dip between the values.
  return value(base) * std::cos(1.5707963267948966 * part) +
         value(base + 1) * std::sin(1.5707963267948966 * part);
}

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

void AddFalsePositives(double time_s, int width, int height, const SynthDetectorOptions& options,
                       Rng* rng, std::vector<SynthDetection>* found) {
  // Things that look like people keep being taken for them: each place flickers for seconds.
  const auto places = static_cast<int>(std::ceil(4 * options.false_positives));
  for (int k = 0; k < places; ++k) {
    const double period = 4;
    const auto epoch = static_cast<uint64_t>(std::floor(time_s / period + 1000));
    Rng place(options.seed, 0x46500000 + epoch * 1024 + static_cast<uint64_t>(k));
    const double h = height * place.Uniform(0.12, 0.45);
    const double w = h * place.Uniform(0.3, 0.55);
    const BoxLtwh box{place.Uniform(0, width - w), place.Uniform(0.1 * height, height - h), w, h};
    const double strength = place.Uniform(0.1, 0.62);
    // On for a quarter of the time, so that their mean number is the one asked for.
    if (rng->Uniform() >= options.false_positives / places) continue;
    SynthDetection detection;
    detection.box = {box.left + 0.03 * w * rng->Normal(), box.top + 0.02 * h * rng->Normal(),
                     w * (1 + 0.03 * rng->Normal()), h * (1 + 0.03 * rng->Normal())};
    detection.score = std::clamp(strength + 0.06 * rng->Normal(), options.lowest_score, 0.9);
    found->push_back(detection);
  }
}

}  // namespace

std::vector<SynthDetection> DetectSynthPeople(std::span<const SynthTarget> targets, double time_s,
                                              int image_width, int image_height,
                                              const SynthDetectorOptions& options) {
  std::vector<SynthDetection> found;
  const auto tick = static_cast<uint64_t>(std::llround(time_s * 1e6));
  for (const SynthTarget& target : targets) {
    Rng rng(options.seed ^ (static_cast<uint64_t>(target.identity) * 0xd1342543de82ef95ULL), tick);
    const double visible = target.visibility;
    const double height = std::max(1.0, target.box.height);
    if (visible <= 0.02) continue;
    const double mood = NoiseInTime(options.seed, target.identity, 0, time_s, 0.5);
    // Half of those who are half hidden pass a threshold of 0.5; people below 100 px are harder.
    double logit = 7 * (visible - 0.43) + 2.2 * std::min(0.0, std::log(height / 38) - 1);
    logit += 0.8 * mood + 0.35 * rng.Normal();
    if (!target.person) logit -= 2.2;
    double score = std::min(0.98, Logistic(logit));
    // Clear people are missed, too: for a moment each time.
    const double gap = NoiseInTime(options.seed, target.identity, 1, time_s, 0.12);
    const double clear = std::clamp(options.miss_rate, 0.0, 1.0);
    if (0.5 * std::erfc(-gap / std::sqrt(2.0)) < clear) score *= 0.08;
    if (score < options.lowest_score) continue;

    // Of hidden people the box covers what is seen and guesses the rest.
    const double guess = std::clamp(0.55 + 0.6 * visible, 0.0, 1.0);
    const auto mix = [&](double whole, double seen) { return seen + guess * (whole - seen); };
    const BoxLtwh& a = target.box;
    const BoxLtwh& b = target.visible_box;
    double left = mix(a.left, b.left);
    double top = mix(a.top, b.top);
    double right = mix(a.left + a.width, b.left + b.width);
    double bottom = mix(a.top + a.height, b.top + b.height);
    const double w = right - left;
    const double h = bottom - top;
    const double sigma = options.jitter * (1 + 1.5 * (1 - visible));
    // Half of the error lasts for a moment, half is new in every frame.
    const auto error = [&](int what) {
      return sigma * (0.7 * NoiseInTime(options.seed, target.identity, what, time_s, 0.3) +
                      0.7 * rng.Normal());
    };
    left += w * error(2);
    right += w * error(3);
    top += 0.6 * h * error(4);
    bottom += 0.6 * h * error(5);
    SynthDetection detection;
    detection.box = {left, top, std::max(2.0, right - left), std::max(4.0, bottom - top)};
    detection.score = score;
    detection.identity = target.identity;
    found.push_back(detection);
  }
  Rng rng(options.seed, tick ^ 0x4650ULL << 40);
  AddFalsePositives(time_s, image_width, image_height, options, &rng, &found);
  std::stable_sort(
      found.begin(), found.end(),
      [](const SynthDetection& a, const SynthDetection& b) { return a.score > b.score; });
  std::vector<SynthDetection> kept;
  for (const SynthDetection& candidate : found) {
    const bool suppressed = std::any_of(kept.begin(), kept.end(), [&](const SynthDetection& other) {
      return Iou(candidate.box, other.box) > options.suppression_iou;
    });
    if (!suppressed) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace reidbench
