#include "reidbench/datasets/reid_dataset.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "reidbench/config/utf8.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/image_list.h"
#include "reidbench/datasets/name_pattern.h"
#include "reidbench/datasets/reid_description.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxListBytes = uintmax_t{512} << 20;
// How many folders are looked into for a hint.
constexpr size_t kMaxFoldersSearched = 500;

std::string ReadListFile(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (!error && size > kMaxListBytes) {
    ThrowInput("{}: {} bytes; an image list is smaller than {}", path.string(),
               WithThousands(static_cast<int64_t>(size)),
               WithThousands(static_cast<int64_t>(kMaxListBytes)));
  }
  return ReadFileText(path);
}

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// "a/b", without "./" and doubled slashes, so that the same image has the same path however the
// folder was written.
std::string JoinPath(std::string_view folder, std::string_view name) {
  const std::string joined =
      (fs::path(folder) / fs::path(name)).lexically_normal().generic_string();
  return joined;
}

bool Wanted(const ReidDatasetOptions& options, Split split) {
  return options.splits.empty() ||
         std::find(options.splits.begin(), options.splits.end(), split) != options.splits.end();
}

// Collects images and the counts of what is left out.
class Collector {
 public:
  Collector(ReidDataset* dataset, const ReidDescription* description)
      : dataset_(dataset), description_(description) {}

  // `person` is as written in the name or list; `offset` applies to neither junk nor distractors.
  // `place` is where a list names the image: "list.txt:2".
  void Add(std::string path, int64_t person, int64_t camera, Split split, int64_t offset,
           std::string place = "") {
    if (!IsPrintableUtf8(path)) {
      std::string shown = path;
      for (char& c : shown) c = c >= 0x20 && c < 0x7F ? c : '?';
      ThrowInput("{}: file name '{}' is not plain UTF-8 text; rename it", dataset_->root.string(),
                 shown);
    }
    if (Holds(&ReidDescription::junk_persons, person, -1)) {
      ++dataset_->junk_images;
      ++dataset_->junk_by_split[static_cast<size_t>(split)];
      return;
    }
    const bool distractor = Holds(&ReidDescription::distractor_persons, person, 0);
    if (!distractor && person + offset < 1) {
      ThrowInput("{}: person {}; persons of {} are numbered from {}",
                 (dataset_->root / path).string(), person, dataset_->name, 1 - offset);
    }
    dataset_->images.push_back(
        {std::move(path), PersonId(distractor ? 0 : person + offset), CameraId(camera), split});
    places_.push_back(std::move(place));
  }

  // Of each image added, in the order of the data set's before it is sorted.
  const std::vector<std::string>& places() const { return places_; }

 private:
  // Without a description, Market-1501's rule.
  bool Holds(std::vector<int64_t> ReidDescription::*list, int64_t person,
             int64_t by_default) const {
    if (description_ == nullptr) return person == by_default;
    const std::vector<int64_t>& persons = description_->*list;
    return std::find(persons.begin(), persons.end(), person) != persons.end();
  }

  ReidDataset* dataset_;
  const ReidDescription* description_;
  std::vector<std::string> places_;
};

// Names of the images directly in `folder` (relative to the root), sorted; everything else is
// counted. `others` are the folders that are read besides.
std::vector<std::string> ListImages(const std::string& folder,
                                    const std::vector<std::string>& others, ReidDataset* dataset) {
  const fs::path path = dataset->root / folder;
  std::vector<std::string> images;
  for (std::string& name : ListFileNames(path)) {
    if (IsImageName(name)) {
      images.push_back(std::move(name));
    } else {
      ++dataset->ignored_files;
    }
  }
  // One level is enough to say that something is amiss.
  for (const std::string& below : ListFolderNames(path)) {
    const std::string inner = JoinPath(folder, below);
    std::error_code ignored;
    if (below.starts_with('.') || fs::equivalent(path / below, path, ignored) ||
        std::any_of(others.begin(), others.end(), [&](const std::string& other) {
          return (other + "/").starts_with(inner + "/");
        })) {
      continue;
    }
    for (const std::string& name : ListFileNames(path / below)) {
      if (IsImageName(name) && dataset->deeper_images++ == 0)
        dataset->deeper_example = JoinPath(inner, name);
    }
  }
  return images;
}

// ---- described data sets: finding the layout ----

struct LayoutParts {
  size_t found = 0;
  std::vector<std::string> missing;  // relative to the root
};

// Which folders and files of the layout lie below `root`, of those that the splits asked for need.
LayoutParts FindParts(const ReidLayout& layout, const fs::path& root,
                      const ReidDatasetOptions& options) {
  std::vector<std::string> folders;
  std::vector<std::string> files;
  if (layout.kind == ReidLayout::Kind::kSplitFile) {
    files.push_back(layout.split_file);
    folders = layout.folders;
  }
  for (const ReidLayout::Part& part : layout.parts) {
    if (!Wanted(options, part.split)) continue;
    if (!part.list.empty()) files.push_back(part.list);
    if (std::find(folders.begin(), folders.end(), part.folder) == folders.end()) {
      folders.push_back(part.folder);
    }
  }
  LayoutParts parts;
  const auto sort_in = [&](const std::string& name, bool is_there) {
    if (is_there) {
      ++parts.found;
    } else {
      parts.missing.push_back(name);
    }
  };
  for (const std::string& file : files) {
    sort_in(file, Exists(root / file) && !IsFolder(root / file));
  }
  for (const std::string& folder : folders) sort_in(folder, IsFolder(root / folder));
  return parts;
}

const ReidLayout* FindLayout(const ReidDescription& description, const fs::path& root,
                             const ReidDatasetOptions& options) {
  for (const ReidLayout& layout : description.layouts) {
    if (FindParts(layout, root, options).missing.empty()) return &layout;
  }
  return nullptr;
}

std::vector<fs::path> SubFolders(const fs::path& folder) {
  std::vector<fs::path> paths;
  try {
    for (const std::string& name : ListFolderNames(folder)) {
      if (paths.size() >= kMaxFoldersSearched) break;
      paths.push_back(folder / name);
    }
  } catch (const Error&) {
    // No permission to look there: then there is no hint.
  }
  return paths;
}

std::string SomePart(const ReidLayout& layout) {
  return layout.kind == ReidLayout::Kind::kSplitFile ? layout.split_file
                                                     : layout.parts.front().folder;
}

// A folder near `root` that would do, as advice.
std::string SuggestFolder(const ReidDescription& description, const fs::path& root,
                          const ReidDatasetOptions& options) {
  const std::vector<fs::path> below = SubFolders(root);
  for (const fs::path& folder : below) {
    if (const ReidLayout* layout = FindLayout(description, folder, options)) {
      return fmt::format("the folder looks one level too high: {} has {}: use that",
                         folder.string(), SomePart(*layout));
    }
  }
  size_t searched = 0;
  for (const fs::path& folder : below) {
    for (const fs::path& inner : SubFolders(folder)) {
      if (++searched > kMaxFoldersSearched) break;
      if (const ReidLayout* layout = FindLayout(description, inner, options)) {
        return fmt::format("the folder looks two levels too high: {} has {}: use that",
                           inner.string(), SomePart(*layout));
      }
    }
  }
  std::error_code error;
  fs::path above = fs::absolute(root, error).lexically_normal();
  if (above.filename().empty()) above = above.parent_path();
  for (const std::string_view levels : {"one level", "two levels"}) {
    above = above.parent_path();
    if (error || above.empty()) break;
    if (const ReidLayout* layout = FindLayout(description, above, options)) {
      return fmt::format("the folder looks {} too low: {} has {}: use that", levels, above.string(),
                         SomePart(*layout));
    }
  }
  return "";
}

[[noreturn]] void ThrowNoLayout(const ReidDescription& description, const fs::path& root,
                                const ReidDatasetOptions& options) {
  for (const auto& [folder, other] : description.instead) {
    if (Exists(root / folder)) {
      ThrowIo(
          "{}: holds '{}', so this is {}, not {}; load it as data set '{}' (their numbers cannot "
          "be compared)",
          root.string(), folder, other, description.name, other);
    }
  }
  if (const std::string hint = SuggestFolder(description, root, options); !hint.empty()) {
    ThrowIo("{}: is not the folder of {}: {}", root.string(), description.title, hint);
  }
  // Explain by the layout of which most is there; the first of equals.
  const ReidLayout* nearest = &description.layouts.front();
  for (const ReidLayout& layout : description.layouts) {
    if (FindParts(layout, root, options).found > FindParts(*nearest, root, options).found)
      nearest = &layout;
  }
  const std::vector<std::string> missing = FindParts(*nearest, root, options).missing;
  if (!nearest->when_missing.empty() && missing.size() == 1) {
    ThrowIo("{}: {} is missing: {}", root.string(), missing.front(), nearest->when_missing);
  }
  std::vector<std::string> found;
  for (const fs::path& folder : SubFolders(root)) {
    if (found.size() == 8) {
      found.push_back("...");
      break;
    }
    found.push_back(folder.filename().string());
  }
  ThrowIo("{}: is not the folder of {}: missing: {}; its folders: {}{}{}", root.string(),
          description.title, JoinText(missing, ", "),
          found.empty() ? "none" : JoinText(found, ", "),
          description.get.empty() ? "" : "; how to get it: ", description.get);
}

// "a (1).jpg" and "a - Copy.jpg" -> "a"; "" where the name is no copy's.
std::string CopiedFrom(std::string_view file_name) {
  const std::string stem(StripImageExtensions(file_name));
  for (const std::string_view ending : {" - Copy", " copy"}) {
    if (EndsWith(stem, ending)) return stem.substr(0, stem.size() - ending.size());
  }
  const size_t open = stem.rfind(" (");
  if (open == std::string::npos || !EndsWith(stem, ")")) return "";
  return ParseInt(std::string_view(stem).substr(open + 2, stem.size() - open - 3))
             ? stem.substr(0, open)
             : "";
}

// What to do about a name that does not fit: the likeliest mix-up of those whose folders are there.
std::string SuggestByName(const std::string& file_name, const ReidLayout& own,
                          const std::string& loaded_as, const ReidDatasetOptions& options) {
  if (const std::string original = CopiedFrom(file_name);
      !original.empty() && own.names.Parse(original)) {
    return fmt::format("; it looks like a copy of '{}': remove such copies", original);
  }
  std::string best;
  size_t longest = 0;
  for (const ReidDescription& other : OtherReidDescriptions(loaded_as)) {
    const ReidLayout* layout = FindLayout(other, options.root, options);
    if (layout == nullptr || layout->kind == ReidLayout::Kind::kSplitFile) continue;
    // The longest pattern says most: "{person}_c{camera}*" reads nearly everything.
    const size_t length = layout->names.text().size();
    if (length > longest && layout->names.Parse(file_name)) {
      best = other.name;
      longest = length;
    }
  }
  if (best.empty()) return "; datasets/README.md says how to describe own names";
  return fmt::format("; such names are read by data set '{}'", best);
}

class NameErrors {
 public:
  // `place` is where a list has the name.
  void Add(std::string_view name, const std::string& place = "") {
    if (count_++ > 0) return;
    first_ = std::string(name);
    place_ = place;
  }
  void ThrowIfAny(const fs::path& where, size_t total, const ReidLayout& layout,
                  const std::string& dataset, const ReidDatasetOptions& options) const {
    if (count_ == 0) return;
    ThrowInput("{}: {} of {} image names do not fit {}, the first is '{}'{}",
               place_.empty() ? where.string() : place_,
               WithThousands(static_cast<int64_t>(count_)),
               WithThousands(static_cast<int64_t>(total)), layout.names.text(), first_,
               SuggestByName(first_, layout, dataset, options));
  }

 private:
  size_t count_ = 0;
  std::string first_;
  std::string place_;
};

// ---- described data sets: reading ----

void LoadFolders(const ReidLayout& layout, const ReidDatasetOptions& options, ReidDataset* dataset,
                 Collector* collector) {
  std::vector<std::string> folders;
  for (const ReidLayout::Part& part : layout.parts) folders.push_back(part.folder);
  for (const ReidLayout::Part& part : layout.parts) {
    if (!Wanted(options, part.split)) continue;
    const fs::path folder = dataset->root / part.folder;
    const std::vector<std::string> names = ListImages(part.folder, folders, dataset);
    if (names.empty())
      ThrowInput("{}: holds no image; expected names such as {}.jpg", folder.string(),
                 layout.names.text());
    NameErrors errors;
    for (const std::string& name : names) {
      const auto match = layout.names.Parse(name);
      if (!match) {
        errors.Add(name);
        continue;
      }
      collector->Add(JoinPath(part.folder, name), *match->person, *match->camera, part.split,
                     part.person_offset);
    }
    errors.ThrowIfAny(folder, names.size(), layout, dataset->name, options);
  }
}

void Load500k(const ReidDescription& description, const ReidDatasetOptions& options,
              ReidDataset* dataset) {
  if (description.folder_500k.empty())
    ThrowUsage("data set '{}' has no +500K distractors", description.name);
  if (!Wanted(options, Split::kGallery)) return;
  const fs::path folder = dataset->root / description.folder_500k;
  if (!IsFolder(folder)) {
    ThrowIo("{}: no such folder; the +500K distractors of {} are expected there", folder.string(),
            description.title);
  }
  const std::vector<std::string> names = ListImages(description.folder_500k, {}, dataset);
  if (names.empty())
    ThrowInput("{}: holds no image; expected the +500K distractors", folder.string());
  for (const std::string& name : names) {
    if (!IsPrintableUtf8(name))
      ThrowInput("{}: a file name is not plain UTF-8 text; rename it", folder.string());
    // The camera of a distractor decides nothing: it is never of the same person as a query.
    CameraId camera(0);
    for (const ReidLayout& layout : description.layouts) {
      if (const auto match = layout.names.Parse(name); match && match->camera)
        camera = CameraId(*match->camera);
    }
    dataset->images.push_back(
        {JoinPath(description.folder_500k, name), PersonId(0), camera, Split::kGallery});
  }
}

void LoadLists(const ReidLayout& layout, const ReidDatasetOptions& options, ReidDataset* dataset,
               Collector* collector) {
  for (const ReidLayout::Part& part : layout.parts) {
    if (!Wanted(options, part.split)) continue;
    const fs::path list = dataset->root / part.list;
    const std::vector<ListedImage> listed = ParsePathPersonLines(ReadListFile(list), list.string());
    const fs::path folder = dataset->root / part.folder;
    NameErrors errors;
    for (const ListedImage& image : listed) {
      const std::string place = fmt::format("{}:{}", list.string(), image.line);
      const auto path = NormalizeListedPath(image.path, folder.string());
      if (!path) ThrowInput("{}: '{}' leads out of {}", place, image.path, folder.string());
      const auto match = layout.names.Parse(BaseName(*path));
      if (!match) {
        errors.Add(BaseName(*path), place);
        continue;
      }
      collector->Add(JoinPath(part.folder, *path), image.person, *match->camera, part.split,
                     part.person_offset, place);
    }
    errors.ThrowIfAny(list, listed.size(), layout, dataset->name, options);
  }
}

// torchreid writes absolute paths of the machine that extracted the images: what counts begins at
// the image folder.
std::optional<std::string> CutAtFolder(const std::string& path,
                                       const std::vector<std::string>& folders) {
  const std::vector<std::string_view> parts = SplitText(path, '/');
  if (parts.size() < 2) return std::nullopt;
  const std::string_view folder = parts[parts.size() - 2];
  const std::string_view name = parts.back();
  if (name.empty() || std::find(folders.begin(), folders.end(), folder) == folders.end())
    return std::nullopt;
  return fmt::format("{}/{}", folder, name);
}

// The JSON's persons and those in the names must be the same persons under other numbers.
class PersonPairs {
 public:
  bool Fits(int64_t listed, int64_t named) {
    return to_named_.try_emplace(listed, named).first->second == named &&
           to_listed_.try_emplace(named, listed).first->second == listed;
  }

 private:
  std::unordered_map<int64_t, int64_t> to_named_;
  std::unordered_map<int64_t, int64_t> to_listed_;
};

void LoadSplitFile(const ReidLayout& layout, const ReidDatasetOptions& options,
                   ReidDataset* dataset, Collector* collector) {
  const fs::path file = dataset->root / layout.split_file;
  std::array<PersonPairs, kSplitCount> pairs;
  NameErrors errors;
  const std::vector<ListedImage> listed =
      ParseTorchreidSplits(ReadListFile(file), file.string(), options.split_index);
  for (const ListedImage& image : listed) {
    if (!Wanted(options, image.split)) continue;
    const std::string where = fmt::format("{}: split {}, {} entry {}", file.string(),
                                          options.split_index, SplitName(image.split), image.line);
    const auto path = CutAtFolder(image.path, layout.folders);
    if (!path)
      ThrowInput("{}: path '{}' is not in {}", where, image.path, JoinText(layout.folders, " or "));
    const auto match = layout.names.Parse(BaseName(*path));
    if (!match) {
      errors.Add(BaseName(*path), where);
      continue;
    }
    // Query and gallery share the JSON's numbers; training has its own.
    PersonPairs& persons = pairs[image.split == Split::kTrain ? 0 : 1];
    if (!persons.Fits(image.person, *match->person)) {
      ThrowInput(
          "{}: '{}' is person {} there, which contradicts the names of other images of that person",
          where, *path, image.person);
    }
    const int64_t camera = match->camera ? *match->camera : *image.camera + layout.camera_offset;
    collector->Add(*path, *match->person, camera, image.split, layout.person_offset, where);
  }
  errors.ThrowIfAny(file, listed.size(), layout, dataset->name, options);
}

// ---- data sets of the user's own ----

struct PersonFolder {
  std::string path;  // relative to the root
  std::string person;
  Split split;
};

void RequireNoImages(const fs::path& folder, std::string_view advice) {
  for (const std::string& name : ListFileNames(folder)) {
    if (IsImageName(name))
      ThrowInput("{}: image '{}' lies beside the folders; {}", folder.string(), name, advice);
  }
}

// Copies and selections of the other folders that layumi's preparation makes.
bool IsKnownExtra(std::string_view name) { return name == "train_all" || name == "multi-query"; }

std::vector<PersonFolder> FindPersonFolders(const fs::path& root, ReidDataset* dataset) {
  constexpr std::string_view kAdvice =
      "expected root/<person>/*.jpg or root/<train|val|query|gallery>/<person>/*.jpg";
  RequireNoImages(root, kAdvice);
  const std::vector<std::string> top = ListFolderNames(root);
  const auto is_split = [](const std::string& name) {
    const auto split = ParseSplit(name);
    return split && *split != Split::kNone;
  };
  std::vector<PersonFolder> folders;
  if (std::none_of(top.begin(), top.end(), is_split)) {
    for (const std::string& name : top) {
      if (!name.starts_with('.')) folders.push_back({name, name, Split::kNone});
    }
    return folders;
  }
  for (const std::string& name : top) {
    if (name.starts_with('.')) continue;
    if (IsKnownExtra(name)) {
      dataset->ignored_folders.push_back(name);
      continue;
    }
    if (!is_split(name)) {
      ThrowInput("{}: folder '{}' lies beside folders of splits; {}", root.string(), name, kAdvice);
    }
    RequireNoImages(root / name, kAdvice);
    for (const std::string& person : ListFolderNames(root / name)) {
      if (!person.starts_with('.'))
        folders.push_back({name + "/" + person, person, *ParseSplit(name)});
    }
  }
  return folders;
}

constexpr std::string_view kDistractorFolder = "distractors";
constexpr std::string_view kJunkFolder = "junk";

// All folders of all splits take part, so that a person has one number whichever splits are loaded.
std::map<std::string, int64_t> NumberPersons(const std::vector<PersonFolder>& folders,
                                             const fs::path& root) {
  std::map<std::string, int64_t> persons;
  for (const PersonFolder& folder : folders) persons.emplace(folder.person, 0);
  persons.erase(std::string(kDistractorFolder));
  persons.erase(std::string(kJunkFolder));
  const auto number_of = [](const std::string& name) {
    const auto number = ParseInt(name);
    return number && *number >= -1 && *number <= 1'000'000'000'000 && name[0] != '+' ? number
                                                                                     : std::nullopt;
  };
  // Market-1501's rule: 0 are distractors, which have no query, and -1 is junk. Persons counted
  // from 0 have queries or training images.
  const bool zero_is_person = std::any_of(folders.begin(), folders.end(), [&](const auto& folder) {
    return number_of(folder.person) == 0 && folder.split != Split::kGallery;
  });
  const bool all_numbers = std::all_of(persons.begin(), persons.end(), [&](const auto& entry) {
    const auto number = number_of(entry.first);
    return number && (*number != 0 || !zero_is_person);
  });
  std::map<int64_t, std::string> taken;
  int64_t next = 1;
  for (auto& [name, person] : persons) {
    person = all_numbers || name == "-1" ? *ParseInt(name) : next++;
    if (person <= 0) continue;
    const auto [other, is_new] = taken.try_emplace(person, name);
    if (!is_new) {
      ThrowInput("{}: folders '{}' and '{}' are both person {}; rename one", root.string(),
                 other->second, name, person);
    }
  }
  persons[std::string(kDistractorFolder)] = 0;
  persons[std::string(kJunkFolder)] = -1;
  return persons;
}

void LoadPersonFolders(const ReidDatasetOptions& options, ReidDataset* dataset,
                       Collector* collector) {
  const std::vector<PersonFolder> folders = FindPersonFolders(dataset->root, dataset);
  int64_t person_folders = 0;
  int64_t camera_folders = 0;  // named like a camera, and no image contradicts
  const std::map<std::string, int64_t> persons = NumberPersons(folders, dataset->root);
  for (const PersonFolder& folder : folders) {
    if (!Wanted(options, folder.split)) continue;
    const std::vector<std::string> names = ListImages(folder.path, {}, dataset);
    if (names.empty() && !SubFolders(dataset->root / folder.path).empty()) {
      ThrowInput("{}: holds folders and no image; expected the images of one person",
                 (dataset->root / folder.path).string());
    }
    const auto folder_camera = FindCameraInName(folder.person);
    bool is_camera = folder_camera && ParseInt(folder.person) == std::nullopt;
    for (const std::string& name : names) {
      const auto camera = FindCameraInName(name);
      if (!camera) ++dataset->images_without_camera;
      is_camera = is_camera && (!camera || camera == folder_camera);
      collector->Add(folder.path + "/" + name, persons.at(folder.person), camera.value_or(0),
                     folder.split, 0);
    }
    person_folders += folder.person != kDistractorFolder && folder.person != kJunkFolder ? 1 : 0;
    camera_folders += is_camera ? 1 : 0;
  }
  if (camera_folders == person_folders && camera_folders > 0) {
    ThrowInput(
        "{}: all {} folders are named like cameras, the first is '{}', but data set 'folder' has a "
        "folder a person; give each person a folder, or write a list of the images with path, "
        "person, camera and split (data set 'list')",
        dataset->root.string(), camera_folders, folders.front().path);
  }
}

void LoadOwnList(const ReidDatasetOptions& options, ReidDataset* dataset, Collector* collector) {
  const std::string source = options.list_file.string();
  const std::string text = ReadListFile(options.list_file);
  const bool is_json = Trim(text).starts_with('[');
  for (const ListedImage& image : ParseImageList(text, source)) {
    if (!Wanted(options, image.split)) continue;
    const auto path = NormalizeListedPath(image.path, dataset->root.string());
    if (!path) {
      ThrowInput("{}: line {}: '{}' leads out of {}; choose a root folder above all images", source,
                 image.line, image.path, dataset->root.string());
    }
    if (!image.camera) ++dataset->images_without_camera;
    collector->Add(*path, image.person, image.camera.value_or(0), image.split, 0,
                   fmt::format("{}:{}{}", source, is_json ? " entry " : "", image.line));
  }
}

// ---- common checks ----

// An image twice in one split counts double; with two labels, one is wrong.
void RequireNoDuplicates(const ReidDataset& dataset) {
  std::unordered_map<std::string_view, std::vector<const ReidImage*>> seen;
  seen.reserve(dataset.images.size());
  int64_t duplicates = 0;
  std::string first;
  for (const ReidImage& image : dataset.images) {
    std::vector<const ReidImage*>& earlier = seen[image.path];
    for (const ReidImage* other : earlier) {
      const bool same_labels = other->person == image.person && other->camera == image.camera;
      if (same_labels && other->split != image.split) continue;
      if (duplicates++ == 0) {
        first = same_labels ? fmt::format("twice in {}", SplitName(image.split))
                            : fmt::format("as person {} camera {} and as person {} camera {}",
                                          other->person.value, other->camera.value,
                                          image.person.value, image.camera.value);
        first = fmt::format("'{}' is listed {}", image.path, first);
      }
      break;
    }
    earlier.push_back(&image);
  }
  if (duplicates > 0) {
    ThrowInput("{}: {}{}", dataset.root.string(), first,
               duplicates == 1
                   ? ""
                   : fmt::format(" (first of {} such images)", WithThousands(duplicates)));
  }
}

// Folders were listed, lists were not: their files may be gone.
void RequireFiles(const ReidDataset& dataset, const Collector& collector) {
  std::vector<char> missing(dataset.images.size());
  ParallelChunks(static_cast<int64_t>(dataset.images.size()), 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::error_code ignored;
      missing[static_cast<size_t>(i)] =
          !fs::is_regular_file(dataset.root / dataset.images[static_cast<size_t>(i)].path, ignored);
    }
  });
  const auto first = std::find(missing.begin(), missing.end(), char{1});
  if (first == missing.end()) return;
  const ReidImage& image = dataset.images[static_cast<size_t>(first - missing.begin())];
  ThrowInput("{}: {} of {} listed images do not exist, the first is {}; is the root right?",
             collector.places()[static_cast<size_t>(first - missing.begin())],
             WithThousands(std::count(missing.begin(), missing.end(), char{1})),
             WithThousands(static_cast<int64_t>(missing.size())),
             (dataset.root / image.path).string());
}

void LoadDescribed(const ReidDatasetOptions& options, ReidDataset* dataset) {
  const ReidDescription description = LoadReidDescription(options.name);
  dataset->name = description.name;
  dataset->description = options.name;
  const std::string get = description.get.empty() ? "" : "; how to get it: " + description.get;
  if (options.root.empty())
    ThrowUsage("data set '{}' needs its root folder{}", description.name, get);
  if (!Exists(options.root))
    ThrowIo("{}: no such folder; expected {}{}", options.root.string(), description.title, get);
  if (!IsFolder(options.root))
    ThrowIo("{}: is a file; expected the folder of {}", options.root.string(), description.title);
  const ReidLayout* layout = FindLayout(description, options.root, options);
  if (layout == nullptr) ThrowNoLayout(description, options.root, options);
  if (options.split_index != 0 && layout->kind != ReidLayout::Kind::kSplitFile) {
    ThrowUsage("split {}: {} has one split only, 0", options.split_index, description.title);
  }
  Collector collector(dataset, &description);
  switch (layout->kind) {
    case ReidLayout::Kind::kFolders:
      LoadFolders(*layout, options, dataset, &collector);
      break;
    case ReidLayout::Kind::kLists:
      LoadLists(*layout, options, dataset, &collector);
      break;
    case ReidLayout::Kind::kSplitFile:
      LoadSplitFile(*layout, options, dataset, &collector);
      break;
  }
  if (layout->kind != ReidLayout::Kind::kFolders) RequireFiles(*dataset, collector);
  if (options.distractors_500k) Load500k(description, options, dataset);
}

void LoadOwn(const ReidDatasetOptions& options, ReidDataset* dataset) {
  const bool is_list = options.name == "list";
  dataset->name = options.name;
  if (options.distractors_500k) ThrowUsage("data set '{}' has no +500K distractors", options.name);
  if (options.split_index != 0)
    ThrowUsage("split {}: data set '{}' has one split only, 0", options.split_index, options.name);
  if (is_list && options.list_file.empty())
    ThrowUsage("data set 'list' needs a list file (CSV or JSON)");
  if (is_list && options.root.empty()) {
    dataset->root =
        options.list_file.has_parent_path() ? options.list_file.parent_path() : fs::path(".");
  }
  if (dataset->root.empty()) ThrowUsage("data set 'folder' needs its root folder");
  if (!IsFolder(dataset->root)) ThrowIo("{}: no such folder", dataset->root.string());
  Collector collector(dataset, nullptr);
  if (is_list) {
    LoadOwnList(options, dataset, &collector);
    RequireFiles(*dataset, collector);
  } else {
    LoadPersonFolders(options, dataset, &collector);
  }
}

}  // namespace

std::vector<std::string> KnownReidDatasets() {
  std::vector<std::string> names = DescribedReidDatasets();
  names.insert(names.end(), {"folder", "list"});
  return names;
}

ReidDataset LoadReidDataset(const ReidDatasetOptions& options) {
  ReidDataset dataset;
  dataset.root = options.root;
  dataset.distractors_500k = options.distractors_500k;
  for (const Split split :
       {Split::kTrain, Split::kVal, Split::kQuery, Split::kGallery, Split::kNone}) {
    if (Wanted(options, split)) dataset.splits.push_back(split);
  }
  if (!options.list_file.empty() && options.name != "list") {
    ThrowUsage("a list file belongs to data set 'list', not to '{}'", options.name);
  }
  if (options.name == "folder" || options.name == "list") {
    LoadOwn(options, &dataset);
  } else {
    LoadDescribed(options, &dataset);
  }
  if (dataset.images.empty()) {
    ThrowInput("{}: no image to use{}{}", dataset.root.string(),
               options.splits.empty() ? "" : " in the splits asked for",
               dataset.junk_images == 0
                   ? ""
                   : fmt::format("; {} are junk", WithThousands(dataset.junk_images)));
  }
  std::stable_sort(dataset.images.begin(), dataset.images.end(),
                   [](const ReidImage& a, const ReidImage& b) { return a.split < b.split; });
  RequireNoDuplicates(dataset);
  dataset.fingerprint = ReidFingerprint(dataset.images);
  return dataset;
}

std::string ReidFingerprint(const std::vector<ReidImage>& images) {
  Sha256 hash;
  for (const ReidImage& image : images) {
    hash.Update(fmt::format("{}\t{}\t{}\t{}\n", image.path, image.person.value, image.camera.value,
                            static_cast<int>(image.split)));
  }
  return hash.HexDigest();
}

}  // namespace reidbench
