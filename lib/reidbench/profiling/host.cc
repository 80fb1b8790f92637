#include "reidbench/profiling/host.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "reidbench/core/files.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/statistics.h"
#include "reidbench/core/system_info.h"
#include "reidbench/core/text.h"
#include "reidbench/profiling/measure.h"
#include "reidbench/profiling/peaks.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr int kLoops = 10;
constexpr int64_t kLoopRounds = 200'000;

// First line of a system file; empty when it cannot be read.
std::string FirstLine(const fs::path& path) {
  if (!IsFile(path)) return "";
  const std::string text = ReadFileText(path);
  return std::string(Trim(SplitText(text, '\n').front()));
}

// "0-3,8" names five processors.
int CountListed(std::string_view list) {
  int count = 0;
  for (const std::string_view part : SplitText(list, ',')) {
    const std::vector<std::string_view> ends = SplitText(part, '-');
    const auto first = ParseInt(ends.front()), last = ParseInt(ends.back());
    if (first && last && *last >= *first) count += static_cast<int>(*last - *first + 1);
  }
  return std::max(count, 1);
}

std::vector<CacheInfo> ReadCaches(const fs::path& folder) {
  std::vector<CacheInfo> caches;
  for (int i = 0; IsFolder(folder / fmt::format("index{}", i)); ++i) {
    const fs::path index = folder / fmt::format("index{}", i);
    const std::string size = FirstLine(index / "size");  // "32K"
    const auto level = ParseInt(FirstLine(index / "level"));
    if (size.empty() || !level) continue;
    int64_t unit = 1;
    if (size.back() == 'K') unit = 1 << 10;
    if (size.back() == 'M') unit = 1 << 20;
    const auto number = ParseInt(unit == 1 ? size : size.substr(0, size.size() - 1));
    if (!number || *number <= 0) continue;
    caches.push_back({static_cast<int>(*level), FirstLine(index / "type"), *number * unit,
                      CountListed(FirstLine(index / "shared_cpu_list"))});
  }
  return caches;
}

int PhysicalCores(const fs::path& cpus, int logical) {
  std::set<std::string> cores;
  for (int i = 0; IsFolder(cpus / fmt::format("cpu{}", i) / "topology"); ++i) {
    const fs::path topology = cpus / fmt::format("cpu{}", i) / "topology";
    cores.insert(FirstLine(topology / "physical_package_id") + ":" +
                 FirstLine(topology / "core_id"));
  }
  return cores.empty() ? logical : std::min(static_cast<int>(cores.size()), logical);
}

}  // namespace

HostContext ReadHostContext() {
  const fs::path cpus = "/sys/devices/system/cpu";
  HostContext host;
  host.cpu = CpuModel();
  host.logical_cores = ResolveThreads(0);
  host.physical_cores = PhysicalCores(cpus, host.logical_cores);
  host.caches = ReadCaches(cpus / "cpu0" / "cache");
  host.memory_bytes = MemoryBytes();
  host.governor = FirstLine(cpus / "cpu0" / "cpufreq" / "scaling_governor");
  if (host.governor.empty()) host.governor = "unknown";
  ::getloadavg(host.load_average.data(), static_cast<int>(host.load_average.size()));
  host.libraries = LibraryVersions();
  return host;
}

double SpreadPercent(std::span<const double> times) {
  if (times.size() < 2) return 0;
  std::vector<double> sorted(times.begin(), times.end());
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double q) { return QuantileOfSorted(sorted, q, QuantileRule::kNearestRank); };
  return 100 * (at(0.9) - at(0.1)) / at(0.5);
}

void NoiseMeter::Sample() {
  for (int i = 0; i < kLoops; ++i) {
    const double start = WallSeconds();
    RunArithmetic(kLoopRounds);
    loop_ms_.push_back(1e3 * (WallSeconds() - start));
  }
}

HostNoise NoiseMeter::Judge(double load_before, int logical_cores) const {
  HostNoise noise;
  noise.spread_percent = SpreadPercent(loop_ms_);
  std::vector<std::string> reasons;
  if (noise.spread_percent > kNoisySpreadPercent) {
    reasons.push_back(
        fmt::format("a fixed loop varied by {:.0f} % while it should by less than {:.0f} %",
                    noise.spread_percent, kNoisySpreadPercent));
  }
  if (load_before > kNoisyLoadPerCore * logical_cores) {
    reasons.push_back(fmt::format("the load average was {:.2f} on {} cores before the start",
                                  load_before, logical_cores));
  }
  noise.noisy = !reasons.empty();
  noise.note = JoinText(reasons, "; ");
  return noise;
}

}  // namespace reidbench
