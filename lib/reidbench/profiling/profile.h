// What was measured of a machine. README.md in this folder says what each number means;
// results/profile.h is the file that carries it from one machine to another.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reidbench {

struct CacheInfo {
  int level = 0;
  std::string type;  // "Data", "Instruction", "Unified"
  int64_t bytes = 0;
  int shared_by = 1;  // logical cores that share one
};

// How steady the machine was while it was measured.
struct HostNoise {
  double spread_percent = 0;  // of a fixed loop: (90th - 10th percentile) / median
  bool noisy = false;
  std::string note;  // why, for a reader; empty when quiet
};

struct HostContext {
  std::string cpu;
  int logical_cores = 1;  // that this process may use
  int physical_cores = 1;
  std::vector<CacheInfo> caches;  // of the first core
  int64_t memory_bytes = 0;
  std::string governor;                  // of the clock; "unknown" in most virtual machines
  std::array<double, 3> load_average{};  // over 1, 5 and 15 minutes, before anything was measured
  std::vector<std::pair<std::string, std::string>> libraries;  // name, version
  HostNoise noise;
};

// What the machine can do at most with so many threads, as measured.
struct MachinePeak {
  int threads = 1;
  double fp32_gflops = 0;             // fused multiply-adds in registers, counted as two
  std::optional<double> bf16_gflops;  // where the processor has AVX512_BF16
  double read_gb_per_s = 0;           // from memory, beyond the caches
  double copy_gb_per_s = 0;           // bytes read and bytes written
};

// What tells two measurements of one stage apart. In JSON one object: words, then numbers.
struct StageVariant {
  std::vector<std::pair<std::string, std::string>> words;
  std::vector<std::pair<std::string, int64_t>> numbers;

  std::string Word(std::string_view key) const;  // empty when absent
  std::optional<int64_t> Number(std::string_view key) const;
  std::string ToString() const;  // "engine=onednn precision=fp32 batch=16 threads=2"

  friend bool operator==(const StageVariant&, const StageVariant&) = default;
};

struct LatencyPercentiles {
  double p50 = 0, p95 = 0, p99 = 0;
};

struct StageMeasurement {
  std::string stage;  // a name of ProfileStageNames()
  StageVariant variant;
  std::string unit;               // of an item, plural: "images"
  double rate = 0;                // items per second of wall time
  LatencyPercentiles latency_ms;  // of one call: a batch, a frame, a sequence
  double cpu_ms_per_item = 0;     // of all threads together
  double peak_rss_mb = 0;         // of a process that does this alone; MB = 10^6 bytes
  std::optional<double> gflops;
  std::optional<double> gb_per_s;
  std::optional<double> share_of_peak;  // of the roof with as many threads
  int64_t samples = 0;                  // calls timed
};

struct MachineProfile {
  std::string program_version;
  std::string created;  // UTC, ISO 8601
  HostContext host;
  std::vector<MachinePeak> peaks;
  std::vector<StageMeasurement> stages;
  std::vector<std::string> warnings;
};

// In the order of the work: "decode", "resize", "embed", "write", "track", "relink", "rank".
const std::vector<std::string>& ProfileStageNames();

// Fills in share_of_peak of every stage from the peaks with as many threads: the larger of its
// share of the arithmetic and of the memory roof, of what is known.
void AddSharesOfPeak(MachineProfile* profile);

}  // namespace reidbench
