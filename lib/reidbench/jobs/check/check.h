// `reidbench check`: looks at a data set, a weights file, or tracking files before anybody believes
// a number made with them.
#pragma once

#include <functional>
#include <optional>

#include "reidbench/datasets/reid_dataset.h"
#include "reidbench/jobs/check/check_mot.h"
#include "reidbench/jobs/check/check_site.h"
#include "reidbench/results/check.h"

namespace reidbench {

struct CheckOptions {
  std::optional<ReidDatasetOptions> dataset;
  bool decode_images = true;      // false: --fast
  bool read_only = false;         // of data sets: list the images and look no further
  std::filesystem::path weights;  // empty: none
  std::string weights_entry;      // see ReadCheckpoint
  MotCheckOptions mot;
  std::filesystem::path
      zones;  // of `reidbench flow`; held against the pictures and tracks of `mot`
  SiteCheckOptions site;
};

// Throws what LoadReidDataset, AuditReidDataset, SummarizeWeights, CheckMotFiles and
// CheckSite throw.
CheckResult RunCheck(const CheckOptions& options,
                     const std::function<void(int64_t, int64_t)>& progress = {});

}  // namespace reidbench
