// What `reidbench render` prints of what it wrote.
#pragma once

#include <string>

#include "reidbench/jobs/render/render.h"
#include "reidbench/reporting/table.h"

namespace reidbench {

// kRenderSchema.
std::string RenderRenderJson(const RenderStageResult& result);
std::string RenderRenderTable(const RenderStageResult& result, TableFormat format);

}  // namespace reidbench
