#include "reidbench/datasets/reid_description.h"

#include <algorithm>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// A folder or file below the root; what a description says must not lead out of it.
void CheckRelative(ConfigReader* reader, std::string_view key, const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  if (path.empty() || normal.is_absolute() || normal.begin() == normal.end() ||
      *normal.begin() == "..") {
    reader->AddError(key, "expected a path below the data set's folder");
  }
}

std::vector<Split> ReadSplits(ConfigReader* reader, std::string_view key) {
  std::vector<std::string> names;
  reader->Require(key, &names);
  std::vector<Split> splits;
  for (const std::string& name : names) {
    if (const auto split = ParseSplit(name)) {
      splits.push_back(*split);
    } else {
      reader->AddError(
          key, fmt::format("'{}' is not a split; known: train, val, query, gallery, none", name));
    }
  }
  if (names.empty()) reader->AddError(key, "names no split");
  return splits;
}

std::vector<ReidLayout::Part> ReadParts(ConfigReader* layout, ReidLayout::Kind kind) {
  std::vector<ReidLayout::Part> parts;
  ConfigReader splits = layout->RequireSection("splits");
  for (auto& [name, reader] : splits.NamedSections()) {
    ReidLayout::Part part;
    const auto split = ParseSplit(name);
    if (!split) {
      splits.AddError(name, "is not a split; known: train, val, query, gallery, none");
      for (const std::string_view key : {"folder", "list", "person_offset"}) reader.Take(key);
      continue;
    }
    part.split = *split;
    if (reader.Require("folder", &part.folder)) CheckRelative(&reader, "folder", part.folder);
    if (kind == ReidLayout::Kind::kLists && reader.Require("list", &part.list)) {
      CheckRelative(&reader, "list", part.list);
    }
    reader.Read("person_offset", &part.person_offset, Between(0, 1e9));
    parts.push_back(std::move(part));
  }
  std::sort(parts.begin(), parts.end(),
            [](const auto& a, const auto& b) { return a.split < b.split; });
  return parts;
}

std::optional<NamePattern> ReadNames(ConfigReader* reader) {
  std::string text;
  if (!reader->Require("names", &text)) return std::nullopt;
  try {
    return NamePattern(text);
  } catch (const Error& error) {
    reader->AddError("names", error.what());
    return std::nullopt;
  }
}

ReidLayout ReadLayout(ConfigReader* reader) {
  const std::optional<NamePattern> names = ReadNames(reader);
  // After an error, which Finish() reports, anything stands in.
  ReidLayout layout{.kind = ReidLayout::Kind::kFolders,
                    .names = names.value_or(NamePattern("{person}_{camera}")),
                    .parts = {},
                    .split_file = {},
                    .folders = {},
                    .person_offset = 0,
                    .camera_offset = 0,
                    .when_missing = {}};
  reader->ReadChoice("kind", &layout.kind,
                     {{"folders", ReidLayout::Kind::kFolders},
                      {"lists", ReidLayout::Kind::kLists},
                      {"split_file", ReidLayout::Kind::kSplitFile}});
  reader->Read("when_missing", &layout.when_missing);
  const bool names_hold_all = layout.names.has_person() && layout.names.has_camera();
  if (layout.kind == ReidLayout::Kind::kSplitFile) {
    if (reader->Require("file", &layout.split_file))
      CheckRelative(reader, "file", layout.split_file);
    reader->Require("folders", &layout.folders);
    for (const std::string& folder : layout.folders) CheckRelative(reader, "folders", folder);
    reader->Read("person_offset", &layout.person_offset, Between(0, 1e9));
    reader->Read("camera_offset", &layout.camera_offset, Between(0, 1e9));
    if (!layout.names.has_person()) reader->AddError("names", "has no {person}");
    return layout;
  }
  layout.parts = ReadParts(reader, layout.kind);
  if (layout.kind == ReidLayout::Kind::kFolders && !names_hold_all) {
    reader->AddError("names", "needs {person} and {camera}");
  }
  if (layout.kind == ReidLayout::Kind::kLists && !layout.names.has_camera())
    reader->AddError("names", "needs {camera}");
  return layout;
}

ReidOfficialCount ReadCount(ConfigReader* reader) {
  ReidOfficialCount count;
  count.splits = ReadSplits(reader, "splits");
  reader->Read("with_500k", &count.with_500k);
  reader->Read("verified", &count.verified);
  reader->Read("images", &count.images, AtLeast(0));
  reader->Read("persons", &count.persons, AtLeast(0));
  reader->Read("distractors", &count.distractors, AtLeast(0));
  reader->Read("junk", &count.junk, AtLeast(0));
  return count;
}

bool IsReidDescription(const ConfigNode& root) {
  const ConfigNode* kind = root.Find("kind");
  return kind != nullptr && kind->IsScalar() && kind->text == "reid";
}

}  // namespace

ReidDescription ParseReidDescription(const ConfigNode& root, const std::string& name) {
  ReidDescription description;
  description.name = name;
  ConfigReader reader(root);
  std::string kind;
  if (reader.Require("kind", &kind) && kind != "reid") {
    reader.AddError("kind", "expected 'reid'; this file describes another sort of data");
  }
  reader.Require("title", &description.title);
  for (ConfigReader& layout : reader.Sections("layouts"))
    description.layouts.push_back(ReadLayout(&layout));
  if (description.layouts.empty()) reader.AddError("layouts", "expected at least one layout");
  reader.Read("junk_persons", &description.junk_persons);
  reader.Read("distractor_persons", &description.distractor_persons);
  std::vector<int64_t> cameras;
  if (reader.Read("cameras", &cameras, AtLeast(0))) {
    if (cameras.size() == 2 && cameras[0] <= cameras[1]) {
      description.cameras = {cameras[0], cameras[1]};
    } else {
      reader.AddError("cameras", "expected [first, last]");
    }
  }
  if (reader.Read("folder_500k", &description.folder_500k)) {
    CheckRelative(&reader, "folder_500k", description.folder_500k);
  }
  for (ConfigReader& other : reader.Sections("instead")) {
    auto& [folder, dataset] = description.instead.emplace_back();
    other.Require("when", &folder);
    other.Require("use", &dataset);
  }
  ConfigReader official = reader.Section("official");
  official.Read("source", &description.official_source);
  for (ConfigReader& count : official.Sections("counts"))
    description.official.push_back(ReadCount(&count));
  reader.Read("get", &description.get);
  reader.Read("licence", &description.licence);
  reader.Read("citation", &description.citation);
  reader.Finish();
  return description;
}

ReidDescription LoadReidDescription(const std::string& name) {
  if (name.ends_with(".yaml")) {
    const fs::path path(name);
    return ParseReidDescription(LoadConfig(path), path.stem().string());
  }
  // Straight to the file: an error in another data set's file does not matter here.
  const std::vector<std::string> files = ListFileNames(DataDir() / "datasets");
  if (std::find(files.begin(), files.end(), name + ".yaml") == files.end()) {
    std::vector<std::string> all = DescribedReidDatasets();
    all.insert(all.end(), {"folder", "list"});
    ThrowUsage("data set '{}' is not known{}; datasets/README.md says how to describe another",
               name, SuggestName(name, all));
  }
  const ConfigNode root = LoadConfig(DataDir() / "datasets" / (name + ".yaml"));
  const ConfigNode* kind = root.Find("kind");
  if (kind != nullptr && kind->IsScalar() && kind->text != "reid") {
    ThrowUsage("data set '{}' is none of persons to re-identify: its kind is '{}'", name,
               kind->text);
  }
  return ParseReidDescription(root, name);
}

std::vector<std::string> DescribedReidDatasets() {
  const fs::path folder = DataDir() / "datasets";
  std::vector<std::string> names;
  for (const std::string& file : ListFileNames(folder)) {
    if (!file.ends_with(".yaml") || file.starts_with('.')) continue;
    try {
      if (IsReidDescription(LoadConfig(folder / file))) {
        names.push_back(file.substr(0, file.size() - 5));
      }
    } catch (const Error&) {
      // Reported when this data set is asked for, not to everybody else.
    }
  }
  return names;
}

std::vector<ReidDescription> OtherReidDescriptions(const std::string& name) {
  std::vector<ReidDescription> descriptions;
  for (const std::string& other : DescribedReidDatasets()) {
    if (other == name) continue;
    try {
      descriptions.push_back(LoadReidDescription(other));
    } catch (const Error&) {
    }
  }
  return descriptions;
}

}  // namespace reidbench
