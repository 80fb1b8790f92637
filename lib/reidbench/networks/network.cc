#include "reidbench/networks/network.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/architectures.h"
#include "reidbench/networks/onnx_network.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

// Layers that belong to training: a classifier of any size and the counters of batch norm.
bool IsClassifier(std::string_view name) { return StartsWith(name, "classifier."); }
bool IsCounter(std::string_view name) { return EndsWith(name, "num_batches_tracked"); }

struct Mismatch {
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<std::string> misshaped;
  size_t expected = 0;
  size_t present = 0;  // expected names that are there, of whatever shape

  size_t size() const { return missing.size() + unexpected.size() + misshaped.size(); }
};

Mismatch Compare(const Architecture& architecture, const std::map<std::string, Tensor>& tensors) {
  Mismatch mismatch;
  std::map<std::string_view, const TensorSpec*> expected;
  const std::vector<TensorSpec> specs = TensorsOf(architecture.graph);
  mismatch.expected = specs.size();
  for (const TensorSpec& spec : specs) {
    expected[spec.name] = &spec;
    const auto at = tensors.find(spec.name);
    if (at == tensors.end()) {
      mismatch.missing.push_back(spec.name);
      continue;
    }
    ++mismatch.present;
    if (at->second.shape != spec.shape) {
      mismatch.misshaped.push_back(fmt::format("{} (expected {}, found {})", spec.name,
                                               ShapeText(spec.shape), ShapeText(at->second.shape)));
    }
  }
  for (const auto& [name, tensor] : tensors) {
    if (!expected.contains(name) && !IsClassifier(name) && !IsCounter(name)) {
      mismatch.unexpected.push_back(fmt::format("{} {}", Printable(name), ShapeText(tensor.shape)));
    }
  }
  return mismatch;
}

std::string Listing(std::string_view what, const std::vector<std::string>& items) {
  constexpr size_t kMaxListed = 12;
  if (items.empty()) return "";
  const auto listed = std::span(items).first(std::min(items.size(), kMaxListed));
  return fmt::format(
      "\n  {} {}: {}{}", items.size(), what, JoinText(listed, ", "),
      items.size() > kMaxListed ? fmt::format(", and {} more", items.size() - kMaxListed) : "");
}

// "layer1.0.conv1.weight [64, 64, 1, 1], ...": what a stranger's file looks like.
std::string FirstTensors(const std::map<std::string, Tensor>& tensors) {
  std::vector<std::string> first;
  for (const auto& [name, tensor] : tensors) {
    if (IsCounter(name) || IsRunningStatistic(name)) continue;
    if (first.size() == 4) break;
    first.push_back(fmt::format("{} {}", Printable(name), ShapeText(tensor.shape)));
  }
  return first.empty() ? "there are none"
                       : JoinText(first, ", ") + (tensors.size() > first.size() ? ", ..." : "");
}

// "; an OSNet may hide behind ..." where names start with one more word, as with 'backbone.'.
std::string PrefixHint(const std::map<std::string, Tensor>& tensors) {
  for (const Architecture& architecture : Architectures()) {
    const std::vector<TensorSpec> specs = TensorsOf(architecture.graph);
    const std::string first = "." + specs.front().name;
    for (const auto& [name, tensor] : tensors) {
      if (!EndsWith(name, first)) continue;
      const std::string prefix = name.substr(0, name.size() - first.size() + 1);
      if (std::all_of(specs.begin(), specs.end(),
                      [&](const TensorSpec& spec) { return tensors.contains(prefix + spec.name); }))
        return fmt::format("; an {} may hide behind the prefix '{}': save it without in Python",
                           architecture.family, Printable(prefix));
    }
  }
  return "";
}

// The families by name: "OSNet or ...".
std::string Families() {
  std::vector<std::string> families;
  for (const Architecture& architecture : Architectures()) {
    if (families.empty() || families.back() != architecture.family)
      families.push_back(architecture.family);
  }
  return JoinText(families, " or ");
}

// The architecture whose tensors these are, all of them and no others but a classifier's.
const Architecture& Recognise(const Checkpoint& checkpoint) {
  const std::map<std::string, Tensor>& tensors = checkpoint.tensors;
  const Architecture* nearest = nullptr;
  Mismatch mismatch;
  for (const Architecture& candidate : Architectures()) {
    Mismatch other = Compare(candidate, tensors);
    if (nearest == nullptr || other.size() < mismatch.size()) {
      nearest = &candidate;
      mismatch = std::move(other);
    }
  }
  REIDBENCH_CHECK(nearest != nullptr);
  if (mismatch.size() == 0) return *nearest;
  if (mismatch.present < mismatch.expected / 2) {
    ThrowModel(
        "{}: no {}: {} and {} other tensors are missing; the file's tensors look like {}{}; an "
        "ONNX export of the network runs as it is",
        checkpoint.path, Families(), mismatch.missing.front(), mismatch.missing.size() - 1,
        FirstTensors(tensors), PrefixHint(tensors));
  }
  // Widths differ in the first layer.
  const TensorSpec first = TensorsOf(nearest->graph).front();
  const auto at = tensors.find(first.name);
  const bool is_sure = at != tensors.end() && !at->second.shape.empty() &&
                       at->second.shape.front() == first.shape.front();
  ThrowModel(
      "{}: {} {} but does not fit it:{}{}{}\nnothing is loaded in part: features of such a network "
      "would be wrong",
      checkpoint.path,
      is_sure ? "looks like" : fmt::format("no known {}; it is nearest to", nearest->family),
      nearest->name, Listing("missing", mismatch.missing),
      Listing("of another shape", mismatch.misshaped), Listing("unexpected", mismatch.unexpected));
}

std::string DescribeChoice(const Checkpoint& checkpoint) {
  if (checkpoint.other_entries.empty() && checkpoint.left_out.empty()) return "";
  std::string text =
      fmt::format("{}: weights taken from '{}'", checkpoint.path, Printable(checkpoint.entry));
  if (!checkpoint.other_entries.empty()) {
    text += fmt::format("; the file holds weights under '{}' too: --weights-entry chooses",
                        JoinText(checkpoint.other_entries, "', '"));
  }
  if (!checkpoint.left_out.empty())
    text += "; left out beside them: " + JoinText(checkpoint.left_out, ", ");
  return text;
}

Network FromStateDict(Checkpoint& checkpoint) {
  std::map<std::string, Tensor>& tensors = checkpoint.tensors;
  const Architecture& architecture = Recognise(checkpoint);
  Network network{.name = architecture.name, .graph = architecture.graph};
  network.notes = std::move(checkpoint.notes);
  if (const auto at = tensors.find("classifier.weight");
      at != tensors.end() && !at->second.shape.empty()) {
    network.num_classes = at->second.shape.front();
    network.notes.push_back(ClassifierNote(*network.num_classes));
  }
  const size_t num_counters =
      std::erase_if(tensors, [](const auto& entry) { return IsCounter(entry.first); });
  std::erase_if(tensors, [](const auto& entry) { return IsClassifier(entry.first); });
  if (num_counters > 0) {
    network.notes.push_back(fmt::format(
        "skipped {} counters num_batches_tracked: only training needs them", num_counters));
  }
  network.tensors = std::move(tensors);
  return network;
}

}  // namespace

const std::vector<Architecture>& Architectures() {
  static const std::vector<Architecture> kArchitectures = [] {
    std::vector<Architecture> all;
    for (const auto family : kArchitectureFamilies) {
      std::vector<Architecture> architectures = family();
      std::move(architectures.begin(), architectures.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kArchitectures;
}

const Architecture& ArchitectureByName(std::string_view name) {
  std::vector<std::string> names;
  for (const Architecture& architecture : Architectures()) {
    if (architecture.name == name) return architecture;
    names.push_back(architecture.name);
  }
  ThrowUsage("unknown architecture '{}'{}", name, SuggestName(name, names));
}

Network LoadNetwork(const std::filesystem::path& path, std::string_view entry) {
  return LoadNetwork(path, entry, {});
}

Network LoadNetwork(const std::filesystem::path& path, std::string_view entry,
                    const NetworkReading& reading) {
  return ToNetwork(ReadCheckpoint(path, entry), reading);
}

Network ToNetwork(Checkpoint checkpoint, const NetworkReading& reading) {
  const std::string choice = DescribeChoice(checkpoint);
  Network network = checkpoint.format == CheckpointFormat::kOnnx
                        ? ReadOnnxNetwork(checkpoint, reading)
                        : FromStateDict(checkpoint);
  network.choice = choice;
  network.format = checkpoint.format;
  network.sha256 = std::move(checkpoint.sha256);
  network.path = std::move(checkpoint.path);
  for (const auto& [name, tensor] : network.tensors) {
    const bool is_variance = EndsWith(name, ".running_var");
    for (const float value : tensor.values) {
      if (!std::isfinite(value))
        ThrowModel("{}: {} holds a value that is not finite", network.path, name);
      if (is_variance && value < 0)
        ThrowModel("{}: {} holds the negative variance {}", network.path, name, value);
    }
  }
  return network;
}

Network OfEmbeddings(const Network& network) {
  Network first = network;
  if (first.graph.outputs.empty()) return first;
  first.graph.outputs.clear();
  DropUnread(&first.graph);
  std::map<std::string, Tensor> tensors;
  for (const TensorSpec& spec : TensorsOf(first.graph)) {
    if (const auto at = first.tensors.find(spec.name); at != first.tensors.end())
      tensors.insert(*at);
  }
  first.tensors = std::move(tensors);
  return first;
}

std::string ClassifierNote(int64_t num_classes) {
  return fmt::format("skipped the classifier of {} classes: features are taken before it",
                     WithThousands(num_classes));
}

void RequireComplete(const Network& network) {
  for (const TensorSpec& spec : TensorsOf(network.graph)) {
    const auto it = network.tensors.find(spec.name);
    if (it == network.tensors.end() || it->second.shape != spec.shape) {
      ThrowModel(
          "{}: tensor {} is {}", network.path, spec.name,
          it == network.tensors.end() ? "missing" : "of another shape than the architecture's");
    }
    const std::vector<float>& values = it->second.values;
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
      ThrowModel("{}: {} holds an infinity or NaN; the file is damaged or its training diverged",
                 network.path, spec.name);
    }
  }
}

Network RandomNetwork(const Architecture& architecture, uint64_t seed) {
  Network network{.name = architecture.name, .graph = architecture.graph};
  Rng rng(seed);
  for (const TensorSpec& spec : TensorsOf(architecture.graph)) {
    Tensor tensor{spec.shape, {}};
    const int64_t count = NumElements(spec.shape);
    const double scale =
        std::sqrt(1.5 * static_cast<double>(spec.shape[0]) / static_cast<double>(count));
    for (int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(spec.shape.size() == 1 ? 1.0f
                                                     : static_cast<float>(scale * rng.Normal()));
    }
    network.tensors.emplace(spec.name, std::move(tensor));
  }
  return network;
}

}  // namespace reidbench
