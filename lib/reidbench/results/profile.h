// What `reidbench profile` measured: tables, CSV, and the file (kProfileSchema) that carries it
// from one machine to another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reidbench/profiling/profile.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

std::string RenderProfileTables(const MachineProfile& profile, TableFormat format);
// A row a variant, with a column for everything that any variant varies: ready to plot.
std::string RenderProfileCsv(const MachineProfile& profile);
std::string RenderProfileJson(const MachineProfile& profile);
// `name` appears in messages. Throws Error(kConfig): no JSON, another schema, a key that is missing
// or of the wrong type, named by its path ("stages[3].rate").
MachineProfile ParseProfileJson(std::string_view text, const std::string& name);

// Three digits that mean something, whatever the size: "0.0123", "4.56", "1,234".
std::string Digits(std::optional<double> value);
// Bare digits for programs, empty where there is none.
std::string RawDigits(std::optional<double> value);

}  // namespace reidbench
