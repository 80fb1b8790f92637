#include "reidbench/jobs/flow/flow_inputs.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/datasets/mot_layout.h"
#include "reidbench/sites/site.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

struct Sequence {
  std::string name;
  fs::path truth;
  fs::path info;
};

// CAMERA/gt.txt, as sites have it.
std::vector<Sequence> SiteTruth(const fs::path& folder) {
  std::vector<Sequence> found;
  // gt/gt.txt is that of a sequence's own folder.
  if (!IsFolder(folder) || IsFile(folder / "gt" / "gt.txt")) return found;
  for (const std::string& name : ListFolderNames(folder)) {
    if (IsFile(folder / name / "gt.txt")) found.push_back({name, folder / name / "gt.txt", {}});
  }
  return found;
}

std::vector<Sequence> TruthSequences(const fs::path& path) {
  std::vector<Sequence> found = SiteTruth(path);
  if (!found.empty()) return found;
  MotGroundTruthOptions options;
  options.path = path;
  options.benchmark = "MOT17";
  for (const MotSequenceFiles& files : FindMotSequences(options))
    found.push_back({files.name, files.ground_truth, files.sequence_info});
  return found;
}

// SEQ.txt, data/SEQ.txt, SEQ/pred.txt, SEQ/gt.txt or SEQ/gt/gt.txt.
fs::path FileOf(const fs::path& folder, const std::string& name) {
  for (const fs::path& path :
       {folder / (name + ".txt"), folder / "data" / (name + ".txt"), folder / name / "pred.txt",
        folder / name / "gt.txt", folder / name / "gt" / "gt.txt", folder / (name + ".csv")}) {
    if (IsFile(path)) return path;
  }
  return {};
}

std::string UniqueName(std::string name, const std::vector<FlowRunFiles>& runs) {
  const std::string base = name;
  for (int k = 2; std::any_of(runs.begin(), runs.end(),
                              [&](const FlowRunFiles& run) { return run.name == name; });
       ++k)
    name = fmt::format("{} {}", base, k);
  return name;
}

void AddRuns(const fs::path& path, bool corrected, std::vector<Sequence>* sequences,
             bool truth_names_them, std::vector<FlowRunFiles>* runs) {
  FlowRunFiles run;
  run.corrected = corrected;
  if (IsFile(path)) {
    if (!truth_names_them && runs->empty()) sequences->push_back({path.stem().string(), {}, {}});
    if (sequences->size() != 1) {
      ThrowIo("{}: expected a folder with a file for each of {} sequences, found one file",
              path.string(), sequences->size());
    }
    run.name = UniqueName(path.stem().string(), *runs);
    run.files = {path};
    runs->push_back(std::move(run));
    return;
  }
  if (!IsFolder(path))
    ThrowIo("{}: expected a result file or folder, found nothing there", path.string());
  if (!truth_names_them && runs->empty()) {
    for (const std::string& name : ListFolderNames(path)) {
      if (IsFile(path / name / "pred.txt")) sequences->push_back({name, {}, {}});
    }
    if (sequences->empty()) {
      for (const MotBoxFiles& files : FindMotResults(path))
        sequences->push_back({files.name, {}, files.sequence_info});
    }
  }
  const auto gather = [&](const fs::path& folder) {
    std::vector<fs::path> files;
    for (const Sequence& sequence : *sequences) files.push_back(FileOf(folder, sequence.name));
    return files;
  };
  const auto any = [](const std::vector<fs::path>& files) {
    return std::any_of(files.begin(), files.end(), [](const fs::path& f) { return !f.empty(); });
  };
  run.files = gather(path);
  if (any(run.files)) {
    run.name = UniqueName(FolderName(path), *runs);
    for (size_t s = 0; s < run.files.size(); ++s) {
      if (run.files[s].empty()) {
        ThrowIo("{}: expected the tracks of sequence {}, found no such file",
                (path / ((*sequences)[s].name + ".txt")).string(), (*sequences)[s].name);
      }
    }
    runs->push_back(std::move(run));
    return;
  }
  // A folder of trackers.
  bool found = false;
  for (const std::string& name : ListFolderNames(path)) {
    FlowRunFiles other;
    other.corrected = corrected;
    other.files = gather(path / name);
    if (!any(other.files)) continue;
    for (size_t s = 0; s < other.files.size(); ++s) {
      if (other.files[s].empty()) {
        ThrowIo("{}: expected the tracks of sequence {}, found no such file",
                (path / name / ((*sequences)[s].name + ".txt")).string(), (*sequences)[s].name);
      }
    }
    other.name = UniqueName(name, *runs);
    runs->push_back(std::move(other));
    found = true;
  }
  if (!found) {
    ThrowIo("{}: expected tracks of sequence {}, found none\n  hint: SEQ.txt, or TRACKER/SEQ.txt",
            (path / (sequences->front().name + ".txt")).string(), sequences->front().name);
  }
}

// The site's cameras by name; a single unnamed sequence is the site's single camera.
const SiteCamera* CameraOf(const Site& site, const std::string& name, bool alone) {
  for (const SiteCamera& camera : site.cameras) {
    if (camera.name == name) return &camera;
  }
  return alone && site.cameras.size() == 1 ? &site.cameras.front() : nullptr;
}

}  // namespace

FlowInputs FindFlowInputs(const FlowStageOptions& options) {
  FlowInputs inputs;
  inputs.zones = LoadZones(options.zones);
  std::optional<Site> site;
  if (!inputs.zones.site.empty()) site = LoadSite(inputs.zones.site);

  std::vector<Sequence> sequences;
  const bool truth = !options.ground_truth.empty();
  if (truth) sequences = TruthSequences(options.ground_truth);
  for (const fs::path& path : options.tracks) AddRuns(path, false, &sequences, truth, &inputs.runs);
  for (const fs::path& path : options.corrected)
    AddRuns(path, true, &sequences, truth, &inputs.runs);

  std::vector<fs::path> infos(sequences.size());
  if (!options.sequences.empty()) {
    std::vector<std::string> names;
    for (const Sequence& sequence : sequences) names.push_back(sequence.name);
    infos = FindSequenceInfos(options.sequences, names);
  }
  for (size_t s = 0; s < sequences.size(); ++s) {
    FlowCamera camera;
    camera.name = sequences[s].name;
    camera.truth = sequences[s].truth;
    std::optional<double> frame_rate;
    const fs::path info_file = infos[s].empty() ? sequences[s].info : infos[s];
    if (!info_file.empty()) {
      const SequenceInfo info = ReadSequenceInfo(info_file);
      frame_rate = info.frame_rate;
      camera.scene.width = info.image_width.value_or(0);
      camera.scene.height = info.image_height.value_or(0);
    }
    if (site) {
      if (const SiteCamera* known = CameraOf(*site, camera.name, sequences.size() == 1)) {
        camera.scene.projection = known->projection;
        if (camera.scene.width == 0) {
          camera.scene.width = known->image_width;
          camera.scene.height = known->image_height;
        }
        if (!frame_rate) frame_rate = known->frame_rate ? known->frame_rate : site->frame_rate;
      } else if (!site->frame_rate || inputs.zones.units == ZoneUnits::kMetres) {
        inputs.warnings.push_back(fmt::format("{}: no camera {} in {}", inputs.zones.source,
                                              camera.name, site->source.string()));
      }
    }
    if (inputs.zones.frame_rate) frame_rate = inputs.zones.frame_rate;
    if (options.frame_rate) frame_rate = options.frame_rate;
    if (!frame_rate || !(*frame_rate > 0)) {
      const fs::path& file = inputs.runs.empty() ? camera.truth : inputs.runs.front().files[s];
      ThrowInput(
          "{}: expected a frame rate, found none: seconds cannot be told from frames\n"
          "  hint: add --frame-rate N, frame_rate: N to {}, or a seqinfo.ini with frameRate=N",
          file.string(), inputs.zones.source);
    }
    camera.scene.frame_rate = *frame_rate;
    camera.scene.zones =
        ZonesOfCamera(inputs.zones, camera.name, camera.scene.width, camera.scene.height);
    for (const Finding& finding :
         CheckZones(inputs.zones, camera.scene.width, camera.scene.height)) {
      if (finding.severity != FindingSeverity::kProblem) continue;
      const std::string text = WarningText(finding);
      if (std::find(inputs.warnings.begin(), inputs.warnings.end(), text) == inputs.warnings.end())
        inputs.warnings.push_back(text);
    }
    inputs.cameras.push_back(std::move(camera));
  }
  return inputs;
}

}  // namespace reidbench
