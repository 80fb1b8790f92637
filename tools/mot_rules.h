// The options that say by which rules and over which sequences tracks are scored: the same in every
// command that takes ground truth.
#pragma once

#include <filesystem>
#include <string>

#include "reidbench/cli/command.h"

namespace reidbench {

inline void AddMotRules(Command* command, std::string* benchmark, std::string* split,
                        std::filesystem::path* seqmap) {
  command->Option("--benchmark", benchmark,
                  "Rules: mot15, mot16, mot17, mot20, dancetrack, mot17_half_val, visdrone, or a "
                  "YAML file of your own");
  command->Option("--split", split,
                  "Split of TrackEval's layout (BENCHMARK-SPLIT) and of DanceTrack's");
  command->Option("--seqmap", seqmap, "File that lists the sequences, below a header line");
}

}  // namespace reidbench
