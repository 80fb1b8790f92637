// File-name patterns of re-ID data sets, as datasets/*.yaml write them:
// "{person}_c{camera}s{number}_{number}_{number}". A name is matched without its folder (torchreid
// searches the whole path, so that a parent folder called "2024_c1" changes the labels) and without
// its image extension, doubled or not (Market-1501 has 24 files that end in ".jpg.jpg").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

// The language:
//   {person}  decimal digits, '-' allowed in front; several {person} fields are joined digit by
//   digit ("1_001" is 1001) {camera}  decimal digits {number}  decimal digits that mean nothing
//   here
//   *         anything, also nothing; only at the end
// Every other character stands for itself. A pattern has to match the whole name.
class NamePattern {
 public:
  struct Match {
    std::optional<int64_t>
        person;  // as written, -1 and 0 included; absent if the pattern has no {person}
    std::optional<int64_t> camera;
  };

  // Throws Error(kConfig) when the pattern is wrong or ambiguous ("{person}{camera}").
  explicit NamePattern(std::string_view pattern);

  const std::string& text() const { return text_; }
  bool has_person() const { return has_person_; }
  bool has_camera() const { return has_camera_; }

  // `base_name` is a file name without folder. nullopt when it does not fit.
  std::optional<Match> Parse(std::string_view base_name) const;

 private:
  enum class Kind { kLiteral, kPerson, kCamera, kNumber, kRest };
  struct Token {
    Kind kind;
    std::string literal;
  };

  std::string text_;
  std::vector<Token> tokens_;
  bool has_person_ = false;
  bool has_camera_ = false;
};

// "a/b/c.jpg" -> "c.jpg"
std::string_view BaseName(std::string_view path);
// Whether the name ends in the extension of an image format, in any case. Hidden files
// ("._0001.jpg") are no images.
bool IsImageName(std::string_view base_name);
// "x.jpg.jpg" -> "x"
std::string_view StripImageExtensions(std::string_view base_name);

// For data sets of the user's own: the camera in "0001_c3.jpg", "c3_0001.jpg", "0001_c3s1_07.jpg"
// or "0001_cam3.jpg". The first such part counts; nullopt if there is none.
std::optional<int64_t> FindCameraInName(std::string_view base_name);

}  // namespace reidbench
