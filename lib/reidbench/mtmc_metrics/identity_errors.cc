#include "reidbench/mtmc_metrics/identity_errors.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "reidbench/core/parallel.h"
#include "reidbench/matching/assignment.h"
#include "reidbench/mot_metrics/hota.h"
#include "reidbench/mot_metrics/identity.h"
#include "reidbench/mot_metrics/track_overlap.h"
#include "reidbench/mtmc_metrics/person_counts.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {
namespace {

// The partner of each ground truth id in the whole site, by the ids of the files.
using Partners = std::unordered_map<int64_t, int64_t>;

Partners PartnersOf(const MotSequence& s) {
  Partners partners;
  const std::vector<int32_t> match = MatchIdentities(s);
  for (size_t g = 0; g < match.size(); ++g) {
    if (match[g] >= 0) partners[s.gt_id_value[g]] = s.tracker_id_value[match[g]];
  }
  return partners;
}

CameraErrors ErrorsOf(const MotSequence& s, const Partners& site) {
  CameraErrors errors;
  errors.camera = s.name;
  errors.truth_boxes = static_cast<int64_t>(s.gt_id.size());
  errors.result_boxes = static_cast<int64_t>(s.tracker_id.size());
  const std::vector<int32_t> own = MatchIdentities(s);
  std::vector<int32_t> of_site(s.gt_id_value.size(), -1);
  for (size_t g = 0; g < of_site.size(); ++g) {
    const auto partner = site.find(s.gt_id_value[g]);
    if (partner == site.end()) continue;
    const auto at =
        std::lower_bound(s.tracker_id_value.begin(), s.tracker_id_value.end(), partner->second);
    if (at != s.tracker_id_value.end() && *at == partner->second)
      of_site[g] = static_cast<int32_t>(at - s.tracker_id_value.begin());
  }
  // What lies on a box: anything, its partner in the camera, its partner in the site.
  constexpr uint8_t kSomebody = 1, kOfCamera = 2, kOfSite = 4;
  const auto add = [&](uint8_t seen, IdentityErrors* to) {
    if ((seen & kOfSite) != 0) return;
    if ((seen & kOfCamera) != 0) {
      ++to->between;
    } else if ((seen & kSomebody) != 0) {
      ++to->inside;
    } else {
      ++to->undetected;
    }
  };
  std::vector<uint8_t> results;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    const int32_t* const tracker_id = s.tracker_id.data() + s.frames[f].tracker_begin;
    results.assign(s.TrackerBoxes(f), 0);
    for (uint32_t g = s.frames[f].gt_begin; g < s.frames[f + 1].gt_begin; ++g) {
      uint8_t seen = 0;
      for (uint32_t k = s.pair_begin[g]; k < s.pair_begin[g + 1]; ++k) {
        if (s.pair_iou[k] < kIdentityThreshold) continue;
        const int32_t tracker = tracker_id[s.pair_col[k]];
        const uint8_t here = kSomebody | (own[s.gt_id[g]] == tracker ? kOfCamera : 0) |
                             (of_site[s.gt_id[g]] == tracker ? kOfSite : 0);
        seen |= here;
        results[s.pair_col[k]] |= here;
      }
      add(seen, &errors.truth);
    }
    for (const uint8_t seen : results) add(seen, &errors.results);
  }
  return errors;
}

// Number of boxes by id and camera.
std::vector<int64_t> BoxesByCamera(const std::vector<int32_t>& ids, size_t id_count,
                                   const std::vector<int32_t>& camera_of_box, size_t cameras) {
  std::vector<int64_t> boxes(id_count * cameras, 0);
  for (size_t k = 0; k < ids.size(); ++k) ++boxes[ids[k] * cameras + camera_of_box[k]];
  return boxes;
}

AssociationSplit SplitAssociation(std::span<const MotSequence> cameras, const MotSequence& s) {
  const size_t count = cameras.size();
  std::vector<int64_t> end;  // last frame of each camera in the concatenation
  for (const MotSequence& camera : cameras)
    end.push_back((end.empty() ? 0 : end.back()) + camera.frame_count);
  std::vector<int32_t> gt_camera(s.gt_id.size()), tracker_camera(s.tracker_id.size());
  size_t c = 0;
  for (size_t f = 0; f < s.frame_size(); ++f) {
    while (s.frames[f].number > end[c]) ++c;
    std::fill(gt_camera.begin() + s.frames[f].gt_begin,
              gt_camera.begin() + s.frames[f + 1].gt_begin, static_cast<int32_t>(c));
    std::fill(tracker_camera.begin() + s.frames[f].tracker_begin,
              tracker_camera.begin() + s.frames[f + 1].tracker_begin, static_cast<int32_t>(c));
  }
  const std::vector<int64_t> gt_boxes =
      BoxesByCamera(s.gt_id, s.gt_id_value.size(), gt_camera, count);
  const std::vector<int64_t> tracker_boxes =
      BoxesByCamera(s.tracker_id, s.tracker_id_value.size(), tracker_camera, count);
  const auto total = [&](const std::vector<int64_t>& boxes, int32_t id) {
    int64_t sum = 0;
    for (size_t k = 0; k < count; ++k) sum += boxes[id * count + k];
    return sum;
  };
  // Matches by pair of tracks, camera and alpha.
  std::vector<AlphaCounts> matches(s.track_pairs.size() * count, AlphaCounts{});
  const std::vector<uint32_t> match = MatchForHota(s);
  for (size_t g = 0; g < match.size(); ++g) {
    if (match[g] == kNoPair) continue;
    AlphaCounts& own = matches[s.pair_tracks[match[g]] * count + gt_camera[g]];
    for (int a = 0; a < kAlphas && s.pair_iou[match[g]] >= HotaAlphas()[a] - kEps; ++a) ++own[a];
  }
  AlphaValues whole{}, inside{}, between{}, tp{}, tp_between{};
  for (size_t p = 0; p < s.track_pairs.size(); ++p) {
    const auto [gt, tracker] = s.track_pairs[p];
    const int64_t gt_all = total(gt_boxes, gt), tracker_all = total(tracker_boxes, tracker);
    for (int a = 0; a < kAlphas; ++a) {
      int64_t all = 0;
      for (size_t k = 0; k < count; ++k) all += matches[p * count + k][a];
      if (all == 0) break;
      for (size_t k = 0; k < count; ++k) {
        const int64_t here = matches[p * count + k][a];
        if (here == 0) continue;
        const int64_t gt_here = gt_boxes[gt * count + k];
        const int64_t tracker_here = tracker_boxes[tracker * count + k];
        const auto n = static_cast<double>(here);
        tp[a] += n;
        whole[a] += n * static_cast<double>(all) / static_cast<double>(gt_all + tracker_all - all);
        inside[a] += n * n / static_cast<double>(gt_here + tracker_here - here);
        const int64_t elsewhere = all - here;
        const int64_t wanted = gt_all - gt_here + tracker_all - tracker_here - elsewhere;
        if (wanted == 0) continue;
        tp_between[a] += n;
        between[a] += n * static_cast<double>(elsewhere) / static_cast<double>(wanted);
      }
    }
  }
  AssociationSplit split;
  bool any_between = false;
  double between_mean = 0;
  for (int a = 0; a < kAlphas; ++a) {
    split.whole += whole[a] / std::max(1.0, tp[a]) / kAlphas;
    split.inside += inside[a] / std::max(1.0, tp[a]) / kAlphas;
    between_mean += between[a] / std::max(1.0, tp_between[a]) / kAlphas;
    any_between = any_between || tp_between[a] > 0;
  }
  if (any_between) split.between = between_mean;
  return split;
}

int64_t CommonPeople(const MotSequence& a, const MotSequence& b) {
  std::vector<int64_t> common;
  std::set_intersection(a.gt_id_value.begin(), a.gt_id_value.end(), b.gt_id_value.begin(),
                        b.gt_id_value.end(), std::back_inserter(common));
  return static_cast<int64_t>(common.size());
}

// In how many frames of a camera a person and a result lie on each other, by the ids of the files.
using SharedByIds = std::map<std::pair<int64_t, int64_t>, int64_t>;

SharedByIds SharedById(const MotSequence& s) {
  SharedByIds shared;
  const std::vector<int64_t> frames = SharedFrames(s, kIdentityThreshold);
  for (size_t p = 0; p < frames.size(); ++p) {
    const auto [gt, tracker] = s.track_pairs[p];
    if (frames[p] > 0) shared[{s.gt_id_value[gt], s.tracker_id_value[tracker]}] = frames[p];
  }
  return shared;
}

// IDTP of two cameras as one site.
int64_t SharedIdentity(SharedByIds shared, const SharedByIds& other) {
  for (const auto& [ids, frames] : other) shared[ids] += frames;
  std::map<int64_t, int32_t> column;
  for (const auto& [ids, frames] : shared) column.emplace(ids.second, 0);
  int32_t columns = 0;
  for (auto& [id, index] : column) index = columns++;
  SparseScores scores;
  scores.Clear(columns);
  std::vector<int64_t> frames_of_entry;
  for (auto at = shared.begin(); at != shared.end();) {
    const int64_t person = at->first.first;
    for (; at != shared.end() && at->first.first == person; ++at) {
      scores.Add(column[at->first.second], static_cast<double>(at->second));
      frames_of_entry.push_back(at->second);
    }
    scores.EndRow();
  }
  SparseAssigner assigner;
  const std::span<const int32_t> match = assigner.Maximise(scores.View());
  int64_t tp = 0;
  for (size_t row = 0; row < match.size(); ++row) {
    for (uint32_t k = scores.row_begin[row]; k < scores.row_begin[row + 1]; ++k) {
      if (scores.col[k] == match[row]) tp += frames_of_entry[k];
    }
  }
  return tp;
}

}  // namespace

CameraErrors SiteIdentity::Sum() const {
  CameraErrors sum;
  sum.camera = "all";
  for (const CameraErrors& camera : cameras) {
    sum.truth_boxes += camera.truth_boxes;
    sum.result_boxes += camera.result_boxes;
    for (const auto& [from, to] :
         {std::pair{&camera.truth, &sum.truth}, std::pair{&camera.results, &sum.results}}) {
      to->undetected += from->undetected;
      to->inside += from->inside;
      to->between += from->between;
    }
  }
  return sum;
}

std::optional<SiteIdentity> AnalyseIdentity(const SiteSequences& site,
                                            const MotBootstrapOptions& bootstrap) {
  if (site.error) return std::nullopt;
  const std::vector<MotSequence>& cameras = site.cameras;
  const MotSequence& concatenated = site.concatenated;
  SiteIdentity out;
  const Partners partners = PartnersOf(concatenated);
  out.cameras.resize(cameras.size());
  std::vector<IdentityCounts> alone(cameras.size());
  std::vector<SharedByIds> shared(cameras.size());
  ParallelFor(static_cast<int64_t>(cameras.size()), [&](int64_t c) {
    out.cameras[c] = ErrorsOf(cameras[c], partners);
    shared[c] = SharedById(cameras[c]);
    alone[c] = CountIdentity(cameras[c]);
  });
  out.association = SplitAssociation(cameras, concatenated);
  std::vector<std::pair<size_t, size_t>> wanted;
  for (size_t a = 0; a < cameras.size(); ++a) {
    for (size_t b = a + 1; b < cameras.size(); ++b) wanted.emplace_back(a, b);
  }
  out.pairs.resize(wanted.size());
  ParallelFor(static_cast<int64_t>(wanted.size()), [&](int64_t k) {
    const auto [a, b] = wanted[k];
    CameraPair& pair = out.pairs[k];
    pair.first = cameras[a].name;
    pair.second = cameras[b].name;
    pair.people = CommonPeople(cameras[a], cameras[b]);
    IdentityCounts apart = alone[a];
    apart += alone[b];
    const int64_t tp = SharedIdentity(shared[a], shared[b]);
    const int64_t errors = apart.tp - tp;
    pair.idf1 = Summarize(IdentityCounts{tp, apart.fn + errors, apart.fp + errors}).f1;
    pair.idf1_apart = Summarize(apart).f1;
  });
  if (bootstrap.resamples > 0)
    out.intervals = BootstrapScores(CountMotByPerson(concatenated), bootstrap);
  return out;
}

}  // namespace reidbench
