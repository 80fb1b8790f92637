#include "reidbench/jobs/render/render_report.h"

#include <fmt/core.h>

#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {

std::string RenderRenderJson(const RenderStageResult& result) {
  Json out;
  out["schema"] = kRenderSchema;
  out["files"] = Json::array();
  for (const std::filesystem::path& file : result.files) out["files"].push_back(file.string());
  out["codec"] = result.codec.empty() ? Json(nullptr) : Json(result.codec);
  out["width"] = result.width;
  out["height"] = result.height;
  out["frame_rate"] = result.frame_rate;
  out["frames"] = result.frames;
  out["missing_frames"] = result.missing_frames;
  out["switches"] = result.switches;
  out["given_back"] = result.given_back;
  out["seconds"] = result.seconds;
  out["warnings"] = result.warnings;
  return DumpJson(out, 2);
}

std::string RenderRenderTable(const RenderStageResult& result, TableFormat format) {
  Table table({{"files"},
               {"first", Align::kLeft},
               {"codec", Align::kLeft},
               {"size", Align::kLeft},
               {"frames"},
               {"missing"},
               {"switches"},
               {"given back"},
               {"frames/s"}});
  table.AddRow({std::to_string(result.files.size()),
                result.files.empty() ? "none" : result.files.front().string(),
                result.codec.empty() ? "pictures" : result.codec,
                fmt::format("{}x{}", result.width, result.height), std::to_string(result.frames),
                std::to_string(result.missing_frames), std::to_string(result.switches),
                std::to_string(result.given_back),
                result.seconds > 0 ? Number(static_cast<double>(result.frames) / result.seconds, 1)
                                   : "n/a"});
  return table.Render(format);
}

}  // namespace reidbench
