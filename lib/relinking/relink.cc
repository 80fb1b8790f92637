#include "relinking/relink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "relinking/boundaries.h"
#include "relinking/evidence.h"
#include "relinking/explain.h"
#include "relinking/observations.h"
#include "relinking/partition.h"
#include "relinking/pieces.h"
#include "relinking/tuning.h"

namespace reidbench {

std::vector<std::string> RelinkOptions::Validate() const {
  std::vector<std::string> wrong;
  if (!std::isfinite(window_s) || window_s < 0)
    wrong.push_back(fmt::format("window_s: expected 0 or more seconds, found {}", window_s));
  return wrong;
}

RelinkResult RelinkTuned(const RelinkInput& input, const RelinkOptions& options,
                         const RelinkTuning& tuning) {
  const std::vector<std::string> wrong = options.Validate();
  if (!wrong.empty()) ThrowConfig("{}", JoinText(wrong, "; "));
  const Observations seen = Observe(input);
  const TrackSet& set = *input.tracks;
  RelinkResult result;
  for (const int64_t row : input.embedding_row) result.boxes_without_embedding += row < 0;
  PieceOptions piece_options = tuning.pieces;
  PieceSet pieces = CutPieces(input, seen, piece_options, {});
  const AppearanceModel appearance = CalibrateAppearance(input, seen, pieces, tuning.appearance);
  result.calibration = appearance.calibration;
  if (!appearance.calibration.appearance_usable || !(options.split || options.swap)) {
    piece_options.cut = false;
    pieces = CutPieces(input, seen, piece_options, {});
  }
  const MotionModel motion = CalibrateMotion(seen);
  Partitioner partitioner(seen, pieces, appearance, motion, tuning.partition);
  const std::vector<int32_t> person = partitioner.Solve();
  const std::vector<int32_t> person_of_box =
      PlaceBoundaries(input, seen, pieces, person, appearance, tuning.boundary_reach_s);
  const PieceSet parts = PiecesOfPersons(input, seen, person_of_box);
  std::vector<int32_t> person_of_part;
  for (const Piece& part : parts.pieces)
    person_of_part.push_back(person_of_box[seen.table.tracks[part.track].boxes[part.begin]]);
  const Partitioner explaining(seen, parts, appearance, motion, tuning.partition);
  result.decisions = Explain(set, seen, parts, person_of_part, explaining);
  for (RelinkDecision& d : result.decisions) {
    const bool wanted = d.kind == RelinkDecisionKind::kSplit  ? options.split
                        : d.kind == RelinkDecisionKind::kSwap ? options.swap
                        : d.step == "motion"                  ? options.motion_link
                                                              : options.appearance_link;
    if (wanted) continue;
    d.accepted = false;
    d.reason = "step left out";
  }
  result.tracks = ApplyDecisions(set, result.decisions);
  return result;
}

RelinkResult Relink(const RelinkInput& input, const RelinkOptions& options) {
  return RelinkTuned(input, options, {});
}

}  // namespace reidbench
