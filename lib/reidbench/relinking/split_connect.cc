#include "reidbench/relinking/split_connect.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "reidbench/core/eigen_views.h"
#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/row_products.h"
#include "reidbench/relinking/box_groups.h"
#include "reidbench/relinking/track_table.h"

namespace reidbench {
namespace {

constexpr int kNoise = -1;
constexpr float kApart = std::numeric_limits<float>::infinity();  // two in one frame
constexpr Eigen::Index kBlock = 256;

// Every column to mean 0 and variance 1, then every row to length 1.
void Standardise(RowMatrix* x) {
  const Eigen::RowVectorXf mean = x->colwise().mean();
  x->rowwise() -= mean;
  for (Eigen::Index c = 0; c < x->cols(); ++c) {
    const float deviation = std::sqrt(x->col(c).squaredNorm() / static_cast<float>(x->rows()));
    if (deviation > 0) x->col(c) /= deviation;
  }
  for (Eigen::Index r = 0; r < x->rows(); ++r) {
    const float length = x->row(r).norm();
    if (length > 0) x->row(r) /= length;
  }
}

// DBSCAN (Ester et al. 1996) of unit rows by cosine distance: the cluster of each row, kNoise for
// none. Neighbourhoods are kept as bits: n * n / 8 bytes.
std::vector<int> Dbscan(const RowMatrix& x, double eps, int min_samples) {
  const Eigen::Index n = x.rows();
  const auto words = static_cast<size_t>((n + 63) / 64);
  std::vector<uint64_t> near(words * static_cast<size_t>(n), 0);
  std::vector<int> neighbours(static_cast<size_t>(n), 0);
  const auto least = static_cast<float>(1 - eps);
  const RightFactor right(ViewOf(x));
  ParallelChunks(n, kBlock, [&](int64_t begin, int64_t end) {
    const FeatureMatrix similarity = right.LeftTimes(ViewOf(x, begin, end - begin));
    for (Eigen::Index r = begin; r < end; ++r) {
      uint64_t* bits = near.data() + static_cast<size_t>(r) * words;
      for (Eigen::Index c = 0; c < n; ++c) {
        if (c != r && similarity(r - begin, c) < least) continue;
        bits[c / 64] |= uint64_t{1} << (c % 64);
        ++neighbours[static_cast<size_t>(r)];
      }
    }
  });
  std::vector<int> cluster(static_cast<size_t>(n), kNoise);
  int clusters = 0;
  std::vector<size_t> open;
  for (size_t seed = 0; seed < cluster.size(); ++seed) {
    if (cluster[seed] != kNoise || neighbours[seed] < min_samples) continue;
    cluster[seed] = clusters;
    open.assign(1, seed);
    while (!open.empty()) {
      const size_t at = open.back();
      open.pop_back();
      for (size_t w = 0; w < words; ++w) {
        for (uint64_t bits = near[at * words + w]; bits != 0; bits &= bits - 1) {
          const size_t other = w * 64 + static_cast<size_t>(std::countr_zero(bits));
          if (cluster[other] != kNoise) continue;
          cluster[other] = clusters;
          if (neighbours[other] >= min_samples) open.push_back(other);
        }
      }
    }
    ++clusters;
  }
  return cluster;
}

// Rows' mean per cluster, [clusters x d], each of length 1.
RowMatrix Centres(const RowMatrix& x, const std::vector<int>& cluster, int clusters) {
  RowMatrix centres = RowMatrix::Zero(clusters, x.cols());
  for (size_t i = 0; i < cluster.size(); ++i) {
    if (cluster[i] != kNoise) centres.row(cluster[i]) += x.row(static_cast<Eigen::Index>(i));
  }
  for (Eigen::Index c = 0; c < centres.rows(); ++c) {
    const float length = centres.row(c).norm();
    if (length > 0) centres.row(c) /= length;
  }
  return centres;
}

// At most `max_clusters`, without noise; all 0 when the boxes are of one kind.
std::vector<int> ClusterBoxes(RowMatrix x, const SplitConnectOptions& options) {
  Standardise(&x);
  std::vector<int> cluster = Dbscan(x, options.eps, options.min_samples);
  int clusters = 1 + *std::max_element(cluster.begin(), cluster.end());
  if (clusters <= 1) return std::vector<int>(cluster.size(), 0);
  const RowMatrix centres = Centres(x, cluster, clusters);
  for (size_t i = 0; i < cluster.size(); ++i) {
    if (cluster[i] != kNoise) continue;
    Eigen::Index nearest = 0;
    (centres * x.row(static_cast<Eigen::Index>(i)).transpose()).maxCoeff(&nearest);
    cluster[i] = static_cast<int>(nearest);
  }
  while (clusters > options.max_clusters) {
    RowMatrix similarity = Centres(x, cluster, clusters);
    similarity = (similarity * similarity.transpose()).eval();
    int into = 0;
    int from = 1;
    for (int a = 0; a < clusters; ++a) {
      for (int b = a + 1; b < clusters; ++b) {
        if (similarity(a, b) > similarity(into, from)) {
          into = a;
          from = b;
        }
      }
    }
    for (int& c : cluster) {
      if (c == from) c = into;
      if (c > from) --c;
    }
    --clusters;
  }
  return cluster;
}

class SplitConnect {
 public:
  SplitConnect(const RelinkInput& input, const SplitConnectOptions& options)
      : input_(input), options_(options) {}

  RelinkResult Run() {
    const TrackTable table = MakeTrackTable(*input_.tracks);
    for (const int64_t row : input_.embedding_row) result_.boxes_without_embedding += row < 0;
    for (const TrackTable::Track& track : table.tracks) {
      if (options_.split && static_cast<int>(track.boxes.size()) >= options_.min_length) {
        Split(track);
      } else {
        groups_.push_back(MakeBoxGroup(input_, track.id, track.boxes));
      }
    }
    if (options_.connect) Connect();
    result_.tracks = ApplyDecisions(*input_.tracks, result_.decisions);
    return std::move(result_);
  }

 private:
  void Split(const TrackTable::Track& track) {
    std::vector<int32_t> with_embedding;
    for (const int32_t box : track.boxes) {
      if (input_.embedding_row[box] >= 0) with_embedding.push_back(box);
    }
    std::vector<int> cluster(with_embedding.size(), 0);
    if (static_cast<int>(with_embedding.size()) >= options_.min_length) {
      RowMatrix x(static_cast<Eigen::Index>(with_embedding.size()), input_.embeddings->cols());
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        x.row(i) = EigenRow(*input_.embeddings, input_.embedding_row[with_embedding[i]]);
        const float length = x.row(i).norm();
        if (length > 0) x.row(i) /= length;
      }
      cluster = ClusterBoxes(std::move(x), options_);
    }
    // Stretches of one cluster; the cluster of a box without embedding is that of the box before.
    struct Stretch {
      int cluster;
      std::vector<int32_t> boxes;
    };
    std::vector<Stretch> stretches;
    size_t next = 0;
    for (const int32_t box : track.boxes) {
      int of = stretches.empty() ? -1 : stretches.back().cluster;
      if (next < with_embedding.size() && with_embedding[next] == box) of = cluster[next++];
      if (of < 0) of = cluster.empty() ? 0 : cluster.front();
      if (stretches.empty() || stretches.back().cluster != of) stretches.push_back({of, {}});
      stretches.back().boxes.push_back(box);
    }
    std::vector<int64_t> group_of(static_cast<size_t>(options_.max_clusters), -1);
    for (size_t s = 0; s < stretches.size(); ++s) {
      BoxGroup group = MakeBoxGroup(input_, track.id, stretches[s].boxes);
      if (s > 0) {
        RelinkDecision cut = LinkGroups(MakeBoxGroup(input_, track.id, stretches[s - 1].boxes),
                                        group, input_.frame_rate);
        cut.kind = RelinkDecisionKind::kSplit;
        cut.step = "split";
        cut.gates = {{"cluster_before", stretches[s - 1].cluster},
                     {"cluster_after", stretches[s].cluster}};
        result_.decisions.push_back(std::move(cut));
      }
      int64_t& known = group_of[static_cast<size_t>(stretches[s].cluster)];
      if (known < 0) {
        known = static_cast<int64_t>(groups_.size());
        groups_.push_back(std::move(group));
      } else {
        RelinkDecision link = LinkGroups(groups_[known], group, input_.frame_rate);
        link.step = "cluster";
        result_.decisions.push_back(std::move(link));
        MergeInto(&groups_[known], group);
      }
    }
  }

  // Greedy average linkage. The mean over all pairs of crops is one minus the product of the mean
  // vectors, and after a merge the mean of the distances weighted by the numbers of crops.
  void Connect() {
    std::vector<size_t> order(groups_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return groups_[a].frames.front() < groups_[b].frames.front();
    });
    std::vector<BoxGroup> groups;
    for (const size_t g : order) {
      if (groups_[g].embeddings > 0) groups.push_back(std::move(groups_[g]));
    }
    const auto n = static_cast<Eigen::Index>(groups.size());
    if (n < 2) return;
    RowMatrix means(n, input_.embeddings->cols());
    for (Eigen::Index g = 0; g < n; ++g) means.row(g) = groups[g].Mean(false).transpose();
    RowMatrix distance(n, n);
    const RightFactor right(ViewOf(means));
    ParallelChunks(n, kBlock, [&](int64_t begin, int64_t end) {
      distance.middleRows(begin, end - begin) =
          AsEigen(right.LeftTimes(ViewOf(means, begin, end - begin)));
      for (Eigen::Index a = begin; a < end; ++a) {
        for (Eigen::Index b = 0; b < n; ++b) {
          distance(a, b) =
              a == b || CommonFrame(groups[a], groups[b]) ? kApart : 1 - distance(a, b);
        }
      }
    });
    std::vector<bool> alive(static_cast<size_t>(n), true);
    std::vector<Eigen::Index> nearest(static_cast<size_t>(n), 0);
    const auto search = [&](Eigen::Index a) { distance.row(a).minCoeff(&nearest[a]); };
    for (Eigen::Index a = 0; a < n; ++a) search(a);
    for (;;) {
      Eigen::Index a = -1;
      for (Eigen::Index g = 0; g < n; ++g) {
        if (alive[g] && (a < 0 || distance(g, nearest[g]) < distance(a, nearest[a]))) a = g;
      }
      if (a < 0) return;
      Eigen::Index b = nearest[a];
      const float smallest = distance(a, b);
      if (!(smallest < options_.connect_below)) {
        if (smallest < 1.25 * options_.connect_below) Log(groups[a], groups[b], smallest, false);
        return;
      }
      if (groups[b].frames.front() < groups[a].frames.front()) std::swap(a, b);
      Log(groups[a], groups[b], smallest, true);
      const auto weight_a = static_cast<float>(groups[a].embeddings);
      const auto weight_b = static_cast<float>(groups[b].embeddings);
      MergeInto(&groups[a], groups[b]);
      alive[b] = false;
      for (Eigen::Index c = 0; c < n; ++c) {
        // What is apart from one is apart from both.
        const float joined =
            c == a || !alive[c]
                ? kApart
                : (weight_a * distance(a, c) + weight_b * distance(b, c)) / (weight_a + weight_b);
        distance(a, c) = distance(c, a) = joined;
      }
      distance.row(b).setConstant(kApart);
      distance.col(b).setConstant(kApart);
      search(a);
      for (Eigen::Index c = 0; c < n; ++c) {
        if (c == a || !alive[c]) continue;
        if (nearest[c] == a || nearest[c] == b) {
          search(c);
        } else if (distance(c, a) < distance(c, nearest[c])) {
          nearest[c] = a;
        }
      }
    }
  }

  void Log(const BoxGroup& a, const BoxGroup& b, float distance, bool accepted) {
    const bool in_order = a.frames.front() <= b.frames.front();
    RelinkDecision link = LinkGroups(in_order ? a : b, in_order ? b : a, input_.frame_rate);
    link.accepted = accepted;
    link.appearance_distance = distance;
    link.gates = {{"distance", distance}, {"distance_below", options_.connect_below}};
    if (!accepted) link.reason = "threshold";
    result_.decisions.push_back(std::move(link));
  }

  const RelinkInput& input_;
  const SplitConnectOptions& options_;
  RelinkResult result_;
  std::vector<BoxGroup> groups_;
};

}  // namespace

OptionTable SplitConnectOptions::Table() {
  return OptionTable()
      .Add("split", &split, "Cluster the crops of long tracks")
      .Add("connect", &connect, "Join tracklets")
      .Add("eps", &eps, {0, 2}, "DBSCAN radius, cosine distance of standardised embeddings")
      .Add("min_samples", &min_samples, {.low = 1}, "Boxes within eps that make a core box")
      .Add("min_length", &min_length, {.low = 1}, "Boxes from which a track is split")
      .Add("max_clusters", &max_clusters, {.low = 1}, "Clusters of a track at most")
      .Add("connect_below", &connect_below, {0, 2},
           "Mean cosine distance below which tracklets are joined");
}

RelinkResult RelinkBySplitConnect(const RelinkInput& input, const SplitConnectOptions& options) {
  RequireOptions("split-connect", options.Validate());
  return SplitConnect(input, options).Run();
}

}  // namespace reidbench
