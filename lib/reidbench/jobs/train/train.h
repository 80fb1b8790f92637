// `reidbench train`: data sets -> weights of an OSNet, with a log, evaluation on the test images
// and resumption after a kill.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reidbench/datasets/reid_dataset.h"
#include "reidbench/reporting/table.h"
#include "reidbench/training/trainer.h"

namespace reidbench {

struct TrainStageOptions {
  // Synthetic worlds (their folder `reid` is taken) or other folders in Market-1501's layout; or
  // one data set of any kind. Either or.
  std::vector<std::filesystem::path> data;
  ReidDatasetOptions dataset;
  // Further folders like `data` whose queries and galleries are evaluated in place of the training
  // sets' own.
  std::vector<std::filesystem::path> test_data;
  bool combine_all = false;  // train on the persons of queries and gallery too (torchreid's
                             // combineall): `test_data` is then all there is to evaluate on
  TrainOptions training;
  std::filesystem::path init;    // weights to start from; empty: random ones
  std::filesystem::path output;  // weights; unfinished work lies beside it under ".partial"
  std::filesystem::path log;     // CSV, one row an epoch; empty: the output with ".csv" at its end
  int evaluate_every = 10;       // epochs between evaluations, and after the last; 0: never
  bool classifier = true;        // keep the classifier in the output
  bool force = false;
  bool dry_run = false;
};

struct TrainedEpoch {
  EpochSummary summary;
  std::optional<double> mean_ap;  // in epochs that were evaluated
  std::optional<double> rank1;
};

struct TrainStageResult {
  std::filesystem::path output;
  std::string architecture;
  int64_t images = 0;
  int persons = 0;
  int64_t queries = 0;  // 0: nothing to evaluate on
  int64_t gallery = 0;
  int resumed_epochs = 0;            // taken over from an earlier, interrupted run
  std::vector<TrainedEpoch> epochs;  // of this run
  std::optional<double> mean_ap;     // of the network written
  std::optional<double> rank1;
  std::filesystem::path log;
  std::vector<std::string> notes;  // on the data; before the first epoch
};

struct TrainStageCallbacks {
  std::function<void(const TrainStageResult&)> prepared;  // data read, nothing trained
  std::function<void(int64_t steps_done, int64_t steps)> progress;
  std::function<void(const TrainedEpoch&)> epoch;
};

// Checks everything, reads the data, trains, and writes the log after every epoch and the weights
// after the last. The state of the last epoch is kept in PartialPath(output) until the end, itself
// weights that every command reads; the same call resumes from it and gives the same bytes as
// without interruption. Throws Error(kUsage) for wrong options, outputs that exist, and unfinished
// work of another training; Error(kInput) for data without two persons and for corrupt images;
// Error(kModel) for weights to start from that do not fit and when training diverges; Error(kIo),
// when the disk is full for example; Interrupted after Ctrl-C.
TrainStageResult RunTrain(const TrainStageOptions& options, const TrainStageCallbacks& callbacks);

// What was written.
std::string RenderTrainTable(const TrainStageResult& result, TableFormat format);
std::string RenderTrainJson(const TrainStageResult& result);  // kTrainSchema

// "<output>.partial"
std::filesystem::path PartialPath(const std::filesystem::path& output);

}  // namespace reidbench
