#include "reidbench/profiling/profile.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"

namespace reidbench {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json VariantJson(const StageVariant& variant) {
  Json json = Json::object();
  for (const auto& [key, value] : variant.words) json[key] = value;
  for (const auto& [key, value] : variant.numbers) json[key] = value;
  return json;
}

// A value of the file and the path that leads to it, for messages.
class JsonReader {
 public:
  JsonReader(const Json& json, const std::string& name, std::string path)
      : json_(json), name_(name), path_(std::move(path)) {}

  JsonReader At(const std::string& key) const {
    Expect(json_.is_object(), "an object");
    const auto it = json_.find(key);
    if (it == json_.end()) {
      ThrowConfig("{}: {} is missing; was the file cut, or written by another program?", name_,
                  PathOf(key));
    }
    return {*it, name_, PathOf(key)};
  }

  std::vector<JsonReader> Items() const {
    Expect(json_.is_array(), "a list");
    std::vector<JsonReader> items;
    for (size_t i = 0; i < json_.size(); ++i)
      items.emplace_back(json_[i], name_, fmt::format("{}[{}]", path_, i));
    return items;
  }

  std::vector<std::pair<std::string, JsonReader>> Entries() const {
    Expect(json_.is_object(), "an object");
    std::vector<std::pair<std::string, JsonReader>> entries;
    for (const auto& [key, value] : json_.items())
      entries.emplace_back(key, JsonReader(value, name_, PathOf(key)));
    return entries;
  }

  std::string Text() const {
    Expect(json_.is_string(), "a text");
    return json_.get<std::string>();
  }
  bool IsText() const { return json_.is_string(); }
  bool Flag() const {
    Expect(json_.is_boolean(), "true or false");
    return json_.get<bool>();
  }
  int64_t Integer(int64_t low) const {
    Expect(json_.is_number_integer() && json_.get<int64_t>() >= low,
           fmt::format("a whole number of at least {}", low));
    return json_.get<int64_t>();
  }
  double Number() const {
    Expect(json_.is_number() && std::isfinite(json_.get<double>()) && json_.get<double>() >= 0,
           "a number of at least 0");
    return json_.get<double>();
  }
  double Positive() const {
    Expect(json_.is_number() && json_.get<double>() > 0, "a number above 0");
    return json_.get<double>();
  }
  std::optional<double> OptionalNumber() const {
    if (json_.is_null()) return std::nullopt;
    return Number();
  }

 private:
  std::string PathOf(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
  }
  void Expect(bool ok, const std::string& what) const {
    if (ok) return;
    ThrowConfig("{}: {}: expected {}, found {}", name_, path_.empty() ? "the file" : path_, what,
                json_.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60));
  }

  const Json& json_;
  const std::string& name_;
  std::string path_;
};

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
    host.load_average[i] = load[i].Number();
  for (const auto& [name, version] : json.At("libraries").Entries())
    host.libraries.emplace_back(name, version.Text());
  const JsonReader noise = json.At("noise");
  host.noise = {noise.At("spread_percent").Number(), noise.At("noisy").Flag(),
                noise.At("note").Text()};
  return host;
}

StageMeasurement ReadStage(const JsonReader& json) {
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
  stage.latency_ms = {latency.At("p50").Number(), latency.At("p95").Number(),
                      latency.At("p99").Number()};
  stage.cpu_ms_per_item = json.At("cpu_ms_per_item").Positive();
  stage.peak_rss_mb = json.At("peak_rss_mb").Number();
  stage.gflops = json.At("gflops").OptionalNumber();
  stage.gb_per_s = json.At("gb_per_s").OptionalNumber();
  stage.share_of_peak = json.At("share_of_peak").OptionalNumber();
  stage.samples = json.At("samples").Integer(0);
  return stage;
}

}  // namespace

const std::vector<std::string>& ProfileStageNames() {
  static const std::vector<std::string> names = {"decode", "resize", "embed", "write",
                                                 "track",  "relink", "rank"};
  return names;
}

std::string StageVariant::Word(std::string_view key) const {
  for (const auto& [name, value] : words) {
    if (name == key) return value;
  }
  return "";
}

std::optional<int64_t> StageVariant::Number(std::string_view key) const {
  for (const auto& [name, value] : numbers) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::string StageVariant::ToString() const {
  std::string text;
  for (const auto& [key, value] : words)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  for (const auto& [key, value] : numbers)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  return text;
}

void AddSharesOfPeak(MachineProfile* profile) {
  for (StageMeasurement& stage : profile->stages) {
    const auto peak =
        std::find_if(profile->peaks.begin(), profile->peaks.end(), [&](const MachinePeak& p) {
          return p.threads == stage.variant.Number("threads").value_or(1);
        });
    stage.share_of_peak.reset();
    if (peak == profile->peaks.end()) continue;
    if (stage.gflops) {
      const bool bf16 = stage.variant.Word("precision") == "bf16" && peak->bf16_gflops;
      stage.share_of_peak = *stage.gflops / (bf16 ? *peak->bf16_gflops : peak->fp32_gflops);
    }
    if (stage.gb_per_s) {
      stage.share_of_peak =
          std::max(stage.share_of_peak.value_or(0), *stage.gb_per_s / peak->copy_gb_per_s);
    }
  }
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
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

MachineProfile ParseProfileJson(std::string_view text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    ThrowConfig("{}: not a profile: {}", name, error.what());
  }
  if (!json.is_object() || !json.contains("schema") || json["schema"] != kProfileSchema) {
    const std::string found =
        json.is_object() && json.contains("schema") ? json["schema"].dump() : "none";
    ThrowConfig(
        "{}: expected schema \"{}\", found {}; write one with reidbench profile --format json",
        name, kProfileSchema, found);
  }
  const JsonReader root(json, name, "");
  MachineProfile profile;
  profile.program_version = root.At("program_version").Text();
  profile.created = root.At("created").Text();
  profile.host = ReadHost(root.At("host"));
  for (const JsonReader& peak : root.At("peaks").Items()) {
    profile.peaks.push_back(
        {static_cast<int>(peak.At("threads").Integer(1)), peak.At("fp32_gflops").Positive(),
         peak.At("bf16_gflops").OptionalNumber(), peak.At("read_gb_per_s").Positive(),
         peak.At("copy_gb_per_s").Positive()});
  }
  for (const JsonReader& stage : root.At("stages").Items())
    profile.stages.push_back(ReadStage(stage));
  for (const JsonReader& warning : root.At("warnings").Items())
    profile.warnings.push_back(warning.Text());
  return profile;
}

}  // namespace reidbench
