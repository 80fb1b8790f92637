// Groups that grow: the best pair becomes one first, and what it became is compared again (greedy
// additive edge contraction, Keuper et al., "Efficient Decomposition of Image and Mesh Graphs by
// Lifted Multicuts", ICCV 2015). What a group is, and what a pair is worth, is the caller's: pieces
// of tracks in one camera, tracklets of several.
#pragma once

#include <algorithm>
#include <cstdint>
#include <queue>
#include <tuple>
#include <vector>

namespace reidbench {

struct ScoredPair {
  int32_t a = 0;  // the smaller number
  int32_t b = 0;
  float score = 0;
};

// Merges pairs of `groups` groups, numbered from 0, by descending score, of equal ones those of
// smaller numbers first, until none has `least`. `pairs`: the first comparisons; what is not among
// them, or below `least`, merges only if a later comparison says so.
//   bool merge(a, b)  a < b: b becomes part of a and is gone; false: leave it until one of the two
//                     has grown.
//   rescore(a, emit)  after a has grown: emit(c, score) for every group it may merge with.
template <typename Merge, typename Rescore>
void MergeBestFirst(int32_t groups, float least, const std::vector<ScoredPair>& pairs, Merge merge,
                    Rescore rescore) {
  struct Entry {
    float score;
    int32_t a, b;
    uint32_t version_a, version_b;  // of the groups when they were compared
    bool operator<(const Entry& other) const {
      return std::tie(other.score, a, b) > std::tie(score, other.a, other.b);
    }
  };
  std::vector<uint32_t> version(static_cast<size_t>(groups), 0);
  std::vector<bool> gone(static_cast<size_t>(groups), false);
  std::vector<Entry> first;
  for (const ScoredPair& pair : pairs) {
    if (pair.score >= least) first.push_back({pair.score, pair.a, pair.b, 0, 0});
  }
  std::priority_queue<Entry> queue(std::less<Entry>(), std::move(first));
  while (!queue.empty()) {
    const Entry best = queue.top();
    queue.pop();
    if (gone[best.a] || gone[best.b] || version[best.a] != best.version_a ||
        version[best.b] != best.version_b || !merge(best.a, best.b)) {
      continue;
    }
    gone[best.b] = true;
    ++version[best.a];
    rescore(best.a, [&](int32_t c, float score) {
      if (gone[c] || c == best.a || !(score >= least)) return;
      const auto [a, b] = std::minmax(c, best.a);
      queue.push({score, a, b, version[a], version[b]});
    });
  }
}

}  // namespace reidbench
