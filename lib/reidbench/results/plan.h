// What `reidbench profile --workload` planned: tables, CSV and JSON (kPlanSchema).
#pragma once

#include <string>

#include "reidbench/profiling/planner.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

std::string RenderPlanTables(const Plan& plan, TableFormat format);
// A row a number: quantity, resource, stage, value.
std::string RenderPlanCsv(const Plan& plan);
std::string RenderPlanJson(const Plan& plan);

}  // namespace reidbench
