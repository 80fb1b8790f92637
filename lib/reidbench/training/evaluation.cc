#include "reidbench/training/evaluation.h"

#include <memory>
#include <span>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/embedding/embedder.h"
#include "reidbench/imaging/preprocess.h"
#include "reidbench/retrieval/ranking.h"

namespace reidbench {

EvaluationScores EvaluateRetrieval(const Network& weights, const EvaluationImages& images,
                                   int height, int width, const std::string& device) {
  const auto total = static_cast<int64_t>(images.person.size());
  REIDBENCH_CHECK(images.camera.size() == images.person.size());
  REIDBENCH_CHECK(images.num_queries > 0 && images.num_queries < total);
  EmbedderOptions embedder_options;
  embedder_options.device = device;
  const std::unique_ptr<Embedder> embedder = MakeNetworkEmbedder(weights, embedder_options);
  PreprocessOptions preprocess;
  preprocess.height = height;
  preprocess.width = width;
  const size_t image_size = size_t{3} * static_cast<size_t>(height) * static_cast<size_t>(width);

  FeatureMatrix features(total, embedder->info().dim);
  ParallelChunks(total, DefaultBatchSize(embedder->info()), [&](int64_t begin, int64_t end) {
    if (InterruptRequested()) return;
    Preprocessor preprocessor(preprocess);
    RgbImage image;
    std::vector<float> pixels(image_size * static_cast<size_t>(end - begin));
    for (int64_t item = begin; item < end; ++item) {
      images.load(item, &image);
      preprocessor.Run(image, pixels.data() + image_size * static_cast<size_t>(item - begin));
    }
    embedder->Embed({pixels.data(), static_cast<int>(end - begin), height, width},
                    features.row(begin).data());
  });
  if (InterruptRequested()) throw Interrupted("interrupted while evaluating");

  const int64_t queries = images.num_queries;
  const auto num_queries = static_cast<size_t>(queries);
  const RankingInput input{
      .query = FeatureView(features.data(), queries, features.cols()),
      .gallery = FeatureView(features.row(queries).data(), total - queries, features.cols()),
      .query_person = std::span(images.person).first(num_queries),
      .gallery_person = std::span(images.person).subspan(num_queries),
      .query_camera = std::span(images.camera).first(num_queries),
      .gallery_camera = std::span(images.camera).subspan(num_queries)};
  RankingOptions options;
  options.verification = false;
  options.camera_pairs = false;
  options.bootstrap.resamples = 0;
  const RankingResult result = Rank(input, options);
  EvaluationScores scores;
  scores.num_queries = result.num_valid;
  scores.mean_ap = result.mean_ap;
  if (!result.cmc.empty()) scores.rank1 = result.cmc.front();
  return scores;
}

}  // namespace reidbench
