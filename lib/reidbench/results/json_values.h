// What cannot be computed is null in every JSON file of reidbench: never 0, never NaN.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace reidbench {

template <typename T>
nlohmann::ordered_json OrNull(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace reidbench
