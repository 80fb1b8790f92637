#include "reidbench/retrieval/ranking.h"

#include <tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <unordered_map>

#include "reidbench/core/error.h"
#include "reidbench/core/interrupt.h"
#include "reidbench/core/isa.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/random.h"
#include "reidbench/core/text.h"
#include "reidbench/retrieval/ranking_scores.h"
#include "reidbench/retrieval/single_shot.h"
#include "reidbench/retrieval/tile_kernel.h"
#include "reidbench/retrieval/verification_counter.h"

namespace reidbench {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int64_t kRowColumns = VerificationCounter::kMaxRow;
constexpr int64_t kMaxTileRows = 96;
constexpr int64_t kMaxChunkQueries = 16384;
// Fewer pairs than this are kept for verification as they are.
constexpr int64_t kKeepAllPairs = int64_t{4} << 20;
constexpr int64_t kMaxKeptAroundEer = int64_t{32} << 20;
// Floats of one strip of rows from a DistanceSource.
constexpr int64_t kStripFloats = int64_t{8} << 20;
// From so many thresholds on, sorting the distances beats comparing each with each.
constexpr int64_t kSortThresholds = 384;

// Images of one camera, all of them distractors or none: their counts go to the same place.
struct Segment {
  int64_t begin = 0;
  int64_t end = 0;
  int32_t camera = 0;
  int32_t distractor = 0;  // class of Match
};

// The gallery without junk, by (camera, distractor, row); "column" is a position in this order.
struct GalleryLayout {
  std::vector<int32_t> row_of_column;
  std::vector<int32_t> camera_of_row;  // index into cameras; 0 without cameras
  std::vector<CameraId> cameras;       // ascending
  std::vector<Segment> segments;
  std::unordered_map<PersonId, std::vector<int32_t>> columns_of_person;  // ascending
  int64_t num_distractors = 0;

  int64_t size() const { return static_cast<int64_t>(row_of_column.size()); }
};

std::vector<CameraId> DistinctCameras(std::span<const CameraId> cameras) {
  std::vector<CameraId> distinct(cameras.begin(), cameras.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct;
}

GalleryLayout MakeLayout(const RankingInput& input) {
  GalleryLayout layout;
  const size_t rows = input.gallery_person.size();
  layout.cameras = DistinctCameras(input.gallery_camera);
  layout.camera_of_row.assign(rows, 0);
  for (size_t r = 0; r < input.gallery_camera.size(); ++r) {
    layout.camera_of_row[r] = static_cast<int32_t>(
        std::lower_bound(layout.cameras.begin(), layout.cameras.end(), input.gallery_camera[r]) -
        layout.cameras.begin());
  }
  const auto is_distractor = [&](int32_t row) {
    return static_cast<int32_t>(input.gallery_person[static_cast<size_t>(row)].value == 0);
  };
  const auto camera_of = [&](int32_t row) {
    return layout.camera_of_row[static_cast<size_t>(row)];
  };
  for (size_t r = 0; r < rows; ++r) {
    if (input.gallery_person[r].value >= 0) layout.row_of_column.push_back(static_cast<int32_t>(r));
  }
  std::stable_sort(layout.row_of_column.begin(), layout.row_of_column.end(),
                   [&](int32_t a, int32_t b) {
                     return std::pair(camera_of(a), is_distractor(a)) <
                            std::pair(camera_of(b), is_distractor(b));
                   });
  for (size_t c = 0; c < layout.row_of_column.size(); ++c) {
    const int32_t row = layout.row_of_column[c];
    layout.num_distractors += is_distractor(row);
    layout.columns_of_person[input.gallery_person[static_cast<size_t>(row)]].push_back(
        static_cast<int32_t>(c));
    if (layout.segments.empty() || layout.segments.back().camera != camera_of(row) ||
        layout.segments.back().distractor != is_distractor(row)) {
      layout.segments.push_back({static_cast<int64_t>(c), 0, camera_of(row), is_distractor(row)});
    }
    layout.segments.back().end = static_cast<int64_t>(c) + 1;
  }
  return layout;
}

// How many of `distances` are below, and at most, each of the ascending thresholds.
void CountBelow(const float* distances, int64_t size, std::span<const float> thresholds,
                std::vector<float>* scratch, int32_t* below, int32_t* at_most) {
  const int64_t n = static_cast<int64_t>(thresholds.size());
  if (n < kSortThresholds) {
    ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
      for (int64_t j = 0; j < n; ++j) {
        const float threshold = thresholds[static_cast<size_t>(j)];
        int32_t count_below = 0;
        int32_t count_at_most = 0;
        for (int64_t i = 0; i < size; ++i) {
          count_below += distances[i] < threshold;
          count_at_most += distances[i] <= threshold;
        }
        below[j] = count_below;
        at_most[j] = count_at_most;
      }
    });
    return;
  }
  scratch->assign(distances, distances + size);
  std::sort(scratch->begin(), scratch->end());
  size_t low = 0;
  size_t high = 0;
  for (int64_t j = 0; j < n; ++j) {
    const float threshold = thresholds[static_cast<size_t>(j)];
    while (low < scratch->size() && (*scratch)[low] < threshold) ++low;
    while (high < scratch->size() && (*scratch)[high] <= threshold) ++high;
    below[j] = static_cast<int32_t>(low);
    at_most[j] = static_cast<int32_t>(high);
  }
}

struct DistanceSums {
  double sum = 0;
  double squares = 0;
};

// Of those that are finite: eight sums side by side, always in the same order.
DistanceSums SumDistances(const float* distances, int64_t count) {
  return ForActiveIsa([=]() REIDBENCH_ALWAYS_INLINE {
    Double2 sums[4] = {};
    Double2 squares[4] = {};
    const auto add = [&](int v, Double2 d) REIDBENCH_ALWAYS_INLINE {
      const Double2 finite = d == static_cast<double>(kInfinity) ? Double2{} : d;
      sums[v] += finite;
      squares[v] += finite * finite;
    };
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) add(v, Double2{distances[i + 2 * v], distances[i + 2 * v + 1]});
    }
    for (; i < count; ++i) add(0, Double2{distances[i], 0});
    DistanceSums total;
    for (int v = 0; v < 4; ++v) {
      for (int lane = 0; lane < 2; ++lane) {
        total.sum += sums[v][lane];
        total.squares += squares[v][lane];
      }
    }
    return total;
  });
}

bool Precedes(const RankedImage& a, const RankedImage& b) {
  return a.distance < b.distance || (a.distance == b.distance && a.gallery_row < b.gallery_row);
}

// The k first of what is offered, as a heap with the last of them on top.
void OfferTop(const RankedImage& image, size_t k, std::vector<RankedImage>* top) {
  if (top->size() == k) {
    if (!Precedes(image, top->front())) return;
    std::pop_heap(top->begin(), top->end(), Precedes);
    top->back() = image;
  } else {
    top->push_back(image);
  }
  std::push_heap(top->begin(), top->end(), Precedes);
}

void CheckLength(const char* what, size_t found, int64_t expected, const char* features) {
  if (static_cast<int64_t>(found) != expected) {
    ThrowInput("{}: {} entries, but there are {} {} features; expected one per row", what, found,
               expected, features);
  }
}

// A picture shows one person, whether as query or in the gallery (where it may be junk).
void CheckPictures(const RankingInput& input) {
  std::unordered_map<int32_t, size_t> query_of;
  for (size_t q = 0; q < input.query_picture.size(); ++q)
    query_of.emplace(input.query_picture[q], q);
  for (size_t g = 0; g < input.gallery_picture.size(); ++g) {
    const auto query = query_of.find(input.gallery_picture[g]);
    if (query == query_of.end() || input.gallery_person[g].value < 0 ||
        input.gallery_person[g] == input.query_person[query->second]) {
      continue;
    }
    ThrowInput("query row {} and gallery row {} are one picture, but of person {} and of person {}",
               query->second, g, input.query_person[query->second].value,
               input.gallery_person[g].value);
  }
}

void CheckInput(const RankingInput& input, const RankingOptions& options,
                const DistanceSource* source) {
  const int64_t num_query = source != nullptr ? source->num_queries() : input.query.rows();
  const int64_t num_gallery = source != nullptr ? source->num_gallery() : input.gallery.rows();
  if (num_query == 0) ThrowInput("there are no query images: nothing to rank");
  if (num_gallery == 0) ThrowInput("there are no gallery images: nothing to rank");
  CheckLength("query_person", input.query_person.size(), num_query, "query");
  CheckLength("gallery_person", input.gallery_person.size(), num_gallery, "gallery");
  const bool no_cameras = input.query_camera.empty() && input.gallery_camera.empty();
  if (no_cameras && options.camera_rule) {
    ThrowInput(
        "there are no camera ids, and the protocol drops images of the query's own camera; add "
        "them or turn the camera rule off");
  }
  if (!no_cameras) {
    CheckLength("query_camera", input.query_camera.size(), num_query, "query");
    CheckLength("gallery_camera", input.gallery_camera.size(), num_gallery, "gallery");
  }
  if (!input.query_picture.empty() || !input.gallery_picture.empty()) {
    CheckLength("query_picture", input.query_picture.size(), num_query, "query");
    CheckLength("gallery_picture", input.gallery_picture.size(), num_gallery, "gallery");
    CheckPictures(input);
  }
  for (size_t q = 0; q < input.query_person.size(); ++q) {
    if (input.query_person[q].value < 0) {
      ThrowInput(
          "query row {} has person {}: negative ids mark junk images, which cannot be queries", q,
          input.query_person[q].value);
    }
  }
  const bool all_junk = std::all_of(input.gallery_person.begin(), input.gallery_person.end(),
                                    [](PersonId p) { return p.value < 0; });
  if (all_junk)
    ThrowInput("all {} gallery images are junk (person < 0): nothing to rank", num_gallery);
}

// Ranks all queries, chunk by chunk.
class Ranker {
 public:
  Ranker(const RankingInput& input, const RankingOptions& options, const DistanceSource* source)
      : input_(input), options_(options), source_(source), layout_(MakeLayout(input)) {
    if (source_ == nullptr) {
      rows_ = std::make_unique<FeatureRows>(input.query, input.gallery, options.metric);
      if (rows_->rows() > std::numeric_limits<int32_t>::max())
        ThrowInput("{} rows are more than is supported", rows_->rows());
    }
    has_cameras_ = !input.gallery_camera.empty();
    num_queries_ = static_cast<int64_t>(input.query_person.size());
  }

  RankingResult Run();

 private:
  // Queries [begin, end) and the gallery images of their persons.
  struct Chunk {
    int64_t begin = 0;
    int64_t end = 0;
    std::vector<int64_t> match_begin;  // of each query, and the end
    std::vector<Match> matches;
    std::vector<float> thresholds;  // distances of matches

    std::span<Match> MatchesOf(int64_t query) {
      const size_t q = static_cast<size_t>(query - begin);
      return std::span(matches).subspan(static_cast<size_t>(match_begin[q]),
                                        static_cast<size_t>(match_begin[q + 1] - match_begin[q]));
    }
  };
  struct Scratch {
    std::vector<int32_t> below;
    std::vector<int32_t> at_most;
    std::vector<float> sorted;
  };

  bool SameCamera(int64_t query, int32_t row) const {
    return has_cameras_ && input_.query_camera[static_cast<size_t>(query)] ==
                               input_.gallery_camera[static_cast<size_t>(row)];
  }
  bool IsOwn(int64_t query, int32_t row) const {
    return !input_.query_picture.empty() && input_.query_picture[static_cast<size_t>(query)] ==
                                                input_.gallery_picture[static_cast<size_t>(row)];
  }
  bool IsDropped(int64_t query, int32_t row) const {
    return IsOwn(query, row) || (options_.camera_rule && SameCamera(query, row));
  }
  PersonId PersonOf(int64_t query) const { return input_.query_person[static_cast<size_t>(query)]; }
  // Columns of the query's person, ascending; empty if there are none.
  std::span<const int32_t> ColumnsOf(int64_t query) const {
    const auto it = layout_.columns_of_person.find(PersonOf(query));
    return it == layout_.columns_of_person.end() ? std::span<const int32_t>()
                                                 : std::span<const int32_t>(it->second);
  }
  // Infinity in place of the person's own images: what remains are pairs of different persons.
  void HideOwnImages(int64_t query, int64_t column_begin, int64_t count, float* distances) const;

  Chunk NextChunk(int64_t begin) const;
  void FillDistances(Chunk* chunk) const;
  void SortMatches(Chunk* chunk, int64_t query) const;
  std::vector<int32_t> GalleryIds(std::span<const int32_t> columns) const;

  // Calls per_tile(query, column_begin, count, distances) for all tiles of a query in column order,
  // queries in parallel, and before the first tile of a query, when distances come from a source,
  // per_row(query, distances of all gallery rows).
  template <typename PerRow, typename PerTile>
  void Stream(int64_t query_begin, int64_t query_end, const PerRow& per_row,
              const PerTile& per_tile) const;
  template <typename PerTile>
  void StreamFeatures(int64_t query_begin, int64_t query_end, const PerTile& per_tile) const;
  template <typename PerRow, typename PerTile>
  void StreamSource(int64_t query_begin, int64_t query_end, const PerRow& per_row,
                    const PerTile& per_tile) const;

  void CountTile(Chunk* chunk, int64_t query, int64_t column_begin, int64_t count, float* distances,
                 Scratch* scratch);
  void RankChunk(Chunk* chunk);
  VerificationPlan MakePlan() const;
  void CollectGenuine(Chunk* chunk);
  VerificationResult FinishVerification();
  void SingleShot(RankingResult* result, ScoreBoard* board) const;

  const RankingInput& input_;
  const RankingOptions& options_;
  const DistanceSource* source_;
  GalleryLayout layout_;
  std::unique_ptr<FeatureRows> rows_;
  bool has_cameras_ = false;
  int64_t num_queries_ = 0;

  std::vector<std::vector<RankedImage>> top_;  // per query
  std::unique_ptr<VerificationCounter> verification_;
  std::vector<double> sum_;             // per query, of impostor distances
  std::vector<double> sum_of_squares_;  // likewise
  std::vector<float> genuine_;
  // Pairs of a query and a gallery image that are both of person 0: impostors, though of one id.
  std::vector<float> distractor_pairs_;
};

void Ranker::HideOwnImages(int64_t query, int64_t column_begin, int64_t count,
                           float* distances) const {
  const std::span<const int32_t> columns = ColumnsOf(query);
  for (auto it = std::lower_bound(columns.begin(), columns.end(), column_begin);
       it != columns.end() && *it < column_begin + count; ++it) {
    distances[*it - column_begin] = kInfinity;
  }
}

std::vector<int32_t> Ranker::GalleryIds(std::span<const int32_t> columns) const {
  std::vector<int32_t> ids;
  ids.reserve(columns.size());
  for (const int32_t column : columns) {
    ids.push_back(static_cast<int32_t>(num_queries_) +
                  layout_.row_of_column[static_cast<size_t>(column)]);
  }
  return ids;
}

Ranker::Chunk Ranker::NextChunk(int64_t begin) const {
  Chunk chunk;
  chunk.begin = begin;
  chunk.end = begin;
  chunk.match_begin.push_back(0);
  while (chunk.end < num_queries_ && chunk.end - begin < kMaxChunkQueries) {
    const std::span<const int32_t> columns = ColumnsOf(chunk.end);
    if (chunk.end > begin &&
        static_cast<int64_t>(chunk.matches.size() + columns.size()) > options_.max_matches)
      break;
    for (const int32_t column : columns) {
      Match match;
      match.row = layout_.row_of_column[static_cast<size_t>(column)];
      match.camera = layout_.camera_of_row[static_cast<size_t>(match.row)];
      match.own = IsOwn(chunk.end, match.row);
      match.dropped = IsDropped(chunk.end, match.row);
      chunk.matches.push_back(match);
    }
    chunk.match_begin.push_back(static_cast<int64_t>(chunk.matches.size()));
    ++chunk.end;
  }
  chunk.thresholds.resize(chunk.matches.size());
  return chunk;
}

void Ranker::SortMatches(Chunk* chunk, int64_t query) const {
  const std::span<Match> matches = chunk->MatchesOf(query);
  std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  });
  const size_t offset =
      static_cast<size_t>(chunk->match_begin[static_cast<size_t>(query - chunk->begin)]);
  for (size_t m = 0; m < matches.size(); ++m) chunk->thresholds[offset + m] = matches[m].distance;
}

// Distances of matches before the stream, person by person. They have the bits that the stream will
// show.
void Ranker::FillDistances(Chunk* chunk) const {
  std::unordered_map<PersonId, size_t> group_of;
  std::vector<std::vector<int32_t>> groups;  // queries of one person
  for (int64_t q = chunk->begin; q < chunk->end; ++q) {
    if (ColumnsOf(q).empty()) continue;
    const auto [it, added] = group_of.try_emplace(PersonOf(q), groups.size());
    if (added) groups.emplace_back();
    groups[it->second].push_back(static_cast<int32_t>(q));
  }
  tbb::enumerable_thread_specific<AlignedFloats> buffers(
      [] { return AlignedFloats(kMaxTileRows * kRowColumns); });
  ParallelFor(static_cast<int64_t>(groups.size()), [&](int64_t g) {
    const std::vector<int32_t>& queries = groups[static_cast<size_t>(g)];
    const std::span<const int32_t> columns = ColumnsOf(queries.front());
    float* tile = buffers.local().data();
    PackedRows left;
    PackLeft(*rows_, queries, &left);
    PackedRows right;
    for (int64_t column = 0; column < static_cast<int64_t>(columns.size()); column += kRowColumns) {
      const int64_t count =
          std::min<int64_t>(kRowColumns, static_cast<int64_t>(columns.size()) - column);
      PackRight(
          *rows_,
          GalleryIds(columns.subspan(static_cast<size_t>(column), static_cast<size_t>(count))),
          &right);
      for (int64_t row = 0; row < left.count; row += kMaxTileRows) {
        const int64_t row_end = std::min(left.count, row + kMaxTileRows);
        DistanceTile(left, row, row_end, right, 0, count, options_.metric, tile, kRowColumns);
        for (int64_t r = row; r < row_end; ++r) {
          // Matches are still in column order.
          const std::span<Match> matches = chunk->MatchesOf(queries[static_cast<size_t>(r)]);
          for (int64_t c = 0; c < count; ++c) {
            matches[static_cast<size_t>(column + c)].distance = tile[(r - row) * kRowColumns + c];
          }
        }
      }
    }
  });
  ParallelFor(chunk->end - chunk->begin, [&](int64_t q) { SortMatches(chunk, chunk->begin + q); });
}

template <typename PerTile>
void Ranker::StreamFeatures(int64_t query_begin, int64_t query_end, const PerTile& per_tile) const {
  PackedRows left;
  PackLeft(*rows_, IdRange(query_begin, query_end), &left);
  // Small sets are cut finer, so that all threads have work.
  const int64_t tile_rows = left.count >= 768 ? kMaxTileRows : kMaxTileRows / 4;
  tbb::enumerable_thread_specific<AlignedFloats> buffers(
      [] { return AlignedFloats(kMaxTileRows * kRowColumns); });
  PackedRows right;
  const int64_t slab = SlabColumns(rows_->dim());
  for (int64_t slab_begin = 0; slab_begin < layout_.size(); slab_begin += slab) {
    if (InterruptRequested()) throw Interrupted("interrupted while ranking");
    const int64_t slab_end = std::min(layout_.size(), slab_begin + slab);
    PackRightParallel(*rows_, GalleryIds(IdRange(slab_begin, slab_end)), &right);
    ParallelFor((left.count + tile_rows - 1) / tile_rows, [&](int64_t task) {
      const int64_t row_begin = task * tile_rows;
      const int64_t row_end = std::min(left.count, row_begin + tile_rows);
      float* tile = buffers.local().data();
      for (int64_t column = 0; column < right.count; column += kRowColumns) {
        const int64_t column_end = std::min(right.count, column + kRowColumns);
        DistanceTile(left, row_begin, row_end, right, column, column_end, options_.metric, tile,
                     kRowColumns);
        for (int64_t row = row_begin; row < row_end; ++row) {
          per_tile(query_begin + row, slab_begin + column, column_end - column,
                   tile + (row - row_begin) * kRowColumns);
        }
      }
    });
  }
}

template <typename PerRow, typename PerTile>
void Ranker::StreamSource(int64_t query_begin, int64_t query_end, const PerRow& per_row,
                          const PerTile& per_tile) const {
  const int64_t num_rows = source_->num_gallery();
  const int64_t strip = std::clamp<int64_t>(kStripFloats / num_rows, 1,
                                            std::max<int64_t>(query_end - query_begin, 1));
  std::vector<float> distances(static_cast<size_t>(strip * num_rows));
  for (int64_t begin = query_begin; begin < query_end; begin += strip) {
    if (InterruptRequested()) throw Interrupted("interrupted while ranking");
    const int64_t end = std::min(query_end, begin + strip);
    source_->Rows(IdRange(begin, end), distances.data());
    ParallelFor(end - begin, [&](int64_t q) {
      const float* row = distances.data() + q * num_rows;
      per_row(begin + q, row);
      float tile[kRowColumns];
      for (int64_t column = 0; column < layout_.size(); column += kRowColumns) {
        const int64_t count = std::min(kRowColumns, layout_.size() - column);
        for (int64_t c = 0; c < count; ++c)
          tile[c] = row[layout_.row_of_column[static_cast<size_t>(column + c)]];
        per_tile(begin + q, column, count, tile);
      }
    });
  }
}

template <typename PerRow, typename PerTile>
void Ranker::Stream(int64_t query_begin, int64_t query_end, const PerRow& per_row,
                    const PerTile& per_tile) const {
  if (source_ == nullptr) {
    StreamFeatures(query_begin, query_end, per_tile);
  } else {
    StreamSource(query_begin, query_end, per_row, per_tile);
  }
}

void Ranker::CountTile(Chunk* chunk, int64_t query, int64_t column_begin, int64_t count,
                       float* distances, Scratch* scratch) {
  const std::span<Match> matches = chunk->MatchesOf(query);
  const size_t offset =
      static_cast<size_t>(chunk->match_begin[static_cast<size_t>(query - chunk->begin)]);
  const std::span<const float> thresholds =
      std::span<const float>(chunk->thresholds).subspan(offset, matches.size());
  const int64_t column_end = column_begin + count;
  HideOwnImages(query, column_begin, count, distances);

  if (verification_ != nullptr) {
    const DistanceSums sums = SumDistances(distances, count);
    sum_[static_cast<size_t>(query)] += sums.sum;
    sum_of_squares_[static_cast<size_t>(query)] += sums.squares;
    verification_->Count(distances, count);
  }

  if (options_.top_k > 0) {
    std::vector<RankedImage>& top = top_[static_cast<size_t>(query)];
    const size_t k = static_cast<size_t>(options_.top_k);
    float worst = top.size() < k ? std::numeric_limits<float>::max() : top.front().distance;
    for (int64_t i = 0; i < count; ++i) {
      if (distances[i] > worst) continue;
      OfferTop({layout_.row_of_column[static_cast<size_t>(column_begin + i)], distances[i]}, k,
               &top);
      if (top.size() == k) worst = top.front().distance;
    }
  }

  if (matches.empty()) return;
  if (scratch->below.size() < matches.size()) {
    scratch->below.resize(matches.size());
    scratch->at_most.resize(matches.size());
  }
  auto segment = std::upper_bound(layout_.segments.begin(), layout_.segments.end(), column_begin,
                                  [](int64_t column, const Segment& s) { return column < s.end; });
  for (; segment != layout_.segments.end() && segment->begin < column_end; ++segment) {
    const int64_t begin = std::max(segment->begin, column_begin);
    const int64_t size = std::min(segment->end, column_end) - begin;
    const float* d = distances + (begin - column_begin);
    // Thresholds below all distances count nothing.
    const float nearest = Least(d, size);
    const size_t first = static_cast<size_t>(
        std::lower_bound(thresholds.begin(), thresholds.end(), nearest) - thresholds.begin());
    if (first == matches.size()) continue;
    CountBelow(d, size, thresholds.subspan(first), &scratch->sorted, scratch->below.data(),
               scratch->at_most.data());
    for (size_t m = first; m < matches.size(); ++m) {
      Match& match = matches[m];
      const uint32_t nearer = static_cast<uint32_t>(scratch->below[m - first]);
      const uint32_t tied = static_cast<uint32_t>(scratch->at_most[m - first]) - nearer;
      uint32_t ahead = nearer;
      if (tied > 0) {
        // Rows ascend within a segment.
        for (int64_t i = 0;
             i < size && layout_.row_of_column[static_cast<size_t>(begin + i)] < match.row; ++i) {
          ahead += d[i] == match.distance;
        }
      }
      match.nearer[segment->distractor] += nearer;
      match.tied[segment->distractor] += tied;
      match.ahead[segment->distractor] += ahead;
      if (match.camera == segment->camera) match.ahead_in_camera += ahead;
    }
  }
}

void Ranker::RankChunk(Chunk* chunk) {
  tbb::enumerable_thread_specific<Scratch> scratch;
  Stream(
      chunk->begin, chunk->end,
      [&](int64_t query, const float* distance_of_row) {
        for (Match& match : chunk->MatchesOf(query)) match.distance = distance_of_row[match.row];
        SortMatches(chunk, query);
      },
      [&](int64_t query, int64_t column_begin, int64_t count, float* distances) {
        CountTile(chunk, query, column_begin, count, distances, &scratch.local());
      });
  if (options_.top_k == 0) return;
  ParallelFor(chunk->end - chunk->begin, [&](int64_t i) {
    const int64_t query = chunk->begin + i;
    std::vector<RankedImage>& top = top_[static_cast<size_t>(query)];
    for (const Match& match : chunk->MatchesOf(query)) {
      if (!match.dropped)
        OfferTop({match.row, match.distance}, static_cast<size_t>(options_.top_k), &top);
    }
    std::sort(top.begin(), top.end(), Precedes);
  });
}

void Ranker::CollectGenuine(Chunk* chunk) {
  for (int64_t query = chunk->begin; query < chunk->end; ++query) {
    std::vector<float>& target = PersonOf(query).value == 0 ? distractor_pairs_ : genuine_;
    for (const Match& match : chunk->MatchesOf(query)) {
      if (!match.dropped) target.push_back(match.distance);
    }
  }
}

// Samples distances to bracket what verification keeps: some columns of all queries from features,
// all columns of some queries from a source.
VerificationPlan Ranker::MakePlan() const {
  const int64_t num_pairs = num_queries_ * layout_.size();
  if (num_pairs <= kKeepAllPairs) return {};
  std::vector<float> sample;
  if (source_ == nullptr) {
    const int64_t columns =
        std::min(layout_.size(), std::clamp<int64_t>(layout_.size() / 64, 256, 2048));
    const int64_t query_step = std::max<int64_t>(1, num_queries_ * columns / (int64_t{8} << 20));
    std::vector<int32_t> picked;
    for (int64_t c = 0; c < columns; ++c)
      picked.push_back(static_cast<int32_t>(c * layout_.size() / columns));
    std::vector<int32_t> queries;
    for (int64_t q = 0; q < num_queries_; q += query_step)
      queries.push_back(static_cast<int32_t>(q));
    PackedRows left, right;
    PackLeft(*rows_, queries, &left);
    PackRight(*rows_, GalleryIds(picked), &right);
    sample.resize(static_cast<size_t>(left.count * columns));
    const int64_t stride = RoundUp(columns, kPanelColumns);
    tbb::enumerable_thread_specific<AlignedFloats> buffers(
        [&] { return AlignedFloats(static_cast<size_t>(kBlockRows * stride)); });
    ParallelFor((left.count + kBlockRows - 1) / kBlockRows, [&](int64_t block) {
      float* tile = buffers.local().data();
      const int64_t begin = block * kBlockRows;
      const int64_t end = std::min(left.count, begin + kBlockRows);
      DistanceTile(left, begin, end, right, 0, columns, options_.metric, tile, stride);
      for (int64_t q = begin; q < end; ++q) {
        float* out = sample.data() + q * columns;
        std::copy_n(tile + (q - begin) * stride, columns, out);
        const PersonId person = PersonOf(queries[static_cast<size_t>(q)]);
        for (int64_t c = 0; c < columns; ++c) {
          const int32_t row =
              layout_.row_of_column[static_cast<size_t>(picked[static_cast<size_t>(c)])];
          if (input_.gallery_person[static_cast<size_t>(row)] == person) out[c] = kInfinity;
        }
      }
    });
    std::vector<float> genuine = genuine_;
    SortFloats(&genuine);
    return PlanVerification(sample, columns, genuine, 0, num_pairs, kMaxKeptAroundEer);
  }
  const int64_t num_picked =
      std::min(num_queries_, std::clamp<int64_t>(num_queries_ / 32, 64, 256));
  std::vector<int32_t> picked;
  for (int64_t i = 0; i < num_picked; ++i)
    picked.push_back(static_cast<int32_t>(i * num_queries_ / num_picked));
  std::vector<float> genuine;
  const size_t num_rows = static_cast<size_t>(source_->num_gallery());
  const int64_t column_step =
      std::max<int64_t>(1, num_picked * layout_.size() / (int64_t{8} << 20));
  const size_t strip = std::max<size_t>(static_cast<size_t>(kStripFloats) / num_rows, 1);
  std::vector<float> distances(std::min(strip, picked.size()) * num_rows);
  for (size_t begin = 0; begin < picked.size(); begin += strip) {
    const std::span<const int32_t> queries =
        std::span(picked).subspan(begin, std::min(strip, picked.size() - begin));
    source_->Rows(queries, distances.data());
    for (size_t i = 0; i < queries.size(); ++i) {
      float* row = distances.data() + i * num_rows;
      for (const int32_t column : ColumnsOf(queries[i])) {
        const int32_t r = layout_.row_of_column[static_cast<size_t>(column)];
        if (PersonOf(queries[i]).value != 0 && !IsDropped(queries[i], r)) genuine.push_back(row[r]);
        row[r] = kInfinity;
      }
      for (int64_t c = 0; c < layout_.size(); c += column_step) {
        sample.push_back(row[layout_.row_of_column[static_cast<size_t>(c)]]);
      }
    }
  }
  SortFloats(&genuine);
  const int64_t columns = (layout_.size() + column_step - 1) / column_step;
  // Shares of a query's genuine pairs vary by about a quarter from query to query.
  const double genuine_error = 0.25 / std::sqrt(static_cast<double>(num_picked));
  return PlanVerification(sample, columns, genuine, genuine_error, num_pairs, kMaxKeptAroundEer);
}

VerificationResult Ranker::FinishVerification() {
  ImpostorTotals totals;
  for (int64_t q = 0; q < num_queries_; ++q) {
    totals.count += layout_.size() - static_cast<int64_t>(ColumnsOf(q).size());
    totals.sum += sum_[static_cast<size_t>(q)];
    totals.sum_of_squares += sum_of_squares_[static_cast<size_t>(q)];
  }
  for (const float d : distractor_pairs_) {
    ++totals.count;
    totals.sum += d;
    totals.sum_of_squares += static_cast<double>(d) * d;
    verification_->Count(&d, 1);
  }
  SortFloats(&genuine_);
  return verification_->Finish(genuine_, totals, [&](const VerificationCounter::Sink& sink) {
    for (int64_t begin = 0; begin < num_queries_; begin += kMaxChunkQueries) {
      Stream(
          begin, std::min(num_queries_, begin + kMaxChunkQueries), [](int64_t, const float*) {},
          [&](int64_t query, int64_t column_begin, int64_t count, float* distances) {
            HideOwnImages(query, column_begin, count, distances);
            sink(distances, count);
          });
    }
    for (const float d : distractor_pairs_) sink(&d, 1);
  });
}

// Single-shot CMC from whole rows: these galleries are small (CUHK03: 100 persons; VIPeR: 316).
void Ranker::SingleShot(RankingResult* result, ScoreBoard* board) const {
  const size_t num_rows = input_.gallery_person.size();
  std::unordered_map<PersonId, int32_t> number;
  std::vector<int32_t> number_of_row(num_rows, -1);
  for (size_t r = 0; r < num_rows; ++r) {
    if (input_.gallery_person[r].value < 0) continue;
    number_of_row[r] =
        number.try_emplace(input_.gallery_person[r], static_cast<int32_t>(number.size()))
            .first->second;
  }
  std::unique_ptr<FeatureDistances> own;
  if (source_ == nullptr)
    own = std::make_unique<FeatureDistances>(input_.query, input_.gallery, options_.metric);
  const DistanceSource& distances = source_ == nullptr ? *own : *source_;
  const int64_t strip =
      std::clamp<int64_t>(kStripFloats / static_cast<int64_t>(num_rows), 1, num_queries_);
  std::vector<float> strip_distances(static_cast<size_t>(strip) * num_rows);
  std::vector<std::vector<double>> cmc(static_cast<size_t>(strip));
  const int max_rank = static_cast<int>(std::min<int64_t>(options_.max_rank, layout_.size()));
  for (int64_t begin = 0; begin < num_queries_; begin += strip) {
    if (InterruptRequested()) throw Interrupted("interrupted while ranking");
    const int64_t end = std::min(num_queries_, begin + strip);
    distances.Rows(IdRange(begin, end), strip_distances.data());
    ParallelFor(end - begin, [&](int64_t i) {
      const int64_t query = begin + i;
      if (result->queries[static_cast<size_t>(query)].status != QueryStatus::kValid) return;
      const float* d = strip_distances.data() + static_cast<size_t>(i) * num_rows;
      std::vector<int32_t> order;
      for (size_t r = 0; r < num_rows; ++r) {
        const int32_t row = static_cast<int32_t>(r);
        if (number_of_row[r] < 0 || IsOwn(query, row)) continue;
        const bool same_camera = options_.camera_rule && SameCamera(query, row);
        const bool same_person = input_.gallery_person[r] == PersonOf(query);
        if (same_camera && (same_person || options_.protocol == Protocol::kCuhk03SeparateCameras))
          continue;
        order.push_back(row);
      }
      std::sort(order.begin(), order.end(),
                [&](int32_t a, int32_t b) { return d[a] < d[b] || (d[a] == d[b] && a < b); });
      for (int32_t& row : order) row = number_of_row[static_cast<size_t>(row)];
      SingleShotGallery gallery{order, number.at(PersonOf(query)),
                                static_cast<int32_t>(number.size())};
      std::vector<double>& query_cmc = cmc[static_cast<size_t>(i)];
      if (options_.single_shot_repeats == 0) {
        query_cmc = SingleShotExpectation(gallery, max_rank);
      } else {
        Rng rng(options_.bootstrap.seed, static_cast<uint64_t>(query));
        query_cmc = SingleShotSampled(gallery, max_rank, options_.single_shot_repeats, &rng);
      }
      result->queries[static_cast<size_t>(query)].rank1 = query_cmc.front();
    });
    for (int64_t query = begin; query < end; ++query) {
      if (result->queries[static_cast<size_t>(query)].status != QueryStatus::kValid) continue;
      board->AddSingleShot(cmc[static_cast<size_t>(query - begin)]);
    }
  }
}

RankingResult Ranker::Run() {
  RankingResult result;
  result.num_queries = num_queries_;
  result.num_gallery = layout_.size();
  result.num_junk = static_cast<int64_t>(input_.gallery_person.size()) - layout_.size();
  result.num_distractors = layout_.num_distractors;
  result.query_cameras = DistinctCameras(input_.query_camera);
  result.gallery_cameras = layout_.cameras;
  result.queries.resize(static_cast<size_t>(num_queries_));
  top_.resize(static_cast<size_t>(num_queries_));
  ScoreBoard board(options_, layout_.size());

  if (options_.verification) {
    sum_.assign(static_cast<size_t>(num_queries_), 0);
    sum_of_squares_.assign(static_cast<size_t>(num_queries_), 0);
  }
  for (int64_t begin = 0; begin < num_queries_;) {
    Chunk chunk = NextChunk(begin);
    if (source_ == nullptr) FillDistances(&chunk);
    if (options_.verification && begin == 0) {
      // The bracket is planned with the genuine distances of the first chunk, which is all there
      // are in usual data sets.
      if (source_ == nullptr) CollectGenuine(&chunk);
      verification_ = std::make_unique<VerificationCounter>(MakePlan());
      genuine_.clear();
      distractor_pairs_.clear();
    }
    RankChunk(&chunk);
    if (options_.verification) CollectGenuine(&chunk);
    for (int64_t query = chunk.begin; query < chunk.end; ++query) {
      const size_t q = static_cast<size_t>(query);
      board.AddQuery(chunk.MatchesOf(query), PersonOf(query).value == 0,
                     has_cameras_ ? input_.query_camera[q] : CameraId{0}, layout_.cameras,
                     &result.queries[q]);
      result.queries[q].top = std::move(top_[q]);
      for (const Match& match : chunk.MatchesOf(query)) result.num_own_pictures += match.own;
    }
    begin = chunk.end;
  }
  if (options_.verification) result.verification = FinishVerification();
  if (options_.protocol == Protocol::kCuhk03 ||
      options_.protocol == Protocol::kCuhk03SeparateCameras) {
    SingleShot(&result, &board);
  }
  board.Finish(input_.query_person, &result);
  return result;
}

constexpr Protocol kProtocols[] = {Protocol::kMarket1501, Protocol::kAllshots, Protocol::kCuhk03,
                                   Protocol::kCuhk03SeparateCameras};

}  // namespace

std::string_view ProtocolName(Protocol protocol) {
  switch (protocol) {
    case Protocol::kMarket1501:
      return "market1501";
    case Protocol::kAllshots:
      return "allshots";
    case Protocol::kCuhk03:
      return "cuhk03";
    case Protocol::kCuhk03SeparateCameras:
      return "cuhk03-separate-cameras";
  }
  return "";
}

std::optional<Protocol> ParseProtocol(std::string_view name) {
  for (const Protocol protocol : kProtocols) {
    if (name == ProtocolName(protocol)) return protocol;
  }
  return std::nullopt;
}

std::vector<std::string> RankingOptions::Validate() const {
  std::vector<std::string> violations = bootstrap.Validate();
  for (std::string& v : violations) v = "bootstrap." + v;
  const auto check = [&](const char* name, int value, int low, int high) {
    if (value < low || value > high) {
      violations.push_back(
          fmt::format("{}: {} is out of range; expected {} to {}", name, value, low, high));
    }
  };
  check("max_rank", max_rank, 1, 10000);
  check("top_k", top_k, 0, 10000);
  check("oml_k", oml_k, 1, 1000000000);
  if (max_matches < 1) {
    violations.push_back(
        fmt::format("max_matches: {} is out of range; expected 1 or more", max_matches));
  }
  check("single_shot_repeats", single_shot_repeats, 0, 100000);
  return violations;
}

RankingResult Rank(const RankingInput& input, const RankingOptions& options,
                   const DistanceSource* source) {
  if (const auto violations = options.Validate(); !violations.empty())
    ThrowConfig("ranking options: {}", JoinText(violations, "; "));
  CheckInput(input, options, source);
  return Ranker(input, options, source).Run();
}

}  // namespace reidbench
