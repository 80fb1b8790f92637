// Engines in shared libraries of their own, loaded when they are asked for, so that what they link
// (LibTorch: 160 MB and half a second) costs only those who use it. This is both sides of the
// boundary: what a plugin exports, and how it is found and loaded.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/embedding/engine.h"
#include "reidbench/networks/network.h"

namespace reidbench {

// Exceptions do not cross the boundary, because a plugin has its own copy of this library: what a
// call throws inside is caught there, carried as this, and thrown again outside.
struct PluginError {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
};

// What a plugin's entry point returns; it lives as long as the process. Calls fill in `error` and
// return null or false when they fail.
struct EnginePlugin {
  // EnginePluginBuild() of the plugin. The types that cross the boundary are C++ ones: program and
  // plugin must be of one build. First, so that it can be read whatever follows.
  const char* build;
  Engine* (*make)(const Network& weights, std::string_view device, std::string_view precision,
                  EmbedderInfo* info, PluginError* error);
  bool (*run)(Engine* engine, const ImageBatch& images, float* embeddings, PluginError* error);
  void (*destroy)(Engine* engine);
};

inline constexpr const char* kEnginePluginEntry = "reidbench_engine_plugin";
using EnginePluginEntry = const EnginePlugin* (*)();

// Version, compiler, and a hash of the headers whose types cross the boundary.
const char* EnginePluginBuild();

inline constexpr std::string_view kTorchPlugin = "libreidbench_torch.so";  // engine "libtorch"

// Looks for the file in the folders of $REIDBENCH_PLUGIN_PATH (with colons between), beside the
// program, in its ../lib/reidbench and in the installation's; the first that is there is loaded and
// stays. Throws Error(kIo) that names file and folders when it is in none, when it or a library
// that it needs does not load (with the loader's words), and when it is of another build.
const EnginePlugin& LoadEnginePlugin(std::string_view file);

// Throws what the plugin's engine throws.
std::unique_ptr<Engine> MakePluginEngine(const EnginePlugin& plugin, const Network& weights,
                                         std::string_view device, std::string_view precision);

}  // namespace reidbench
