#include "reidbench/mot_metrics/benchmark.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"

namespace reidbench {
namespace {

std::filesystem::path BenchmarkFile(const std::string& name) {
  if (EndsWith(name, ".yaml") || EndsWith(name, ".yml") || name.find('/') != std::string::npos)
    return name;
  const std::filesystem::path folder = DataDir() / "configs" / "protocols";
  std::vector<std::string> known;
  for (const std::string& file : ListFileNames(folder)) {
    if (!EndsWith(file, ".yaml")) continue;
    const std::string stem = file.substr(0, file.size() - 5);
    if (stem == ToLower(name)) return folder / file;
    known.push_back(stem);
  }
  ThrowConfig("unknown benchmark '{}': expected a name of {} or a path of a .yaml file{}", name,
              folder.string(), SuggestName(ToLower(name), known));
}

}  // namespace

std::vector<std::string> MotBenchmark::Validate() const {
  std::vector<std::string> violations;
  if (name.empty()) violations.push_back("name: expected a name");
  if (classes.empty()) violations.push_back("classes: expected at least one class");
  std::set<std::string> names;
  for (const MotClass& c : classes) {
    const bool plain = !c.name.empty() && c.name.find_first_of("/\\ \t\r\n") == std::string::npos;
    if (!plain || !names.insert(c.name).second) {
      violations.push_back(fmt::format(
          "classes: expected different names without spaces and slashes, found '{}'", c.name));
    }
    if (!known_classes.empty() &&
        std::find(known_classes.begin(), known_classes.end(), c.id) == known_classes.end()) {
      violations.push_back(
          fmt::format("classes: {} has id {}, which is not in known_classes", c.name, c.id));
    }
    if (std::find(distractor_classes.begin(), distractor_classes.end(), c.id) !=
        distractor_classes.end()) {
      violations.push_back(fmt::format("distractor_classes: {} ({}) is also scored", c.id, c.name));
    }
  }
  for (const int32_t id : ignored_classes) {
    const auto in = [id](const std::vector<int32_t>& ids) {
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    if (!known_classes.empty() && !in(known_classes))
      violations.push_back(fmt::format("ignored_classes: {} is not in known_classes", id));
    if (in(distractor_classes))
      violations.push_back(fmt::format("ignored_classes: {} is also in distractor_classes", id));
    for (const MotClass& c : classes) {
      if (c.id == id)
        violations.push_back(fmt::format("ignored_classes: {} ({}) is also scored", id, c.name));
    }
  }
  if (!has_classes && !ignored_classes.empty()) {
    violations.push_back("ignored_classes: expected none when has_classes is false");
  }
  if (!(ignored_threshold > 0 && ignored_threshold <= 1)) {
    violations.push_back(
        fmt::format("ignored_threshold: expected above 0, up to 1, found {}", ignored_threshold));
  }
  if (!has_classes && classes.size() > 1) {
    violations.push_back("classes: expected one class when has_classes is false");
  }
  if (!(distractor_threshold > 0 && distractor_threshold <= 1)) {
    violations.push_back(fmt::format("distractor_threshold: expected above 0, up to 1, found {}",
                                     distractor_threshold));
  }
  if (!(detection_visibility >= 0 && detection_visibility <= 1)) {
    violations.push_back(
        fmt::format("detection_visibility: expected 0 to 1, found {}", detection_visibility));
  }
  if (first_frame < 1)
    violations.push_back(fmt::format("frames.first: expected 1 or more, found {}", first_frame));
  if (last_frame != 0 && last_frame < first_frame) {
    violations.push_back(
        fmt::format("frames.last: expected {} or more, found {}", first_frame, last_frame));
  }
  return violations;
}

MotBenchmark LoadMotBenchmark(const std::string& name) {
  const std::filesystem::path file = BenchmarkFile(name);
  const ConfigNode root = LoadConfig(file);
  ConfigReader reader(root);
  MotBenchmark benchmark;
  std::vector<int> known, distractors, ignored;
  reader.Require("name", &benchmark.name);
  reader.Read("has_classes", &benchmark.has_classes);
  if (reader.Has("classes")) benchmark.classes.clear();
  for (ConfigReader& section : reader.Sections("classes")) {
    MotClass scored;
    section.Require("name", &scored.name);
    section.Require("id", &scored.id);
    benchmark.classes.push_back(std::move(scored));
  }
  reader.Read("known_classes", &known);
  reader.Read("distractor_classes", &distractors);
  reader.Read("ignored_classes", &ignored);
  benchmark.ignored_classes.assign(ignored.begin(), ignored.end());
  reader.Read("ignored_threshold", &benchmark.ignored_threshold);
  benchmark.known_classes.assign(known.begin(), known.end());
  benchmark.distractor_classes.assign(distractors.begin(), distractors.end());
  reader.Read("distractor_threshold", &benchmark.distractor_threshold);
  reader.Read("detection_visibility", &benchmark.detection_visibility);
  reader.Read("preprocess", &benchmark.preprocess);
  ConfigReader frames = reader.Section("frames");
  frames.ReadChoice("part", &benchmark.frames,
                    {{"all", FramePart::kAll},
                     {"first_half", FramePart::kFirstHalf},
                     {"second_half", FramePart::kSecondHalf},
                     {"range", FramePart::kRange}});
  frames.Read("first", &benchmark.first_frame);
  frames.Read("last", &benchmark.last_frame);
  frames.Read("results_renumbered", &benchmark.results_renumbered);
  reader.Finish();
  const std::vector<std::string> violations = benchmark.Validate();
  if (!violations.empty()) ThrowConfig("{}: {}", file.string(), JoinText(violations, "; "));
  return benchmark;
}

FrameRange ScoredFrames(const MotBenchmark& benchmark, int64_t frame_count) {
  switch (benchmark.frames) {
    case FramePart::kAll:
      return {1, frame_count};
    case FramePart::kFirstHalf:
      return {1, std::min(frame_count, frame_count / 2 + 1)};
    case FramePart::kSecondHalf:
      return {frame_count / 2 + 2, frame_count};
    case FramePart::kRange:
      return {benchmark.first_frame, benchmark.last_frame == 0
                                         ? frame_count
                                         : std::min(benchmark.last_frame, frame_count)};
  }
  REIDBENCH_CHECK(false);
  return {};
}

void KeepFrames(const FrameRange& range, TrackSet* tracks) {
  std::erase_if(tracks->boxes, [&](const TrackBox& box) {
    return box.frame.value < range.first || box.frame.value > range.last;
  });
  for (TrackBox& box : tracks->boxes) box.frame.value -= range.first - 1;
  tracks->frame_count = range.size();
}

}  // namespace reidbench
