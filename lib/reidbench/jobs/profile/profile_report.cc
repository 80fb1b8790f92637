#include "reidbench/jobs/profile/profile_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "reidbench/core/text.h"

namespace reidbench {
namespace {

// Three digits that mean something, whatever the size: "0.0123", "4.56", "1,234".
std::string Digits(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "n/a";
  const double size = std::abs(*value);
  if (size >= 1000) return WithThousands(std::llround(*value));
  int decimals = 0;
  for (double s = size; s > 0 && s < 100 && decimals < 5; s *= 10) ++decimals;
  return Number(value, size == 0 ? 0 : decimals);
}

std::string Bytes(int64_t bytes) {
  if (bytes >= int64_t{10} << 30) return fmt::format("{} GiB", bytes >> 30);
  if (bytes >= 1 << 20) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{} KiB", bytes >> 10);
}

std::string HostTable(const MachineProfile& profile, TableFormat format) {
  const HostContext& host = profile.host;
  Table table({{"machine", Align::kLeft}, {"", Align::kLeft}});
  table.AddRow({"processor", host.cpu.empty() ? "unknown" : host.cpu});
  table.AddRow(
      {"cores", fmt::format("{} logical, {} physical", host.logical_cores, host.physical_cores)});
  std::vector<std::string> caches;
  for (const CacheInfo& cache : host.caches) {
    if (cache.type == "Instruction") continue;
    caches.push_back(
        fmt::format("L{} {}{}", cache.level, Bytes(cache.bytes),
                    cache.shared_by > 1 ? fmt::format(" of {}", cache.shared_by) : ""));
  }
  table.AddRow({"caches", caches.empty() ? "unknown" : JoinText(caches, ", ")});
  table.AddRow({"memory", Bytes(host.memory_bytes)});
  table.AddRow({"clock governor", host.governor});
  table.AddRow({"load before", fmt::format("{:.2f} {:.2f} {:.2f}", host.load_average[0],
                                           host.load_average[1], host.load_average[2])});
  table.AddRow(
      {"noise", fmt::format("{:.1f} % spread of a fixed loop: {}", host.noise.spread_percent,
                            host.noise.noisy ? "noisy" : "quiet")});
  table.AddRow({"reidbench", fmt::format("{}, {}", profile.program_version, profile.created)});
  return table.Render(format);
}

std::string PeakTable(const MachineProfile& profile, TableFormat format) {
  Table table(
      {{"threads"}, {"fp32 GFLOP/s"}, {"bf16 GFLOP/s"}, {"memory read GB/s"}, {"memory copy GB/s"}},
      "The most this machine does, measured");
  for (const MachinePeak& peak : profile.peaks) {
    table.AddRow({fmt::format("{}", peak.threads), Digits(peak.fp32_gflops),
                  Digits(peak.bf16_gflops), Digits(peak.read_gb_per_s),
                  Digits(peak.copy_gb_per_s)});
  }
  return table.Render(format);
}

constexpr const char* kMeasured[] = {
    "rate",        "p50_ms", "p95_ms",   "p99_ms",        "cpu_ms_per_item",
    "peak_rss_mb", "gflops", "gb_per_s", "share_of_peak", "samples"};

// "osnet_x0_25 onednn fp32 batch=16 threads=2": words speak for themselves.
std::string ShortName(const StageVariant& variant) {
  StageVariant numbers;
  numbers.numbers = variant.numbers;
  std::string text;
  for (const auto& [key, value] : variant.words) text += value + " ";
  return text + numbers.ToString();
}

// Bare digits for programs, empty where there is none.
std::string Raw(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "";
}

std::vector<std::string> VariantKeys(const MachineProfile& profile) {
  std::vector<std::string> keys;
  const auto add = [&](const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const StageMeasurement& stage : profile.stages) {
    for (const auto& [key, value] : stage.variant.words) add(key);
    for (const auto& [key, value] : stage.variant.numbers) add(key);
  }
  return keys;
}

}  // namespace

std::string RenderProfileTables(const MachineProfile& profile, TableFormat format) {
  std::string text = HostTable(profile, format) + "\n" + PeakTable(profile, format);
  Table table({{"stage", Align::kLeft},
               {"variant", Align::kLeft},
               {"per second"},
               {"", Align::kLeft},
               {"p50 ms"},
               {"p95 ms"},
               {"p99 ms"},
               {"CPU ms each"},
               {"MB"},
               {"GFLOP/s"},
               {"GB/s"},
               {"% of peak"}},
              "Stages; latency of one call, CPU time of all threads, peak memory of a process");
  for (const StageMeasurement& s : profile.stages) {
    table.AddRow({s.stage, ShortName(s.variant), Digits(s.rate), s.unit, Digits(s.latency_ms.p50),
                  Digits(s.latency_ms.p95), Digits(s.latency_ms.p99), Digits(s.cpu_ms_per_item),
                  Digits(s.peak_rss_mb), Digits(s.gflops), Digits(s.gb_per_s),
                  Percent(s.share_of_peak, 1)});
  }
  if (!profile.stages.empty()) text += "\n" + table.Render(format);
  return text;
}

std::string RenderProfileCsv(const MachineProfile& profile) {
  const std::vector<std::string> keys = VariantKeys(profile);
  std::vector<Table::Column> columns = {{"stage"}, {"unit"}};
  for (const std::string& key : keys) columns.push_back({key});
  for (const char* name : kMeasured) columns.push_back({name});
  Table table(columns);
  for (const StageMeasurement& s : profile.stages) {
    std::vector<std::string> row = {s.stage, s.unit};
    for (const std::string& key : keys) {
      const auto number = s.variant.Number(key);
      row.push_back(number ? fmt::format("{}", *number) : s.variant.Word(key));
    }
    for (const std::optional<double> value :
         {std::optional(s.rate), std::optional(s.latency_ms.p50), std::optional(s.latency_ms.p95),
          std::optional(s.latency_ms.p99), std::optional(s.cpu_ms_per_item),
          std::optional(s.peak_rss_mb), s.gflops, s.gb_per_s, s.share_of_peak,
          std::optional(static_cast<double>(s.samples))})
      row.push_back(Raw(value));
    table.AddRow(std::move(row));
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderPlanTables(const Plan& plan, TableFormat format) {
  const Workload& w = plan.workload;
  Table table({{"plan", Align::kLeft}, {"", Align::kLeft}},
              fmt::format("{}: {:g} people in a frame, {:g} frames/s, re-ID in {}", w.name,
                          w.people_per_frame, w.frame_rate,
                          w.reid_every_n_frames == 1
                              ? std::string("every frame")
                              : fmt::format("one of {} frames", w.reid_every_n_frames)));
  table.AddRow({"cameras within head-room",
                fmt::format("{} (no resource above {} %)", WithThousands(plan.sustainable),
                            Percent(w.utilisation, 0))});
  table.AddRow({"cameras within latency too",
                fmt::format("{} ({:g} % of results within {:g} ms)", WithThousands(plan.at_latency),
                            w.latency_percentile, w.latency_target_ms)});
  if (w.cameras) {
    table.AddRow(
        {"machines for the site",
         plan.machines_needed > 0
             ? fmt::format("{} for {} cameras, {} each", WithThousands(plan.machines_needed),
                           WithThousands(*w.cameras), plan.cameras_per_machine)
             : "no number of machines of this kind meets the latency"});
  }
  table.AddRow({"saturates first", plan.saturates_first});
  table.AddRow({"latency", fmt::format("p50 {}, p95 {}, p99 {} ms, camera to result",
                                       Digits(plan.latency_ms.p50), Digits(plan.latency_ms.p95),
                                       Digits(plan.latency_ms.p99))});
  if (plan.network) {
    table.AddRow(
        {"network", fmt::format("{} of {} Mbit/s ({} %)", Digits(plan.network->mbit_per_s),
                                Digits(plan.network->capacity), Percent(plan.network->share, 1))});
  }
  Table shares(
      {{"resource", Align::kLeft}, {"stage", Align::kLeft}, {"used %"}},
      fmt::format("With {} cameras on a machine", WithThousands(plan.cameras_per_machine)));
  for (const PlanUtilisation& u : plan.utilisation)
    shares.AddRow({u.resource, u.stage, Percent(u.share, 1)});
  std::string text = table.Render(format) + "\n" + shares.Render(format);
  if (plan.alternatives.size() > 1) {
    Table others({{"engine", Align::kLeft}, {"precision", Align::kLeft}, {"cameras"}},
                 "The same machine with another engine or precision of " + w.architecture);
    for (const PlanAlternative& a : plan.alternatives)
      others.AddRow({a.engine, a.precision, WithThousands(a.at_latency)});
    text += "\n" + others.Render(format);
  }
  if (plan.validation) {
    const PlanValidation& v = *plan.validation;
    Table real({{"real run", Align::kLeft}, {"predicted"}, {"measured"}, {"", Align::kLeft}},
               "The same work done at its pace on this machine");
    real.AddRow({"frames/s sustained", Digits(v.predicted_frames_per_s),
                 Digits(v.measured_frames_per_s),
                 fmt::format("{:+.1f} % ({})", v.error_percent, v.within ? "ok" : "OFF")});
    real.AddRow({"CPU ms per frame", Digits(v.predicted_cpu_ms_per_frame),
                 Digits(v.measured_cpu_ms_per_frame), ""});
    const std::string at = fmt::format("at {} frames/s", Digits(v.at_frames_per_s));
    real.AddRow({"p50 ms of re-ID frames", Digits(v.predicted_latency_ms.p50),
                 Digits(v.measured_latency_ms.p50), at});
    real.AddRow(
        {"p95 ms", Digits(v.predicted_latency_ms.p95), Digits(v.measured_latency_ms.p95), at});
    real.AddRow(
        {"p99 ms", Digits(v.predicted_latency_ms.p99), Digits(v.measured_latency_ms.p99), at});
    text += "\n" + real.Render(format);
    if (!v.note.empty() && format == TableFormat::kText) text += v.note + "\n";
  }
  if (format == TableFormat::kText) {
    text += "\nThis holds as long as\n";
    for (const std::string& line : plan.assumptions) text += "- " + line + "\n";
  }
  return text;
}

std::string RenderPlanCsv(const Plan& plan) {
  Table table({{"quantity"}, {"resource"}, {"stage"}, {"value"}});
  const auto add = [&](const char* quantity, double value) {
    table.AddRow({quantity, "", "", Raw(value)});
  };
  add("cameras_sustainable", static_cast<double>(plan.sustainable));
  add("cameras_at_latency", static_cast<double>(plan.at_latency));
  add("cameras_per_machine", static_cast<double>(plan.cameras_per_machine));
  add("machines_needed", static_cast<double>(plan.machines_needed));
  add("latency_p50_ms", plan.latency_ms.p50);
  add("latency_p95_ms", plan.latency_ms.p95);
  add("latency_p99_ms", plan.latency_ms.p99);
  for (const PlanUtilisation& u : plan.utilisation)
    table.AddRow({"utilisation", u.resource, u.stage, Raw(u.share)});
  if (plan.network) table.AddRow({"mbit_per_s", "network", "", Raw(plan.network->mbit_per_s)});
  if (plan.validation) {
    add("predicted_frames_per_s", plan.validation->predicted_frames_per_s);
    add("measured_frames_per_s", plan.validation->measured_frames_per_s);
    add("error_percent", plan.validation->error_percent);
  }
  return table.Render(TableFormat::kCsv);
}

}  // namespace reidbench
