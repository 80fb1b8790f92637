#include "reidbench/mtmc_metrics/dialects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_set>

#include "reidbench/core/error.h"
#include "reidbench/core/parallel.h"
#include "reidbench/core/text.h"
#include "reidbench/mtmc_metrics/site_filters.h"
#include "reidbench/mtmc_metrics/site_sequences.h"

namespace reidbench {
namespace {

constexpr std::string_view kHotaFamily = "HOTA", kClearFamily = "CLEAR", kIdFamily = "Identity",
                           kCountFamily = "Count";

// Number of results and their ids, to say what a filter took.
struct ResultTally {
  int64_t boxes = 0;
  std::unordered_set<int64_t> ids;
};

ResultTally TallyResults(const std::vector<CameraTracks>& cameras) {
  ResultTally tally;
  for (const CameraTracks& camera : cameras) {
    tally.boxes += static_cast<int64_t>(camera.results.size());
    for (const SiteBox& box : camera.results) tally.ids.insert(box.id);
  }
  return tally;
}

// Runs `filter` over the cameras and notes what it removed.
template <typename Filter>
void ApplyFilter(const std::string& name, std::vector<CameraTracks>* cameras,
                 std::vector<Removal>* removed, const Filter& filter) {
  const ResultTally before = TallyResults(*cameras);
  filter(cameras);
  const ResultTally after = TallyResults(*cameras);
  removed->push_back({name, before.boxes - after.boxes,
                      static_cast<int64_t>(before.ids.size() - after.ids.size())});
}

std::vector<const CameraTracks*> PointersTo(const std::vector<CameraTracks>& cameras) {
  std::vector<const CameraTracks*> pointers;
  for (const CameraTracks& camera : cameras) pointers.push_back(&camera);
  return pointers;
}

std::vector<MotSequence> SequencesOf(std::span<const CameraTracks* const> cameras, int64_t shift) {
  std::vector<MotSequence> sequences(cameras.size());
  for (size_t c = 0; c < cameras.size(); ++c) sequences[c] = CameraSequence(*cameras[c], shift);
  return sequences;
}

class DialectScorer {
 public:
  DialectScorer(const SiteTracks& site, const SiteSequences& sequences)
      : site_(site), sequences_(sequences), shift_(FrameShift(site)) {
    for (const CameraTracks& camera : site.cameras) {
      if (camera.has_truth) scored_.push_back(&camera);
      has_filters_ = has_filters_ || site.interval || !camera.polygon.empty();
    }
  }

  DialectScore Score(const std::string& name) const {
    DialectScore score;
    score.name = name;
    const auto info = std::find_if(Dialects().begin(), Dialects().end(),
                                   [&](const DialectInfo& d) { return d.name == name; });
    if (info->on_ground) {
      if (const std::string lacking = LackingPlaces(); !lacking.empty()) {
        score.status = DialectStatus::kNotApplicable;
        score.reason = lacking;
        return score;
      }
    }
    try {
      Compute(name, &score);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      score.status = DialectStatus::kError;
      score.reason = error.what();
      score.values = std::monostate();
    }
    return score;
  }

 private:
  const SiteSequences& Shared() const {
    if (sequences_.error) throw *sequences_.error;
    return sequences_;
  }

  std::string LackingPlaces() const {
    int64_t truth = 0, results = 0;
    bool any_truth = false, any_results = false;
    for (const CameraTracks& camera : site_.cameras) {
      for (const SiteBox& box : camera.truth) {
        ++truth;
        any_truth = any_truth || box.ground;
      }
      for (const SiteBox& box : camera.results) {
        ++results;
        any_results = any_results || box.ground;
      }
    }
    if (truth > 0 && !any_truth)
      return "the ground truth has no places on the ground (x, y in columns 8 and 9, or "
             "calibration)";
    if (results > 0 && !any_results)
      return "the results have no places on the ground (x, y in columns 8 and 9, or calibration)";
    return "";
  }

  static TrackevalScore Everything(const MotSequence& sequence) {
    return {CountMot(sequence), {kHotaFamily, kClearFamily, kIdFamily, kCountFamily}};
  }
  static TrackevalScore ForMetropolis(const MotSequence& sequence) {
    TrackevalScore score = Everything(sequence);
    score.no_match_no_location = true;
    return score;
  }

  void Compute(const std::string& name, DialectScore* score) const {
    if (name == "duke") {
      Duke(has_filters_, score);
    } else if (name == "duke_unfiltered") {
      Duke(false, score);
    } else if (name == "aicity") {
      AiCity(score);
    } else if (name == "trackeval_concat") {
      score->values = Everything(Shared().concatenated);
    } else if (name == "trackeval_interleaved") {
      score->values = Everything(Interleave(Shared().cameras));
    } else if (name == "divo_cvma_devkit") {
      score->values = CountDevkitClear(Interleave(Shared().cameras));
    } else if (name == "concat_clear_devkit") {
      score->values = CountDevkitClear(Shared().concatenated);
    } else if (name == "percamera") {
      PerCameraScore values;
      for (const MotSequence& camera : Shared().cameras)
        values.cameras.emplace_back(camera.name, CountMot(camera));
      score->values = std::move(values);
    } else if (name == "metropolis_2d") {
      Metropolis2d(score);
    } else if (name == "metropolis_3d") {
      const std::vector<const CameraTracks*> all = PointersTo(site_.cameras);
      score->values = ForMetropolis(GroundSequence(PoolGround(all, true), PoolGround(all, false)));
    } else if (name == "bev_1m") {
      Bev(score);
    } else if (name == "aicity2024_3d") {
      AiCity3d(score);
    } else if (name == "wildtrack_moda") {
      Moda(score);
    } else if (name == "mcta" || name == "mcta_reversed") {
      std::vector<const CameraTracks*> cameras = scored_;
      if (name == "mcta_reversed") std::reverse(cameras.begin(), cameras.end());
      score->values = ScoreMcta(cameras);
    } else if (name == "mvmhat") {
      score->values = ScoreMvmhat(scored_);
      const auto has_zero = [](const std::vector<SiteBox>& boxes) {
        return std::any_of(boxes.begin(), boxes.end(),
                           [](const SiteBox& box) { return box.id == 0; });
      };
      if (std::any_of(scored_.begin(), scored_.end(), [&](const CameraTracks* camera) {
            return has_zero(camera->truth) || has_zero(camera->results);
          })) {
        score->notes.push_back("id 0 means \"not linked\" in these rules: it is never scored");
      }
    } else {
      REIDBENCH_CHECK(false);
    }
  }

  void Duke(bool filtered, DialectScore* score) const {
    DukeScore values;
    std::vector<MotSequence> own;
    MotSequence own_concatenated;
    if (filtered) {
      std::vector<CameraTracks> cameras;
      for (const CameraTracks* camera : scored_) cameras.push_back(*camera);
      if (site_.interval) {
        ApplyFilter("interval", &cameras, &score->removed,
                    [&](std::vector<CameraTracks>* all) { KeepInterval(*site_.interval, all); });
      }
      ApplyFilter("polygon", &cameras, &score->removed, KeepInPolygons);
      own = SequencesOf(PointersTo(cameras), shift_);
      own_concatenated = Concatenate(own);
    }
    const std::vector<MotSequence>& cameras = filtered ? own : Shared().cameras;
    values.identity = CountIdentity(filtered ? own_concatenated : Shared().concatenated);
    for (const MotSequence& camera : cameras) {
      auto& [name, clear] = values.clear_per_camera.emplace_back(camera.name, std::nullopt);
      if (!camera.gt_id.empty() && !camera.tracker_id.empty()) clear = CountDevkitClear(camera);
    }
    score->values = std::move(values);
  }

  void AiCity(DialectScore* score) const {
    std::vector<CameraTracks> cameras = site_.cameras;
    ApplyFilter("roi", &cameras, &score->removed, KeepOnMasks);
    ApplyFilter("single_camera", &cameras, &score->removed, KeepIdsOfTwoCameras);
    ApplyFilter("repeated", &cameras, &score->removed, KeepFirstRows);
    ApplyFilter("camera_not_in_gt", &cameras, &score->removed, KeepWithTruthRows);
    const std::vector<MotSequence> sequences = SequencesOf(PointersTo(cameras), shift_);
    score->values = Summarize(Accumulate(ForAccumulator(Concatenate(sequences))));
    NoteForAiCity(score);
  }

  void NoteForAiCity(DialectScore* score) const {
    std::map<int64_t, std::set<size_t>> seen_by;
    for (size_t c = 0; c < scored_.size(); ++c) {
      for (const SiteBox& box : scored_[c]->truth) seen_by[box.id].insert(c);
    }
    const auto single = std::count_if(seen_by.begin(), seen_by.end(),
                                      [](const auto& id) { return id.second.size() < 2; });
    if (single > 0) {
      score->notes.push_back(fmt::format(
          "{} of {} ground truth ids are in one camera only: they count as missed, because results "
          "of such ids are removed; the official ground truth holds only ids of two or more",
          single, seen_by.size()));
    }
    int64_t before = 0, removed = 0;
    for (const CameraTracks& camera : site_.cameras)
      before += static_cast<int64_t>(camera.results.size());
    for (const Removal& removal : score->removed) removed += removal.boxes;
    if (before > 0 && removed == before)
      score->notes.push_back("its filters left no box; the official program stops there");
    if (std::any_of(score->removed.begin(), score->removed.end(), [](const Removal& removal) {
          return removal.filter == "repeated" && removal.boxes > 0;
        })) {
      score->notes.push_back("of rows with equal frame and id in a camera the first is scored");
    }
  }

  void Metropolis2d(DialectScore* score) const {
    std::vector<CameraTracks> cameras = site_.cameras;
    KeepWithTruthRows(&cameras);
    ApplyFilter("repeated", &cameras, &score->removed, KeepFirstRows);
    ApplyFilter("frame_0", &cameras, &score->removed, [](std::vector<CameraTracks>* all) {
      for (CameraTracks& camera : *all)
        std::erase_if(camera.results, [](const SiteBox& box) { return box.frame < 1; });
    });
    // The first frame of the first camera is number 2.
    score->values = ForMetropolis(Concatenate(SequencesOf(PointersTo(cameras), 0), 1));
  }

  void Bev(DialectScore* score) const {
    std::vector<GroundRow> truth = PoolGround(scored_, true);
    std::vector<GroundRow> results = PoolGround(scored_, false);
    BevScore values;
    values.trackeval = {CountMot(GroundSequence(truth, results)), {kClearFamily, kIdFamily}};
    values.earlybird = Summarize(Accumulate(GroundSequenceForAccumulator(truth, results)));
    for (std::vector<GroundRow>* side : {&truth, &results}) {
      for (GroundRow& row : *side) {
        row.x = std::nearbyint(row.x / kModaCellMetres) * kModaCellMetres;
        row.y = std::nearbyint(row.y / kModaCellMetres) * kModaCellMetres;
      }
    }
    values.earlybird_on_cells = Summarize(Accumulate(GroundSequenceForAccumulator(truth, results)));
    score->values = std::move(values);
  }

  void AiCity3d(DialectScore* score) const {
    std::vector<GroundRow> truth = PoolGround(scored_, true);
    std::vector<GroundRow> results = PoolGround(scored_, false);
    for (std::vector<GroundRow>* side : {&truth, &results}) {
      for (GroundRow& row : *side) {
        row.x = std::nearbyint(row.x * 1000) / 1000;
        row.y = std::nearbyint(row.y * 1000) / 1000;
      }
    }
    AiCity3dScore values;
    values.all_frames = {CountMot(GroundSequence(truth, results)),
                         {kHotaFamily, kClearFamily, kIdFamily}};
    std::set<int64_t> frames;
    for (const GroundRow& row : truth) frames.insert(row.frame);
    std::erase_if(results, [&](const GroundRow& row) { return frames.count(row.frame) == 0; });
    values.truth_frames = {CountMot(GroundSequence(truth, results)), {kHotaFamily}};
    score->values = std::move(values);
  }

  void Moda(DialectScore* score) const {
    const auto cells = [&](bool truth) {
      std::vector<GroundCell> out;
      for (const GroundRow& row : PoolGround(scored_, truth)) {
        out.push_back({row.frame, std::llrint(row.x / kModaCellMetres),
                       std::llrint(row.y / kModaCellMetres)});
      }
      return out;
    };
    score->values = ScoreModa(cells(true), cells(false));
  }

  const SiteTracks& site_;
  const SiteSequences& sequences_;
  const int64_t shift_;
  std::vector<const CameraTracks*> scored_;  // with ground truth
  bool has_filters_ = false;
};

}  // namespace

std::span<const DialectInfo> Dialects() {
  static constexpr DialectInfo kDialects[] = {
      {"duke", "DukeMTMC: IDF1 over concatenated cameras; polygons and interval"},
      {"duke_unfiltered", "the same without polygons and interval; DIVOTrack's CVIDF1"},
      {"aicity", "AI City 2019-2023: mask, ids of two cameras at least"},
      {"trackeval_concat", "TrackEval, one camera after the other"},
      {"trackeval_interleaved", "TrackEval, the views in turn"},
      {"divo_cvma_devkit", "DIVOTrack's CVMA: devkit CLEAR, the views in turn"},
      {"concat_clear_devkit", "devkit CLEAR, one camera after the other"},
      {"percamera", "every camera alone: identity across cameras is not judged"},
      {"metropolis_2d", "NVIDIA Metropolis, image"},
      {"metropolis_3d", "NVIDIA Metropolis, ground", true},
      {"bev_1m", "EarlyBird and others: ground, within a metre", true},
      {"aicity2024_3d", "AI City 2024: HOTA on the ground", true},
      {"wildtrack_moda", "WILDTRACK: detections on the ground, within half a metre", true},
      {"mcta", "NLPR_MCT: MCTA, cameras by name"},
      {"mcta_reversed", "the same, cameras in the other order"},
      {"mvmhat", "MvMHAT: agreement of two views in one frame"},
  };
  return kDialects;
}

std::vector<std::string> ResolveDialects(std::span<const std::string> names) {
  static const std::map<std::string, std::string> kOtherNames = {{"aicity24_3d", "aicity2024_3d"},
                                                                 {"per_camera", "percamera"},
                                                                 {"divo_cv", "divo_cvma_devkit"}};
  std::vector<std::string> known, resolved;
  for (const DialectInfo& dialect : Dialects()) known.emplace_back(dialect.name);
  for (std::string name : names) {
    std::replace(name.begin(), name.end(), '-', '_');
    if (name == "all") {
      resolved.insert(resolved.end(), known.begin(), known.end());
      continue;
    }
    if (const auto other = kOtherNames.find(name); other != kOtherNames.end()) name = other->second;
    if (std::find(known.begin(), known.end(), name) == known.end())
      ThrowUsage("--dialect: unknown dialect '{}'{}", name, SuggestName(name, known));
    resolved.push_back(name);
  }
  std::vector<std::string> once;
  for (const std::string& name : resolved) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  return once;
}

std::vector<DialectScore> ScoreDialects(const SiteTracks& site, const SiteSequences& sequences,
                                        std::span<const std::string> names) {
  const DialectScorer scorer(site, sequences);
  std::vector<DialectScore> scores(names.size());
  ParallelFor(static_cast<int64_t>(names.size()),
              [&](int64_t k) { scores[k] = scorer.Score(names[k]); });
  return scores;
}

}  // namespace reidbench
