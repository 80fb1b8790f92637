#include "reidbench/retrieval/pictures.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace reidbench {

PictureNumbers NumberPictures(std::span<const std::string> query,
                              std::span<const std::string> gallery) {
  std::unordered_map<std::string_view, int32_t> number;
  number.reserve(query.size());
  PictureNumbers numbers;
  const auto number_of = [&](const std::string& name) {
    return number.try_emplace(name, static_cast<int32_t>(number.size())).first->second;
  };
  for (const std::string& name : query) numbers.query.push_back(number_of(name));
  const auto is_query = [&](const std::string& name) { return number.contains(name); };
  if (std::none_of(gallery.begin(), gallery.end(), is_query)) return {};
  for (const std::string& name : gallery) numbers.gallery.push_back(number_of(name));
  return numbers;
}

std::vector<int32_t> FirstOfPicture(std::span<const int32_t> query,
                                    std::span<const int32_t> gallery) {
  std::unordered_map<int32_t, int32_t> first;
  std::vector<int32_t> rows;
  for (const std::span<const int32_t> numbers : {query, gallery}) {
    for (const int32_t number : numbers) {
      const auto row = static_cast<int32_t>(rows.size());
      rows.push_back(first.try_emplace(number, row).first->second);
    }
  }
  return rows;
}

}  // namespace reidbench
