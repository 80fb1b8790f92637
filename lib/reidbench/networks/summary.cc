#include "reidbench/networks/summary.h"

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/networks/osnet.h"

namespace reidbench {

WeightsSummary SummarizeWeights(const std::filesystem::path& path) {
  Checkpoint checkpoint = ReadCheckpoint(path);
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
    const OsnetWeights weights = ToOsnetWeights(std::move(checkpoint));
    summary.architecture = weights.architecture.name;
    summary.num_parameters = CountParameters(weights.architecture);
    summary.num_macs = CountMacs(weights.architecture);
    summary.num_classes = weights.num_classes;
    summary.notes = weights.notes;
  } catch (const Error& not_osnet) {
    if (not_osnet.kind() != ErrorKind::kModel) throw;
    std::string_view reason = not_osnet.what();
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
