// From a profile and a workload to cameras, machines and latency: what each frame costs on one
// core, how many fit, and how long they wait for each other. README.md in this folder holds the
// model, its assumptions, and how it was held against real runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/profiling/profile.h"
#include "reidbench/profiling/queueing.h"
#include "reidbench/profiling/workload.h"

namespace reidbench {

// A workload's work on one machine. Milliseconds of one core.
struct FrameCost {
  double every_frame_ms = 0;  // decoding a whole frame, tracking
  double reid_frame_ms = 0;   // more for a frame with re-ID, mean over the number of people
  // Mean over frames, stage by stage, in the order of StagesOf; only stages that run there.
  std::vector<std::pair<std::string, double>> stages_ms;
  double mean_ms = 0;  // over all frames: the sum of stages_ms
  // Frames by their work; shares of each sum to 1.
  std::vector<ServiceClass> reid_frames;
  std::vector<ServiceClass> plain_frames;  // without re-ID; empty where they bring no work here
  // Frames that bring work here, of all frames: 1, or 1 / reid_every_n_frames.
  double frames_share = 1;
};

// Throws Error(kConfig) that names what the profile lacks and lists what it has.
FrameCost CostOn(const MachineProfile& profile, const Workload& workload, StagePlace place);

struct PlanUtilisation {
  std::string resource;  // "server cores", "edge cores", "network"
  std::string stage;     // "embed"; "transfer" of the network
  double share = 0;      // of the resource, with cameras_per_machine cameras
};

// One real run at the rate that was just sustained, against the prediction.
struct PlanValidation {
  double predicted_frames_per_s = 0;  // that one machine sustains, all cameras together
  double measured_frames_per_s = 0;
  double error_percent = 0;  // predicted against measured
  double predicted_cpu_ms_per_frame = 0;
  double measured_cpu_ms_per_frame = 0;
  // At the plan's own load, of frames with re-ID.
  double at_frames_per_s = 0;
  LatencyPercentiles predicted_latency_ms;
  LatencyPercentiles measured_latency_ms;
  bool within = false;  // error_percent within kValidationTolerancePercent
  std::string note;     // why the figures may be off; empty when nothing disturbed
};
inline constexpr double kValidationTolerancePercent = 15;

// The same site with another engine or precision of the profile.
struct PlanAlternative {
  std::string engine, precision;
  int64_t at_latency = 0;  // cameras on one machine
};

struct Plan {
  Workload workload;
  int64_t sustainable = 0;          // cameras on one machine within the head-room
  int64_t at_latency = 0;           // of those, as many as meet the latency target too
  int64_t machines_needed = 1;      // for the cameras asked, or one
  int64_t cameras_per_machine = 0;  // what utilisation and latency below are of
  double saturated_cameras = 0;     // at utilisation 1, as a fraction
  std::string saturates_first;      // the stage, or "network"
  std::vector<PlanUtilisation> utilisation;
  LatencyPercentiles latency_ms;  // of frames with re-ID, from camera to result
  // Of the link at machines_needed machines; nullopt where nothing crosses it.
  struct Network {
    double mbit_per_s = 0, capacity = 0, share = 0;
  };
  std::optional<Network> network;
  std::vector<PlanAlternative>
      alternatives;  // most cameras first; the plan's own choice among them
  std::optional<PlanValidation> validation;
  std::vector<std::string> assumptions;
};

// `edge` is the profile of the machine beside each camera; nullptr: the same as `server`. Throws as
// CostOn; Error(kConfig) for a workload that does not validate.
Plan MakePlan(const MachineProfile& server, const MachineProfile* edge, const Workload& workload);

// Response of the server alone to `cameras` cameras that together send frames_per_s frames, of
// frames with re-ID; for validation.
LatencyPercentiles ServerLatency(const MachineProfile& server, const Workload& workload,
                                 int64_t cameras, double frames_per_s);

}  // namespace reidbench
