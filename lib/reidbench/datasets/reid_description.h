// What a re-ID data set is: the content of datasets/<name>.yaml. datasets/README.md documents the
// keys; a data set of a known shape is added by writing such a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/config/node.h"
#include "reidbench/core/embedding_set.h"
#include "reidbench/datasets/name_pattern.h"

namespace reidbench {

// One way in which a data set lies on disk.
struct ReidLayout {
  enum class Kind {
    kFolders,    // a folder per split, labels in the file names
    kLists,      // a "path person" list per split beside a folder per split (MSMT17)
    kSplitFile,  // torchreid's JSON of splits beside folders of images (CUHK03, VIPeR)
  };
  struct Part {
    Split split = Split::kNone;
    std::string folder;         // relative to the root
    std::string list;           // kLists: file of the list
    int64_t person_offset = 0;  // added to the person, so that 0 stays free for distractors and no
                                // two persons share a number
  };

  Kind kind = Kind::kFolders;
  NamePattern names;
  std::vector<Part> parts;           // kFolders and kLists, in the order of Split
  std::string split_file;            // kSplitFile
  std::vector<std::string> folders;  // kSplitFile: where the images lie
  int64_t person_offset = 0;         // kSplitFile
  int64_t camera_offset = 0;  // kSplitFile: added to the file's camera where the names have none
  std::string when_missing;   // advice when the layout is not complete
};

// A published figure.
struct ReidOfficialCount {
  std::vector<Split> splits;           // counted together
  bool with_500k = false;              // holds with the +500K distractors, otherwise without them
  bool verified = true;                // false: from memory, a difference is only noted
  std::optional<int64_t> images;       // used ones: distractors yes, junk no
  std::optional<int64_t> persons;      // without the distractors' 0
  std::optional<int64_t> distractors;  // images of person 0
  std::optional<int64_t> junk;         // dropped images
};

struct ReidDescription {
  std::string name;  // the file's stem
  std::string title;
  std::vector<ReidLayout> layouts;
  std::vector<int64_t> junk_persons;                   // as in the names: dropped and counted
  std::vector<int64_t> distractor_persons;             // as in the names: become person 0
  std::optional<std::pair<int64_t, int64_t>> cameras;  // first and last, as in the names
  std::string folder_500k;                             // "" where there is no such extension
  std::vector<std::pair<std::string, std::string>>
      instead;  // (folder that only another data set has, that data set)
  std::vector<ReidOfficialCount> official;
  std::string official_source;
  std::string get;  // how to get it
  std::string licence;
  std::string citation;
};

// Throws Error(kConfig) with all errors of the file. `name` is the data set's.
ReidDescription ParseReidDescription(const ConfigNode& root, const std::string& name);

// `name` is a file of datasets/, without ".yaml", or the path of such a file elsewhere (it ends in
// ".yaml"). Throws Error(kUsage) for an unknown name, Error(kConfig), Error(kIo).
ReidDescription LoadReidDescription(const std::string& name);

// Stems of the datasets/*.yaml that describe re-ID data sets, sorted. Files that are no YAML are
// left out.
std::vector<std::string> DescribedReidDatasets();

// All but `name`, for hints that it was confused with another. Wrong files are left out.
std::vector<ReidDescription> OtherReidDescriptions(const std::string& name);

}  // namespace reidbench
