#include "reidbench/synth/shading.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "reidbench/synth/noise.h"

namespace reidbench {
namespace {

using Eigen::Vector3f;

// Heights of the torso's marks as shares of its length from crotch to neck.
constexpr float kWaist = 0.35f;
constexpr float kNeckline = 0.93f;

Vector3f Blend(const Vector3f& a, const Vector3f& b, float share) { return a + (b - a) * share; }

// atan2 within 0.005 rad.
float FastAngle(float sine, float cosine) {
  const float ax = std::abs(cosine);
  const float ay = std::abs(sine);
  const float ratio = std::min(ax, ay) / std::max(std::max(ax, ay), 1e-6f);
  const float s = ratio * ratio;
  float angle = ((-0.0464964749f * s + 0.15931422f) * s - 0.327622764f) * s * ratio + ratio;
  if (ay > ax) angle = 0.5f * std::numbers::pi_v<float> - angle;
  if (cosine < 0) angle = std::numbers::pi_v<float> - angle;
  return sine < 0 ? -angle : angle;
}

float SmoothBand(float value, float center, float half) {
  const float x = std::abs(value - center) / half;
  return x >= 1 ? 0.0f : 1 - x * x;
}

}  // namespace

float LinearFromSrgb(float value) {
  return value <= 0.04045f ? value / 12.92f : std::pow((value + 0.055f) / 1.055f, 2.4f);
}

Vector3f LinearFromSrgb(const SynthColor& color) {
  return {LinearFromSrgb(color.r), LinearFromSrgb(color.g), LinearFromSrgb(color.b)};
}

float Irradiance(const SceneLight& light, const Vector3f& normal) {
  // Wrapped around: large lamps and bright walls light more than the half that faces the sun.
  constexpr float kWrap = 0.4f;
  const float direct = std::max(0.0f, (normal.dot(light.toward) + kWrap) / (1 + kWrap));
  const float sky = 0.82f + 0.18f * normal.dot(light.up);
  return light.ambient * sky + (1 - light.ambient) * 1.15f * direct;
}

SkinAndCloth::LinearCloth SkinAndCloth::ToLinear(const SynthCloth& cloth) {
  return {cloth.pattern, LinearFromSrgb(cloth.color), LinearFromSrgb(cloth.second), cloth.period_m,
          cloth.level};
}

SkinAndCloth::SkinAndCloth(const SynthAppearance& looks, const SceneLight& light, float sample_m)
    : looks_(looks),
      light_(light),
      sample_m_(sample_m),
      height_(static_cast<float>(looks.height_m)),
      upper_(ToLinear(looks.upper_cloth)),
      lower_(ToLinear(looks.lower_cloth)),
      skin_(LinearFromSrgb(looks.skin)),
      hair_(LinearFromSrgb(looks.hair_color)),
      inner_(LinearFromSrgb(looks.inner)),
      shoes_(LinearFromSrgb(looks.shoes)),
      soles_(LinearFromSrgb(looks.soles)),
      bag_(LinearFromSrgb(looks.bag_color)),
      hat_(LinearFromSrgb(looks.hat_color)),
      umbrella_(LinearFromSrgb(looks.umbrella_color)),
      fold_x_(static_cast<float>(looks.folds_seed & 1023) / 16),
      fold_y_(static_cast<float>(looks.folds_seed >> 10 & 1023) / 16) {}

float SkinAndCloth::Step(float edge, float value) const {
  return std::clamp((value - edge) / sample_m_ + 0.5f, 0.0f, 1.0f);
}

Vector3f SkinAndCloth::Print(const LinearCloth& cloth, float u, float v) const {
  // Share of the second colour along one coordinate of a print that repeats.
  const float sharp = std::clamp(cloth.period / (4 * sample_m_) - 0.25f, 0.0f, 1.0f);
  const auto stripe = [&](float x, float share) {
    const float place = x / cloth.period;
    const float distance = std::abs(place - std::floor(place) - 0.5f) * cloth.period;
    const float inside = 1 - Step(0.5f * share * cloth.period, distance);
    return share + (inside - share) * sharp;
  };
  switch (cloth.pattern) {
    case SynthPattern::kHorizontalStripes:
      return Blend(cloth.color, cloth.second, stripe(v, 0.25f + 0.4f * cloth.level));
    case SynthPattern::kVerticalStripes:
      return Blend(cloth.color, cloth.second, stripe(u, 0.3f));
    case SynthPattern::kChecks: {
      const float both = 0.5f * (stripe(u, 0.5f) + stripe(v, 0.5f));
      return Blend(cloth.color, cloth.second, both);
    }
    case SynthPattern::kDots: {
      const float pu = u / cloth.period;
      const float pv = v / cloth.period;
      const float du = pu - std::floor(pu) - 0.5f;
      const float dv = pv - std::floor(pv) - 0.5f;
      const float distance = std::sqrt(du * du + dv * dv) * cloth.period;
      constexpr float kRadius = 0.3f;
      constexpr float kShare = 0.283f;
      const float inside = 1 - Step(kRadius * cloth.period, distance);
      return Blend(cloth.color, cloth.second, kShare + (inside - kShare) * sharp);
    }
    default:
      return cloth.color;
  }
}

Vector3f SkinAndCloth::Torso(const SurfacePoint& point, const SynthPart& part, float* folds) const {
  const float sine = point.local.x();
  const float cosine = point.local.y();
  const float t = point.local.z();
  const float length = 0.365f * height_;
  const float v = t * length;
  const float angle = FastAngle(sine, cosine);
  const float mean_radius = 0.085f * height_ * looks_.girth;
  const float u = angle * mean_radius;
  const float y = sine * 0.095f * height_ * looks_.girth;  // towards the left
  const bool skirt = looks_.lower == SynthLower::kSkirt || looks_.lower == SynthLower::kLongSkirt;
  *folds = 0.10f + 0.16f * SmoothBand(t, kWaist - 0.03f, 0.25f);

  float hem = 0.2f;
  bool belt = false;
  switch (looks_.upper) {
    case SynthUpper::kTankTop:
    case SynthUpper::kTShirt:
      hem = skirt ? kWaist : 0.17f;
      break;
    case SynthUpper::kShirt:
      hem = (looks_.folds_seed & 1) != 0 || skirt ? kWaist : 0.12f;
      belt = hem == kWaist;
      break;
    case SynthUpper::kSweater:
      hem = skirt ? kWaist : 0.2f;
      break;
    case SynthUpper::kHoodie:
      hem = 0.15f;
      break;
    case SynthUpper::kJacket:
      hem = 0.11f;
      break;
    case SynthUpper::kCoat:
      hem = -1;
      break;
  }
  if (v < hem * length) {
    if (belt && v > hem * length - 0.035f) {
      const bool buckle = cosine > 0 && std::abs(y) < 0.022f;
      return buckle ? Vector3f(0.35f, 0.33f, 0.28f) : Vector3f(0.02f, 0.015f, 0.012f);
    }
    return Lower(point, u, v);
  }

  Vector3f color = Print(upper_, u, v);
  if (upper_.pattern == SynthPattern::kTwoTone) {
    color = Blend(upper_.color, upper_.second, Step((0.42f + 0.4f * upper_.level) * length, v));
  } else if (upper_.pattern == SynthPattern::kSidePanels) {
    color = Blend(upper_.color, upper_.second, Step(0.83f, std::abs(sine)));
  } else if (upper_.pattern == SynthPattern::kLogo) {
    // A block on the chest, a larger one with a gap on the back.
    const bool front = cosine > 0;
    const float half_u = (front ? 0.030f + 0.028f * upper_.level : 0.062f) * height_;
    const float low = (front ? 0.60f : 0.52f) * length;
    const float high = (front ? 0.66f + 0.10f * upper_.level : 0.80f) * length;
    float inside = (1 - Step(half_u, std::abs(y))) * Step(low, v) * (1 - Step(high, v));
    if (!front) inside *= 1 - (Step(0.64f * length, v) - Step(0.69f * length, v));
    color = Blend(color, upper_.second, inside);
  }

  // Necklines, collars, fronts.
  const bool front = cosine > 0;
  const float neck_y = std::abs(y) / (0.1f * height_);
  switch (looks_.upper) {
    case SynthUpper::kTankTop:
      if (v > (front ? 0.80f + 0.12f * neck_y : 0.86f + 0.08f * neck_y) * length ||
          (std::abs(sine) > 0.80f && t > 0.72f)) {
        color = skin_;
      }
      break;
    case SynthUpper::kTShirt:
      if (v > (front ? 0.895f + 0.15f * neck_y : 0.96f) * length) color = skin_;
      break;
    case SynthUpper::kSweater:
      if (t > kNeckline + 0.02f) color *= 0.75f;
      if (v < (hem + 0.05f) * length) color *= 0.82f;
      break;
    case SynthUpper::kShirt:
      if (front && t > 0.88f && std::abs(y) < (t - 0.88f) * 0.35f * height_) {
        color = skin_;
      } else if (front && !looks_.open_front && std::abs(y) < 0.008f) {
        color *= 0.7f;
      } else if (t > kNeckline) {
        color *= 1.1f;
      }
      break;
    default:
      break;
  }
  const bool closes = looks_.upper == SynthUpper::kJacket || looks_.upper == SynthUpper::kCoat ||
                      looks_.upper == SynthUpper::kHoodie || looks_.upper == SynthUpper::kShirt;
  if (closes && front) {
    if (looks_.open_front) {
      // Halves hang apart, wider at the hem.
      const float gap = (0.026f + 0.018f * (1 - t)) * height_;
      const float edge = std::abs(y) - gap;
      if (edge < 0) {
        color = t > 0.94f ? skin_ : inner_;
        if (edge > -0.012f) color *= 0.6f;  // shadow of the open half
        if (t < kWaist - 0.06f && looks_.upper != SynthUpper::kShirt) color = Lower(point, u, v);
      }
    } else if (looks_.upper != SynthUpper::kShirt) {
      if (looks_.upper == SynthUpper::kCoat && t > 0.72f &&
          std::abs(y) < (t - 0.72f) * 0.28f * height_) {
        color = inner_;  // between the lapels
      } else if (std::abs(y) < 0.006f) {
        color *= 0.45f;  // zip
      }
    }
  }
  if (looks_.upper == SynthUpper::kCoat && std::abs(t - kWaist) < 0.03f &&
      (looks_.folds_seed & 2) != 0) {
    color *= 0.6f;  // its belt
  }
  if (looks_.upper == SynthUpper::kHoodie && !looks_.open_front && front && t > 0.28f &&
      t < 0.46f && std::abs(y) < 0.055f * height_) {
    color *= 0.86f;  // pouch
  }

  // Straps lie on the cloth.
  if (looks_.bag == SynthBag::kBackpack) {
    const float strap = std::abs(std::abs(y) - 0.058f * height_);
    if (strap < 0.012f * height_ && t > (front ? 0.52f : 0.85f)) color = bag_ * 0.85f;
  } else if (looks_.bag == SynthBag::kShoulderBag) {
    // From the far shoulder across chest and back to the bag.
    const float side = looks_.bag_left ? 1.0f : -1.0f;
    const float line = (t - 0.93f) + (side * y + 0.045f * height_) / (0.15f * height_) * 0.62f;
    if (std::abs(line) < 0.035f) color = bag_ * 0.8f;
  }
  (void)part;
  return color;
}

Vector3f SkinAndCloth::Lower(const SurfacePoint& point, float u, float v) const {
  Vector3f color = Print(lower_, u, v);
  if (lower_.pattern == SynthPattern::kSidePanels && std::abs(point.local.x()) > 0.9f) {
    color = lower_.second;
  }
  return color;
}

Vector3f SkinAndCloth::Head(const SurfacePoint& point) const {
  const float l = point.local.x();
  const float f = point.local.y();
  const float w = point.local.z();
  if (looks_.mannequin) return skin_;
  Vector3f color = skin_;
  // The head under the hair, where the shell leaves a gap.
  if (looks_.hair != SynthHair::kBald && (w > 0.60f || (f < -0.1f && w > -0.3f))) return hair_;
  if (f > 0) {
    const float side = std::abs(l);
    // Cheeks are a little redder, sockets darker.
    color += Vector3f(0.05f, 0, 0) * SmoothBand(side, 0.45f, 0.25f) * SmoothBand(w, -0.22f, 0.25f);
    color *= 1 - 0.30f * SmoothBand(side, 0.37f, 0.24f) * SmoothBand(w, 0.08f, 0.17f);
    if (SmoothBand(side, 0.37f, 0.13f) * SmoothBand(w, 0.06f, 0.07f) > 0.25f) {
      color = Vector3f(0.03f, 0.02f, 0.018f);
    }
    if (side > 0.18f && side < 0.58f && std::abs(w - 0.235f) < 0.035f) {
      color = Blend(skin_, hair_, 0.75f);
    }
    if (looks_.beard && w < -0.32f + 0.25f * std::max(0.0f, side - 0.45f)) {
      color = Blend(skin_, hair_, 0.8f);
    }
    if (side < 0.27f && std::abs(w + 0.50f) < 0.055f) {
      color = Vector3f(0.30f, 0.09f, 0.08f).cwiseProduct(Vector3f::Constant(0.4f) + skin_);
    }
    if (looks_.glasses) {
      const float ring = std::hypot((side - 0.37f) / 0.24f, (w - 0.06f) / 0.17f);
      if (ring > 0.75f && ring < 1.1f) color = Vector3f::Constant(0.02f);
      if (side < 0.15f && std::abs(w - 0.1f) < 0.03f) color = Vector3f::Constant(0.02f);
    }
  }
  if (looks_.beard && w < -0.30f && f > -0.35f && f <= 0) color = Blend(skin_, hair_, 0.7f);
  return color;
}

Vector3f SkinAndCloth::Hair(const SurfacePoint& point) const {
  // Strands run down; a soft band of shine.
  const float angle = FastAngle(point.local.x(), point.local.y());
  const float strands = SmoothNoise(angle * 7 + fold_x_, point.local.z() * 1.2f + fold_y_) - 0.5f;
  const float shine = 0.35f * SmoothBand(point.local.z(), 0.55f, 0.35f);
  if (looks_.hair == SynthHair::kCurly) {
    const float curls = SmoothNoise(angle * 3.5f + fold_x_, point.local.z() * 3.5f) - 0.5f;
    return hair_ * (1 + 1.3f * curls);
  }
  return hair_ * (1 + 0.9f * strands + shine) + Vector3f::Constant(0.012f * shine);
}

Vector3f SkinAndCloth::Shade(const SynthPart& part, const SurfacePoint& point) const {
  const float sine = point.local.x();
  const float cosine = point.local.y();
  const float t = point.local.z();
  const float length = (part.b - part.a).norm();
  const float radius = part.half_width[0];
  Vector3f color;
  float folds = 0;  // strength of creases
  float gloss = 0;
  float dark = 1;  // light lost in corners
  bool is_cloth = true;
  const bool bare_arms =
      looks_.upper == SynthUpper::kTankTop || looks_.upper == SynthUpper::kTShirt;
  switch (part.surface) {
    case SynthSurface::kTorso:
      color = Torso(point, part, &folds);
      if (t < 0.12f) dark = 0.7f + 2.5f * t;
      break;
    case SynthSurface::kShoulder:
      if (looks_.upper == SynthUpper::kTankTop && (t > 0.62f || t < 0.25f)) {
        color = skin_;
        is_cloth = false;
      } else if (bare_arms && t < 0.08f) {
        color = skin_;
      } else {
        color = upper_.color;
        if (upper_.pattern == SynthPattern::kTwoTone) {
          color = upper_.second;
        } else if (upper_.pattern != SynthPattern::kLogo) {
          color = Print(upper_, t * length, 0.335f * height_ + point.local.y() * 0.02f);
        }
        if (looks_.bag == SynthBag::kBackpack && t > 0.38f && t < 0.72f) color = bag_ * 0.85f;
        const bool strap_side =
            looks_.bag == SynthBag::kShoulderBag && part.left != looks_.bag_left;
        if (strap_side && t > 0.30f && t < 0.58f) color = bag_ * 0.8f;
      }
      folds = 0.08f;
      break;
    case SynthSurface::kUpperArm: {
      const float sleeve = looks_.upper == SynthUpper::kTankTop  ? -1.0f
                           : looks_.upper == SynthUpper::kTShirt ? 0.62f
                                                                 : 2.0f;
      if (t * length > sleeve * length) {
        color = skin_;
        is_cloth = false;
        if (t < sleeve + 0.08f) dark = 0.75f;
      } else {
        const float u = FastAngle(sine, cosine) * radius;
        const float v = 0.30f * height_ - t * length;
        color = Print(upper_, u, v);
        if (upper_.pattern == SynthPattern::kTwoTone) {
          color = Blend(upper_.color, upper_.second,
                        Step((0.42f + 0.4f * upper_.level) * 0.365f * height_, v));
        } else if (upper_.pattern == SynthPattern::kSidePanels &&
                   (part.left ? sine : -sine) > 0.75f) {
          color = upper_.second;
        }
        folds = 0.12f + 0.22f * t;
      }
      break;
    }
    case SynthSurface::kForearm:
      if (bare_arms) {
        color = skin_;
        is_cloth = false;
      } else if (looks_.upper == SynthUpper::kShirt && (looks_.folds_seed & 4) != 0 && t > 0.25f) {
        color = skin_;  // rolled up
        is_cloth = false;
      } else {
        const float u = FastAngle(sine, cosine) * radius;
        const float v = 0.122f * height_ - t * length;
        color = Print(upper_, u, v);
        if (upper_.pattern == SynthPattern::kSidePanels && (part.left ? sine : -sine) > 0.75f) {
          color = upper_.second;
        }
        if (t > 0.9f) color *= 0.8f;  // cuff
        folds = 0.30f - 0.18f * t;
      }
      break;
    case SynthSurface::kHand:
    case SynthSurface::kNeck:
      color = skin_;
      is_cloth = false;
      if (part.surface == SynthSurface::kNeck) dark = 0.72f;  // under the chin
      break;
    case SynthSurface::kFaceBump:
      color = skin_;
      is_cloth = false;
      break;
    case SynthSurface::kHead:
      color = Head(point);
      is_cloth = false;
      dark = t < -0.5f ? 0.85f : 1.0f;
      gloss = 0.04f;
      break;
    case SynthSurface::kHair:
    case SynthSurface::kHairTail:
      color = Hair(point);
      gloss = 0.05f;
      is_cloth = false;
      break;
    case SynthSurface::kThigh:
    case SynthSurface::kShin: {
      const bool thigh = part.surface == SynthSurface::kThigh;
      const bool skin = looks_.lower == SynthLower::kSkirt ||
                        looks_.lower == SynthLower::kLongSkirt ||
                        (looks_.lower == SynthLower::kShorts && (!thigh || t > 0.86f));
      if (skin) {
        // Some wear tights.
        const bool tights = looks_.lower != SynthLower::kShorts && (looks_.folds_seed & 8) != 0;
        color = tights ? Vector3f(0.015f, 0.014f, 0.016f) : skin_;
        is_cloth = tights;
      } else {
        const float outer = part.left ? sine : -sine;
        const float u = FastAngle(sine, cosine) * radius;
        const float v = (thigh ? 0.0f : -0.245f * height_) - t * length;
        color = Print(lower_, u, v);
        if (lower_.pattern == SynthPattern::kSidePanels) {
          color = Blend(lower_.color, lower_.second, Step(0.8f, outer));
        }
        const float knee = thigh ? SmoothBand(t, 1.0f, 0.25f) : SmoothBand(t, 0.0f, 0.25f);
        const float hem = thigh ? 0.0f : SmoothBand(t, 1.0f, 0.35f);
        folds = 0.10f + 0.20f * knee + 0.22f * hem;
        if (!thigh && t > 0.97f) color *= 0.8f;
      }
      if (thigh) dark = 1 - 0.22f * (1 - t) * std::max(0.0f, part.left ? -sine : sine);
      break;
    }
    case SynthSurface::kFoot: {
      color = cosine < -0.30f ? soles_ : shoes_;
      if (cosine > 0.55f && t > 0.3f && t < 0.75f && std::abs(sine) < 0.35f)
        color = Blend(shoes_, soles_, 0.35f);
      gloss = 0.05f;
      break;
    }
    case SynthSurface::kSkirt:
    case SynthSurface::kCoatTail: {
      const float angle = FastAngle(sine, cosine);
      const float u = angle * (t < 0.5f ? part.half_width[0] : radius);
      if (part.surface == SynthSurface::kSkirt) {
        color = Lower(point, u, t * length);
      } else {
        color = Print(upper_, u, (t - 1) * length + 0.12f * height_);
        if (looks_.open_front && cosine > 0 && std::abs(sine) < 0.40f + 0.25f * (1 - t)) {
          color = lower_.color * 0.7f;
        } else if (cosine > 0 && std::abs(sine) < 0.04f) {
          color *= 0.5f;
        }
      }
      // Pleats.
      dark = 1 - 0.16f * (1 - t) * (0.5f + 0.5f * std::cos(angle * 11 + fold_x_));
      folds = 0.14f;
      break;
    }
    case SynthSurface::kHood:
      color = upper_.pattern == SynthPattern::kTwoTone ? upper_.second : upper_.color;
      dark = 0.9f;
      folds = 0.15f;
      break;
    case SynthSurface::kBag: {
      color = bag_;
      if (looks_.bag == SynthBag::kBackpack) {
        const bool pocket = cosine < 0 && t < 0.52f && std::abs(sine) < 0.72f;
        if (pocket) color *= 0.72f;
        if (cosine < 0 && std::abs(t - 0.55f) < 0.025f && std::abs(sine) < 0.72f) color *= 0.35f;
      } else if (std::abs(t - 0.68f) < 0.05f) {
        color *= 0.5f;
      }
      gloss = 0.04f;
      folds = 0.10f;
      break;
    }
    case SynthSurface::kHandle:
      color = looks_.bag == SynthBag::kHandbag ? bag_ : Vector3f(Vector3f::Constant(0.05f));
      break;
    case SynthSurface::kHat:
      color = hat_;
      if (looks_.hat == SynthHat::kBeanie && t < 0.25f) color *= 0.8f;
      if (looks_.hat == SynthHat::kBrimmed && t < 0.32f) color *= 0.4f;
      if (looks_.hat == SynthHat::kCap && cosine > 0.6f && std::abs(sine) < 0.25f && t < 0.7f) {
        color = Blend(hat_, Vector3f::Constant(0.7f), 0.5f);
      }
      folds = 0.08f;
      break;
    case SynthSurface::kHatBrim:
      color = hat_ * 0.85f;
      break;
    case SynthSurface::kCanopy: {
      const float panel = FastAngle(sine, cosine) * (8 / (2 * std::numbers::pi_v<float>)) + 8;
      const float across = std::abs(panel - std::floor(panel) - 0.5f) * 2;
      color = umbrella_ * (across > 0.94f ? 0.55f : 1.0f - 0.12f * across);
      if (point.inside) color *= 0.45f;
      break;
    }
  }
  if (looks_.mannequin && !is_cloth) gloss = 0.10f;

  float light = Irradiance(light_, point.normal) * dark;
  // The outline turns away from the viewer and picks up less light from the room behind.
  light *= 0.80f + 0.20f * point.facing;
  if (folds > 0) {
    const float angle = part.ellipsoid ? sine : FastAngle(sine, cosine);
    const float along = part.ellipsoid ? t * 0.1f : t * std::max(length, 0.1f);
    const float n = SmoothNoise(fold_x_ + angle * 1.3f + along * 6.0f + (part.left ? 17.0f : 0.0f),
                                fold_y_ + along * 11.0f - angle * 0.9f);
    light *= 1 + 2.4f * folds * (n - 0.5f);
  }
  Vector3f result = color * light;
  if (gloss > 0) {
    const float highlight = std::max(0.0f, point.normal.dot(light_.toward) * 1.6f - 0.75f);
    result += Vector3f::Constant(gloss * highlight * highlight);
  }
  return result.cwiseMax(0.0f);
}

}  // namespace reidbench
