#include "reidbench/jobs/link/link_truth.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/mtmc_metrics/dialects.h"

namespace reidbench {
namespace {

constexpr double kSamePerson = 0.5;  // IoU

// The person of each box of the camera's results; -1 = nobody.
std::vector<int64_t> PeopleOfBoxes(const CameraTracks& camera) {
  std::vector<int64_t> person(camera.results.size(), -1);
  CameraTracks by_box = camera;
  for (size_t k = 0; k < by_box.results.size(); ++k) by_box.results[k].id = static_cast<int64_t>(k);
  const MotSequence sequence = CameraSequence(by_box, 0);
  SparseAssigner assigner;
  for (size_t f = 0; f < sequence.frame_size(); ++f) {
    std::vector<uint32_t> begin{0};
    std::vector<int32_t> columns;
    std::vector<double> values;
    for (int32_t row = 0; row < sequence.GtBoxes(f); ++row) {
      const uint32_t gt = sequence.frames[f].gt_begin + static_cast<uint32_t>(row);
      for (uint32_t k = sequence.pair_begin[gt]; k < sequence.pair_begin[gt + 1]; ++k) {
        if (sequence.pair_iou[k] < kSamePerson) continue;
        columns.push_back(sequence.pair_col[k]);
        values.push_back(sequence.pair_iou[k]);
      }
      begin.push_back(static_cast<uint32_t>(columns.size()));
    }
    const auto assigned = assigner.Maximise({sequence.GtBoxes(f), sequence.TrackerBoxes(f),
                                             begin.data(), columns.data(), values.data()});
    for (int32_t row = 0; row < sequence.GtBoxes(f); ++row) {
      const int32_t column = assigned[static_cast<size_t>(row)];
      if (column == kUnassigned) continue;
      const auto gt = static_cast<size_t>(sequence.frames[f].gt_begin) + static_cast<size_t>(row);
      const auto box =
          static_cast<size_t>(sequence.frames[f].tracker_begin) + static_cast<size_t>(column);
      person[static_cast<size_t>(
          sequence.tracker_id_value[static_cast<size_t>(sequence.tracker_id[box])])] =
          sequence.gt_id_value[static_cast<size_t>(sequence.gt_id[gt])];
    }
  }
  return person;
}

// -1 when most are nobody's.
int64_t MostOf(const std::vector<int64_t>& people) {
  std::map<int64_t, int64_t> count;
  for (const int64_t person : people) ++count[person];
  int64_t best = -1, most = 0, known = 0;
  for (const auto& [person, n] : count) {
    if (person < 0) continue;
    known += n;
    if (n > most) {
      most = n;
      best = person;
    }
  }
  return 2 * known < static_cast<int64_t>(people.size()) ? -1 : best;
}

LinkScore ScoreWith(SiteTracks* site, const std::vector<std::vector<int64_t>>& ids) {
  for (size_t c = 0; c < site->cameras.size(); ++c) {
    for (size_t k = 0; k < ids[c].size(); ++k) site->cameras[c].results[k].id = ids[c][k];
  }
  const std::string duke[] = {"duke"};
  const std::vector<DialectScore> scores = ScoreDialects(*site, PrepareSite(*site), duke);
  const DialectScore& score = scores.front();
  if (score.status != DialectStatus::kOk)
    ThrowInput("the links cannot be judged by the ground truth: {}", score.reason);
  const IdentityCounts& counts = std::get<DukeScore>(score.values).identity;
  return {counts.tp, counts.fp, counts.fn};
}

// Gives boxes the ids of people, first come first served where two of a frame want the same one;
// the rest gets numbers that nobody has.
class FreeIds {
 public:
  explicit FreeIds(int64_t first) : next_(first) {}
  int64_t Fresh() { return next_++; }

 private:
  int64_t next_;
};

}  // namespace

LinkTruthScores JudgeLinks(SiteTracks site, std::span<const JudgedCamera> cameras,
                           std::span<const SiteTracklet> tracklets,
                           std::vector<NamedLink>* decisions) {
  const size_t n = site.cameras.size();
  std::vector<std::vector<int64_t>> person(n);
  ParallelFor(static_cast<int64_t>(n), [&](int64_t c) {
    person[static_cast<size_t>(c)] = PeopleOfBoxes(site.cameras[static_cast<size_t>(c)]);
  });
  int64_t free = 1;
  for (const CameraTracks& camera : site.cameras) {
    for (const SiteBox& box : camera.truth) free = std::max(free, box.id + 1);
  }
  FreeIds ids(free);
  std::vector<std::vector<int64_t>> plain(n), linked(n), perfect_link(n), perfect(n);
  for (size_t c = 0; c < n; ++c) {
    const CameraTracks& camera = site.cameras[c];
    // Whole tracks of the input.
    std::map<int64_t, std::vector<size_t>> boxes_of;
    for (size_t k = 0; k < camera.results.size(); ++k) boxes_of[cameras[c].tracks[k]].push_back(k);
    plain[c].resize(camera.results.size());
    perfect_link[c].resize(camera.results.size());
    perfect[c].resize(camera.results.size());
    linked[c] = cameras[c].people;
    std::set<std::pair<int64_t, int64_t>> taken;  // frame and person
    std::vector<std::pair<size_t, int64_t>> longest;
    for (const auto& [track, boxes] : boxes_of) longest.emplace_back(boxes.size(), track);
    std::sort(longest.begin(), longest.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (const auto& [size, track] : longest) {
      const std::vector<size_t>& boxes = boxes_of[track];
      std::vector<int64_t> people;
      for (const size_t k : boxes) people.push_back(person[c][k]);
      int64_t id = MostOf(people);
      const int64_t own = ids.Fresh();
      for (const size_t k : boxes) plain[c][k] = own;
      for (const size_t k : boxes) {
        if (id >= 0 && taken.count({camera.results[k].frame, id}) != 0) id = -1;
      }
      for (const size_t k : boxes) {
        if (id >= 0) taken.emplace(camera.results[k].frame, id);
        perfect_link[c][k] = id >= 0 ? id : own;
        perfect[c][k] = person[c][k] >= 0 ? person[c][k] : own;
      }
    }
  }
  LinkTruthScores truth;
  truth.plain = ScoreWith(&site, plain);
  truth.linked = ScoreWith(&site, linked);
  truth.perfect_link = ScoreWith(&site, perfect_link);
  truth.perfect = ScoreWith(&site, perfect);
  std::vector<int64_t> person_of_tracklet;
  for (const SiteTracklet& tracklet : tracklets) {
    std::vector<int64_t> people;
    for (const int32_t k : tracklet.boxes)
      people.push_back(person[static_cast<size_t>(tracklet.camera)][static_cast<size_t>(k)]);
    person_of_tracklet.push_back(MostOf(people));
  }
  for (NamedLink& link : *decisions) {
    const int64_t before = person_of_tracklet[static_cast<size_t>(link.decision.before)];
    const int64_t after = person_of_tracklet[static_cast<size_t>(link.decision.after)];
    if (before >= 0 && after >= 0) link.right = (before == after) == link.decision.accepted;
    if (!link.decision.accepted) continue;
    if (!link.right) {
      ++truth.neutral;
    } else {
      ++(*link.right ? truth.right : truth.wrong);
    }
  }
  return truth;
}

}  // namespace reidbench
