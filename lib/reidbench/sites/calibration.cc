#include "reidbench/sites/calibration.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"

namespace reidbench {
namespace {

constexpr int kUndistortSteps = 50;  // a fixed-point iteration; 5 do for lenses that people use

double Determinant(const Matrix3& m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
         m[2] * (m[3] * m[7] - m[4] * m[6]);
}

// Relative to the sizes of the rows, so that units do not matter.
bool IsSingular(const Matrix3& m) {
  double scale = 1;
  for (int row = 0; row < 3; ++row)
    scale *= std::sqrt(m[3 * row] * m[3 * row] + m[3 * row + 1] * m[3 * row + 1] +
                       m[3 * row + 2] * m[3 * row + 2]);
  return !std::isfinite(scale) || !(std::abs(Determinant(m)) > 1e-13 * scale);
}

Matrix3 Inverse(const Matrix3& m) {
  const double d = 1 / Determinant(m);
  return {(m[4] * m[8] - m[5] * m[7]) * d, (m[2] * m[7] - m[1] * m[8]) * d,
          (m[1] * m[5] - m[2] * m[4]) * d, (m[5] * m[6] - m[3] * m[8]) * d,
          (m[0] * m[8] - m[2] * m[6]) * d, (m[2] * m[3] - m[0] * m[5]) * d,
          (m[3] * m[7] - m[4] * m[6]) * d, (m[1] * m[6] - m[0] * m[7]) * d,
          (m[0] * m[4] - m[1] * m[3]) * d};
}

Vector3 Times(const Matrix3& m, double x, double y) {
  return {m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5], m[6] * x + m[7] * y + m[8]};
}

void Scale(double factor, Matrix3* m) {
  for (double& value : *m) value *= factor;
}

[[noreturn]] void ThrowNoInverse(const std::string& where) {
  ThrowInput(
      "{}: expected a calibration with an inverse, found one that maps the ground to a line or a "
      "point (determinant 0); check the order of its numbers, rows first",
      where);
}

bool IsNumberChar(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

std::vector<double> NumbersIn(std::string_view text) {
  std::vector<double> numbers;
  for (size_t at = 0; at < text.size();) {
    if (!IsNumberChar(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && IsNumberChar(text[end])) ++end;
    if (text[at] == '+') ++at;
    double value = 0;
    const auto [after, error] = std::from_chars(text.data() + at, text.data() + end, value);
    if (error == std::errc{} && after == text.data() + end) numbers.push_back(value);
    at = std::max(end, at + 1);
  }
  return numbers;
}

}  // namespace

ImagePoint LensDistortion::Distort(const ImagePoint& pixel) const {
  const double y = (pixel.y - intrinsic[5]) / intrinsic[4];
  const double x = (pixel.x - intrinsic[2] - intrinsic[1] * y) / intrinsic[0];
  const double r2 = x * x + y * y;
  const double radial = 1 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]));
  const double dx = x * radial + 2 * k[2] * x * y + k[3] * (r2 + 2 * x * x);
  const double dy = y * radial + k[2] * (r2 + 2 * y * y) + 2 * k[3] * x * y;
  return {intrinsic[0] * dx + intrinsic[1] * dy + intrinsic[2], intrinsic[4] * dy + intrinsic[5]};
}

ImagePoint LensDistortion::Undistort(const ImagePoint& pixel) const {
  ImagePoint guess = pixel;
  for (int step = 0; step < kUndistortSteps; ++step) {
    const ImagePoint there = Distort(guess);
    const double dx = pixel.x - there.x, dy = pixel.y - there.y;
    guess.x += dx;
    guess.y += dy;
    if (std::abs(dx) + std::abs(dy) < 1e-10) break;
  }
  return guess;
}

GroundProjection GroundProjection::FromHomography(const Matrix3& ground_from_image,
                                                  const ImagePoint& ground_pixel,
                                                  const std::string& where) {
  if (IsSingular(ground_from_image)) ThrowNoInverse(where);
  GroundProjection out;
  out.ground_from_image_ = ground_from_image;
  if (Times(ground_from_image, ground_pixel.x, ground_pixel.y)[2] < 0)
    Scale(-1, &out.ground_from_image_);
  out.image_from_ground_ = Inverse(out.ground_from_image_);
  return out;
}

GroundProjection GroundProjection::FromMatrix(const Matrix34& p, const std::string& where,
                                              std::optional<LensDistortion> distortion) {
  GroundProjection out;
  out.image_from_ground_ = {p[0], p[1], p[3], p[4], p[5], p[7], p[8], p[9], p[11]};
  const Matrix3 left{p[0], p[1], p[2], p[4], p[5], p[6], p[8], p[9], p[10]};
  if (IsSingular(out.image_from_ground_) || IsSingular(left)) ThrowNoInverse(where);
  // Then the third coordinate is the depth, positive in front of the camera.
  if (Determinant(left) < 0) Scale(-1, &out.image_from_ground_);
  out.ground_from_image_ = Inverse(out.image_from_ground_);
  out.distortion_ = std::move(distortion);
  return out;
}

std::optional<GroundPoint> GroundProjection::ToGround(const ImagePoint& pixel) const {
  const ImagePoint p = distortion_ ? distortion_->Undistort(pixel) : pixel;
  const Vector3 ground = Times(ground_from_image_, p.x, p.y);
  if (!(ground[2] > 0)) return std::nullopt;
  const GroundPoint place{ground[0] / ground[2], ground[1] / ground[2]};
  if (!std::isfinite(place.x) || !std::isfinite(place.y)) return std::nullopt;
  return place;
}

std::optional<ImagePoint> GroundProjection::ToImage(const GroundPoint& place) const {
  const Vector3 image = Times(image_from_ground_, place.x, place.y);
  if (!(image[2] > 0)) return std::nullopt;
  const ImagePoint pixel{image[0] / image[2], image[1] / image[2]};
  return distortion_ ? distortion_->Distort(pixel) : pixel;
}

std::optional<double> GroundProjection::MetresPerPixel(const ImagePoint& pixel) const {
  const std::optional<GroundPoint> here = ToGround(pixel);
  if (!here) return std::nullopt;
  double most = 0;
  for (const auto& [dx, dy] : {std::pair{1.0, 0.0}, std::pair{0.0, -1.0}}) {
    const std::optional<GroundPoint> there = ToGround({pixel.x + dx, pixel.y + dy});
    // One pixel further is the horizon.
    if (!there) return std::numeric_limits<double>::infinity();
    most = std::max(most, std::hypot(there->x - here->x, there->y - here->y));
  }
  return most;
}

Matrix34 ComposeMatrix(const Matrix3& k, const Matrix3& r, const Vector3& t) {
  Matrix34 out{};
  for (int row = 0; row < 3; ++row) {
    for (int inner = 0; inner < 3; ++inner) {
      const double factor = k[3 * row + inner];
      for (int col = 0; col < 3; ++col) out[4 * row + col] += factor * r[3 * inner + col];
      out[4 * row + 3] += factor * t[inner];
    }
  }
  return out;
}

Matrix3 RotationOf(const Vector3& v) {
  const double angle = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  if (angle == 0) return {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const double x = v[0] / angle, y = v[1] / angle, z = v[2] / angle;
  const double c = std::cos(angle), s = std::sin(angle), d = 1 - c;
  return {c + x * x * d,     x * y * d - z * s, x * z * d + y * s, y * x * d + z * s, c + y * y * d,
          y * z * d - x * s, z * x * d - y * s, z * y * d + x * s, c + z * z * d};
}

std::vector<double> ReadNumbers(const std::filesystem::path& path, size_t count) {
  std::vector<double> numbers = NumbersIn(ReadFileText(path));
  if (numbers.size() != count)
    ThrowInput("{}: expected {} numbers, found {}", path.string(), count, numbers.size());
  return numbers;
}

std::vector<double> XmlNumbers(std::string_view text, std::string_view tag, size_t count,
                               const std::string& source) {
  const auto inside = [](std::string_view all,
                         std::string_view name) -> std::optional<std::string_view> {
    const std::string close = "</" + std::string(name) + ">";
    for (size_t at = all.find('<'); at != std::string_view::npos; at = all.find('<', at + 1)) {
      if (all.substr(at + 1, name.size()) != name) continue;
      const char after = at + 1 + name.size() < all.size() ? all[at + 1 + name.size()] : '\0';
      if (after != '>' && after != ' ') continue;
      const size_t begin = all.find('>', at), end = all.find(close, at);
      if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) continue;
      return all.substr(begin + 1, end - begin - 1);
    }
    return std::nullopt;
  };
  const std::optional<std::string_view> element = inside(text, tag);
  if (!element) ThrowInput("{}: expected an element <{}>, found none", source, tag);
  std::vector<double> numbers = NumbersIn(inside(*element, "data").value_or(*element));
  if (numbers.size() != count) {
    ThrowInput("{}: expected {} numbers in <{}>, found {}", source, count, tag, numbers.size());
  }
  return numbers;
}

}  // namespace reidbench
