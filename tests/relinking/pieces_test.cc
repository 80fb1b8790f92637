#include "reidbench/relinking/pieces.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "relinking/street.h"

namespace reidbench {
namespace {

const Piece& PieceAt(const PieceSet& set, const Observations& seen, int64_t id, int64_t frame) {
  const int32_t track = seen.table.index_of.at(TrackId(id));
  return *std::find_if(set.pieces.begin(), set.pieces.end(), [&](const Piece& p) {
    return p.track == track && p.first_frame <= frame && frame <= p.last_frame;
  });
}

TEST(CutPieces, CoverEveryBoxOnce) {
  Street street(1);
  street.Damage(1);
  const RelinkInput input = street.Input();
  const Observations seen = Observe(input);
  const PieceSet set = CutPieces(input, seen, {}, {});
  std::vector<int> covered(input.tracks->boxes.size(), 0);
  for (const Piece& p : set.pieces) {
    EXPECT_LT(p.begin, p.end);
    for (int32_t k = p.begin; k < p.end; ++k) ++covered[seen.table.tracks[p.track].boxes[k]];
  }
  EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), static_cast<int64_t>(covered.size()));
  EXPECT_EQ(set.sums.rows(), static_cast<int64_t>(set.pieces.size()));
}

TEST(CutPieces, CutsAtGapsAndExchanges) {
  Street street(2);
  const int64_t meeting = street.Meeting(2, 3);
  street.Exchange(2, 3, meeting);
  street.Interrupt(7, 50, 60, 7);  // the same id after a gap
  const RelinkInput input = street.Input();
  const Observations seen = Observe(input);
  const PieceSet set = CutPieces(input, seen, {}, {});
  EXPECT_EQ(PieceAt(set, seen, 7, 61).first_frame, 61);
  EXPECT_EQ(PieceAt(set, seen, 7, 61).cut, CutKind::kGap);
  EXPECT_NEAR(PieceAt(set, seen, 7, 61).cut_gap_s, 11 / Street::kRate, 1e-9);
  // Somewhere close to the exchange.
  bool near = false;
  for (const Piece& p : set.pieces) {
    near |= seen.table.tracks[p.track].id == TrackId(2) && std::abs(p.first_frame - meeting) <= 3;
  }
  EXPECT_TRUE(near);
}

TEST(CutPieces, LeavesWhatIsDecidedWhole) {
  Street street(3);
  const RelinkInput input = street.Input();
  const Observations seen = Observe(input);
  std::vector<int64_t> frozen;
  for (const TrackBox& box : input.tracks->boxes)
    frozen.push_back(box.frame.value <= 100 ? box.id.value : -1);
  const PieceSet set = CutPieces(input, seen, {}, frozen);
  for (int64_t id = 1; id <= Street::kPeople; ++id) {
    const Piece& p = PieceAt(set, seen, id, 1);
    EXPECT_EQ(p.last_frame, 100);
    EXPECT_EQ(p.frozen_group, id);
  }
}

TEST(PiecesOfPersons, CutExactlyWhereThePersonChanges) {
  Street street(4);
  const RelinkInput input = street.Input();
  const Observations seen = Observe(input);
  std::vector<int64_t> person;
  for (const TrackBox& box : input.tracks->boxes)
    person.push_back(box.id.value == 5 && box.frame.value > 80 ? 99 : box.id.value);
  const PieceSet set = PiecesOfPersons(input, seen, person);
  EXPECT_EQ(set.pieces.size(), Street::kPeople + 1);
  EXPECT_EQ(PieceAt(set, seen, 5, 100).first_frame, 81);
}

TEST(FitMotion, FollowsAStraightWalk) {
  Street street(5);
  const Observations seen = Observe(street.Input());
  const std::vector<int32_t>& boxes = seen.table.tracks[seen.table.index_of.at(TrackId(4))].boxes;
  const Motion tail = FitMotion(seen, boxes, 0, static_cast<int32_t>(boxes.size()), true);
  const Observation& last = seen.box[boxes.back()];
  EXPECT_NEAR(tail.x, last.x, 0.5);
  EXPECT_NEAR(tail.foot, last.foot, 0.5);
  // 3.3 px a frame, shrunk because half a second is short.
  EXPECT_GT(tail.velocity_x, 0.6 * 3.3 * Street::kRate);
  EXPECT_LT(tail.velocity_x, 3.3 * Street::kRate + 1);
}

}  // namespace
}  // namespace reidbench
