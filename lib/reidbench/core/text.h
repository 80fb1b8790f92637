// Small text helpers shared by parsers and error messages. Numbers are parsed strictly and without
// the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reidbench {

// Of UTF-8: what some editors put before the first character of a file.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view Trim(std::string_view text);
std::vector<std::string_view> SplitText(std::string_view text,
                                        char delimiter);  // keeps empty fields
bool StartsWith(std::string_view text, std::string_view prefix);
bool EndsWith(std::string_view text, std::string_view suffix);
std::string ToLower(std::string_view text);  // ASCII

// The whole text must be one number ("12 " and "1e" are not); nullopt otherwise, and on overflow. A
// leading '+' is accepted.
std::optional<int64_t> ParseInt(std::string_view text);
std::optional<double> ParseDouble(std::string_view text);

// The candidate nearest to `name` by edit distance, if one is near enough to be a typing slip; for
// "did you mean".
std::optional<std::string> NearestName(std::string_view name,
                                       std::span<const std::string> candidates);
// "; did you mean 'x'?" or, when nothing is near, "; known: a, b, c".
std::string SuggestName(std::string_view name, std::span<const std::string> candidates);

std::string JoinText(std::span<const std::string> parts, std::string_view separator);

// "1,234,567": counts in messages and tables.
std::string WithThousands(int64_t value);

}  // namespace reidbench
