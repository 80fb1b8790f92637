// Time of ranking and re-ranking at the size of Market-1501 (3,368 x 15,913 x 512) and of their
// parts.
#include <benchmark/benchmark.h>

#include <numeric>

#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/retrieval/ranking.h"
#include "reidbench/retrieval/reranking.h"

namespace reidbench {
namespace {

constexpr int64_t kQueries = 3368;
constexpr int64_t kGallery = 15913;
constexpr int64_t kPersons = 750;
constexpr int kDim = 512;

struct MarketSized {
  FeatureMatrix query, gallery;
  std::vector<PersonId> query_person, gallery_person;
  std::vector<CameraId> query_camera, gallery_camera;

  RankingInput Input() const {
    return {ViewOf(query),  ViewOf(gallery), query_person,
            gallery_person, query_camera,    gallery_camera};
  }
};

// Non-negative clusters like OSNet's, one gallery image in six a distractor; as hard to rank as
// `noise` is large.
const MarketSized& Features(double noise) {
  static const auto make = [](double scale) {
    MarketSized set;
    Rng rng(1);
    FeatureMatrix centres(kPersons + 1, kDim);
    for (int64_t i = 0; i < centres.size(); ++i)
      centres.data()[i] = static_cast<float>(std::max(0.0, rng.Normal()));
    const auto fill = [&](int64_t n, bool distractors, FeatureMatrix* features,
                          std::vector<PersonId>* person, std::vector<CameraId>* camera) {
      *features = FeatureMatrix(n, kDim);
      for (int64_t i = 0; i < n; ++i) {
        const bool distractor = distractors && rng.Below(6) == 0;
        const int64_t id = distractor ? 0 : 1 + static_cast<int64_t>(rng.Below(kPersons));
        for (int64_t k = 0; k < kDim; ++k) {
          const double base = distractor ? std::max(0.0, rng.Uniform(-1.5, 1.5)) : centres(id, k);
          (*features)(i, k) = static_cast<float>(base + scale * rng.Uniform());
        }
        person->push_back(PersonId(id));
        camera->push_back(CameraId(1 + static_cast<int64_t>(rng.Below(6))));
      }
    };
    fill(kQueries, false, &set.query, &set.query_person, &set.query_camera);
    fill(kGallery, true, &set.gallery, &set.gallery_person, &set.gallery_camera);
    return set;
  };
  static const MarketSized easy = make(3);
  static const MarketSized hopeless = make(30);
  return noise < 10 ? easy : hopeless;
}

// Everything that `reidbench rank` does by default. Argument 0: nearly perfect features, 1:
// features that say nothing, so that every threshold has to be compared with every distance.
void BM_Rank(benchmark::State& state) {
  const MarketSized& set = Features(state.range(0) == 0 ? 3 : 30);
  for (auto _ : state) benchmark::DoNotOptimize(Rank(set.Input(), RankingOptions{}).mean_ap);
}
BENCHMARK(BM_Rank)
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

void BM_RankScoresOnly(benchmark::State& state) {
  const MarketSized& set = Features(3);
  RankingOptions options;
  options.verification = false;
  options.camera_pairs = false;
  options.bootstrap.resamples = 0;
  for (auto _ : state) benchmark::DoNotOptimize(Rank(set.Input(), options).mean_ap);
}
BENCHMARK(BM_RankScoresOnly)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

void BM_Distances(benchmark::State& state) {
  const MarketSized& set = Features(3);
  const FeatureDistances source(ViewOf(set.query), ViewOf(set.gallery),
                                static_cast<Metric>(state.range(0)));
  std::vector<int32_t> queries(384);
  std::iota(queries.begin(), queries.end(), 0);
  std::vector<float> out(queries.size() * static_cast<size_t>(kGallery));
  for (auto _ : state) source.Rows(queries, out.data());
  state.counters["GFLOP/s"] =
      benchmark::Counter(2e-9 * static_cast<double>(queries.size()) * kGallery * kDim,
                         benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_Distances)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->UseRealTime();

// k-reciprocal re-ranking and the ranking of its distances, N = 19,281; the argument is the
// RerankDialect.
void BM_RerankAndRank(benchmark::State& state) {
  const MarketSized& set = Features(3);
  RerankOptions rerank;
  rerank.dialect = static_cast<RerankDialect>(state.range(0));
  for (auto _ : state) {
    const auto source = MakeRerankedDistances(ViewOf(set.query), ViewOf(set.gallery), rerank);
    benchmark::DoNotOptimize(Rank(set.Input(), RankingOptions{}, source.get()).mean_ap);
  }
}
BENCHMARK(BM_RerankAndRank)
    ->Arg(static_cast<int>(RerankDialect::kZhong))
    ->Arg(static_cast<int>(RerankDialect::kTorchreid))
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace reidbench

BENCHMARK_MAIN();
