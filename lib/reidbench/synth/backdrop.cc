#include "reidbench/synth/backdrop.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/synth/noise.h"
#include "reidbench/synth/shading.h"

namespace reidbench {
namespace {

using Eigen::Vector3f;

constexpr float kNoDepth = std::numeric_limits<float>::infinity();

Vector3f LinearHex(uint32_t rgb) {
  return LinearFromSrgb(SynthColor{static_cast<float>(rgb >> 16 & 255) / 255.0f,
                                   static_cast<float>(rgb >> 8 & 255) / 255.0f,
                                   static_cast<float>(rgb & 255) / 255.0f});
}

float Fraction(float x) { return x - std::floor(x); }

// 1 on lines of `width` every `period`, blended over the footprint of a sample.
float Lines(float x, float period, float width, float footprint) {
  const float distance = std::abs(Fraction(x / period + 0.5f) - 0.5f) * period;
  const float half = 0.5f * width;
  const float spread = std::max(footprint, 1e-3f);
  const float sharp = std::clamp((half - distance) / spread + 0.5f, 0.0f, 1.0f);
  const float fade = std::clamp(spread / period, 0.0f, 1.0f);
  return sharp + (width / period - sharp) * fade;
}

struct Box {
  Vector3f center;
  float cosine, sine;
  float half_x, half_y, height;
  uint32_t seed;
  int kind;
  Vector3f color, accent;
};

struct BoxHit {
  float distance = kNoDepth;
  int face = 0;  // 0 -x, 1 +x, 2 -y, 3 +y, 4 top
  Vector3f local;
};

class Painter {
 public:
  Painter(const SynthCamera& camera, const SynthScenery& scenery)
      : camera_(camera),
        scenery_(scenery),
        world_from_camera_(camera.camera_from_world.transpose().cast<float>()),
        eye_(camera.position_m.cast<float>()),
        light_((-scenery.light_direction.normalized()).cast<float>()),
        ambient_(static_cast<float>(scenery.ambient)),
        seed_(static_cast<uint32_t>(scenery.look_seed ^ scenery.look_seed >> 32)) {
    Rng rng(scenery.look_seed, 77);
    floor_kind_ = static_cast<int>(rng.Below(4));
    wall_kind_ = static_cast<int>(rng.Below(3));
    static constexpr uint32_t kFloors[] = {0xb3aca0, 0x9a9691, 0xa98f6d,
                                           0x7f858c, 0xc4beb2, 0x8b6f52};
    static constexpr uint32_t kWalls[] = {0xd9d4c8, 0xc7ccd0, 0xd2c3a8, 0xb7c2b8, 0xe2dfd8};
    static constexpr uint32_t kBands[] = {0x6d7f93, 0x8a5a4a, 0x5f6f5a, 0x9a9284, 0x3f4a5a};
    floor_color_ = LinearHex(kFloors[rng.Below(6)]) * static_cast<float>(rng.Uniform(0.75, 1.1));
    wall_color_ = LinearHex(kWalls[rng.Below(5)]);
    band_color_ = LinearHex(kBands[rng.Below(5)]);
    wall_height_ = std::max(3.8f, eye_.z() + 0.8f);
    for (const SynthObstacle& obstacle : scenery.obstacles) {
      Rng look(obstacle.look_seed, 78);
      static constexpr uint32_t kColors[] = {0xbab6ae, 0x8d9299, 0xa07f5c,
                                             0xd0cbc0, 0x5e6a78, 0x7a4a3c};
      static constexpr uint32_t kAccents[] = {0xb53a34, 0x2f5c9a, 0xe0b040,
                                              0x3d7f5a, 0x2a2c30, 0xe8e5de};
      Box box;
      box.center = {static_cast<float>(obstacle.center_m.x()),
                    static_cast<float>(obstacle.center_m.y()), 0};
      box.cosine = static_cast<float>(std::cos(obstacle.yaw_rad));
      box.sine = static_cast<float>(std::sin(obstacle.yaw_rad));
      box.half_x = static_cast<float>(obstacle.half_size_m.x());
      box.half_y = static_cast<float>(obstacle.half_size_m.y());
      box.height = static_cast<float>(obstacle.height_m);
      box.seed = static_cast<uint32_t>(look.Next());
      const bool thick = std::max(box.half_x, box.half_y) > 0.6f;
      box.kind = static_cast<int>(look.Below(2)) + (thick ? 1 : 0) + (box.height < 1.6f ? 1 : 0);
      box.color = LinearHex(kColors[look.Below(6)]);
      box.accent = LinearHex(kAccents[look.Below(6)]);
      boxes_.push_back(box);
    }
  }

  Backdrop Draw() const {
    Backdrop result;
    result.width = camera_.width_px;
    result.height = camera_.height_px;
    const auto pixels = static_cast<size_t>(result.width) * result.height;
    result.linear_rgb.resize(3 * pixels);
    result.depth.resize(pixels * kSynthSamples * kSynthSamples);
    result.is_floor.resize(pixels);
    ParallelFor(result.height, [&](int64_t y) { DrawRow(static_cast<int>(y), &result); });
    return result;
  }

 private:
  void DrawRow(int y, Backdrop* result) const {
    const auto width = static_cast<size_t>(result->width);
    constexpr float kShare = 1.0f / (kSynthSamples * kSynthSamples);
    for (int x = 0; x < result->width; ++x) {
      Vector3f sum = Vector3f::Zero();
      int floor_samples = 0;
      const float shade = FloorShade(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
      for (int sy = 0; sy < kSynthSamples; ++sy) {
        for (int sx = 0; sx < kSynthSamples; ++sx) {
          const float px = static_cast<float>(x) + (static_cast<float>(sx) + 0.5f) / kSynthSamples;
          const float py = static_cast<float>(y) + (static_cast<float>(sy) + 0.5f) / kSynthSamples;
          float depth = kNoDepth;
          bool floor = false;
          sum += Trace(px, py, shade, &depth, &floor);
          floor_samples += floor ? 1 : 0;
          const size_t row = static_cast<size_t>(y) * kSynthSamples + static_cast<size_t>(sy);
          result->depth[row * width * kSynthSamples + static_cast<size_t>(x) * kSynthSamples +
                        static_cast<size_t>(sx)] = depth;
        }
      }
      const size_t pixel = static_cast<size_t>(y) * width + static_cast<size_t>(x);
      for (int c = 0; c < 3; ++c) result->linear_rgb[3 * pixel + c] = sum[c] * kShare;
      result->is_floor[pixel] = floor_samples >= 2 ? 1 : 0;
    }
  }

  // Per pixel along the camera's axis, so that the parameter of a hit is its depth.
  Vector3f Ray(float px, float py) const {
    const auto focal = static_cast<float>(camera_.focal_px);
    return world_from_camera_ *
           Vector3f((px - 0.5f * static_cast<float>(camera_.width_px)) / focal,
                    (py - 0.5f * static_cast<float>(camera_.height_px)) / focal, 1);
  }

  BoxHit HitBox(const Box& box, const Vector3f& from, const Vector3f& ray) const {
    const Vector3f offset = from - box.center;
    const Vector3f o{offset.x() * box.cosine + offset.y() * box.sine,
                     -offset.x() * box.sine + offset.y() * box.cosine, offset.z()};
    const Vector3f d{ray.x() * box.cosine + ray.y() * box.sine,
                     -ray.x() * box.sine + ray.y() * box.cosine, ray.z()};
    const float low[] = {-box.half_x, -box.half_y, 0};
    const float high[] = {box.half_x, box.half_y, box.height};
    float enter = 0;
    float leave = kNoDepth;
    int face = -1;
    for (int axis = 0; axis < 3; ++axis) {
      if (std::abs(d[axis]) < 1e-9f) {
        if (o[axis] < low[axis] || o[axis] > high[axis]) return {};
        continue;
      }
      float t0 = (low[axis] - o[axis]) / d[axis];
      float t1 = (high[axis] - o[axis]) / d[axis];
      int first = 2 * axis;
      if (t0 > t1) {
        std::swap(t0, t1);
        first = 2 * axis + 1;
      }
      if (t0 > enter) {
        enter = t0;
        face = first;
      }
      leave = std::min(leave, t1);
    }
    if (face < 0 || enter > leave) return {};
    BoxHit hit;
    hit.distance = enter;
    hit.face = std::min(face, 4) == 4 ? 4 : face;
    hit.local = o + d * enter;
    return hit;
  }

  float BoxGap(const Box& box, float x, float y) const {
    const float dx = x - box.center.x();
    const float dy = y - box.center.y();
    const float lx = std::abs(dx * box.cosine + dy * box.sine) - box.half_x;
    const float ly = std::abs(-dx * box.sine + dy * box.cosine) - box.half_y;
    return std::hypot(std::max(lx, 0.0f), std::max(ly, 0.0f));
  }

  // Light that reaches the floor under a pixel: lamps, shadows of obstacles, dark corners.
  float FloorShade(float px, float py) const {
    const Vector3f ray = Ray(px, py);
    if (ray.z() >= -1e-5f) return 1;
    const float distance = -eye_.z() / ray.z();
    if (distance > 200) return 1;
    const Vector3f at = eye_ + ray * distance;
    float reached = 0;
    static constexpr float kJitter[][2] = {{0, 0},          {0.11f, 0.03f},  {-0.08f, 0.09f},
                                           {-0.05f, -0.1f}, {0.06f, -0.07f}, {0.02f, 0.12f}};
    for (const auto& jitter : kJitter) {
      const Vector3f toward = light_ + Vector3f(jitter[0], jitter[1], 0);
      bool blocked = false;
      for (const Box& box : boxes_) {
        blocked = blocked || HitBox(box, at + Vector3f(0, 0, 1e-3f), toward).distance < kNoDepth;
      }
      reached += blocked ? 0.0f : 1.0f / 6;
    }
    float corners = 1;
    for (const Box& box : boxes_)
      corners *= 1 - 0.35f * std::exp(-BoxGap(box, at.x(), at.y()) / 0.22f);
    const auto gap = [&](double value) { return std::abs(static_cast<float>(value)); };
    const float wall =
        std::min({gap(at.x() - scenery_.min_m.x()), gap(scenery_.max_m.x() - at.x()),
                  gap(at.y() - scenery_.min_m.y()), gap(scenery_.max_m.y() - at.y())});
    corners *= 1 - 0.3f * std::exp(-wall / 0.35f);
    return SynthLampLight(scenery_, at.x(), at.y()) *
           (ambient_ * corners + (1 - ambient_) * 1.15f * reached * std::max(0.2f, light_.z()));
  }

  Vector3f Trace(float px, float py, float floor_shade, float* depth, bool* is_floor) const {
    const Vector3f ray = Ray(px, py);
    // Nearest of boxes, walls, then floor and ceiling.
    BoxHit nearest;
    const Box* hit_box = nullptr;
    for (const Box& box : boxes_) {
      const BoxHit hit = HitBox(box, eye_, ray);
      if (hit.distance < nearest.distance) {
        nearest = hit;
        hit_box = &box;
      }
    }
    float best = nearest.distance;
    const float floor_at = ray.z() < -1e-6f ? -eye_.z() / ray.z() : kNoDepth;
    const float ceiling_at = ray.z() > 1e-6f ? (wall_height_ - eye_.z()) / ray.z() : kNoDepth;
    int wall = -1;
    const float low[] = {static_cast<float>(scenery_.min_m.x()),
                         static_cast<float>(scenery_.min_m.y())};
    const float high[] = {static_cast<float>(scenery_.max_m.x()),
                          static_cast<float>(scenery_.max_m.y())};
    for (int axis = 0; axis < 2; ++axis) {
      for (int end = 0; end < 2; ++end) {
        constexpr float kBehind = 0.12f;  // walls stand a little outside
        const float plane = end == 0 ? low[axis] - kBehind : high[axis] + kBehind;
        // A wall is seen only from its inner side: a camera may look over it into the room.
        const float inward = end == 0 ? 1.0f : -1.0f;
        if ((eye_[axis] - plane) * inward <= 0 || ray[axis] * inward >= -1e-6f) continue;
        const float at = (plane - eye_[axis]) / ray[axis];
        if (at <= 0 || at >= best) continue;
        const Vector3f point = eye_ + ray * at;
        const int other = 1 - axis;
        if (point.z() < 0 || point.z() > wall_height_ || point[other] < low[other] - kBehind ||
            point[other] > high[other] + kBehind) {
          continue;
        }
        best = at;
        wall = 2 * axis + end;
      }
    }
    if (floor_at < best) {
      *is_floor = true;
      return Floor(eye_ + ray * std::min(floor_at, 200.0f), std::min(floor_at, 200.0f), ray) *
             floor_shade;
    }
    if (wall >= 0) {
      *depth = best;
      return Wall(eye_ + ray * best, wall, best);
    }
    if (hit_box != nullptr) {
      *depth = best;
      return Obstacle(*hit_box, nearest);
    }
    if (ceiling_at < kNoDepth) return Ceiling(eye_ + ray * ceiling_at, ceiling_at);
    return Vector3f::Constant(0.3f);
  }

  float Footprint(float depth) const { return 0.6f * depth / static_cast<float>(camera_.focal_px); }

  Vector3f Floor(const Vector3f& at, float depth, const Vector3f& ray) const {
    const float across = Footprint(depth);
    // A floor seen at a flat angle is covered by long samples.
    const float steep = std::max(0.08f, -ray.z() / ray.norm());
    const float footprint = across / std::sqrt(steep);
    const float fine = std::clamp(1.2f - footprint / 0.03f, 0.0f, 1.0f);
    const float x = at.x();
    const float y = at.y();
    const float cloudy =
        0.92f + 0.16f * SmoothNoise(x * 0.35f + static_cast<float>(seed_ & 31), y * 0.35f);
    Vector3f color = floor_color_ * cloudy;
    switch (floor_kind_) {
      case 0:    // square tiles
      case 1: {  // large tiles in two tones
        const float period = floor_kind_ == 0 ? 0.6f : 1.2f;
        const auto cx = static_cast<int>(std::floor(x / period));
        const auto cy = static_cast<int>(std::floor(y / period));
        const float tone =
            HashUnit(static_cast<uint32_t>(cx), static_cast<uint32_t>(cy), seed_) - 0.5f;
        const float visible = std::clamp(1.2f - footprint / period, 0.0f, 1.0f);
        color *= 1 + (floor_kind_ == 0 ? 0.14f : 0.10f) * tone * visible;
        if (floor_kind_ == 1 && ((cx + cy) & 1) != 0) color *= 1 - 0.22f * visible;
        const float joint =
            std::max(Lines(x, period, 0.012f, footprint), Lines(y, period, 0.012f, footprint));
        color *= 1 - 0.45f * joint;
        color *= 1 + 0.10f * fine * (SmoothNoise(x * 9, y * 9) - 0.5f);
        break;
      }
      case 2: {  // planks
        const float row = std::floor(y / 0.16f);
        const float shift = HashUnit(static_cast<uint32_t>(static_cast<int>(row)), 5, seed_) * 1.8f;
        const auto plank = static_cast<int>(std::floor((x + shift) / 1.8f));
        const float tone = HashUnit(static_cast<uint32_t>(plank),
                                    static_cast<uint32_t>(static_cast<int>(row)), seed_) -
                           0.5f;
        color *= 1 + 0.30f * tone * std::clamp(1.2f - footprint / 0.16f, 0.0f, 1.0f);
        color *= 1 - 0.4f * std::max(Lines(y, 0.16f, 0.006f, footprint),
                                     Lines(x + shift, 1.8f, 0.006f, footprint));
        color *= 1 + 0.25f * fine * (SmoothNoise(x * 2.5f + tone * 30, y * 30) - 0.5f);
        break;
      }
      default: {  // terrazzo or carpet
        color *= 1 + 0.30f * fine * (SmoothNoise(x * 16, y * 16) - 0.5f);
        color *=
            1 - 0.12f * Lines(x, 2.0f, 0.01f, footprint) - 0.12f * Lines(y, 2.0f, 0.01f, footprint);
        break;
      }
    }
    return color;
  }

  Vector3f Wall(const Vector3f& at, int wall, float depth) const {
    const bool along_x = wall >= 2;
    const float u = along_x ? at.x() : at.y();
    const float z = at.z();
    const float footprint = Footprint(depth);
    Vector3f color =
        wall_color_ *
        (0.93f + 0.14f * SmoothNoise(u * 0.5f + 7.0f * static_cast<float>(wall), z * 0.7f));
    const auto bay = static_cast<int>(std::floor(u / 3.2f));
    const float in_bay = u - 3.2f * static_cast<float>(bay);
    const float kind =
        HashUnit(static_cast<uint32_t>(bay + 1000), static_cast<uint32_t>(wall), seed_);
    const float hue =
        HashUnit(static_cast<uint32_t>(bay + 2000), static_cast<uint32_t>(wall), seed_);
    if (wall_kind_ == 0 && z < 1.1f) {
      color = band_color_ * (0.95f + 0.1f * SmoothNoise(u, z * 2));
    } else if (wall_kind_ == 1) {
      color *=
          1 - 0.18f * Lines(u, 1.0f, 0.02f, footprint) - 0.18f * Lines(z, 1.3f, 0.02f, footprint);
    }
    if (kind < 0.45f && in_bay > 0.4f && in_bay < 2.8f && z > 0.35f && z < 2.5f) {
      // A shop window: dark glass with goods behind it, in a frame.
      const float edge = std::min({in_bay - 0.4f, 2.8f - in_bay, z - 0.35f, 2.5f - z});
      if (edge < 0.06f) {
        color = LinearHex(0x4a4c50);
      } else {
        const float goods = SmoothNoise(u * 2.1f + 40 * hue, z * 1.7f + 9 * hue);
        const Vector3f tint{0.20f + 0.25f * hue, 0.22f, 0.42f - 0.25f * hue};
        color = Mix3(Vector3f(0.09f, 0.095f, 0.105f), tint,
                     std::clamp(2.2f * (goods - 0.45f), 0.0f, 1.0f));
        color += Vector3f::Constant(0.05f * (z - 0.3f));
      }
    } else if (kind > 0.72f && in_bay > 0.9f && in_bay < 1.9f && z > 1.1f && z < 2.4f) {
      // A poster.
      const float edge = std::min({in_bay - 0.9f, 1.9f - in_bay, z - 1.1f, 2.4f - z});
      const float blot = SmoothNoise(in_bay * 3 + 23 * hue, z * 3);
      color = edge < 0.03f ? LinearHex(0x2c2d30)
                           : Mix3(Vector3f(0.7f, 0.68f, 0.62f),
                                  Vector3f(0.55f * hue + 0.05f, 0.15f, 0.55f * (1 - hue) + 0.05f),
                                  blot > 0.5f ? 0.85f : 0.15f);
    }
    if (z < 0.12f) color = LinearHex(0x5b5853);
    const Vector3f normal = wall == 0   ? Vector3f(1, 0, 0)
                            : wall == 1 ? Vector3f(-1, 0, 0)
                            : wall == 2 ? Vector3f(0, 1, 0)
                                        : Vector3f(0, -1, 0);
    const float corner = 1 - 0.25f * std::exp(-z / 0.3f);
    return color * Lit(normal) * corner * SynthLampLight(scenery_, at.x(), at.y());
  }

  Vector3f Obstacle(const Box& box, const BoxHit& hit) const {
    const bool on_y_face = hit.face == 2 || hit.face == 3;
    const float u = on_y_face ? hit.local.x() : hit.local.y();
    const float half = on_y_face ? box.half_x : box.half_y;
    const float z = hit.local.z();
    const float offset = static_cast<float>(box.seed & 63);
    Vector3f color = box.color * (0.9f + 0.2f * SmoothNoise(u * 1.5f + offset, z * 1.5f));
    if (hit.face == 4) {
      color *= 0.95f;
    } else if (box.kind == 0) {  // pillar: plinth, coloured ring
      if (z < 0.25f) color *= 0.55f;
      if (z > 1.35f && z < 1.6f) color = box.accent;
      color *= 1 + 0.12f * (SmoothNoise(u * 12, z * 12) - 0.5f);
    } else if (box.kind == 1) {  // cladding in panels, an advert
      color *= 1 - 0.3f * Lines(z, 0.8f, 0.02f, 0.01f);
      if (std::abs(u) < 0.7f * half && z > 1.0f && z < 2.1f && box.height > 2.2f) {
        const float blot = SmoothNoise(u * 4 + offset, z * 3);
        color = blot > 0.52f ? box.accent : LinearHex(0xe6e2d8);
      }
    } else if (box.kind == 2) {  // shelf: boards with goods
      const float board = Fraction(z / 0.42f) * 0.42f;
      if (board > 0.05f && z < box.height - 0.08f && half - std::abs(u) > 0.05f) {
        const auto item = static_cast<int>(std::floor(u / 0.17f));
        const auto row = static_cast<int>(std::floor(z / 0.42f));
        const auto draw = [&](uint32_t salt) {
          return HashUnit(static_cast<uint32_t>(item + 500), static_cast<uint32_t>(row) * 7 + salt,
                          box.seed);
        };
        const float tall = 0.15f + 0.2f * draw(1);
        color = board < tall ? Vector3f(0.08f + 0.5f * draw(2), 0.08f + 0.4f * draw(3),
                                        0.08f + 0.45f * draw(4))
                             : Vector3f(0.05f, 0.05f, 0.05f);
      }
    } else {  // counter: front with a coloured stripe, light top edge
      if (z > box.height - 0.06f) {
        color = LinearHex(0xdedad2);
      } else if (std::abs(z - 0.7f * box.height) < 0.09f) {
        color = box.accent;
      } else if (z < 0.1f) {
        color *= 0.4f;
      }
      color *= 1 - 0.2f * Lines(u, 0.6f, 0.015f, 0.01f);
    }
    static const Vector3f kNormals[] = {{-1, 0, 0}, {1, 0, 0}, {0, -1, 0}, {0, 1, 0}, {0, 0, 1}};
    const Vector3f& n = kNormals[hit.face];
    const Vector3f normal{n.x() * box.cosine - n.y() * box.sine,
                          n.x() * box.sine + n.y() * box.cosine, n.z()};
    const float corner = hit.face == 4 ? 1.0f : 1 - 0.3f * std::exp(-z / 0.25f);
    return color * Lit(normal) * corner * SynthLampLight(scenery_, box.center.x(), box.center.y());
  }

  Vector3f Ceiling(const Vector3f& at, float depth) const {
    const float footprint = Footprint(depth);
    if (depth > 120) return Vector3f::Constant(0.35f);
    Vector3f color = Vector3f::Constant(0.48f);
    color *= 1 - 0.25f * std::max(Lines(at.x(), 1.2f, 0.03f, footprint),
                                  Lines(at.y(), 1.2f, 0.03f, footprint));
    const float lx = Fraction(at.x() / 3.6f);
    const float ly = Fraction(at.y() / 2.4f);
    if (lx > 0.34f && lx < 0.66f && ly > 0.42f && ly < 0.58f) color = Vector3f::Constant(1.6f);
    return color;
  }

  static Vector3f Mix3(const Vector3f& a, const Vector3f& b, float share) {
    return a + (b - a) * share;
  }

  float Lit(const Vector3f& normal) const {
    return Irradiance({light_, Vector3f::UnitZ(), ambient_}, normal);
  }

  const SynthCamera& camera_;
  const SynthScenery& scenery_;
  Eigen::Matrix3f world_from_camera_;
  Vector3f eye_;
  Vector3f light_;
  float ambient_;
  uint32_t seed_;
  int floor_kind_ = 0;
  int wall_kind_ = 0;
  Vector3f floor_color_, wall_color_, band_color_;
  float wall_height_ = 3.8f;
  std::vector<Box> boxes_;
};

}  // namespace

Backdrop DrawBackdrop(const SynthCamera& camera, const SynthScenery& scenery) {
  return Painter(camera, scenery).Draw();
}

float SynthLampLight(const SynthScenery& scenery, float x_m, float y_m) {
  const auto shift = static_cast<float>(scenery.look_seed % 61);
  return 0.72f + 0.6f * SmoothNoise(x_m * 0.28f + shift, y_m * 0.28f + 0.37f * shift);
}

}  // namespace reidbench
