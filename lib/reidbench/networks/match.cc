#include "reidbench/networks/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

constexpr double kTorchEpsilon = 1e-5;  // of norms

bool HasWeight(const Layer& layer) {
  return layer.op == LayerOp::kConvolution || layer.op == LayerOp::kLinear;
}

// Numbers for what layers compute but for their tensors: equal where two layers, of the same or of
// different graphs, do the same to the same. Biases and batch norms behind convolutions and linear
// layers do not count, because exporters fold them.
class Structures {
 public:
  struct Numbered {
    std::vector<int> structure;  // of each layer
    std::vector<int> norm;       // of each layer the batch norm that is part of it, or -1
    std::vector<bool> is_part;   // whether a layer is such a norm, or a sum inside a larger sum
    std::vector<int> readers;
  };

  Numbered Number(const Graph& graph) {
    Numbered result;
    result.readers = CountReaders(graph);
    result.norm.assign(graph.layers.size(), -1);
    result.is_part.assign(graph.layers.size(), false);
    for (size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      if (layer.op == LayerOp::kBatchNorm) {
        const auto before = static_cast<size_t>(layer.inputs.front());
        if (HasWeight(graph.layers[before]) && result.readers[before] == 1) {
          result.norm[before] = static_cast<int>(i);
          result.is_part[i] = true;
          result.structure.push_back(result.structure[before]);
          continue;
        }
      }
      std::vector<int> inputs;
      Collect(graph, result, layer, &inputs);
      const Window& w = layer.window;
      std::string text = fmt::format(
          "{} {} {} {} {} {} {} {} {} {} {}", static_cast<int>(layer.op), layer.channels,
          layer.groups, fmt::join(w.kernel, ","), fmt::join(w.stride, ","),
          fmt::join(w.dilation, ","), fmt::join(w.padding, ","), w.ceil, w.count_padding,
          layer.op == LayerOp::kL2Normalize ? 0 : layer.epsilon, fmt::join(inputs, ","));
      if (layer.op >= LayerOp::kConstant || layer.axis != 0) {
        text += fmt::format(" {} {} {} {} {} {} {} {} {}", static_cast<int>(layer.function),
                            layer.alpha, layer.beta, layer.axis, fmt::join(layer.axes, ","),
                            fmt::join(layer.sizes, ","), fmt::join(layer.begins, ","),
                            fmt::join(layer.ends, ","), fmt::join(layer.steps, ","));
        // Constants are what they hold, and resizing has more to it: each a structure of its own.
        if (layer.op == LayerOp::kConstant || layer.op == LayerOp::kResize)
          text += fmt::format(" {} of {}", i, static_cast<const void*>(&graph));
      }
      const auto [at, is_new] =
          numbers_.try_emplace(std::move(text), static_cast<int>(numbers_.size()));
      result.structure.push_back(at->second);
    }
    return result;
  }

  // Numbers for the layers that lead to `root`, by what they compute and what is done with it: -1
  // for the others. Branches that start alike differ in where they end.
  std::vector<int> Places(const Graph& graph, const Numbered& numbered, int root) {
    std::vector<std::vector<int>> readers(graph.layers.size());
    std::vector<int> places(graph.layers.size(), -1);
    readers[static_cast<size_t>(root)] = {-1};
    for (auto i = static_cast<size_t>(root) + 1; i-- > 0;) {
      if (readers[i].empty()) continue;
      std::sort(readers[i].begin(), readers[i].end());
      const std::string text =
          fmt::format("{} read by {}", numbered.structure[i], fmt::join(readers[i], ","));
      places[i] = numbers_.try_emplace(text, static_cast<int>(numbers_.size())).first->second;
      for (const int input : graph.layers[i].inputs) {
        std::vector<int>& above = readers[static_cast<size_t>(input)];
        if (numbered.is_part[i]) {
          above.insert(above.end(), readers[i].begin(), readers[i].end());
        } else {
          above.push_back(places[i]);
        }
      }
    }
    return places;
  }

 private:
  // The inputs, where their order does not matter sorted, and of a sum also those of the sums that
  // only it reads.
  static void Collect(const Graph& graph, Numbered& numbered, const Layer& layer,
                      std::vector<int>* inputs) {
    constexpr size_t kMostTerms = 64;  // longer sums stay nested, so that chains cost no square
    for (const int input : layer.inputs) {
      const auto i = static_cast<size_t>(input);
      const Layer& before = graph.layers[i];
      if (layer.op == LayerOp::kAdd && before.op == LayerOp::kAdd && numbered.readers[i] == 1 &&
          inputs->size() < kMostTerms) {
        numbered.is_part[i] = true;
        Collect(graph, numbered, before, inputs);
      } else {
        inputs->push_back(numbered.structure[i]);
      }
    }
    if (layer.op == LayerOp::kAdd) std::sort(inputs->begin(), inputs->end());
  }

  std::unordered_map<std::string, int> numbers_;
};

// Why a graph is not an architecture.
struct Difference {
  size_t matched = 0;  // layers
  std::string text;
};

class Matcher {
 public:
  Matcher(const Architecture& architecture, const Network& file, Structures& structures,
          const Structures::Numbered& numbered)
      : wanted_(architecture.graph),
        file_(file),
        structures_(structures),
        numbers_(structures.Number(wanted_)),
        file_numbers_(numbered) {
    result_.name = architecture.name;
    result_.graph = wanted_;
  }

  // False: see difference().
  bool Match() {
    const std::unordered_set<int> found(file_numbers_.structure.begin(),
                                        file_numbers_.structure.end());
    for (size_t i = 0; i < wanted_.layers.size(); ++i) {
      if (!found.contains(numbers_.structure[i]))
        return Differ(wanted_.layers[i], "it has no such layer there");
      ++difference_.matched;
    }
    const int root = numbers_.structure[static_cast<size_t>(wanted_.output)];
    for (size_t i = 0; i < file_.graph.layers.size(); ++i) {
      if (file_numbers_.structure[i] == root) embedding_ = static_cast<int>(i);
    }
    std::unordered_map<int, size_t> layers;
    const std::vector<int> file_places = structures_.Places(file_.graph, file_numbers_, embedding_);
    for (size_t i = 0; i < file_places.size(); ++i) {
      if (!file_numbers_.is_part[i]) layers.emplace(file_places[i], i);
    }
    const std::vector<int> places = structures_.Places(wanted_, numbers_, wanted_.output);
    for (size_t i = 0; i < places.size(); ++i) {
      if (numbers_.is_part[i]) continue;
      const auto at = layers.find(places[i]);
      if (at == layers.end()) return Differ(wanted_.layers[i], "its output is used otherwise");
      if (!TakeTensors(i, at->second)) return false;
    }
    return TakeRest();
  }

  const Difference& difference() const { return difference_; }
  Network& result() { return result_; }

 private:
  bool Differ(const Layer& layer, std::string_view reason) {
    difference_.text =
        fmt::format("{} '{}' of {}: {}", LayerOpName(layer.op), layer.name, result_.name, reason);
    return false;
  }

  const Tensor& FileTensor(const Layer& layer, size_t index) const {
    return file_.tensors.at(layer.tensors.at(index));
  }

  bool Put(const Layer& layer, size_t index, Tensor tensor) {
    const auto [at, is_new] =
        result_.tensors.try_emplace(layer.tensors.at(index), std::move(tensor));
    // Layers that share a tensor, as OSNet's gates: `tensor` was not moved from.
    return is_new || (at->second.shape == tensor.shape && at->second.values == tensor.values) ||
           Differ(layer, fmt::format("it has other numbers where {} is shared", at->first));
  }

  bool TakeTensors(size_t wanted_index, size_t index) {
    const Layer& wanted = wanted_.layers[wanted_index];
    const Layer& found = file_.graph.layers[index];
    if (!HasWeight(wanted)) {
      for (size_t i = 0; i < wanted.tensors.size(); ++i) {
        if (!Put(wanted, i, FileTensor(found, i))) return false;
      }
      return true;
    }
    if (!Put(wanted, 0, FileTensor(found, 0))) return false;
    const auto channels = static_cast<size_t>(wanted.channels);
    const std::vector<float> zeros(channels);
    const std::vector<float>& bias = found.tensors.size() > 1 ? FileTensor(found, 1).values : zeros;
    const int norm = numbers_.norm[wanted_index];
    const int found_norm = file_numbers_.norm[index];
    const bool has_bias = wanted.tensors.size() > 1;
    if (has_bias && !Put(wanted, 1, {{wanted.channels}, bias})) return false;
    if (norm >= 0) {
      return TakeNorm(
          wanted_.layers[static_cast<size_t>(norm)],
          found_norm < 0 ? nullptr : &file_.graph.layers[static_cast<size_t>(found_norm)],
          has_bias ? zeros : bias);
    }
    if (found_norm >= 0) return Differ(wanted, "a batch norm follows it");
    // A bias before an instance norm is removed by it.
    return has_bias || bias == zeros || IsBeforeInstanceNorm(index) ||
           Differ(wanted, "it has a bias");
  }

  bool IsBeforeInstanceNorm(size_t index) const {
    return file_numbers_.readers[index] == 1 &&
           std::any_of(file_.graph.layers.begin(), file_.graph.layers.end(),
                       [&](const Layer& layer) {
                         return layer.op == LayerOp::kInstanceNorm &&
                                layer.inputs.front() == static_cast<int>(index);
                       });
  }

  // `bias` is that of the layer before the norm where the architecture has none there.
  bool TakeNorm(const Layer& wanted, const Layer* found, const std::vector<float>& bias) {
    const auto channels = static_cast<int64_t>(bias.size());
    if (found == nullptr) {
      const auto filled = [&](float value) {
        return Tensor{{channels}, std::vector<float>(bias.size(), value)};
      };
      ++num_folded_;
      return Put(wanted, 0, filled(1)) && Put(wanted, 1, {{channels}, bias}) &&
             Put(wanted, 2, filled(0)) &&
             Put(wanted, 3, filled(1 - static_cast<float>(kTorchEpsilon)));
    }
    Tensor mean = FileTensor(*found, 2);
    Tensor variance = FileTensor(*found, 3);
    for (size_t i = 0; i < bias.size(); ++i) mean.values[i] -= bias[i];
    if (found->epsilon != wanted.epsilon) {
      for (float& value : variance.values)
        value = static_cast<float>(static_cast<double>(value) + found->epsilon - wanted.epsilon);
    }
    return Put(wanted, 0, FileTensor(*found, 0)) && Put(wanted, 1, FileTensor(*found, 1)) &&
           Put(wanted, 2, std::move(mean)) && Put(wanted, 3, std::move(variance));
  }

  // What the file does with the embedding.
  bool TakeRest() {
    const Graph& graph = file_.graph;
    std::vector<int> index(graph.layers.size(), -1);
    index[static_cast<size_t>(embedding_)] = wanted_.output;
    result_.notes = file_.notes;
    int last = embedding_;
    for (size_t i = static_cast<size_t>(embedding_) + 1; i < graph.layers.size(); ++i) {
      Layer layer = graph.layers[i];
      bool is_rest = true;
      for (int& input : layer.inputs) {
        input = index[static_cast<size_t>(input)];
        is_rest = is_rest && input >= 0;
      }
      if (!is_rest)
        return Differ(wanted_.layers.back(), fmt::format("'{}' follows it", layer.name));
      last = static_cast<int>(i);
      if (layer.op == LayerOp::kLinear && layer.inputs.front() == wanted_.output &&
          last == graph.output) {
        result_.num_classes = layer.channels;
        result_.notes.push_back(ClassifierNote(layer.channels));
        break;
      }
      for (const std::string& tensor : layer.tensors)
        result_.tensors.emplace(tensor, file_.tensors.at(tensor));
      index[i] = result_.graph.Add(std::move(layer));
    }
    if (last != graph.output) return Differ(wanted_.layers.back(), "it does not end there");
    if (num_folded_ > 0) {
      result_.notes.push_back(fmt::format(
          "{} batch norms were folded by the exporter; they are identities with the folded bias",
          num_folded_));
    }
    result_.graph.height = graph.height;
    result_.graph.width = graph.width;
    return true;
  }

  const Graph& wanted_;
  const Network& file_;
  Structures& structures_;
  const Structures::Numbered numbers_;
  const Structures::Numbered& file_numbers_;
  int embedding_ = 0;  // the layer of the file that ends as the architecture does
  int num_folded_ = 0;
  Difference difference_;
  Network result_;
};

}  // namespace

void NameByStructure(Network& network) {
  Structures structures;
  const Structures::Numbered numbered = structures.Number(network.graph);
  Difference nearest;
  for (const Architecture& architecture : Architectures()) {
    Matcher matcher(architecture, network, structures, numbered);
    if (matcher.Match()) {
      network = std::move(matcher.result());
      return;
    }
    if (nearest.text.empty() || matcher.difference().matched > nearest.matched)
      nearest = matcher.difference();
  }
  network.notes.push_back("no architecture that is known by name; nearest: " + nearest.text);
}

}  // namespace reidbench
