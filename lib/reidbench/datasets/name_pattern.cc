#include "reidbench/datasets/name_pattern.h"

#include <algorithm>
#include <array>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr std::array<std::string_view, 9> kImageExtensions = {
    ".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"};
// 18 digits always fit an int64_t.
constexpr size_t kMostDigits = 18;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t CountDigits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
}

// Length of the image extension at the end, 0 if there is none.
size_t ExtensionLength(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return 0;
  const std::string extension = ToLower(name.substr(dot));
  return std::find(kImageExtensions.begin(), kImageExtensions.end(), extension) ==
                 kImageExtensions.end()
             ? 0
             : extension.size();
}

}  // namespace

NamePattern::NamePattern(std::string_view pattern) : text_(pattern) {
  bool after_digits = false;
  for (size_t i = 0; i < pattern.size();) {
    if (!tokens_.empty() && tokens_.back().kind == Kind::kRest) {
      ThrowConfig("file-name pattern '{}': '*' is allowed only at the end", pattern);
    }
    if (pattern[i] == '*') {
      tokens_.push_back({Kind::kRest, ""});
      ++i;
      continue;
    }
    if (pattern[i] == '{') {
      const size_t close = pattern.find('}', i);
      const std::string_view field =
          pattern.substr(i, close == std::string_view::npos ? close : close - i + 1);
      Kind kind = Kind::kNumber;
      if (field == "{person}") {
        kind = Kind::kPerson;
        has_person_ = true;
      } else if (field == "{camera}") {
        if (has_camera_) ThrowConfig("file-name pattern '{}': {{camera}} is given twice", pattern);
        kind = Kind::kCamera;
        has_camera_ = true;
      } else if (field != "{number}") {
        ThrowConfig(
            "file-name pattern '{}': unknown field '{}'; known: {{person}}, {{camera}}, {{number}}",
            pattern, field);
      }
      if (after_digits) {
        ThrowConfig(
            "file-name pattern '{}': '{}' directly follows another number: where does it begin?",
            pattern, field);
      }
      tokens_.push_back({kind, ""});
      after_digits = true;
      i += field.size();
      continue;
    }
    if (pattern[i] == '}') ThrowConfig("file-name pattern '{}': '}}' without '{{'", pattern);
    if (pattern[i] == '/')
      ThrowConfig("file-name pattern '{}': matches the file's name only, so it cannot hold '/'",
                  pattern);
    const size_t end = std::min(pattern.find_first_of("{}*/", i), pattern.size());
    const std::string_view literal = pattern.substr(i, end - i);
    if (after_digits && IsDigit(literal.front())) {
      ThrowConfig("file-name pattern '{}': a digit directly follows a number: where does that end?",
                  pattern);
    }
    after_digits = IsDigit(literal.back());
    tokens_.push_back({Kind::kLiteral, std::string(literal)});
    i = end;
  }
  if (tokens_.empty())
    ThrowConfig(
        "file-name pattern is empty; as an example, Market-1501's is {{person}}_c{{camera}}s*");
}

std::optional<NamePattern::Match> NamePattern::Parse(std::string_view base_name) const {
  std::string_view rest = StripImageExtensions(base_name);
  Match match;
  std::string person_digits;
  for (const Token& token : tokens_) {
    if (token.kind == Kind::kRest) {
      rest = {};
      break;
    }
    if (token.kind == Kind::kLiteral) {
      if (!rest.starts_with(token.literal)) return std::nullopt;
      rest.remove_prefix(token.literal.size());
      continue;
    }
    std::string_view sign;
    if (token.kind == Kind::kPerson && person_digits.empty() && rest.starts_with('-'))
      sign = rest.substr(0, 1);
    const size_t count = CountDigits(rest.substr(sign.size()));
    if (count == 0 || count > kMostDigits) return std::nullopt;
    const std::string_view number = rest.substr(0, sign.size() + count);
    rest.remove_prefix(number.size());
    if (token.kind == Kind::kPerson) person_digits += number;
    if (token.kind == Kind::kCamera) match.camera = ParseInt(number);
  }
  if (!rest.empty()) return std::nullopt;
  if (has_person_) {
    if (person_digits.size() > kMostDigits + 1) return std::nullopt;
    match.person = ParseInt(person_digits);
    if (!match.person) return std::nullopt;
  }
  return match;
}

std::string_view BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool IsImageName(std::string_view base_name) {
  return !base_name.starts_with('.') && ExtensionLength(base_name) > 0;
}

std::string_view StripImageExtensions(std::string_view base_name) {
  while (const size_t length = ExtensionLength(base_name)) base_name.remove_suffix(length);
  return base_name;
}

std::optional<int64_t> FindCameraInName(std::string_view base_name) {
  const std::string stem = ToLower(StripImageExtensions(base_name));
  for (size_t begin = 0; begin < stem.size();) {
    std::string_view part = std::string_view(stem).substr(begin);
    part = part.substr(0, part.find_first_of("_-"));
    begin += part.size() + 1;
    if (!part.starts_with('c')) continue;
    part.remove_prefix(part.starts_with("camera") ? 6 : part.starts_with("cam") ? 3 : 1);
    const size_t count = CountDigits(part);
    if (count == 0 || count > 6) continue;
    // "c3" or "c3s1" (Market-1501's sequence number), but not "c3po".
    const std::string_view after = part.substr(count);
    const bool sequence =
        after.size() > 1 && after[0] == 's' && CountDigits(after.substr(1)) == after.size() - 1;
    if (after.empty() || sequence) return ParseInt(part.substr(0, count));
  }
  return std::nullopt;
}

}  // namespace reidbench
