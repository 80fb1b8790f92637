// A network that can be computed: its graph of layers with the numbers of all tensors; the
// architectures that are known by name; and strict loading of a weights file into one of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/networks/graph.h"
#include "reidbench/weights/checkpoint.h"

namespace reidbench {

struct Architecture {
  std::string name;    // "osnet_x0_25"
  std::string family;  // "OSNet": what messages call networks like it
  Graph graph;         // from images to embeddings
};

// In the order of networks/architectures.h, where a new one is registered.
const std::vector<Architecture>& Architectures();
// Throws Error(kUsage) with a suggestion.
const Architecture& ArchitectureByName(std::string_view name);

// The name of a graph that is none of them.
inline constexpr std::string_view kUnnamedNetwork = "onnx";

struct Network {
  std::string name = {};  // of its architecture, or kUnnamedNetwork
  Graph graph = Graph();
  std::map<std::string, Tensor> tensors = {};  // exactly TensorsOf(graph)
  std::optional<int64_t> num_classes = {};     // rows of classifier.weight where the file has one
  CheckpointFormat format = CheckpointFormat::kTorchZip;
  std::string sha256 = {};
  std::string path = {};
  std::vector<std::string> notes = {};  // load report: what was skipped and why
  // Which of several networks or which part of the file's tensors this is; "" where there was
  // nothing to choose. Who computes with it says so.
  std::string choice = {};
};

// Torch checkpoints: detects the architecture from the tensors and checks every one. ONNX: reads
// the graph (onnx_network.h); where it is that of an architecture, tensors get torch's names.
// Throws Error(kModel) that lists all missing, unexpected and mis-shaped tensors against the
// nearest architecture, or says that it is none; also for values that are not finite and for
// negative variances.
// `entry`: see ReadCheckpoint; ONNX has none.
Network LoadNetwork(const std::filesystem::path& path, std::string_view entry = {});

// How to read an ONNX network.
struct NetworkReading {
  // px, of networks that leave it open; 0: kPersonHeight x kPersonWidth.
  int64_t height = 0, width = 0;
  // Values of the file that are the network's outputs, as those before a detector's last steps;
  // empty: those that the file says. Of these the first is required, others that cannot be computed
  // are left out with a note.
  std::vector<std::string> outputs = {};
};
Network LoadNetwork(const std::filesystem::path& path, std::string_view entry,
                    const NetworkReading& reading);
Network ToNetwork(Checkpoint checkpoint, const NetworkReading& reading = {});

// The network that computes the first output alone.
Network OfEmbeddings(const Network& network);

// Throws Error(kModel) for tensors that are missing or of another shape and for values that are not
// finite: what every engine asks first.
void RequireComplete(const Network& network);

// "skipped the classifier of 751 classes: ...", for Network::notes.
std::string ClassifierNote(int64_t num_classes);

// A network that knows nothing, for measuring time, which does not depend on the values. Scaled so
// that activations neither die out nor grow; the same for the same seed.
Network RandomNetwork(const Architecture& architecture, uint64_t seed = 1);

}  // namespace reidbench
