// The engines, in one table: what --engine takes, what they need and how they are made. `extract`
// chooses from it, `check --engines` and `profile` go through it.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reidbench/embedding/embedder.h"
#include "reidbench/embedding/engine.h"

namespace reidbench {

enum class EngineInput {
  kNetwork,  // a network that is known by name or read from ONNX
  kOnnx,     // an ONNX file, whatever is in it
  kNothing,  // no weights
};

struct EngineType {
  std::string_view name;
  EngineInput input;
  std::vector<std::string> precisions;      // on a CPU, the default first
  std::vector<std::string> gpu_precisions;  // on "cuda:N"; empty: it runs on a CPU only
  bool for_work;  // false: slow and plain, for judging the others; `profile` leaves it out
  // Throws the Error that says why a precision does not run on this machine, before any weights are
  // read. Loads what it takes to know. Null: it always runs.
  void (*require)(std::string_view precision);
  // `weights` is null unless `input` is kNetwork, `file` empty unless it is kOnnx.
  std::unique_ptr<Engine> (*make)(const Network* weights, const std::filesystem::path& file,
                                  const EmbedderOptions& options);
};

// The fastest first.
std::span<const EngineType> EngineTypes();

// What --engine takes: "auto" and the names of EngineTypes().
std::vector<std::string> EngineNames();

// The engine that the options mean, "auto" replaced. Throws Error(kUsage) for an unknown engine and
// for a precision or device that it lacks.
const EngineType& EngineOf(const EmbedderOptions& options);

}  // namespace reidbench
