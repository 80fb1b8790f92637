#include "reidbench/retrieval/ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/retrieval/reranking.h"
#include "retrieval/golden.h"
#include "retrieval/inputs.h"
#include "support/expect_error.h"

namespace reidbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kExact = 1e-9;

std::vector<PersonId> People(std::initializer_list<int64_t> ids) {
  std::vector<PersonId> people;
  for (const int64_t id : ids) people.push_back(PersonId(id));
  return people;
}
std::vector<CameraId> Cameras(std::initializer_list<int64_t> ids) {
  std::vector<CameraId> cameras;
  for (const int64_t id : ids) cameras.push_back(CameraId(id));
  return cameras;
}

// One query at 0 and gallery images at the given places on a line.
LabelledFeatures OnALine(std::initializer_list<float> places, std::initializer_list<int64_t> people,
                         std::initializer_list<int64_t> cameras) {
  LabelledFeatures set;
  set.query = FeatureMatrix(1, 1);
  set.gallery = FeatureMatrix(static_cast<int64_t>(places.size()), 1);
  std::copy(places.begin(), places.end(), set.gallery.data());
  set.query_person = People({1});
  set.query_camera = Cameras({1});
  set.gallery_person = People(people);
  set.gallery_camera = Cameras(cameras);
  return set;
}

// Clusters with noise, some distractors (person 0), `cameras` cameras.
LabelledFeatures Synthetic(int64_t queries, int64_t gallery, int64_t people, int64_t cameras,
                           int64_t dim, double noise, uint64_t seed) {
  Rng rng(seed);
  FeatureMatrix centres(people + 1, dim);
  for (int64_t i = 0; i < centres.size(); ++i) centres.data()[i] = static_cast<float>(rng.Normal());
  LabelledFeatures set;
  const auto fill = [&](int64_t n, bool distractors, FeatureMatrix* features,
                        std::vector<PersonId>* person, std::vector<CameraId>* camera) {
    *features = FeatureMatrix(n, dim);
    for (int64_t i = 0; i < n; ++i) {
      const bool distractor = distractors && rng.Below(6) == 0;
      const int64_t id =
          distractor ? 0 : 1 + static_cast<int64_t>(rng.Below(static_cast<uint64_t>(people)));
      for (int64_t k = 0; k < dim; ++k) {
        (*features)(i, k) =
            static_cast<float>((distractor ? rng.Normal() : centres(id, k)) + noise * rng.Normal());
      }
      person->push_back(PersonId(id));
      camera->push_back(
          CameraId(1 + static_cast<int64_t>(rng.Below(static_cast<uint64_t>(cameras)))));
    }
  };
  fill(queries, false, &set.query, &set.query_person, &set.query_camera);
  fill(gallery, true, &set.gallery, &set.gallery_person, &set.gallery_camera);
  return set;
}

// The plain definition: sort each row.
struct PlainQuery {
  double ap = 0;
  int64_t first = 0;
  std::vector<int32_t> order;  // kept gallery rows
};
PlainQuery RankPlainly(const LabelledFeatures& set, const FeatureMatrix& distances, int64_t q) {
  PlainQuery plain;
  for (int32_t g = 0; g < set.gallery.rows(); ++g) {
    const size_t row = static_cast<size_t>(g);
    const bool same = set.gallery_person[row] == set.query_person[static_cast<size_t>(q)];
    if (set.gallery_person[row].value < 0) continue;
    if (same && set.gallery_camera[row] == set.query_camera[static_cast<size_t>(q)]) continue;
    plain.order.push_back(g);
  }
  std::stable_sort(plain.order.begin(), plain.order.end(),
                   [&](int32_t a, int32_t b) { return distances(q, a) < distances(q, b); });
  int64_t hits = 0;
  for (size_t r = 0; r < plain.order.size(); ++r) {
    if (set.gallery_person[static_cast<size_t>(plain.order[r])] !=
        set.query_person[static_cast<size_t>(q)])
      continue;
    ++hits;
    if (plain.first == 0) plain.first = static_cast<int64_t>(r) + 1;
    plain.ap += static_cast<double>(hits) / static_cast<double>(r + 1);
  }
  if (hits > 0) plain.ap /= static_cast<double>(hits);
  return plain;
}

nlohmann::json Dialects(const std::string& name) {
  std::ifstream stream(REIDBENCH_TEST_DATA "/ranking/dialects.json");
  return nlohmann::json::parse(stream).at("cases").at(name);
}

class GoldenRanking : public ::testing::TestWithParam<const char*> {
 protected:
  GoldenRanking() : file_(std::string("ranking/") + GetParam() + ".h5"), set_(ReadLabelled(file_)) {
    options_ = Quick();
    if (GetParam() == std::string("cosine")) options_.metric = Metric::kCosine;
  }
  bool has_ties() const { return GetParam() == std::string("ties"); }

  GoldenFile file_;
  LabelledFeatures set_;
  RankingOptions options_;
};

TEST_P(GoldenRanking, EqualsTorchreid) {
  const RankingResult result = Rank(set_.Input(), options_);
  EXPECT_EQ(result.num_valid,
            static_cast<int64_t>(file_.Attribute("expected", "num_valid_queries")));
  EXPECT_NEAR(result.mean_ap.value(), file_.Attribute("expected", "mAP_stable"), kExact);
  EXPECT_NEAR(result.mean_inp.value(), file_.Attribute("expected", "mINP"), kExact);
  EXPECT_NEAR(result.trapezoid.mean_ap.value(),
              file_.Attribute("expected", "mAP_trapezoid_valid_queries"), kExact);
  const std::vector<double> ap = file_.Doubles("expected/ap_per_query");
  const std::vector<int64_t> first = file_.Ints("expected/first_match_rank");
  ASSERT_EQ(result.queries.size(), ap.size());
  for (size_t q = 0; q < ap.size(); ++q) {
    const bool valid = result.queries[q].status == QueryStatus::kValid;
    ASSERT_EQ(valid, !std::isnan(ap[q])) << q;
    if (!valid) continue;
    EXPECT_NEAR(result.queries[q].average_precision, ap[q], kExact) << q;
    EXPECT_EQ(result.queries[q].first_match_rank, first[q]) << q;
  }
  const std::vector<double> cmc = file_.Doubles("expected/cmc");
  ASSERT_EQ(result.cmc.size(), cmc.size());
  const double unstable = file_.Attribute("expected", "mAP_torchreid");
  if (has_ties()) {
    EXPECT_LT(result.mean_ap_worst.value(), unstable);
    EXPECT_GT(result.mean_ap_best.value(), unstable);
    EXPECT_LE(result.rank1_worst.value(), cmc[0] + 1e-6);
    EXPECT_GE(result.rank1_best.value(), cmc[0] - 1e-6);
    EXPECT_GT(result.num_tied_positives, 0);
  } else {
    for (size_t k = 0; k < cmc.size(); ++k) EXPECT_NEAR(result.cmc[k], cmc[k], 1e-6) << k;
    EXPECT_NEAR(result.mean_ap.value(), unstable, kExact);
    EXPECT_EQ(result.num_tied_positives, 0);
    EXPECT_EQ(result.mean_ap_best, result.mean_ap);
    EXPECT_EQ(result.mean_ap_worst, result.mean_ap);
  }
}

TEST_P(GoldenRanking, EqualsFastreidAndOpenreid) {
  const nlohmann::json golden = Dialects(GetParam());
  const RankingResult market = Rank(set_.Input(), options_);
  EXPECT_NEAR(market.sklearn_ties_grouped.mean_ap.value(),
              golden["openreid"]["mAP_sklearn_step_ties_grouped"].get<double>(), kExact);
  RankingOptions options = options_;
  options.protocol = Protocol::kAllshots;
  const RankingResult allshots = Rank(set_.Input(), options);
  if (!has_ties()) {
    EXPECT_NEAR(market.mean_ap.value(), golden["fastreid"]["mAP"].get<double>(), kExact);
    EXPECT_NEAR(market.mean_inp.value(), golden["fastreid"]["mINP"].get<double>(), kExact);
    EXPECT_NEAR((market.mean_ap.value() + market.cmc[0]) / 2,
                golden["fastreid"]["metric"].get<double>(), 1e-6);
    for (size_t k = 0; k < 20; ++k) {
      EXPECT_NEAR(market.cmc[k], golden["openreid"]["cmc_market1501"][k].get<double>(), kExact)
          << k;
      EXPECT_NEAR(allshots.cmc[k], golden["openreid"]["cmc_allshots"][k].get<double>(), kExact)
          << k;
    }
  }
  EXPECT_EQ(allshots.mean_ap, market.mean_ap);
}

TEST_P(GoldenRanking, EqualsSingleShotExpectation) {
  const nlohmann::json golden = Dialects(GetParam());
  const std::pair<Protocol, const char*> rules[] = {
      {Protocol::kCuhk03SeparateCameras, "openreid_cuhk03_rule"},
      {Protocol::kCuhk03, "torchreid_cuhk03_rule"}};
  for (const auto& [protocol, name] : rules) {
    RankingOptions options = options_;
    options.protocol = protocol;
    const RankingResult result = Rank(set_.Input(), options);
    for (size_t k = 0; k < 20; ++k) {
      EXPECT_NEAR(result.cmc[k], golden["single_shot_expectation"][name][k].get<double>(), kExact)
          << name << " " << k;
    }
    EXPECT_NEAR(result.mean_ap.value(), file_.Attribute("expected", "mAP_stable"), kExact);
    // Seeded draws come near the expectation, and their own seed gives them again.
    options.single_shot_repeats = 300;
    options.bootstrap.seed = 5;
    const RankingResult drawn = Rank(set_.Input(), options);
    EXPECT_NEAR(drawn.cmc[0], result.cmc[0], 0.02);
    EXPECT_NEAR(drawn.cmc[9], result.cmc[9], 0.02);
    EXPECT_EQ(Rank(set_.Input(), options).cmc, drawn.cmc);
  }
}

TEST_P(GoldenRanking, EqualsCorrectVerification) {
  const nlohmann::json golden = Dialects(GetParam())["verification_correct"];
  const VerificationResult result = Rank(set_.Input(), options_).verification.value();
  EXPECT_EQ(result.num_genuine, golden["num_genuine"].get<int64_t>());
  EXPECT_EQ(result.num_impostor, golden["num_impostor"].get<int64_t>());
  EXPECT_NEAR(result.eer.value(), golden["eer"].get<double>(), kExact);
  EXPECT_NEAR(result.eer_threshold.value(), golden["eer_threshold"].get<double>(),
              1e-5 * std::abs(golden["eer_threshold"].get<double>()));
  const char* names[] = {"1e-02", "1e-03", "1e-04"};
  for (size_t l = 0; l < 3; ++l) {
    const nlohmann::json& level = golden["tpr_at_fpr"][names[l]];
    if (result.fpr_levels[l] * static_cast<double>(result.num_impostor) < 1) {
      EXPECT_FALSE(result.tpr_at_fpr[l].has_value());
      continue;
    }
    const OperatingPoint point = result.tpr_at_fpr[l].value();
    EXPECT_NEAR(point.tpr, level["tpr"].get<double>(), kExact) << names[l];
    EXPECT_NEAR(point.fpr, level["fpr"].get<double>(), kExact) << names[l];
    ASSERT_EQ(point.threshold.has_value(), !level["threshold"].is_null()) << names[l];
    if (point.threshold) {
      EXPECT_NEAR(*point.threshold, level["threshold"].get<double>(), 1e-5 * *point.threshold)
          << names[l];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenRanking,
                         ::testing::Values("euclidean", "cosine", "invalid_queries", "ties"));

// Not ties.h5: layumi's order of equal distances is not ours.
TEST(Ranking, EqualsLayumiOnNormalisedFeatures) {
  for (const std::string name : {"euclidean", "cosine", "invalid_queries"}) {
    const LabelledFeatures set = ReadLabelled(GoldenFile("ranking/" + name + ".h5"));
    const nlohmann::json golden = Dialects(name)["layumi_cosine"];
    RankingOptions options = Quick();
    options.metric = Metric::kCosine;
    const RankingResult result = Rank(set.Input(), options);
    EXPECT_NEAR(result.layumi.mean_ap.value(), golden["mAP"].get<double>(), kExact) << name;
    EXPECT_NEAR(result.layumi.rank1.value(), golden["cmc"][0].get<double>(), kExact) << name;
    EXPECT_EQ(result.num_queries - result.num_valid,
              golden["invalid_counted_as_zero"].get<int64_t>());
  }
}

TEST(Ranking, HandComputedScores) {
  // Ranks of the positives: 2 and 4 of 5 (the image of the query's own camera at 1.5 is dropped).
  const LabelledFeatures set =
      OnALine({1, 2, 3, 4, 5, 1.5f}, {2, 1, 0, 1, 3, 1}, {2, 2, 2, 3, 2, 1});
  RankingOptions options = Quick();
  options.max_rank = 10;
  options.oml_k = 3;
  options.top_k = 3;
  const RankingResult result = Rank(set.Input(), options);
  EXPECT_NEAR(result.mean_ap.value(), (1.0 / 2 + 2.0 / 4) / 2, 1e-15);
  EXPECT_NEAR(result.mean_inp.value(), 2.0 / 4, 1e-15);
  EXPECT_THAT(result.cmc, ElementsAre(0, 1, 1, 1, 1, 1));
  EXPECT_NEAR(result.trapezoid.mean_ap.value(), ((1.0 / 2 + 0) / 2 + (2.0 / 4 + 1.0 / 3) / 2) / 2,
              1e-15);
  EXPECT_NEAR(result.map_at_r.mean_ap.value(), (1.0 / 2) / 2, 1e-15);  // one of R = 2 ranks hit
  EXPECT_NEAR(result.oml_map_at_k.mean_ap.value(), 1.0 / 2, 1e-15);    // one hit within 3
  EXPECT_NEAR(result.no_distractors.mean_ap.value(), (1.0 / 2 + 2.0 / 3) / 2, 1e-15);
  EXPECT_NEAR(result.no_camera_rule.mean_ap.value(), (1.0 / 2 + 2.0 / 3 + 3.0 / 5) / 3, 1e-15);
  ASSERT_EQ(result.camera_pairs.size(), 2u);
  EXPECT_EQ(result.camera_pairs[0].gallery_camera, CameraId(2));
  EXPECT_NEAR(result.camera_pairs[0].mean_ap.value(), 1.0 / 2, 1e-15);
  EXPECT_NEAR(result.camera_pairs[1].mean_ap.value(), 1.0, 1e-15);
  EXPECT_EQ(result.queries[0].last_match_rank, 4);
  ASSERT_EQ(result.queries[0].top.size(), 3u);
  EXPECT_EQ(result.queries[0].top[0].gallery_row, 0);
  EXPECT_EQ(result.queries[0].top[1].gallery_row, 1);
  EXPECT_EQ(result.queries[0].top[2].gallery_row, 2);
  EXPECT_EQ(result.queries[0].top[1].distance, 4.0f);
}

TEST(Ranking, TiesGoByGalleryRowAndAreBounded) {
  // The positive shares its distance with two others: one of a smaller row, one of a larger.
  const LabelledFeatures set = OnALine({1, 1, -1, 3}, {2, 1, 3, 4}, {2, 2, 2, 2});
  const RankingResult result = Rank(set.Input(), Quick());
  EXPECT_NEAR(result.mean_ap.value(), 1.0 / 2, 1e-15);
  EXPECT_NEAR(result.mean_ap_best.value(), 1.0, 1e-15);
  EXPECT_NEAR(result.mean_ap_worst.value(), 1.0 / 3, 1e-15);
  EXPECT_NEAR(result.sklearn_ties_grouped.mean_ap.value(), 1.0 / 3, 1e-15);
  EXPECT_EQ(result.rank1_best, 1.0);
  EXPECT_EQ(result.rank1_worst, 0.0);
  EXPECT_EQ(result.num_tied_positives, 1);
}

TEST(Ranking, CmcStaysAtItsLastValueInASmallGallery) {
  // torchreid's compiled code leaves the tail at 0 when fewer images than max_rank survive.
  LabelledFeatures set = OnALine({1, 2, 3}, {1, 1, 2}, {2, 1, 2});
  const RankingResult result = Rank(set.Input(), Quick());
  EXPECT_THAT(result.cmc, ElementsAre(1, 1, 1));
}

TEST(Ranking, PerfectFeaturesScoreOne) {
  LabelledFeatures set = Synthetic(40, 300, 12, 3, 8, 0, 3);
  const RankingResult result = Rank(set.Input(), Quick());
  EXPECT_NEAR(result.mean_ap.value(), 1, 1e-12);
  EXPECT_NEAR(result.mean_inp.value(), 1, 1e-12);
  EXPECT_EQ(result.cmc.front(), 1);
  EXPECT_EQ(result.verification->eer, 0.0);
}

// Several tiles, several cameras, more thresholds than are compared one by one, and a chunk border.
TEST(Ranking, EqualsPlainSortAcrossTiles) {
  for (const int64_t people : {3, 60}) {
    const LabelledFeatures set = Synthetic(130, 3100, people, 4, 5, 1.5, 11);
    RankingOptions options = Quick();
    options.top_k = 7;
    const RankingResult result = Rank(set.Input(), options);
    const FeatureMatrix distances =
        DistanceMatrix(ViewOf(set.query), ViewOf(set.gallery), Metric::kEuclidean);
    for (int64_t q = 0; q < set.query.rows(); ++q) {
      const PlainQuery plain = RankPlainly(set, distances, q);
      const QueryResult& query = result.queries[static_cast<size_t>(q)];
      ASSERT_EQ(query.first_match_rank, plain.first) << q;
      ASSERT_NEAR(query.average_precision, plain.ap, 1e-12) << q;
      for (size_t k = 0; k < 7; ++k) {
        ASSERT_EQ(query.top[k].gallery_row, plain.order[k]);
        ASSERT_EQ(query.top[k].distance, distances(q, plain.order[k]));
      }
    }
  }
}

TEST(Ranking, SeveralPassesGiveTheSame) {
  const LabelledFeatures set = Synthetic(110, 900, 12, 3, 4, 2, 17);
  RankingOptions options = Quick();
  options.top_k = 2;
  const RankingResult whole = Rank(set.Input(), options);
  const FeatureDistances source(ViewOf(set.query), ViewOf(set.gallery), Metric::kEuclidean);
  options.max_matches = 1000;  // about 16 queries a pass
  for (const DistanceSource* from :
       {static_cast<const DistanceSource*>(nullptr), static_cast<const DistanceSource*>(&source)}) {
    const RankingResult parts = Rank(set.Input(), options, from);
    EXPECT_EQ(parts.mean_ap, whole.mean_ap);
    EXPECT_EQ(parts.cmc, whole.cmc);
    EXPECT_EQ(parts.verification->eer, whole.verification->eer);
    EXPECT_EQ(parts.verification->d_prime, whole.verification->d_prime);
    EXPECT_EQ(parts.queries[109].top[1].gallery_row, whole.queries[109].top[1].gallery_row);
  }
}

TEST(Ranking, IsTheSameFromADistanceSource) {
  const LabelledFeatures set = Synthetic(90, 1500, 20, 3, 16, 1.2, 4);
  const FeatureDistances source(ViewOf(set.query), ViewOf(set.gallery), Metric::kCosine);
  RankingOptions options = Quick();
  options.metric = Metric::kCosine;
  options.top_k = 3;
  const RankingResult direct = Rank(set.Input(), options);
  const RankingResult through = Rank(set.Input(), options, &source);
  EXPECT_EQ(direct.mean_ap, through.mean_ap);
  EXPECT_EQ(direct.cmc, through.cmc);
  EXPECT_EQ(direct.no_distractors.mean_ap, through.no_distractors.mean_ap);
  EXPECT_EQ(direct.verification->eer, through.verification->eer);
  EXPECT_EQ(direct.verification->d_prime, through.verification->d_prime);
  EXPECT_EQ(direct.queries[7].top[2].gallery_row, through.queries[7].top[2].gallery_row);
}

TEST(Ranking, IsBitwiseTheSameForAnyNumberOfThreads) {
  const LabelledFeatures set =
      Synthetic(1100, 5000, 90, 4, 24, 1.6, 8);  // large enough to bracket the verification
  RankingOptions options;
  options.bootstrap.resamples = 200;
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return Rank(set.Input(), options);
  };
  const RankingResult one = run(1);
  const RankingResult four = run(4);
  EXPECT_EQ(one.mean_ap, four.mean_ap);
  EXPECT_EQ(one.cmc, four.cmc);
  EXPECT_EQ(one.mean_ap_interval->low, four.mean_ap_interval->low);
  EXPECT_EQ(one.rank1_interval->high, four.rank1_interval->high);
  EXPECT_EQ(one.verification->eer, four.verification->eer);
  EXPECT_EQ(one.verification->d_prime, four.verification->d_prime);
  for (size_t l = 0; l < 3; ++l) {
    EXPECT_EQ(one.verification->tpr_at_fpr[l]->tpr, four.verification->tpr_at_fpr[l]->tpr);
    EXPECT_EQ(one.verification->tpr_at_fpr[l]->threshold,
              four.verification->tpr_at_fpr[l]->threshold);
  }
  ASSERT_EQ(one.verification->roc.size(), four.verification->roc.size());
  for (size_t i = 0; i < one.verification->roc.size(); ++i) {
    EXPECT_EQ(one.verification->roc[i].tpr, four.verification->roc[i].tpr);
    EXPECT_EQ(one.verification->roc[i].threshold, four.verification->roc[i].threshold);
  }
}

// 5.5 million pairs: the bracketed path, against all pairs held and sorted.
TEST(Ranking, VerificationOfManyPairsIsExact) {
  LabelledFeatures set = Synthetic(1100, 5000, 90, 4, 24, 1.6, 9);
  set.query_person[0] = PersonId(0);  // a distractor as query: all its pairs are impostors
  for (const Metric metric : {Metric::kEuclidean, Metric::kCosine}) {
    const FeatureMatrix distances = DistanceMatrix(ViewOf(set.query), ViewOf(set.gallery), metric);
    std::vector<float> genuine, impostor;
    for (int64_t q = 0; q < distances.rows(); ++q) {
      for (int64_t g = 0; g < distances.cols(); ++g) {
        const PersonId person = set.query_person[static_cast<size_t>(q)];
        const bool same = person == set.gallery_person[static_cast<size_t>(g)];
        if (same &&
            set.query_camera[static_cast<size_t>(q)] == set.gallery_camera[static_cast<size_t>(g)])
          continue;
        (same && person.value != 0 ? genuine : impostor).push_back(distances(q, g));
      }
    }
    std::sort(genuine.begin(), genuine.end());
    std::sort(impostor.begin(), impostor.end());
    const auto share = [](const std::vector<float>& sorted, float t) {
      return static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), t) -
                                 sorted.begin()) /
             static_cast<double>(sorted.size());
    };
    RankingOptions options = Quick();
    options.metric = metric;
    const FeatureDistances source(ViewOf(set.query), ViewOf(set.gallery), metric);
    for (const DistanceSource* from : {static_cast<const DistanceSource*>(nullptr),
                                       static_cast<const DistanceSource*>(&source)}) {
      const VerificationResult result = Rank(set.Input(), options, from).verification.value();
      ASSERT_EQ(result.num_genuine, static_cast<int64_t>(genuine.size()));
      ASSERT_EQ(result.num_impostor, static_cast<int64_t>(impostor.size()));
      for (size_t l = 0; l < 3; ++l) {
        const OperatingPoint point = result.tpr_at_fpr[l].value();
        const size_t accepted =
            static_cast<size_t>(point.max_fpr * static_cast<double>(impostor.size()));
        const float rejected = impostor[accepted];
        EXPECT_LT(*point.threshold, rejected);
        EXPECT_EQ(point.fpr, share(impostor, *point.threshold));
        EXPECT_EQ(point.tpr, share(genuine, *point.threshold));
        EXPECT_EQ(
            point.tpr,
            share(genuine, std::nextafter(rejected, -std::numeric_limits<float>::infinity())));
      }
      const float eer_at = result.eer_threshold.value();
      EXPECT_NEAR(*result.eer, (share(impostor, eer_at) + 1 - share(genuine, eer_at)) / 2, 1e-15);
      EXPECT_NEAR(share(impostor, eer_at), 1 - share(genuine, eer_at),
                  2.0 / static_cast<double>(genuine.size()));
      for (const RocPoint& point : result.roc) {
        EXPECT_EQ(point.fpr, share(impostor, point.threshold));
        EXPECT_EQ(point.tpr, share(genuine, point.threshold));
      }
      EXPECT_GT(result.roc.size(), 50u);
      EXPECT_TRUE(
          std::is_sorted(result.roc.begin(), result.roc.end(),
                         [](const RocPoint& a, const RocPoint& b) { return a.fpr < b.fpr; }));
    }
  }
}

// Queries that are gallery images too, as without a split: the same scores as when each query's own
// row is taken out of its gallery.
TEST(Ranking, APictureNeverRanksAgainstItself) {
  constexpr int kRows = 60;
  LabelledFeatures set;
  set.gallery = Gaussian(kRows, 8, 3);
  std::vector<int32_t> pictures;
  for (int i = 0; i < kRows; ++i) {
    set.gallery_person.emplace_back(i % 7);  // 0: distractors
    set.gallery_camera.emplace_back(i % 2 + 1);
    pictures.push_back(100 - i);
  }
  set.query = set.gallery;
  set.query_person = set.gallery_person;
  set.query_camera = set.gallery_camera;
  for (const bool camera_rule : {false, true}) {
    for (const Protocol protocol :
         {Protocol::kMarket1501, Protocol::kAllshots, Protocol::kCuhk03}) {
      RankingOptions options = Quick();
      options.camera_rule = camera_rule;
      options.protocol = protocol;
      options.top_k = 3;
      RankingInput input = set.Input();
      input.query_picture = pictures;
      input.gallery_picture = pictures;
      const RankingResult result = Rank(input, options);
      EXPECT_EQ(result.num_own_pictures, kRows);
      double sum = 0;
      int64_t genuine = 0, impostor = 0;
      for (int q = 0; q < kRows; ++q) {
        LabelledFeatures alone;
        alone.query = FeatureMatrix(1, 8);
        std::ranges::copy(set.query.row(q), alone.query.data());
        alone.query_person = {set.query_person[static_cast<size_t>(q)]};
        alone.query_camera = {set.query_camera[static_cast<size_t>(q)]};
        alone.gallery = FeatureMatrix(kRows - 1, 8);
        for (int g = 0, at = 0; g < kRows; ++g) {
          if (g == q) continue;
          std::ranges::copy(set.gallery.row(g), alone.gallery.row(at++).data());
          alone.gallery_person.push_back(set.gallery_person[static_cast<size_t>(g)]);
          alone.gallery_camera.push_back(set.gallery_camera[static_cast<size_t>(g)]);
        }
        const RankingResult expected = Rank(alone.Input(), options);
        const QueryResult& found = result.queries[static_cast<size_t>(q)];
        EXPECT_EQ(found.status, expected.queries[0].status);
        EXPECT_EQ(found.average_precision, expected.queries[0].average_precision);
        EXPECT_EQ(found.first_match_rank, expected.queries[0].first_match_rank);
        EXPECT_EQ(found.num_positives, expected.queries[0].num_positives);
        EXPECT_DOUBLE_EQ(found.rank1, expected.queries[0].rank1);
        ASSERT_EQ(found.top.size(), 3u);
        EXPECT_EQ(found.top[0].distance, expected.queries[0].top[0].distance);
        sum += expected.no_camera_rule.mean_ap.value();
        genuine += expected.verification->num_genuine;
        impostor += expected.verification->num_impostor;
      }
      EXPECT_DOUBLE_EQ(*result.no_camera_rule.mean_ap, sum / kRows);
      EXPECT_EQ(result.verification->num_genuine, genuine);
      EXPECT_EQ(result.verification->num_impostor, impostor);
    }
  }
}

TEST(Ranking, APictureOfTwoPersonsIsAnError) {
  LabelledFeatures set = OnALine({1, 2}, {1, 2}, {1, 2});
  const std::vector<int32_t> query = {0};
  const std::vector<int32_t> gallery = {1, 0};
  RankingInput input = set.Input();
  input.query_picture = query;
  input.gallery_picture = gallery;
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(input, Quick()); }),
              HasSubstr("query row 0 and gallery row 1 are one picture, but of person 1 and of "
                        "person 2"));
}

TEST(Ranking, SaysWhyQueriesAreInvalid) {
  LabelledFeatures set = OnALine({1, 2, 3}, {1, 3, 0}, {1, 2, 2});
  set.query = FeatureMatrix(3, 1);
  set.query_person = People({1, 2, 3});
  set.query_camera = Cameras({1, 1, 2});
  const RankingResult result = Rank(set.Input(), Quick());
  EXPECT_EQ(result.num_valid, 0);
  EXPECT_EQ(result.num_no_positive, 1);
  EXPECT_EQ(result.num_same_camera_only, 2);
  EXPECT_EQ(result.queries[0].status, QueryStatus::kSameCameraOnly);
  EXPECT_EQ(result.queries[1].status, QueryStatus::kNoPositive);
  EXPECT_FALSE(result.mean_ap.has_value());
  EXPECT_FALSE(result.mean_ap_interval.has_value());
  EXPECT_TRUE(result.cmc.empty());
  EXPECT_FALSE(result.trapezoid.mean_ap.has_value());
  EXPECT_EQ(result.layumi.mean_ap, 0.0);
  EXPECT_FALSE(result.verification->eer.has_value());
  EXPECT_THAT(result.gallery_cameras, ElementsAre(CameraId(1), CameraId(2)));
  // Without the camera rule two of them can be ranked.
  RankingOptions open = Quick();
  open.camera_rule = false;
  EXPECT_EQ(Rank(set.Input(), open).num_valid, 2);
  EXPECT_EQ(Rank(set.Input(), open).mean_ap, result.no_camera_rule.mean_ap);
}

TEST(Ranking, LeavesJunkOut) {
  LabelledFeatures set = OnALine({1, 2, 3}, {-1, 1, 2}, {2, 2, 2});
  const RankingResult result = Rank(set.Input(), Quick());
  EXPECT_EQ(result.num_junk, 1);
  EXPECT_EQ(result.num_gallery, 2);
  EXPECT_EQ(result.mean_ap, 1.0);
  EXPECT_EQ(result.verification->num_impostor, 1);
}

TEST(Ranking, RelabellingAndReorderingChangeNothing) {
  const LabelledFeatures set = Synthetic(60, 700, 20, 5, 12, 1.3, 21);
  LabelledFeatures other = set;
  std::vector<int64_t> order(700);
  std::iota(order.begin(), order.end(), 0);
  Rng rng(2);
  rng.Shuffle(std::span(order));
  for (size_t g = 0; g < 700; ++g) {
    const size_t from = static_cast<size_t>(order[g]);
    std::ranges::copy(set.gallery.row(order[g]),
                      other.gallery.row(static_cast<int64_t>(g)).begin());
    const int64_t person = set.gallery_person[from].value;
    other.gallery_person[g] = PersonId(person == 0 ? 0 : 1000 - person);
    other.gallery_camera[g] = CameraId(50 - set.gallery_camera[from].value);
  }
  for (PersonId& person : other.query_person) person = PersonId(1000 - person.value);
  for (CameraId& camera : other.query_camera) camera = CameraId(50 - camera.value);
  const RankingResult a = Rank(set.Input(), Quick());
  const RankingResult b = Rank(other.Input(), Quick());
  EXPECT_NEAR(*a.mean_ap, *b.mean_ap, 1e-14);
  EXPECT_EQ(a.cmc, b.cmc);
  EXPECT_EQ(a.verification->eer, b.verification->eer);
  EXPECT_NEAR(*a.no_distractors.mean_ap, *b.no_distractors.mean_ap, 1e-14);
}

TEST(Ranking, EveryImageItsOwnCamera) {
  LabelledFeatures set = Synthetic(30, 900, 15, 4, 6, 1.0, 6);
  RankingOptions no_rule = Quick();
  no_rule.camera_rule = false;
  const RankingResult expected = Rank(set.Input(), no_rule);
  for (size_t g = 0; g < 900; ++g) set.gallery_camera[g] = CameraId(static_cast<int64_t>(100 + g));
  const RankingResult result = Rank(set.Input(), Quick());
  EXPECT_EQ(result.mean_ap, expected.mean_ap);
  EXPECT_EQ(result.cmc, expected.cmc);
  for (const CameraPairScore& pair : result.camera_pairs)
    EXPECT_EQ(pair.mean_ap, 1.0);  // a lone positive in its camera
}

TEST(Ranking, RefusesBadInput) {
  const LabelledFeatures good = OnALine({1, 2, 3}, {1, 1, 2}, {2, 2, 2});
  LabelledFeatures bad = good;
  bad.gallery(1, 0) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("gallery feature row 1 holds NaN"));
  bad = good;
  bad.query(0, 0) = std::numeric_limits<float>::infinity();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("query feature row 0 holds NaN or infinity"));
  bad = good;
  bad.query(0, 0) = 3e30f;
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("overflows"));
  bad = good;
  bad.query = FeatureMatrix(1, 2);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("2 dimensions, gallery features 1"));
  bad = good;
  bad.query = FeatureMatrix(0, 1);
  bad.query_person.clear();
  bad.query_camera.clear();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("no query images"));
  bad = good;
  bad.gallery = FeatureMatrix(0, 1);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("no gallery images"));
  bad = good;
  bad.gallery_person.pop_back();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("gallery_person: 2 entries, but there are 3"));
  bad = good;
  bad.query_camera.clear();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("query_camera: 0 entries"));
  bad.gallery_camera.clear();
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("no camera ids"));
  bad = good;
  bad.query_person[0] = PersonId(-1);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }),
              HasSubstr("query row 0 has person -1"));
  bad = good;
  for (PersonId& p : bad.gallery_person) p = PersonId(-1);
  EXPECT_THAT(MessageOf(ErrorKind::kInput, [&] { Rank(bad.Input(), Quick()); }), HasSubstr("junk"));
  RankingOptions options = Quick();
  options.max_rank = 0;
  options.top_k = -1;
  EXPECT_EQ(options.Validate().size(), 2u);
  EXPECT_THAT(MessageOf(ErrorKind::kConfig, [&] { Rank(good.Input(), options); }),
              HasSubstr("max_rank: 0 is out of range"));
}

TEST(RankingNames, ParseWhatTheyPrint) {
  for (const Protocol p : {Protocol::kMarket1501, Protocol::kAllshots, Protocol::kCuhk03,
                           Protocol::kCuhk03SeparateCameras}) {
    EXPECT_EQ(ParseProtocol(ProtocolName(p)), p);
  }
  EXPECT_FALSE(ParseProtocol("market").has_value());
}

}  // namespace
}  // namespace reidbench
