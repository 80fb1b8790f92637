// The plugin behind engine "libtorch": MakeTorchEngine across the boundary of
// embedding/engine_plugin.h.
#include <exception>

#include "reidbench/core/error.h"
#include "reidbench/embedding/engine_plugin.h"
#include "reidbench/embedding_torch/graph_torch.h"

namespace reidbench {
namespace {

template <typename Result, typename F>
Result Guarded(PluginError* error, Result failed, const F& f) {
  try {
    return f();
  } catch (const Error& e) {
    *error = {e.kind(), e.what()};
  } catch (const std::exception& e) {
    *error = {ErrorKind::kInternal, e.what()};
  }
  return failed;
}

const EnginePlugin kPlugin = {
    EnginePluginBuild(),
    [](const Network& weights, std::string_view device, std::string_view precision,
       EmbedderInfo* info, PluginError* error) {
      return Guarded<Engine*>(error, nullptr, [&] {
        auto engine = MakeTorchEngine(weights, device, TorchExecution::kFused, precision);
        *info = engine->info();
        return engine.release();
      });
    },
    [](Engine* engine, const ImageBatch& images, float* embeddings, PluginError* error) {
      return Guarded(error, false, [&] {
        engine->Run(images, embeddings);
        return true;
      });
    },
    [](Engine* engine) { delete engine; }};

}  // namespace
}  // namespace reidbench

extern "C" __attribute__((visibility("default"))) const reidbench::EnginePlugin*
reidbench_engine_plugin() {
  return &reidbench::kPlugin;
}
