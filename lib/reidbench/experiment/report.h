// Reports of an experiment, made from run.json (experiment/run_record.h) alone.
#pragma once

#include <optional>
#include <string>

#include "reidbench/experiment/run_record.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// What was found, in one sentence; empty when nothing was scored.
std::string MakeHeadline(const RunJson& record);

// The run's tables: text (the essence), Markdown or LaTeX (all).
std::string RenderRunTables(const RunJson& record, TableFormat format);

// report.md: question, finding, tables, stages, provenance.
std::string RenderRunMarkdown(const RunJson& record);

// Tidy: one row a metric, "part,name,correction,sequence,metric,value".
std::string RenderRunCsv(const RunJson& record);

// A dry run's plan ("reidbench.plan/1").
std::string RenderPlanTables(const RunJson& plan, TableFormat format);

// Of the tracker alone, from the JSON of `reidbench track`; nullopt where it does not say.
std::optional<double> FramesPerSecond(const RunJson& track);

}  // namespace reidbench
