#include "reidbench/retrieval/reranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/retrieval/pictures.h"
#include "retrieval/golden.h"
#include "retrieval/inputs.h"

namespace reidbench {
namespace {

FeatureMatrix AllRows(const DistanceSource& source) {
  FeatureMatrix result(source.num_queries(), source.num_gallery());
  std::vector<int32_t> queries(static_cast<size_t>(source.num_queries()));
  std::iota(queries.begin(), queries.end(), 0);
  source.Rows(queries, result.data());
  return result;
}

FeatureMatrix Reranked(const FeatureMatrix& query, const FeatureMatrix& gallery,
                       const RerankOptions& options) {
  return AllRows(*MakeRerankedDistances(ViewOf(query), ViewOf(gallery), options));
}

// |found - expected| <= tolerance * max(1, |expected|) everywhere.
void ExpectClose(const FeatureMatrix& found, const FeatureMatrix& expected, float tolerance) {
  ASSERT_EQ(found.rows(), expected.rows());
  ASSERT_EQ(found.cols(), expected.cols());
  const float worst = ((AsEigen(found) - AsEigen(expected)).array().abs() /
                       AsEigen(expected).array().abs().max(1.0f))
                          .maxCoeff();
  EXPECT_LE(worst, tolerance);
}

class GoldenReranking : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenReranking()
      : file_(std::string("rerank/") + GetParam() + ".h5"),
        dialects_(std::string("rerank/dialects_") + GetParam() + ".h5"),
        query_(file_.Matrix("query_features")),
        gallery_(file_.Matrix("gallery_features")) {
    options_.metric = GetParam() == std::string("euclidean") ? Metric::kEuclidean : Metric::kCosine;
    options_.k1 = static_cast<int>(file_.Attribute("/", "k1"));
    options_.k2 = static_cast<int>(file_.Attribute("/", "k2"));
    options_.lambda = file_.Attribute("/", "lambda");
  }

  GoldenFile file_;
  GoldenFile dialects_;
  FeatureMatrix query_;
  FeatureMatrix gallery_;
  RerankOptions options_;
};

TEST_P(GoldenReranking, OriginalDistance) {
  ExpectClose(DistanceMatrix(ViewOf(query_), ViewOf(gallery_), options_.metric),
              file_.Matrix("distance"), 1e-5f);
}

TEST_P(GoldenReranking, EqualsTorchreid) {
  options_.dialect = RerankDialect::kTorchreid;
  ExpectClose(Reranked(query_, gallery_, options_), file_.Matrix("reranked_torchreid"), 1e-5f);
}

// As torchreid's function is called: with distances instead of features.
TEST_P(GoldenReranking, FromDistancesEqualsTorchreid) {
  options_.dialect = RerankDialect::kTorchreid;
  const FeatureMatrix across = DistanceMatrix(ViewOf(query_), ViewOf(gallery_), options_.metric);
  const FeatureMatrix queries = DistanceMatrix(ViewOf(query_), ViewOf(query_), options_.metric);
  const FeatureMatrix gallery = DistanceMatrix(ViewOf(gallery_), ViewOf(gallery_), options_.metric);
  const auto source =
      MakeRerankedDistances({ViewOf(across), ViewOf(queries), ViewOf(gallery)}, options_);
  ExpectClose(AllRows(*source), file_.Matrix("reranked_torchreid"), 1e-5f);
}

TEST_P(GoldenReranking, EqualsLayumi) {
  options_.dialect = RerankDialect::kTorchreid;
  options_.metric = Metric::kCosine;
  ExpectClose(Reranked(query_, gallery_, options_), dialects_.Matrix("layumi_cosine"), 1e-5f);
}

TEST_P(GoldenReranking, EqualsBotsHalfPrecision) {
  options_.dialect = RerankDialect::kBot;
  options_.metric = Metric::kEuclidean;
  const FeatureMatrix half = Reranked(query_, gallery_, options_);
  ExpectClose(half, dialects_.Matrix("bot_raw_float16"), 2e-3f);
  options_.dialect = RerankDialect::kZhong;
  ExpectClose(Reranked(query_, gallery_, options_), half, 3e-3f);
  // Normalised: 1 - cos is half the squared distance, and the maximum divides the factor away.
  options_.dialect = RerankDialect::kBot;
  options_.metric = Metric::kCosine;
  ExpectClose(Reranked(query_, gallery_, options_), dialects_.Matrix("bot_normalised_float16"),
              2e-3f);
}

TEST_P(GoldenReranking, EqualsFastreid) {
  options_.dialect = RerankDialect::kFastreid;
  ExpectClose(Reranked(query_, gallery_, options_), dialects_.Matrix("fastreid_final"), 1e-5f);
  options_.lambda = 0;
  ExpectClose(Reranked(query_, gallery_, options_), dialects_.Matrix("fastreid_jaccard"), 1e-5f);
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenReranking,
                         ::testing::Values("euclidean", "cosine", "small_gallery"));

TEST(Reranking, EqualsThePaper) {
  const GoldenFile file("rerank/euclidean.h5");
  ExpectClose(
      Reranked(file.Matrix("query_features"), file.Matrix("gallery_features"), RerankOptions{}),
      file.Matrix("reranked_zhong"), 1e-5f);
}

TEST(Reranking, LambdaOneIsTheOriginalOrder) {
  const FeatureMatrix query = Gaussian(7, 9, 1);
  const FeatureMatrix gallery = Gaussian(80, 9, 2);
  RerankOptions options;
  options.lambda = 1;
  const FeatureMatrix found = Reranked(query, gallery, options);
  const FeatureMatrix original = DistanceMatrix(ViewOf(query), ViewOf(gallery), Metric::kEuclidean);
  for (int64_t q = 0; q < 7; ++q) {
    const float scale = original(q, 0) / found(q, 0);
    for (int64_t g = 0; g < 80; ++g) EXPECT_NEAR(found(q, g) * scale, original(q, g), 1e-4f);
  }
}

TEST(Reranking, IsBitwiseTheSameForAnyNumberOfThreadsAndAnyRows) {
  const FeatureMatrix query = Gaussian(150, 24, 3);
  const FeatureMatrix gallery = Gaussian(900, 24, 4);
  for (const RerankDialect dialect : {RerankDialect::kZhong, RerankDialect::kBot,
                                      RerankDialect::kTorchreid, RerankDialect::kFastreid}) {
    RerankOptions options;
    options.dialect = dialect;
    const auto run = [&](int threads) {
      const ThreadLimit limit(threads);
      return Reranked(query, gallery, options);
    };
    const FeatureMatrix all = run(1);
    EXPECT_EQ(all, run(4));
    const auto source = MakeRerankedDistances(ViewOf(query), ViewOf(gallery), options);
    FeatureMatrix some(2, 900);
    const int32_t rows[] = {149, 3};
    source->Rows(rows, some.data());
    EXPECT_EQ(EigenRow(some, 0), EigenRow(all, 149));
    EXPECT_EQ(EigenRow(some, 1), EigenRow(all, 3));
  }
}

TEST(Reranking, ManyEqualImagesAndHugeDistances) {
  for (const float scale : {0.0f, 1e6f}) {
    FeatureMatrix query(3, 4);
    AsEigen(query).setConstant(scale);
    FeatureMatrix gallery(50, 4);
    AsEigen(gallery).setConstant(scale);
    if (scale != 0) AsEigen(gallery).bottomRows(25) *= -3;
    for (const RerankDialect dialect : {RerankDialect::kZhong, RerankDialect::kBot,
                                        RerankDialect::kTorchreid, RerankDialect::kFastreid}) {
      RerankOptions options;
      options.dialect = dialect;
      EXPECT_TRUE(AsEigen(Reranked(query, gallery, options)).allFinite());
    }
  }
}

TEST(Reranking, ImprovesRankingOfClusteredFeatures) {
  Rng rng(5);
  LabelledFeatures set;
  const FeatureMatrix centres = Gaussian(30, 16, 6);
  const auto fill = [&](int64_t n, FeatureMatrix* features, std::vector<PersonId>* person,
                        std::vector<CameraId>* camera, int64_t cam) {
    *features = Gaussian(n, 16, 7 + static_cast<uint64_t>(cam));
    AsEigen(*features) *= 1.3f;
    for (int64_t i = 0; i < n; ++i) {
      AsEigen(*features).row(i) += EigenRow(centres, i % 30);
      person->push_back(PersonId(1 + i % 30));
      camera->push_back(CameraId(cam));
    }
  };
  fill(60, &set.query, &set.query_person, &set.query_camera, 1);
  fill(600, &set.gallery, &set.gallery_person, &set.gallery_camera, 2);
  const auto source =
      MakeRerankedDistances(ViewOf(set.query), ViewOf(set.gallery), RerankOptions{});
  RankingOptions options;
  options.bootstrap.resamples = 0;
  EXPECT_GT(Rank(set.Input(), options, source.get()).mean_ap.value(),
            Rank(set.Input(), options).mean_ap.value());
}

TEST(Reranking, RefusesBadOptionsAndInput) {
  const FeatureMatrix query = Gaussian(3, 4, 1);
  RerankOptions options;
  options.k1 = 0;
  options.k2 = 0;
  options.lambda = std::nan("");
  EXPECT_EQ(options.Validate().size(), 3u);
  EXPECT_THROW(MakeRerankedDistances(ViewOf(query), ViewOf(query), options), Error);
  const FeatureMatrix narrow = Gaussian(3, 3, 1);
  EXPECT_THROW(MakeRerankedDistances(ViewOf(query), ViewOf(narrow), RerankOptions{}), Error);
  for (const RerankDialect d : {RerankDialect::kZhong, RerankDialect::kBot,
                                RerankDialect::kTorchreid, RerankDialect::kFastreid}) {
    EXPECT_EQ(ParseRerankDialect(RerankDialectName(d)), d);
  }
}

TEST(Reranking, RefusesDistancesThatDoNotFit) {
  const FeatureMatrix across = Gaussian(3, 4, 1), queries = Gaussian(3, 3, 2);
  FeatureMatrix gallery = Gaussian(4, 4, 3);
  const RerankOptions options;
  EXPECT_NO_THROW(
      MakeRerankedDistances({ViewOf(across), ViewOf(queries), ViewOf(gallery)}, options));
  EXPECT_THAT(
      [&] {
        MakeRerankedDistances({ViewOf(across), ViewOf(gallery), ViewOf(gallery)}, options);
      },
      ::testing::ThrowsMessage<Error>("query_query: expected 3 x 3 distances, found 4 x 4"));
  EXPECT_THAT(
      [&] {
        MakeRerankedDistances({ViewOf(across), ViewOf(queries), ViewOf(across)}, options);
      },
      ::testing::ThrowsMessage<Error>("gallery_gallery: expected 4 x 4 distances, found 3 x 4"));
  gallery(2, 1) = std::nanf("");
  EXPECT_THROW(MakeRerankedDistances({ViewOf(across), ViewOf(queries), ViewOf(gallery)}, options),
               Error);
}

TEST(ExpandFeatures, HandComputed) {
  // Cosines to (1, 0): itself 1, (3, 4) 0.6, (0, 2) 0. With K = 2 and alpha = 3: ((1, 0) + 0.216 *
  // (3, 4)) / 2.
  FeatureMatrix query(1, 2);
  AsEigen(query) << 1, 0;
  FeatureMatrix gallery(2, 2);
  AsEigen(gallery) << 3, 4, 0, 2;
  ExpansionOptions options;
  options.neighbors = 2;
  const ExpandedFeatures expanded = ExpandFeatures(ViewOf(query), ViewOf(gallery), options);
  EXPECT_NEAR(expanded.query(0, 0), (1 + 0.216 * 3) / 2, 1e-6);
  EXPECT_NEAR(expanded.query(0, 1), 0.216 * 4 / 2, 1e-6);
  // (0, 2): itself 1, (3, 4) 0.8.
  EXPECT_NEAR(expanded.gallery(1, 0), 0.512 * 3 / 2, 1e-6);
  EXPECT_NEAR(expanded.gallery(1, 1), (2 + 0.512 * 4) / 2, 1e-6);
}

TEST(ExpandFeatures, OneNeighbourChangesNothingAndRoundsRepeat) {
  const FeatureMatrix query = Gaussian(5, 6, 1);
  const FeatureMatrix gallery = Gaussian(40, 6, 2);
  ExpansionOptions options;
  options.neighbors = 1;
  ExpectClose(ExpandFeatures(ViewOf(query), ViewOf(gallery), options).gallery, gallery, 1e-5f);
  options.neighbors = 4;
  const ExpandedFeatures once = ExpandFeatures(ViewOf(query), ViewOf(gallery), options);
  const ExpandedFeatures twice = ExpandFeatures(ViewOf(once.query), ViewOf(once.gallery), options);
  options.rounds = 2;
  const ExpandedFeatures both = ExpandFeatures(ViewOf(query), ViewOf(gallery), options);
  EXPECT_EQ(both.query, twice.query);
  EXPECT_EQ(both.gallery, twice.gallery);
  options.neighbors = 0;
  EXPECT_THROW(ExpandFeatures(ViewOf(query), ViewOf(gallery), options), Error);
}

// With copies the graph of pictures is what it is without them.
TEST(Reranking, CopiesOfAPictureAreOneNode) {
  const FeatureMatrix all = Gaussian(40, 6, 11);
  const FeatureView query(all.data(), 10, 6);
  const FeatureView others(all.row(10).data(), 30, 6);
  std::vector<int32_t> query_picture, gallery_picture;
  for (int32_t i = 0; i < 10; ++i) query_picture.push_back(i);
  for (int32_t i = 0; i < 40; ++i) gallery_picture.push_back(i);
  const std::vector<int32_t> first = FirstOfPicture(query_picture, gallery_picture);
  EXPECT_EQ(first[9], 9);
  EXPECT_EQ(first[10], 0);
  EXPECT_EQ(first[20], 20);
  std::vector<int32_t> queries(10);
  std::iota(queries.begin(), queries.end(), 0);
  for (const RerankDialect dialect : {RerankDialect::kZhong, RerankDialect::kFastreid}) {
    RerankOptions options;
    options.dialect = dialect;
    options.k1 = 8;
    options.k2 = 3;
    FeatureMatrix with(10, 40), without(10, 30);
    MakeRerankedDistances(query, ViewOf(all), options, first)->Rows(queries, with.data());
    MakeRerankedDistances(query, others, options)->Rows(queries, without.data());
    EXPECT_EQ(AsEigen(with).rightCols(30), AsEigen(without));
  }
  ExpansionOptions expansion;
  const ExpandedFeatures with = ExpandFeatures(query, ViewOf(all), expansion, first);
  const ExpandedFeatures without = ExpandFeatures(query, others, expansion);
  EXPECT_EQ(with.query, without.query);
  EXPECT_EQ(AsEigen(with.gallery).bottomRows(30), AsEigen(without.gallery));
  EXPECT_EQ(AsEigen(with.gallery).topRows(10), AsEigen(with.query));
}

}  // namespace
}  // namespace reidbench
