#include "reidbench/results/plan.h"

#include <fmt/core.h>

#include <cmath>

#include "reidbench/core/text.h"
#include "reidbench/results/json_values.h"
#include "reidbench/results/profile.h"
#include "reidbench/results/schemas.h"

namespace reidbench {
namespace {

Json FiniteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json LatencyJson(const LatencyPercentiles& latency) {
  return {{"p50", FiniteOrNull(latency.p50)},
          {"p95", FiniteOrNull(latency.p95)},
          {"p99", FiniteOrNull(latency.p99)}};
}

Json WorkloadJson(const Workload& w) {
  Json stages = Json::object();
  for (const auto& [name, place] : StagesOf(w)) stages[name] = StagePlaceName(place);
  return {{"name", w.name},
          {"cameras", w.cameras ? Json(*w.cameras) : Json("max")},
          {"frame_rate", w.frame_rate},
          {"people_per_frame", w.people_per_frame},
          {"people_distribution", w.people_vary ? "poisson" : "fixed"},
          {"reid_every_n_frames", w.reid_every_n_frames},
          {"resolution", {w.frame_width, w.frame_height}},
          {"frame_jpeg_bytes", w.frame_jpeg_bytes},
          {"crop", {w.crop_width, w.crop_height}},
          {"crop_jpeg_bytes", w.crop_jpeg_bytes},
          {"stages", stages},
          {"architecture", w.architecture},
          {"engine", w.engine},
          {"precision", w.precision},
          {"batch", w.batch},
          {"tracker", w.tracker},
          {"network", w.network ? Json{{"mbit_per_s", w.network->mbit_per_s},
                                       {"latency_ms", w.network->latency_ms}}
                                : Json(nullptr)},
          {"latency", {{"percentile", w.latency_percentile}, {"target_ms", w.latency_target_ms}}},
          {"utilisation", w.utilisation}};
}

}  // namespace

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
    table.AddRow({quantity, "", "", RawDigits(value)});
  };
  add("cameras_sustainable", static_cast<double>(plan.sustainable));
  add("cameras_at_latency", static_cast<double>(plan.at_latency));
  add("cameras_per_machine", static_cast<double>(plan.cameras_per_machine));
  add("machines_needed", static_cast<double>(plan.machines_needed));
  add("latency_p50_ms", plan.latency_ms.p50);
  add("latency_p95_ms", plan.latency_ms.p95);
  add("latency_p99_ms", plan.latency_ms.p99);
  for (const PlanUtilisation& u : plan.utilisation)
    table.AddRow({"utilisation", u.resource, u.stage, RawDigits(u.share)});
  if (plan.network)
    table.AddRow({"mbit_per_s", "network", "", RawDigits(plan.network->mbit_per_s)});
  if (plan.validation) {
    add("predicted_frames_per_s", plan.validation->predicted_frames_per_s);
    add("measured_frames_per_s", plan.validation->measured_frames_per_s);
    add("error_percent", plan.validation->error_percent);
  }
  return table.Render(TableFormat::kCsv);
}

std::string RenderPlanJson(const Plan& plan) {
  Json utilisation = Json::array();
  for (const PlanUtilisation& u : plan.utilisation)
    utilisation.push_back({{"resource", u.resource}, {"stage", u.stage}, {"share", u.share}});
  Json alternatives = Json::array();
  for (const PlanAlternative& a : plan.alternatives) {
    alternatives.push_back(
        {{"engine", a.engine}, {"precision", a.precision}, {"at_latency", a.at_latency}});
  }
  Json validation = nullptr;
  if (plan.validation) {
    const PlanValidation& v = *plan.validation;
    validation = {{"predicted_frames_per_s", v.predicted_frames_per_s},
                  {"measured_frames_per_s", v.measured_frames_per_s},
                  {"error_percent", v.error_percent},
                  {"tolerance_percent", kValidationTolerancePercent},
                  {"within", v.within},
                  {"predicted_cpu_ms_per_frame", v.predicted_cpu_ms_per_frame},
                  {"measured_cpu_ms_per_frame", v.measured_cpu_ms_per_frame},
                  {"at_frames_per_s", v.at_frames_per_s},
                  {"predicted_latency_ms", LatencyJson(v.predicted_latency_ms)},
                  {"measured_latency_ms", LatencyJson(v.measured_latency_ms)},
                  {"note", v.note}};
  }
  const Json json = {
      {"schema", kPlanSchema},
      {"workload", WorkloadJson(plan.workload)},
      {"cameras",
       {{"sustainable", plan.sustainable},
        {"at_latency", plan.at_latency},
        {"asked", plan.workload.cameras ? Json(*plan.workload.cameras) : Json(nullptr)},
        {"machines_needed", plan.machines_needed},
        {"per_machine", plan.cameras_per_machine}}},
      {"saturates_first", plan.saturates_first},
      {"utilisation", utilisation},
      {"latency_ms", LatencyJson(plan.latency_ms)},
      {"network", plan.network ? Json{{"mbit_per_s", plan.network->mbit_per_s},
                                      {"capacity", plan.network->capacity},
                                      {"share", plan.network->share}}
                               : Json(nullptr)},
      {"alternatives", alternatives},
      {"validation", validation},
      {"assumptions", plan.assumptions}};
  return DumpJson(json);
}

}  // namespace reidbench
