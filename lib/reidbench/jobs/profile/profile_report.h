// Renders what `reidbench profile` measured and planned: tables and CSV. JSON: profiling/profile.h
// and profiling/planner.h.
#pragma once

#include <string>

#include "reidbench/profiling/planner.h"
#include "reidbench/profiling/profile.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

std::string RenderProfileTables(const MachineProfile& profile, TableFormat format);
// A row a variant, with a column for everything that any variant varies: ready to plot.
std::string RenderProfileCsv(const MachineProfile& profile);

std::string RenderPlanTables(const Plan& plan, TableFormat format);
// A row a number: quantity, resource, stage, value.
std::string RenderPlanCsv(const Plan& plan);

}  // namespace reidbench
