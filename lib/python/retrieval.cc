// Distances, ranking and re-ranking of arrays.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "binding.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/retrieval/distance.h"
#include "reidbench/retrieval/ranking.h"
#include "reidbench/retrieval/reranking.h"

namespace reidbench::python {
namespace {

Metric MetricOf(const std::string& word) {
  return ChoiceOf("metric", word, ParseMetric(word), "'cosine' or 'euclidean'");
}

template <typename IdType>
std::vector<IdType> IdsOf(const Integers& values) {
  std::vector<IdType> ids;
  ids.reserve(static_cast<size_t>(values.size()));
  for (py::ssize_t i = 0; i < values.size(); ++i) ids.emplace_back(values.data()[i]);
  return ids;
}

// Labels of both sides, kept while they are ranked.
struct Labels {
  std::vector<PersonId> query_person;
  std::vector<PersonId> gallery_person;
  std::vector<CameraId> query_camera;
  std::vector<CameraId> gallery_camera;

  RankingInput Input() const {
    RankingInput input;
    input.query_person = query_person;
    input.gallery_person = gallery_person;
    input.query_camera = query_camera;
    input.gallery_camera = gallery_camera;
    return input;
  }
};

Labels LabelsOf(const Integers& q_pids, const Integers& g_pids,
                const std::optional<Integers>& q_camids, const std::optional<Integers>& g_camids) {
  Labels labels;
  labels.query_person = IdsOf<PersonId>(q_pids);
  labels.gallery_person = IdsOf<PersonId>(g_pids);
  if (q_camids) labels.query_camera = IdsOf<CameraId>(*q_camids);
  if (g_camids) labels.gallery_camera = IdsOf<CameraId>(*g_camids);
  return labels;
}

// Only the order of a query's distances matters to a ranking: each value's place among the
// different values of its row, which a float holds exactly, unlike a double's value.
class OrderedDistances : public DistanceSource {
 public:
  OrderedDistances(const double* distances, int64_t num_queries, int64_t num_gallery)
      : distances_(distances), num_queries_(num_queries), num_gallery_(num_gallery) {
    constexpr int64_t kMost = int64_t{1} << 24;
    if (num_gallery > kMost) {
      ThrowInput("distmat: expected at most {} columns of float64, found {}; give float32", kMost,
                 num_gallery);
    }
  }
  int64_t num_queries() const override { return num_queries_; }
  int64_t num_gallery() const override { return num_gallery_; }
  void Rows(std::span<const int32_t> queries, float* out) const override {
    ParallelFor(static_cast<int64_t>(queries.size()), [&](int64_t i) {
      const double* row = distances_ + queries[static_cast<size_t>(i)] * num_gallery_;
      std::vector<int32_t> order(static_cast<size_t>(num_gallery_));
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return row[a] < row[b]; });
      float place = 0;
      for (size_t k = 0; k < order.size(); ++k) {
        if (k > 0 && row[order[k]] != row[order[k - 1]]) ++place;
        out[i * num_gallery_ + order[k]] = place;
      }
    });
  }

 private:
  const double* distances_;
  int64_t num_queries_;
  int64_t num_gallery_;
};

py::dict DictOf(const VariantScore& score) {
  py::dict dict;
  dict["mAP"] = OrNone(score.mean_ap);
  dict["rank1"] = OrNone(score.rank1);
  dict["num_queries"] = score.num_queries;
  return dict;
}

py::object DictOf(const std::optional<OperatingPoint>& point) {
  if (!point) return py::none();
  py::dict dict;
  dict["max_fpr"] = point->max_fpr;
  dict["tpr"] = point->tpr;
  dict["fpr"] = point->fpr;
  dict["threshold"] = OrNone(point->threshold);
  return dict;
}

py::object DictOf(const std::optional<VerificationResult>& result) {
  if (!result) return py::none();
  py::dict dict;
  dict["num_genuine"] = result->num_genuine;
  dict["num_impostor"] = result->num_impostor;
  dict["eer"] = OrNone(result->eer);
  dict["eer_threshold"] = OrNone(result->eer_threshold);
  dict["d_prime"] = OrNone(result->d_prime);
  py::dict points;
  for (size_t i = 0; i < result->fpr_levels.size(); ++i)
    points[py::cast(result->fpr_levels[i])] = DictOf(result->tpr_at_fpr[i]);
  dict["tpr_at_fpr"] = points;
  dict["recommended"] = DictOf(result->recommended);
  return dict;
}

py::object PairOf(const std::optional<ConfidenceInterval>& interval) {
  if (!interval) return py::none();
  return py::make_tuple(interval->low, interval->high);
}

py::dict DictOf(const RankingResult& result, int top_k) {
  py::dict dict;
  dict["mAP"] = OrNone(result.mean_ap);
  dict["mINP"] = OrNone(result.mean_inp);
  dict["cmc"] = ArrayOf(result.cmc);
  dict["num_queries"] = result.num_queries;
  dict["num_valid"] = result.num_valid;
  dict["num_no_positive"] = result.num_no_positive;
  dict["num_same_camera_only"] = result.num_same_camera_only;
  dict["num_gallery"] = result.num_gallery;
  dict["num_junk"] = result.num_junk;
  dict["num_distractors"] = result.num_distractors;
  dict["num_tied_positives"] = result.num_tied_positives;
  dict["mAP_interval"] = PairOf(result.mean_ap_interval);
  dict["rank1_interval"] = PairOf(result.rank1_interval);
  dict["mINP_interval"] = PairOf(result.mean_inp_interval);
  py::dict rules;
  rules["trapezoid"] = DictOf(result.trapezoid);
  rules["layumi"] = DictOf(result.layumi);
  rules["sklearn_ties_grouped"] = DictOf(result.sklearn_ties_grouped);
  rules["map_at_r"] = DictOf(result.map_at_r);
  rules["oml_map_at_k"] = DictOf(result.oml_map_at_k);
  rules["no_camera_rule"] = DictOf(result.no_camera_rule);
  rules["no_distractors"] = DictOf(result.no_distractors);
  dict["rules"] = rules;
  dict["verification"] = DictOf(result.verification);

  const auto num_queries = static_cast<py::ssize_t>(result.queries.size());
  py::array_t<double> ap(num_queries);
  py::array_t<int64_t> first(num_queries);
  py::array_t<bool> valid(num_queries);
  for (py::ssize_t q = 0; q < num_queries; ++q) {
    const QueryResult& query = result.queries[static_cast<size_t>(q)];
    valid.mutable_data()[q] = query.status == QueryStatus::kValid;
    ap.mutable_data()[q] = query.status == QueryStatus::kValid
                               ? query.average_precision
                               : std::numeric_limits<double>::quiet_NaN();
    first.mutable_data()[q] = query.first_match_rank;
  }
  dict["ap"] = ap;
  dict["first_match_rank"] = first;
  dict["valid"] = valid;
  if (top_k > 0) {
    py::array_t<int64_t> rows({num_queries, static_cast<py::ssize_t>(top_k)});
    py::array_t<float> distances({num_queries, static_cast<py::ssize_t>(top_k)});
    std::fill_n(rows.mutable_data(), rows.size(), -1);
    std::fill_n(distances.mutable_data(), distances.size(),
                std::numeric_limits<float>::quiet_NaN());
    for (py::ssize_t q = 0; q < num_queries; ++q) {
      const std::vector<RankedImage>& top = result.queries[static_cast<size_t>(q)].top;
      for (size_t k = 0; k < top.size(); ++k) {
        const py::ssize_t at = q * top_k + static_cast<py::ssize_t>(k);
        rows.mutable_data()[at] = top[k].gallery_row;
        distances.mutable_data()[at] = top[k].distance;
      }
    }
    dict["top"] = rows;
    dict["top_distance"] = distances;
  }
  return dict;
}

py::dict RankFeatures(const Floats& query, const Floats& gallery, const Integers& q_pids,
                      const Integers& g_pids, const std::optional<Integers>& q_camids,
                      const std::optional<Integers>& g_camids, const std::string& metric,
                      const std::string& protocol, bool camera_rule, int max_rank, int top_k,
                      bool verification, int resamples, double confidence, uint64_t seed) {
  RankingOptions options;
  options.metric = MetricOf(metric);
  options.protocol = ChoiceOf("protocol", protocol, ParseProtocol(protocol),
                              "'market1501', 'allshots', 'cuhk03' or 'cuhk03-separate-cameras'");
  options.camera_rule = camera_rule;
  options.max_rank = max_rank;
  options.top_k = top_k;
  options.verification = verification;
  options.camera_pairs = false;
  options.bootstrap = {.resamples = resamples, .confidence = confidence, .seed = seed};
  const Labels labels = LabelsOf(q_pids, g_pids, q_camids, g_camids);
  RankingInput input = labels.Input();
  input.query = ViewOfArray(query);
  input.gallery = ViewOfArray(gallery);
  return DictOf(Interruptible([&] { return Rank(input, options); }), top_k);
}

py::dict RankDistances(const py::array& distances, const Integers& q_pids, const Integers& g_pids,
                       const Integers& q_camids, const Integers& g_camids, int max_rank,
                       bool single_shot) {
  RankingOptions options;
  options.protocol = single_shot ? Protocol::kCuhk03 : Protocol::kMarket1501;
  options.max_rank = max_rank;
  options.verification = false;
  options.camera_pairs = false;
  options.bootstrap.resamples = 0;
  const Labels labels = LabelsOf(q_pids, g_pids, q_camids, g_camids);
  const RankingInput input = labels.Input();
  const bool is_float = py::isinstance<Floats>(distances);
  REIDBENCH_CHECK(distances.ndim() == 2 && (is_float || py::isinstance<Doubles>(distances)));
  const int64_t rows = distances.shape(0), columns = distances.shape(1);
  const void* data = distances.data();
  return DictOf(Interruptible([&] {
                  std::unique_ptr<DistanceSource> source;
                  if (is_float) {
                    source = std::make_unique<MatrixDistances>(
                        FeatureView(static_cast<const float*>(data), rows, columns));
                  } else {
                    source = std::make_unique<OrderedDistances>(static_cast<const double*>(data),
                                                                rows, columns);
                  }
                  return Rank(input, options, source.get());
                }),
                0);
}

// All rows of a source as a new array [queries x gallery]. `make` runs without Python's lock.
py::array_t<float> WholeMatrix(int64_t queries, int64_t gallery,
                               const std::function<std::unique_ptr<DistanceSource>()>& make) {
  py::array_t<float> matrix({static_cast<py::ssize_t>(queries), static_cast<py::ssize_t>(gallery)});
  float* out = matrix.mutable_data();
  RunInterruptible([&] {
    const std::unique_ptr<DistanceSource> source = make();
    std::vector<int32_t> rows(static_cast<size_t>(queries));
    std::iota(rows.begin(), rows.end(), 0);
    source->Rows(rows, out);
  });
  return matrix;
}

py::array_t<float> Distances(const Floats& query, const Floats& gallery,
                             const std::string& metric) {
  const Metric chosen = MetricOf(metric);
  return WholeMatrix(query.shape(0), gallery.shape(0), [&] {
    return std::make_unique<FeatureDistances>(ViewOfArray(query), ViewOfArray(gallery), chosen);
  });
}

RerankOptions RerankOptionsOf(const std::string& dialect, int k1, int k2, double lambda) {
  RerankOptions options;
  options.dialect = ChoiceOf("dialect", dialect, ParseRerankDialect(dialect),
                             "'zhong', 'bot', 'torchreid' or 'fastreid'");
  options.k1 = k1;
  options.k2 = k2;
  options.lambda = lambda;
  return options;
}

py::array_t<float> Rerank(const Floats& query, const Floats& gallery, const std::string& metric,
                          const std::string& dialect, int k1, int k2, double lambda) {
  RerankOptions options = RerankOptionsOf(dialect, k1, k2, lambda);
  options.metric = MetricOf(metric);
  return WholeMatrix(query.shape(0), gallery.shape(0), [&] {
    return MakeRerankedDistances(ViewOfArray(query), ViewOfArray(gallery), options);
  });
}

py::array_t<float> RerankDistances(const Floats& query_gallery, const Floats& query_query,
                                   const Floats& gallery_gallery, const std::string& dialect,
                                   int k1, int k2, double lambda) {
  const RerankOptions options = RerankOptionsOf(dialect, k1, k2, lambda);
  const DistanceParts parts{ViewOfArray(query_gallery), ViewOfArray(query_query),
                            ViewOfArray(gallery_gallery)};
  return WholeMatrix(query_gallery.shape(0), query_gallery.shape(1),
                     [&] { return MakeRerankedDistances(parts, options); });
}

}  // namespace

void BindRetrieval(py::module_* module) {
  const auto array = [](const char* name) { return py::arg(name).noconvert(); };
  module->def("rank", RankFeatures, array("query"), array("gallery"), array("q_pids"),
              array("g_pids"), array("q_camids"), array("g_camids"), py::arg("metric"),
              py::arg("protocol"), py::arg("camera_rule"), py::arg("max_rank"), py::arg("top_k"),
              py::arg("verification"), py::arg("resamples"), py::arg("confidence"),
              py::arg("seed"));
  module->def("rank_distances", RankDistances, array("distances"), array("q_pids"), array("g_pids"),
              array("q_camids"), array("g_camids"), py::arg("max_rank"), py::arg("single_shot"));
  module->def("distances", Distances, array("query"), array("gallery"), py::arg("metric"));
  module->def("rerank", Rerank, array("query"), array("gallery"), py::arg("metric"),
              py::arg("dialect"), py::arg("k1"), py::arg("k2"), py::arg("lambda_value"));
  module->def("rerank_distances", RerankDistances, array("query_gallery"), array("query_query"),
              array("gallery_gallery"), py::arg("dialect"), py::arg("k1"), py::arg("k2"),
              py::arg("lambda_value"));
}

}  // namespace reidbench::python
