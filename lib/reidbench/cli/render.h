// The result of a command in the format that --format asked for.
#pragma once

#include <functional>
#include <string>

#include "reidbench/cli/command.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// How one command's result is rendered; only the one asked for is called.
struct Renderings {
  std::function<std::string()> json;
  std::function<std::string()> csv;
  std::function<std::string(TableFormat)> tables;  // text, Markdown, LaTeX
};

std::string RenderAs(OutputFormat format, const Renderings& renderings);

// In the format asked for, to the file of the result or to stdout.
void WriteResult(const CommonOptions& common, const Renderings& renderings);

}  // namespace reidbench
