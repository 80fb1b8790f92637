// From an RGB picture to a normalised network input, bit-identical to Pillow's resize and
// torchvision's ToTensor + Normalize (Pillow 9.4.0, torchvision 0.14.1).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/imaging/decode.h"
#include "reidbench/imaging/image.h"

namespace reidbench {

enum class ResizeFilter { kBilinear, kBicubic };

struct PreprocessOptions {
  std::string preset =
      "torchreid";   // name for provenance; "custom" once a field differs from the preset
  int height = 256;  // px, of the network input
  int width = 128;
  ResizeFilter filter = ResizeFilter::kBilinear;
  ExifOrientation exif = ExifOrientation::kIgnore;
  // Per channel R, G, B, where 1 is full white. torchreid: (x / 255 - mean) / std; fast-reid: (x -
  // 255 mean) / (255 std), the same up to rounding.
  std::array<float, 3> mean = {0.485f, 0.456f, 0.406f};
  std::array<float, 3> std = {0.229f, 0.224f, 0.225f};
  bool scale_to_unit = true;  // true: torchreid's order of operations; false: fast-reid's

  std::vector<std::string> Validate()
      const;  // every violation, naming field and rule; empty when valid
  // One line that is equal exactly when the pixels given to the network are: kept in feature files.
  std::string Describe() const;
  // The preset that gives the same pixels, whatever `preset` says, or "custom".
  std::string EffectivePreset() const;
};

std::vector<std::string> PreprocessPresetNames();  // "torchreid", "fastreid"

// "torchreid" or "fastreid". Throws Error(kUsage) naming the known presets.
PreprocessOptions PreprocessPreset(std::string_view name);

// Pillow's Image.resize((width, height), filter), bit for bit. `out` is resized; must not alias
// `in`.
void ResizeLikePillow(const RgbImage& in, int width, int height, ResizeFilter filter,
                      RgbImage* out);

// Resizes and normalises; keeps its scratch memory and coefficient tables between calls. One
// instance per thread.
class Preprocessor {
 public:
  // Throws Error(kConfig) that lists every violation of `options`.
  explicit Preprocessor(const PreprocessOptions& options);
  ~Preprocessor();
  Preprocessor(Preprocessor&&) noexcept;

  // Writes float32 [3 x height x width] to `chw`. EXIF orientation is DecodeImage's part: pass it
  // options.exif.
  void Run(const RgbImage& image, float* chw);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reidbench
