// report.html of a run: run.json as the page wants it, with the pictures and the evidence that lie
// beside it in the artifacts of the run's stages.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "reidbench/results/json_values.h"

namespace reidbench {

// Files of artifacts that only the report page wants: of `rank`, `compare` and `relink`.
inline constexpr const char* kRankedFile = "ranked.json";
inline constexpr const char* kPicturesFile = "pictures.json";
inline constexpr const char* kDecisionsFile = "corrected/decisions.json";

struct RunPageOptions {
  // The folder of the artifact whose result went into this slot of the record's results
  // ("/tracking/0/corrections/0/compare"); empty: none, or not finished. Without it the page has
  // neither pictures nor evidence.
  std::function<std::filesystem::path(const std::string& slot)> artifact_of = nullptr;
  // Of switches, time lines, evidence and pictures of all comparisons together, bytes of the page.
  // Comparisons with the best corrected score (`select`) come first; what no longer fits is left
  // out, and the page says so.
  size_t max_detail_bytes = size_t{18} << 20;
  std::string select = "HOTA";
};

// The page's data are those of `record`: numbers are the same, to the last digit. Left out is what
// the page does not show (command lines, tables of `track`, `score` and `relink`, boxes of
// switches); lists of like objects are written as columns and rows.
std::string RenderRunPage(const Json& record, const RunPageOptions& options);

}  // namespace reidbench
