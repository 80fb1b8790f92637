#include "reidbench/networks/osnet.h"

#include <algorithm>
#include <cmath>

#include "reidbench/core/error.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/onnx_osnet.h"
#include "reidbench/weights/byte_reader.h"

namespace reidbench {
namespace {

// Shapes of one variant, in torchreid's state_dict order.
class TensorLister {
 public:
  explicit TensorLister(const OsnetArchitecture& architecture) : architecture_(architecture) {}

  std::vector<TensorSpec> List() {
    const auto& channels = architecture_.channels;
    const bool is_ain = architecture_.kind == OsnetKind::kAin;
    Conv("conv1", channels[0], 3, 7, architecture_.kind != OsnetKind::kPlain);
    int in = channels[0];
    for (int stage = 2; stage <= 4; ++stage) {
      const int out = channels[static_cast<size_t>(stage) - 1];
      for (int index = 0; index < 2; ++index) {
        Block(stage, index, index == 0 ? in : out, out);
      }
      if (stage < 4)
        Conv(is_ain ? fmt::format("pool{}.0", stage) : fmt::format("conv{}.2.0", stage), out, out,
             1, false);
      in = out;
    }
    Conv("conv5", channels[3], channels[3], 1, false);
    Add("fc.0.weight", {architecture_.feature_dim, channels[3]});
    Add("fc.0.bias", {architecture_.feature_dim});
    BatchNorm("fc.1", architecture_.feature_dim);
    return std::move(specs_);
  }

 private:
  void Add(std::string name, std::vector<int64_t> shape) {
    specs_.push_back({std::move(name), std::move(shape)});
  }
  void InstanceNorm(const std::string& prefix, int channels) {
    Add(prefix + ".weight", {channels});
    Add(prefix + ".bias", {channels});
  }
  void BatchNorm(const std::string& prefix, int channels) {
    InstanceNorm(prefix, channels);
    Add(prefix + ".running_mean", {channels});
    Add(prefix + ".running_var", {channels});
  }
  void Conv(const std::string& prefix, int out, int in, int kernel, bool instance_norm) {
    Add(prefix + ".conv.weight", {out, in, kernel, kernel});
    if (instance_norm) {
      InstanceNorm(prefix + ".bn", out);
    } else {
      BatchNorm(prefix + ".bn", out);
    }
  }
  void Block(int stage, int index, int in, int out) {
    const std::string prefix = fmt::format("conv{}.{}", stage, index);
    const int middle = out / 4;
    const int squeezed = middle / 16;
    Conv(prefix + ".conv1", middle, in, 1, false);
    for (int stream = 0; stream < 4; ++stream) {
      for (int i = 0; i <= stream; ++i) {
        const std::string light = OsnetLightConvPrefix(architecture_.kind, prefix, stream, i);
        Add(light + ".conv1.weight", {middle, middle, 1, 1});
        Add(light + ".conv2.weight", {middle, 1, 3, 3});
        BatchNorm(light + ".bn", middle);
      }
    }
    Add(prefix + ".gate.fc1.weight", {squeezed, middle, 1, 1});
    Add(prefix + ".gate.fc1.bias", {squeezed});
    Add(prefix + ".gate.fc2.weight", {middle, squeezed, 1, 1});
    Add(prefix + ".gate.fc2.bias", {middle});
    const bool inside = OsnetInstanceNormInside(architecture_.kind, stage, index);
    if (inside) {
      Add(prefix + ".conv3.conv.weight", {out, middle, 1, 1});
    } else {
      Conv(prefix + ".conv3", out, middle, 1, false);
    }
    if (in != out) Conv(prefix + ".downsample", out, in, 1, false);
    if (inside || OsnetInstanceNormAfter(architecture_.kind, stage))
      InstanceNorm(prefix + ".IN", out);
  }

  const OsnetArchitecture& architecture_;
  std::vector<TensorSpec> specs_;
};

bool IsRunningStatistic(std::string_view name) {
  return EndsWith(name, ".running_mean") || EndsWith(name, ".running_var");
}

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

Mismatch Compare(const OsnetArchitecture& architecture,
                 const std::map<std::string, Tensor>& tensors) {
  Mismatch mismatch;
  std::map<std::string_view, const TensorSpec*> expected;
  const std::vector<TensorSpec> specs = OsnetTensors(architecture);
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

// Torchreid's layouts differ in names, its widths in the first convolution.
OsnetKind DetectKind(const std::map<std::string, Tensor>& tensors) {
  if (tensors.contains("pool2.0.conv.weight")) return OsnetKind::kAin;
  return tensors.contains("conv2.0.IN.weight") ? OsnetKind::kIbn : OsnetKind::kPlain;
}

// Null where the width is none of the family's.
const OsnetArchitecture* Detect(const std::map<std::string, Tensor>& tensors) {
  const auto conv1 = tensors.find("conv1.conv.weight");
  if (conv1 == tensors.end() || conv1->second.shape.empty()) return nullptr;
  const OsnetKind kind = DetectKind(tensors);
  for (const OsnetArchitecture& architecture : OsnetArchitectures()) {
    if (architecture.kind == kind && architecture.channels[0] == conv1->second.shape[0]) {
      return &architecture;
    }
  }
  return nullptr;
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

// "; the names start with 'backbone.': ..." where an OSNet hides behind a prefix.
std::string PrefixHint(const std::map<std::string, Tensor>& tensors) {
  constexpr std::string_view kLandmark = ".conv2.0.conv1.conv.weight";
  for (const auto& [name, tensor] : tensors) {
    if (EndsWith(name, kLandmark)) {
      return fmt::format(
          "; an OSNet may hide behind the prefix '{}': save it without in Python",
          Printable(std::string_view(name).substr(0, name.size() - kLandmark.size() + 1)));
    }
  }
  return "";
}

}  // namespace

std::string OsnetLightConvPrefix(OsnetKind kind, std::string_view block, int stream, int index) {
  if (kind == OsnetKind::kAin) return fmt::format("{}.conv2.{}.layers.{}", block, stream, index);
  const char letter = static_cast<char>('a' + stream);
  return stream == 0 ? fmt::format("{}.conv2a", block)
                     : fmt::format("{}.conv2{}.{}", block, letter, index);
}

bool OsnetInstanceNormInside(OsnetKind kind, int stage, int index) {
  return kind == OsnetKind::kAin &&
         (stage == 2 || (stage == 3 && index == 1) || (stage == 4 && index == 0));
}

bool OsnetInstanceNormAfter(OsnetKind kind, int stage) {
  return kind == OsnetKind::kIbn && stage == 2;
}

std::span<const OsnetArchitecture> OsnetArchitectures() {
  static const std::vector<OsnetArchitecture> kArchitectures = {
      {"osnet_x1_0", OsnetKind::kPlain, {64, 256, 384, 512}},
      {"osnet_x0_75", OsnetKind::kPlain, {48, 192, 288, 384}},
      {"osnet_x0_5", OsnetKind::kPlain, {32, 128, 192, 256}},
      {"osnet_x0_25", OsnetKind::kPlain, {16, 64, 96, 128}},
      {"osnet_ibn_x1_0", OsnetKind::kIbn, {64, 256, 384, 512}},
      {"osnet_ain_x1_0", OsnetKind::kAin, {64, 256, 384, 512}},
      {"osnet_ain_x0_75", OsnetKind::kAin, {48, 192, 288, 384}},
      {"osnet_ain_x0_5", OsnetKind::kAin, {32, 128, 192, 256}},
      {"osnet_ain_x0_25", OsnetKind::kAin, {16, 64, 96, 128}},
  };
  return kArchitectures;
}

const OsnetArchitecture& OsnetArchitectureByName(std::string_view name) {
  std::vector<std::string> names;
  for (const OsnetArchitecture& architecture : OsnetArchitectures()) {
    if (architecture.name == name) return architecture;
    names.push_back(architecture.name);
  }
  ThrowUsage("unknown architecture '{}'{}", name, SuggestName(name, names));
}

std::vector<TensorSpec> OsnetTensors(const OsnetArchitecture& architecture) {
  return TensorLister(architecture).List();
}

int64_t CountParameters(const OsnetArchitecture& architecture) {
  int64_t count = 0;
  for (const TensorSpec& spec : OsnetTensors(architecture)) {
    if (!IsRunningStatistic(spec.name)) count += NumElements(spec.shape);
  }
  return count;
}

int64_t CountMacs(const OsnetArchitecture& architecture, int height, int width) {
  int64_t total = 0;
  int64_t pixels = 0;
  const auto conv = [&](int64_t out, int64_t in_per_group, int64_t kernel) {
    total += out * in_per_group * kernel * kernel * pixels;
  };
  int64_t h = (height - 1) / 2 + 1;  // conv1: 7x7, stride 2, padding 3
  int64_t w = (width - 1) / 2 + 1;
  pixels = h * w;
  conv(architecture.channels[0], 3, 7);
  h = (h - 1) / 2 + 1;  // max-pool: 3x3, stride 2, padding 1
  w = (w - 1) / 2 + 1;
  int64_t in = architecture.channels[0];
  for (size_t stage = 1; stage <= 3; ++stage) {
    pixels = h * w;
    const int64_t out = architecture.channels[stage];
    const int64_t middle = out / 4;
    const int64_t squeezed = middle / 16;
    for (int block = 0; block < 2; ++block) {
      conv(middle, in, 1);
      for (int light = 0; light < 1 + 2 + 3 + 4; ++light) {
        conv(middle, middle, 1);
        conv(middle, 1, 3);
      }
      total += 4 * (squeezed * (middle + 1) + middle * (squeezed + 1));
      conv(out, middle, 1);
      if (in != out) conv(out, in, 1);
      in = out;
    }
    if (stage < 3) {
      conv(out, out, 1);
      h /= 2;
      w /= 2;
    }
  }
  conv(in, in, 1);
  return total + architecture.feature_dim * (in + 1);
}

OsnetWeights LoadOsnetWeights(const std::filesystem::path& path) {
  return ToOsnetWeights(ReadCheckpoint(path));
}

OsnetWeights ToOsnetWeights(Checkpoint checkpoint) {
  OsnetWeights weights;
  weights.notes = std::move(checkpoint.notes);
  if (checkpoint.format == CheckpointFormat::kOnnx) {
    checkpoint.tensors = OsnetTensorsOfOnnx(checkpoint, weights.notes);
  }
  std::map<std::string, Tensor>& tensors = checkpoint.tensors;

  const OsnetArchitecture* architecture = Detect(tensors);
  const bool is_sure = architecture != nullptr;
  Mismatch mismatch;
  if (is_sure) {
    mismatch = Compare(*architecture, tensors);
  } else {
    for (const OsnetArchitecture& candidate : OsnetArchitectures()) {
      if (candidate.kind != DetectKind(tensors)) continue;
      Mismatch other = Compare(candidate, tensors);
      if (architecture == nullptr || other.size() < mismatch.size()) {
        architecture = &candidate;
        mismatch = std::move(other);
      }
    }
  }
  if (mismatch.present < mismatch.expected / 2) {
    ThrowModel(
        "{}: no OSNet: {} and {} other tensors are missing; the file's tensors look like {}{}; an "
        "ONNX export of any "
        "network runs with `--engine opencv`",
        checkpoint.path, mismatch.missing.front(), mismatch.missing.size() - 1,
        FirstTensors(tensors), PrefixHint(tensors));
  }
  if (mismatch.size() > 0) {
    ThrowModel(
        "{}: {} {} but does not fit it:{}{}{}\nnothing is loaded in part: features of such a "
        "network would be wrong",
        checkpoint.path, is_sure ? "looks like" : "no known OSNet; it is nearest to",
        architecture->name, Listing("missing", mismatch.missing),
        Listing("of another shape", mismatch.misshaped),
        Listing("unexpected", mismatch.unexpected));
  }

  weights.architecture = *architecture;
  size_t num_counters = 0;
  for (auto at = tensors.begin(); at != tensors.end();) {
    const std::string& name = at->first;
    if (name == "classifier.weight" && !at->second.shape.empty())
      weights.num_classes = at->second.shape[0];
    if (IsClassifier(name) || IsCounter(name)) {
      if (IsCounter(name)) ++num_counters;
      at = tensors.erase(at);
      continue;
    }
    const bool is_variance = EndsWith(name, ".running_var");
    for (const float value : at->second.values) {
      if (!std::isfinite(value))
        ThrowModel("{}: {} holds a value that is not finite", checkpoint.path, name);
      if (is_variance && value < 0)
        ThrowModel("{}: {} holds the negative variance {}", checkpoint.path, name, value);
    }
    ++at;
  }
  if (weights.num_classes) {
    weights.notes.push_back(
        fmt::format("skipped the classifier of {} classes: features are taken before it",
                    WithThousands(*weights.num_classes)));
  }
  if (num_counters > 0) {
    weights.notes.push_back(fmt::format(
        "skipped {} counters num_batches_tracked: only training needs them", num_counters));
  }
  weights.tensors = std::move(tensors);
  weights.format = checkpoint.format;
  weights.sha256 = std::move(checkpoint.sha256);
  weights.path = std::move(checkpoint.path);
  return weights;
}

OsnetWeights RandomOsnetWeights(const OsnetArchitecture& architecture, uint64_t seed) {
  OsnetWeights weights;
  weights.architecture = architecture;
  Rng rng(seed);
  for (const TensorSpec& spec : OsnetTensors(architecture)) {
    Tensor tensor{spec.shape, {}};
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    const double scale =
        std::sqrt(1.5 * static_cast<double>(spec.shape[0]) / static_cast<double>(count));
    for (int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(spec.shape.size() == 1 ? 1.0f
                                                     : static_cast<float>(scale * rng.Normal()));
    }
    weights.tensors.emplace(spec.name, std::move(tensor));
  }
  return weights;
}

}  // namespace reidbench
