// `reidbench synth`: options of a synthetic world -> its videos with ground truth and detections in
// MOT17's layout, what really happened, and a re-ID set in Market-1501's layout. What is written is
// described in lib/reidbench/synth/README.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "reidbench/results/synth.h"
#include "reidbench/synth/options.h"
#include "reidbench/synth/world.h"

namespace reidbench {

struct SynthStageOptions {
  SynthOptions world;
  std::filesystem::path output;  // folder; made whole or not at all
  bool force = false;            // replace a world that is there
};

// Everything is written into a hidden folder beside OUTPUT that is renamed at the end. Throws
// Error(kConfig) for an impossible world, Error(kUsage) when OUTPUT exists, Error(kIo) when it
// cannot be written, and Interrupted. With `check_only` the world is only checked. `progress` (may
// be empty) is called from one thread at a time with pictures made and their number.
SynthStageResult RunSynth(const SynthStageOptions& options, bool check_only,
                          const std::function<void(int64_t, int64_t)>& progress);

// The options as YAML that `reidbench synth --config` reads.
std::string FormatSynthOptions(const SynthOptions& options);

}  // namespace reidbench
