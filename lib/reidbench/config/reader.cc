#include "reidbench/config/reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

// More would scroll the first one out of sight.
constexpr size_t kMaxErrorsShown = 50;

template <typename Integer>
Integer NarrowInteger(const ConfigNode& node) {
  const int64_t wide = node.AsInt64();
  if (wide < std::numeric_limits<Integer>::min() || wide > std::numeric_limits<Integer>::max()) {
    throw ConfigValueError(
        node.place,
        fmt::format("expected a whole number of at most 32 bits, found {}", node.Describe()));
  }
  return static_cast<Integer>(wide);
}

}  // namespace

void ConvertConfig(const ConfigNode& node, bool* value) { *value = node.AsBool(); }
void ConvertConfig(const ConfigNode& node, int* value) { *value = NarrowInteger<int>(node); }
void ConvertConfig(const ConfigNode& node, int64_t* value) { *value = node.AsInt64(); }
void ConvertConfig(const ConfigNode& node, uint64_t* value) { *value = node.AsUint64(); }
void ConvertConfig(const ConfigNode& node, double* value) { *value = node.AsDouble(); }
void ConvertConfig(const ConfigNode& node, std::string* value) { *value = node.AsString(); }

void ConvertConfig(const ConfigNode& node, float* value) {
  const double wide = node.AsDouble();
  if (std::abs(wide) > std::numeric_limits<float>::max()) {
    throw ConfigValueError(
        node.place, fmt::format("expected a number of at most 3.4e38, found {}", node.Describe()));
  }
  *value = static_cast<float>(wide);
}

void ConvertConfig(const ConfigNode& node, std::filesystem::path* value) {
  const std::string text = node.AsString();
  if (text.empty()) throw ConfigValueError(node.place, "expected a path, found an empty text");
  if (text.find('\0') != std::string::npos)
    throw ConfigValueError(node.place, "a path cannot hold a NUL character");
  *value = text;
}

void RequireConfigList(const ConfigNode& node) {
  if (!node.IsSequence()) {
    throw ConfigValueError(node.place,
                           fmt::format("expected a list, as in [a, b], found {}", node.Describe()));
  }
}

NumberCheck Between(double low, double high) {
  return [=](double value) -> std::optional<std::string> {
    if (value >= low && value <= high) return std::nullopt;
    return fmt::format("must lie between {} and {}", low, high);
  };
}

NumberCheck AtLeast(double low) {
  return [=](double value) -> std::optional<std::string> {
    if (value >= low) return std::nullopt;
    return fmt::format("must be at least {}", low);
  };
}

NumberCheck Above(double low) {
  return [=](double value) -> std::optional<std::string> {
    if (value > low) return std::nullopt;
    return fmt::format("must be greater than {}", low);
  };
}

struct ConfigReader::State {
  struct Opened {
    const ConfigNode* node;
    std::string path;
    std::set<std::string, std::less<>> known;
  };
  struct Found {
    ConfigPlace place;
    std::string text;
  };

  // By address: a section may be opened twice and its keys are known together.
  std::map<const ConfigNode*, size_t> index;
  std::vector<Opened> opened;
  std::vector<Found> errors;
};

ConfigReader::ConfigReader(const ConfigNode& node)
    : ConfigReader(std::make_shared<State>(), node.IsMapping() ? &node : nullptr, node.place, "") {
  if (!node.IsMapping() && !node.IsNull()) {
    AddErrorAt(node.place, "",
               fmt::format("expected 'key: value' lines, found {}", node.Describe()));
  }
}

ConfigReader::ConfigReader(std::shared_ptr<State> state, const ConfigNode* node, ConfigPlace place,
                           std::string path)
    : state_(std::move(state)), node_(node), place_(std::move(place)), path_(std::move(path)) {
  if (node_ == nullptr) return;
  if (state_->index.try_emplace(node_, state_->opened.size()).second)
    state_->opened.push_back({node_, path_, {}});
}

bool ConfigReader::Has(std::string_view key) const {
  return node_ != nullptr && node_->Find(key) != nullptr;
}

const ConfigNode* ConfigReader::Take(std::string_view key) {
  if (node_ == nullptr) return nullptr;
  state_->opened[state_->index.at(node_)].known.emplace(key);
  return node_->Find(key);
}

const ConfigNode* ConfigReader::TakeRequired(std::string_view key) {
  const ConfigNode* value = Take(key);
  if (value == nullptr) {
    AddErrorAt(place_, "",
               path_.empty() ? fmt::format("key '{}' is missing", key)
                             : fmt::format("key '{}' is missing in section '{}'", key, path_));
  }
  return value;
}

ConfigReader ConfigReader::Open(const ConfigNode* node, std::string_view key) {
  const ConfigPlace& place = node == nullptr ? place_ : node->place;
  if (node != nullptr && !node->IsMapping() && !node->IsNull()) {
    AddErrorAt(node->place, key,
               fmt::format("expected a section of 'key: value' lines, found {}", node->Describe()));
  }
  return ConfigReader(state_, node != nullptr && node->IsMapping() ? node : nullptr, place,
                      PathOf(key));
}

ConfigReader ConfigReader::Section(std::string_view key) { return Open(Take(key), key); }
ConfigReader ConfigReader::RequireSection(std::string_view key) {
  return Open(TakeRequired(key), key);
}

std::vector<ConfigReader> ConfigReader::Sections(std::string_view key) {
  const ConfigNode* list = Take(key);
  std::vector<ConfigReader> readers;
  if (list == nullptr || !Guard(key, [&] { RequireConfigList(*list); })) return readers;
  for (size_t i = 0; i < list->children.size(); ++i) {
    readers.push_back(Open(&list->children[i], fmt::format("{}.{}", key, i)));
  }
  return readers;
}

std::vector<std::pair<std::string, ConfigReader>> ConfigReader::NamedSections() {
  std::vector<std::pair<std::string, ConfigReader>> readers;
  if (node_ == nullptr) return readers;
  for (const ConfigNode& child : node_->children)
    readers.emplace_back(child.key, Section(child.key));
  return readers;
}

void ConfigReader::AddError(std::string_view key, std::string_view message) {
  const ConfigNode* value = node_ == nullptr ? nullptr : node_->Find(key);
  AddErrorAt(value == nullptr ? place_ : value->place, key, message);
}

void ConfigReader::AddChoiceError(const ConfigNode& value, std::string_view key,
                                  const std::vector<std::string>& names) {
  const std::string suggestion = value.IsScalar() && NearestName(value.text, names)
                                     ? SuggestName(value.text, names)
                                     : std::string();
  AddErrorAt(value.place, key,
             fmt::format("expected one of {}, found {}{}", JoinText(names, ", "), value.Describe(),
                         suggestion));
}

bool ConfigReader::Guard(std::string_view key, const std::function<void()>& convert) {
  try {
    convert();
    return true;
  } catch (const ConfigValueError& error) {
    AddErrorAt(error.place(), key, error.message());
    return false;
  }
}

void ConfigReader::AddErrorAt(const ConfigPlace& place, std::string_view key,
                              std::string_view message) {
  const std::string path = key.empty() ? std::string() : PathOf(key) + ": ";
  state_->errors.push_back({place, fmt::format("{}: {}{}", place.ToString(), path, message)});
}

std::string ConfigReader::PathOf(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void ConfigReader::Finish() {
  for (const State::Opened& section : state_->opened) {
    const std::vector<std::string> known(section.known.begin(), section.known.end());
    for (const ConfigNode& child : section.node->children) {
      if (section.known.contains(child.key)) continue;
      const std::string where =
          section.path.empty() ? "" : fmt::format(" in section '{}'", section.path);
      state_->errors.push_back(
          {child.key_place, fmt::format("{}: unknown key '{}'{}{}", child.key_place.ToString(),
                                        child.key, where, SuggestName(child.key, known))});
    }
  }
  std::vector<State::Found>& errors = state_->errors;
  if (errors.empty()) return;
  std::stable_sort(errors.begin(), errors.end(), [](const State::Found& a, const State::Found& b) {
    return std::tie(a.place.source, a.place.line, a.place.column) <
           std::tie(b.place.source, b.place.line, b.place.column);
  });
  if (errors.size() == 1) throw Error(ErrorKind::kConfig, errors.front().text);
  std::string all = fmt::format("{} errors in the configuration:", errors.size());
  for (size_t i = 0; i < std::min(errors.size(), kMaxErrorsShown); ++i)
    all += "\n  " + errors[i].text;
  if (errors.size() > kMaxErrorsShown)
    all += fmt::format("\n  ... and {} more", errors.size() - kMaxErrorsShown);
  throw Error(ErrorKind::kConfig, all);
}

}  // namespace reidbench
