// Re-identification data sets as one list of images, whatever their folders and file names look like. What each data set is
// stands in datasets/<name>.yaml: layout, naming, official counts.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/embedding_set.h"
#include "core/ids.h"

namespace reidbench {

struct ReidImage {
  std::string path;  // relative to the root, '/' separated, as stored in feature files
  PersonId person{0};
  CameraId camera{0};
  Split split = Split::kNone;
};

struct ReidDataset {
  std::string name;             // "market1501", ...
  std::filesystem::path root;
  std::vector<ReidImage> images;  // by split (train, val, query, gallery, none), within it in the data set's own order
  int64_t junk_images = 0;      // seen and dropped (Market-1501: person -1)
  std::string fingerprint;      // SHA-256 over (path, person, camera, split) of all images
};

struct ReidDatasetOptions {
  std::string name = "market1501";  // a file of datasets/, or "folder" (one folder per identity), or "list" (CSV or JSON)
  std::filesystem::path root;
  std::filesystem::path list_file;  // for "list"
  int split_index = 0;              // for data sets with several published splits (VIPeR)
  bool distractors_500k = false;    // Market-1501: add root/images (+500K) to the gallery as person 0
  std::vector<Split> splits;        // which to load; empty = all
};

// Names of datasets/*.yaml plus "folder" and "list".
std::vector<std::string> KnownReidDatasets();

// Throws Error(kUsage) for an unknown name, Error(kIo) for a missing folder (with a hint when the folder looks one level too
// high or too low), Error(kInput) naming the first file whose name does not parse and how many there are.
ReidDataset LoadReidDataset(const ReidDatasetOptions& options);

}  // namespace reidbench
