#include "reidbench/relinking/relink.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "reidbench/core/error.h"
#include "reidbench/core/text.h"
#include "reidbench/relinking/evidence.h"
#include "reidbench/relinking/explain.h"
#include "reidbench/relinking/motion_links.h"
#include "reidbench/relinking/observations.h"
#include "reidbench/relinking/partition.h"
#include "reidbench/relinking/pieces.h"
#include "reidbench/relinking/tuning.h"

namespace reidbench {
namespace {

constexpr size_t kMostPieces = 6000;  // 430 MB for what is known of all pairs
constexpr int kMostRecuts = 5;

// Everything measured about a set of boxes, and who they are.
struct Solution {
  Observations seen;
  AppearanceModel appearance;
  MotionModel motion;
  std::optional<MotionLinks> motion_links;  // where no box has an embedding
  std::vector<int64_t> person;              // of each box; a frozen group's where there is one
};

bool HasEmbeddings(const RelinkInput& input) {
  return std::any_of(input.embedding_row.begin(), input.embedding_row.end(),
                     [](int64_t row) { return row >= 0; });
}

PartitionOptions OptionsOf(const RelinkOptions& options, const RelinkTuning& tuning) {
  PartitionOptions partition = tuning.partition;
  partition.re_entry = options.re_entry;
  return partition;
}

// `frozen` of each box: the person decided earlier, -1 = open; empty = all open.
Solution Solve(const RelinkInput& input, const RelinkOptions& options, const RelinkTuning& tuning,
               const std::vector<int64_t>& frozen) {
  Solution out;
  out.seen = Observe(input);
  out.motion = CalibrateMotion(out.seen);
  out.motion.image_width = input.image_width;
  out.motion.image_height = input.image_height;
  if (!HasEmbeddings(input)) {
    out.appearance.calibration.appearance_usable = false;
    out.motion_links = LinkByMotion(out.seen, out.motion, options.re_entry,
                                    tuning.partition.return_cost, tuning.motion_links, frozen);
    out.person = PersonsOf(out.seen, *out.motion_links, frozen);
    return out;
  }
  PieceOptions piece_options = tuning.pieces;
  PieceSet set = CutPieces(input, out.seen, piece_options, frozen);
  // All pieces are compared with all: on long or crowded sequences only the clearer events cut.
  for (int k = 0; k < kMostRecuts && set.pieces.size() > kMostPieces; ++k) {
    piece_options.contact_overlap = std::min(2 * piece_options.contact_overlap, 1.0);
    piece_options.change_quantile = 0.5 * (1 + piece_options.change_quantile);
    piece_options.jump_factor *= 2;
    set = CutPieces(input, out.seen, piece_options, frozen);
  }
  out.appearance = CalibrateAppearance(input, out.seen, set, tuning.appearance);
  if (!out.appearance.calibration.appearance_usable || !(options.split || options.swap)) {
    piece_options.cut = false;
    set = CutPieces(input, out.seen, piece_options, frozen);
  }
  Partitioner partitioner(out.seen, set, out.appearance, out.motion, OptionsOf(options, tuning));
  const std::vector<int32_t> person = partitioner.Solve();
  int64_t fresh = 0;
  for (const int64_t id : frozen) fresh = std::max(fresh, id + 1);
  std::map<int32_t, int64_t> id_of;
  for (size_t p = 0; p < person.size(); ++p) {
    if (set.pieces[p].frozen_group >= 0) id_of[person[p]] = set.pieces[p].frozen_group;
  }
  out.person.assign(out.seen.box.size(), -1);
  for (size_t p = 0; p < person.size(); ++p) {
    const auto [id, is_new] = id_of.try_emplace(person[p], fresh);
    fresh += is_new;
    const Piece& piece = set.pieces[p];
    for (int32_t k = piece.begin; k < piece.end; ++k)
      out.person[out.seen.table.tracks[piece.track].boxes[k]] = id->second;
  }
  return out;
}

// As Solve, but every identity is settled from what is seen until `window_s` after its box. Look
// again every half window and settle what is older than the other half.
std::vector<int64_t> SolveWithDelay(const RelinkInput& input, const RelinkOptions& options,
                                    const RelinkTuning& tuning) {
  const TrackSet& set = *input.tracks;
  const double rate = input.frame_rate > 0 ? input.frame_rate : kAssumedFrameRate;
  const auto window = static_cast<int64_t>(std::floor(options.window_s * rate));
  const int64_t step = std::max<int64_t>(1, window / 2);
  std::vector<int32_t> order(set.boxes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return set.boxes[a].frame < set.boxes[b].frame; });
  std::vector<int64_t> settled(set.boxes.size(), -1);
  TrackSet known;
  known.sequence = set.sequence;
  RelinkInput part = input;
  part.tracks = &known;
  part.embedding_row.clear();
  size_t seen = 0;
  int64_t now = set.boxes[order.front()].frame.value + step - 1;
  while (true) {
    while (seen < order.size() && set.boxes[order[seen]].frame.value <= now) {
      known.boxes.push_back(set.boxes[order[seen]]);
      part.embedding_row.push_back(input.embedding_row[order[seen]]);
      ++seen;
    }
    const bool last = seen == order.size();
    std::vector<int64_t> frozen(seen);
    for (size_t k = 0; k < seen; ++k) frozen[k] = settled[order[k]];
    const std::vector<int64_t> person = Solve(part, options, tuning, frozen).person;
    for (size_t k = 0; k < seen; ++k) {
      if (last || known.boxes[k].frame.value <= now - (window - step))
        settled[order[k]] = person[k];
    }
    if (last) return settled;
    // When all is settled, nothing changes until there are further boxes, which may be far away
    // where frame numbers are times.
    const bool all_settled = known.boxes.back().frame.value <= now - (window - step);
    now += step;
    const int64_t missing = set.boxes[order[seen]].frame.value - now;
    if (all_settled && missing > 0) now += (missing + step - 1) / step * step;
  }
}

}  // namespace

OptionTable RelinkOptions::Table() {
  return OptionTable()
      .Add("split", &split, "Cut a track whose appearance changes at a contact or gap")
      .Add("swap", &swap, "Give two tracks that exchanged people their people back")
      .Add("motion_link", &motion_link, "Link across short gaps by motion")
      .Add("appearance_link", &appearance_link, "Link by appearance")
      .AddChoice("re_entry", &re_entry,
                 {{"same", ReEntry::kSame}, {"new", ReEntry::kNew}, {"auto", ReEntry::kAuto}},
                 "Who left the picture and came back: the earlier identity, or a new one")
      .Add("window_s", &window_s, {.low = 0},
           "Seconds after a box until its identity is final; 0: the whole sequence");
}

RelinkResult RelinkTuned(const RelinkInput& input, const RelinkOptions& options,
                         const RelinkTuning& tuning) {
  RequireOptions("relink", options.Validate());
  Solution solution = Solve(input, options, tuning, {});
  const TrackSet& set = *input.tracks;
  RelinkResult result;
  result.calibration = solution.appearance.calibration;
  for (const int64_t row : input.embedding_row) result.boxes_without_embedding += row < 0;
  if (options.window_s > 0 && !set.boxes.empty())
    solution.person = SolveWithDelay(input, options, tuning);
  const bool motion_alone = !set.boxes.empty() && solution.motion_links.has_value();
  if (motion_alone) {
    result.decisions = ExplainMotionLinks(solution.seen, *solution.motion_links, solution.person);
  } else {
    const PieceSet parts = PiecesOfPersons(input, solution.seen, solution.person);
    const Partitioner partitioner(solution.seen, parts, solution.appearance, solution.motion,
                                  OptionsOf(options, tuning));
    result.decisions = Explain(solution.seen, parts, solution.person, partitioner);
  }
  for (RelinkDecision& d : result.decisions) {
    const bool wanted = d.kind == RelinkDecisionKind::kSplit  ? options.split
                        : d.kind == RelinkDecisionKind::kSwap ? options.swap
                        : d.step == "motion"                  ? options.motion_link
                                                              : options.appearance_link;
    if (wanted || !d.accepted) continue;
    d.accepted = false;
    d.reason = "step left out";
  }
  result.tracks = ApplyDecisions(set, result.decisions);
  if (motion_alone) {
    MotionAlone& done = result.calibration.motion_alone.emplace();
    done.memory_frames = solution.motion_links->memory_frames;
    done.own_gaps = solution.motion_links->own_gaps;
    for (const RelinkDecision& d : result.decisions) {
      if (!d.accepted) continue;
      ++done.links;
      done.frames_bridged += d.frame_after - d.frame_before - 1;
    }
    result.calibration.note = MotionNote(done);
  }
  return result;
}

RelinkResult Relink(const RelinkInput& input, const RelinkOptions& options) {
  return RelinkTuned(input, options, {});
}

}  // namespace reidbench
