// Sums of the decimal numbers that texts hold, exact to the last digit: the right edge of a box at
// 0.1 that is 0.2 wide is written 0.3, and read back the box is 0.2 wide, not 0.19999999999999998.
#pragma once

#include <string>
#include <string_view>

namespace reidbench {

// The shortest text that reads back as `value`, which is finite.
void AppendShortest(double value, std::string* out);

// The exact decimal sum of the shortest texts of both. Where that has more than 37 digits, the
// shortest text of their sum as doubles.
void AppendDecimalSum(double a, double b, std::string* out);

// The double that is nearest to the exact decimal difference a - b of two texts of numbers
// (`value_a` and `value_b` are what they parse to), or the difference of the doubles where the
// exact one has more than 37 digits.
double DecimalDifference(std::string_view a, std::string_view b, double value_a, double value_b);

}  // namespace reidbench
