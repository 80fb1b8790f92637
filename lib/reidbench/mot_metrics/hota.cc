#include "reidbench/mot_metrics/hota.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "reidbench/core/parallel.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/frame_blocks.h"

namespace reidbench {
namespace {

// The sum that numpy computes for a contiguous vector of `size` numbers of which only these are not
// zero: eight running sums up to 128 numbers, halves beyond. The sums decide ties of the
// assignment, so they must not differ in the last bit.
double NumpySum(std::span<const int32_t> at, std::span<const double> value, int32_t base,
                int32_t size) {
  if (at.size() <= 2) {
    double sum = 0;
    for (const double v : value) sum += v;
    return sum;
  }
  if (size < 8) {
    double sum = 0;
    for (const double v : value) sum += v;
    return sum;
  }
  if (size <= 128) {
    std::array<double, 8> lane{};
    const int32_t rest = base + size - size % 8;
    size_t k = 0;
    for (; k < at.size() && at[k] < rest; ++k) lane[(at[k] - base) % 8] += value[k];
    double sum =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; k < at.size(); ++k) sum += value[k];
    return sum;
  }
  const int32_t half = size / 2 - size / 2 % 8;
  const size_t cut = std::lower_bound(at.begin(), at.end(), base + half) - at.begin();
  return NumpySum(at.first(cut), value.first(cut), base, half) +
         NumpySum(at.subspan(cut), value.subspan(cut), base + half, size - half);
}

// Frames in which each id occurs.
std::vector<double> Occurrences(const std::vector<int32_t>& ids, size_t id_count) {
  std::vector<double> count(id_count, 0.0);
  for (const int32_t id : ids) ++count[id];
  return count;
}

struct IdCounts {
  std::vector<double> gt;
  std::vector<double> tracker;
};

IdCounts CountIds(const MotSequence& s) {
  return {Occurrences(s.gt_id, s.gt_id_value.size()),
          Occurrences(s.tracker_id, s.tracker_id_value.size())};
}

// How well two tracks fit over the whole sequence: weights of the per-frame assignment, by track
// pair.
std::vector<double> GlobalAlignment(const MotSequence& s, const IdCounts& ids) {
  std::vector<double> alignment(s.track_pairs.size(), 0.0);
  std::vector<double> column_sum, column_value;
  std::vector<int32_t> column_row;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const int32_t cols = s.TrackerBoxes(f);
    const uint32_t first = s.frames[f].gt_begin;
    const uint32_t last = s.frames[f + 1].gt_begin;
    if (cols == 0 || first == last) continue;
    column_sum.assign(cols, 0.0);
    for (uint32_t k = s.pair_begin[first]; k < s.pair_begin[last]; ++k)
      column_sum[s.pair_col[k]] += s.pair_iou[k];
    if (cols == 1) {  // numpy adds a single column like a vector
      column_row.clear();
      column_value.clear();
      for (uint32_t g = first; g < last; ++g) {
        for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
          column_row.push_back(static_cast<int32_t>(g - first));
          column_value.push_back(s.pair_iou[k]);
        }
      }
      column_sum[0] = NumpySum(column_row, column_value, 0, static_cast<int32_t>(last - first));
    }
    for (uint32_t g = first; g < last; ++g) {
      const uint32_t begin = s.pair_begin[g];
      const size_t count = s.pair_begin[g + 1] - begin;
      if (count == 0) continue;
      const double row_sum =
          NumpySum({s.pair_col.data() + begin, count}, {s.pair_iou.data() + begin, count}, 0, cols);
      for (uint32_t k = begin; k < begin + count; ++k) {
        const double denominator = column_sum[s.pair_col[k]] + row_sum - s.pair_iou[k];
        if (denominator > kEps) alignment[s.pair_tracks[k]] += s.pair_iou[k] / denominator;
      }
    }
  }
  for (size_t p = 0; p < alignment.size(); ++p) {
    const MotSequence::TrackPair& pair = s.track_pairs[p];
    alignment[p] = alignment[p] / (ids.gt[pair.gt] + ids.tracker[pair.tracker] - alignment[p]);
  }
  return alignment;
}

std::vector<uint32_t> Match(const MotSequence& s, const IdCounts& ids) {
  const std::vector<double> alignment = GlobalAlignment(s, ids);
  std::vector<uint32_t> pair_of_box(s.gt_id.size(), kNoPair);
  ParallelChunks(
      static_cast<int64_t>(s.frame_size()), kFramesPerTask, [&](int64_t begin, int64_t end) {
        SparseAssigner assigner;
        SparseScores scores;
        for (int64_t f = begin; f < end; ++f) {
          const uint32_t first = s.frames[f].gt_begin;
          const uint32_t last = s.frames[f + 1].gt_begin;
          scores.Clear(s.TrackerBoxes(f));
          for (uint32_t g = first; g < last; ++g) {
            for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
              const double score = alignment[s.pair_tracks[k]] * s.pair_iou[k];
              if (score > 0) scores.Add(s.pair_col[k], score);
            }
            scores.EndRow();
          }
          if (scores.col.empty()) continue;
          const std::span<const int32_t> match = assigner.MaximiseLikeScipy(scores.View());
          for (uint32_t g = first; g < last; ++g) {
            if (match[g - first] == kUnassigned) continue;
            uint32_t k = s.pair_begin[g];
            while (s.pair_col[k] != match[g - first]) ++k;
            pair_of_box[g] = k;
          }
        }
      });
  return pair_of_box;
}

// Number of alphas at which a similarity is a match; the thresholds ascend.
int Level(double similarity) {
  const AlphaValues& alphas = HotaAlphas();
  int level = std::clamp(static_cast<int>(similarity * 20), 0, kAlphas);
  while (level < kAlphas && similarity >= alphas[level] - kEps) ++level;
  while (level > 0 && !(similarity >= alphas[level - 1] - kEps)) --level;
  return level;
}

struct BoxMatch {
  uint32_t tracks;  // index into track_pairs
  int level;
};

// A(c), its recall and its precision for a pair of tracks with `m` matches.
struct Association {
  double a, re, pr;
};
Association Associate(double m, double gt_count, double tracker_count) {
  return {m / std::max(1.0, gt_count + tracker_count - m), m / std::max(1.0, gt_count),
          m / std::max(1.0, tracker_count)};
}

// Matches of each pair of tracks, grouped: calls body(pair, matches by alpha) for pairs with any,
// in the order of track_pairs.
template <typename Body>
void ForEachMatchedPair(const MotSequence& s, const std::vector<BoxMatch>& matches, Body&& body) {
  std::vector<uint32_t> at(s.track_pairs.size() + 1, 0);
  for (const BoxMatch& m : matches) ++at[m.tracks + 1];
  for (size_t p = 1; p < at.size(); ++p) at[p] += at[p - 1];
  std::vector<uint8_t> levels(matches.size());
  std::vector<uint32_t> next(at.begin(), at.end() - 1);
  for (const BoxMatch& m : matches) levels[next[m.tracks]++] = static_cast<uint8_t>(m.level);
  for (size_t p = 0; p + 1 < at.size(); ++p) {
    if (at[p] == at[p + 1]) continue;
    AlphaCounts count{};
    for (uint32_t k = at[p]; k < at[p + 1]; ++k) ++count[levels[k] - 1];
    for (int a = kAlphas - 1; a > 0; --a) count[a - 1] += count[a];
    body(p, count);
  }
}

// The boxes matched at alpha 0.05 at least, with their similarity sums left to the caller.
std::vector<BoxMatch> MatchedBoxes(const MotSequence& s, const std::vector<uint32_t>& pair_of_box,
                                   HotaCounts* counts) {
  std::vector<BoxMatch> matches;
  AlphaValues by_level{};
  for (const uint32_t k : pair_of_box) {
    if (k == kNoPair) continue;
    const int level = Level(s.pair_iou[k]);
    if (level == 0) continue;
    matches.push_back({s.pair_tracks[k], level});
    ++counts->tp[level - 1];
    by_level[level - 1] += s.pair_iou[k];
  }
  for (int a = kAlphas - 1; a > 0; --a) {
    counts->tp[a - 1] += counts->tp[a];
    by_level[a - 1] += by_level[a];
  }
  counts->similarity_sum = by_level;
  return matches;
}

}  // namespace

const AlphaValues& HotaAlphas() {
  static const AlphaValues alphas = [] {
    AlphaValues values{};
    const double step = (0.05 + 0.05) - 0.05;
    for (int i = 0; i < kAlphas; ++i) values[i] = 0.05 + i * step;
    return values;
  }();
  return alphas;
}

HotaCounts& HotaCounts::operator+=(const HotaCounts& other) {
  for (int a = 0; a < kAlphas; ++a) {
    tp[a] += other.tp[a];
    fn[a] += other.fn[a];
    fp[a] += other.fp[a];
    ass_a_sum[a] += other.ass_a_sum[a];
    ass_re_sum[a] += other.ass_re_sum[a];
    ass_pr_sum[a] += other.ass_pr_sum[a];
    similarity_sum[a] += other.similarity_sum[a];
  }
  return *this;
}

std::vector<uint32_t> MatchForHota(const MotSequence& sequence) {
  return Match(sequence, CountIds(sequence));
}

HotaCounts CountHota(const MotSequence& s) {
  const IdCounts ids = CountIds(s);
  HotaCounts counts;
  const std::vector<BoxMatch> matches = MatchedBoxes(s, Match(s, ids), &counts);
  for (int a = 0; a < kAlphas; ++a) {
    counts.fn[a] = static_cast<int64_t>(s.gt_id.size()) - counts.tp[a];
    counts.fp[a] = static_cast<int64_t>(s.tracker_id.size()) - counts.tp[a];
  }
  ForEachMatchedPair(s, matches, [&](size_t p, const AlphaCounts& m) {
    const double gt_count = ids.gt[s.track_pairs[p].gt];
    const double tracker_count = ids.tracker[s.track_pairs[p].tracker];
    for (int a = 0; a < kAlphas && m[a] > 0; ++a) {
      const double n = static_cast<double>(m[a]);
      const Association association = Associate(n, gt_count, tracker_count);
      counts.ass_a_sum[a] += n * association.a;
      counts.ass_re_sum[a] += n * association.re;
      counts.ass_pr_sum[a] += n * association.pr;
    }
  });
  return counts;
}

std::vector<HotaCounts> CountHotaBlocks(const MotSequence& s, int64_t block_frames) {
  const IdCounts ids = CountIds(s);
  const std::vector<uint32_t> pair_of_box = Match(s, ids);
  HotaCounts whole;
  const std::vector<BoxMatch> matches = MatchedBoxes(s, pair_of_box, &whole);
  std::vector<uint32_t> row_of_pair(s.track_pairs.size(), kNoPair);
  std::vector<std::array<Association, kAlphas>> association;
  ForEachMatchedPair(s, matches, [&](size_t p, const AlphaCounts& m) {
    row_of_pair[p] = static_cast<uint32_t>(association.size());
    std::array<Association, kAlphas>& row = association.emplace_back();
    for (int a = 0; a < kAlphas; ++a) {
      row[a] = Associate(static_cast<double>(m[a]), ids.gt[s.track_pairs[p].gt],
                         ids.tracker[s.track_pairs[p].tracker]);
    }
  });
  const FrameBlocks block_of(s, block_frames);
  std::vector<HotaCounts> blocks(block_of.size());
  for (size_t f = 0; f < s.frame_size(); ++f) {
    HotaCounts& block = blocks[block_of.Of(s.frames[f].number)];
    for (int a = 0; a < kAlphas; ++a) {
      block.fn[a] += s.GtBoxes(f);
      block.fp[a] += s.TrackerBoxes(f);
    }
    for (uint32_t g = s.frames[f].gt_begin; g < s.frames[f + 1].gt_begin; ++g) {
      const uint32_t k = pair_of_box[g];
      if (k == kNoPair) continue;
      const int level = Level(s.pair_iou[k]);
      for (int a = 0; a < level; ++a) {
        const Association& fit = association[row_of_pair[s.pair_tracks[k]]][a];
        ++block.tp[a];
        --block.fn[a];
        --block.fp[a];
        block.ass_a_sum[a] += fit.a;
        block.ass_re_sum[a] += fit.re;
        block.ass_pr_sum[a] += fit.pr;
        block.similarity_sum[a] += s.pair_iou[k];
      }
    }
  }
  return blocks;
}

HotaSummary Summarize(const HotaCounts& c) {
  HotaSummary out;
  out.counts = c;
  for (int a = 0; a < kAlphas; ++a) {
    const double tp = static_cast<double>(c.tp[a]);
    const double fn = static_cast<double>(c.fn[a]);
    const double fp = static_cast<double>(c.fp[a]);
    out.ass_a[a] = c.ass_a_sum[a] / std::max(1.0, tp);
    out.ass_re[a] = c.ass_re_sum[a] / std::max(1.0, tp);
    out.ass_pr[a] = c.ass_pr_sum[a] / std::max(1.0, tp);
    out.loc_a[a] = std::max(1e-10, c.similarity_sum[a]) / std::max(1e-10, tp);
    out.det_re[a] = tp / std::max(1.0, tp + fn);
    out.det_pr[a] = tp / std::max(1.0, tp + fp);
    out.det_a[a] = tp / std::max(1.0, tp + fn + fp);
    out.hota[a] = std::sqrt(out.det_a[a] * out.ass_a[a]);
    out.owta[a] = std::sqrt(out.det_re[a] * out.ass_a[a]);
  }
  return out;
}

double MeanOverAlphas(const AlphaValues& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / kAlphas;
}

}  // namespace reidbench
