#include "reidbench/embedding/engine_plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "reidbench/core/text.h"
#include "reidbench/core/version.h"
#include "reidbench/embedding/engine_plugin_build.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> PluginFolders() {
  std::vector<fs::path> folders;
  if (const char* const path = std::getenv("REIDBENCH_PLUGIN_PATH")) {
    for (const std::string_view folder : SplitText(path, ':')) {
      if (!folder.empty()) folders.emplace_back(folder);
    }
  }
  folders.push_back(ProgramFolder());
  folders.push_back(ProgramFolder().parent_path() / REIDBENCH_PLUGIN_FOLDER);
  folders.emplace_back(REIDBENCH_INSTALLED_PLUGIN_FOLDER);
  return folders;
}

fs::path FindPlugin(std::string_view file) {
  std::vector<std::string> looked;
  for (const fs::path& folder : PluginFolders()) {
    std::error_code ignored;
    if (fs::exists(folder / file, ignored)) return folder / file;
    looked.push_back(folder.string());
  }
  ThrowIo(
      "{} not found: looked in {}. It comes with builds with LibTorch (REIDBENCH_TORCH=ON); set "
      "REIDBENCH_PLUGIN_PATH to its folder, or use another engine",
      file, JoinText(looked, ", "));
}

class PluginEngine : public Engine {
 public:
  PluginEngine(const EnginePlugin& plugin, const Network& weights, std::string_view device,
               std::string_view precision)
      : plugin_(plugin) {
    PluginError error;
    engine_ = plugin_.make(weights, device, precision, &info_, &error);
    if (engine_ == nullptr) throw Error(error.kind, error.message);
  }
  ~PluginEngine() override { plugin_.destroy(engine_); }
  PluginEngine(const PluginEngine&) = delete;
  PluginEngine& operator=(const PluginEngine&) = delete;

  const EmbedderInfo& info() const override { return info_; }

  void Run(const ImageBatch& images, float* embeddings) override {
    PluginError error;
    if (!plugin_.run(engine_, images, embeddings, &error)) throw Error(error.kind, error.message);
  }

 private:
  const EnginePlugin& plugin_;
  EmbedderInfo info_;
  Engine* engine_;
};

}  // namespace

const char* EnginePluginBuild() { return REIDBENCH_PLUGIN_BUILD; }

const EnginePlugin& LoadEnginePlugin(std::string_view file) {
  const fs::path path = FindPlugin(file);
  // Local: a plugin's libraries must not answer for symbols of the program's. Now: what is missing
  // shows here and not in the middle of the work. Never closed: the libraries behind it keep state.
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) ThrowIo("{} does not load: {}", path.string(), ::dlerror());
  const auto entry = reinterpret_cast<EnginePluginEntry>(::dlsym(library, kEnginePluginEntry));
  if (entry == nullptr) ThrowIo("{} is no engine of reidbench: {}", path.string(), ::dlerror());
  const EnginePlugin& plugin = *entry();
  if (std::string_view(plugin.build) != EnginePluginBuild()) {
    ThrowIo("{} is of another build than this program ({} against {}): install both from one",
            path.string(), plugin.build, EnginePluginBuild());
  }
  return plugin;
}

std::unique_ptr<Engine> MakePluginEngine(const EnginePlugin& plugin, const Network& weights,
                                         std::string_view device, std::string_view precision) {
  return std::make_unique<PluginEngine>(plugin, weights, device, precision);
}

}  // namespace reidbench
