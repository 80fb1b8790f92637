#include "reidbench/experiment/spec.h"

#include <algorithm>
#include <set>

#include "reidbench/config/reader.h"
#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/relinking/corrections.h"
#include "reidbench/results/expectation.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostConfigurations = 10'000;
constexpr const char* kDefaults =
    "seed: 0\n"
    "select: HOTA\n"
    "data:\n"
    "  benchmark: mot17\n"
    "  split: train\n";

// Fields of `reidbench score` by which configurations can be ordered: more is better.
const std::vector<std::string>& SelectFields() {
  static const std::vector<std::string> fields = {"HOTA", "AssA", "DetA", "IDF1", "MOTA"};
  return fields;
}

bool IsFromFile(const ConfigPlace& place) { return place.line > 0; }

fs::path ResolvePath(const ConfigNode& node) {
  fs::path path;
  ConvertConfig(node, &path);
  if (path.is_absolute() || !IsFromFile(node.place)) return path;
  return (fs::path(node.place.source).parent_path() / path).lexically_normal();
}

// A file of configs/FOLDER by its name, or the path of a file.
fs::path ResolveNamedFile(const ConfigNode& node, const std::string& folder) {
  const std::string text = node.AsString();
  if (text.find('/') != std::string::npos || EndsWith(text, ".yaml") || EndsWith(text, ".yml"))
    return ResolvePath(node);
  const fs::path shipped = DataDir() / "configs" / folder;
  std::vector<std::string> known;
  if (IsFolder(shipped)) {
    for (const std::string& file : ListFileNames(shipped)) {
      if (EndsWith(file, ".yaml")) known.push_back(file.substr(0, file.size() - 5));
    }
  }
  if (std::find(known.begin(), known.end(), text) == known.end()) {
    throw ConfigValueError(
        node.place, fmt::format("expected a name of {} or a path of a .yaml "
                                "file, found {}{}",
                                shipped.string(), node.Describe(), SuggestName(text, known)));
  }
  return shipped / (text + ".yaml");
}

void ReadPath(ConfigReader* reader, std::string_view key, fs::path* path) {
  if (const ConfigNode* node = reader->Take(key)) {
    try {
      *path = ResolvePath(*node);
    } catch (const ConfigValueError& error) {
      reader->AddError(key, error.message());
    }
  }
}

void ReadNamedFile(ConfigReader* reader, std::string_view key, const std::string& folder,
                   fs::path* path) {
  if (const ConfigNode* node = reader->Take(key)) {
    try {
      *path = ResolveNamedFile(*node, folder);
    } catch (const ConfigValueError& error) {
      reader->AddError(key, error.message());
    }
  }
}

// "key: value" and "key: [a, b]" lines whose keys the command knows, not this reader.
void ReadOptions(ConfigReader* reader, std::string_view key, ExperimentOptions* options) {
  const ConfigNode* node = reader->Take(key);
  if (node == nullptr || node->IsNull()) return;
  if (!node->IsMapping()) {
    reader->AddError(key,
                     fmt::format("expected 'option: value' lines, found {}", node->Describe()));
    return;
  }
  for (const ConfigNode& child : node->children) {
    ExperimentOption option{.key = child.key, .values = {}};
    const bool plain_key = std::all_of(child.key.begin(), child.key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!plain_key) {
      reader->AddError(key, fmt::format("{}: expected an option's name: small letters, digits and "
                                        "underscores",
                                        child.key));
      continue;
    }
    if (child.IsScalar()) option.values.push_back(child.text);
    for (const ConfigNode& item : child.children) {
      if (child.IsSequence() && item.IsScalar()) option.values.push_back(item.text);
    }
    if (option.values.empty() ||
        (child.IsSequence() && option.values.size() != child.children.size())) {
      reader->AddError(key, fmt::format("{}: expected a value or a list of values, found {}",
                                        child.key, child.Describe()));
      continue;
    }
    if (std::set<std::string>(option.values.begin(), option.values.end()).size() !=
        option.values.size()) {
      reader->AddError(key, fmt::format("{}: a value stands there twice", child.key));
      continue;
    }
    options->push_back(std::move(option));
  }
}

int64_t Combinations(const ExperimentOptions& options) {
  int64_t product = 1;
  for (const ExperimentOption& option : options) {
    product *= static_cast<int64_t>(option.values.size());
    if (product > kMostConfigurations) return product;
  }
  return product;
}

// Labels become parts of names: no separators in them.
void CheckLabel(ConfigReader* reader, const std::string& label) {
  if (label.empty() || label.size() > 100 || label.find_first_of("/\\=,\n") != std::string::npos)
    reader->AddError("label", "expected 1 to 100 characters without / \\ = , in them");
}

// Present and not null: an override such as data.world=null takes a section away.
bool IsWritten(const ConfigNode* parent, std::string_view key) {
  const ConfigNode* node = parent == nullptr ? nullptr : parent->Find(key);
  return node != nullptr && !node->IsNull();
}

void ReadData(const ConfigNode* written, ConfigReader data, ExperimentSpec* spec) {
  ConfigReader world = data.Section("world");
  if (IsWritten(written, "world")) {
    ExperimentWorld read;
    if (!world.Has("config"))
      world.AddError("config", "missing: a name of configs/synth or a file");
    ReadNamedFile(&world, "config", "synth", &read.config);
    world.Read("seed", &read.seed);
    ReadOptions(&world, "options", &read.options);
    spec->world = std::move(read);
  }
  ReadPath(&data, "sequences", &spec->sequences);
  if (spec->world && !spec->sequences.empty())
    data.AddError("sequences", "the world has its own sequences: give `world` or `sequences`");
  data.Read("benchmark", &spec->benchmark);
  data.Read("split", &spec->split);
  ReadPath(&data, "seqmap", &spec->seqmap);

  if (const ConfigNode* list = data.Take("detections")) {
    const auto add = [&](const ConfigNode& node) {
      ExperimentDetections detections;
      if (node.IsScalar()) {
        detections.name = node.text;
      } else {
        for (const ConfigNode& child : node.children) {
          if (child.key == "name" && child.IsScalar()) {
            detections.name = child.text;
          } else if (child.key == "ignore_scores") {
            detections.ignore_scores = child.AsBool();
          } else {
            throw ConfigValueError(child.place,
                                   fmt::format("unknown key '{}' of detections; known: "
                                               "name, ignore_scores",
                                               child.key));
          }
        }
      }
      if (detections.name.find_first_of("/\\=,\n") != std::string::npos || detections.name == "..")
        throw ConfigValueError(node.place, "expected the name of a folder in SEQ/det");
      spec->detections.push_back(std::move(detections));
    };
    try {
      if (list->IsSequence()) {
        for (const ConfigNode& item : list->children) add(item);
      } else {
        add(*list);
      }
    } catch (const ConfigValueError& error) {
      data.AddError("detections", error.message());
    }
  }
  if (spec->detections.empty()) spec->detections.emplace_back();

  ConfigReader reid = data.Section("reid");
  if (IsWritten(written, "reid")) {
    ExperimentReid read;
    reid.Require("dataset", &read.dataset);
    if (!reid.Has("root"))
      reid.AddError("root", "missing: the folder of the data set (--root DIR gives it)");
    ReadPath(&reid, "root", &read.root);
    ReadOptions(&reid, "options", &read.options);
    if (spec->world) data.AddError("reid", "the world has its own: give `world` or `reid`");
    spec->reid = std::move(read);
  }
}

void ReadTrackers(ConfigReader* reader, ExperimentSpec* spec) {
  std::set<std::string> labels;
  int64_t configurations = 0;
  for (ConfigReader& section : reader->Sections("trackers")) {
    ExperimentTracker tracker;
    section.Require("name", &tracker.tracker);
    tracker.label = tracker.tracker;
    section.Read("label", &tracker.label);
    CheckLabel(&section, tracker.label);
    ReadNamedFile(&section, "config", "trackers", &tracker.config);
    ReadOptions(&section, "options", &tracker.options);
    if (!labels.insert(tracker.label).second)
      section.AddError("label", fmt::format("'{}' stands there twice: give one a label of its own",
                                            tracker.label));
    configurations += Combinations(tracker.options);
    spec->trackers.push_back(std::move(tracker));
  }
  labels.clear();
  int64_t corrections = 1;
  for (ConfigReader& section : reader->Sections("corrections")) {
    ExperimentCorrection correction;
    correction.method = Corrections().front().name;
    section.Read("method", &correction.method);
    correction.label = correction.method;
    section.Read("label", &correction.label);
    CheckLabel(&section, correction.label);
    ReadOptions(&section, "options", &correction.options);
    section.Read("allow_missing", &correction.allow_missing);
    section.Read("interpolate", &correction.interpolate, Between(0, 1000));
    section.Read("ablation", &correction.ablation);
    const Correction* known = FindMethod(Corrections(), correction.method);
    if (correction.ablation && known != nullptr && known->ablation.empty())
      section.AddError("ablation", fmt::format("the method {} has no steps that can be left out",
                                               correction.method));
    if (correction.ablation && Combinations(correction.options) > 1)
      section.AddError("ablation",
                       "an ablation needs one value an option: give it an entry of its own");
    if (!labels.insert(correction.label).second)
      section.AddError("label", fmt::format("'{}' stands there twice: give one a label of its own",
                                            correction.label));
    corrections += Combinations(correction.options);
    spec->corrections.push_back(std::move(correction));
  }
  if (configurations * corrections * static_cast<int64_t>(spec->detections.size()) >
      kMostConfigurations) {
    reader->AddError(
        "trackers", fmt::format("more than {} configurations", WithThousands(kMostConfigurations)));
  }
}

// What a file of published numbers asks for, as an experiment.
ConfigNode FromExpectation(const fs::path& file) {
  const Expectation expectation = LoadExpectation(file);
  ConfigNode root = ParseConfig("{}", file.string());
  const auto set = [&](const std::string& path, const std::string& value) {
    std::string quoted;
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    ApplyOverride(&root, fmt::format("{}=\"{}\"", path, quoted));
  };
  set("question", expectation.question);
  set("data.reid.dataset", expectation.dataset);
  if (!expectation.preprocessing.empty()) set("model.options.preset", expectation.preprocessing);
  set("rank.options.protocol", expectation.protocol);
  set("rank.options.metric", expectation.metric);
  set("rank.expect", fs::absolute(file).string());
  return root;
}

void SetSource(ConfigNode* node, const ConfigPlace& place) {
  node->place = place;
  node->key_place = place;
  for (ConfigNode& child : node->children) SetSource(&child, place);
}

ConfigNode LoadTree(const fs::path& file, int depth) {
  ConfigNode own = LoadConfig(file);
  if (!own.IsMapping())
    ThrowConfig("{}: expected an experiment ('question: ...' and so on), found {}", file.string(),
                own.Describe());
  if (own.Find("expect") != nullptr && own.Find("source") != nullptr) {
    ConfigNode root = FromExpectation(file);
    SetSource(&root, {file.string(), 1, 1});
    return root;
  }
  const ConfigNode* use = own.Find("use");
  if (use == nullptr) return own;
  if (depth >= 8) ThrowConfig("{}: `use` goes deeper than 8 files", use->place.ToString());
  ConfigNode base = LoadTree(ResolvePath(*use), depth + 1);
  own.children.erase(std::remove_if(own.children.begin(), own.children.end(),
                                    [](const ConfigNode& child) { return child.key == "use"; }),
                     own.children.end());
  MergeConfig(&base, own);
  return base;
}

// The file given, or experiments/NAME.yaml.
fs::path FindExperiment(const fs::path& given) {
  if (IsFile(given) || given.has_parent_path() || given.has_extension()) return given;
  const fs::path shipped = DataDir() / "experiments" / (given.string() + ".yaml");
  return IsFile(shipped) ? shipped : given;
}

}  // namespace

ExperimentSpec LoadExperiment(const fs::path& given, const std::vector<std::string>& overrides) {
  const fs::path file = FindExperiment(given);
  ConfigNode root = ParseConfig(kDefaults, "default");
  SetSource(&root, {"default", 0, 0});
  MergeConfig(&root, LoadTree(file, 0));
  for (const std::string& assignment : overrides) ApplyOverride(&root, assignment);

  ExperimentSpec spec;
  spec.name = file.stem().string();
  ConfigReader reader(root);
  reader.Require("question", &spec.question);
  reader.Read("seed", &spec.seed);
  ReadData(root.Find("data"), reader.Section("data"), &spec);

  ConfigReader model = reader.Section("model");
  ReadPath(&model, "weights", &spec.weights);
  ReadOptions(&model, "options", &spec.model);

  spec.retrieval = spec.reid.has_value() || IsWritten(&root, "rank");
  ConfigReader rank = reader.Section("rank");
  ReadOptions(&rank, "options", &spec.rank);
  ReadPath(&rank, "expect", &spec.expect);
  // An experiment's world that an override took away took its re-ID set with it.
  const ConfigNode* data = root.Find("data");
  const bool world_taken_away = data != nullptr && data->Find("world") != nullptr && !spec.world;
  if (world_taken_away && !spec.reid) spec.retrieval = false;
  if (spec.retrieval && !spec.reid && !spec.world)
    reader.AddError("rank", "nothing to rank: give data.reid or data.world");

  ReadTrackers(&reader, &spec);
  const bool has_sequences = spec.world.has_value() || !spec.sequences.empty();
  if (!spec.trackers.empty() && !has_sequences)
    reader.AddError("trackers", "nothing to track: give data.sequences or data.world");
  if (spec.trackers.empty() && !spec.sequences.empty())
    reader.AddError("data", "sequences without `trackers`: nothing would be done with them");
  if (spec.trackers.empty() && !spec.corrections.empty())
    reader.AddError("corrections", "nothing to correct: give `trackers`");
  if (!spec.retrieval && spec.trackers.empty())
    reader.AddError("data", "nothing to do: give `trackers` or `rank`");

  ConfigReader score = reader.Section("score");
  ReadOptions(&score, "options", &spec.score);
  ConfigReader compare = reader.Section("compare");
  ReadOptions(&compare, "options", &spec.compare);
  if (ConfigReader flow = reader.Section("flow"); flow.exists()) {
    spec.flow.emplace();
    ReadNamedFile(&flow, "zones", "zones", &spec.flow->zones);
    ReadOptions(&flow, "options", &spec.flow->options);
    if (spec.flow->zones.empty())
      flow.AddError("zones", "expected a zones file: where are people counted?");
    if (spec.trackers.empty()) reader.AddError("flow", "nobody to count: give `trackers`");
  }
  reader.Read("select", &spec.select);
  if (std::find(SelectFields().begin(), SelectFields().end(), spec.select) == SelectFields().end())
    reader.AddError("select", fmt::format("expected one of {}, found '{}'",
                                          JoinText(SelectFields(), ", "), spec.select));
  reader.Finish();
  if (IsFile(spec.expect)) LoadExpectation(spec.expect);  // says what is wrong with it
  spec.resolved = std::move(root);
  return spec;
}

std::vector<ExperimentOptions> ExpandSweep(const ExperimentOptions& options) {
  std::vector<ExperimentOptions> combinations = {{}};
  for (const ExperimentOption& option : options) {
    std::vector<ExperimentOptions> longer;
    for (const ExperimentOptions& begun : combinations) {
      for (const std::string& value : option.values) {
        longer.push_back(begun);
        longer.back().push_back({option.key, {value}});
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

std::string SweptName(const ExperimentOptions& swept, const ExperimentOptions& chosen) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < swept.size(); ++i) {
    if (swept[i].values.size() > 1)
      parts.push_back(fmt::format("{}={}", swept[i].key, chosen[i].values.front()));
  }
  return JoinText(parts, ",");
}

}  // namespace reidbench
