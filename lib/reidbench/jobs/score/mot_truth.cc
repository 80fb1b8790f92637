#include "reidbench/jobs/score/mot_truth.h"

#include <map>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/datasets/mot_files.h"

namespace reidbench {

std::vector<MotSequenceFiles> MatchGroundTruth(const MotGroundTruthOptions& options,
                                               std::span<const std::string> names,
                                               const std::string& what) {
  const std::vector<MotSequenceFiles> all = FindMotSequences(options);
  if (all.size() == 1 && names.size() == 1) return all;
  std::map<std::string, const MotSequenceFiles*> by_name;
  for (const MotSequenceFiles& files : all) by_name[files.name] = &files;
  std::vector<MotSequenceFiles> matched;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      missing.push_back(name);
    } else {
      matched.push_back(*found->second);
    }
  }
  if (!missing.empty()) {
    ThrowIo("{}: expected ground truth for every sequence with {}, found none for {}",
            options.path.string(), what, JoinText(missing, ", "));
  }
  return matched;
}

TrackSet ReadGroundTruth(const MotSequenceFiles& files, const MotBenchmark& benchmark) {
  MotReadOptions read;
  read.kind = MotFileKind::kGroundTruth;
  read.frame_count = files.frame_count;
  read.has_classes = benchmark.has_classes;
  if (benchmark.preprocess) read.known_classes = benchmark.known_classes;
  TrackSet truth = ReadMotFile(files.ground_truth, read).tracks;
  if (ScoredFrames(benchmark, truth.frame_count).size() == 0) {
    ThrowInput("{}: expected a video long enough for the part {} scores, found {} frames",
               files.ground_truth.string(), benchmark.name, truth.frame_count);
  }
  truth.sequence = files.name;
  return truth;
}

}  // namespace reidbench
