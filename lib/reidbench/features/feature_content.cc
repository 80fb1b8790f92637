#include "reidbench/features/feature_content.h"

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {

void LoadLabels(const ColumnSource& source, const std::string& file, bool required,
                FeatureContent* content) {
  const auto n = static_cast<uint64_t>(content->rows);
  FeatureLabels& labels = content->labels;
  // Either kind of labels must be whole.
  const bool tracks = source.Has("track_id") || source.Has("frame");
  const bool persons = source.Has("person_id") || source.Has("camera_id") || source.Has("split");
  const auto require = [&](const char* column) {
    if (source.Has(column)) return;
    ThrowInput("{}: no {}: expected one of shape [{}]", file, source.Name(column), n);
  };
  if (persons || (required && !tracks)) {
    for (const char* column : {"person_id", "camera_id", "split"}) require(column);
  }
  if (tracks) {
    for (const char* column : {"frame", "track_id"}) require(column);
  }
  const auto read_ids = [&](const char* column, auto* ids) {
    if (!source.Has(column)) return;
    const std::vector<int64_t> values = source.Integers(column, n);
    ids->reserve(values.size());
    for (const int64_t value : values) ids->emplace_back(value);
  };
  read_ids("person_id", &labels.person_id);
  read_ids("camera_id", &labels.camera_id);
  read_ids("frame", &labels.frame);
  read_ids("track_id", &labels.track_id);
  if (source.Has("split")) {
    labels.split.reserve(n);
    const auto add = [&](std::optional<Split> value, const auto& found) {
      if (!value) {
        ThrowInput("{}: {}: row {}: {}, expected 0 train, 1 val, 2 query, 3 gallery or 4 none",
                   file, source.Name("split"), labels.split.size(), found);
      }
      labels.split.push_back(*value);
    };
    if (source.IsText("split")) {
      for (const std::string& text : source.Strings("split", n)) add(ParseSplit(text), text);
    } else {
      for (const int64_t value : source.Integers("split", n)) {
        const bool known = value >= 0 && value < static_cast<int64_t>(kFeatureSplits.size());
        add(known ? std::optional(kFeatureSplits[static_cast<size_t>(value)]) : std::nullopt,
            value);
      }
    }
  }
  if (source.Has("path")) labels.path = source.Strings("path", n);
  if (source.Has("box_ltwh")) {
    const std::vector<double> boxes = source.Doubles("box_ltwh", n, 4);
    for (size_t i = 0; i < boxes.size(); i += 4) {
      labels.box_ltwh.push_back({boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]});
    }
  }
}

}  // namespace reidbench
