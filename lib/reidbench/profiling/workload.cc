#include "reidbench/profiling/workload.h"

#include <algorithm>
#include <cmath>

#include "reidbench/config/option_file.h"
#include "reidbench/config/reader.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

void ReadPlace(ConfigReader* stages, std::string_view key, StagePlace* place) {
  stages->ReadChoice(
      key, place,
      {{"none", StagePlace::kNone}, {"edge", StagePlace::kEdge}, {"server", StagePlace::kServer}});
}

void ReadSize(ConfigReader* reader, std::string_view key, int64_t* width, int64_t* height) {
  std::vector<int64_t> size = {*width, *height};
  if (!reader->Read(key, &size, Between(16, 16384))) return;
  if (size.size() != 2) {
    reader->AddError(key, "expected [width, height] in pixels");
    return;
  }
  *width = size[0];
  *height = size[1];
}

}  // namespace

std::string_view StagePlaceName(StagePlace place) {
  switch (place) {
    case StagePlace::kNone:
      return "none";
    case StagePlace::kEdge:
      return "edge";
    case StagePlace::kServer:
      return "server";
  }
  return "none";
}

std::vector<std::pair<std::string, StagePlace>> StagesOf(const Workload& w) {
  return {{"decode_frame", w.decode_frame},
          {"track", w.track},
          {"decode", w.decode},
          {"resize", w.resize},
          {"embed", w.embed},
          {"write", w.write},
          {"relink", w.relink}};
}

std::vector<std::string> Workload::Validate() const {
  std::vector<std::string> errors;
  const auto require = [&](bool ok, const char* message) {
    if (!ok) errors.emplace_back(message);
  };
  require(!cameras || *cameras >= 1, "cameras: must be at least 1");
  require(frame_rate > 0, "frame_rate: must be above 0");
  require(people_per_frame > 0, "people_per_frame: must be above 0");
  require(reid_every_n_frames >= 1, "reid_every_n_frames: must be at least 1");
  require(frame_jpeg_bytes > 0, "frame_jpeg_bytes: must be above 0");
  require(crop_jpeg_bytes > 0, "crop_jpeg_bytes: must be above 0");
  require(batch >= 1, "batch: must be at least 1");
  require(latency_percentile > 0 && latency_percentile < 100,
          "latency.percentile: must be above 0 and below 100");
  require(latency_target_ms > 0, "latency.target_ms: must be above 0");
  require(utilisation > 0 && utilisation <= 1, "utilisation: must be above 0 and at most 1");
  require(!network || network->mbit_per_s > 0, "network.mbit_per_s: must be above 0");
  require(!network || network->latency_ms >= 0, "network.latency_ms: must be at least 0");
  require(resize == embed || resize == StagePlace::kNone,
          "stages: resize and embed must run in one place: what lies between them is larger than a "
          "crop");
  // What an edge sends does not come back.
  bool any = false, at_server = false, at_edge = false;
  for (const auto& [stage, place] : StagesOf(*this)) {
    any = any || place != StagePlace::kNone;
    at_edge = at_edge || place == StagePlace::kEdge;
    if (place == StagePlace::kServer) at_server = true;
    if (place == StagePlace::kEdge && at_server) {
      errors.push_back(fmt::format(
          "stages: {} is at the edge but an earlier stage at the server; data flows one way",
          stage));
    }
  }
  require(any, "stages: all are none; nothing is left to plan");
  require(!(at_edge && at_server) || network,
          "network: missing, though stages run at both edge and server");
  return errors;
}

std::vector<double> PeopleDistribution(const Workload& workload) {
  if (!workload.people_vary) {
    // A mean between two whole numbers is a mixture of both.
    const double low = std::floor(workload.people_per_frame);
    std::vector<double> p(static_cast<size_t>(low) + 2, 0);
    p[static_cast<size_t>(low) + 1] = workload.people_per_frame - low;
    p[static_cast<size_t>(low)] = 1 - (workload.people_per_frame - low);
    return p;
  }
  const double mean = workload.people_per_frame;
  std::vector<double> p;
  double sum = 0;
  for (int k = 0; k < mean || sum < 1 - 1e-9; ++k) {
    p.push_back(std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0)));
    sum += p.back();
    if (k > mean + 20 * std::sqrt(mean) + 50) break;
  }
  for (double& value : p) value /= sum;
  return p;
}

Workload ReadWorkload(const ConfigNode& root) {
  ConfigReader reader(root);
  Workload w;
  reader.Read("name", &w.name);
  std::string cameras = "max";
  reader.Read("cameras", &cameras);
  if (cameras != "max") {
    const auto number = ParseInt(cameras);
    if (number && *number >= 1 && *number <= 1'000'000) {
      w.cameras = *number;
    } else {
      reader.AddError(
          "cameras", fmt::format("expected a whole number from 1 on, or max, found '{}'", cameras));
    }
  }
  reader.Read("frame_rate", &w.frame_rate, Between(0.01, 1000));
  reader.Read("people_per_frame", &w.people_per_frame, Between(0.01, 1000));
  reader.ReadChoice("people_distribution", &w.people_vary, {{"poisson", true}, {"fixed", false}});
  reader.Read("reid_every_n_frames", &w.reid_every_n_frames, Between(1, 100'000));
  ReadSize(&reader, "resolution", &w.frame_width, &w.frame_height);
  reader.Read("frame_jpeg_bytes", &w.frame_jpeg_bytes, AtLeast(1));
  ReadSize(&reader, "crop", &w.crop_width, &w.crop_height);
  reader.Read("crop_jpeg_bytes", &w.crop_jpeg_bytes, AtLeast(1));
  ConfigReader stages = reader.Section("stages");
  ReadPlace(&stages, "decode_frame", &w.decode_frame);
  ReadPlace(&stages, "decode", &w.decode);
  ReadPlace(&stages, "resize", &w.resize);
  ReadPlace(&stages, "embed", &w.embed);
  ReadPlace(&stages, "write", &w.write);
  ReadPlace(&stages, "track", &w.track);
  ReadPlace(&stages, "relink", &w.relink);
  reader.Read("architecture", &w.architecture);
  reader.Read("engine", &w.engine);
  reader.Read("precision", &w.precision);
  reader.Read("batch", &w.batch, Between(1, 1024));
  reader.Read("tracker", &w.tracker);
  ConfigReader network = reader.Section("network");
  if (network.exists()) {
    w.network.emplace();
    network.Require("mbit_per_s", &w.network->mbit_per_s, Above(0));
    network.Read("latency_ms", &w.network->latency_ms, AtLeast(0));
  }
  ConfigReader latency = reader.Section("latency");
  latency.Read("percentile", &w.latency_percentile, Between(1, 99.9));
  latency.Read("target_ms", &w.latency_target_ms, Above(0));
  reader.Read("utilisation", &w.utilisation, Between(0.01, 1));
  // What is left after the values themselves are in range: rules across them.
  for (const std::string& error : w.Validate()) reader.AddError("stages", error);
  reader.Finish();
  return w;
}

Workload LoadWorkload(const std::filesystem::path& path, const std::vector<std::string>& options) {
  ConfigNode root = LoadOptionFile(path, "profile");
  for (const std::string& option : options) ApplyOption("--option", option, &root);
  return ReadWorkload(root);
}

}  // namespace reidbench
