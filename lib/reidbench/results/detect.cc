#include "reidbench/results/detect.h"

#include <fmt/core.h>

#include "reidbench/core/text.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

Table DetectedSequenceTable(const DetectStageResult& result, TableFormat format) {
  Table table({{"sequence", Align::kLeft},
               {"frames"},
               {"missing"},
               {"corrupt"},
               {"boxes"},
               {"boxes/frame"}});
  const auto count = [&](int64_t value) {
    return format == TableFormat::kCsv ? fmt::format("{}", value) : WithThousands(value);
  };
  for (const DetectedSequence& s : result.sequences) {
    const double each =
        s.looked_at > 0 ? static_cast<double>(s.boxes) / static_cast<double>(s.looked_at) : 0;
    table.AddRow({s.name, count(s.frames), count(s.missing), count(s.corrupt), count(s.boxes),
                  fmt::format("{:.2f}", each)});
  }
  return table;
}

}  // namespace

std::string RenderDetectTables(const DetectStageResult& result, TableFormat format) {
  std::string text;
  if (format == TableFormat::kText)
    text = fmt::format("{}\n{}\n{}\n\n", result.detector, result.recognised, result.description);
  return text + DetectedSequenceTable(result, format).Render(format);
}

std::string RenderDetectCsv(const DetectStageResult& result) {
  return DetectedSequenceTable(result, TableFormat::kCsv).Render(TableFormat::kCsv);
}

std::string RenderDetectJson(const DetectStageResult& result) {
  Json json;
  json["schema"] = kDetectSchema;
  json["detector"] = result.detector;
  json["sha256"] = result.sha256;
  json["recognised"] = result.recognised;
  json["description"] = result.description;
  json["engine"] = result.engine;
  json["score"] = result.score;
  json["sequences"] = Json::array();
  for (const DetectedSequence& s : result.sequences) {
    json["sequences"].push_back({{"name", s.name},
                                 {"file", s.file},
                                 {"frames", s.frames},
                                 {"pictures", s.looked_at},
                                 {"missing", s.missing},
                                 {"corrupt", s.corrupt},
                                 {"boxes", s.boxes},
                                 {"frames_with_boxes", s.frames_with_boxes}});
  }
  json["seconds"] = result.seconds;
  json["warnings"] = result.warnings;
  return DumpJson(json, 2);
}

}  // namespace reidbench
