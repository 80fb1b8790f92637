// Ranks two matrices and scores two files: consumer TRUTH RESULT.
#include <cmath>
#include <cstdio>
#include <vector>

#include "reidbench/core/error.h"
#include "reidbench/core/version.h"
#include "reidbench/datasets/mot_files.h"
#include "reidbench/mot_metrics/scores.h"
#include "reidbench/retrieval/ranking.h"

namespace {

using namespace reidbench;

// One query at 0; the gallery's places on a line are 3 (another person), 1 and 4 (the same): the
// hits are at ranks 1 and 3, AP = (1/1 + 2/3) / 2.
double MeanAp() {
  FeatureMatrix query(1, 8);
  FeatureMatrix gallery(3, 8);
  gallery(0, 0) = 3;
  gallery(1, 0) = 1;
  gallery(2, 0) = 4;
  // Memory that the library allocated and this program frees, and the other way round.
  query = FeatureMatrix(query);
  const FeatureMatrix distances =
      DistanceMatrix(ViewOf(query), ViewOf(gallery), Metric::kEuclidean);
  if (distances(0, 2) != 16) ThrowInput("distance {}, expected 16", distances(0, 2));
  const std::vector<PersonId> query_person{PersonId(1)};
  const std::vector<PersonId> gallery_person{PersonId(2), PersonId(1), PersonId(1)};
  const std::vector<CameraId> query_camera{CameraId(1)};
  const std::vector<CameraId> gallery_camera(3, CameraId(2));
  return Rank({.query = ViewOf(query),
               .gallery = ViewOf(gallery),
               .query_person = query_person,
               .gallery_person = gallery_person,
               .query_camera = query_camera,
               .gallery_camera = gallery_camera},
              {})
      .mean_ap.value_or(0);
}

MotSummary Score(const char* truth_path, const char* result_path) {
  const MotBenchmark rules = LoadMotBenchmark("MOT17");
  MotReadOptions options;
  options.kind = MotFileKind::kGroundTruth;
  options.known_classes = rules.known_classes;
  const MotFile truth = ReadMotFile(truth_path, options);
  options = {};
  const MotFile result = ReadMotFile(result_path, options);
  return Summarize(
      CountMot(PrepareSequence(truth.tracks, result.tracks, rules, rules.classes.front())));
}

}  // namespace

int main(int, char** argv) {
  try {
    SetDataDir(DATA_DIR);
    const double mean_ap = MeanAp();
    const MotSummary summary = Score(argv[1], argv[2]);
    std::printf("mAP %.4f IDF1 %.4f switches %lld\n", mean_ap, summary.identity.f1,
                static_cast<long long>(summary.clear.counts.id_switches));
    return std::abs(mean_ap - 5.0 / 6) < 1e-12 && summary.clear.counts.id_switches == 1 ? 0 : 1;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return ExitCodeOf(error.kind());
  }
}
