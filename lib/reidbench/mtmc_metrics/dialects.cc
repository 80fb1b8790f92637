#include "reidbench/mtmc_metrics/dialects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
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

// Filters that run one after the other, with what each of them removed.
class FilterChain {
 public:
  FilterChain(std::vector<CameraTracks>* cameras, std::vector<Removal>* removed)
      : cameras_(cameras), removed_(removed), before_(TallyResults(*cameras)) {}

  template <typename Filter>
  void Apply(const std::string& name, const Filter& filter) {
    filter(cameras_);
    ResultTally after = TallyResults(*cameras_);
    removed_->push_back({name, before_.boxes - after.boxes,
                         static_cast<int64_t>(before_.ids.size() - after.ids.size())});
    before_ = std::move(after);
  }
  // A filter that is known to find nothing.
  void Skip(const std::string& name) { removed_->push_back({name, 0, 0}); }

 private:
  std::vector<CameraTracks>* const cameras_;
  std::vector<Removal>* const removed_;
  ResultTally before_;
};

// All families but VACE, which no dialect has.
MotCounts CountFamilies(const MotSequence& s) {
  MotCounts counts;
  ParallelFor(3, [&](int64_t family) {
    if (family == 0) counts.hota = CountHota(s);
    if (family == 1) counts.clear = CountClear(s);
    if (family == 2) counts.identity = CountIdentity(s);
  });
  counts.boxes = {static_cast<int64_t>(s.tracker_id.size()), static_cast<int64_t>(s.gt_id.size()),
                  static_cast<int64_t>(s.tracker_id_value.size()),
                  static_cast<int64_t>(s.gt_id_value.size()), s.frame_count};
  return counts;
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
  DialectScorer(const SiteTracks& site, const SiteSequences& sequences,
                std::span<const std::string> names)
      : site_(site), sequences_(sequences), shift_(FrameShift(site)) {
    for (const CameraTracks& camera : site.cameras) {
      if (camera.has_truth) scored_.push_back(&camera);
      has_filters_ = has_filters_ || site.interval || !camera.polygon.empty();
    }
    // What several dialects share is computed before they run side by side.
    const auto wanted = [&](std::initializer_list<std::string_view> any_of) {
      return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return std::find(any_of.begin(), any_of.end(), name) != any_of.end();
      });
    };
    const bool image =
        !sequences.error && wanted({"trackeval_concat", "trackeval_interleaved", "metropolis_2d"});
    const bool ground = wanted({"metropolis_3d", "bev_1m", "aicity2024_3d", "wildtrack_moda"});
    ParallelFor(3, [&](int64_t part) {
      if (part == 0 && image) concatenated_ = CountFamilies(sequences.concatenated);
      if (part == 1 && ground) ground_truth_ = PoolGround(scored_, true);
      if (part == 2 && ground) ground_results_ = PoolGround(scored_, false);
    });
    if (wanted({"metropolis_3d", "bev_1m"}))
      on_ground_ = CountFamilies(GroundSequence(ground_truth_, ground_results_));
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

  static TrackevalScore Everything(const MotCounts& counts) {
    return {counts, {kHotaFamily, kClearFamily, kIdFamily, kCountFamily}};
  }
  static TrackevalScore ForMetropolis(const MotCounts& counts) {
    TrackevalScore score = Everything(counts);
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
      Shared();
      score->values = Everything(concatenated_);
    } else if (name == "trackeval_interleaved") {
      const MotSequence interleaved = Interleave(Shared().cameras);
      // HOTA and Identity see frames one by one or all together: their order changes nothing.
      MotCounts counts = concatenated_;
      counts.clear = CountClear(interleaved);
      counts.boxes.frames = interleaved.frame_count;
      score->values = Everything(counts);
    } else if (name == "divo_cvma_devkit") {
      score->values = CountDevkitClear(Interleave(Shared().cameras));
    } else if (name == "concat_clear_devkit") {
      score->values = CountDevkitClear(Shared().concatenated);
    } else if (name == "percamera") {
      PerCameraScore values;
      for (const MotSequence& camera : Shared().cameras)
        values.cameras.emplace_back(camera.name, CountFamilies(camera));
      score->values = std::move(values);
    } else if (name == "metropolis_2d") {
      Metropolis2d(score);
    } else if (name == "metropolis_3d") {
      if (scored_.size() == site_.cameras.size()) {
        score->values = ForMetropolis(on_ground_);
      } else {  // positions of cameras without ground truth count, too
        const std::vector<GroundRow> results = PoolGround(PointersTo(site_.cameras), false);
        score->values = ForMetropolis(CountFamilies(GroundSequence(ground_truth_, results)));
      }
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
      FilterChain filters(&cameras, &score->removed);
      if (site_.interval) {
        filters.Apply("interval",
                      [&](std::vector<CameraTracks>* all) { KeepInterval(*site_.interval, all); });
      }
      filters.Apply("polygon", KeepInPolygons);
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
    FilterChain filters(&cameras, &score->removed);
    filters.Apply("roi", KeepOnMasks);
    filters.Apply("single_camera", KeepIdsOfTwoCameras);
    if (sequences_.error) {  // otherwise no id is twice in a frame
      filters.Apply("repeated", KeepFirstRows);
    } else {
      filters.Skip("repeated");
    }
    filters.Apply("camera_not_in_gt", KeepWithTruthRows);
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
    const bool all_with_people =
        std::all_of(scored_.begin(), scored_.end(),
                    [](const CameraTracks* camera) { return !camera->truth.empty(); });
    // The first frame of the first camera is number 2: one frame more.
    if (!sequences_.error && all_with_people && !site_.results_from_zero) {
      TrackevalScore values = ForMetropolis(concatenated_);
      if (!values.counts.clear.one_side_empty) ++values.counts.clear.frames;
      ++values.counts.boxes.frames;
      score->values = std::move(values);
      return;
    }
    std::vector<CameraTracks> cameras = site_.cameras;
    KeepWithTruthRows(&cameras);
    FilterChain filters(&cameras, &score->removed);
    filters.Apply("repeated", KeepFirstRows);
    filters.Apply("frame_0", [](std::vector<CameraTracks>* all) {
      for (CameraTracks& camera : *all)
        std::erase_if(camera.results, [](const SiteBox& box) { return box.frame < 1; });
    });
    score->values =
        ForMetropolis(CountFamilies(Concatenate(SequencesOf(PointersTo(cameras), 0), 1)));
  }

  void Bev(DialectScore* score) const {
    BevScore values;
    values.trackeval = {on_ground_, {kClearFamily, kIdFamily}};
    values.earlybird =
        Summarize(Accumulate(GroundSequenceForAccumulator(ground_truth_, ground_results_)));
    const std::vector<GroundRow> truth = Rounded(ground_truth_, ToCell);
    const std::vector<GroundRow> results = Rounded(ground_results_, ToCell);
    values.earlybird_on_cells = Summarize(Accumulate(GroundSequenceForAccumulator(truth, results)));
    score->values = std::move(values);
  }

  static double ToCell(double metres) {
    return std::nearbyint(metres / kModaCellMetres) * kModaCellMetres;
  }
  static double ToMillimetre(double metres) { return std::nearbyint(metres * 1000) / 1000; }
  static std::vector<GroundRow> Rounded(std::vector<GroundRow> rows, double (*round)(double)) {
    for (GroundRow& row : rows) {
      row.x = round(row.x);
      row.y = round(row.y);
    }
    return rows;
  }

  void AiCity3d(DialectScore* score) const {
    const std::vector<GroundRow> truth = Rounded(ground_truth_, ToMillimetre);
    std::vector<GroundRow> results = Rounded(ground_results_, ToMillimetre);
    AiCity3dScore values;
    values.all_frames = {CountFamilies(GroundSequence(truth, results)),
                         {kHotaFamily, kClearFamily, kIdFamily}};
    values.truth_frames = {values.all_frames.counts, {kHotaFamily}};
    std::unordered_set<int64_t> frames;
    for (const GroundRow& row : truth) frames.insert(row.frame);
    if (std::erase_if(results, [&](const GroundRow& row) { return frames.count(row.frame) == 0; }) >
        0) {
      values.truth_frames.counts.hota = CountHota(GroundSequence(truth, results));
    }
    score->values = std::move(values);
  }

  void Moda(DialectScore* score) const {
    const auto cells = [](const std::vector<GroundRow>& rows) {
      std::vector<GroundCell> out;
      for (const GroundRow& row : rows) {
        out.push_back({row.frame, std::llrint(row.x / kModaCellMetres),
                       std::llrint(row.y / kModaCellMetres)});
      }
      return out;
    };
    score->values = ScoreModa(cells(ground_truth_), cells(ground_results_));
  }

  const SiteTracks& site_;
  const SiteSequences& sequences_;
  const int64_t shift_;
  std::vector<const CameraTracks*> scored_;  // with ground truth
  bool has_filters_ = false;
  MotCounts concatenated_;
  std::vector<GroundRow> ground_truth_, ground_results_;
  MotCounts on_ground_;
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
  const DialectScorer scorer(site, sequences, names);
  std::vector<DialectScore> scores(names.size());
  ParallelFor(static_cast<int64_t>(names.size()),
              [&](int64_t k) { scores[k] = scorer.Score(names[k]); });
  return scores;
}

}  // namespace reidbench
