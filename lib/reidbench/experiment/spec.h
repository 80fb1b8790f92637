// An experiment as one YAML file: a question, the data, the network, trackers x corrections and
// their sweeps. experiments/README.md lists the keys; a file of published numbers
// (stages/expectation.h) is an experiment too: extract, rank, and hold against it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reidbench/config/node.h"

namespace reidbench {

// One option of a command with the values it takes: `batch_size: 16` is --batch-size 16. In
// trackers and corrections several values are a sweep; elsewhere they are one flag's values.
struct ExperimentOption {
  std::string key;  // as written: with underscores
  std::vector<std::string> values;
};
using ExperimentOptions = std::vector<ExperimentOption>;

struct ExperimentWorld {
  std::filesystem::path config;  // the file: a name of configs/synth is resolved
  uint64_t seed = 0;
  ExperimentOptions options;  // of `reidbench synth`, over the file
};

struct ExperimentReid {
  std::string dataset;         // name or file, as `reidbench extract --dataset`
  std::filesystem::path root;  // folder of the data set
  ExperimentOptions options;   // of `reidbench extract`, such as splits
};

// One set of detections of every sequence.
struct ExperimentDetections {
  std::string name;  // SEQ/det/NAME/det.txt; empty: SEQ/det/det.txt
  bool ignore_scores = false;
};

struct ExperimentTracker {
  std::string tracker;  // "sort", "bytetrack", ...
  std::string label;    // of its rows; the tracker's name unless given
  std::filesystem::path config;
  ExperimentOptions options;  // of the tracker; several values are swept
};

struct ExperimentCorrection {
  std::string method;  // of `reidbench relink`
  std::string label;
  ExperimentOptions options;   // of the method; several values are swept
  bool allow_missing = false;  // boxes without embedding: by motion alone
  int interpolate = 0;         // also fill gaps of so many frames, as a step of its own; 0 = none
  bool ablation = false;       // also each step of the correction added to the ones before
};

// People counted at lines and in zones, on plain and on corrected tracks.
struct ExperimentFlow {
  std::filesystem::path zones;  // the file: a name of configs/zones is resolved
  ExperimentOptions options;    // of `reidbench flow`
};

struct ExperimentSpec {
  std::string name;      // of the file, without .yaml
  std::string question;  // what the experiment answers
  uint64_t seed = 0;     // of everything random but the world
  std::optional<ExperimentWorld> world;
  std::filesystem::path sequences;  // folder of MOT sequences, or one sequence; empty: none
  std::string benchmark = "mot17";  // rules of the scores
  std::string split = "train";
  std::filesystem::path seqmap;
  std::vector<ExperimentDetections> detections;
  std::optional<ExperimentReid> reid;
  bool retrieval = false;         // rank the re-ID set (the world's, or `reid`)
  std::filesystem::path weights;  // empty: the default weights
  ExperimentOptions model;        // of `reidbench extract`
  ExperimentOptions rank;         // of `reidbench rank`
  std::filesystem::path expect;   // published numbers to hold the ranking against
  std::vector<ExperimentTracker> trackers;
  std::vector<ExperimentCorrection> corrections;
  ExperimentOptions score;    // of `reidbench score`
  ExperimentOptions compare;  // of `reidbench compare`
  std::optional<ExperimentFlow> flow;
  std::string select = "HOTA";  // field by which configurations are ordered and chosen

  // The whole file with `use:`, overrides and defaults merged in; every value knows its origin.
  ConfigNode resolved;
};

// Reads the file (or experiments/NAME.yaml for a bare NAME), lays it over the file that its `use:`
// names, and applies `overrides`
// ("trackers.0.name=sort"). Paths in a file are relative to the file's folder, those of overrides
// to the current folder. Throws Error(kConfig) with every violation, Error(kIo) for unreadable
// files.
ExperimentSpec LoadExperiment(const std::filesystem::path& given,
                              const std::vector<std::string>& overrides);

// All combinations of the options' values, the last option fastest: one value each.
std::vector<ExperimentOptions> ExpandSweep(const ExperimentOptions& options);

// "max_age=30,min_hits=1" of the options that `swept` gives several values; empty when none has.
std::string SweptName(const ExperimentOptions& swept, const ExperimentOptions& chosen);

}  // namespace reidbench
