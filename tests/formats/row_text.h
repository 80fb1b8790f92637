// Rows of a table as text, for expectations that a reader can check by eye.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "reidbench/formats/box_table.h"

namespace reidbench {

// "S 3 id=7 1:car [10 20 30 40] score=0.5 mark=1 visibility=0.25 occluded=2 truncated=1 alpha=0.1";
// what is none is left out.
inline std::string RowText(const BoxTable& table, size_t i) {
  const BoxRow& row = table.rows[i];
  std::string text =
      fmt::format("{} {}", table.sequences[static_cast<size_t>(row.sequence)].name, row.frame);
  if (row.track_id != kNoTrack) text += fmt::format(" id={}", row.track_id);
  if (row.box_class != kNoClass) {
    const BoxClass& box_class = table.classes[static_cast<size_t>(row.box_class)];
    text += box_class.number >= 0 ? fmt::format(" {}:{}", box_class.number, box_class.name)
                                  : " " + box_class.name;
  }
  text += fmt::format(" [{} {} {} {}]", row.box.left, row.box.top, row.box.width, row.box.height);
  const auto value = [&](const char* name, double number) {
    if (HasValue(number)) text += fmt::format(" {}={}", name, number);
  };
  value("score", row.score);
  if (row.mark >= 0) value("mark", row.mark);
  value("visibility", row.visibility);
  value("occluded", row.occluded);
  value("truncated", row.truncated);
  for (const ExtraColumn& extra : table.extras) {
    if (i >= extra.values.size() || !HasValue(extra.values[i])) continue;
    if (extra.words.empty()) {
      value(extra.name.c_str(), extra.values[i]);
    } else {
      text += fmt::format(" {}={}", extra.name, extra.words[static_cast<size_t>(extra.values[i])]);
    }
  }
  return text;
}

inline std::vector<std::string> RowTexts(const BoxTable& table) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < table.rows.size(); ++i) texts.push_back(RowText(table, i));
  return texts;
}

}  // namespace reidbench
