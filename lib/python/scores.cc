// Tracking metrics of files and of arrays.
#include "reidbench/mot_metrics/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "binding.h"
#include "reidbench/core/error.h"
#include "reidbench/core/tasks.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/jobs/score/score.h"
#include "reidbench/jobs/score/score_inputs.h"
#include "reidbench/matching/sparse_scores.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mot_metrics/fields.h"
#include "reidbench/mot_metrics/sequence.h"
#include "reidbench/mtmc_metrics/accumulator.h"
#include "rows.h"

namespace reidbench::python {
namespace {

// TrackEval's names; of a field over the alphas its mean, and the 19 values as "<name>_alpha".
py::dict FieldsOf(const MotSummary& summary) {
  py::dict dict;
  for (const MotField& field : MotFields()) {
    const MotValue value = field.get(summary);
    const std::string name(field.name);
    if (value.value && field.is_count() && !field.over_alphas)
      dict[py::str(name)] = static_cast<int64_t>(*value.value);
    else
      dict[py::str(name)] = OrNone(value.value);
    if (field.over_alphas) {
      dict[py::str(name + "_alpha")] =
          py::array_t<double>(static_cast<py::ssize_t>(value.alphas.size()), value.alphas.data());
    }
  }
  return dict;
}

py::dict ScoreDict(const std::string& tracker, const std::string& class_name,
                   const std::vector<std::string>& names, const std::vector<MotCounts>& counts) {
  py::dict dict, sequences;
  for (size_t s = 0; s < names.size(); ++s)
    sequences[DecodedText(names[s])] = FieldsOf(Summarize(counts[s]));
  dict["tracker"] = DecodedText(tracker);
  dict["class_name"] = class_name;
  dict["combined"] = FieldsOf(Summarize(Combine(counts)));
  dict["sequences"] = sequences;
  return dict;
}

// (one entry a tracker and class, best tracker first; warnings)
py::tuple ScoreFiles(const std::string& gt, const std::vector<std::string>& tracks,
                     const std::string& benchmark, const std::string& split,
                     const std::string& seqmap, bool preprocess) {
  ScoreStageOptions options;
  options.ground_truth = gt;
  options.tracks.assign(tracks.begin(), tracks.end());
  options.benchmark = benchmark;
  options.split = split;
  options.seqmap = seqmap;
  options.preprocess = preprocess;
  options.bootstrap.resamples = 0;
  const ScoreStageResult result = Interruptible([&] { return RunScore(options); });
  py::list scores;
  for (const TrackerScore& tracker : result.trackers) {
    for (const ClassScore& score : tracker.classes)
      scores.append(ScoreDict(tracker.name, score.scored.name, result.sequences, score.sequences));
  }
  return py::make_tuple(scores, DecodedTexts(result.warnings));
}

struct ArraySequence {
  std::string name;
  RowView gt;
  RowView tracks;
  int64_t frame_count = 0;
};

struct ArrayOutcome {
  std::vector<MotCounts> classes;
  std::vector<std::string> warnings;
};

ArrayOutcome ScoreSequence(const ArraySequence& sequence, const MotBenchmark& benchmark) {
  ArrayOutcome outcome;
  const auto read = [&](const RowView& rows, MotFileKind kind, const std::string& argument,
                        int64_t frames) {
    MotFile file = ParseRows(rows, fmt::format("{} of sequence {}, row", argument, sequence.name),
                             ReadOptionsOf(benchmark, kind, frames));
    outcome.warnings.insert(outcome.warnings.end(), file.warnings.begin(), file.warnings.end());
    return std::move(file.tracks);
  };
  TrackSet truth = read(sequence.gt, MotFileKind::kGroundTruth, "gt", sequence.frame_count);
  truth.sequence = sequence.name;
  int64_t frames = sequence.frame_count;
  FrameRange range{1, frames};
  const bool part = benchmark.frames != FramePart::kAll;
  if (part) {
    frames = truth.frame_count;
    range = RequireScoredFrames(benchmark, frames, "gt");
    KeepFrames(range, &truth);
  }
  TrackSet tracks = read(sequence.tracks, MotFileKind::kResult, "tracks", frames);
  if (part && !benchmark.results_renumbered) KeepFrames(range, &tracks);
  for (const MotClass& scored : benchmark.classes)
    outcome.classes.push_back(CountMot(PrepareSequence(truth, tracks, benchmark, scored)));
  return outcome;
}

// `benchmark` empty: every row counts, whatever its class, unless its mark is 0.
py::tuple ScoreArrays(const std::vector<std::tuple<std::string, Doubles, Doubles, int64_t>>& given,
                      const std::string& benchmark, bool preprocess) {
  std::vector<ArraySequence> sequences;
  std::vector<std::string> names;
  for (const auto& [name, gt, tracks, frame_count] : given) {
    sequences.push_back({name, ViewOfRows(gt), ViewOfRows(tracks), frame_count});
    names.push_back(name);
  }
  MotBenchmark rules;
  std::vector<ArrayOutcome> outcomes(sequences.size());
  RunInterruptible([&] {
    if (benchmark.empty()) {
      rules.name = "arrays";
      rules.has_classes = false;
      rules.preprocess = false;
    } else {
      rules = LoadMotBenchmark(benchmark);
      rules.preprocess = rules.preprocess && preprocess;
    }
    RunTasks(sequences.size(), "scoring",
             [&](size_t s) { outcomes[s] = ScoreSequence(sequences[s], rules); });
  });
  py::list scores;
  std::vector<std::string> warnings;
  for (size_t c = 0; c < rules.classes.size(); ++c) {
    std::vector<MotCounts> counts;
    for (const ArrayOutcome& outcome : outcomes) counts.push_back(outcome.classes[c]);
    scores.append(ScoreDict("tracks", rules.classes[c].name, names, counts));
  }
  for (const ArrayOutcome& outcome : outcomes) {
    for (const std::string& warning : outcome.warnings) {
      if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
        warnings.push_back(warning);
    }
  }
  return py::make_tuple(scores, DecodedTexts(warnings));
}

struct DistanceFrame {
  std::vector<int64_t> objects;
  std::vector<int64_t> hypotheses;
  const double* distances = nullptr;  // [objects x hypotheses]; NaN: may not match
};

// Counts of events under py-motmetrics' rules. Distances are >= 0.
py::dict AccumulateFrames(const std::vector<std::tuple<Integers, Integers, Doubles>>& given) {
  std::vector<DistanceFrame> frames;
  double farthest = 1;
  for (const auto& [objects, hypotheses, distances] : given) {
    REIDBENCH_CHECK(distances.ndim() == 2 && distances.shape(0) == objects.size() &&
                    distances.shape(1) == hypotheses.size());
    frames.push_back({{objects.data(), objects.data() + objects.size()},
                      {hypotheses.data(), hypotheses.data() + hypotheses.size()},
                      distances.data()});
    for (py::ssize_t i = 0; i < distances.size(); ++i) {
      if (distances.data()[i] > farthest) farthest = distances.data()[i];
    }
  }
  const AccumulatorCounts counts = Interruptible([&] {
    SequenceBuilder builder("accumulator");
    SparseScores similarity;
    int64_t number = 0;
    for (const DistanceFrame& frame : frames) {
      similarity.Clear(static_cast<int32_t>(frame.hypotheses.size()));
      const double* distance = frame.distances;
      for (size_t o = 0; o < frame.objects.size(); ++o) {
        for (size_t h = 0; h < frame.hypotheses.size(); ++h, ++distance) {
          if (std::isnan(*distance)) continue;
          // Accumulate takes distances up to 1.
          similarity.Add(static_cast<int32_t>(h), kAccumulatorOffset - *distance / farthest);
        }
        similarity.EndRow();
      }
      builder.AddFrame(++number, frame.objects, frame.hypotheses, similarity.View());
    }
    return Accumulate(builder.Finish(number));
  });
  const AccumulatorSummary summary = Summarize(counts);
  py::dict dict;
  dict["num_frames"] = counts.frames;
  dict["num_objects"] = counts.objects;
  dict["num_predictions"] = counts.predictions;
  dict["num_unique_objects"] = counts.persons;
  dict["num_matches"] = counts.matches;
  dict["num_switches"] = counts.switches;
  dict["num_misses"] = counts.misses;
  dict["num_false_positives"] = counts.false_positives;
  dict["num_detections"] = counts.matches + counts.switches;
  dict["num_fragmentations"] = counts.fragmentations;
  dict["mostly_tracked"] = counts.mostly_tracked;
  dict["partially_tracked"] = counts.partly_tracked;
  dict["mostly_lost"] = counts.mostly_lost;
  dict["idtp"] = counts.id_tp;
  dict["idfp"] = counts.id_fp;
  dict["idfn"] = counts.id_fn;
  dict["idf1"] = OrNone(summary.idf1);
  dict["idp"] = OrNone(summary.idp);
  dict["idr"] = OrNone(summary.idr);
  dict["recall"] = OrNone(summary.recall);
  dict["precision"] = OrNone(summary.precision);
  dict["mota"] = OrNone(summary.mota);
  dict["motp"] = summary.motp ? py::object(py::float_(*summary.motp * farthest)) : py::none();
  return dict;
}

}  // namespace

void BindScores(py::module_* module) {
  module->def("accumulate", AccumulateFrames, py::arg("frames"));
  module->def("score_files", ScoreFiles, py::arg("gt"), py::arg("tracks"), py::arg("benchmark"),
              py::arg("split"), py::arg("seqmap"), py::arg("preprocess"));
  module->def("score_arrays", ScoreArrays, py::arg("sequences"), py::arg("benchmark"),
              py::arg("preprocess"));
}

}  // namespace reidbench::python
