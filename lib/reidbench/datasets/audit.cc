#include "reidbench/datasets/audit.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/reid_description.h"

namespace reidbench {
namespace {

bool IsTraining(Split split) { return split == Split::kTrain || split == Split::kVal; }
bool IsTest(Split split) { return split == Split::kQuery || split == Split::kGallery; }

std::string Count(int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", WithThousands(count), count == 1 ? one : many);
}

std::string Examples(const std::vector<std::string>& examples, int64_t total) {
  if (examples.empty()) return "";
  const bool all = static_cast<int64_t>(examples.size()) == total;
  return fmt::format(" ({}{})", all ? "" : "first: ", JoinText(examples, ", "));
}

Finding& Add(FindingKind kind, FindingSeverity severity, std::string message, ReidAudit* audit) {
  Finding& finding = audit->findings.emplace_back();
  finding.kind = kind;
  finding.severity = severity;
  finding.message = std::move(message);
  return finding;
}

Finding& AddProblem(FindingKind kind, std::string message, ReidAudit* audit) {
  return Add(kind, FindingSeverity::kProblem, std::move(message), audit);
}

Finding& AddNote(FindingKind kind, std::string message, ReidAudit* audit) {
  return Add(kind, FindingSeverity::kNote, std::move(message), audit);
}

double ShareOf(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<ReidAudit::SplitCounts> CountSplits(const ReidDataset& dataset) {
  std::array<ReidAudit::SplitCounts, kSplitCount> counts;
  std::array<std::unordered_set<PersonId>, kSplitCount> persons;
  std::array<std::set<CameraId>, kSplitCount> cameras;
  for (const ReidImage& image : dataset.images) {
    const auto s = static_cast<size_t>(image.split);
    ++counts[s].images;
    cameras[s].insert(image.camera);
    if (image.person.value == 0) {
      ++counts[s].distractors;
    } else {
      persons[s].insert(image.person);
    }
  }
  std::vector<ReidAudit::SplitCounts> result;
  for (size_t s = 0; s < kSplitCount; ++s) {
    counts[s].split = static_cast<Split>(s);
    counts[s].persons = static_cast<int64_t>(persons[s].size());
    counts[s].junk = dataset.junk_by_split[s];
    counts[s].cameras.assign(cameras[s].begin(), cameras[s].end());
    if (counts[s].images > 0 || counts[s].junk > 0) result.push_back(counts[s]);
  }
  return result;
}

bool Loaded(const ReidDataset& dataset, const std::vector<Split>& splits) {
  return std::all_of(splits.begin(), splits.end(), [&](Split split) {
    return std::find(dataset.splits.begin(), dataset.splits.end(), split) != dataset.splits.end();
  });
}

// The data set's own figures for one published line.
ReidOfficialCount CountLike(const ReidDataset& dataset, const ReidOfficialCount& official) {
  ReidOfficialCount found{
      .splits = official.splits, .images = 0, .persons = 0, .distractors = 0, .junk = 0};
  std::unordered_set<PersonId> persons;
  for (const ReidImage& image : dataset.images) {
    if (std::find(official.splits.begin(), official.splits.end(), image.split) ==
        official.splits.end())
      continue;
    ++*found.images;
    if (image.person.value == 0) {
      ++*found.distractors;
    } else {
      persons.insert(image.person);
    }
  }
  found.persons = static_cast<int64_t>(persons.size());
  for (const Split split : official.splits)
    *found.junk += dataset.junk_by_split[static_cast<size_t>(split)];
  return found;
}

std::vector<ReidAudit::CountCheck> CompareCounts(const ReidDataset& dataset,
                                                 const ReidDescription& description) {
  std::vector<ReidAudit::CountCheck> checks;
  for (const ReidOfficialCount& official : description.official) {
    const bool about_gallery = std::find(official.splits.begin(), official.splits.end(),
                                         Split::kGallery) != official.splits.end();
    if (!Loaded(dataset, official.splits)) continue;
    if (about_gallery ? official.with_500k != dataset.distractors_500k : official.with_500k)
      continue;
    const ReidOfficialCount found = CountLike(dataset, official);
    std::vector<std::string> names;
    for (const Split split : official.splits) names.emplace_back(SplitName(split));
    const auto compare = [&](std::string_view what, const std::optional<int64_t>& expected,
                             const std::optional<int64_t>& have) {
      if (!expected) return;
      checks.push_back({.what = fmt::format("{} {}", JoinText(names, "+"), what),
                        .expected = *expected,
                        .found = *have,
                        .verified = official.verified});
    };
    compare("images", official.images, found.images);
    compare("persons", official.persons, found.persons);
    compare("distractors", official.distractors, found.distractors);
    compare("junk", official.junk, found.junk);
  }
  return checks;
}

bool AllMatch(const std::vector<ReidAudit::CountCheck>& checks) {
  return !checks.empty() &&
         std::all_of(checks.begin(), checks.end(), [](const auto& c) { return c.matches(); });
}

void CheckOfficial(const ReidDataset& dataset, ReidAudit* audit) {
  if (dataset.description.empty()) return;
  const ReidDescription description = LoadReidDescription(dataset.description);
  audit->official = CompareCounts(dataset, description);
  audit->official_source = description.official_source;
  bool differs = false;
  for (const ReidAudit::CountCheck& check : audit->official) {
    if (check.matches()) continue;
    differs = true;
    std::string text = fmt::format("{}: {} found, {} published", check.what,
                                   WithThousands(check.found), WithThousands(check.expected));
    Finding& finding =
        check.verified
            ? AddProblem(FindingKind::kPublishedCountDiffers,
                         text + "; files are missing, or this is another version of the data set",
                         audit)
            : AddNote(FindingKind::kPublishedCountDiffers, text + " (a figure we could not verify)",
                      audit);
    finding.count = std::abs(check.found - check.expected);
    if (check.expected > 0) finding.share = ShareOf(*finding.count, check.expected);
  }
  if (differs) {
    for (const ReidDescription& other : OtherReidDescriptions(dataset.name)) {
      if (!AllMatch(CompareCounts(dataset, other))) continue;
      AddProblem(
          FindingKind::kOtherDataSet,
          fmt::format("all counts are those of '{}': was the wrong data set named?", other.name),
          audit)
          .mend = "--dataset " + other.name;
    }
  }
  if (!description.cameras) return;
  const auto [first, last] = *description.cameras;
  int64_t outside = 0;
  std::string example, place;
  for (const ReidImage& image : dataset.images) {
    // +500K distractors may have names of their own.
    if (image.person.value == 0 || (image.camera.value >= first && image.camera.value <= last))
      continue;
    if (outside++ > 0) continue;
    example = fmt::format("{} (camera {})", image.path, image.camera.value);
    place = image.path;
  }
  if (outside > 0) {
    Finding& finding =
        AddProblem(FindingKind::kCameraOutOfRange,
                   fmt::format("{} from a camera outside {} to {}, the first is {}",
                               Count(outside, "image is", "images are"), first, last, example),
                   audit);
    finding.place = place;
    finding.count = outside;
    finding.share = ShareOf(outside, static_cast<int64_t>(dataset.images.size()));
  }
}

void CheckMatching(const ReidDataset& dataset, const AuditOptions& options, ReidAudit* audit) {
  if (!Loaded(dataset, {Split::kQuery, Split::kGallery})) return;
  // Persons of the gallery with their cameras: two different ones say all there is to know.
  struct Seen {
    CameraId first;
    bool several = false;
  };
  std::unordered_map<PersonId, Seen> gallery;
  std::set<CameraId> cameras;
  std::set<PersonId> query_persons;
  int64_t gallery_images = 0;
  int64_t distractor_queries = 0;
  for (const ReidImage& image : dataset.images) {
    if (!IsTest(image.split)) continue;
    cameras.insert(image.camera);
    if (image.split == Split::kQuery) query_persons.insert(image.person);
    if (image.split != Split::kGallery) continue;
    ++gallery_images;
    if (image.person.value == 0) continue;
    const auto [seen, is_new] = gallery.try_emplace(image.person, Seen{image.camera});
    if (!is_new && seen->second.first != image.camera) seen->second.several = true;
  }
  ReidAudit::Matching matching;
  const auto add_example = [&](std::vector<std::string>* examples, const std::string& path) {
    if (static_cast<int>(examples->size()) < options.max_examples) examples->push_back(path);
  };
  for (const ReidImage& image : dataset.images) {
    if (image.split != Split::kQuery) continue;
    ++matching.queries;
    if (image.person.value == 0) ++distractor_queries;
    const auto seen = gallery.find(image.person);
    if (seen == gallery.end()) {
      ++matching.without_person;
      add_example(&matching.without_person_examples, image.path);
    } else if (!seen->second.several && seen->second.first == image.camera) {
      ++matching.same_camera_only;
      add_example(&matching.same_camera_examples, image.path);
    } else {
      ++matching.valid;
    }
  }
  for (const auto& [person, seen] : gallery) {
    if (!query_persons.contains(person)) ++matching.persons_without_query;
  }
  // Own data may have neither: then there is nothing to rank, which is no fault.
  const bool own = dataset.description.empty();
  if (own && matching.queries == 0 && gallery_images == 0) {
    AddNote(FindingKind::kNothingToRank,
            "there are no query and gallery images: nothing can be ranked, only features extracted",
            audit);
    return;
  }
  if (matching.queries == 0) AddProblem(FindingKind::kNoQueries, "there is no query image", audit);
  if (gallery_images == 0) AddProblem(FindingKind::kNoGallery, "there is no gallery image", audit);
  const auto of_queries = [&](int64_t count, Finding* finding) {
    finding->count = count;
    finding->share = ShareOf(count, matching.queries);
  };
  if (distractor_queries > 0) {
    of_queries(distractor_queries,
               &AddProblem(FindingKind::kDistractorQuery,
                           fmt::format("{} of person 0, which means distractor",
                                       Count(distractor_queries, "query is", "queries are")),
                           audit));
    audit->findings.back().mend = "number persons from 1";
  }
  const FindingSeverity severity = matching.queries > 0 && matching.valid == 0
                                       ? FindingSeverity::kProblem
                                       : FindingSeverity::kNote;
  if (matching.without_person > 0) {
    of_queries(
        matching.without_person,
        &Add(FindingKind::kQueryWithoutPerson, severity,
             fmt::format("{} no gallery image of the same person{}",
                         Count(matching.without_person, "query has", "queries have"),
                         Examples(matching.without_person_examples, matching.without_person)),
             audit));
  }
  if (matching.same_camera_only > 0) {
    of_queries(
        matching.same_camera_only,
        &Add(FindingKind::kQuerySameCameraOnly, severity,
             fmt::format("{} gallery images of the same person by the query's own camera only{}; "
                         "evaluators drop same-camera images",
                         Count(matching.same_camera_only, "query has", "queries have"),
                         Examples(matching.same_camera_examples, matching.same_camera_only)),
             audit));
  }
  if (cameras.size() == 1) {
    Add(FindingKind::kOneCamera, severity,
        fmt::format("query and gallery have one camera only; camera ids seen: {}",
                    cameras.begin()->value),
        audit)
        .mend = "put the camera into the names or the list, or rank without the camera rule";
  }
  if (matching.persons_without_query > 0) {
    AddNote(FindingKind::kPersonWithoutQuery,
            fmt::format("{} in the gallery without a query",
                        Count(matching.persons_without_query, "person is", "persons are")),
            audit)
        .count = matching.persons_without_query;
  }
  if (matching.queries > gallery_images && gallery_images > 0) {
    AddNote(FindingKind::kMoreQueriesThanGallery,
            "there are more query than gallery images: were the two swapped?", audit)
        .count = matching.queries - gallery_images;
  }
  audit->matching = std::move(matching);
}

void CheckOverlap(const ReidDataset& dataset, const AuditOptions& options, ReidAudit* audit) {
  std::set<PersonId> train;
  std::set<PersonId> shared;
  std::unordered_set<std::string_view> queries;
  std::vector<std::string> twice;
  for (const ReidImage& image : dataset.images) {
    if (IsTraining(image.split) && image.person.value != 0) train.insert(image.person);
  }
  for (const ReidImage& image : dataset.images) {
    if (IsTest(image.split) && train.contains(image.person)) shared.insert(image.person);
    if (image.split == Split::kQuery) queries.insert(image.path);
  }
  for (const ReidImage& image : dataset.images) {
    if (image.split != Split::kGallery || !queries.contains(image.path)) continue;
    ++audit->query_gallery_images;
    if (static_cast<int>(twice.size()) < options.max_examples) twice.push_back(image.path);
  }
  audit->train_test_persons = static_cast<int64_t>(shared.size());
  std::vector<std::string> names;
  for (const PersonId person : shared) {
    if (static_cast<int>(names.size()) >= options.max_examples) break;
    audit->train_test_examples.push_back(person.value);
    names.push_back(fmt::format("{}", person.value));
  }
  if (!shared.empty()) {
    AddProblem(FindingKind::kPersonInTrainAndTest,
               fmt::format("{} both in training and in test{}: scores would be too good",
                           Count(audit->train_test_persons, "person is", "persons are"),
                           Examples(names, audit->train_test_persons)),
               audit)
        .count = audit->train_test_persons;
  }
  if (audit->query_gallery_images > 0) {
    Finding& finding =
        AddNote(FindingKind::kImageInQueryAndGallery,
                fmt::format("{} both in query and in gallery{}",
                            Count(audit->query_gallery_images, "image is", "images are"),
                            Examples(twice, audit->query_gallery_images)),
                audit);
    finding.count = audit->query_gallery_images;
    finding.place = twice.empty() ? "" : twice.front();
  }
}

void DecodeAll(const ReidDataset& dataset, const AuditOptions& options, ReidAudit* audit) {
  if (!options.decode) return;
  // An image in two splits is decoded once.
  std::set<std::string_view> unique;
  for (const ReidImage& image : dataset.images) unique.insert(image.path);
  const std::vector<std::string_view> paths(unique.begin(), unique.end());
  const auto total = static_cast<int64_t>(paths.size());
  std::vector<std::optional<std::string>> errors(paths.size());
  std::atomic<int64_t> done{0};
  std::atomic<bool> interrupted{false};
  ParallelFor(total, [&](int64_t i) {
    if (interrupted || InterruptRequested()) {
      interrupted = true;
      return;
    }
    const auto slot = static_cast<size_t>(i);
    try {
      errors[slot] = options.decode(dataset.root / paths[slot]);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      errors[slot] = error.what();
    }
    const int64_t finished = ++done;
    if (options.progress) options.progress(finished, total);
  });
  if (interrupted) throw Interrupted("interrupted while images were decoded; nothing was changed");
  audit->decoded_images = total;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (errors[i]) audit->corrupt.push_back({std::string(paths[i]), std::move(*errors[i])});
  }
  if (!audit->corrupt.empty()) {
    Finding& finding =
        AddProblem(FindingKind::kImageDoesNotDecode,
                   fmt::format("{} of {} images do not decode, the first is {}: {}",
                               WithThousands(static_cast<int64_t>(audit->corrupt.size())),
                               WithThousands(total), audit->corrupt.front().path,
                               audit->corrupt.front().reason),
                   audit);
    finding.place = audit->corrupt.front().path;
    finding.count = static_cast<int64_t>(audit->corrupt.size());
    finding.share = ShareOf(*finding.count, total);
  }
}

}  // namespace

std::vector<std::string> ReidAudit::problems() const {
  return MessagesOf(findings, FindingSeverity::kProblem);
}

std::vector<std::string> ReidAudit::notes() const {
  return MessagesOf(findings, FindingSeverity::kNote);
}

ReidAudit AuditReidDataset(const ReidDataset& dataset, const AuditOptions& options) {
  ReidAudit audit;
  audit.splits = CountSplits(dataset);
  CheckOfficial(dataset, &audit);
  CheckMatching(dataset, options, &audit);
  CheckOverlap(dataset, options, &audit);
  DecodeAll(dataset, options, &audit);
  const auto images = static_cast<int64_t>(dataset.images.size());
  if (dataset.images_without_camera > 0) {
    Finding& finding = AddNote(
        FindingKind::kImageWithoutCamera,
        fmt::format("{} of {} images have no camera in their name or row and count as camera 0",
                    WithThousands(dataset.images_without_camera), WithThousands(images)),
        &audit);
    finding.count = dataset.images_without_camera;
    finding.share = ShareOf(dataset.images_without_camera, images);
  }
  if (dataset.deeper_images > 0) {
    Finding& finding = AddProblem(
        FindingKind::kImageInDeeperFolder,
        fmt::format("{} in a folder below those that are read, the first is {}",
                    Count(dataset.deeper_images, "image is", "images are"), dataset.deeper_example),
        &audit);
    finding.place = dataset.deeper_example;
    finding.mend = "move them up";
    finding.count = dataset.deeper_images;
  }
  if (!dataset.ignored_folders.empty()) {
    AddNote(FindingKind::kFolderLeftOut,
            fmt::format("left out as copies of other folders: {}",
                        JoinText(dataset.ignored_folders, ", ")),
            &audit)
        .count = static_cast<int64_t>(dataset.ignored_folders.size());
  }
  if (dataset.ignored_files > 0) {
    AddNote(FindingKind::kFileIgnored,
            fmt::format("{} no image by name and ignored",
                        Count(dataset.ignored_files, "file is", "files are")),
            &audit)
        .count = dataset.ignored_files;
  }
  for (Finding& finding : audit.findings) {
    if (finding.place.empty()) finding.place = dataset.root.string();
  }
  audit.ok = !HasProblem(audit.findings);
  return audit;
}

}  // namespace reidbench
