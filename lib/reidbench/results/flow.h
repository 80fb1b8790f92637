// What `reidbench flow` found: crossings, visits, waiting, unique people of every run, and how
// wrong they are. As tables, JSON (kFlowSchema), CSV, and the files of --output.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/flow/audit.h"
#include "reidbench/flow/summary.h"
#include "reidbench/flow/tool_rules.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"

namespace reidbench {

struct FlowRunResult {
  std::string name;
  FlowSummary summary;
  std::vector<CameraFlow> cameras;
  std::optional<FlowDifference> errors;
  std::vector<ToolCounts> tools;  // with --rules: of all cameras, lines and zones as in the summary
  std::optional<FlowAudit> audit;
};

struct FlowResult {
  std::string zones;  // the file
  std::string units;
  FlowRules rules;
  double tolerance_s = kEventToleranceS;
  std::vector<std::string> cameras;
  std::optional<FlowRunResult> truth;
  std::vector<FlowRunResult> runs;       // in the order given, corrected ones last
  std::optional<std::string> corrected;  // the run that is the correction of the first
  std::vector<std::string> warnings;
};

std::string RenderFlowTables(const FlowResult& result, TableFormat format);
// One row a run, what it is of, and a number.
std::string RenderFlowCsv(const FlowResult& result);
std::string RenderFlowJson(const FlowResult& result);

// What re-ID correction is worth, in one sentence; empty without truth and correction.
std::string FlowVerdict(const FlowResult& result);

// Names of the files in the folder of --output.
std::vector<std::string> FlowFileNames(bool with_truth);
// Writes them into `folder`, which exists.
void WriteFlowFiles(const FlowResult& result, const std::filesystem::path& folder);

}  // namespace reidbench
