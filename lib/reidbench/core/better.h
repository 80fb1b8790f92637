// Which way a number is better, for what orders, marks and judges numbers.
#pragma once

namespace reidbench {

enum class Better { kNone, kHigher, kLower };

}  // namespace reidbench
