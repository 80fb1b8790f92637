#include "reidbench/results/profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "reidbench/core/text.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

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

Json VariantJson(const StageVariant& variant) {
  Json json = Json::object();
  for (const auto& [key, value] : variant.words) json[key] = value;
  for (const auto& [key, value] : variant.numbers) json[key] = value;
  return json;
}

HostContext ReadHost(const JsonReader& json) {
  HostContext host;
  host.cpu = json.At("cpu").Text();
  host.logical_cores = static_cast<int>(json.At("logical_cores").Integer(1));
  host.physical_cores = static_cast<int>(json.At("physical_cores").Integer(1));
  for (const JsonReader& cache : json.At("caches").Items()) {
    host.caches.push_back({static_cast<int>(cache.At("level").Integer(1)), cache.At("type").Text(),
                           cache.At("bytes").Integer(1),
                           static_cast<int>(cache.At("shared_by").Integer(1))});
  }
  host.memory_bytes = json.At("memory_bytes").Integer(0);
  host.governor = json.At("governor").Text();
  const std::vector<JsonReader> load = json.At("load_average").Items();
  for (size_t i = 0; i < std::min(load.size(), host.load_average.size()); ++i)
    host.load_average[i] = load[i].Number(0);
  for (const auto& [name, version] : json.At("libraries").Entries())
    host.libraries.emplace_back(name, version.Text());
  const JsonReader noise = json.At("noise");
  host.noise = {noise.At("spread_percent").Number(0), noise.At("noisy").Flag(),
                noise.At("note").Text()};
  return host;
}

StageMeasurement ReadMeasurement(const JsonReader& json) {
  StageMeasurement stage;
  stage.stage = json.At("stage").Text();
  for (const auto& [key, value] : json.At("variant").Entries()) {
    if (value.IsText()) {
      stage.variant.words.emplace_back(key, value.Text());
    } else {
      stage.variant.numbers.emplace_back(key, value.Integer(0));
    }
  }
  stage.unit = json.At("unit").Text();
  stage.rate = json.At("rate").Positive();
  const JsonReader latency = json.At("latency_ms");
  stage.latency_ms = {latency.At("p50").Number(0), latency.At("p95").Number(0),
                      latency.At("p99").Number(0)};
  stage.cpu_ms_per_item = json.At("cpu_ms_per_item").Positive();
  stage.peak_rss_mb = json.At("peak_rss_mb").Number(0);
  stage.gflops = json.At("gflops").OptionalNumber(0);
  stage.gb_per_s = json.At("gb_per_s").OptionalNumber(0);
  stage.share_of_peak = json.At("share_of_peak").OptionalNumber(0);
  stage.samples = json.At("samples").Integer(0);
  return stage;
}

}  // namespace

std::string Digits(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "n/a";
  const double size = std::abs(*value);
  if (size >= 1000) return WithThousands(std::llround(*value));
  int decimals = 0;
  for (double s = size; s > 0 && s < 100 && decimals < 5; s *= 10) ++decimals;
  return Number(value, size == 0 ? 0 : decimals);
}

std::string RawDigits(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "";
}

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
      row.push_back(RawDigits(value));
    table.AddRow(std::move(row));
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderProfileJson(const MachineProfile& profile) {
  const HostContext& host = profile.host;
  Json caches = Json::array();
  for (const CacheInfo& cache : host.caches) {
    caches.push_back({{"level", cache.level},
                      {"type", cache.type},
                      {"bytes", cache.bytes},
                      {"shared_by", cache.shared_by}});
  }
  Json libraries = Json::object();
  for (const auto& [name, version] : host.libraries) libraries[name] = version;
  Json peaks = Json::array();
  for (const MachinePeak& peak : profile.peaks) {
    peaks.push_back({{"threads", peak.threads},
                     {"fp32_gflops", peak.fp32_gflops},
                     {"bf16_gflops", OrNull(peak.bf16_gflops)},
                     {"read_gb_per_s", peak.read_gb_per_s},
                     {"copy_gb_per_s", peak.copy_gb_per_s}});
  }
  Json stages = Json::array();
  for (const StageMeasurement& stage : profile.stages) {
    stages.push_back({{"stage", stage.stage},
                      {"variant", VariantJson(stage.variant)},
                      {"unit", stage.unit},
                      {"rate", stage.rate},
                      {"latency_ms",
                       {{"p50", stage.latency_ms.p50},
                        {"p95", stage.latency_ms.p95},
                        {"p99", stage.latency_ms.p99}}},
                      {"cpu_ms_per_item", stage.cpu_ms_per_item},
                      {"peak_rss_mb", stage.peak_rss_mb},
                      {"gflops", OrNull(stage.gflops)},
                      {"gb_per_s", OrNull(stage.gb_per_s)},
                      {"share_of_peak", OrNull(stage.share_of_peak)},
                      {"samples", stage.samples}});
  }
  const Json json = {{"schema", kProfileSchema},
                     {"program_version", profile.program_version},
                     {"created", profile.created},
                     {"host",
                      {{"cpu", host.cpu},
                       {"logical_cores", host.logical_cores},
                       {"physical_cores", host.physical_cores},
                       {"caches", caches},
                       {"memory_bytes", host.memory_bytes},
                       {"governor", host.governor},
                       {"load_average", host.load_average},
                       {"libraries", libraries},
                       {"noise",
                        {{"spread_percent", host.noise.spread_percent},
                         {"noisy", host.noise.noisy},
                         {"note", host.noise.note}}}}},
                     {"peaks", peaks},
                     {"stages", stages},
                     {"warnings", profile.warnings}};
  return DumpJson(json);
}

MachineProfile ParseProfileJson(std::string_view text, const std::string& name) {
  const Json json = ParseJson(text, name, ErrorKind::kConfig);
  RequireSchema(json, kProfileSchema, "reidbench profile --format json", name, ErrorKind::kConfig);
  const JsonReader root(json, name, ErrorKind::kConfig);
  MachineProfile profile;
  profile.program_version = root.At("program_version").Text();
  profile.created = root.At("created").Text();
  profile.host = ReadHost(root.At("host"));
  for (const JsonReader& peak : root.At("peaks").Items()) {
    profile.peaks.push_back(
        {static_cast<int>(peak.At("threads").Integer(1)), peak.At("fp32_gflops").Positive(),
         peak.At("bf16_gflops").OptionalNumber(0), peak.At("read_gb_per_s").Positive(),
         peak.At("copy_gb_per_s").Positive()});
  }
  for (const JsonReader& stage : root.At("stages").Items())
    profile.stages.push_back(ReadMeasurement(stage));
  profile.warnings = root.At("warnings").Texts();
  return profile;
}

}  // namespace reidbench
