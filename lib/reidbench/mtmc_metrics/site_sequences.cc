#include "reidbench/mtmc_metrics/site_sequences.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <string>

#include "reidbench/core/parallel.h"
#include "reidbench/mot_metrics/benchmark.h"
#include "reidbench/mtmc_metrics/accumulator.h"

namespace reidbench {
namespace {

constexpr double kZeroSimilarityMetres = 2;  // where the similarity of places reaches 0

TrackSet TrackSetOf(const std::string& name, const std::vector<SiteBox>& boxes, int64_t shift) {
  TrackSet tracks;
  tracks.sequence = name;
  tracks.boxes.resize(boxes.size());
  for (size_t k = 0; k < boxes.size(); ++k) {
    tracks.boxes[k].frame = FrameIndex(boxes[k].frame + shift);
    tracks.boxes[k].id = TrackId(boxes[k].id);
    tracks.boxes[k].box = boxes[k].box;
    tracks.frame_count = std::max(tracks.frame_count, boxes[k].frame + shift);
  }
  return tracks;
}

// One frame of a sequence with ids as in the files, appended under another number.
class FrameCopier {
 public:
  explicit FrameCopier(SequenceBuilder* builder) : builder_(builder) {}

  void Copy(const MotSequence& s, size_t f, int64_t number) {
    const MotSequence::Frame &frame = s.frames[f], &next = s.frames[f + 1];
    gt_.clear();
    tracker_.clear();
    for (uint32_t g = frame.gt_begin; g < next.gt_begin; ++g)
      gt_.push_back(s.gt_id_value[s.gt_id[g]]);
    for (uint32_t t = frame.tracker_begin; t < next.tracker_begin; ++t)
      tracker_.push_back(s.tracker_id_value[s.tracker_id[t]]);
    builder_->AddFrame(number, gt_, tracker_, s.Similarity(f));
  }

 private:
  SequenceBuilder* const builder_;
  std::vector<int64_t> gt_, tracker_;
};

// Calls visit(frame, truth rows, result rows) for every frame of either side, ascending.
template <typename Visit>
void ForEachGroundFrame(std::span<const GroundRow> truth, std::span<const GroundRow> results,
                        const Visit& visit) {
  size_t g = 0, r = 0;
  while (g < truth.size() || r < results.size()) {
    const int64_t frame = g == truth.size()     ? results[r].frame
                          : r == results.size() ? truth[g].frame
                                                : std::min(truth[g].frame, results[r].frame);
    const size_t gt_begin = g, result_begin = r;
    while (g < truth.size() && truth[g].frame == frame) ++g;
    while (r < results.size() && results[r].frame == frame) ++r;
    visit(frame, truth.subspan(gt_begin, g - gt_begin),
          results.subspan(result_begin, r - result_begin));
  }
}

// `closeness(dx, dy)` of a pair; what is not above 0 is no pair.
template <typename Closeness, typename Wanted>
MotSequence BuildOnGround(std::span<const GroundRow> truth, std::span<const GroundRow> results,
                          const Wanted& wanted, const Closeness& closeness) {
  SequenceBuilder builder("ground");
  std::vector<int64_t> gt_ids, result_ids;
  SparseScores scores;
  int64_t last = 0;
  ForEachGroundFrame(
      truth, results,
      [&](int64_t frame, std::span<const GroundRow> people, std::span<const GroundRow> found) {
        if (!wanted(frame, people)) return;
        last = frame;
        gt_ids.clear();
        result_ids.clear();
        for (const GroundRow& row : found) result_ids.push_back(row.id);
        scores.Clear(static_cast<int32_t>(found.size()));
        for (const GroundRow& person : people) {
          gt_ids.push_back(person.id);
          for (size_t c = 0; c < found.size(); ++c) {
            const double value = closeness(person.x - found[c].x, person.y - found[c].y);
            if (value > 0) scores.Add(static_cast<int32_t>(c), value);
          }
          scores.EndRow();
        }
        builder.AddFrame(frame, gt_ids, result_ids, scores.View());
      });
  return builder.Finish(last);
}

}  // namespace

MotSequence CameraSequence(const CameraTracks& camera, int64_t shift) {
  MotBenchmark everything;
  everything.has_classes = false;
  everything.preprocess = false;
  return PrepareSequence(TrackSetOf(camera.name, camera.truth, shift),
                         TrackSetOf(camera.name, camera.results, shift), everything,
                         everything.classes.front());
}

MotSequence Concatenate(std::span<const MotSequence> cameras, int64_t offset) {
  SequenceBuilder builder("site");
  FrameCopier copier(&builder);
  for (const MotSequence& camera : cameras) {
    for (size_t f = 0; f < camera.frame_size(); ++f)
      copier.Copy(camera, f, camera.frames[f].number + offset);
    offset += camera.frame_count;
  }
  return builder.Finish(offset);
}

MotSequence Interleave(std::span<const MotSequence> cameras) {
  SequenceBuilder builder("site");
  FrameCopier copier(&builder);
  std::vector<size_t> next(cameras.size(), 0);
  const auto views = static_cast<int64_t>(cameras.size());
  int64_t last = 0;
  for (;;) {
    int64_t frame = std::numeric_limits<int64_t>::max();
    for (size_t m = 0; m < cameras.size(); ++m) {
      if (next[m] < cameras[m].frame_size())
        frame = std::min(frame, cameras[m].frames[next[m]].number);
    }
    if (frame == std::numeric_limits<int64_t>::max()) return builder.Finish(last);
    for (size_t m = 0; m < cameras.size(); ++m) {
      if (next[m] == cameras[m].frame_size() || cameras[m].frames[next[m]].number != frame)
        continue;
      last = frame * views + static_cast<int64_t>(m);
      copier.Copy(cameras[m], next[m]++, last);
    }
  }
}

int64_t FrameShift(const SiteTracks& site) { return site.results_from_zero ? 1 : 0; }

SiteSequences PrepareSite(const SiteTracks& site) {
  SiteSequences out;
  std::vector<const CameraTracks*> scored;
  for (const CameraTracks& camera : site.cameras) {
    if (camera.has_truth) scored.push_back(&camera);
  }
  try {
    out.cameras.resize(scored.size());
    ParallelFor(static_cast<int64_t>(scored.size()),
                [&](int64_t c) { out.cameras[c] = CameraSequence(*scored[c], FrameShift(site)); });
    out.concatenated = Concatenate(out.cameras);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    out.error = error;
  }
  return out;
}

std::vector<GroundRow> PoolGround(std::span<const CameraTracks* const> cameras, bool truth) {
  struct Key {
    int64_t frame, id;
    uint32_t row;  // the first camera's comes first
    auto operator<=>(const Key&) const = default;
  };
  std::vector<GroundRow> rows;
  std::vector<Key> keys;
  for (const CameraTracks* camera : cameras) {
    for (const SiteBox& box : truth ? camera->truth : camera->results) {
      if (!box.ground) continue;
      keys.push_back({box.frame, box.id, static_cast<uint32_t>(rows.size())});
      rows.push_back({box.frame, box.id, box.ground->x, box.ground->y});
    }
  }
  std::sort(keys.begin(), keys.end());
  std::vector<GroundRow> pooled;
  for (size_t k = 0; k < keys.size(); ++k) {
    if (k > 0 && keys[k].frame == keys[k - 1].frame && keys[k].id == keys[k - 1].id) continue;
    pooled.push_back(rows[keys[k].row]);
  }
  return pooled;
}

MotSequence GroundSequence(std::span<const GroundRow> truth, std::span<const GroundRow> results) {
  return BuildOnGround(
      truth, results, [](int64_t frame, std::span<const GroundRow>) { return frame >= 1; },
      [](double dx, double dy) {
        return 1 - std::sqrt(dx * dx + dy * dy) / kZeroSimilarityMetres;
      });
}

MotSequence GroundSequenceForAccumulator(std::span<const GroundRow> truth,
                                         std::span<const GroundRow> results) {
  return BuildOnGround(
      truth, results, [](int64_t, std::span<const GroundRow> people) { return !people.empty(); },
      [](double dx, double dy) {
        const double squared = dx * dx + dy * dy;
        return squared <= 1 ? kAccumulatorOffset - std::sqrt(squared) : 0.0;
      });
}

}  // namespace reidbench
