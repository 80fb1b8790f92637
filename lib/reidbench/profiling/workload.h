// What a site wants from its machines: cameras, people, re-ID every so many frames, and which stage
// runs where. Read from YAML such as configs/profile/shop.yaml, whose comments explain each value.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/config/node.h"

namespace reidbench {

enum class StagePlace { kNone, kEdge, kServer };

// Finished tracks are corrected piece by piece, so many frames long.
inline constexpr int kRelinkFrames = 250;

struct NetworkOptions {
  double mbit_per_s = 1000;  // of the link that all edges share, > 0
  double latency_ms = 1;     // one way, >= 0
};

struct Workload {
  std::string name = "workload";
  std::optional<int64_t> cameras;   // >= 1; none: as many as possible
  double frame_rate = 25;           // frames per second and camera, > 0
  double people_per_frame = 5;      // mean, > 0
  bool people_vary = true;          // Poisson from frame to frame; false: always as many
  int64_t reid_every_n_frames = 1;  // >= 1
  int64_t frame_width = 1920, frame_height = 1080;  // px
  double frame_jpeg_bytes = 300'000;                // where the server decodes frames
  int64_t crop_width = 64, crop_height = 128;       // px
  double crop_jpeg_bytes = 3'000;

  // Where each stage runs; kNone: nowhere.
  StagePlace decode_frame = StagePlace::kNone;  // a whole picture, one a frame
  StagePlace decode = StagePlace::kServer;      // crops, one a person and re-ID frame
  StagePlace resize = StagePlace::kServer;
  StagePlace embed = StagePlace::kServer;
  StagePlace write = StagePlace::kNone;    // embeddings to a feature file
  StagePlace track = StagePlace::kServer;  // every frame
  StagePlace relink = StagePlace::kNone;   // every box of finished tracks

  std::string architecture = "osnet_x0_25";
  std::string engine = "auto";  // auto: the cheapest of the profile
  std::string precision = "fp32";
  int64_t batch = 16;  // images given to the network at once, at most
  std::string tracker = "bytetrack";

  std::optional<NetworkOptions> network;  // between edge and server
  double latency_percentile = 95;         // of frames with re-ID, (0, 100)
  double latency_target_ms = 500;         // > 0
  double utilisation = 0.7;               // of anything at most, (0, 1]

  std::vector<std::string> Validate() const;  // every violation, naming the key
};

std::string_view StagePlaceName(StagePlace place);  // "none", "edge", "server"

// Probability of each number of people in a frame, from 0 on; they sum to 1.
std::vector<double> PeopleDistribution(const Workload& workload);

// (name, place) of every stage of a workload, in the order of the work: "decode_frame", "decode",
// ...
std::vector<std::pair<std::string, StagePlace>> StagesOf(const Workload& workload);

// Throws Error(kConfig) with everything that is wrong, each with its line.
Workload ReadWorkload(const ConfigNode& root);
// `path` is a file, or the name (without .yaml) of one in configs/profile; `options` are
// "key=value" over it, as --option gives them.
Workload LoadWorkload(const std::filesystem::path& path,
                      const std::vector<std::string>& options = {});

}  // namespace reidbench
