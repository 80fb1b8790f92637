#include "reidbench/retrieval/reranking.h"

#include <tbb/enumerable_thread_specific.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/retrieval/neighbors.h"

namespace reidbench {
namespace {

// Sparse vector over all rows; V in the paper.
struct Code {
  std::vector<int32_t> row;  // ascending
  std::vector<float> weight;
};

// Accumulates a sparse vector in a dense one that is all zero between uses.
struct DenseScratch {
  std::vector<float> sum;
  std::vector<int32_t> touched;
};

// For which rows among the first `depth` neighbours of `row` it is a neighbour itself. In order of
// nearness.
std::vector<int32_t> Reciprocal(const NeighborLists& lists, int32_t row, int64_t depth) {
  std::vector<int32_t> result;
  const size_t d = static_cast<size_t>(std::min(depth, lists.k));
  for (const Neighbor& forward : lists.Of(row).first(d)) {
    const auto backward = lists.Of(forward.row).first(d);
    if (std::any_of(backward.begin(), backward.end(),
                    [&](const Neighbor& b) { return b.row == row; })) {
      result.push_back(forward.row);
    }
  }
  return result;
}

// The reciprocal set of `row`, with the half-depth sets of those members that mostly lie in it.
// Ascending.
std::vector<int32_t> ExpandedSet(const NeighborLists& lists,
                                 const std::vector<std::vector<int32_t>>& half_sets, int32_t row,
                                 int64_t depth) {
  std::vector<int32_t> set = Reciprocal(lists, row, depth);
  std::sort(set.begin(), set.end());
  std::vector<int32_t> expanded = set;
  for (const int32_t member : set) {
    const std::vector<int32_t>& half = half_sets[static_cast<size_t>(member)];
    const auto inside = std::count_if(half.begin(), half.end(), [&](int32_t h) {
      return std::binary_search(set.begin(), set.end(), h);
    });
    if (static_cast<double>(inside) > 2.0 / 3 * static_cast<double>(half.size())) {
      expanded.insert(expanded.end(), half.begin(), half.end());
    }
  }
  std::sort(expanded.begin(), expanded.end());
  expanded.erase(std::unique(expanded.begin(), expanded.end()), expanded.end());
  return expanded;
}

// One pair outside of any tile; float32 like the tiles, but of its own rounding.
float PairDistance(const FeatureRows& rows, int64_t a, int64_t b) {
  const float dot = Dot(rows.row(a), rows.row(b), rows.dim());
  return rows.metric() == Metric::kEuclidean ? (rows.norm(a) + rows.norm(b)) - 2 * dot
                                             : 1 - dot / (rows.norm(a) * rows.norm(b));
}

// The original distance as the dialect mixes and weights it; `farthest` is that of the row.
float DialectDistance(RerankDialect dialect, float distance, float farthest) {
  if (dialect == RerankDialect::kFastreid) return distance;
  if (farthest <= 0) return 0;  // all rows are equal
  const float share = distance / farthest;
  return dialect == RerankDialect::kTorchreid ? share * share : share;
}

// fast-reid passes k1 as the number of neighbours to its search, so that the row itself takes the
// place of one.
int64_t Depth(const RerankOptions& options) {
  return options.dialect == RerankDialect::kFastreid ? options.k1 : int64_t{options.k1} + 1;
}
int64_t HalfDepth(const RerankOptions& options) {
  return static_cast<int64_t>(std::nearbyint(options.k1 / 2.0)) + 1;
}
int64_t NeighborsNeeded(const RerankOptions& options) {
  return std::max({Depth(options), HalfDepth(options), int64_t{options.k2}});
}

// Distances given in parts, as rows of the whole.
class WholeDistances {
 public:
  // `absolute`: without their signs. Squared distances may come out a little below 0, and what
  // squares them again orders them by their size.
  WholeDistances(const DistanceParts& parts, bool absolute)
      : parts_(parts), queries_(parts.query_gallery.rows()), absolute_(absolute) {}

  int64_t rows() const { return queries_ + parts_.query_gallery.cols(); }
  float At(int64_t row, int64_t column) const {
    const bool right = column >= queries_;
    const float value = row >= queries_
                            ? (right ? parts_.gallery_gallery(row - queries_, column - queries_)
                                     : parts_.query_gallery(column, row - queries_))
                            : (right ? parts_.query_gallery(row, column - queries_)
                                     : parts_.query_query(row, column));
    return absolute_ ? std::abs(value) : value;
  }

  NeighborLists Neighbors(int64_t k) const {
    const int64_t n = rows();
    NeighborLists lists;
    lists.k = std::min(k, n);
    lists.nearest.resize(static_cast<size_t>(n * lists.k));
    lists.farthest.resize(static_cast<size_t>(n));
    ParallelChunks(n, 64, [&](int64_t begin, int64_t end) {
      if (InterruptRequested()) throw Interrupted("interrupted while searching neighbours");
      std::vector<Neighbor> all(static_cast<size_t>(n));
      for (int64_t row = begin; row < end; ++row) {
        float farthest = At(row, 0);
        for (int64_t column = 0; column < n; ++column) {
          const float distance = At(row, column);
          all[static_cast<size_t>(column)] = {distance, static_cast<int32_t>(column)};
          farthest = std::max(farthest, distance);
        }
        std::partial_sort_copy(all.begin(), all.end(), lists.nearest.begin() + row * lists.k,
                               lists.nearest.begin() + (row + 1) * lists.k);
        lists.farthest[static_cast<size_t>(row)] = farthest;
      }
    });
    return lists;
  }

 private:
  DistanceParts parts_;
  int64_t queries_;
  bool absolute_;
};

void RequireShape(FeatureView part, std::string_view name, int64_t rows, int64_t cols) {
  if (part.rows() != rows || part.cols() != cols) {
    ThrowInput("{}: expected {} x {} distances, found {} x {}", name, rows, cols, part.rows(),
               part.cols());
  }
}

class RerankedDistances : public DistanceSource {
 public:
  RerankedDistances(FeatureView query, FeatureView gallery, const RerankOptions& options,
                    std::span<const int32_t> first_of_picture)
      : options_(options),
        original_(std::make_unique<FeatureDistances>(query, gallery, options.metric)),
        num_queries_(query.rows()),
        num_gallery_(gallery.rows()) {
    const FeatureRows rows(query, gallery, options.metric);
    MakeCodes(
        FindNeighbors(rows, NeighborsNeeded(options), first_of_picture),
        [&](int64_t a, int64_t b) { return PairDistance(rows, a, b); }, first_of_picture);
  }

  RerankedDistances(const DistanceParts& distances, const RerankOptions& options)
      : options_(options),
        original_(std::make_unique<MatrixDistances>(distances.query_gallery)),
        num_queries_(distances.query_gallery.rows()),
        num_gallery_(distances.query_gallery.cols()) {
    options_.metric = Metric::kEuclidean;  // distances enter as they are
    RequireShape(distances.query_query, "query_query", num_queries_, num_queries_);
    RequireShape(distances.gallery_gallery, "gallery_gallery", num_gallery_, num_gallery_);
    MatrixDistances(distances.query_query);  // holds them against NaN
    MatrixDistances(distances.gallery_gallery);
    const WholeDistances whole(distances, options.dialect == RerankDialect::kTorchreid);
    MakeCodes(whole.Neighbors(NeighborsNeeded(options)),
              [&](int64_t a, int64_t b) { return whole.At(a, b); }, {});
  }

  int64_t num_queries() const override { return num_queries_; }
  int64_t num_gallery() const override { return num_gallery_; }
  void Rows(std::span<const int32_t> queries, float* distance_query_by_gallery) const override;

 private:
  // `pair_distance` of two rows of query and gallery on top of each other.
  void MakeCodes(NeighborLists lists,
                 const std::function<float(int64_t a, int64_t b)>& pair_distance,
                 std::span<const int32_t> first_of_picture);
  // As the dialect keeps weights and sums. A float sum or quotient of two halves, rounded again, is
  // that of half arithmetic.
  float Stored(float value) const {
    return options_.dialect == RerankDialect::kBot ? static_cast<float>(Eigen::half(value)) : value;
  }

  RerankOptions options_;
  std::unique_ptr<DistanceSource> original_;
  int64_t num_queries_;
  int64_t num_gallery_;
  std::vector<float> farthest_;  // of queries
  std::vector<Code> query_codes_;
  // Gallery codes by row of the code: entries of code row r are [entry_begin_[r], entry_begin_[r +
  // 1]).
  std::vector<int64_t> entry_begin_;
  std::vector<int32_t> entry_gallery_;
  std::vector<float> entry_weight_;
};

void RerankedDistances::MakeCodes(NeighborLists lists,
                                  const std::function<float(int64_t a, int64_t b)>& pair_distance,
                                  std::span<const int32_t> first_of_picture) {
  const int64_t n = num_queries_ + num_gallery_;
  // A copy has the code of its picture's first row: neighbours name that one.
  const auto first_row = [&](int64_t row) {
    return first_of_picture.empty() ? static_cast<int32_t>(row)
                                    : first_of_picture[static_cast<size_t>(row)];
  };
  const int64_t depth = Depth(options_);
  const int64_t half_depth = HalfDepth(options_);
  const int64_t k2 = std::min<int64_t>(options_.k2, lists.k);

  std::vector<std::vector<int32_t>> half_sets(static_cast<size_t>(n));
  ParallelChunks(n, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      half_sets[static_cast<size_t>(i)] = Reciprocal(lists, first_row(i), half_depth);
  });

  // fast-reid weights by the squared distance of normalised features, 2 - 2 cos.
  const bool doubled =
      options_.dialect == RerankDialect::kFastreid && options_.metric == Metric::kCosine;
  const float scale = doubled ? 2 : 1;
  std::vector<Code> codes(static_cast<size_t>(n));
  ParallelChunks(n, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Code& code = codes[static_cast<size_t>(i)];
      code.row = ExpandedSet(lists, half_sets, first_row(i), depth);
      code.weight.reserve(code.row.size());
      const auto near = lists.Of(i);
      double sum = 0;
      float least = 0;
      for (const int32_t j : code.row) {
        const auto known = std::find_if(
            near.begin(), near.end(), [&](const Neighbor& neighbor) { return neighbor.row == j; });
        const float distance = known != near.end() ? known->distance : pair_distance(i, j);
        code.weight.push_back(scale * DialectDistance(options_.dialect, distance,
                                                      lists.farthest[static_cast<size_t>(i)]));
        least = code.weight.size() == 1 ? code.weight[0] : std::min(least, code.weight.back());
      }
      // Relative to the least distance, so that large raw distances do not all become 0.
      for (float& w : code.weight) {
        w = std::exp(least - w);
        sum += w;
      }
      for (float& w : code.weight) w = Stored(static_cast<float>(w / sum));
    }
  });
  half_sets = {};
  farthest_.assign(lists.farthest.begin(), lists.farthest.begin() + num_queries_);

  if (options_.k2 > 1) {
    std::vector<Code> averaged(static_cast<size_t>(n));
    tbb::enumerable_thread_specific<DenseScratch> scratches([&] {
      return DenseScratch{std::vector<float>(static_cast<size_t>(n)), {}};
    });
    ParallelChunks(n, 64, [&](int64_t begin, int64_t end) {
      DenseScratch& scratch = scratches.local();
      for (int64_t i = begin; i < end; ++i) {
        scratch.touched.clear();
        for (const Neighbor& neighbor : lists.Of(i).first(static_cast<size_t>(k2))) {
          const Code& code = codes[static_cast<size_t>(neighbor.row)];
          for (size_t e = 0; e < code.row.size(); ++e) {
            float& sum = scratch.sum[static_cast<size_t>(code.row[e])];
            if (sum == 0) scratch.touched.push_back(code.row[e]);
            sum += code.weight[e];
          }
        }
        // A weight that underflowed to 0 may have listed its row twice.
        std::sort(scratch.touched.begin(), scratch.touched.end());
        scratch.touched.erase(std::unique(scratch.touched.begin(), scratch.touched.end()),
                              scratch.touched.end());
        Code& code = averaged[static_cast<size_t>(i)];
        code.row = scratch.touched;
        code.weight.reserve(code.row.size());
        for (const int32_t row : code.row) {
          code.weight.push_back(
              Stored(scratch.sum[static_cast<size_t>(row)] / static_cast<float>(k2)));
          scratch.sum[static_cast<size_t>(row)] = 0;
        }
      }
    });
    codes = std::move(averaged);
  }
  lists = {};

  entry_begin_.assign(static_cast<size_t>(n) + 1, 0);
  for (int64_t g = 0; g < num_gallery_; ++g) {
    for (const int32_t row : codes[static_cast<size_t>(num_queries_ + g)].row)
      ++entry_begin_[static_cast<size_t>(row) + 1];
  }
  for (size_t r = 0; r < static_cast<size_t>(n); ++r) entry_begin_[r + 1] += entry_begin_[r];
  entry_gallery_.resize(static_cast<size_t>(entry_begin_.back()));
  entry_weight_.resize(entry_gallery_.size());
  std::vector<int64_t> next(entry_begin_.begin(), entry_begin_.end() - 1);
  for (int64_t g = 0; g < num_gallery_; ++g) {
    const Code& code = codes[static_cast<size_t>(num_queries_ + g)];
    for (size_t e = 0; e < code.row.size(); ++e) {
      const size_t at = static_cast<size_t>(next[static_cast<size_t>(code.row[e])]++);
      entry_gallery_[at] = static_cast<int32_t>(g);
      entry_weight_[at] = code.weight[e];
    }
  }
  codes.resize(static_cast<size_t>(num_queries_));
  query_codes_ = std::move(codes);
}

void RerankedDistances::Rows(std::span<const int32_t> queries,
                             float* distance_query_by_gallery) const {
  original_->Rows(queries, distance_query_by_gallery);
  const float lambda = static_cast<float>(options_.lambda);
  tbb::enumerable_thread_specific<std::vector<float>> scratch(
      [&] { return std::vector<float>(static_cast<size_t>(num_gallery_)); });
  ParallelFor(static_cast<int64_t>(queries.size()), [&](int64_t i) {
    const size_t query = static_cast<size_t>(queries[static_cast<size_t>(i)]);
    float* shared = scratch.local().data();  // sum of min(V_q, V_g)
    std::fill_n(shared, num_gallery_, 0.0f);
    const Code& code = query_codes_[query];
    const bool halves = options_.dialect == RerankDialect::kBot;
    for (size_t e = 0; e < code.row.size(); ++e) {
      const float weight = code.weight[e];
      const size_t row = static_cast<size_t>(code.row[e]);
      for (int64_t at = entry_begin_[row]; at < entry_begin_[row + 1]; ++at) {
        float& sum = shared[entry_gallery_[static_cast<size_t>(at)]];
        sum += std::min(weight, entry_weight_[static_cast<size_t>(at)]);
        if (halves) sum = Stored(sum);
      }
    }
    float* distances = distance_query_by_gallery + i * num_gallery_;
    const float farthest = farthest_[query];
    for (int64_t g = 0; g < num_gallery_; ++g) {
      float jaccard = Stored(1 - Stored(shared[g] / Stored(2 - shared[g])));
      if (options_.dialect == RerankDialect::kFastreid) jaccard = std::max(jaccard, 0.0f);
      distances[g] = (1 - lambda) * jaccard +
                     lambda * DialectDistance(options_.dialect, distances[g], farthest);
    }
  });
}

constexpr RerankDialect kDialects[] = {RerankDialect::kZhong, RerankDialect::kBot,
                                       RerankDialect::kTorchreid, RerankDialect::kFastreid};

}  // namespace

std::string_view RerankDialectName(RerankDialect dialect) {
  switch (dialect) {
    case RerankDialect::kZhong:
      return "zhong";
    case RerankDialect::kBot:
      return "bot";
    case RerankDialect::kTorchreid:
      return "torchreid";
    case RerankDialect::kFastreid:
      return "fastreid";
  }
  return "";
}

std::optional<RerankDialect> ParseRerankDialect(std::string_view name) {
  for (const RerankDialect dialect : kDialects) {
    if (name == RerankDialectName(dialect)) return dialect;
  }
  return std::nullopt;
}

std::vector<std::string> RerankOptions::Validate() const {
  std::vector<std::string> violations;
  if (k1 < 1 || k1 > 1000)
    violations.push_back(fmt::format("k1: {} is out of range; expected 1 to 1000", k1));
  if (k2 < 1 || k2 > 1000)
    violations.push_back(fmt::format("k2: {} is out of range; expected 1 to 1000", k2));
  if (!(lambda >= 0 && lambda <= 1))
    violations.push_back(fmt::format("lambda: {} is out of range; expected 0 to 1", lambda));
  return violations;
}

std::unique_ptr<DistanceSource> MakeRerankedDistances(FeatureView query, FeatureView gallery,
                                                      const RerankOptions& options,
                                                      std::span<const int32_t> first_of_picture) {
  if (const auto violations = options.Validate(); !violations.empty())
    ThrowConfig("re-ranking options: {}", JoinText(violations, "; "));
  return std::make_unique<RerankedDistances>(query, gallery, options, first_of_picture);
}

std::unique_ptr<DistanceSource> MakeRerankedDistances(const DistanceParts& distances,
                                                      const RerankOptions& options) {
  if (const auto violations = options.Validate(); !violations.empty())
    ThrowConfig("re-ranking options: {}", JoinText(violations, "; "));
  return std::make_unique<RerankedDistances>(distances, options);
}

std::vector<std::string> ExpansionOptions::Validate() const {
  std::vector<std::string> violations;
  if (neighbors < 1 || neighbors > 1000)
    violations.push_back(
        fmt::format("neighbors: {} is out of range; expected 1 to 1000", neighbors));
  if (!(alpha >= 0 && alpha <= 100))
    violations.push_back(fmt::format("alpha: {} is out of range; expected 0 to 100", alpha));
  if (rounds < 1 || rounds > 100)
    violations.push_back(fmt::format("rounds: {} is out of range; expected 1 to 100", rounds));
  return violations;
}

ExpandedFeatures ExpandFeatures(FeatureView query, FeatureView gallery,
                                const ExpansionOptions& options,
                                std::span<const int32_t> first_of_picture) {
  if (const auto violations = options.Validate(); !violations.empty())
    ThrowConfig("query expansion options: {}", JoinText(violations, "; "));
  const bool whole_alpha = std::nearbyint(options.alpha) == options.alpha;
  ExpandedFeatures current;
  for (int round = 0; round < options.rounds; ++round) {
    const FeatureRows rows(round == 0 ? query : ViewOf(current.query),
                           round == 0 ? gallery : ViewOf(current.gallery), Metric::kCosine);
    const NeighborLists lists = FindNeighbors(rows, options.neighbors, first_of_picture);
    ExpandedFeatures next{FeatureMatrix(query.rows(), query.cols()),
                          FeatureMatrix(gallery.rows(), gallery.cols())};
    ParallelChunks(rows.rows(), 64, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* target = i < query.rows() ? next.query.data() + i * rows.dim()
                                         : next.gallery.data() + (i - query.rows()) * rows.dim();
        Eigen::Map<Eigen::VectorXf> sum(target, rows.dim());
        sum.setZero();
        for (const Neighbor& neighbor : lists.Of(i)) {
          float cosine = 1 - neighbor.distance;
          if (cosine < 0 && !whole_alpha) cosine = 0;
          const float weight =
              static_cast<float>(std::pow(static_cast<double>(cosine), options.alpha));
          sum += weight * Eigen::Map<const Eigen::VectorXf>(rows.row(neighbor.row), rows.dim());
        }
        sum /= static_cast<float>(lists.k);
      }
    });
    current = std::move(next);
  }
  return current;
}

}  // namespace reidbench
