// One step of an experiment: one command of ours with explicit inputs and outputs. Its key is a
// hash over all that its result depends on: the command's program, its options, the content of its
// input files and the keys of the stages that made its other inputs.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "reidbench/experiment/fingerprint.h"

namespace reidbench {

struct StageArgument {
  enum class Kind {
    kWord,      // `text` as it is
    kInput,     // an input file or folder of the user: `path`
    kArtifact,  // `text` inside the artifact of `stage`
    kOutput,    // `text` inside this stage's own artifact
    kView,      // a folder `text` made beside the outputs, with links to `entries`
  };
  struct ViewEntry {
    std::string name;  // of the link
    size_t stage = 0;
    std::string file;  // inside its artifact
  };

  Kind kind = Kind::kWord;
  std::string text;
  std::filesystem::path path;
  std::vector<std::filesystem::path> contents;  // what the command reads of `path`; empty: all
  size_t stage = 0;
  std::string prefix;  // put before the path: "raw="
  std::vector<ViewEntry> entries;
};

StageArgument Word(std::string text);
StageArgument InputArgument(std::filesystem::path path,
                            std::vector<std::filesystem::path> contents = {});
StageArgument ArtifactArgument(size_t stage, std::string file, std::string prefix = "");
StageArgument OutputArgument(std::string file);

struct ExperimentStage {
  std::string id;       // unique and readable: "track sort max_age=30"
  std::string command;  // of `reidbench`
  std::vector<StageArgument> arguments;
  // Files that the command finds by a name among its arguments, such as a benchmark's rules.
  std::vector<std::filesystem::path> reads;
  std::string result;              // file of the artifact with the command's JSON; empty: none
  std::vector<std::string> slots;  // JSON pointers into the record's results that take it
  bool exclusive = false;          // uses all processors and much memory: runs alone
  bool resumable = false;          // the command goes on where a killed one stopped

  std::vector<size_t> Dependencies() const;
};

// An input as the record lists it.
struct StageInput {
  std::filesystem::path path;
  InputHash hash;
};

struct StageKey {
  std::string key;  // 64 hex digits
  std::vector<StageInput> inputs;
};

// `keys` are those of the stages before; `program` is the command's program. Throws Error(kIo) for
// an input that is missing.
StageKey ComputeStageKey(const ExperimentStage& stage, const std::vector<StageKey>& keys,
                         const std::filesystem::path& program, Fingerprints* fingerprints);

// The command line. `artifact_of(i)` is the folder of stage i's finished artifact, `own` where this
// stage writes.
std::vector<std::string> CommandWords(
    const ExperimentStage& stage, const std::filesystem::path& program,
    const std::function<std::filesystem::path(size_t)>& artifact_of,
    const std::filesystem::path& own);

}  // namespace reidbench
