// `reidbench check`: looks at a data set, a weights file, or tracking files before anybody believes
// a number made with them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "reidbench/datasets/audit.h"
#include "reidbench/datasets/reid_dataset.h"
#include "reidbench/jobs/check/check_mot.h"
#include "reidbench/networks/summary.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

struct CheckOptions {
  std::optional<ReidDatasetOptions> dataset;
  bool decode_images = true;      // false: --fast
  bool read_only = false;         // of data sets: list the images and look no further
  std::filesystem::path weights;  // empty: none
  MotCheckOptions mot;
};

struct CheckResult {
  std::optional<ReidDataset> dataset;
  std::optional<ReidAudit> audit;
  std::optional<WeightsSummary> weights;
  std::optional<MotCheckResult> mot;
  bool ok() const { return !audit || audit->ok; }
};

// Throws what LoadReidDataset, AuditReidDataset, SummarizeWeights and CheckMotFiles throw.
CheckResult RunCheck(const CheckOptions& options,
                     const std::function<void(int64_t, int64_t)>& progress = {});

std::string RenderCheckTables(const CheckResult& result, TableFormat format);
std::string RenderCheckJson(const CheckResult& result);  // schema "reidbench.check/1"

}  // namespace reidbench
