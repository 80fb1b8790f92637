#include "reidbench/cli/render.h"

namespace reidbench {

std::string RenderAs(OutputFormat format, const Renderings& renderings) {
  switch (format) {
    case OutputFormat::kJson:
      return renderings.json();
    case OutputFormat::kCsv:
      return renderings.csv();
    case OutputFormat::kMarkdown:
      return renderings.tables(TableFormat::kMarkdown);
    case OutputFormat::kLatex:
      return renderings.tables(TableFormat::kLatex);
    case OutputFormat::kText:
      break;
  }
  return renderings.tables(TableFormat::kText);
}

void WriteResult(const CommonOptions& common, const Renderings& renderings) {
  WriteResult(common, RenderAs(common.format, renderings));
}

}  // namespace reidbench
