// A plugin that no program of this build may use; or, without FOREIGN_PLUGIN, a library that is
// none.
#include "reidbench/embedding/engine_plugin.h"

#ifdef FOREIGN_PLUGIN
extern "C" const reidbench::EnginePlugin* reidbench_engine_plugin() {
  static const reidbench::EnginePlugin plugin = {"0.0.0 of a test", nullptr, nullptr, nullptr};
  return &plugin;
}
#else
extern "C" int reidbench_nothing() { return 0; }
#endif
