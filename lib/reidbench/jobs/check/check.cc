#include "reidbench/jobs/check/check.h"

#include <set>

#include "reidbench/datasets/mot_layout.h"
#include "reidbench/flow/events.h"
#include "reidbench/imaging/decode.h"

namespace reidbench {
namespace {

// The zones that a file's tracks enter are put into `reached`, by name.
void MarkReached(const std::filesystem::path& tracks, const Zones& zones, int64_t width,
                 int64_t height, std::set<std::string>* reached) {
  FlowScene scene;
  scene.zones = ZonesOfCamera(zones, tracks.stem().string(), width, height);
  FlowCounter counter(scene, FlowRules());
  ReadFlowRows(tracks, {}, [&](int64_t frame, auto rows) { counter.Step(frame, rows); });
  for (const FlowVisit& visit : counter.Finish().visits)
    reached->insert(scene.zones.zones[visit.zone].name);
}

ZonesCheckResult CheckZonesFile(const CheckOptions& options) {
  const Zones zones = LoadZones(options.zones);
  ZonesCheckResult out;
  out.path = options.zones.string();
  out.lines = static_cast<int64_t>(zones.lines.size());
  out.zones = static_cast<int64_t>(zones.zones.size());
  int64_t width = 0, height = 0;
  if (!options.mot.ground_truth.empty()) {
    MotGroundTruthOptions truth;
    truth.path = options.mot.ground_truth;
    truth.benchmark = options.mot.benchmark;
    truth.split = options.mot.split;
    truth.seqmap = options.mot.seqmap;
    for (const MotSequenceFiles& files : FindMotSequences(truth)) {
      if (files.sequence_info.empty() || width > 0) continue;
      const SequenceInfo info = ReadSequenceInfo(files.sequence_info);
      width = info.image_width.value_or(0);
      height = info.image_height.value_or(0);
    }
  }
  out.findings = CheckZones(zones, width, height);
  if (options.mot.tracks.empty() || zones.units == ZoneUnits::kMetres) return out;
  std::set<std::string> reached;
  for (const std::filesystem::path& path : options.mot.tracks) {
    for (const MotBoxFiles& files : FindMotResults(path))
      MarkReached(files.boxes, zones, width, height, &reached);
  }
  for (const FlowZone& zone : zones.zones) {
    if (reached.count(zone.name) > 0) continue;
    Finding& finding = out.findings.emplace_back();
    finding.kind = FindingKind::kZonesWithoutUse;
    finding.severity = FindingSeverity::kProblem;
    finding.place = zone.place.source + ":" + std::to_string(zone.place.line);
    finding.message = "zone " + zone.name + ": no track of those given reaches it";
  }
  return out;
}

}  // namespace

CheckResult RunCheck(const CheckOptions& options,
                     const std::function<void(int64_t, int64_t)>& progress) {
  CheckResult result;
  if (!options.mot.empty()) result.mot = CheckMotFiles(options.mot);
  if (!options.zones.empty()) result.zones = CheckZonesFile(options);
  if (!options.site.site.empty()) result.site = CheckSite(options.site);
  if (!options.weights.empty())
    result.weights = SummarizeWeights(options.weights, options.weights_entry);
  if (options.dataset) {
    result.dataset = LoadReidDataset(*options.dataset);
    if (options.read_only) return result;
    AuditOptions audit;
    audit.progress = progress;
    if (options.decode_images) {
      audit.decode = [](const std::filesystem::path& path) -> std::optional<std::string> {
        DecodeImageFile(path, ExifOrientation::kIgnore);  // its error is the finding
        return std::nullopt;
      };
    }
    result.audit = AuditReidDataset(*result.dataset, audit);
  }
  return result;
}

}  // namespace reidbench
