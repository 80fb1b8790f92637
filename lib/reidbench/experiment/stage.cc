#include "reidbench/experiment/stage.h"

#include <algorithm>

#include "reidbench/core/error.h"
#include "reidbench/core/files.h"
#include "reidbench/core/hash.h"
#include "reidbench/core/version.h"
#include "reidbench/results/json_values.h"

namespace reidbench {
namespace {

namespace fs = std::filesystem;

// Changes when artifacts of older runners must not be reused.
constexpr int kKeyVersion = 1;

// Results name sequences and files after these; where they lie does not matter.
std::string NameOf(const fs::path& path) {
  return path.parent_path().filename().string() + "/" + path.filename().string();
}

}  // namespace

StageArgument Word(std::string text) {
  StageArgument argument;
  argument.text = std::move(text);
  return argument;
}

StageArgument InputArgument(fs::path path, std::vector<fs::path> contents) {
  StageArgument argument;
  argument.kind = StageArgument::Kind::kInput;
  argument.path = std::move(path);
  argument.contents = std::move(contents);
  return argument;
}

StageArgument ArtifactArgument(size_t stage, std::string file, std::string prefix) {
  StageArgument argument;
  argument.kind = StageArgument::Kind::kArtifact;
  argument.stage = stage;
  argument.text = std::move(file);
  argument.prefix = std::move(prefix);
  return argument;
}

StageArgument OutputArgument(std::string file) {
  StageArgument argument;
  argument.kind = StageArgument::Kind::kOutput;
  argument.text = std::move(file);
  return argument;
}

std::vector<size_t> ExperimentStage::Dependencies() const {
  std::vector<size_t> stages;
  for (const StageArgument& argument : arguments) {
    if (argument.kind == StageArgument::Kind::kArtifact) stages.push_back(argument.stage);
    for (const StageArgument::ViewEntry& entry : argument.entries) stages.push_back(entry.stage);
  }
  std::sort(stages.begin(), stages.end());
  stages.erase(std::unique(stages.begin(), stages.end()), stages.end());
  return stages;
}

StageKey ComputeStageKey(const ExperimentStage& stage, const std::vector<StageKey>& keys,
                         const fs::path& program, Fingerprints* fingerprints) {
  StageKey result;
  const auto hash_input = [&](const fs::path& path) {
    const InputHash hash = fingerprints->Of(path);
    result.inputs.push_back({path, hash});
    return hash.sha256;
  };
  Json parts = Json::array();
  for (const StageArgument& argument : stage.arguments) {
    Json part = Json::array({static_cast<int>(argument.kind), argument.prefix, argument.text});
    switch (argument.kind) {
      case StageArgument::Kind::kWord:
      case StageArgument::Kind::kOutput:
        break;
      case StageArgument::Kind::kInput: {
        part.push_back(FolderName(argument.path));
        if (argument.contents.empty()) part.push_back(hash_input(argument.path));
        for (const fs::path& file : argument.contents) {
          part.push_back(NameOf(file));
          part.push_back(hash_input(file));
        }
        break;
      }
      case StageArgument::Kind::kArtifact:
        part.push_back(keys[argument.stage].key);
        break;
      case StageArgument::Kind::kView:
        for (const StageArgument::ViewEntry& entry : argument.entries) {
          part.push_back(entry.name);
          part.push_back(keys[entry.stage].key);
          part.push_back(entry.file);
        }
        break;
    }
    parts.push_back(std::move(part));
  }
  Json reads = Json::array();
  for (const fs::path& path : stage.reads) reads.push_back(hash_input(path));
  // The program's own hash, beside its version: a rebuilt command is another command.
  const Json all = {kKeyVersion,      Version(),
                    stage.command,    fingerprints->Of(program).sha256,
                    std::move(parts), std::move(reads)};
  result.key = Sha256Hex(DumpJson(all, -1));
  return result;
}

std::vector<std::string> CommandWords(const ExperimentStage& stage, const fs::path& program,
                                      const std::function<fs::path(size_t)>& artifact_of,
                                      const fs::path& own) {
  std::vector<std::string> words = {program.string()};
  for (const StageArgument& argument : stage.arguments) {
    switch (argument.kind) {
      case StageArgument::Kind::kWord:
        words.push_back(argument.text);
        break;
      case StageArgument::Kind::kInput:
        words.push_back(argument.prefix + argument.path.string());
        break;
      case StageArgument::Kind::kArtifact:
        words.push_back(argument.prefix + (artifact_of(argument.stage) / argument.text).string());
        break;
      case StageArgument::Kind::kOutput:
      case StageArgument::Kind::kView:
        words.push_back(argument.prefix + (own / argument.text).string());
        break;
    }
  }
  return words;
}

}  // namespace reidbench
