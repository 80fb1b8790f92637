// Identity switches as files: one row a switch, or JSON (kSwitchesSchema) with the
// boxes from which crops can be cut. What the columns mean: lib/reidbench/mot_metrics/README.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reidbench/mot_metrics/switches.h"
#include "reidbench/reporting/table.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/score.h"

namespace reidbench {

// {"duplicate": 0, "swapped": 3, ...}: all causes, in their order.
Json CausesJson(const SwitchCounts& counts);
// One switch; with boxes as [left, top, width, height].
Json SwitchJson(const IdSwitch& s, bool boxes);

// Columns of a table of switches and the cells of one; what comes before them is the caller's.
std::vector<Table::Column> SwitchColumns(std::vector<Table::Column> first);
std::vector<std::string> SwitchCells(std::vector<std::string> first, const IdSwitch& s);

// The switches of one class, all sequences together.
SwitchCounts CountByCause(const ClassScore& score);

// Of the result of RunScore with .switches.
std::string RenderSwitchesCsv(const ScoreStageResult& result);
std::string RenderSwitchesJson(const ScoreStageResult& result);

// Writes one of the two, by the file's extension. Throws Error(kUsage) for another extension, when
// the file exists and `force` is false; Error(kIo).
void WriteSwitches(const ScoreStageResult& result, const std::filesystem::path& path, bool force);
// Throws what WriteSwitches would throw before anything is written.
void CheckSwitchesFile(const std::filesystem::path& path, bool force);

}  // namespace reidbench
