#include "reidbench/embedding/engines.h"

#include <algorithm>
#include <array>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/embedding/engine_plugin.h"
#include "reidbench/embedding/histogram_engine.h"
#include "reidbench/embedding/onednn_engine.h"
#include "reidbench/embedding/opencv_engine.h"
#include "reidbench/embedding/reference_engine.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAuto = "auto";

bool Has(const std::vector<std::string>& precisions, std::string_view precision) {
  return std::find(precisions.begin(), precisions.end(), precision) != precisions.end();
}

const EngineType& EngineByName(std::string_view name) {
  for (const EngineType& type : EngineTypes()) {
    if (type.name == name) return type;
  }
  ThrowUsage("engine '{}' is unknown{}; known: {}", name, SuggestName(name, EngineNames()),
             JoinText(EngineNames(), ", "));
}

void RequireDeviceAndPrecision(const EngineType& type, const EmbedderOptions& options) {
  const bool on_cpu = options.device == "cpu";
  if (!on_cpu && type.gpu_precisions.empty())
    ThrowUsage("engine {} has no device '{}'; it supports: cpu", type.name, options.device);
  const std::string& precision = options.precision;
  if (Has(on_cpu ? type.precisions : type.gpu_precisions, precision)) return;
  if (Has(type.gpu_precisions, precision)) {
    ThrowUsage("engine {} has {} on a GPU only (--device cuda:0){}", type.name, precision,
               precision == "bf16" ? "; on a CPU engine onednn has it" : "");
  }
  if (type.require != nullptr) type.require(precision);  // may know more about what it lacks
  std::vector<std::string> only_gpu;
  for (const std::string& p : type.gpu_precisions) {
    if (!Has(type.precisions, p)) only_gpu.push_back(p);
  }
  ThrowUsage("engine {} has no precision '{}'; it supports: {}{}", type.name, precision,
             JoinText(type.precisions, ", "),
             only_gpu.empty() ? "" : ", and on CUDA " + JoinText(only_gpu, ", "));
}

}  // namespace

std::span<const EngineType> EngineTypes() {
  static const std::array<EngineType, 5> types = {{
      {"onednn",
       EngineInput::kNetwork,
       {"fp32", "bf16"},
       {},
       true,
       RequireOnednnPrecision,
       [](const Network* weights, const fs::path&, const EmbedderOptions& options) {
         return MakeOnednnEngine(*weights, options.device, options.precision);
       }},
      {"libtorch",
       EngineInput::kNetwork,
       {"fp32"},
       {"fp32", "fp16", "bf16"},
       true,
       [](std::string_view) { LoadEnginePlugin(kTorchPlugin); },
       [](const Network* weights, const fs::path&, const EmbedderOptions& options) {
         return MakePluginEngine(LoadEnginePlugin(kTorchPlugin), *weights, options.device,
                                 options.precision);
       }},
      {"opencv",
       EngineInput::kOnnx,
       {"fp32"},
       {},
       true,
       nullptr,
       [](const Network*, const fs::path& file, const EmbedderOptions& options) {
         return MakeOpencvEngine(file, options.device);
       }},
      {"histogram",
       EngineInput::kNothing,
       {"fp32"},
       {},
       true,
       nullptr,
       [](const Network*, const fs::path&, const EmbedderOptions&) {
         return MakeHistogramEngine();
       }},
      {"reference",
       EngineInput::kNetwork,
       {"fp32"},
       {},
       false,
       nullptr,
       [](const Network* weights, const fs::path&, const EmbedderOptions&) {
         return MakeReferenceEngine(*weights);
       }},
  }};
  return types;
}

std::vector<std::string> EngineNames() {
  std::vector<std::string> names = {std::string(kAuto)};
  for (const EngineType& type : EngineTypes()) names.emplace_back(type.name);
  return names;
}

const EngineType& EngineOf(const EmbedderOptions& options) {
  const bool fastest_on_cpu = options.device == "cpu" && OnednnAvailable();
  const EngineType& type = EngineByName(options.engine != kAuto ? options.engine
                                        : fastest_on_cpu        ? "onednn"
                                                                : "libtorch");
  RequireDeviceAndPrecision(type, options);
  if (type.require != nullptr) type.require(options.precision);
  return type;
}

}  // namespace reidbench
