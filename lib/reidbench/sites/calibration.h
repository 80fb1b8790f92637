// Where a pixel of a camera lies on the ground, and back. A camera is calibrated by a homography,
// by a 3x4 matrix, or by its inner and outer parameters with lens distortion (Hartley and
// Zisserman, "Multiple View Geometry in Computer Vision", ch. 6 and 8; the distortion is OpenCV's
// k1, k2, p1, p2, k3).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/sites/ground_point.h"
#include "reidbench/sites/roi.h"

namespace reidbench {

// Rows one after the other.
using Matrix3 = std::array<double, 9>;
using Matrix34 = std::array<double, 12>;
using Vector3 = std::array<double, 3>;

// k1, k2, p1, p2, k3 and the inner parameters that they belong to.
struct LensDistortion {
  Matrix3 intrinsic{};
  std::array<double, 5> k{};

  // Between pixels of the picture and those of a lens without distortion.
  ImagePoint Undistort(const ImagePoint& pixel) const;
  ImagePoint Distort(const ImagePoint& pixel) const;
};

class GroundProjection {
 public:
  // Throws Error(kInput) that says `where` for a matrix without an inverse: all ground on one line.
  // A homography has no sign of its own: `ground_pixel` is one that shows ground, such as the
  // middle of the picture's lower edge.
  static GroundProjection FromHomography(const Matrix3& ground_from_image,
                                         const ImagePoint& ground_pixel, const std::string& where);
  // World (X, Y, 0) in metres to pixels.
  static GroundProjection FromMatrix(const Matrix34& image_from_world, const std::string& where,
                                     std::optional<LensDistortion> distortion = std::nullopt);

  // Nullopt for pixels at the horizon and above.
  std::optional<GroundPoint> ToGround(const ImagePoint& pixel) const;
  // Nullopt for places behind the camera.
  std::optional<ImagePoint> ToImage(const GroundPoint& place) const;
  // How far the place moves when the pixel moves by one, in the worse direction, m; nullopt where
  // ToGround says so. Grows without bound towards the horizon.
  std::optional<double> MetresPerPixel(const ImagePoint& pixel) const;

 private:
  GroundProjection() = default;

  Matrix3 ground_from_image_{};  // signed so that what lies in front of the camera is positive
  Matrix3 image_from_ground_{};
  std::optional<LensDistortion> distortion_;
};

// K [R | t].
Matrix34 ComposeMatrix(const Matrix3& intrinsic, const Matrix3& rotation,
                       const Vector3& translation);
// Rodrigues' formula: the axis, as long as the angle in radians.
Matrix3 RotationOf(const Vector3& axis_angle);

// All numbers of a text, whatever stands between them. Throws Error(kInput) when they are not
// `count`.
std::vector<double> ReadNumbers(const std::filesystem::path& path, size_t count);
// The numbers inside <tag>...</tag>, or in its <data>, of an OpenCV XML file (WILDTRACK's
// calibration). Throws Error(kInput) without that tag or with another count.
std::vector<double> XmlNumbers(std::string_view text, std::string_view tag, size_t count,
                               const std::string& source);

}  // namespace reidbench
