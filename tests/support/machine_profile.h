// A profile of a machine that does not exist, with round numbers.
#pragma once

#include "reidbench/profiling/profile.h"

namespace reidbench {

inline StageMeasurement Measured(const std::string& stage, const std::string& unit,
                                 double cpu_ms_per_item, StageVariant variant) {
  StageMeasurement m;
  m.stage = stage;
  m.variant = std::move(variant);
  m.unit = unit;
  m.rate = 1e3 / cpu_ms_per_item;
  m.latency_ms = {cpu_ms_per_item, 1.5 * cpu_ms_per_item, 2 * cpu_ms_per_item};
  m.cpu_ms_per_item = cpu_ms_per_item;
  m.peak_rss_mb = 64;
  m.samples = 10;
  return m;
}

// Four cores. A crop of 64 x 128: decoding 0.05, resizing 0.05 ms; osnet_x0_25: 2 ms alone, 1 ms in
// a batch of 16 (16 ms a call); a row written 0.01 ms; bytetrack 0.02 ms at 10 boxes, 0.06 ms
// at 20.
inline MachineProfile RoundProfile() {
  MachineProfile p;
  p.program_version = "0.1.0";
  p.created = "2026-01-01T00:00:00Z";
  p.host.cpu = "Round CPU";
  p.host.logical_cores = 4;
  p.host.physical_cores = 2;
  p.host.caches = {{1, "Data", 32768, 1}, {3, "Unified", 1 << 25, 4}};
  p.host.memory_bytes = int64_t{8} << 30;
  p.host.governor = "performance";
  p.host.load_average = {0.1, 0.2, 0.3};
  p.host.libraries = {{"HDF5", "1.10.8"}};
  p.host.noise = {1.5, false, ""};
  p.peaks = {{1, 100, 200, 10, 12}, {4, 380, std::nullopt, 30, 36}};
  const auto size = [](int64_t width, int64_t height) {
    StageVariant v;
    v.numbers = {{"width", width}, {"height", height}, {"threads", 4}};
    return v;
  };
  p.stages.push_back(Measured("decode", "images", 0.05, size(64, 128)));
  p.stages.push_back(Measured("decode", "images", 8, size(1280, 720)));
  p.stages.push_back(Measured("resize", "images", 0.05, size(64, 128)));
  for (const auto& [batch, ms] : {std::pair<int64_t, double>{1, 2.0}, {16, 1.0}}) {
    StageVariant v;
    v.words = {{"architecture", "osnet_x0_25"}, {"engine", "onednn"}, {"precision", "fp32"}};
    v.numbers = {{"batch", batch}, {"threads", 1}};
    // One thread alone is faster; what is planned with is the saturated machine.
    p.stages.push_back(Measured("embed", "images", 0.8 * ms, v));
    v.numbers.back().second = 4;
    p.stages.push_back(Measured("embed", "images", ms, v));
    p.stages.back().gflops = 190;
    p.stages.back().gb_per_s = 3;
  }
  StageVariant write;
  write.words = {{"type", "float32"}};
  write.numbers = {{"rows", 1000}};
  p.stages.push_back(Measured("write", "rows", 0.01, write));
  for (const auto& [boxes, ms] : {std::pair<int64_t, double>{10, 0.02}, {20, 0.06}}) {
    StageVariant v;
    v.words = {{"tracker", "bytetrack"}};
    v.numbers = {{"boxes_per_frame", boxes}, {"threads", 1}};
    p.stages.push_back(Measured("track", "frames", ms, v));
  }
  return p;
}

}  // namespace reidbench
