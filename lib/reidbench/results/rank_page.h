// `reidbench rank --html`: a report page of a ranking, with the best, median and worst queries as
// pictures where the images are at hand.
#pragma once

#include <filesystem>
#include <string>

#include "reidbench/results/rank.h"

namespace reidbench {

struct RankPageOptions {
  // Folder that the paths of the feature files lie in (the data set's root, or a sequence of which
  // crops were extracted); empty: no pictures.
  std::filesystem::path images;
  int queries_of_a_kind = 9;  // of each: worst, median, best
  // Upper limit of all pictures together, bytes of the page.
  size_t max_picture_bytes = size_t{3} << 20;
};

// Ranked lists are as long as RankStageResult::options.top_k. Missing images are told by a note in
// the page.
std::string RenderRankPage(const RankStageResult& result, const RankPageOptions& options);

// {"queries": [{"kind": "worst", "path", "ap", ..., "top": [...]}], "pictures": {PATH: URI},
// "note": text}
std::string RenderRankedQueries(const RankStageResult& result, const RankPageOptions& options);

}  // namespace reidbench
