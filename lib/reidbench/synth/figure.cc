#include "reidbench/synth/figure.h"

#include <Eigen/Geometry>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numbers>

namespace reidbench {
namespace {

using Eigen::Vector3f;

constexpr float kPi = std::numbers::pi_v<float>;

// A smooth bump of one stride around `center` of the given width, both in cycles.
float Bump(float phase, float center, float width) {
  float distance = phase - center;
  distance -= std::round(distance);
  const float x = distance / width;
  return std::exp(-x * x);
}

// Sagittal joint angles at `phase` of a leg's own cycle (0 = its heel strikes). Radians; flexion
// positive.
struct LegAngles {
  float hip;
  float knee;
  float foot;  // the toe points down
};

LegAngles WalkingLeg(float phase, float amount) {
  LegAngles leg;
  leg.hip = amount * (0.09f + 0.41f * std::cos(2 * kPi * (phase + 0.04f)));
  leg.knee =
      0.07f + amount * (0.26f * Bump(phase, 0.14f, 0.09f) + 1.02f * Bump(phase, 0.73f, 0.13f));
  leg.foot = amount * (0.85f * Bump(phase, 0.61f, 0.10f) - 0.28f * Bump(phase, 0.99f, 0.07f) +
                       0.15f * Bump(phase, 0.75f, 0.1f));
  return leg;
}

class Poser {
 public:
  Poser(const SynthFigure& figure, const SynthAppearance& looks)
      : figure_(figure), looks_(looks), height_(static_cast<float>(looks.height_m)) {
    const auto heading = static_cast<float>(figure.heading_rad);
    front_ = {std::cos(heading), std::sin(heading), 0};
    left_ = {-front_.y(), front_.x(), 0};
    const auto speed = static_cast<float>(figure.speed_mps);
    walking_ = looks.mannequin ? 0.0f : std::clamp((speed - 0.05f) / 0.35f, 0.0f, 1.0f);
    swing_ = walking_ * std::clamp(0.55f + 0.33f * speed, 0.5f, 1.4f) * looks.stride;
    // A narrow skirt shortens the step.
    if (looks.lower == SynthLower::kSkirt || looks.lower == SynthLower::kLongSkirt) swing_ *= 0.8f;
    phase_ = static_cast<float>(figure.gait_phase - std::floor(figure.gait_phase));
  }

  SynthBody Build() {
    PlaceLegs();
    PlaceTorso();
    PlaceArm(true);
    PlaceArm(false);
    PlaceHead();
    PlaceBag();
    return std::move(body_);
  }

 private:
  // A direction in the sagittal plane, `angle` forward from straight down.
  Vector3f Down(float angle) const { return front_ * std::sin(angle) - kUp * std::cos(angle); }

  SynthPart& Add(SynthSurface surface, bool left, const Vector3f& a, const Vector3f& b) {
    SynthPart& part = body_.parts.emplace_back();
    part.surface = surface;
    part.left = left;
    part.a = a;
    part.b = b;
    const float length = (b - a).norm();
    part.axis = length > 1e-5f ? Vector3f((b - a) / length) : kUp;
    Vector3f front = front_ - part.axis * front_.dot(part.axis);
    if (front.norm() < 0.2f) front = kUp - part.axis * part.axis.z();
    part.front = front.normalized();
    part.lateral = part.front.cross(-part.axis).normalized();
    if (part.lateral.dot(left_) < 0) part.lateral = -part.lateral;
    return part;
  }

  // Radii as fractions of the body's height, from a to b; rounded ends.
  void Limb(SynthSurface surface, bool left, const Vector3f& a, const Vector3f& b,
            std::initializer_list<float> radii, float cap_scale = 1) {
    SynthPart& part = Add(surface, left, a, b);
    part.rings = 0;
    for (const float radius : radii) {
      part.half_width[part.rings] = part.half_depth[part.rings] = radius * height_;
      ++part.rings;
    }
    part.cap_a = part.half_width[0] * cap_scale;
    part.cap_b = part.half_width[part.rings - 1] * cap_scale;
  }

  SynthPart& Ellipsoid(SynthSurface surface, bool left, const Vector3f& center,
                       const Vector3f& axes) {
    SynthPart& part = Add(surface, left, center, center);
    part.ellipsoid = true;
    part.axis = kUp;
    part.front = front_;
    part.lateral = left_;
    part.half_width[0] = axes.x() * height_;
    part.half_depth[0] = axes.y() * height_;
    part.cap_b = axes.z() * height_;
    return part;
  }

  bool Wears(std::initializer_list<SynthUpper> kinds) const {
    return std::find(kinds.begin(), kinds.end(), looks_.upper) != kinds.end();
  }

  void PlaceLegs() {
    const float h = height_;
    const float girth = 0.6f + 0.4f * looks_.girth;
    struct Leg {
      Vector3f hip, knee, ankle, heel, ball;
    };
    std::array<Leg, 2> legs;
    float lowest = 1e9f;
    for (int i = 0; i < 2; ++i) {
      const float side = i == 0 ? 1.0f : -1.0f;
      LegAngles angles = WalkingLeg(phase_ + (i == 0 ? 0.0f : 0.5f), swing_);
      // Standing: the weight rests on one leg, the other bends a little.
      const float still = 1 - walking_;
      const bool relaxed = ((looks_.folds_seed >> 3) & 1) == static_cast<uint32_t>(i);
      if (relaxed && !looks_.mannequin) {
        angles.hip += 0.10f * still;
        angles.knee += 0.16f * still;
      }
      Leg& leg = legs[i];
      leg.hip = left_ * (side * 0.050f * h * looks_.hips);
      const Vector3f inward = left_ * (-side * (0.02f * walking_ - 0.035f * still));
      const Vector3f thigh = (Down(angles.hip) + inward).normalized();
      leg.knee = leg.hip + thigh * (0.245f * h);
      const Vector3f shin = (Down(angles.hip - angles.knee) + inward).normalized();
      leg.ankle = leg.knee + shin * (0.246f * h);
      const Vector3f out = left_ * (side * 0.16f);
      const Vector3f sole =
          ((front_ + out).normalized() * std::cos(angles.foot) - kUp * std::sin(angles.foot));
      const Vector3f under =
          (-kUp * std::cos(angles.foot) - front_ * std::sin(angles.foot)).normalized();
      leg.heel = leg.ankle + under * (0.022f * h) - sole * (0.022f * h);
      leg.ball = leg.ankle + under * (0.026f * h) + sole * (0.095f * h);
      lowest = std::min({lowest, leg.heel.z() - 0.019f * h, leg.ball.z() - 0.013f * h});
    }
    const Vector3f ground{static_cast<float>(figure_.position_m.x()),
                          static_cast<float>(figure_.position_m.y()), 0};
    pelvis_ = ground - kUp * lowest;
    body_.pelvis = pelvis_;

    const SynthLower lower = looks_.lower;
    const bool bare = lower == SynthLower::kShorts || lower == SynthLower::kSkirt ||
                      lower == SynthLower::kLongSkirt;
    const float loose = lower == SynthLower::kWideTrousers   ? 0.009f
                        : lower == SynthLower::kSlimTrousers ? 0.0f
                        : lower == SynthLower::kTrousers     ? 0.004f
                        : lower == SynthLower::kShorts       ? 0.006f
                                                             : 0.0f;
    for (int i = 0; i < 2; ++i) {
      Leg& leg = legs[i];
      for (Vector3f* joint : {&leg.hip, &leg.knee, &leg.ankle, &leg.heel, &leg.ball}) {
        *joint += pelvis_;
      }
      const bool is_left = i == 0;
      const float calf = bare ? 0.0f : loose;
      // What a skirt or coat covers is left out: at its hem legs only reach a little inside.
      const float hidden = lower == SynthLower::kLongSkirt     ? 0.30f
                           : lower == SynthLower::kSkirt       ? 0.15f
                           : looks_.upper == SynthUpper::kCoat ? 0.13f
                                                               : 0.0f;
      if (hidden == 0) {
        Limb(SynthSurface::kThigh, is_left, leg.hip, leg.knee,
             {0.052f * girth + 0.3f * loose, 0.050f * girth + loose, 0.042f * girth + loose,
              0.034f + loose});
      } else if (hidden < 0.245f) {
        const float from = hidden / 0.245f;
        Limb(SynthSurface::kThigh, is_left, leg.hip + (leg.knee - leg.hip) * from, leg.knee,
             {0.044f * girth + loose, 0.034f + loose});
      }
      const float from = std::max(0.0f, (hidden - 0.245f) / 0.246f);
      Limb(SynthSurface::kShin, is_left, leg.knee + (leg.ankle - leg.knee) * from, leg.ankle,
           {0.034f + calf, 0.035f * girth + 1.1f * calf, 0.027f + 1.6f * calf,
            bare ? 0.020f : 0.024f + 2.0f * loose},
           0.9f);
      SynthPart& foot = Add(SynthSurface::kFoot, is_left, leg.heel, leg.ball);
      Vector3f up = kUp - foot.axis * foot.axis.z();
      foot.front = up.normalized();
      foot.lateral = foot.front.cross(foot.axis).normalized();
      if (foot.lateral.dot(left_) < 0) foot.lateral = -foot.lateral;
      foot.rings = 4;
      const float width[] = {0.019f, 0.021f, 0.026f, 0.024f};
      const float thick[] = {0.023f, 0.026f, 0.019f, 0.013f};
      for (int ring = 0; ring < 4; ++ring) {
        foot.half_width[ring] = width[ring] * h;
        foot.half_depth[ring] = thick[ring] * h;
      }
      foot.cap_a = 0.017f * h;
      foot.cap_b = 0.026f * h;
    }

    // Skirts and the tails of coats hang from the waist around both legs.
    const bool coat = looks_.upper == SynthUpper::kCoat;
    const bool skirt = lower == SynthLower::kSkirt || lower == SynthLower::kLongSkirt;
    const auto hang = [&](SynthSurface surface, float drop, float extra) {
      const float top_z = pelvis_.z() + 0.05f * h;
      const float bottom_z = pelvis_.z() - drop * h;
      // How far in front of the pelvis a leg is at a height.
      const auto reach = [&](const Leg& leg, float z) {
        const Vector3f& from = z > leg.knee.z() ? leg.hip : leg.knee;
        const Vector3f& to = z > leg.knee.z() ? leg.knee : leg.ankle;
        const float share = (from.z() - z) / std::max(from.z() - to.z(), 0.05f * h);
        return (from + (to - from) * std::clamp(share, 0.0f, 1.0f) - pelvis_).dot(front_);
      };
      const float middle = 0.5f * (reach(legs[0], bottom_z) + reach(legs[1], bottom_z));
      SynthPart& part = Add(surface, false, pelvis_ - kUp * (drop * h) + front_ * middle,
                            pelvis_ + kUp * (0.05f * h));
      part.rings = 6;
      for (int ring = 0; ring < part.rings; ++ring) {
        const float low = 1 - static_cast<float>(ring) / 5;  // 1 at the hem
        const float z = top_z + low * (bottom_z - top_z);
        const float hips = std::sin(kPi * std::min(1.0f, (1 - low) * 1.25f)) * 0.012f;
        const float spread = std::max(std::abs(reach(legs[0], z) - low * middle),
                                      std::abs(reach(legs[1], z) - low * middle));
        // The legs stand beside each other in an ellipse, which is less deep there.
        const float leg_depth = low > 0.15f ? 1.08f * (spread / h + 0.044f * girth) + 0.004f : 0.0f;
        part.half_width[ring] = (0.090f * girth * looks_.hips + extra + hips + low * 0.016f) * h;
        part.half_depth[ring] =
            std::max(0.066f * girth + extra + hips + low * 0.010f, leg_depth + 0.6f * extra) * h;
      }
      part.cap_a = 0.006f * h;
    };
    if (skirt) {
      hang(SynthSurface::kSkirt, lower == SynthLower::kSkirt ? 0.22f : 0.38f,
           lower == SynthLower::kSkirt ? 0.004f : 0.008f);
    }
    if (coat) hang(SynthSurface::kCoatTail, 0.20f, skirt ? 0.020f : 0.014f);
    if (lower == SynthLower::kShorts) {
      for (int i = 0; i < 2; ++i) {
        // The open leg of shorts stands off the thigh.
        const Leg& leg = legs[i];
        const Vector3f end = leg.hip + (leg.knee - leg.hip) * 0.86f;
        SynthPart& part = Add(SynthSurface::kSkirt, i == 0, end, leg.hip);
        part.rings = 2;
        part.half_width[0] = part.half_depth[0] = (0.049f * girth + 0.006f) * h;
        part.half_width[1] = part.half_depth[1] = (0.054f * girth) * h;
        part.cap_a = 0.004f * h;
        part.cap_b = 0.03f * h;
      }
    }
  }

  void PlaceTorso() {
    const float h = height_;
    const float lean = looks_.mannequin ? 0.0f : looks_.stoop_rad + 0.05f * swing_;
    spine_ = (kUp * std::cos(lean) + front_ * std::sin(lean)).normalized();
    // The shoulders turn against the pelvis with the swing of the arms.
    const float twist = 0.10f * swing_ * std::cos(2 * kPi * phase_);
    const Vector3f chest_left = (left_ * std::cos(twist) + front_ * std::sin(twist)).normalized();
    neck_ = pelvis_ + spine_ * (0.318f * h);
    const Vector3f crotch = pelvis_ - spine_ * (0.047f * h);
    SynthPart& torso = Add(SynthSurface::kTorso, false, crotch, neck_);
    torso.front = (front_ - torso.axis * front_.dot(torso.axis)).normalized();
    torso.lateral = left_;
    const float cloth = Wears({SynthUpper::kCoat})                          ? 0.011f
                        : Wears({SynthUpper::kJacket, SynthUpper::kHoodie}) ? 0.009f
                        : Wears({SynthUpper::kSweater, SynthUpper::kShirt}) ? 0.005f
                                                                            : 0.002f;
    const float belly = std::max(0.0f, looks_.girth - 1.0f);
    const float width[] = {0.070f, 0.094f, 0.093f, 0.083f, 0.084f, 0.092f, 0.099f, 0.094f, 0.032f};
    const float depth[] = {0.050f, 0.066f, 0.066f, 0.060f, 0.061f, 0.066f, 0.068f, 0.054f, 0.030f};
    torso.rings = 9;
    for (int ring = 0; ring < 9; ++ring) {
      const float shape = ring < 3 ? looks_.hips : ring > 4 && ring < 8 ? looks_.shoulders : 1.0f;
      const float round = ring > 1 && ring < 6 ? 1 + 0.5f * belly : 1.0f;
      const float thickness = ring == 8 ? 0.3f * cloth : ring == 0 ? 0.0f : cloth;
      torso.half_width[ring] = (width[ring] * shape * looks_.girth + thickness) * h;
      torso.half_depth[ring] = (depth[ring] * looks_.girth * round + thickness) * h;
    }
    torso.cap_a = 0.012f * h;
    torso.cap_b = 0.012f * h;
    for (const bool is_left : {true, false}) {
      const float side = is_left ? 1.0f : -1.0f;
      Vector3f& shoulder = shoulders_[is_left ? 0 : 1];
      shoulder = pelvis_ + spine_ * (0.264f * h) +
                 chest_left * (side * 0.100f * h * looks_.shoulders * (0.7f + 0.3f * looks_.girth));
      const Vector3f inner = neck_ - spine_ * (0.016f * h) + left_ * (side * 0.026f * h);
      Limb(SynthSurface::kShoulder, is_left, inner, shoulder,
           {0.025f + 0.4f * cloth, 0.026f + 0.6f * cloth, 0.027f + 0.8f * cloth});
    }
    if (looks_.upper == SynthUpper::kHoodie) {
      Ellipsoid(SynthSurface::kHood, false, neck_ - front_ * (0.034f * h) - spine_ * (0.010f * h),
                {0.062f, 0.036f, 0.034f});
    }
  }

  void PlaceArm(bool is_left) {
    const float h = height_;
    const float side = is_left ? 1.0f : -1.0f;
    const float arm_phase = phase_ + (is_left ? 0.5f : 0.0f);  // against its own side's leg
    const bool carries_bag = looks_.bag == SynthBag::kHandbag && looks_.bag_left == is_left;
    const bool holds_strap = looks_.bag == SynthBag::kShoulderBag && looks_.bag_left == is_left;
    const bool holds_umbrella = looks_.umbrella && !is_left;
    const float calm = carries_bag || holds_strap ? 0.35f : 1.0f;
    const float swing = 0.42f * swing_ * calm * std::cos(2 * kPi * arm_phase);
    float shoulder_angle = swing - 0.05f;
    float elbow = 0.15f + 0.12f * swing_ * calm + 0.45f * std::max(0.0f, swing);
    float apart = 0.11f + 0.05f * (looks_.girth - 1);
    float inward = 0;
    const float still = 1 - walking_;
    if (!looks_.mannequin && still > 0 && !carries_bag) {
      const bool phone =
          looks_.standing_arms == 1 && is_left == ((looks_.folds_seed >> 5 & 1) != 0);
      if (phone) {
        shoulder_angle += still * 0.35f;
        elbow += still * 1.75f;
        inward = still * 0.35f;
      } else if (looks_.standing_arms == 2) {
        shoulder_angle -= still * 0.25f;
        elbow += still * 0.75f;
        apart += still * 0.12f;
        inward = still * 0.3f;
      }
    }
    if (holds_umbrella) {
      shoulder_angle = 0.55f;
      elbow = 2.0f;
      inward = 0.2f;
    }
    if (looks_.mannequin) {
      shoulder_angle = is_left ? 0.22f : -0.1f;
      elbow = is_left ? 0.7f : 0.25f;
    }
    const Vector3f& shoulder = shoulders_[is_left ? 0 : 1];
    const Vector3f outward = left_ * (side * apart);
    const Vector3f elbow_at =
        shoulder + (Down(shoulder_angle) + outward).normalized() * (0.178f * h);
    const Vector3f in = left_ * (-side * (inward + 0.06f));
    const Vector3f fore = (Down(shoulder_angle + elbow) + in).normalized();
    const Vector3f wrist = elbow_at + fore * (0.142f * h);
    const Vector3f fingers = wrist + (fore + Down(shoulder_angle)).normalized() * (0.060f * h);
    const float girth = 0.6f + 0.4f * looks_.girth;
    const bool sleeves = !Wears({SynthUpper::kTankTop, SynthUpper::kTShirt});
    const float loose = Wears({SynthUpper::kTankTop})  ? 0.0f
                        : Wears({SynthUpper::kTShirt}) ? 0.004f
                        : Wears({SynthUpper::kJacket, SynthUpper::kHoodie, SynthUpper::kCoat})
                            ? 0.009f
                            : 0.005f;
    Limb(SynthSurface::kUpperArm, is_left, shoulder, elbow_at,
         {0.027f * girth + 0.8f * loose, 0.028f * girth + loose,
          0.024f * girth + (sleeves ? loose : 0.0f)});
    Limb(SynthSurface::kForearm, is_left, elbow_at, wrist,
         {0.0235f * girth + (sleeves ? loose : 0.0f), 0.022f * girth + (sleeves ? loose : 0.0f),
          0.0155f + (sleeves ? 0.8f * loose : 0.0f)},
         0.8f);
    Limb(SynthSurface::kHand, is_left, wrist, fingers, {0.013f, 0.0175f, 0.012f});
    hands_[is_left ? 0 : 1] = fingers;
    if (holds_umbrella) {
      const Vector3f top = fingers + kUp * (0.50f * h) - front_ * (0.04f * h);
      Limb(SynthSurface::kHandle, false, fingers - kUp * (0.06f * h), top, {0.0045f, 0.0045f});
      SynthPart& canopy =
          Ellipsoid(SynthSurface::kCanopy, false, top - kUp * (0.10f * h), {0.29f, 0.29f, 0.13f});
      canopy.cut = 0.05f;
    }
  }

  void PlaceHead() {
    const float h = height_;
    const Vector3f base = neck_ + front_ * (0.010f * h);
    const Vector3f head = neck_ + kUp * (0.083f * h) + front_ * (0.016f * h);
    Limb(SynthSurface::kNeck, false, neck_ - spine_ * (0.02f * h), base + kUp * (0.045f * h),
         {0.034f, 0.029f, 0.028f});
    const Vector3f size{0.0455f, 0.0560f, 0.0665f};
    Ellipsoid(SynthSurface::kHead, false, head, size);
    if (looks_.mannequin) return;
    Ellipsoid(SynthSurface::kFaceBump, false, head + front_ * (0.052f * h) - kUp * (0.012f * h),
              {0.0075f, 0.0115f, 0.014f});
    const bool ears = looks_.hair == SynthHair::kBald || looks_.hair == SynthHair::kCropped ||
                      looks_.hair == SynthHair::kShort || looks_.hair == SynthHair::kPonytail ||
                      looks_.hair == SynthHair::kBun;
    if (ears) {
      for (const float side : {1.0f, -1.0f}) {
        Ellipsoid(SynthSurface::kFaceBump, side > 0,
                  head + left_ * (side * 0.0435f * h) - kUp * (0.006f * h),
                  {0.006f, 0.011f, 0.016f});
      }
    }
    float volume = 0;
    switch (looks_.hair) {
      case SynthHair::kBald:
        break;
      case SynthHair::kCropped:
        volume = 1.02f;
        break;
      case SynthHair::kShort:
      case SynthHair::kPonytail:
      case SynthHair::kBun:
        volume = 1.09f;
        break;
      case SynthHair::kBob:
      case SynthHair::kLong:
        volume = 1.15f;
        break;
      case SynthHair::kCurly:
        volume = 1.34f;
        break;
    }
    if (volume > 0) {
      const float shift = (volume - 1) * 0.05f * h;
      Ellipsoid(SynthSurface::kHair, false,
                head + kUp * shift - front_ * (0.6f * shift + 0.002f * h), size * volume);
    }
    if (looks_.hair == SynthHair::kLong || looks_.hair == SynthHair::kBob) {
      const bool is_long = looks_.hair == SynthHair::kLong;
      const Vector3f top = head - front_ * (0.020f * h) + kUp * (0.01f * h);
      const Vector3f drop = is_long ? Vector3f(front_ * 0.046f + kUp * 0.075f)
                                    : Vector3f(front_ * 0.018f - kUp * 0.022f);
      const Vector3f bottom = neck_ - drop * h;
      SynthPart& tail = Add(SynthSurface::kHairTail, false, bottom, top);
      tail.rings = 4;
      const float width[] = {0.040f, 0.051f, 0.053f, 0.047f};
      const float depth[] = {0.015f, 0.024f, 0.034f, 0.036f};
      for (int ring = 0; ring < 4; ++ring) {
        tail.half_width[ring] = width[ring] * h;
        tail.half_depth[ring] = depth[ring] * h;
      }
      tail.cap_a = 0.02f * h;
      tail.cap_b = 0.02f * h;
    } else if (looks_.hair == SynthHair::kPonytail) {
      const Vector3f root = head - front_ * (0.058f * h) + kUp * (0.02f * h);
      Limb(SynthSurface::kHairTail, false, root, root - kUp * (0.11f * h) - front_ * (0.022f * h),
           {0.014f, 0.023f, 0.019f, 0.008f});
    } else if (looks_.hair == SynthHair::kBun) {
      Ellipsoid(SynthSurface::kHairTail, false, head - front_ * (0.052f * h) + kUp * (0.036f * h),
                {0.024f, 0.022f, 0.024f});
    }
    const float big = std::max(volume, 1.02f);
    if (looks_.hat == SynthHat::kCap || looks_.hat == SynthHat::kBrimmed) {
      const Vector3f at = head + kUp * (0.014f * h) - front_ * (0.003f * h);
      SynthPart& dome = Ellipsoid(SynthSurface::kHat, false, at,
                                  {0.0485f * big, 0.0585f * big, 0.0635f * std::min(big, 1.12f)});
      dome.cut = 0.12f;
      const bool cap = looks_.hat == SynthHat::kCap;
      Ellipsoid(SynthSurface::kHatBrim, false,
                at + kUp * (0.012f * h) + (cap ? front_ * (0.058f * h) : Vector3f::Zero().eval()),
                cap ? Vector3f(0.040f, 0.044f, 0.006f) : Vector3f(0.094f, 0.1f, 0.007f));
    } else if (looks_.hat == SynthHat::kBeanie) {
      SynthPart& dome =
          Ellipsoid(SynthSurface::kHat, false, head + kUp * (0.016f * h),
                    {0.0495f * std::min(big, 1.15f), 0.0600f * std::min(big, 1.15f), 0.0665f});
      dome.cut = 0.0f;
    }
  }

  void PlaceBag() {
    const float h = height_;
    const float size = looks_.bag_size;
    const float side = looks_.bag_left ? 1.0f : -1.0f;
    const auto box = [&](const Vector3f& bottom, const Vector3f& top, float width, float depth) {
      SynthPart& part = Add(SynthSurface::kBag, looks_.bag_left, bottom, top);
      part.rings = 3;
      const float shape[] = {0.97f, 1.0f, 0.86f};
      for (int ring = 0; ring < 3; ++ring) {
        part.half_width[ring] = width * shape[ring] * h;
        part.half_depth[ring] = depth * shape[ring] * h;
      }
      part.cap_a = 0.018f * h;
      part.cap_b = 0.030f * h;
      return &part;
    };
    if (looks_.bag == SynthBag::kBackpack) {
      const Vector3f at = pelvis_ + spine_ * (0.285f * h) -
                          front_ * (0.060f * h * looks_.girth + 0.040f * h * size);
      box(at - spine_ * ((0.13f + 0.05f * size) * h), at - spine_ * (0.02f * h), 0.074f * size,
          0.046f * size);
    } else if (looks_.bag == SynthBag::kShoulderBag) {
      const Vector3f at = pelvis_ + kUp * (0.035f * h) +
                          left_ * (side * (0.105f * h * looks_.girth + 0.026f * h)) -
                          front_ * (0.02f * h);
      SynthPart* bag = box(at - kUp * (0.050f * h * size), at + kUp * (0.020f * h * size),
                           0.026f * size, 0.072f * size);
      bag->left = looks_.bag_left;
    } else if (looks_.bag == SynthBag::kHandbag) {
      const Vector3f& hand = hands_[looks_.bag_left ? 0 : 1];
      const Vector3f top = hand - kUp * (0.045f * h);
      box(top - kUp * (0.105f * h * size), top - kUp * (0.015f * h), 0.022f * size, 0.062f * size);
      Limb(SynthSurface::kHandle, looks_.bag_left, hand, top + front_ * (0.02f * h),
           {0.005f, 0.005f});
      Limb(SynthSurface::kHandle, looks_.bag_left, hand, top - front_ * (0.02f * h),
           {0.005f, 0.005f});
    }
  }

  static inline const Vector3f kUp{0, 0, 1};

  const SynthFigure& figure_;
  const SynthAppearance& looks_;
  const float height_;
  Vector3f front_, left_;
  float walking_ = 0;  // 0 standing .. 1 walking
  float swing_ = 0;    // of the stride, 1 at 1.4 m/s
  float phase_ = 0;
  Vector3f pelvis_, spine_, neck_;
  std::array<Vector3f, 2> shoulders_;
  std::array<Vector3f, 2> hands_;
  SynthBody body_;
};

}  // namespace

SynthBody PoseSynthBody(const SynthFigure& figure, const SynthAppearance& looks) {
  return Poser(figure, looks).Build();
}

}  // namespace reidbench
