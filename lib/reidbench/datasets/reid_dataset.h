// Re-identification data sets as one list of images, whatever their folders and file names look
// like. What each data set is stands in datasets/<name>.yaml: layout, naming, official counts.
// Rules follow torchreid's data set classes, except where those are known to go wrong (labels
// searched in the whole path, unsorted listings).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/core/embedding_set.h"
#include "reidbench/core/ids.h"

namespace reidbench {

struct ReidImage {
  std::string path;  // relative to the root, '/' separated, as stored in feature files
  PersonId person{0};
  CameraId camera{0};
  Split split = Split::kNone;
};

inline constexpr size_t kSplitCount = 5;

struct ReidDataset {
  std::string name;  // "market1501", ...
  std::filesystem::path root;
  std::vector<ReidImage>
      images;  // by split (train, val, query, gallery, none), within it in the data set's own
               // order: sorted by name where folders are read, the list's order where lists are
  int64_t junk_images = 0;  // seen and dropped (Market-1501: person -1)
  std::string
      fingerprint;  // SHA-256 over (path, person, camera, split) of all images: see ReidFingerprint

  std::string
      description;  // file of datasets/ or YAML file it was loaded with; "" for "folder" and "list"
  std::vector<Split> splits;  // those asked for, in order, whether they hold images or not
  bool distractors_500k = false;
  std::array<int64_t, kSplitCount> junk_by_split{};  // by the number of Split; sums to junk_images
  int64_t ignored_files = 0;   // beside the images and no image by name: Thumbs.db, hidden files
  int64_t deeper_images = 0;   // not read: in a folder below one that holds images
  std::string deeper_example;  // the first of them, relative to the root
  std::vector<std::string> ignored_folders;  // "folder": train_all, multi-query
  int64_t images_without_camera =
      0;  // "folder" and "list": the name or the row has no camera, which is then 0
};

struct ReidDatasetOptions {
  std::string name = "market1501";  // a file of datasets/, or "folder", or "list", or the path of a
                                    // YAML file like those of datasets/ (it ends in ".yaml")
  std::filesystem::path root = {};
  std::filesystem::path list_file = {};  // for "list"; an empty root is then the list's folder
  int split_index = 0;                   // for data sets with several published splits (VIPeR)
  bool distractors_500k = false;  // Market-1501: add root/images (+500K) to the gallery as person 0
  std::vector<Split> splits = {};  // which to load; empty = all
};

// Names of datasets/*.yaml plus "folder" and "list".
std::vector<std::string> KnownReidDatasets();

// "folder": one folder per person, root/<person>/*.jpg, or
// root/<train|val|query|gallery>/<person>/*.jpg. Folder names that are all whole numbers from 1 on
// are the persons; otherwise persons are numbered from 1 in the byte order of all folder names. A
// folder called "distractors" is person 0, one called "junk" is dropped; where all folders are
// whole numbers so are "0000", if only the gallery has it, and "-1", as layumi's copy of
// Market-1501 has them (whose train_all and multi-query are left out). The camera is read from the
// file name (FindCameraInName), 0 if there is none. Folders of cameras in place of persons are
// refused. "list": a CSV or JSON list (ParseImageList). Paths are relative to the root and may not
// lead out of it.
//
// Throws Error(kUsage) for an unknown name, Error(kIo) for a missing folder (with a hint when the
// folder looks one level too high or too low, or is another data set's), Error(kInput) naming the
// first file whose name does not parse and how many there are, a listed file that does not exist,
// or an image listed twice in one split.
ReidDataset LoadReidDataset(const ReidDatasetOptions& options);

// SHA-256 over one line per image, in order: path, person, camera and the split's number, separated
// by tabs, ended by a line feed.
std::string ReidFingerprint(const std::vector<ReidImage>& images);

}  // namespace reidbench
