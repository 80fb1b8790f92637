#include "reidbench/core/embedding_set.h"

namespace reidbench {

std::string_view SplitName(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kVal:
      return "val";
    case Split::kQuery:
      return "query";
    case Split::kGallery:
      return "gallery";
    case Split::kNone:
      return "none";
  }
  return "none";
}

std::optional<Split> ParseSplit(std::string_view name) {
  for (Split split : {Split::kTrain, Split::kVal, Split::kQuery, Split::kGallery, Split::kNone}) {
    if (name == SplitName(split)) return split;
  }
  return std::nullopt;
}

}  // namespace reidbench
