#include "reidbench/jobs/check/check.h"

#include "reidbench/imaging/decode.h"

namespace reidbench {

CheckResult RunCheck(const CheckOptions& options,
                     const std::function<void(int64_t, int64_t)>& progress) {
  CheckResult result;
  if (!options.mot.empty()) result.mot = CheckMotFiles(options.mot);
  if (!options.site.site.empty()) result.site = CheckSite(options.site);
  if (!options.weights.empty())
    result.weights = SummarizeWeights(options.weights, options.weights_entry);
  if (options.dataset) {
    result.dataset = LoadReidDataset(*options.dataset);
    if (options.read_only) return result;
    AuditOptions audit;
    audit.progress = progress;
    if (options.decode_images) {
      audit.decode = [](const std::filesystem::path& path) -> std::optional<std::string> {
        DecodeImageFile(path, ExifOrientation::kIgnore);  // its error is the finding
        return std::nullopt;
      };
    }
    result.audit = AuditReidDataset(*result.dataset, audit);
  }
  return result;
}

}  // namespace reidbench
