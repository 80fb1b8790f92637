#include "reidbench/networks/summary.h"

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/network.h"

namespace reidbench {

WeightsSummary SummarizeWeights(const std::filesystem::path& path, std::string_view entry) {
  Checkpoint checkpoint = ReadCheckpoint(path, entry);
  WeightsSummary summary;
  summary.path = checkpoint.path;
  summary.format = checkpoint.format;
  summary.sha256 = checkpoint.sha256;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error) summary.file_bytes = static_cast<int64_t>(size);
  summary.num_tensors = static_cast<int64_t>(checkpoint.tensors.size());
  for (const auto& [name, tensor] : checkpoint.tensors)
    summary.num_values += static_cast<int64_t>(tensor.values.size());
  summary.notes = checkpoint.notes;
  try {
    const Network network = ToNetwork(std::move(checkpoint));
    if (network.name == kUnnamedNetwork) {
      summary.not_osnet_reason = network.notes.back();
    } else {
      summary.architecture = network.name;
    }
    summary.height = network.graph.height;
    summary.width = network.graph.width;
    summary.num_parameters = CountParameters(network.graph);
    summary.num_macs = CountMacs(network.graph);
    summary.num_classes = network.num_classes;
    summary.notes = network.notes;
    if (!network.choice.empty()) summary.notes.push_back(network.choice);
  } catch (const Error& unknown) {
    if (unknown.kind() != ErrorKind::kModel) throw;
    std::string_view reason = unknown.what();
    if (StartsWith(reason, summary.path + ": ")) reason.remove_prefix(summary.path.size() + 2);
    for (const std::string_view line : SplitText(reason, '\n')) {
      const std::string& text = summary.not_osnet_reason;
      if (!text.empty()) summary.not_osnet_reason += text.back() == ':' ? " " : "; ";
      summary.not_osnet_reason += Trim(line);
    }
  }
  return summary;
}

}  // namespace reidbench
