#include "reidbench/formats/decimal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

namespace reidbench {
namespace {

__extension__ using Wide = __int128;

constexpr int kMostDigits = 37;  // of a Wide, so that a sum of two fits

struct Decimal {
  Wide mantissa = 0;  // of at most kMostDigits digits
  int exponent = 0;   // of ten
};

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal number;
  size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) ++at;
  int digits = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      if (digits > 0 || c != '0') ++digits;
      if (digits > kMostDigits) return std::nullopt;
      number.mantissa = number.mantissa * 10 + (c - '0');
      if (point) --number.exponent;
    } else {
      break;
    }
  }
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    std::string_view power = text.substr(at + 1);
    if (!power.empty() && power[0] == '+') power.remove_prefix(1);
    int exponent = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (error != std::errc{} || end != power.data() + power.size() || std::abs(exponent) > 400)
      return std::nullopt;
    number.exponent += exponent;
  }
  if (negative) number.mantissa = -number.mantissa;
  return number;
}

int CountDigits(Wide value) {
  int digits = 0;
  for (; value != 0; value /= 10) ++digits;
  return digits;
}

bool ScaleTo(int exponent, Decimal* number) {
  const int shift = number->exponent - exponent;
  if (number->mantissa != 0 && CountDigits(number->mantissa) + shift > kMostDigits) return false;
  for (int i = 0; i < shift && number->mantissa != 0; ++i) number->mantissa *= 10;
  number->exponent = exponent;
  return true;
}

std::optional<Decimal> AddDecimals(std::optional<Decimal> a, std::optional<Decimal> b) {
  if (!a || !b) return std::nullopt;
  const int exponent = std::min(a->exponent, b->exponent);
  if (!ScaleTo(exponent, &*a) || !ScaleTo(exponent, &*b)) return std::nullopt;
  return Decimal{a->mantissa + b->mantissa, exponent};
}

std::string DigitsOf(Wide mantissa) {
  std::string digits;
  for (; mantissa != 0; mantissa /= 10)
    digits += static_cast<char>('0' + static_cast<int>(mantissa % 10));
  std::reverse(digits.begin(), digits.end());
  return digits;
}

void AppendDecimal(Decimal number, std::string* out) {
  if (number.mantissa == 0) {
    *out += '0';
    return;
  }
  if (number.mantissa < 0) *out += '-';
  while (number.mantissa % 10 == 0) {
    number.mantissa /= 10;
    ++number.exponent;
  }
  std::string digits = DigitsOf(number.mantissa < 0 ? -number.mantissa : number.mantissa);
  const int size = static_cast<int>(digits.size());
  if (number.exponent > 16 || number.exponent < -kMostDigits) {
    *out += digits + fmt::format("e{}", number.exponent);
    return;
  }
  if (number.exponent >= 0) {
    digits.append(static_cast<size_t>(number.exponent), '0');
  } else if (-number.exponent >= size) {
    digits.insert(0, "0." + std::string(static_cast<size_t>(-number.exponent - size), '0'));
  } else {
    digits.insert(static_cast<size_t>(size + number.exponent), 1, '.');
  }
  *out += digits;
}

}  // namespace

void AppendShortest(double value, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "{}", value);
}

void AppendDecimalSum(double a, double b, std::string* out) {
  // Whole numbers below 2^51 add up exactly as doubles: most boxes.
  constexpr double kExact = 2251799813685248.0;
  if (a == std::floor(a) && b == std::floor(b) && std::abs(a) < kExact && std::abs(b) < kExact)
    return AppendShortest(a + b, out);
  std::string text_a, text_b;
  AppendShortest(a, &text_a);
  AppendShortest(b, &text_b);
  const std::optional<Decimal> sum = AddDecimals(ParseDecimal(text_a), ParseDecimal(text_b));
  if (sum) {
    AppendDecimal(*sum, out);
  } else {
    AppendShortest(a + b, out);
  }
}

double DecimalDifference(std::string_view a, std::string_view b, double value_a, double value_b) {
  std::optional<Decimal> minus = ParseDecimal(b);
  if (minus) minus->mantissa = -minus->mantissa;
  const std::optional<Decimal> difference = AddDecimals(ParseDecimal(a), minus);
  if (!difference) return value_a - value_b;
  std::string text;
  AppendDecimal(*difference, &text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : value_a - value_b;
}

}  // namespace reidbench
