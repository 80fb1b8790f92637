// Image lists of re-ID data sets as text: CSV and JSON of the user's own, MSMT17's "path pid"
// lines, and the split files that torchreid writes for CUHK03 and VIPeR. Only the text is read
// here; files are not touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/embedding_set.h"

namespace reidbench {

struct ListedImage {
  std::string path;  // as written
  int64_t person = 0;
  std::optional<int64_t> camera;
  Split split = Split::kNone;
  int64_t line = 0;  // from 1; of JSON the entry's number, from 1
};

// CSV with a header that names at least path and person, and optionally camera and split, in any
// order; other columns are ignored. Quoted fields (RFC 4180), a byte order mark, CR LF, and ';' or
// tab in place of ',' are understood. Or, when the text begins with '[', a JSON array of objects
// with the same keys. `source` appears in messages. Throws Error(kInput) naming the first wrong
// line or entry, and how many are wrong.
std::vector<ListedImage> ParseImageList(std::string_view text, std::string_view source);

// MSMT17: one "path person" a line; blank lines are skipped. The split is left kNone. Throws
// Error(kInput).
std::vector<ListedImage> ParsePathPersonLines(std::string_view text, std::string_view source);

// torchreid's split file: an array of objects whose "train", "query" and "gallery" are arrays of
// [path, person, camera]; other keys are ignored. Returns the images of split `index`. Throws
// Error(kUsage) when there is no such split, Error(kInput) when the file is malformed.
std::vector<ListedImage> ParseTorchreidSplits(std::string_view text, std::string_view source,
                                              int index);

// "./a//b/../c.jpg" -> "a/c.jpg". An absolute path below `root` is made relative to it. nullopt
// when the path leaves the root or names the root itself: feature files and fingerprints hold paths
// that mean the same on every machine.
std::optional<std::string> NormalizeListedPath(std::string_view path, std::string_view root);

}  // namespace reidbench
