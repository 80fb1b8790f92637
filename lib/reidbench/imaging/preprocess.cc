#include "reidbench/imaging/preprocess.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <system_error>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/imaging/resample.h"

namespace reidbench {
namespace {

constexpr int kMaxSide = 8192;
constexpr const char* kChannelNames[3] = {"R", "G", "B"};

// The double that a float was written as: 0.485f -> 0.485. fast-reid multiplies by 255 in double
// before it rounds to float, so starting from the float would move the last bit.
double AsWritten(float value) {
  char text[64];
  const std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
  double written = 0;
  std::from_chars(text, end.ptr, written);
  return written;
}

// The network input for each 8-bit value of one channel, in float32 and in the reference's order of
// operations.
std::array<float, 256> MakeChannelTable(const PreprocessOptions& options, int channel) {
  const float mean = options.mean[static_cast<size_t>(channel)];
  const float std = options.std[static_cast<size_t>(channel)];
  const auto mean_255 = static_cast<float>(AsWritten(mean) * 255.0);
  const auto std_255 = static_cast<float>(AsWritten(std) * 255.0);
  std::array<float, 256> table{};
  for (size_t value = 0; value < table.size(); ++value) {
    const auto x = static_cast<float>(value);
    table[value] = options.scale_to_unit ? (x / 255.0f - mean) / std : (x - mean_255) / std_255;
  }
  return table;
}

bool SamePixels(const PreprocessOptions& a, const PreprocessOptions& b) {
  return a.Describe() == b.Describe();
}

}  // namespace

std::vector<std::string> PreprocessOptions::Validate() const {
  std::vector<std::string> violations;
  const auto check_side = [&](const char* field, int side) {
    if (side < 1 || side > kMaxSide) {
      violations.push_back(fmt::format("{}: must be 1..{} px, is {}", field, kMaxSide, side));
    }
  };
  check_side("height", height);
  check_side("width", width);
  for (size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(mean[c])) {
      violations.push_back(
          fmt::format("mean[{}]: must be a finite number, is {}", kChannelNames[c], mean[c]));
    } else if (std::abs(mean[c]) > 1) {
      violations.push_back(
          fmt::format("mean[{}]: must be in -1..1 where 1 is full white, is {}; divide it by 255",
                      kChannelNames[c], mean[c]));
    }
    if (!std::isfinite(std[c]) || std[c] <= 0) {
      violations.push_back(
          fmt::format("std[{}]: must be a finite number above 0, is {}", kChannelNames[c], std[c]));
    }
  }
  return violations;
}

std::string PreprocessOptions::Describe() const {
  return fmt::format("{}x{} pillow-{} exif={} mean={},{},{} std={},{},{} {}", height, width,
                     filter == ResizeFilter::kBilinear ? "bilinear" : "bicubic",
                     exif == ExifOrientation::kIgnore ? "ignore" : "apply", mean[0], mean[1],
                     mean[2], std[0], std[1], std[2],
                     scale_to_unit ? "(x/255-mean)/std" : "(x-255*mean)/(255*std)");
}

std::string PreprocessOptions::EffectivePreset() const {
  for (const std::string& name : PreprocessPresetNames()) {
    if (SamePixels(*this, PreprocessPreset(name))) return name;
  }
  return "custom";
}

std::vector<std::string> PreprocessPresetNames() { return {"torchreid", "fastreid"}; }

PreprocessOptions PreprocessPreset(std::string_view name) {
  PreprocessOptions options;
  if (name == "torchreid") return options;
  if (name == "fastreid") {
    options.preset = "fastreid";
    options.filter = ResizeFilter::kBicubic;
    options.exif = ExifOrientation::kApply;
    options.scale_to_unit = false;
    return options;
  }
  ThrowUsage("unknown preprocessing preset '{}'{}", name,
             SuggestName(name, PreprocessPresetNames()));
}

void ResizeLikePillow(const RgbImage& in, int width, int height, ResizeFilter filter,
                      RgbImage* out) {
  Resampler().Resize(in, width, height, filter, out);
}

struct Preprocessor::Impl {
  PreprocessOptions options;
  std::array<std::array<float, 256>, 3> tables{};
  Resampler resampler;
  RgbImage resized;
};

Preprocessor::Preprocessor(const PreprocessOptions& options) : impl_(std::make_unique<Impl>()) {
  const std::vector<std::string> violations = options.Validate();
  if (!violations.empty()) ThrowConfig("preprocessing: {}", JoinText(violations, "; "));
  impl_->options = options;
  for (int c = 0; c < 3; ++c) impl_->tables[static_cast<size_t>(c)] = MakeChannelTable(options, c);
}

Preprocessor::~Preprocessor() = default;
Preprocessor::Preprocessor(Preprocessor&&) noexcept = default;

void Preprocessor::Run(const RgbImage& image, float* chw) {
  const PreprocessOptions& options = impl_->options;
  impl_->resampler.Resize(image, options.width, options.height, options.filter, &impl_->resized);
  const uint8_t* pixel = impl_->resized.pixels.data();
  const ptrdiff_t plane = static_cast<ptrdiff_t>(options.height) * options.width;
  const float* const red = impl_->tables[0].data();
  const float* const green = impl_->tables[1].data();
  const float* const blue = impl_->tables[2].data();
  for (ptrdiff_t i = 0; i < plane; ++i, pixel += 3) {
    chw[i] = red[pixel[0]];
    chw[i + plane] = green[pixel[1]];
    chw[i + 2 * plane] = blue[pixel[2]];
  }
}

}  // namespace reidbench
