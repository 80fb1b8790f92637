#include "reidbench/synth/renderer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/random.h"
#include "reidbench/imaging/opencv_memory.h"
#include "reidbench/synth/backdrop.h"
#include "reidbench/synth/figure.h"
#include "reidbench/synth/ground_shadow.h"
#include "reidbench/synth/shading.h"
#include "reidbench/synth/solid.h"

namespace reidbench {
namespace {

using Eigen::Vector3f;

constexpr int kSamples = kSynthSamples;
constexpr int kSamplesPerPixel = kSamples * kSamples;
constexpr int kMinSamples = kSamplesPerPixel / 2;  // that make a pixel part of a silhouette
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kMaxExtentPx = 6000;  // a figure nearer than that is in the lens, not in the scene

// Linear light as 16 bits: 1 = kOne, up to about 4.
constexpr float kOne = 16384;

struct LinearSample {
  uint16_t r, g, b;
};

uint16_t ToFixed(float value) {
  return static_cast<uint16_t>(std::clamp(value * kOne + 0.5f, 0.0f, 65535.0f));
}

// Linear light to a camera's bytes: sRGB's curve with a soft shoulder for highlights.
class ToneCurve {
 public:
  ToneCurve() : bytes_(kEntries + 1) {
    for (int i = 0; i <= kEntries; ++i) {
      const float linear = static_cast<float>(i) / kPerUnit;
      constexpr float kKnee = 0.7f;
      const float bent =
          linear < kKnee ? linear : 1 - (1 - kKnee) * std::exp(-(linear - kKnee) / (1 - kKnee));
      const float encoded =
          bent <= 0.0031308f ? 12.92f * bent : 1.055f * std::pow(bent, 1 / 2.4f) - 0.055f;
      bytes_[static_cast<size_t>(i)] =
          static_cast<uint8_t>(std::lround(255 * std::clamp(encoded, 0.0f, 1.0f)));
    }
  }
  uint8_t operator()(float linear) const {
    const float place = std::clamp(linear * kPerUnit + 0.5f, 0.0f, static_cast<float>(kEntries));
    return bytes_[static_cast<size_t>(place)];
  }

 private:
  static constexpr float kPerUnit = 8192;
  static constexpr int kEntries = 3 * 8192;
  std::vector<uint8_t> bytes_;
};

// A rectangle of output pixels, right and bottom exclusive.
struct PixelArea {
  int left = 0, top = 0, right = 0, bottom = 0;

  bool empty() const { return left >= right || top >= bottom; }
  PixelArea Within(int width, int height) const {
    return {std::max(left, 0), std::max(top, 0), std::min(right, width), std::min(bottom, height)};
  }
};

// One figure drawn for itself: which part each sample of its area shows.
struct Layer {
  std::vector<Solid> solids;
  SynthBody body;
  PixelArea area;             // may reach outside the picture
  std::vector<float> depth;   // [2 height x 2 width of area], infinity beside the figure
  std::vector<uint8_t> part;  // index of the solid
  int width() const { return (area.right - area.left) * kSamples; }
  int height() const { return (area.bottom - area.top) * kSamples; }
};

// Storage of a frame in progress, kept by each thread between frames.
struct Canvas {
  std::vector<float> depth;         // per sample
  std::vector<int32_t> owner;       // per sample: rank of the figure, -1 = backdrop
  std::vector<LinearSample> color;  // per sample, where owner >= 0
  std::vector<float> shadow;        // per pixel: light left, 1 = all
  std::vector<uint8_t> touched;     // per pixel
  Layer layer;
};

}  // namespace

struct SynthRenderer::Impl {
  SynthCamera camera;
  SynthScenery scenery;
  RasterCamera raster;  // pixels of samples
  Backdrop backdrop;
  ToneCurve curve;
  SceneLight light;
  Vector3f light_world;  // unit, from the light
  std::array<float, 3> gain;
  std::vector<float> vignette;     // per pixel
  std::vector<uint8_t> developed;  // the backdrop's bytes before blur and noise
  std::vector<int16_t> noise;

  Impl(const SynthCamera& the_camera, const SynthScenery& the_scenery)
      : camera(the_camera), scenery(the_scenery), backdrop(DrawBackdrop(camera, scenery)) {
    raster.camera_from_world = camera.camera_from_world.cast<float>();
    raster.position = camera.position_m.cast<float>();
    raster.focal = static_cast<float>(camera.focal_px) * kSamples;
    raster.center_x = 0.5f * static_cast<float>(camera.width_px) * kSamples;
    raster.center_y = 0.5f * static_cast<float>(camera.height_px) * kSamples;
    light_world = scenery.light_direction.normalized().cast<float>();
    light.toward = raster.camera_from_world * -light_world;
    light.up = raster.camera_from_world * Vector3f::UnitZ();
    light.ambient = static_cast<float>(scenery.ambient);
    for (int c = 0; c < 3; ++c) {
      gain[c] = static_cast<float>(std::exp2(camera.exposure_ev) * camera.white_balance[c]);
    }
    MakeVignette();
    MakeNoise();
    const size_t pixels = vignette.size();
    developed.resize(3 * pixels);
    for (size_t i = 0; i < pixels; ++i) {
      Develop(i, backdrop.linear_rgb.data() + 3 * i, developed.data() + 3 * i);
    }
  }

  void MakeVignette() {
    const auto width = static_cast<size_t>(camera.width_px);
    vignette.resize(width * static_cast<size_t>(camera.height_px));
    const double diagonal2 = 0.25 * (double{1} * camera.width_px * camera.width_px +
                                     double{1} * camera.height_px * camera.height_px);
    for (int y = 0; y < camera.height_px; ++y) {
      for (int x = 0; x < camera.width_px; ++x) {
        const double dx = x + 0.5 - 0.5 * camera.width_px;
        const double dy = y + 0.5 - 0.5 * camera.height_px;
        const double r2 = (dx * dx + dy * dy) / diagonal2;
        vignette[static_cast<size_t>(y) * width + static_cast<size_t>(x)] =
            static_cast<float>(1 - 0.22 * r2 - 0.06 * r2 * r2);
      }
    }
  }

  void MakeNoise() {
    if (camera.noise_sigma <= 0) return;
    // Long against a row, so that rows taken at random places do not look alike.
    noise.resize(static_cast<size_t>(1 << 17) + 3 * static_cast<size_t>(camera.width_px));
    Rng rng(static_cast<uint64_t>(camera.id), 991);
    for (int16_t& value : noise) {
      value = static_cast<int16_t>(
          std::lround(std::clamp(rng.Normal(), -4.0, 4.0) * camera.noise_sigma * 16));
    }
  }

  void Develop(size_t pixel, const float* linear, uint8_t* bytes) const {
    for (int c = 0; c < 3; ++c) bytes[c] = curve(linear[c] * gain[c] * vignette[pixel]);
  }

  bool DrawLayer(const SynthFigure& figure, const SynthAppearance& looks, Layer* layer) const;
  void CastShadow(const SynthFigure& figure, Canvas* canvas) const;
  void Merge(const SynthFigure& figure, const SynthAppearance& looks, int rank,
             Canvas* canvas) const;
  void Resolve(Canvas* canvas, std::span<const size_t> figure_of_rank, SynthFrame* frame) const;
  void AddSensor(uint64_t frame_seed, RgbImage* picture) const;
};

// False when the figure cannot be seen at all.
bool SynthRenderer::Impl::DrawLayer(const SynthFigure& figure, const SynthAppearance& looks,
                                    Layer* layer) const {
  layer->solids.clear();
  const Vector3f at{static_cast<float>(figure.position_m.x()),
                    static_cast<float>(figure.position_m.y()), 0.9f};
  const Vector3f seen = raster.ToCamera(at);
  if (seen.z() < 0.5f) return false;
  // A cheap first look: far outside the picture.
  const float reach = 2.0f * raster.focal / seen.z();
  const float x = raster.center_x + raster.focal * seen.x() / seen.z();
  const float y = raster.center_y + raster.focal * seen.y() / seen.z();
  if (x + reach < 0 || x - reach > 2 * raster.center_x || y + reach < 0 ||
      y - reach > 2 * raster.center_y) {
    return false;
  }
  layer->body = PoseSynthBody(figure, looks);
  float left = kInfinity, top = kInfinity, right = -kInfinity, bottom = -kInfinity;
  for (const SynthPart& part : layer->body.parts) {
    const Solid& solid = layer->solids.emplace_back(part, raster, looks.hair);
    if (solid.behind()) return false;
    left = std::min(left, solid.left());
    right = std::max(right, solid.right());
    top = std::min(top, solid.top());
    bottom = std::max(bottom, solid.bottom());
  }
  if (!(right - left < kMaxExtentPx * kSamples && bottom - top < kMaxExtentPx * kSamples))
    return false;
  const auto first = [](float v) { return static_cast<int>(std::floor(v / kSamples)); };
  const auto last = [](float v) { return static_cast<int>(std::ceil(v / kSamples)); };
  layer->area = {first(left), first(top), last(right), last(bottom)};
  if (layer->area.Within(camera.width_px, camera.height_px).empty()) return false;

  const int width = layer->width();
  const int height = layer->height();
  layer->depth.assign(static_cast<size_t>(width) * height, kInfinity);
  layer->part.resize(layer->depth.size());
  const int x0 = layer->area.left * kSamples;
  const int y0 = layer->area.top * kSamples;
  for (size_t i = 0; i < layer->solids.size(); ++i) {
    const Solid& solid = layer->solids[i];
    const int from_x = std::max(static_cast<int>(std::floor(solid.left())) - x0, 0);
    const int to_x = std::min(static_cast<int>(std::ceil(solid.right())) - x0, width);
    const int from_y = std::max(static_cast<int>(std::floor(solid.top())) - y0, 0);
    const int to_y = std::min(static_cast<int>(std::ceil(solid.bottom())) - y0, height);
    for (int sy = from_y; sy < to_y; ++sy) {
      float* depth = layer->depth.data() + static_cast<size_t>(sy) * width;
      uint8_t* part = layer->part.data() + static_cast<size_t>(sy) * width;
      for (int sx = from_x; sx < to_x; ++sx) {
        const float z =
            solid.Depth(static_cast<float>(x0 + sx) + 0.5f, static_cast<float>(y0 + sy) + 0.5f);
        if (z < depth[sx]) {
          depth[sx] = z;
          part[sx] = static_cast<uint8_t>(i);
        }
      }
    }
  }
  return true;
}

// Darkens the floor under and behind the canvas's layer.
void SynthRenderer::Impl::CastShadow(const SynthFigure& figure, Canvas* canvas) const {
  const SynthBody& body = canvas->layer.body;
  const GroundShadow cast(body, light_world, 1 - light.ambient,
                          static_cast<float>(std::clamp(figure.opacity, 0.0, 1.0)));
  const float focal = raster.focal / kSamples;
  const float center_x = raster.center_x / kSamples;
  const float center_y = raster.center_y / kSamples;
  float left = kInfinity, top = kInfinity, right = -kInfinity, bottom = -kInfinity;
  for (const Vector3f& corner : cast.Corners()) {
    const Vector3f seen = raster.ToCamera(corner);
    if (seen.z() < 0.3f) return;
    const float u = center_x + focal * seen.x() / seen.z();
    const float v = center_y + focal * seen.y() / seen.z();
    left = std::min(left, u);
    right = std::max(right, u);
    top = std::min(top, v);
    bottom = std::max(bottom, v);
  }
  if (!(right - left < 4 * kMaxExtentPx && bottom - top < 4 * kMaxExtentPx)) return;
  // Near the camera shadows are soft over many pixels: one value for each 2 x 2.
  const int block = focal / raster.ToCamera(body.pelvis).z() > 50 ? 2 : 1;
  const PixelArea area =
      PixelArea{static_cast<int>(std::floor(left / 2)) * 2,
                static_cast<int>(std::floor(top / 2)) * 2, static_cast<int>(std::ceil(right)),
                static_cast<int>(std::ceil(bottom))}
          .Within(camera.width_px, camera.height_px);
  const Eigen::Matrix3f world_from_camera = raster.camera_from_world.transpose();
  for (int y = area.top; y < area.bottom; y += block) {
    for (int x = area.left; x < area.right; x += block) {
      const float middle = 0.5f * static_cast<float>(block);
      const Vector3f ray =
          world_from_camera * Vector3f((static_cast<float>(x) + middle - center_x) / focal,
                                       (static_cast<float>(y) + middle - center_y) / focal, 1);
      if (ray.z() > -1e-5f) continue;
      const float distance = -raster.position.z() / ray.z();
      const float light_left = cast.LightLeft(raster.position.x() + distance * ray.x(),
                                              raster.position.y() + distance * ray.y());
      if (light_left > 0.995f) continue;
      for (int by = y; by < std::min(y + block, area.bottom); ++by) {
        for (int bx = x; bx < std::min(x + block, area.right); ++bx) {
          const size_t pixel = static_cast<size_t>(by) * camera.width_px + bx;
          if (backdrop.is_floor[pixel] == 0) continue;
          canvas->shadow[pixel] *= light_left;
          canvas->touched[pixel] = 1;
        }
      }
    }
  }
}

// Adds the canvas's layer where it is nearer than what stands there.
void SynthRenderer::Impl::Merge(const SynthFigure& figure, const SynthAppearance& looks, int rank,
                                Canvas* canvas) const {
  const Layer& layer = canvas->layer;
  const PixelArea area = layer.area.Within(camera.width_px, camera.height_px);
  const float pelvis_depth = raster.ToCamera(layer.body.pelvis).z();
  const SkinAndCloth paint(looks, light, kSamples * pelvis_depth / raster.focal);
  const float lamp = SynthLampLight(scenery, static_cast<float>(figure.position_m.x()),
                                    static_cast<float>(figure.position_m.y()));
  const int stride = camera.width_px * kSamples;
  const auto opacity = static_cast<float>(std::clamp(figure.opacity, 0.0, 1.0));
  for (int py = area.top; py < area.bottom; ++py) {
    for (int px = area.left; px < area.right; ++px) {
      // The samples that are seen, as offsets within the pixel.
      std::array<int, kSamplesPerPixel> seen;
      std::array<uint8_t, kSamplesPerPixel> parts;
      int count = 0;
      for (int k = 0; k < kSamplesPerPixel; ++k) {
        const int x = px * kSamples + k % kSamples;
        const int y = py * kSamples + k / kSamples;
        const size_t local = static_cast<size_t>(y - layer.area.top * kSamples) * layer.width() +
                             static_cast<size_t>(x - layer.area.left * kSamples);
        const float depth = layer.depth[local];
        float& nearest = canvas->depth[static_cast<size_t>(y) * stride + x];
        if (depth >= nearest) continue;  // also beside the figure: infinite
        nearest = depth;
        parts[count] = layer.part[local];
        seen[count++] = k;
      }
      if (count == 0) continue;
      const size_t pixel = static_cast<size_t>(py) * camera.width_px + px;
      canvas->touched[pixel] = 1;
      // Light varies little within a pixel: each part in it is shaded once, in the middle of its
      // samples.
      std::array<bool, kSamplesPerPixel> done{};
      for (int first = 0; first < count; ++first) {
        if (done[first]) continue;
        float middle_x = 0;
        float middle_y = 0;
        int members = 0;
        for (int i = first; i < count; ++i) {
          if (parts[i] != parts[first]) continue;
          middle_x += static_cast<float>(seen[i] % kSamples);
          middle_y += static_cast<float>(seen[i] / kSamples);
          ++members;
        }
        const auto left = static_cast<float>(px * kSamples);
        const auto top = static_cast<float>(py * kSamples);
        const Solid& solid = layer.solids[parts[first]];
        SurfacePoint point;
        // The middle may fall into a notch of the outline.
        if (!solid.Surface(left + middle_x / static_cast<float>(members) + 0.5f,
                           top + middle_y / static_cast<float>(members) + 0.5f, &point)) {
          solid.Surface(left + static_cast<float>(seen[first] % kSamples) + 0.5f,
                        top + static_cast<float>(seen[first] / kSamples) + 0.5f, &point);
        }
        const Vector3f color = paint.Shade(solid.part(), point) * lamp;
        for (int i = first; i < count; ++i) {
          if (parts[i] != parts[first]) continue;
          done[i] = true;
          const size_t sample = static_cast<size_t>(py * kSamples + seen[i] / kSamples) * stride +
                                static_cast<size_t>(px * kSamples + seen[i] % kSamples);
          Vector3f mixed = color;
          if (opacity < 1) {
            Vector3f behind(backdrop.linear_rgb.data() + 3 * pixel);
            if (canvas->owner[sample] >= 0) {
              const LinearSample& old = canvas->color[sample];
              behind = Vector3f(old.r, old.g, old.b) / kOne;
            }
            mixed = behind + (color - behind) * opacity;
          }
          canvas->owner[sample] = rank;
          canvas->color[sample] = {ToFixed(mixed.x()), ToFixed(mixed.y()), ToFixed(mixed.z())};
        }
      }
    }
  }
}

// Samples to pixels: colours before blur and noise, owners, and visible silhouette pixels.
void SynthRenderer::Impl::Resolve(Canvas* canvas, std::span<const size_t> figure_of_rank,
                                  SynthFrame* frame) const {
  const int width = camera.width_px;
  const int stride = width * kSamples;
  for (int y = 0; y < camera.height_px; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t pixel = static_cast<size_t>(y) * width + x;
      if (canvas->touched[pixel] == 0) continue;
      const float shadow = canvas->shadow[pixel];
      const float* back = backdrop.linear_rgb.data() + 3 * pixel;
      std::array<float, 3> sum = {0, 0, 0};
      std::array<int32_t, kSamplesPerPixel> owners;
      int samples = 0;
      for (int sy = 0; sy < kSamples; ++sy) {
        for (int sx = 0; sx < kSamples; ++sx) {
          const size_t sample = static_cast<size_t>(y * kSamples + sy) * stride +
                                static_cast<size_t>(x * kSamples + sx);
          // Only samples in a figure's area were prepared; the shadow's area reaches further.
          const int32_t owner = canvas->owner[sample];
          owners[samples++] = owner;
          if (owner >= 0) {
            const LinearSample& color = canvas->color[sample];
            sum[0] += color.r / kOne;
            sum[1] += color.g / kOne;
            sum[2] += color.b / kOne;
          } else {
            for (int c = 0; c < 3; ++c) sum[c] += back[c] * shadow;
          }
        }
      }
      for (float& value : sum) value /= kSamplesPerPixel;
      Develop(pixel, sum.data(), frame->picture.pixels.data() + 3 * pixel);
      // The figure with most samples owns the pixel; of two equal ones the nearer.
      int32_t best = -1;
      int best_count = 0;
      for (const int32_t owner : owners) {
        if (owner < 0) continue;
        const auto count = static_cast<int>(std::count(owners.begin(), owners.end(), owner));
        if (count > best_count || (count == best_count && owner > best)) {
          best = owner;
          best_count = count;
        }
      }
      if (best_count >= kMinSamples)
        frame->owner[pixel] = static_cast<int32_t>(figure_of_rank[best]);
    }
  }
}

void SynthRenderer::Impl::AddSensor(uint64_t frame_seed, RgbImage* picture) const {
  if (camera.blur_sigma_px > 0.05) {
    cv::Mat view(picture->height, picture->width, CV_8UC3, picture->pixels.data());
    const int reach = std::max(1, static_cast<int>(std::ceil(2.5 * camera.blur_sigma_px)));
    WithOpencvMemory([&] {
      cv::Mat blurred;
      cv::GaussianBlur(view, blurred, cv::Size(2 * reach + 1, 2 * reach + 1), camera.blur_sigma_px,
                       camera.blur_sigma_px, cv::BORDER_REPLICATE);
      blurred.copyTo(view);
    });
  }
  if (noise.empty()) return;
  Rng rng(frame_seed, static_cast<uint64_t>(camera.id));
  const auto row_bytes = 3 * static_cast<size_t>(picture->width);
  for (int y = 0; y < picture->height; ++y) {
    const int16_t* from = noise.data() + rng.Below(noise.size() - row_bytes + 1);
    uint8_t* row = picture->Row(y);
    ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
      for (size_t i = 0; i < row_bytes; ++i) {
        const int value = (row[i] * 16 + from[i] + 8) >> 4;
        row[i] = static_cast<uint8_t>(std::clamp(value, 0, 255));
      }
    });
  }
}

SynthRenderer::SynthRenderer(const SynthCamera& camera, const SynthScenery& scenery)
    : impl_(std::make_unique<Impl>(camera, scenery)) {}

SynthRenderer::~SynthRenderer() = default;

SynthFrame SynthRenderer::Render(std::span<const SynthFigure> figures,
                                 std::span<const SynthAppearance* const> looks,
                                 uint64_t frame_seed) const {
  REIDBENCH_CHECK(figures.size() == looks.size());
  const Impl& impl = *impl_;
  const int width = impl.camera.width_px;
  const int height = impl.camera.height_px;
  const auto pixels = static_cast<size_t>(width) * static_cast<size_t>(height);
  // Nothing that may wait for other threads is called while the canvas is in use: a waiting thread
  // can be given another frame to render. The blur, which may, comes last and does not touch it.
  thread_local Canvas canvas;
  canvas.depth = impl.backdrop.depth;
  canvas.owner.assign(pixels * kSamplesPerPixel, -1);
  canvas.color.resize(pixels * kSamplesPerPixel);
  canvas.shadow.assign(pixels, 1.0f);
  canvas.touched.assign(pixels, 0);

  SynthFrame frame;
  frame.picture.width = width;
  frame.picture.height = height;
  frame.picture.pixels = impl.developed;
  frame.owner.assign(pixels, -1);

  // Far to near, so that a reflection lies over what is behind it and equal depths are decided the
  // same way whatever the order of the figures.
  std::vector<double> distance(figures.size());
  for (size_t i = 0; i < figures.size(); ++i) {
    distance[i] = (impl.camera.camera_from_world *
                   (Eigen::Vector3d(figures[i].position_m.x(), figures[i].position_m.y(), 0.9) -
                    impl.camera.position_m))
                      .z();
  }
  std::vector<size_t> figure_of_rank(figures.size());
  std::iota(figure_of_rank.begin(), figure_of_rank.end(), size_t{0});
  std::stable_sort(figure_of_rank.begin(), figure_of_rank.end(), [&](size_t a, size_t b) {
    return std::make_pair(-distance[a], figures[a].identity) <
           std::make_pair(-distance[b], figures[b].identity);
  });

  std::vector<SynthSilhouette> silhouettes;
  std::vector<int64_t> inside_px;
  for (size_t rank = 0; rank < figure_of_rank.size(); ++rank) {
    const size_t index = figure_of_rank[rank];
    if (!impl.DrawLayer(figures[index], *looks[index], &canvas.layer)) continue;
    impl.CastShadow(figures[index], &canvas);
    impl.Merge(figures[index], *looks[index], static_cast<int>(rank), &canvas);

    const Layer& layer = canvas.layer;
    SynthSilhouette silhouette;
    silhouette.figure = index;
    silhouette.depth_m = distance[index];
    int64_t inside = 0;
    int left = layer.area.right, right = layer.area.left, top = layer.area.bottom,
        bottom = layer.area.top;
    for (int y = layer.area.top; y < layer.area.bottom; ++y) {
      const float* upper = layer.depth.data() + static_cast<size_t>(y - layer.area.top) * kSamples *
                                                    static_cast<size_t>(layer.width());
      const float* lower = upper + layer.width();
      for (int x = layer.area.left; x < layer.area.right; ++x) {
        const int s = (x - layer.area.left) * kSamples;
        const int covered = (upper[s] < kInfinity) + (upper[s + 1] < kInfinity) +
                            (lower[s] < kInfinity) + (lower[s + 1] < kInfinity);
        if (covered < kMinSamples) continue;
        ++silhouette.whole_px;
        if (x >= 0 && x < width && y >= 0 && y < height) ++inside;
        left = std::min(left, x);
        right = std::max(right, x + 1);
        top = std::min(top, y);
        bottom = std::max(bottom, y + 1);
      }
    }
    if (inside == 0) continue;
    silhouette.left = left;
    silhouette.top = top;
    silhouette.width = right - left;
    silhouette.height = bottom - top;
    silhouettes.push_back(silhouette);
  }

  impl.Resolve(&canvas, figure_of_rank, &frame);
  std::vector<int64_t> visible(figures.size(), 0);
  for (const int32_t owner : frame.owner) {
    if (owner >= 0) ++visible[static_cast<size_t>(owner)];
  }
  for (SynthSilhouette& silhouette : silhouettes)
    silhouette.visible_px = visible[silhouette.figure];
  std::sort(silhouettes.begin(), silhouettes.end(),
            [](const SynthSilhouette& a, const SynthSilhouette& b) { return a.figure < b.figure; });
  frame.silhouettes = std::move(silhouettes);
  impl.AddSensor(frame_seed, &frame.picture);
  return frame;
}

}  // namespace reidbench
